using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Verification;
using TrustChain.Postgres.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Items;
using TrustChain.Server.Partitions;
using TrustChain.Server.Query;
using TrustChain.Server.Standby;

namespace TrustChain.Server.Verification;

/// <summary>Evidence bundles over HTTP.</summary>
internal static class EvidenceEndpoints
{
    private const int PageSize = 100;
    private const long MaxPageBytes = 32 << 20; // of events and statements read for a page; of document-form statements, a bundle holds about half
    private const int MaxPages = 40; // without anything that the caller may see

    public static void MapEvidence(this IEndpointRouteBuilder app) => app.MapGet("/evidence", GetAsync).MayReadStandby().WithTags("Evidence").WithName("GetEvidence")
        .WithSummary("The evidence bundle of one event (event=ni:…), of an item's records (item=…), or of an item and all that went into it (item=…&trace=true); with target=NAME anchored in another target than the primary one. With withoutContent=true also for records whose content is in cold storage.");

    private static async Task<IResult> GetAsync(
        HttpContext context,
        Caller caller,
        RecordStore records,
        EventQueryService queries,
        Visibility visibility,
        EvidenceBuilder builder,
        ItemStatus status,
        ItemWalker walker,
        AnchoredTrees trees,
        ColdStorage cold,
        CancellationToken cancellationToken,
        string? @event = null,
        string? item = null,
        string? after = null,
        bool trace = false,
        string? target = null,
        bool withoutContent = false)
    {
        if ((@event is null) == (item is null) || (trace && item is null))
        {
            return Problems.InvalidRequest("Give either \"event\" or \"item\"; \"trace\" goes with an item.");
        }
        if (await trees.FindAsync(target, cancellationToken) is not { } tree)
        {
            return Problems.NotFound("anchoring target on a chain of this name");
        }
        var reader = await queries.ReaderOfAsync(caller, cancellationToken);
        var uri = item is null ? null : Gs1Identifier.TryParse(item, out var id, out _) ? id.DigitalLink : item;
        if (trace && uri is not null)
        {
            var walk = await walker.WalkAsync(uri, caller, cancellationToken);
            if (!withoutContent && await cold.FindAsync(walk.WithoutContent, cancellationToken) is { Count: > 0 } missing)
            {
                return Problems.InColdStorage(missing);
            }
            var whole = walk.IsCutOff ? null : await AnswerAsync(
                context, builder, tree, [.. walk.Steps.Select(static s => s.Event)], await status.ListEntriesAsync(walk.Items, cancellationToken), caller, uri, null, cancellationToken);
            return whole is null or FileContentHttpResult { FileContents.Length: > EvidenceBundle.MaxBytes }
                ? Problems.Create(422, ProblemCodes.TraceTooLarge, string.Create(CultureInfo.InvariantCulture,
                    $"What went into this item is more than one bundle holds ({ItemWalker.MaxDepth} steps back, {ItemWalker.MaxItems} items, {ItemWalker.MaxEvents} events, {EvidenceBundle.MaxBytes} bytes). Ask without \"trace\", for this item and for each that went into it."))
                : whole;
        }
        if (!TryCursor(after, out var from))
        {
            return Problems.InvalidRequest("\"after\" is not a cursor of ours.");
        }
        var stored = await ListAsync(from);
        var visible = await visibility.FilterAsync(caller, stored.Records, cancellationToken);
        for (var page = 1; visible.Count == 0 && stored.Next is { } end && page < MaxPages; page++)
        {
            stored = await ListAsync(end); // What the caller may not see is no page.
            visible = await visibility.FilterAsync(caller, stored.Records, cancellationToken);
        }
        if (!withoutContent && await cold.FindAsync(visible, cancellationToken) is { Count: > 0 } away)
        {
            return Problems.InColdStorage(away);
        }
        var entries = uri is null ? [] : await status.ListEntriesAsync([uri], cancellationToken);
        var speaking = uri is null ? visible : [.. visible.Where(e => e.SpeaksOf(uri))];
        for (var count = speaking.Count; ; count /= 2)
        {
            var last = count < speaking.Count ? speaking[count - 1].Stored.RecordId : stored.Next;
            var subject = uri is null ? $"event={Uri.EscapeDataString(@event!)}" : $"item={Uri.EscapeDataString(uri)}"; // One of the two is given.
            var next = last is { } end
                ? string.Create(CultureInfo.InvariantCulture, $"/evidence?{subject}&after={end}{(target is null ? "" : $"&target={Uri.EscapeDataString(target)}")}{(withoutContent ? "&withoutContent=true" : "")}")
                : null;
            var answer = await AnswerAsync(context, builder, tree, [.. speaking.Take(count)], entries, caller, uri, next, cancellationToken);
            if (count <= 1 || answer is not FileContentHttpResult { FileContents.Length: > EvidenceBundle.MaxBytes })
            {
                return answer; // A longer one would be read by no verifier: then fewer records go into it.
            }
        }

        async Task<RecordPage> ListAsync(long afterRecordId)
        {
            if (uri is not null)
            {
                return await records.ListByItemAsync(ItemKey.Compute(uri), reader, afterRecordId, PageSize, MaxPageBytes, cancellationToken);
            }
            // An event hash finds its records whatever eventID their senders gave; anything else is such an eventID.
            var byHash = Core.Log.Record.TryParseEventHash(@event!, out var hash) ? await records.ListByEventHashAsync(hash, reader, afterRecordId, PageSize, MaxPageBytes, cancellationToken) : null; // One of the two is given.
            return byHash is { Records.Count: > 0 } ? byHash : await records.ListByEventIdAsync(@event!, reader, afterRecordId, PageSize, MaxPageBytes, cancellationToken);
        }
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context,
        EvidenceBuilder builder,
        AnchoredTree tree,
        IReadOnlyList<VisibleEvent> events,
        IReadOnlyList<StoredPublicEntry> status,
        Caller caller,
        string? item,
        string? next,
        CancellationToken cancellationToken)
    {
        if (events.Count == 0)
        {
            return Problems.NotFound("such record");
        }
        if (await builder.BuildAsync(tree, events, status, caller, item, next, cancellationToken) is not { } bundle)
        {
            context.Response.Headers.RetryAfter = "1";
            return Problems.Create(409, ProblemCodes.NotYetLogged, "The record is durable but not under a signed checkpoint yet; try again in a second.");
        }
        context.Response.Headers.CacheControl = "no-cache";
        return Results.Bytes(bundle.ToUtf8(), "application/json");
    }

    private static bool TryCursor(string? text, out long after)
    {
        after = 0;
        return text is null || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out after);
    }
}
