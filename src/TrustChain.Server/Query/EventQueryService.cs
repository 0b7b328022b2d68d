using TrustChain.Core.Query;
using TrustChain.Postgres.Organisations;
using TrustChain.Postgres.Query;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Query;

/// <summary>What a query gives.</summary>
internal abstract record QueryOutcome
{
    private QueryOutcome()
    {
    }

    /// <summary>One page.</summary>
    /// <param name="Events">In the order of the query.</param>
    /// <param name="Next">Where the next page begins; null on the last.</param>
    public sealed record Page(IReadOnlyList<FoundEvent> Events, QueryCursor? Next) : QueryOutcome;

    /// <summary>More matches than <c>maxEventCount</c>.</summary>
    public sealed record TooLarge(int Limit) : QueryOutcome;

    /// <summary>More candidates than are compared one by one, or too long a search.</summary>
    public sealed record TooComplex(string Detail) : QueryOutcome;
}

/// <summary>Where a page begins: after an event, by the key of its order.</summary>
/// <param name="Time">Its time where the order is by time.</param>
/// <param name="RecordId">Its record.</param>
/// <param name="Number">Its key where the order is by a number or time of an extension field.</param>
/// <param name="Text">Its key where the order is by a text.</param>
/// <param name="Returned">Events given on the pages before.</param>
internal sealed record QueryCursor(DateTimeOffset Time, long RecordId, double? Number, string? Text, int Returned);

/// <summary>Runs queries: candidates from the index, compared with the query one by one, with the one rule of who may read.</summary>
internal sealed class EventQueryService(EventSearchStore store, MasterDataStore masterData, AuthorityCheck authority)
{
    /// <summary>Most candidates compared for conditions without an index.</summary>
    public const int MaxCandidates = 50_000;

    private const int MaxPageBytes = EventSearchStore.MaxBytes;
    private const int ChunkSize = 1000;

    // Keys of an order by a text are held for all matches; they also stand in the tokens of pages.
    private const int MaxOrderText = 500;

    /// <summary>One page of a query's events.</summary>
    public async Task<QueryOutcome> RunAsync(EventQuery query, Caller caller, int perPage, QueryCursor? cursor, CancellationToken cancellationToken)
    {
        try
        {
            var resolved = await ResolveAsync(query, caller, cancellationToken);
            var plan = QueryPlan.Of(resolved, await ReaderOfAsync(caller, cancellationToken));
            var byField = query.Order is { Field: null };
            if ((!plan.IsIndexed || byField) && await store.CountAsync(plan.Search, MaxCandidates + 1, cancellationToken) > MaxCandidates)
            {
                return new QueryOutcome.TooComplex(
                    $"More than {MaxCandidates} events would have to be compared one by one; add a condition that has an index, such as a time window, an EPC, a bizStep or a place.");
            }
            if (query.MaxEventCount is { } max && cursor is null && await CountMatchesAsync(resolved, plan, max + 1, cancellationToken) > max)
            {
                return new QueryOutcome.TooLarge(max);
            }
            var returned = cursor?.Returned ?? 0;
            var room = query.EventCountLimit is { } limit ? Math.Min(perPage, limit - returned) : perPage;
            return byField
                ? await PageByFieldAsync(resolved, plan, room, cursor, cancellationToken)
                : await PageAsync(resolved, plan, room, cursor, cancellationToken);
        }
        catch (TooManyElementsException exception)
        {
            return new QueryOutcome.TooComplex(exception.Message);
        }
        catch (SearchTimeoutException)
        {
            return new QueryOutcome.TooComplex($"The search took longer than {EventSearchStore.TimeoutSeconds} s; narrow it, for example by a time window.");
        }
    }

