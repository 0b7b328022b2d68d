using Microsoft.Extensions.Options;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Query;

/// <summary>Pages of the values that events a caller may read have.</summary>
internal sealed class ResourceLists(ResourceStore store, EventQueryService queries, CompanyPrefixes prefixes, PageTokens tokens, IOptions<ServerOptions> server)
{
    /// <summary>EPCs or places, by their roles; in the order of their keys, which is stable and says nothing.</summary>
    public async Task<IResult> ListItemsAsync(HttpContext context, IReadOnlyList<short> roles, CancellationToken cancellationToken)
    {
        var (page, problem) = await BeginAsync(context, cancellationToken);
        if (page is null)
        {
            return problem!; // One of the two is set.
        }
        var lengths = page.Request.EpcFormat == EpcFormat.AlwaysUrn ? await prefixes.GetAsync(cancellationToken) : CompanyPrefixLengths.None;
        // One more is looked for, so that the last page is known as such.
        var found = await store.ListItemsAsync(page.Reader, roles, page.Cursor?.RecordId, page.Request.PerPage + 1, cancellationToken);
        var rows = found.Rows.Take(page.Request.PerPage).ToList();
        var uris = UrisOf(rows, roles);
        var members = rows.Select(row => uris.GetValueOrDefault(row.Key)).OfType<string>().Select(uri => EventOutput.Translate(uri, page.Request.EpcFormat, lengths.Find)).ToList();
        return Answer(context, page, members, found.IsLast ? null : new QueryCursor(default, rows[^1].Key, null, null, 0));
    }

    /// <summary>The keys' values, each from its event, which is read once however many of the keys it has.</summary>
    private static Dictionary<long, string> UrisOf(IReadOnlyList<FoundKey> rows, IReadOnlyList<short> roles)
    {
        var uris = new Dictionary<long, string>(rows.Count);
        foreach (var ofRecord in rows.GroupBy(static row => row.RecordId))
        {
            var wanted = ofRecord.Select(static row => row.Key).ToHashSet();
            using var read = QueryableEvent.Read(ofRecord.First().Event, null, default);
            foreach (var uri in ItemsOf(read.Event, roles))
            {
                var key = ItemKey.Compute(uri);
                if (wanted.Contains(key))
                {
                    uris.TryAdd(key, uri);
                }
            }
        }
        return uris;
    }

    /// <summary>The standard's words, then what else there is.</summary>
    public async Task<IResult> ListTermsAsync(HttpContext context, EventFact fact, CancellationToken cancellationToken)
    {
        var (page, problem) = await BeginAsync(context, cancellationToken);
        if (page is null)
        {
            return problem!; // One of the two is set.
        }
        var standard = fact switch { EventFact.EventType => StandardVocabulary.EventTypes, EventFact.BizStep => StandardVocabulary.BizSteps, _ => StandardVocabulary.Dispositions };
        var given = page.Cursor?.Returned ?? 0;
        var members = standard.Skip(given).Take(page.Request.PerPage).ToList();
        given += members.Count;
        long? last = page.Cursor is { } cursor && cursor.RecordId != long.MinValue ? cursor.RecordId : null;
        var isMore = given < standard.Count;
        while (!isMore && members.Count <= page.Request.PerPage)
        {
            var wanted = page.Request.PerPage + 1;
            var found = await store.ListFactsAsync(page.Reader, fact, last, wanted, cancellationToken);
            foreach (var row in found.Rows)
            {
                using var read = QueryableEvent.Read(row.Event, null, default);
                var uri = fact switch { EventFact.EventType => read.Event.ExpandedEventType, EventFact.BizStep => read.Event.BizStep, _ => read.Event.Disposition };
                if (uri is not null && !standard.Contains(StandardVocabulary.ToWord(uri)))
                {
                    isMore = members.Count == page.Request.PerPage;
                    if (isMore)
                    {
                        break;
                    }
                    members.Add(Shorten(uri, page.Request.Prefixes));
                }
                last = row.Key;
            }
            if (found.IsLast)
            {
                break;
            }
            // Ended by its bytes: one page reads no more of them, once it has something.
            isMore |= found.Rows.Count < wanted && members.Count > 0;
        }
        return Answer(context, page, members, isMore ? new QueryCursor(default, last ?? long.MinValue, null, null, given) : null);
    }

    private sealed record Page(EpcisRequest Request, EventReaderScope Reader, QueryCursor? Cursor, Hash32 Fingerprint);

    private async Task<(Page? Page, IResult? Problem)> BeginAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: false);
        if (request is null)
        {
            return (null, problem);
        }
        if (request.Parameters.Count > 0)
        {
            return (null, EpcisRequest.Parameter(request.Parameters[0].Name, "is not taken here."));
        }
        var caller = Caller.Of(context);
        var fingerprint = EventQuery.ComputeFingerprint([EventAnswers.PathOf(context)]);
        QueryCursor? cursor = null;
        if (request.NextPageToken is { } token)
        {
            cursor = await tokens.OpenAsync(token, caller.Organisation?.Id, fingerprint, cancellationToken);
            if (cursor is null)
            {
                return (null, EventAnswers.BadToken());
            }
        }
        return (new Page(request, await queries.ReaderOfAsync(caller, cancellationToken), cursor, fingerprint), null);
    }

    private IResult Answer(HttpContext context, Page page, IReadOnlyList<string> members, QueryCursor? next)
    {
        if (next is not null)
        {
            EventAnswers.SetLink(context, server.Value.PublicUrl, tokens.Make(Caller.Of(context).Organisation?.Id, page.Fingerprint, next));
        }
        context.Response.Headers["GS1-EPC-Format"] = EpcisRequest.NameOf(page.Request.EpcFormat);
        return ResourceEndpoints.Collection(context, members, page.Request.Prefixes);
    }

    private static IEnumerable<string> ItemsOf(EpcisEvent e, IReadOnlyList<short> roles)
    {
        foreach (var item in e.Items.Where(i => roles.Contains((short)i.Role)))
        {
            yield return item.CanonicalUri;
        }
        if (e.ReadPoint is not null && roles.Contains(ItemKey.ReadPointRole))
        {
            yield return e.ReadPoint;
        }
        if (e.BizLocation is not null && roles.Contains(ItemKey.BizLocationRole))
        {
            yield return e.BizLocation;
        }
    }

    // "If the client specifies extension mappings, the response will use them where they match."
    private static string Shorten(string uri, IReadOnlyList<KeyValuePair<string, string>> prefixes)
    {
        var match = prefixes.FirstOrDefault(p => p.Value.Length > 0 && uri.Length > p.Value.Length && uri.StartsWith(p.Value, StringComparison.Ordinal));
        return match.Key is null ? uri : $"{match.Key}:{uri[match.Value.Length..]}";
    }
}
