using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace TrustChain.Core.Devices;

/// <summary>Why an event is no telemetry.</summary>
/// <param name="Code">Stable kebab-case code, one of <see cref="TelemetryRules"/>.</param>
/// <param name="Path">JSON Pointer (RFC 6901) to the place in the event.</param>
/// <param name="Detail">One sentence for people. It may quote up to 100 characters of the input.</param>
public sealed record TelemetryFault(string Code, string Path, string Detail);

/// <summary>The readings of one telemetry statement (<c>docs/devices.md</c> section 2). Immutable; keeps the event's bytes.</summary>
public sealed class Telemetry
{
    /// <summary>Most readings of one statement.</summary>
    public const int MaxReadings = 1000;

    /// <summary>How far a reading may be after the service's clock.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(10);

    private readonly ReadOnlyMemory<byte> _utf8;
    private readonly DeviceTemplate _template;
    private readonly long[] _ticks;

    // Row by row. NaN for no value, 1 and 0 for states, for texts and encrypted measures the place of the JSON string in the event.
    private readonly double[] _values;

    internal Telemetry(ReadOnlyMemory<byte> utf8, DeviceTemplate template, long[] ticks, double[] values, IReadOnlyList<string> unknownMeasures)
    {
        _utf8 = utf8;
        _template = template;
        _ticks = ticks;
        _values = values;
        UnknownMeasures = unknownMeasures;
    }

    /// <summary>Number of readings, 1 to 1,000.</summary>
    public int Count => _ticks.Length;

    /// <summary>Time of the first reading.</summary>
    public DateTimeOffset First => new(_ticks[0], TimeSpan.Zero);

    /// <summary>Time of the last reading: the event's time.</summary>
    public DateTimeOffset Last => new(_ticks[^1], TimeSpan.Zero);

    /// <summary>The day (UTC) in which all readings lie.</summary>
    public DateOnly Day => DateOnly.FromDateTime(new DateTime(_ticks[0]));

    /// <summary>Names of measures that the template does not have, as <c>type</c> or <c>type component</c>: at most 100, each once, in the order met.</summary>
    public IReadOnlyList<string> UnknownMeasures { get; }

    /// <summary>The readings in the order of their times.</summary>
    public IEnumerable<TelemetryReading> Readings
    {
        get
        {
            for (var i = 0; i < Count; i++)
            {
                yield return this[i];
            }
        }
    }

    /// <summary>One reading, from 0.</summary>
    public TelemetryReading this[int index] =>
        (uint)index < (uint)Count ? new(this, index) : throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>Reads one event that is valid EPCIS. Bounded by the event's own bounds; no input makes it throw. Safe to call from several threads.</summary>
    /// <param name="eventUtf8">The event: JSON in UTF-8, which must not change afterwards.</param>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="template">What the device measures.</param>
    /// <param name="now">The service's clock; readings more than <see cref="MaxAhead"/> after it are refused.</param>
    /// <param name="telemetry">The readings.</param>
    /// <param name="fault">The first fault met.</param>
    public static bool TryRead(
        ReadOnlyMemory<byte> eventUtf8, string device, DeviceTemplate template, DateTimeOffset now,
        [NotNullWhen(true)] out Telemetry? telemetry, [NotNullWhen(false)] out TelemetryFault? fault) =>
        ReadAs(eventUtf8, device, template, now, isNew: false, out telemetry, out fault);

    /// <summary>Reads one event that comes in: as <see cref="TryRead"/>, which also reads what was taken before there was <see cref="TelemetryRules.WrongKeyGroup"/>, and by that rule.</summary>
    /// <param name="eventUtf8">As there.</param>
    /// <param name="device">As there.</param>
    /// <param name="template">As there.</param>
    /// <param name="now">As there.</param>
    /// <param name="telemetry">As there.</param>
    /// <param name="fault">As there.</param>
    public static bool TryReadNew(
        ReadOnlyMemory<byte> eventUtf8, string device, DeviceTemplate template, DateTimeOffset now,
        [NotNullWhen(true)] out Telemetry? telemetry, [NotNullWhen(false)] out TelemetryFault? fault) =>
        ReadAs(eventUtf8, device, template, now, isNew: true, out telemetry, out fault);

    private static bool ReadAs(
        ReadOnlyMemory<byte> eventUtf8, string device, DeviceTemplate template, DateTimeOffset now, bool isNew,
        [NotNullWhen(true)] out Telemetry? telemetry, [NotNullWhen(false)] out TelemetryFault? fault)
    {
        var reader = new TelemetryReader(eventUtf8, device, template, now, isNew);
        try
        {
            telemetry = reader.Read();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is what a string says that is no Unicode.
            telemetry = null;
            fault = new TelemetryFault(TelemetryRules.MalformedJson, "", "The event is not JSON.");
            return false;
        }
        finally
        {
            reader.Dispose();
        }
        fault = telemetry is null ? reader.Fault! : null; // One of the two.
        return telemetry is not null;
    }

    internal long Milliseconds(int reading) => (_ticks[reading] - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;

    internal DateTimeOffset TimeOf(int reading) => new(_ticks[reading], TimeSpan.Zero);

    /// <summary>The value as it is kept; NaN for none.</summary>
    internal double Raw(int reading, int measure) => _values[(reading * _template.Measures.Count) + measure];

    internal double? NumberOf(int reading, int measure) =>
        _template.Measures[measure] is { IsOpen: true, Kind: not (MeasureKind.State or MeasureKind.Text) } && Raw(reading, measure) is var value && !double.IsNaN(value) ? value : null;

    internal bool? StateOf(int reading, int measure) =>
        _template.Measures[measure] is { IsOpen: true, Kind: MeasureKind.State } && Raw(reading, measure) is var value && !double.IsNaN(value) ? value > 0 : null;

    internal string? TextOf(int reading, int measure)
    {
        var definition = _template.Measures[measure];
        var place = Raw(reading, measure);
        if ((definition.IsOpen && definition.Kind != MeasureKind.Text) || double.IsNaN(place))
        {
            return null;
        }
        var json = new Utf8JsonReader(_utf8.Span[(int)place..]);
        json.Read();
        return json.GetString();
    }
}

/// <summary>The values of one moment.</summary>
public readonly struct TelemetryReading
{
    private readonly Telemetry _telemetry;
    private readonly int _index;

    internal TelemetryReading(Telemetry telemetry, int index)
    {
        _telemetry = telemetry;
        _index = index;
    }

    /// <summary>When, in UTC.</summary>
    public DateTimeOffset Time => _telemetry.TimeOf(_index);

    /// <summary>A number in the template's unit; null where there is none, and for states, texts and encrypted measures.</summary>
    /// <param name="measure">Position in the template.</param>
    public double? Number(int measure) => _telemetry.NumberOf(_index, measure);

    /// <summary>A state; null where there is none.</summary>
    /// <param name="measure">Position in the template.</param>
    public bool? State(int measure) => _telemetry.StateOf(_index, measure);

    /// <summary>A text, or the JWE of an encrypted measure; null where there is none. Made anew at each call.</summary>
    /// <param name="measure">Position in the template.</param>
    public string? Text(int measure) => _telemetry.TextOf(_index, measure);
}
