using System.Diagnostics.CodeAnalysis;

namespace TrustChain.Core.Devices;

/// <summary>Why an event is no telemetry.</summary>
/// <param name="Code">Stable kebab-case code, one of <see cref="TelemetryRules"/>.</param>
/// <param name="Path">JSON Pointer (RFC 6901) to the place in the event.</param>
/// <param name="Detail">One sentence for people.</param>
public sealed record TelemetryFault(string Code, string Path, string Detail);

/// <summary>The readings of one telemetry statement (<c>docs/devices.md</c> section 2). Immutable; keeps the event's bytes.</summary>
public sealed partial class Telemetry
{
    /// <summary>Most readings of one statement.</summary>
    public const int MaxReadings = 1000;

    /// <summary>How far a reading may be after the service's clock.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(10);

    /// <summary>Number of readings, 1 to 1,000.</summary>
    public int Count => throw new NotImplementedException();

    /// <summary>Time of the first reading.</summary>
    public DateTimeOffset First => throw new NotImplementedException();

    /// <summary>Time of the last reading: the event's time.</summary>
    public DateTimeOffset Last => throw new NotImplementedException();

    /// <summary>The day (UTC) in which all readings lie.</summary>
    public DateOnly Day => throw new NotImplementedException();

    /// <summary>Names of measures that the template does not have, as <c>type</c> or <c>type component</c>: at most 100, each once, in the order met.</summary>
    public IReadOnlyList<string> UnknownMeasures => throw new NotImplementedException();

    /// <summary>The readings in the order of their times.</summary>
    public IEnumerable<TelemetryReading> Readings => throw new NotImplementedException();

    /// <summary>One reading, from 0.</summary>
    public TelemetryReading this[int index] => throw new NotImplementedException();

    /// <summary>Reads one event that is valid EPCIS. Bounded by the event's own bounds; no input makes it throw. Safe to call from several threads.</summary>
    /// <param name="eventUtf8">The event: JSON in UTF-8, which must not change afterwards.</param>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="template">What the device measures.</param>
    /// <param name="now">The service's clock; readings more than <see cref="MaxAhead"/> after it are refused.</param>
    /// <param name="telemetry">The readings.</param>
    /// <param name="fault">The first fault met.</param>
    public static bool TryRead(
        ReadOnlyMemory<byte> eventUtf8, string device, DeviceTemplate template, DateTimeOffset now,
        [NotNullWhen(true)] out Telemetry? telemetry, [NotNullWhen(false)] out TelemetryFault? fault) => throw new NotImplementedException();
}

/// <summary>The values of one moment.</summary>
public readonly struct TelemetryReading
{
    /// <summary>When, in UTC.</summary>
    public DateTimeOffset Time => throw new NotImplementedException();

    /// <summary>A number in the template's unit; null where there is none, and for states, texts and encrypted measures.</summary>
    /// <param name="measure">Position in the template.</param>
    public double? Number(int measure) => throw new NotImplementedException();

    /// <summary>A state; null where there is none.</summary>
    public bool? State(int measure) => throw new NotImplementedException();

    /// <summary>A text, or the JWE of an encrypted measure; null where there is none. Made anew at each call.</summary>
    public string? Text(int measure) => throw new NotImplementedException();
}
