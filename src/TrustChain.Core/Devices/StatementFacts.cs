using TrustChain.Core.Log;

namespace TrustChain.Core.Devices;

/// <summary>What a day needs to know about one telemetry statement.</summary>
/// <param name="RecordId">Id of its record; findings cite it.</param>
/// <param name="KeyNumber">Which of the device's keys signed it: 0 for the first that was admitted, 1 for the next; <see cref="ImportedKey"/> when none did.</param>
/// <param name="Sequence">Its number under that key, from 1; of an imported statement any that rises, which no rule looks at.</param>
/// <param name="Digest">Digest of the statement.</param>
/// <param name="Previous">The digest it names as that of the statement before; null exactly for number 1.</param>
/// <param name="Boot">How often the device has started.</param>
/// <param name="Clock">What the device's clock said when it signed.</param>
/// <param name="ReceivedAt">When the service took it.</param>
/// <param name="Imported">Whether the owner brought it in from elsewhere, so that its arrival says nothing about the clock.</param>
/// <param name="Summary">Its readings.</param>
public sealed record StatementFacts(
    long RecordId, int KeyNumber, long Sequence, Hash32 Digest, Hash32? Previous, long Boot, DateTimeOffset Clock, DateTimeOffset ReceivedAt, bool Imported,
    TelemetrySummary Summary)
{
    /// <summary>
    /// Digest of the statement's twin, which has the other valid signature over the same bytes (<see cref="Signing.SignedMessage.ComputeTwinDigest"/>). Only one of the two is recorded, and the
    /// device may have signed the other: the statement after it then names this one. Null where there is none.
    /// </summary>
    public Hash32? Twin { get; init; }

    /// <summary>Whether a statement with the next number that names <paramref name="previous"/> follows this one.</summary>
    internal bool IsNamedBy(Hash32? previous) => previous is { } digest && (digest == Digest || digest == Twin);

    /// <summary><see cref="KeyNumber"/> of imported statements.</summary>
    public const int ImportedKey = -1;

    /// <summary>What stands for the numbering of an imported statement.</summary>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="number">Id of its record, or leaf index.</param>
    /// <param name="receivedAt">When it was imported.</param>
    public static TelemetryHeader ImportedHeader(string device, long number, DateTimeOffset receivedAt) => new(device, number, null, 0, receivedAt);
}
