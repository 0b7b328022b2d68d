using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
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
/// (those only for the time it was in them, and not to their other contents). At most 8 deep, 1,000 items, 200 events and 32 MiB of them. However many of
/// the items an event speaks of, it is read once.
/// </summary>
internal sealed class ItemWalker(RecordStore records, Visibility visibility, EventQueryService queries)
{
    public const int MaxDepth = 8;
    public const int MaxEvents = 200;
    public const int MaxItems = 1000;

    /// <summary>Most bytes of events and their statements; a bundle holds less.</summary>
    public const long MaxBytes = 32 << 20;

    /// <summary>Most bytes read for it: also of what turns out to be the story of another item, and of statements that several items share, which are read with each.</summary>
    private const long MaxReadBytes = 16 * MaxBytes;

    /// <summary>Most memory for what was read: content, what it names, and the records as such.</summary>
    private const long MaxHeldBytes = 4 * MaxBytes;

    private const int BytesPerRecord = 500;
    private const int BytesPerItem = 100;

    /// <summary>Most records of one item that are looked at: what the caller may not see takes no room, within reason.</summary>
    private const int MaxRecords = 20 * MaxEvents;

    /// <summary>Most records looked at for all items together, each as often as an item has it.</summary>
    private const int MaxLooks = 50_000;

    private const int ItemsPerLookUp = 50;

    private sealed record Visit(string Item, bool AsContainer, DateTimeOffset? From, DateTimeOffset? Until);

    /// <summary>An event that the caller may see.</summary>
    /// <param name="Event">The record.</param>
    /// <param name="Roles">In which roles it names each item, and in none the places where it happened, by normalised URI; empty without content.</param>
    private sealed record Sight(VisibleEvent Event, IReadOnlyDictionary<string, RoleSet> Roles)
    {
        public bool SpeaksOf(string uri) => Roles.ContainsKey(uri);

        public RoleSet RolesOf(string item) => Roles.GetValueOrDefault(item);
    }

    /// <summary>The roles in which one event names one item.</summary>
    private readonly record struct RoleSet(int Bits)
    {
        /// <summary>
        /// Whether the roles only tell that something upstream was used up or packed. Where that led to the item asked about, the event was found before
        /// through its output or parent; else it is the story of another item.
        /// </summary>
        public bool IsUseOnly => (Bits & ~Uses.Bits) == 0;

        private static RoleSet Uses { get; } = new RoleSet(0).With(ItemRole.InputEpc).With(ItemRole.InputClass).With(ItemRole.ChildClass);

        public RoleSet With(ItemRole role) => new(Bits | (1 << (int)role));

        public bool Contains(ItemRole role) => (Bits & (1 << (int)role)) != 0;
    }

    /// <summary>What one walk has read and found so far.</summary>
    private sealed class Progress(Caller caller, EventReaderScope reader)
    {
        public Caller Caller { get; } = caller;

        public EventReaderScope Reader { get; } = reader;

        /// <summary>Records that were read, by id; null: not for this caller.</summary>
        public Dictionary<long, Sight?> Known { get; } = [];

        public Dictionary<long, WalkStep> Steps { get; } = [];

        public List<VisibleEvent> WithoutContent { get; } = [];

        public List<string> Items { get; } = [];

        /// <summary>Items that were visited or will be.</summary>
        public HashSet<string> Seen { get; } = [];

        /// <summary>Records, and in which role their other items were followed.</summary>
        public HashSet<(long RecordId, ItemRole Role)> Followed { get; } = [];

        /// <summary>Statements that were read, by digest: they are kept once, however many records share them.</summary>
        public Dictionary<Hash32, (byte[]? Jws, byte[]? Leaves)> Statements { get; } = [];

        /// <summary>Statements of the steps.</summary>
        public HashSet<Hash32> Counted { get; } = [];

        /// <summary>Bytes of the steps, each statement once.</summary>
        public long Bytes { get; set; }

        public long ReadBytes { get; set; }

        public long HeldBytes { get; set; }

        public int Looks { get; set; }

        public bool IsCutOff { get; set; }

        /// <summary>No further step is taken.</summary>
        public bool HasAllSteps => Steps.Count >= MaxEvents || Bytes >= MaxBytes;

        /// <summary>No further item is visited.</summary>
        public bool IsFull => HasAllSteps || WithoutContent.Count >= MaxEvents || ReadBytes >= MaxReadBytes || HeldBytes >= MaxHeldBytes || Looks >= MaxLooks;
    }

