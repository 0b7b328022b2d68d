using TrustChain.Core.Epcis;
using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Partitions;
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
/// (those only for the time it was in them, and not to their other contents). At most 8 deep and 200 events.
/// </summary>
internal sealed class ItemWalker(RecordStore records, Visibility visibility)
{
    public const int MaxDepth = 8;
    public const int MaxEvents = 200;

    private const int MaxPages = 20;

    private sealed record Visit(string Item, bool AsContainer, DateTimeOffset? From, DateTimeOffset? Until);

    public async Task<Walk> WalkAsync(string item, Caller caller, CancellationToken cancellationToken)
    {
        var steps = new Dictionary<long, WalkStep>();
        var seen = new HashSet<string> { ItemUris.Normalise(item) };
        var items = new List<string> { ItemUris.Normalise(item) };
        var frontier = new List<Visit> { new(ItemUris.Normalise(item), AsContainer: false, null, null) };
        var withoutContent = new List<VisibleEvent>();
        var complete = true;
        for (var depth = 0; frontier.Count > 0; depth++)
        {
            if (depth > MaxDepth || steps.Count >= MaxEvents)
            {
                complete = false;
                break;
            }
            var next = new List<Visit>();
            foreach (var visit in frontier)
            {
                var room = MaxEvents - steps.Count;
                var (visible, isCutOff) = await ListVisibleAsync(visit.Item, room, caller, cancellationToken);
                complete &= !isCutOff;
                // What an event without content says, and to what it leads, is not known.
                withoutContent.AddRange(visible.Where(ColdStorage.IsMissing));
                var events = visible.Where(e => e.Event is not null && e.SpeaksOf(visit.Item)).ToList();
                foreach (var e in events)
                {
                    if ((visit.AsContainer && !IsDuring(visit, e.Event!)) || (depth > 0 && IsUseElsewhere(visit.Item, e.Event!))) // Filtered above.
                    {
                        continue;
                    }
                    steps.TryAdd(e.Stored.RecordId, new WalkStep(e, visit.Item, depth));
                }
                foreach (var found in Neighbours(visit, events).Where(n => seen.Add(n.Item)))
                {
                    items.Add(found.Item);
                    next.Add(found);
                }
            }
            frontier = next;
        }
        return new Walk([.. steps.Values.OrderBy(static s => s.Event.Event!.EventTime).ThenBy(static s => s.Event.Stored.RecordId)], items, !complete, withoutContent); // Only events with content are steps.
    }

    /// <summary>What a caller may see of an item, and whether there may be more of it. What they may not see takes no room, within reason.</summary>
    private async Task<(IReadOnlyList<VisibleEvent> Visible, bool IsCutOff)> ListVisibleAsync(string item, int room, Caller caller, CancellationToken cancellationToken)
    {
        var visible = new List<VisibleEvent>();
        var after = 0L;
        for (var page = 0; page < MaxPages; page++)
        {
            var stored = await records.ListByItemAsync(ItemKey.Compute(item), after, MaxEvents + 1, cancellationToken);
            visible.AddRange(await visibility.FilterAsync(caller, stored, cancellationToken));
            if (stored.Count <= MaxEvents || visible.Count > room)
            {
                return ([.. visible.Take(room)], visible.Count > room);
            }
            after = stored[^1].RecordId;
        }
        return ([.. visible.Take(room)], true);
    }

    private static IEnumerable<Visit> Neighbours(Visit visit, List<VisibleEvent> events)
    {
        foreach (var visible in events)
        {
            var e = visible.Event!; // The caller keeps only events with content.
            var roles = e.Items.Where(i => ItemUris.Normalise(i.CanonicalUri) == visit.Item).Select(static i => i.Role).ToHashSet();
            if (!visit.AsContainer && (roles.Contains(ItemRole.OutputEpc) || roles.Contains(ItemRole.OutputClass)))
            {
                foreach (var input in e.Items.Where(static i => i.Role is ItemRole.InputEpc or ItemRole.InputClass))
                {
                    yield return new Visit(ItemUris.Normalise(input.CanonicalUri), AsContainer: false, null, null);
                }
            }
            if (!visit.AsContainer && roles.Contains(ItemRole.ParentId) && e.Action == EpcisAction.Add)
            {
                foreach (var child in e.Items.Where(static i => i.Role is ItemRole.ChildEpc or ItemRole.ChildClass))
                {
                    yield return new Visit(ItemUris.Normalise(child.CanonicalUri), AsContainer: false, null, null);
                }
            }
            if (roles.Contains(ItemRole.ChildEpc) && e.Action == EpcisAction.Add)
            {
                foreach (var parent in e.Items.Where(static i => i.Role == ItemRole.ParentId))
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
