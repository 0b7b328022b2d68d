using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Log;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Log;

/// <summary>The log as a public thing: C2SP tlog-tiles, plus its anchors and a copy of the trust file.</summary>
internal static class LogEndpoints
{
    private const string Immutable = "public, max-age=31536000, immutable";

    public static void MapLog(this IEndpointRouteBuilder app)
    {
        var log = app.MapGroup("/log").WithTags("Log");
        log.MapGet("/checkpoint", GetCheckpoint).WithSummary("The newest signed checkpoint (C2SP tlog-checkpoint).");
        log.MapGet("/tile/entries/{**path}", GetBundleAsync).WithSummary("An entry bundle (C2SP tlog-tiles).");
        log.MapGet("/tile/{level:int}/{**path}", GetTileAsync).WithSummary("A tile of hashes (C2SP tlog-tiles).");
        log.MapGet("/anchors", GetAnchorsAsync).WithSummary("The newest anchors with their states.");
        log.MapGet("/trust", GetTrust).WithSummary("What a verifier must trust. A copy from here is only as good as this server: compare it with one from elsewhere.");
    }

    private static IResult GetCheckpoint(HttpContext context, LogHead head)
    {
        context.Response.Headers.CacheControl = "no-cache";
        return head.Checkpoint is { } checkpoint ? Results.Text(checkpoint.Note, "text/plain; charset=utf-8") : Problems.NotFound("checkpoint yet");
    }

    private static async Task<IResult> GetTileAsync(int level, string path, HttpContext context, LogStore log, LogHead head, CancellationToken cancellationToken)
    {
        if (level is < 0 or > 7 || !TileCoordinate.TryParseIndexPath(path, out var index, out var width) || !IsPublished(level, index, width, head)
            || await log.FindTileAsync(new TileCoordinate(level, index), width, cancellationToken) is not { } hashes)
        {
            return Problems.NotFound("such tile");
        }
        context.Response.Headers.CacheControl = Immutable;
        return Results.Bytes(hashes, "application/octet-stream");
    }

    private static async Task<IResult> GetBundleAsync(string path, HttpContext context, LogStore log, LogHead head, CancellationToken cancellationToken)
    {
        if (!TileCoordinate.TryParseIndexPath(path, out var index, out var width) || !IsPublished(0, index, width, head)
            || await log.FindBundleAsync(index, width, cancellationToken) is not { } entries)
        {
            return Problems.NotFound("such entry bundle");
        }
        context.Response.Headers.CacheControl = Immutable;
        return Results.Bytes(entries, "application/octet-stream");
    }

    /// <summary>Only what a signed checkpoint covers is published: an unsigned state may still be called off.</summary>
    private static bool IsPublished(int level, long index, int width, LogHead head) =>
        head.Checkpoint is { } checkpoint && new TileCoordinate(level, index).WidthAt(checkpoint.Size) >= width;

    private static async Task<IResult> GetAnchorsAsync(AnchorStore anchors, CancellationToken cancellationToken)
    {
        var list = await anchors.ListNewestAsync(100, cancellationToken);
        return Results.Json(new
        {
            anchors = list.Select(static a => new
            {
                chainId = a.ChainId,
                registry = a.Registry,
                size = a.Size,
                root = a.Root.ToBase64Url(),
                state = AnchorStore.Name(a.State),
                transaction = a.Transaction,
                block = a.Block,
                blockHash = a.BlockHash,
                time = a.BlockTime is { } time ? Record.FormatTime(time) : null,
                gasUsed = a.GasUsed,
            }),
        });
    }

    private static IResult GetTrust(ChainIdentity chain) => chain.Trust is { } trust
        ? Results.Bytes(trust.ToUtf8(), "application/json")
        : Problems.Create(503, ProblemCodes.Unavailable, "The chain has not been reached yet, so its first block is not known.");
}
