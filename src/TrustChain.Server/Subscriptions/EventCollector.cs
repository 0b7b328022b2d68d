using TrustChain.Core.Query;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Query;

namespace TrustChain.Server.Subscriptions;

/// <summary>What a look into the log found.</summary>
/// <param name="Events">In the order of the log.</param>
/// <param name="NextLeaf">The first entry that was not looked at.</param>
internal sealed record CollectedEvents(IReadOnlyList<FoundEvent> Events, long NextLeaf);

/// <summary>Reads on in the log for a subscriber: what matches the query, and what they may read by the one rule as it is now.</summary>
internal sealed class EventCollector(EventSearchStore store, EventQueryService queries) : IDisposable
{
    private const int MaxReaders = 16;

    private const int MaxBytes = 4 << 20;

    // One step looks at a bounded part of the log, so that neither a statement nor a lease outlasts its time.
    private const int MaxReads = 100;
    private const int LeavesPerRead = 10_000;
    private const int RowsPerRead = 100;

    // However many streams are open, they leave database connections to captures.
    private readonly SemaphoreSlim _readers = new(MaxReaders);

    /// <summary>
    /// The next events up to a number or to 4 MB of content. Fewer do not mean the end: the caller goes on from <see cref="CollectedEvents.NextLeaf"/> until
    /// it is <paramref name="before"/>.
    /// </summary>
    public async Task<CollectedEvents> CollectAsync(
        EventQuery query, Caller caller, long from, long before, DateTimeOffset notRecordedBefore, int maxEvents, CancellationToken cancellationToken)
    {
        await _readers.WaitAsync(cancellationToken);
        try
        {
            return await ReadAsync(query, caller, from, before, notRecordedBefore, maxEvents, cancellationToken);
        }
        finally
        {
            _readers.Release();
        }
    }

    public void Dispose() => _readers.Dispose();

    private async Task<CollectedEvents> ReadAsync(
        EventQuery query, Caller caller, long from, long before, DateTimeOffset notRecordedBefore, int maxEvents, CancellationToken cancellationToken)
    {
        var resolved = await queries.ResolveAsync(query, caller, cancellationToken);
        var reader = await queries.ReaderOfAsync(caller, cancellationToken);
        var events = new List<FoundEvent>();
        var bytes = 0;
        var at = from;
        for (var reads = 0; at < before && reads < MaxReads; reads++)
        {
            var end = Math.Min(before, at + LeavesPerRead);
            var found = await store.ListByLeafAsync(reader, at, end, notRecordedBefore, RowsPerRead, MaxBytes, cancellationToken);
            foreach (var (leaf, row) in found.Rows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!EventQueryService.Matches(resolved, row))
                {
                    continue;
                }
                if (events.Count == maxEvents || (events.Count > 0 && bytes + row.Event.Length > MaxBytes))
                {
                    return new CollectedEvents(events, leaf);
                }
                events.Add(row);
                bytes += row.Event.Length;
            }
            at = found.IsLast ? end : found.Rows[^1].LeafIndex + 1;
        }
        return new CollectedEvents(events, at);
    }
}
