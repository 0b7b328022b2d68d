using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using TrustChain.Core.Devices;

namespace TrustChain.Benchmarks;

/// <summary>What one telemetry statement of an hour costs beside its signature and EPCIS: 60 readings of five measures.</summary>
[MemoryDiagnoser]
public class TelemetryBenchmarks
{
    private const string Device = "https://id.gs1.org/8004/0614141LOOM1";

    private const string Template = """
        {
          "name": "bench",
          "title": { "en": "Bench", "zh": "基准" },
          "measures": [
            { "name": "hours", "type": "urn:x:time", "kind": "counter", "role": "operatingHours", "unit": "MIN", "maxPerHour": 60, "title": { "en": "Hours", "zh": "工时" } },
            { "name": "energy", "type": "Energy", "kind": "counter", "role": "energy", "unit": "WHR", "maxPerHour": 6000, "title": { "en": "Energy", "zh": "能耗" } },
            { "name": "temperature", "type": "Temperature", "kind": "gauge", "unit": "CEL", "min": -20, "max": 90, "stuckAfter": 4, "title": { "en": "Temperature", "zh": "温度" } },
            { "name": "latitude", "type": "Angle", "component": "latitude", "kind": "latitude", "unit": "DD", "title": { "en": "Latitude", "zh": "纬度" } },
            { "name": "longitude", "type": "Angle", "component": "longitude", "kind": "longitude", "unit": "DD", "title": { "en": "Longitude", "zh": "经度" } }
          ],
          "expectedInterval": 60, "schedule": "always", "maxClockDrift": 60, "maxSpeed": 30, "silenceAfter": 12
        }
        """;

    private static readonly DateTimeOffset Start = new(2026, 4, 6, 12, 0, 0, TimeSpan.Zero);

    private readonly DeviceTemplate _template = DeviceTemplate.TryParse(Encoding.UTF8.GetBytes(Template), out var template, out var error) ? template : throw new InvalidOperationException(error);
    private readonly byte[] _event = Event();

    /// <summary>The readings alone.</summary>
    [Benchmark]
    public Telemetry Read() => Telemetry.TryRead(_event, Device, _template, Start.AddDays(1), out var telemetry, out var fault) ? telemetry : throw new InvalidOperationException(fault.Detail);

    /// <summary>The readings and their summary.</summary>
    [Benchmark]
    public TelemetrySummary ReadAndSummarise() => TelemetrySummary.Of(Read(), _template);

    /// <summary>All that capture does: the summary in the bytes that are stored.</summary>
    [Benchmark]
    public byte[] ReadSummariseAndWrite() => ReadAndSummarise().ToBytes();

    private static byte[] Event()
    {
        var text = new StringBuilder("""{"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld","type":"ObjectEvent","action":"OBSERVE","eventTimeZoneOffset":"+00:00",""");
        text.Append(CultureInfo.InvariantCulture, $"\"eventTime\":\"{Start.AddMinutes(59):yyyy-MM-ddTHH:mm:ss.fffZ}\",\"epcList\":[\"{Device}\"],\"sensorElementList\":[");
        for (var i = 0; i < 60; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                {{(i > 0 ? "," : "")}}{"sensorMetadata":{"time":"{{Start.AddMinutes(i):yyyy-MM-ddTHH:mm:ss.fffZ}}"},"sensorReport":[
                {"type":"urn:x:time","value":{{600_000 + i}},"uom":"MIN"},{"type":"Energy","value":{{5_000_000 + (27 * i)}},"uom":"WHR"},
                {"type":"Temperature","value":{{20 + (i % 17 / 10.0)}},"uom":"CEL"},
                {"type":"Angle","component":"latitude","value":{{26.5 + (i / 100_000.0)}},"uom":"DD"},{"type":"Angle","component":"longitude","value":{{118.5 - (i / 70_000.0)}},"uom":"DD"}]}
                """);
        }
        return Encoding.UTF8.GetBytes(text.Append("]}").ToString());
    }
}
