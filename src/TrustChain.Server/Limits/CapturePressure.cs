using Microsoft.Extensions.Options;
using TrustChain.Postgres.Capture;

namespace TrustChain.Server.Limits;

/// <summary>
/// Says when no more captures can be taken on, before their bodies are read: when the group commit is behind, by the number of statements that wait or by the age
/// of the oldest or the time that another would wait, and when the bodies under way would fill the memory. What was taken on is finished.
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
        if (IsLate(options.Value.MaxWaitingAge))
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

    /// <summary>
    /// While the oldest is young, a fast sender could still add as much as takes many times the limit to write: so what waits is also compared with how fast it is written.
    /// That only counts once something has waited for a while, because small batches take more time for each record than large ones. The commit before and one's own are no backlog, however
    /// far away the standby is that has to agree.
    /// </summary>
    private bool IsLate(TimeSpan most)
    {
        var backlog = writer.OldestAge - (2 * writer.CommitTime);
        return backlog > most || (backlog > most / 4 && writer.ExpectedWait > most);
    }

    public void Leave(long held) => Interlocked.Add(ref _bytes, -held);
}
