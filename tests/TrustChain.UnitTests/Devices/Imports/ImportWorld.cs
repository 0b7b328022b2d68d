using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Imports;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;

namespace TrustChain.UnitTests.Devices.Imports;

/// <summary>A machine's template, a clock, and what tests look at in an import.</summary>
internal static class ImportWorld
{
    public const string Device = "https://id.gs1.org/8004/9521321M1";

    public static readonly DateTimeOffset Now = new(2026, 9, 10, 12, 0, 0, TimeSpan.Zero);

    public static DeviceTemplate Machine { get; } = Parse("""
        {
          "name": "excavator", "title": { "en": "Excavator", "zh": "挖掘机" },
          "measures": [
            { "name": "operatingHours", "type": "urn:x:hours", "kind": "counter", "role": "operatingHours", "unit": "HUR", "maxPerHour": 1, "title": { "en": "Hours", "zh": "工时" } },
            { "name": "idleHours", "type": "urn:x:idle", "kind": "counter", "unit": "HUR", "title": { "en": "Idle", "zh": "怠速" } },
            { "name": "distance", "type": "urn:x:distance", "kind": "counter", "role": "distance", "unit": "KMT", "title": { "en": "Distance", "zh": "里程" } },
            { "name": "loads", "type": "urn:x:loads", "kind": "counter", "role": "cycles", "unit": "C62", "title": { "en": "Loads", "zh": "次数" } },
            { "name": "fuelUsed", "type": "Volume", "kind": "counter", "unit": "LTR", "title": { "en": "Fuel", "zh": "油耗" } },
            { "name": "fuelRemaining", "type": "urn:x:fuel", "kind": "gauge", "unit": "P1", "min": 0, "max": 100, "title": { "en": "Fuel left", "zh": "余油" } },
            { "name": "oil", "type": "Temperature", "kind": "gauge", "role": "temperature", "unit": "CEL", "title": { "en": "Oil", "zh": "油温" } },
            { "name": "running", "type": "urn:x:running", "kind": "state", "role": "running", "title": { "en": "Running", "zh": "运行" } },
            { "name": "faultCode", "type": "urn:x:code", "kind": "text", "title": { "en": "Code", "zh": "代码" } },
            { "name": "driver", "type": "urn:x:driver", "kind": "text", "privacy": "encrypted", "title": { "en": "Driver", "zh": "司机" } },
            { "name": "latitude", "type": "Angle", "component": "latitude", "kind": "latitude", "unit": "DD", "title": { "en": "Latitude", "zh": "纬度" } },
            { "name": "longitude", "type": "Angle", "component": "longitude", "kind": "longitude", "unit": "DD", "title": { "en": "Longitude", "zh": "经度" } }
          ],
          "expectedInterval": 3600, "schedule": "always", "maxClockDrift": 120, "maxSpeed": 30, "silenceAfter": 24
        }
        """);

    public static ImportResult Csv(string text) => CsvImport.Read(Encoding.UTF8.GetBytes(text), Machine, Now);

    /// <summary>The rules that a CSV file breaks.</summary>
    public static IEnumerable<string> Rules(string csv)
    {
        var result = Csv(csv);
        Assert.Null(result.Readings);
        return result.Faults.Select(static f => f.Code);
    }

    public static ImportResult Xml(string text)
    {
        var (equipment, fault) = TelematicsFeed.ReadXml(Encoding.UTF8.GetBytes(text));
        Assert.Null(fault);
        return TelematicsMapping.Read(equipment.SelectMany(static e => e.Points), Machine, Now);
    }

    public static ImportResult Json(string text)
    {
        var (equipment, fault) = TelematicsFeed.ReadJson(Encoding.UTF8.GetBytes(text));
        Assert.Null(fault);
        return TelematicsMapping.Read(equipment.SelectMany(static e => e.Points), Machine, Now);
    }

    /// <summary>The events, each read as the service reads telemetry.</summary>
    public static IReadOnlyList<(byte[] Utf8, Telemetry Telemetry)> Events(ImportResult result) => [.. result.Readings!.ToEvents(Device).Select(static e =>
    {
        var read = EpcisReader.Read(e.Utf8, EpcisReadOptions.Default);
        Assert.True(read.IsValid, string.Join('\n', read.Faults));
        Assert.True(Telemetry.TryRead(e.Utf8, Device, Machine, Now, out var telemetry, out var fault), fault?.ToString());
        Assert.Equal(e.Readings, telemetry.Count);
        return (e.Utf8, telemetry);
    })];

    /// <summary>Each value as <c>time measure value unit</c>, as the events write them.</summary>
    public static IEnumerable<string> Values(ImportResult result) => Events(result).SelectMany(static e =>
    {
        using var document = JsonDocument.Parse(e.Utf8);
        return document.RootElement.GetProperty("sensorElementList").EnumerateArray().SelectMany(static reading => reading.GetProperty("sensorReport").EnumerateArray().Select(report =>
        {
            var type = report.GetProperty("type").GetString();
            var component = report.TryGetProperty("component", out var c) ? c.GetString() : null;
            var value = report.TryGetProperty("value", out var number) ? $"{number.GetRawText()} {report.GetProperty("uom").GetString()}"
                : report.TryGetProperty("booleanValue", out var state) ? state.GetRawText()
                : report.GetProperty("stringValue").GetString();
            return $"{reading.GetProperty("sensorMetadata").GetProperty("time").GetString()} {Machine.Measures.First(m => m.Type == type && m.Component == component).Name} {value}";
        })).ToList();
    });

    /// <summary>A statement with one reading of the hour meter for each hour given, signed by the device or imported.</summary>
    public static StatementFacts Statement(long number, bool imported, params (DateTimeOffset Time, double Hours)[] readings)
    {
        var csv = "time,operatingHours\n" + string.Join('\n', readings.Select(static r => string.Create(CultureInfo.InvariantCulture, $"{Core.Log.Record.FormatTime(r.Time)},{r.Hours}")));
        var (utf8, telemetry) = Assert.Single(Events(Csv(csv)));
        var digest = Digest(number, imported);
        return new StatementFacts(
            100 + number, imported ? StatementFacts.ImportedKey : 0, imported ? 100 + number : number, digest, imported || number == 1 ? null : Digest(number - 1, false), 0,
            readings[^1].Time.AddSeconds(2), readings[^1].Time.AddSeconds(5), imported, TelemetrySummary.Of(telemetry, Machine));
    }

    private static Hash32 Digest(long number, bool imported) => Hash32.Compute(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number} {imported}")));

    private static DeviceTemplate Parse(string json) => DeviceTemplate.TryParse(Encoding.UTF8.GetBytes(json), out var template, out var error) ? template : throw new InvalidOperationException(error);
}