    /// <summary>The query with master data put in: descendants of places, and the members that have an attribute.</summary>
    public async Task<EventQuery> ResolveAsync(EventQuery query, Caller caller, CancellationToken cancellationToken)
    {
        if (query.AttributeConditions.Count == 0 && !query.Criteria.Any(static c => c is PlaceCriterion { WithDescendants: true }))
        {
            return query;
        }
        var criteria = new List<EventCriterion>(query.Criteria.Count);
        foreach (var criterion in query.Criteria)
        {
            criteria.Add(criterion is PlaceCriterion { WithDescendants: true } place
                ? place with { Uris = await masterData.ListWithDescendantsAsync(caller.Organisation?.Id, place.Uris, cancellationToken), WithDescendants = false }
                : criterion);
        }
        foreach (var condition in query.AttributeConditions)
        {
            var elements = await masterData.ListElementsAsync(caller.Organisation?.Id, condition.Attribute, condition.Values, cancellationToken);
            criteria.Add(condition.Field switch
            {
                _ when condition.FieldNames.Count > 0 => new FieldCriterion(condition.Parameter, FieldScope.Event, Inner: false, condition.FieldNames, new FieldTest.OneOfUris(elements)),
                "readPoint" => new PlaceCriterion(condition.Parameter, PlaceField.ReadPoint, elements, false),
                "bizLocation" => new PlaceCriterion(condition.Parameter, PlaceField.BizLocation, elements, false),
                "bizStep" => new TermCriterion(condition.Parameter, TermField.BizStep, elements),
                "disposition" => new TermCriterion(condition.Parameter, TermField.Disposition, elements),
                _ => new ItemCriterion(
                    condition.Parameter,
                    [Core.Epcis.ItemRole.ClassEpc, Core.Epcis.ItemRole.ChildClass, Core.Epcis.ItemRole.InputClass, Core.Epcis.ItemRole.OutputClass],
                    [.. elements.Select(static e => EpcPattern.TryParse(e, out var pattern, out _) ? pattern : null).OfType<EpcPattern>()]),
            });
        }
        return query.With(criteria, []);
    }

