using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Epcis;

namespace TrustChain.UnitTests.Devices;

/// <summary>Templates, events and statements of devices for tests.</summary>
internal static class DeviceWorld
{
    public const string Device = "https://id.gs1.org/8004/0614141LOOM1";

    /// <summary>A Monday.</summary>
    public static readonly DateOnly Day = new(2026, 4, 6);

    public static readonly DateTimeOffset Midnight = new(Day, TimeOnly.MinValue, TimeSpan.Zero);

    /// <summary>A machine of every kind of measure, with a reading a minute.</summary>
    public const string MachineJson = """
        {
          "name": "machine",
          "title": { "en": "Machine", "zh": "机器" },
          "measures": [
            { "name": "hours", "type": "urn:x:time", "kind": "counter", "role": "operatingHours", "unit": "MIN", "maxPerHour": 60, "title": { "en": "Hours", "zh": "工时" } },
            { "name": "energy", "type": "Energy", "kind": "counter", "role": "energy", "unit": "WHR", "maxPerHour": 6000, "title": { "en": "Energy", "zh": "能耗" } },
            { "name": "temperature", "type": "Temperature", "kind": "gauge", "role": "temperature", "unit": "CEL", "min": -20, "max": 90, "stuckAfter": 4, "title": { "en": "Temperature", "zh": "温度" } },
            { "name": "running", "type": "urn:x:running", "kind": "state", "role": "running", "title": { "en": "Running", "zh": "运行" } },
            { "name": "alarm", "type": "urn:x:alarm", "kind": "state", "role": "alarm", "title": { "en": "Alarm", "zh": "报警" } },
            { "name": "note", "type": "urn:x:note", "kind": "text", "title": { "en": "Note", "zh": "备注" } },
            { "name": "latitude", "type": "Angle", "component": "latitude", "kind": "latitude", "unit": "DD", "title": { "en": "Latitude", "zh": "纬度" } },
            { "name": "longitude", "type": "Angle", "component": "longitude", "kind": "longitude", "unit": "DD", "title": { "en": "Longitude", "zh": "经度" } }
          ],
          "expectedInterval": 60,
          "schedule": "always",
          "maxClockDrift": 60,
          "maxSpeed": 30,
          "geofence": { "latitude": 26.5, "longitude": 118.5, "radius": 5000 },
          "silenceAfter": 12,
          "privacy": "service-readable",
          "minWattsWhileRunning": 500,
          "maxWattsWhileRunning": 5000
        }
        """;

    public static DeviceTemplate Machine { get; } = Template();

    /// <summary>The machine's template with something changed.</summary>
    public static DeviceTemplate Template(Action<JsonObject>? change = null)
    {
        var json = JsonNode.Parse(MachineJson)!.AsObject();
        change?.Invoke(json);
        Assert.True(DeviceTemplate.TryParse(Encoding.UTF8.GetBytes(json.ToJsonString()), out var template, out var error), error);
        return template;
    }

    /// <summary>A JSON report.</summary>
    public static JsonObject Report(string type, string? component, string value, string? unit = null)
    {
        var report = new JsonObject { ["type"] = type };
        if (component is not null)
        {
            report["component"] = component;
        }
        report[value is "true" or "false" ? "booleanValue" : unit is null ? "stringValue" : "value"] = unit is null && value is not ("true" or "false") ? value : JsonNode.Parse(value);
        if (unit is not null)
        {
            report["uom"] = unit;
        }
        return report;
    }

    /// <summary>An event with one reading for each time.</summary>
    public static JsonObject Event(params IReadOnlyList<(DateTimeOffset Time, JsonObject[] Reports)> readings) => new()
    {
        ["@context"] = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        ["type"] = "ObjectEvent",
        ["action"] = "OBSERVE",
        ["eventTime"] = Time(readings[^1].Time),
        ["eventTimeZoneOffset"] = "+00:00",
        ["epcList"] = new JsonArray(Device),
        ["sensorElementList"] = new JsonArray([.. readings.Select(r => (JsonNode)new JsonObject
        {
            ["sensorMetadata"] = new JsonObject { ["time"] = Time(r.Time) },
            ["sensorReport"] = new JsonArray([.. r.Reports]),
        })]),
    };

    public static byte[] Bytes(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    public static string Time(DateTimeOffset time) => TrustChain.Core.Log.Record.FormatTime(time);

    public static Telemetry Read(byte[] json, DeviceTemplate? template = null)
    {
        Assert.True(Telemetry.TryRead(json, Device, template ?? Machine, Midnight.AddYears(1), out var telemetry, out var fault), fault?.ToString());
        return telemetry;
    }

    /// <summary>What an event is refused for.</summary>
    public static TelemetryFault Refusal(byte[] json, DeviceTemplate? template = null, DateTimeOffset? now = null)
    {
        Assert.False(Telemetry.TryRead(json, Device, template ?? Machine, now ?? Midnight.AddYears(1), out var telemetry, out var fault));
        Assert.Null(telemetry);
        return fault;
    }

    public static bool IsValidEpcis(byte[] json) => EpcisReader.Read(json, EpcisReadOptions.Default) is { Faults.Count: 0, Events.Count: 1 };

    public static string F(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
