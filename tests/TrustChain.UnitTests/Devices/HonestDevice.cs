using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;

namespace TrustChain.UnitTests.Devices;

/// <summary>
/// A machine of <see cref="DeviceWorld.Machine"/> that tells the truth: it measures every minute with jitter, works from 8 to 16 hours, drives about a site
/// under a receiver with noise, and signs once an hour. Tests let it lie by changing one thing.
/// </summary>
internal sealed class HonestDevice(int seed = 1)
{
    private readonly Random _random = new(seed);
    private readonly List<StatementFacts> _statements = [];
    private double _minutes = 100_000;
    private double _wattHours = 5_000_000;
    private Hash32? _digest;
    private bool _runs;

    public DeviceTemplate Template { get; init; } = DeviceWorld.Machine;

    /// <summary>Time from signing to arrival.</summary>
    public Func<DateTimeOffset, TimeSpan> Delay { get; set; } = static _ => TimeSpan.FromSeconds(3);

    /// <summary>Wrong part of the clock.</summary>
    public TimeSpan Drift { get; set; }

    /// <summary>Changes a reading's values before they are written: minute of the day, and the values by name.</summary>
    public Action<DateTimeOffset, Dictionary<string, double>> Change { get; set; } = static (_, _) => { };

    /// <summary>Whether a reading is taken at all.</summary>
    public Func<DateTimeOffset, bool> Measures { get; set; } = static _ => true;

    public bool Imported { get; set; }

    public int Key { get; set; }

    public long Sequence { get; set; }

    public long Boot { get; set; } = 3;

    /// <summary>Statements as the service has them, in the order of signing.</summary>
    public IReadOnlyList<StatementFacts> Statements => _statements;

    /// <summary>Lets it work from one hour to another, counted from the midnight of <see cref="DeviceWorld.Day"/>.</summary>
    public HonestDevice Work(int fromHour, int untilHour)
    {
        for (var hour = fromHour; hour < untilHour; hour++)
        {
            WorkHour(DeviceWorld.Midnight.AddHours(hour));
        }
        return this;
    }

    /// <summary>Another key starts to number its own statements.</summary>
    public void SwapKey()
    {
        (Key, Sequence, _digest) = (Key + 1, 0, null);
    }

    private void WorkHour(DateTimeOffset start)
    {
        var readings = new List<(DateTimeOffset, JsonObject[])>();
        for (var minute = 0; minute < 60; minute++)
        {
            // A minute at a time, with up to three seconds of jitter; the first stays in its hour.
            var time = start.AddMinutes(minute).AddMilliseconds(_random.Next(0, 3000));
            if (_runs)
            {
                _minutes++;
                _wattHours += 20 + _random.Next(0, 20);
            }
            _runs = time.Hour is >= 8 and < 16;
            var values = new Dictionary<string, double>
            {
                ["hours"] = Math.Floor(_minutes),
                ["energy"] = Math.Floor(_wattHours),
                ["temperature"] = Math.Round(20 + (10 * Math.Sin(minute / 10.0)) + _random.NextDouble(), 1),
                ["running"] = _runs ? 1 : 0,
                ["alarm"] = 0,
                ["latitude"] = 26.5 + (0.01 * Math.Sin(time.TimeOfDay.TotalHours)) + ((_random.NextDouble() - 0.5) * 0.001),
                ["longitude"] = 118.5 + ((_random.NextDouble() - 0.5) * 0.001),
            };
            Change(time, values);
            if (Measures(time))
            {
                readings.Add((time, Reports(values)));
            }
        }
        if (readings.Count > 0)
        {
            Sign(readings);
        }
    }

    private static JsonObject[] Reports(Dictionary<string, double> values) => [.. values.Select(static v => v.Key switch
    {
        "hours" => DeviceWorld.Report("urn:x:time", null, DeviceWorld.F(v.Value), "MIN"),
        "energy" => DeviceWorld.Report("Energy", null, DeviceWorld.F(v.Value), "WHR"),
        "temperature" => DeviceWorld.Report("Temperature", null, DeviceWorld.F(v.Value), "CEL"),
        "latitude" or "longitude" => DeviceWorld.Report("Angle", v.Key, DeviceWorld.F(v.Value), "DD"),
        _ => DeviceWorld.Report($"urn:x:{v.Key}", null, v.Value > 0 ? "true" : "false"),
    })];

    private void Sign(List<(DateTimeOffset Time, JsonObject[] Reports)> readings)
    {
        var json = DeviceWorld.Bytes(DeviceWorld.Event(readings));
        var summary = TelemetrySummary.Of(DeviceWorld.Read(json, Template), Template);
        var signed = readings[^1].Time.AddSeconds(5);
        var previous = _digest;
        _digest = Hash32.Compute([.. json, (byte)_statements.Count]);
        Sequence++;
        _statements.Add(new StatementFacts(
            1000 + _statements.Count, Key, Sequence, _digest.Value, previous, Boot, signed + Drift, signed + Delay(signed), Imported, TelemetrySummary.Parse(summary.ToBytes())));
    }

    /// <summary>The day of the statements that lie in it.</summary>
    public DeviceDay Compute(int day = 0, IEnumerable<StatementFacts>? statements = null, DateTimeOffset? enrolledAt = null)
    {
        var date = DeviceWorld.Day.AddDays(day);
        var all = (statements ?? _statements).ToList();
        var before = all.Where(s => s.Summary.Day < date).OrderBy(static s => s.KeyNumber).ThenBy(static s => s.Sequence).LastOrDefault();
        return DeviceDay.Compute(Template, date, before, [.. all.Where(s => s.Summary.Day == date)], enrolledAt);
    }

    /// <summary>The period of all days.</summary>
    public DevicePeriod Period(int days, DateTimeOffset now, IEnumerable<StatementFacts>? statements = null, DateTimeOffset? enrolledAt = null)
    {
        var all = (statements ?? _statements).ToList();
        var computed = Enumerable.Range(0, days).Select(d => Compute(d, all, enrolledAt)).Where(static d => d.Statements > 0).Select(static d => DeviceDay.Parse(d.ToJson())).ToList();
        return DevicePeriod.Compute(Template, DeviceWorld.Day, DeviceWorld.Day.AddDays(days - 1), computed, enrolledAt, now);
    }
}
