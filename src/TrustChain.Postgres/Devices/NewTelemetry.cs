using TrustChain.Core.Devices;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Devices;

/// <summary>What is kept of a telemetry statement beside its record.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="KeyNumber">Number of the key that signed it; <see cref="StatementFacts.ImportedKey"/> for an imported one.</param>
/// <param name="Header">Its numbering; of an imported one the number is given when it is written.</param>
/// <param name="Day">The day its readings lie in (UTC).</param>
/// <param name="FirstReadingAt">Time of its first reading.</param>
/// <param name="LastReadingAt">Time of its last reading.</param>
/// <param name="Readings">How many.</param>
/// <param name="Summary">What it contributes to its day: <see cref="TelemetrySummary"/> as bytes.</param>
/// <param name="Latest">The values of its last reading, as JSON.</param>
public sealed record NewTelemetry(int DeviceId, int KeyNumber, TelemetryHeader Header, DateOnly Day, DateTimeOffset FirstReadingAt, DateTimeOffset LastReadingAt, int Readings, byte[] Summary, string Latest)
{
    /// <summary><see cref="StatementFacts.Twin"/>.</summary>
    public Hash32? Twin { get; init; }
}
