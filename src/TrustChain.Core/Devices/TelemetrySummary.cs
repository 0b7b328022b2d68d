namespace TrustChain.Core.Devices;

/// <summary>What one telemetry statement contributes to its day: enough to compute the day without its event. Immutable.</summary>
public sealed partial class TelemetrySummary
{
    /// <summary>Time of the first reading, in UTC, to the millisecond.</summary>
    public DateTimeOffset First => throw new NotImplementedException();

    /// <summary>Time of the last reading.</summary>
    public DateTimeOffset Last => throw new NotImplementedException();

    /// <summary>The day in which all readings lie.</summary>
    public DateOnly Day => throw new NotImplementedException();

    /// <summary>Number of readings.</summary>
    public int Readings => throw new NotImplementedException();

    /// <summary>How long the machine ran between its readings; null where the template has no way to tell.</summary>
    public double? RunningSeconds => throw new NotImplementedException();

    /// <summary>Summarises a statement.</summary>
    public static TelemetrySummary Of(Telemetry telemetry, DeviceTemplate template) => throw new NotImplementedException();

    /// <summary>The summary in bytes: the same summary gives the same bytes.</summary>
    public byte[] ToBytes() => throw new NotImplementedException();

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="FormatException">It is not that.</exception>
    public static TelemetrySummary Parse(ReadOnlySpan<byte> bytes) => throw new NotImplementedException();
}