    public async Task<Walk> WalkAsync(string item, Caller caller, CancellationToken cancellationToken)
    {
        var progress = new Progress(caller, await queries.ReaderOfAsync(caller, cancellationToken));
        var first = ItemUris.Normalise(item);
        progress.Seen.Add(first);
        progress.Items.Add(first);
        List<Visit> frontier = [new(first, AsContainer: false, null, null)];
        for (var depth = 0; frontier.Count > 0; depth++)
        {
            var next = new List<Visit>();
            foreach (var visits in frontier.Chunk(ItemsPerLookUp))
            {
                if (depth > MaxDepth || progress.IsFull)
                {
                    progress.IsCutOff = true;
                    break;
                }
                var ids = await records.ListIdsByItemAsync([.. visits.Select(static v => ItemKey.Compute(v.Item)).Distinct()], MaxRecords + 1, cancellationToken);
                foreach (var visit in visits)
                {
                    if (progress.IsFull)
                    {
                        progress.IsCutOff = true;
                        break;
                    }
                    next.AddRange(await VisitAsync(visit, [.. ids[ItemKey.Compute(visit.Item)]], depth, progress, cancellationToken));
                }
            }
            frontier = next;
        }
        // Only events with content are steps.
        return new Walk(
            [.. progress.Steps.Values.OrderBy(static s => s.Event.Event!.EventTime).ThenBy(static s => s.Event.Stored.RecordId)],
            progress.Items,
            progress.IsCutOff,
            progress.WithoutContent);
    }

    /// <summary>Adds the steps found at an item, and answers where they lead.</summary>
    private async Task<List<Visit>> VisitAsync(Visit visit, long[] ids, int depth, Progress progress, CancellationToken cancellationToken)
    {
        progress.Looks += ids.Length;
        await ReadAsync(ids, progress, cancellationToken);
        // An index key alone may be another item's.
        var sights = ids.Select(id => progress.Known.GetValueOrDefault(id)).OfType<Sight>().Where(s => s.SpeaksOf(visit.Item)).ToList();
        for (var i = 0; i < sights.Count; i++)
        {
            var (stored, e, roles) = (sights[i].Event.Stored, sights[i].Event.Event!, sights[i].RolesOf(visit.Item)); // What has no content speaks of nothing.
            if ((visit.AsContainer && !IsDuring(visit, e)) || (depth > 0 && roles.IsUseOnly) || progress.Steps.ContainsKey(stored.RecordId))
            {
                continue;
            }
            if (progress.HasAllSteps)
            {
                progress.IsCutOff = true;
                sights.RemoveRange(i, sights.Count - i); // Nor is it followed further.
                break;
            }
            progress.Steps.Add(stored.RecordId, new WalkStep(sights[i].Event, visit.Item, depth));
            progress.Bytes += (stored.Event?.Length ?? 0) + (progress.Counted.Add(stored.Record.Statement) ? SizeOf(stored.Jws, stored.Leaves) : 0);
        }
        var next = new List<Visit>();
        foreach (var found in Neighbours(visit, sights, progress))
        {
            if (progress.Items.Count >= MaxItems)
            {
                progress.IsCutOff = true;
                break;
            }
            progress.Items.Add(found.Item);
            next.Add(found);
        }
        return next;
    }

    /// <summary>Reads those of an item's records that were not read before, as far as there is room.</summary>
    private async Task ReadAsync(long[] ids, Progress progress, CancellationToken cancellationToken)
    {
        progress.IsCutOff |= ids.Length > MaxRecords;
        var (found, bytes) = (0, 0L);
        foreach (var page in ids.Take(MaxRecords).Where(id => !progress.Known.ContainsKey(id)).Chunk(MaxEvents))
        {
            for (long? after = 0; after is { } last;)
            {
                if (found > MaxEvents - progress.Steps.Count || bytes >= MaxBytes || progress.HeldBytes >= MaxHeldBytes)
                {
                    progress.IsCutOff = true;
                    return;
                }
                var read = await records.ListByIdAsync(page, progress.Reader, last, MaxBytes - bytes, cancellationToken);
                bytes += read.Bytes;
                progress.ReadBytes += read.Bytes;
                foreach (var stored in read.Records)
                {
                    progress.Known[stored.RecordId] = null;
                    progress.HeldBytes += BytesPerRecord;
                }
                foreach (var visible in await visibility.FilterAsync(progress.Caller, read.Records, cancellationToken))
                {
                    Keep(visible, progress);
                    found++;
                }
                after = read.Next;
            }
        }
    }

