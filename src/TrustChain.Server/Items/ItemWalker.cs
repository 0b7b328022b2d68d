using TrustChain.Core.Epcis;
using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Partitions;
using TrustChain.Server.Query;
using TrustChain.Server.Verification;

namespace TrustChain.Server.Items;

/// <summary>One event on the way of an item.</summary>
/// <param name="Event">The record.</param>
/// <param name="Item">The item through which it was found.</param>
/// <param name="Depth">0 for the item itself.</param>
internal sealed record WalkStep(VisibleEvent Event, string Item, int Depth);

/// <summary>What was found on the way.</summary>
/// <param name="Steps">Events, oldest first.</param>
/// <param name="Items">All items visited, the first one first.</param>
/// <param name="IsCutOff">A limit was reached: there is more.</param>
/// <param name="WithoutContent">Records whose content is in cold storage, and what else that led to is not known.</param>
internal sealed record Walk(IReadOnlyList<WalkStep> Steps, IReadOnlyList<string> Items, bool IsCutOff, IReadOnlyList<VisibleEvent> WithoutContent)
{
    /// <summary>False when a limit was reached, or content is not there.</summary>
    public bool IsComplete => !IsCutOff && WithoutContent.Count == 0;
}

/// <summary>
/// Follows an item upstream: to the inputs of the transformations that made it, to what was packed into it, and to the containers in which it travelled
/// (those only for the time it was in them, and not to their other contents). At most 8 deep, 1,000 items, 200 events and 32 MiB of them.
/// </summary>
internal sealed class ItemWalker(RecordStore records, Visibility visibility, EventQueryService queries)
{
    public const int MaxDepth = 8;
    public const int MaxEvents = 200;
    public const int MaxItems = 1000; // each is a query

    /// <summary>Most bytes of events and their statements; a bundle holds less.</summary>
    public const long MaxBytes = 32 << 20;

    /// <summary>Most bytes read for it: the items of a pallet share their events, which are read for each.</summary>
    private const long MaxReadBytes = 16 * MaxBytes;

    private const int MaxPages = 20;

    private sealed record Visit(string Item, bool AsContainer, DateTimeOffset? From, DateTimeOffset? Until);

    public async Task<Walk> WalkAsync(string item, Caller caller, CancellationToken cancellationToken)
    {
        var steps = new Dictionary<long, WalkStep>();
        var seen = new HashSet<string> { ItemUris.Normalise(item) };
        var items = new List<string> { ItemUris.Normalise(item) };
        var frontier = new List<Visit> { new(ItemUris.Normalise(item), AsContainer: false, null, null) };
        var withoutContent = new List<VisibleEvent>();
        var reader = await queries.ReaderOfAsync(caller, cancellationToken);
        var complete = true;
        var (bytes, readBytes) = (0L, 0L);
        for (var depth = 0; frontier.Count > 0; depth++)
        {
            var next = new List<Visit>();
            foreach (var visit in frontier)
            {
                if (depth > MaxDepth || steps.Count >= MaxEvents || withoutContent.Count >= MaxEvents || bytes >= MaxBytes || readBytes >= MaxReadBytes)
                {
                    complete = false;
                    next.Clear();
                    break;
                }
                var (visible, isCutOff, read) = await ListVisibleAsync(visit.Item, MaxEvents - steps.Count, MaxBytes, caller, reader, cancellationToken);
                complete &= !isCutOff;
                readBytes += read;
                // What an event without content says, and to what it leads, is not known.
                withoutContent.AddRange(visible.Where(ColdStorage.IsMissing));
                var events = visible.Where(e => e.Event is not null && e.SpeaksOf(visit.Item)).ToList();
                var statements = new HashSet<byte[]>(); // by reference: the records of one reading share them
                foreach (var e in events)
                {
                    if ((visit.AsContainer && !IsDuring(visit, e.Event!)) || (depth > 0 && IsUseElsewhere(visit.Item, e.Event!))) // Filtered above.
                    {
                        continue;
                    }
                    if (steps.TryAdd(e.Stored.RecordId, new WalkStep(e, visit.Item, depth)))
                    {
                        bytes += (e.Stored.Event?.Length ?? 0) + ((byte[]?[])[e.Stored.Jws, e.Stored.Leaves]).Sum(part => part is not null && statements.Add(part) ? part.Length : 0);
                    }
                }
                foreach (var found in Neighbours(visit, events, seen))
                {
                    if (items.Count >= MaxItems)
                    {
                        complete = false;
                        break;
                    }
                    items.Add(found.Item);
                    next.Add(found);
                }
            }
            frontier = next;
        }
        return new Walk([.. steps.Values.OrderBy(static s => s.Event.Event!.EventTime).ThenBy(static s => s.Event.Stored.RecordId)], items, !complete, withoutContent); // Only events with content are steps.
    }

