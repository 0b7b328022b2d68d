using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Postgres.Anchoring;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Pages;

namespace TrustChain.Server.Anchoring;

/// <summary>Anchors in all targets, as JSON and as a page, and what a verifier must trust to check them.</summary>
internal static class AnchorEndpoints
{
    private const int Listed = 100;
    private const int ShownOnPage = 20;

    public static void MapAnchors(this IEndpointRouteBuilder app)
    {
        var log = app.MapGroup("/log").WithTags("Log").AddEndpointFilter(LogEndpoints.ForEveryone);
        log.MapGet("/anchors", GetAnchorsAsync).WithSummary("The primary target's newest anchors, and how anchoring stands in every target.");
        log.MapGet("/timestamps/{target}/{size:long}", GetTimestampAsync).WithSummary("A timestamp authority's token (RFC 3161, DER) over the checkpoint of this size.");
        app.MapGet("/anchors", GetPageAsync).ExcludeFromDescription();
        log.MapGet("/trust", GetTrust).WithSummary("What a verifier must trust. A copy from here is only as good as this server: compare it with one from elsewhere.");
    }

    private static async Task<IResult> GetAnchorsAsync(string? target, AnchorReports reports, CancellationToken cancellationToken)
    {
        var found = await reports.GetAsync(target, Listed, cancellationToken);
        return found.Count == 0
            ? Problems.NotFound("anchoring target of this name")
            : Results.Json(new { anchors = found[0].Anchors.Select(line => ToJson(found[0], line)), targets = found.Select(ToJson) });
    }

    private static async Task<IResult> GetPageAsync(
        HttpContext context, HtmlRenderer renderer, AnchorReports reports, LogHead head, IOptions<ServerOptions> server, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var view = new AnchorsView(head.Checkpoint?.Size ?? 0, [.. (await reports.GetAsync(null, ShownOnPage, cancellationToken)).Select(report => AnchorPageView.From(report, now))]);
        var page = PageContext.For(context.Request, server.Value.Operator, now);
        SecurityHeaders.SetForPage(context);
        context.Response.Headers.CacheControl = "no-cache";
        var parameters = ParameterView.FromDictionary(new Dictionary<string, object?> { [nameof(AnchorsPage.View)] = view, [nameof(AnchorsPage.Page)] = page });
        var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<AnchorsPage>(parameters)).ToHtmlString());
        return Results.Content(html, "text/html; charset=utf-8");
    }

    private static async Task<IResult> GetTimestampAsync(string target, long size, AnchorTargetStore store, CancellationToken cancellationToken) =>
        await store.FindTimestampAsync(target, size, cancellationToken) is { Token: { } token }
            ? Results.Bytes(token, "application/octet-stream", $"checkpoint-{size.ToString(CultureInfo.InvariantCulture)}.tst")
            : Problems.NotFound("such timestamp");

    private static IResult GetTrust(string? target, AnchorTargets targets) => targets.Find(target ?? AnchorStore.Primary) switch
    {
        EvmTarget { Identity.Trust: { } trust } => Results.Bytes(trust.ToUtf8(), "application/json"),
        EvmTarget => Problems.Create(503, ProblemCodes.Unavailable, "The chain has not been reached yet, so its first block is not known."),
        _ => Problems.NotFound("anchoring target on a chain of this name"),
    };

    private static object ToJson(TargetReport report) => new
    {
        name = report.Name,
        kind = report.IsEvm ? "evm" : "rfc3161",
        state = report.State,
        chainId = report.IsEvm ? report.Options.ChainId : (long?)null,
        registry = report.IsEvm ? report.Options.Registry : null,
        lagEntries = report.LagEntries,
        lagSeconds = Math.Round(report.Lag.TotalSeconds, 1),
        latencySeconds = report.Options.EffectiveLatency.TotalSeconds,
        lastFinal = report.LastFinal is { } last ? ToJson(report, last) : null,
        currency = report.IsEvm ? report.Options.Currency : null,
        // Amounts are wei in decimal: too large for the numbers of many JSON readers.
        costPerRecord = report.CostPerRecord?.ToString(CultureInfo.InvariantCulture),
        spentToday = report.SpentToday?.ToString(CultureInfo.InvariantCulture),
        maxSpendPerDay = report.IsEvm ? report.Options.MaxWeiPerDay.ToString(CultureInfo.InvariantCulture) : null,
        failures = report.Failures.Select(static failure => new
        {
            code = failure.Code,
            detail = failure.Detail,
            times = failure.Times,
            beganAt = Record.FormatTime(failure.BeganAt),
            lastAt = Record.FormatTime(failure.LastAt),
            endedAt = failure.EndedAt is { } ended ? Record.FormatTime(ended) : null,
        }),
        anchors = report.Anchors.Select(line => ToJson(report, line)),
    };

    private static object ToJson(TargetReport report, AnchorLine line) => line.Contract is { } a
        ? new
        {
            target = report.Name,
            chainId = a.ChainId,
            registry = a.Registry,
            size = a.Size,
            root = a.Root.ToBase64Url(),
            state = AnchorStore.Name(a.State),
            reason = a.Reason,
            transaction = a.Transaction.Length == 0 ? null : a.Transaction,
            block = a.Block,
            blockHash = a.BlockHash,
            time = a.BlockTime is { } time ? Record.FormatTime(time) : null,
            gasUsed = a.GasUsed,
        }
        : new
        {
            target = report.Name,
            size = line.Size,
            root = line.Root.ToBase64Url(),
            state = AnchorStore.Name(line.State),
            time = line.Time is { } stamped ? Record.FormatTime(stamped) : null,
            token = line.State == AnchorState.Final ? $"/log/timestamps/{report.Name}/{line.Size.ToString(CultureInfo.InvariantCulture)}" : null,
        };
}