    private static void Keep(VisibleEvent visible, Progress progress)
    {
        var stored = visible.Stored;
        if (stored.Jws is not null || stored.Leaves is not null)
        {
            if (progress.Statements.TryAdd(stored.Record.Statement, (stored.Jws, stored.Leaves)))
            {
                progress.HeldBytes += SizeOf(stored.Jws, stored.Leaves);
            }
            var (jws, leaves) = progress.Statements[stored.Record.Statement];
            visible = visible with { Stored = stored with { Jws = jws, Leaves = leaves } };
        }
        progress.HeldBytes += (stored.Event?.Length ?? 0) + (visible.Event?.Items.Sum(static i => BytesPerItem + (2L * i.CanonicalUri.Length)) ?? 0);
        progress.Known[stored.RecordId] = new Sight(visible, RolesIn(visible.Event));
        // What an event without content says, and to what it leads, is not known.
        if (ColdStorage.IsMissing(visible))
        {
            progress.WithoutContent.Add(visible);
        }
    }

    private static int SizeOf(byte[]? jws, byte[]? leaves) => (jws?.Length ?? 0) + (leaves?.Length ?? 0);

    private static Dictionary<string, RoleSet> RolesIn(EpcisEvent? e)
    {
        var roles = new Dictionary<string, RoleSet>();
        foreach (var place in (string?[])[e?.ReadPoint, e?.BizLocation])
        {
            if (place is not null)
            {
                roles[ItemUris.Normalise(place)] = default;
            }
        }
        foreach (var item in e?.Items ?? [])
        {
            var uri = ItemUris.Normalise(item.CanonicalUri);
            roles[uri] = roles.GetValueOrDefault(uri).With(item.Role);
        }
        return roles;
    }

    /// <summary>Where the events lead that was not seen before; what is returned is seen.</summary>
    private static IEnumerable<Visit> Neighbours(Visit visit, List<Sight> sights, Progress progress)
    {
        foreach (var sight in sights)
        {
            var e = sight.Event.Event!; // The caller keeps only events with content.
            var roles = sight.RolesOf(visit.Item);
            var isOutput = roles.Contains(ItemRole.OutputEpc) || roles.Contains(ItemRole.OutputClass);
            var isContainer = roles.Contains(ItemRole.ParentId) && e.Action == EpcisAction.Add;
            if (!visit.AsContainer && isOutput && progress.Followed.Add((sight.Event.Stored.RecordId, ItemRole.InputEpc)))
            {
                foreach (var input in UnseenIn(sight, progress, ItemRole.InputEpc, ItemRole.InputClass))
                {
                    yield return new Visit(input, AsContainer: false, null, null);
                }
            }
            if (!visit.AsContainer && isContainer && progress.Followed.Add((sight.Event.Stored.RecordId, ItemRole.ChildEpc)))
            {
                foreach (var child in UnseenIn(sight, progress, ItemRole.ChildEpc, ItemRole.ChildClass))
                {
                    yield return new Visit(child, AsContainer: false, null, null);
                }
            }
            if (roles.Contains(ItemRole.ChildEpc) && e.Action == EpcisAction.Add && progress.Followed.Add((sight.Event.Stored.RecordId, ItemRole.ParentId)))
            {
                foreach (var parent in UnseenIn(sight, progress, ItemRole.ParentId, ItemRole.ParentId))
                {
                    yield return new Visit(parent, AsContainer: true, e.EventTime, LeftAt(visit.Item, parent, e.EventTime, sights));
                }
            }
        }
    }

    private static IEnumerable<string> UnseenIn(Sight sight, Progress progress, ItemRole one, ItemRole other) => sight.Event.Event!.Items // The caller keeps only events with content.
        .Where(i => i.Role == one || i.Role == other)
        .Select(static i => ItemUris.Normalise(i.CanonicalUri))
        .Where(progress.Seen.Add);

    /// <summary>When the item was taken out of the container again; null while it is in it.</summary>
    private static DateTimeOffset? LeftAt(string item, string parent, DateTimeOffset since, List<Sight> sights) => sights
        .Where(s => s.Event.Event is { Action: EpcisAction.Delete } d && d.EventTime >= since
            && s.RolesOf(parent).Contains(ItemRole.ParentId) && s.RolesOf(item).Contains(ItemRole.ChildEpc))
        .Select(static s => (DateTimeOffset?)s.Event.Event!.EventTime) // Matched above.
        .Min();

    private static bool IsDuring(Visit visit, EpcisEvent e) => (visit.From is not { } from || e.EventTime >= from) && (visit.Until is not { } until || e.EventTime <= until);
}