    /// <summary>What a caller may see of an item, and whether there may be more of it. What they may not see takes no room, within reason.</summary>
    private async Task<(IReadOnlyList<VisibleEvent> Visible, bool IsCutOff, long Bytes)> ListVisibleAsync(
        string item, int room, long maxBytes, Caller caller, EventReaderScope reader, CancellationToken cancellationToken)
    {
        var visible = new List<VisibleEvent>();
        var (after, bytes) = (0L, 0L);
        for (var page = 0; page < MaxPages && bytes < maxBytes; page++)
        {
            var found = await records.ListByItemAsync(ItemKey.Compute(item), reader, after, MaxEvents, maxBytes - bytes, cancellationToken);
            visible.AddRange(await visibility.FilterAsync(caller, found.Records, cancellationToken));
            bytes += found.Bytes;
            if (found.Next is not { } last || visible.Count > room)
            {
                return ([.. visible.Take(room)], visible.Count > room, bytes);
            }
            after = last;
        }
        return ([.. visible.Take(room)], true, bytes);
    }

    /// <summary>Where the events lead that was not seen before; what is returned is seen.</summary>
    private static IEnumerable<Visit> Neighbours(Visit visit, List<VisibleEvent> events, HashSet<string> seen)
    {
        foreach (var visible in events)
        {
            var e = visible.Event!; // The caller keeps only events with content.
            var roles = e.Items.Where(i => ItemUris.Normalise(i.CanonicalUri) == visit.Item).Select(static i => i.Role).ToHashSet();
            if (!visit.AsContainer && (roles.Contains(ItemRole.OutputEpc) || roles.Contains(ItemRole.OutputClass)))
            {
                foreach (var input in e.Items.Where(i => (i.Role is ItemRole.InputEpc or ItemRole.InputClass) && seen.Add(ItemUris.Normalise(i.CanonicalUri))))
                {
                    yield return new Visit(ItemUris.Normalise(input.CanonicalUri), AsContainer: false, null, null);
                }
            }
            if (!visit.AsContainer && roles.Contains(ItemRole.ParentId) && e.Action == EpcisAction.Add)
            {
                foreach (var child in e.Items.Where(i => (i.Role is ItemRole.ChildEpc or ItemRole.ChildClass) && seen.Add(ItemUris.Normalise(i.CanonicalUri))))
                {
                    yield return new Visit(ItemUris.Normalise(child.CanonicalUri), AsContainer: false, null, null);
                }
            }
            if (roles.Contains(ItemRole.ChildEpc) && e.Action == EpcisAction.Add)
            {
                foreach (var parent in e.Items.Where(i => i.Role == ItemRole.ParentId && seen.Add(ItemUris.Normalise(i.CanonicalUri))))
                {
                    yield return new Visit(ItemUris.Normalise(parent.CanonicalUri), AsContainer: true, e.EventTime, LeftAt(visit.Item, parent.CanonicalUri, e.EventTime, events));
                }
            }
        }
    }

    /// <summary>When the item was taken out of the container again; null while it is in it.</summary>
    private static DateTimeOffset? LeftAt(string item, string parent, DateTimeOffset since, List<VisibleEvent> events) => events
        .Where(e => e.Event is { Action: EpcisAction.Delete } d && d.EventTime >= since
            && d.Items.Any(i => i.Role == ItemRole.ParentId && i.CanonicalUri == parent)
            && d.Items.Any(i => i.Role == ItemRole.ChildEpc && ItemUris.Normalise(i.CanonicalUri) == item))
        .Select(static e => (DateTimeOffset?)e.Event!.EventTime) // Matched above.
        .Min();

    /// <summary>
    /// Whether an event only tells that something upstream was used up or packed. Where that led to the item asked about, the event was found before
    /// through its output or parent; else it is the story of another item.
    /// </summary>
    private static bool IsUseElsewhere(string item, EpcisEvent e) =>
        e.Items.Where(i => ItemUris.Normalise(i.CanonicalUri) == item).All(static i => i.Role is ItemRole.InputEpc or ItemRole.InputClass or ItemRole.ChildClass);

    private static bool IsDuring(Visit visit, EpcisEvent e) => (visit.From is not { } from || e.EventTime >= from) && (visit.Until is not { } until || e.EventTime <= until);
}
