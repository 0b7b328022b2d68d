using Microsoft.Extensions.Options;
using TrustChain.Postgres.Capture;

namespace TrustChain.Server.Limits;

/// <summary>
/// Says when no more captures can be taken on, before their bodies are read: when the group commit is behind, by the number of statements that wait or by the age
/// of the oldest, and when the bodies under way would fill the memory. What was taken on is finished.
/// </summary>
internal sealed class CapturePressure(CaptureWriter writer, IOptions<LimitsOptions> options)
{
    private long _bytes;

    /// <summary>Bytes of bodies under way.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Takes on a capture, or names the limit that stands against it.</summary>
    /// <param name="length">Length of the body; null where the sender does not say.</param>
    /// <param name="most">How much of it is in memory at once at most.</param>
    /// <param name="held">What <see cref="Leave"/> gives back.</param>
    public string? Enter(long? length, int most, out long held)
    {
        held = Math.Min(length ?? most, most);
        if (writer.Depth >= options.Value.MaxWaitingStatements)
        {
            return "waiting-statements";
        }
        if (writer.OldestAge > options.Value.MaxWaitingAge)
        {
            return "waiting-age";
        }
        if (Interlocked.Add(ref _bytes, held) > options.Value.MaxWaitingBytes)
        {
            Leave(held);
            return "waiting-bytes";
        }
        return null;
    }

    public void Leave(long held) => Interlocked.Add(ref _bytes, -held);
}
