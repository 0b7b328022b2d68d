using TrustChain.Core.Signing;

namespace TrustChain.Cli.Signing;

/// <summary>Divides many events into statements that servers accept.</summary>
internal static class StatementSplit
{
    // Salt, member names and quotes of one event, and the statement itself, in the root form's JSON.
    private const int BytesPerEvent = 80;
    private const int BytesPerStatement = 1024;

    /// <summary>Parts in order, each within the limits on events and bytes; an event too large for any statement gets one of its own.</summary>
    public static IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> Split(IReadOnlyList<ReadOnlyMemory<byte>> events)
    {
        var parts = new List<IReadOnlyList<ReadOnlyMemory<byte>>>();
        var part = new List<ReadOnlyMemory<byte>>();
        var bytes = BytesPerStatement;
        foreach (var next in events)
        {
            var nextBytes = BytesPerEvent + (((next.Length + 2) / 3) * 4);
            if (part.Count > 0 && (part.Count == Statement.MaxEvents || bytes + nextBytes > Statement.MaxBytes))
            {
                parts.Add(part);
                part = [];
                bytes = BytesPerStatement;
            }
            part.Add(next);
            bytes += nextBytes;
        }
        if (part.Count > 0)
        {
            parts.Add(part);
        }
        return parts;
    }
}