    /// <summary>What a caller may read, as the search understands it.</summary>
    public async ValueTask<EventReaderScope> ReaderOfAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (caller.Organisation is not { } organisation)
        {
            return new EventReaderScope(null, []);
        }
        var patterns = new List<string>();
        foreach (var claim in (await authority.ClaimsOfAsync(organisation.Id, cancellationToken)).Where(static c => c.VerifiedAt is not null))
        {
            var value = claim.Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
            switch (claim.Kind)
            {
                case ClaimKind.Gcp:
                    patterns.Add($"digits:{value}%");
                    break;
                case ClaimKind.Key:
                    patterns.Add(value);
                    patterns.Add($"{value}/%");
                    break;
                default:
                    patterns.Add($"{value}%");
                    break;
            }
        }
        return new EventReaderScope(organisation.Id, patterns);
    }

    private async Task<QueryOutcome> PageAsync(EventQuery query, QueryPlan plan, int room, QueryCursor? cursor, CancellationToken cancellationToken)
    {
        var events = new List<FoundEvent>();
        var bytes = 0;
        var after = cursor is null ? (SearchPosition?)null : new SearchPosition(cursor.Time, cursor.RecordId);
        while (events.Count < room)
        {
            var wanted = plan.IsIndexed ? room - events.Count + 1 : ChunkSize;
            var found = await store.ListAsync(plan.Search with { After = after }, wanted, cancellationToken);
            foreach (var row in found.Rows)
            {
                cancellationToken.ThrowIfCancellationRequested(); // A comparison may take its time, and the next read is far.
                if (Matches(query, row))
                {
                    if (events.Count == room || (bytes += row.Event.Length) > MaxPageBytes && events.Count > 0)
                    {
                        return new QueryOutcome.Page(events, CursorAfter(events[^1], plan, (cursor?.Returned ?? 0) + events.Count, query));
                    }
                    events.Add(row);
                }
                after = PositionOf(row, plan);
            }
            if (found.IsLast)
            {
                return new QueryOutcome.Page(events, null);
            }
        }
        // The page is full and nothing was read beyond it: whether there is more shows a look ahead.
        var more = events.Count > 0 && await HasMoreAsync(query, plan, after, cancellationToken);
        return new QueryOutcome.Page(events, more ? CursorAfter(events[^1], plan, (cursor?.Returned ?? 0) + events.Count, query) : null);
    }

    private async Task<bool> HasMoreAsync(EventQuery query, QueryPlan plan, SearchPosition? after, CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = await store.ListAsync(plan.Search with { After = after }, ChunkSize, cancellationToken);
            foreach (var row in found.Rows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Matches(query, row))
                {
                    return true;
                }
            }
            if (found.IsLast)
            {
                return false;
            }
            after = PositionOf(found.Rows[^1], plan);
        }
    }

    /// <summary>An extension field has no index: all candidates are read, and the keys of the matches put in order.</summary>
    private async Task<QueryOutcome> PageByFieldAsync(EventQuery query, QueryPlan plan, int room, QueryCursor? cursor, CancellationToken cancellationToken)
    {
        var keys = new List<(double? Number, string? Text, long RecordId)>();
        var sizes = new Dictionary<long, int>();
        await foreach (var row in MatchesAsync(query, plan with { Search = plan.Search with { Order = SearchOrder.Record, Descending = false } }, cancellationToken))
        {
            using var read = QueryableEvent.Read(row.Event, row.EventId, row.RecordTime);
            var (number, text) = query.OrderKey(read);
            keys.Add((number, Cut(text), row.RecordId));
            sizes[row.RecordId] = row.Event.Length;
        }
        var sign = query.Order!.Descending ? -1 : 1; // Asked for by the caller.
        keys.Sort((a, b) => Compare(a, b, sign));
        var start = cursor is null ? 0 : keys.FindIndex(key => Compare(key, (cursor.Number, cursor.Text, cursor.RecordId), sign) > 0);
        if (start < 0)
        {
            return new QueryOutcome.Page([], null);
        }
        // The page ends where its bytes do, in its own order; so all of it comes with one read.
        var bytes = 0;
        var page = keys.Skip(start).Take(room).TakeWhile((key, at) => (bytes += sizes[key.RecordId]) <= MaxPageBytes || at == 0).ToList();
        var search = new EventSearch { Reader = plan.Search.Reader, RecordIds = [.. page.Select(static k => k.RecordId)] };
        var found = (await store.ListAsync(search, page.Count, cancellationToken)).Rows.ToDictionary(static e => e.RecordId);
        var events = page.Select(key => found.GetValueOrDefault(key.RecordId)).OfType<FoundEvent>().ToList();
        var returned = (cursor?.Returned ?? 0) + page.Count;
        var isLast = start + page.Count >= keys.Count || page.Count == 0 || returned >= (query.EventCountLimit ?? int.MaxValue);
        return new QueryOutcome.Page(events, isLast ? null : new QueryCursor(default, page[^1].RecordId, page[^1].Number, page[^1].Text, returned));
    }

    private static string? Cut(string? text) => text is { Length: > MaxOrderText }
        ? text[..(char.IsHighSurrogate(text[MaxOrderText - 1]) ? MaxOrderText - 1 : MaxOrderText)]
        : text;

    /// <summary>Numbers and times before texts, events without the field last, whatever the direction.</summary>
    private static int Compare((double? Number, string? Text, long RecordId) a, (double? Number, string? Text, long RecordId) b, int sign)
    {
        var kinds = KindOf(a).CompareTo(KindOf(b));
        if (kinds != 0)
        {
            return kinds;
        }
        var order = KindOf(a) switch
        {
            0 => a.Number!.Value.CompareTo(b.Number!.Value), // Both are numbers.
            1 => CompareUtf8(a.Text!, b.Text!), // Both are texts.
            _ => 0,
        };
        return order != 0 ? sign * order : a.RecordId.CompareTo(b.RecordId);

        static int KindOf((double? Number, string? Text, long RecordId) key) => key.Number is not null ? 0 : key.Text is not null ? 1 : 2;

        static int CompareUtf8(string x, string y) => System.Text.Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(y));
    }

    private async Task<int> CountMatchesAsync(EventQuery query, QueryPlan plan, int limit, CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (var _ in MatchesAsync(query, plan, cancellationToken))
        {
            if (++count == limit)
            {
                break;
            }
        }
        return count;
    }

    private async IAsyncEnumerable<FoundEvent> MatchesAsync(EventQuery query, QueryPlan plan, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SearchPosition? after = null;
        while (true)
        {
            var found = await store.ListAsync(plan.Search with { After = after }, ChunkSize, cancellationToken);
            foreach (var row in found.Rows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Matches(query, row))
                {
                    yield return row;
                }
            }
            if (found.IsLast)
            {
                yield break;
            }
            after = PositionOf(found.Rows[^1], plan);
        }
    }

    private static SearchPosition PositionOf(FoundEvent row, QueryPlan plan) =>
        new(plan.Search.Order == SearchOrder.RecordTime ? row.RecordTime : row.EventTime, row.RecordId);

    private static QueryCursor? CursorAfter(FoundEvent last, QueryPlan plan, int returned, EventQuery query) => returned >= (query.EventCountLimit ?? int.MaxValue)
        ? null
        : new QueryCursor(plan.Search.Order == SearchOrder.RecordTime ? last.RecordTime : last.EventTime, last.RecordId, null, null, returned);

    /// <summary>Whether a candidate is what was asked for.</summary>
    public static bool Matches(EventQuery query, FoundEvent row)
    {
        if (query.Criteria.Count == 0)
        {
            return true;
        }
        using var read = QueryableEvent.Read(row.Event, row.EventId, row.RecordTime);
        return query.Matches(read);
    }
}
