using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Server.Hosting;
using TrustChain.Server.Standby;
using TrustChain.Server.Witness;

namespace TrustChain.Server.Log;

/// <summary>The log as a public thing: C2SP tlog-tiles.</summary>
internal static class LogEndpoints
{
    public static void MapLog(this IEndpointRouteBuilder app)
    {
        var log = app.MapGroup("/log").WithTags("Log").AddEndpointFilter(ForEveryone);
        log.MapGet("/checkpoint", GetCheckpoint).WithSummary("The newest signed checkpoint (C2SP tlog-checkpoint), with the cosignatures there are for it.");
        log.MapGet("/tile/entries/{**path}", TileEndpoints.GetBundleAsync).MayReadStandby().WithSummary("An entry bundle (C2SP tlog-tiles).");
        log.MapGet("/tile/{level}/{**path}", TileEndpoints.GetTileAsync).MayReadStandby().WithSummary("A tile of hashes (C2SP tlog-tiles).");
        log.MapGet("/consistency", ProofEndpoints.GetConsistencyAsync).WithSummary("Proof that the tree of one size is a beginning of that of another (RFC 9162 section 2.1.4).");
        log.MapGet("/inclusion", ProofEndpoints.GetInclusionAsync).WithSummary("Proof that a leaf is in the tree of a size (RFC 9162 section 2.1.3).");
        log.MapGet("/witnesses", GetWitnesses).WithSummary("Who is asked to cosign checkpoints, and how far each has come.");
        // What GET answers, without its body.
        log.MapMethods("/checkpoint", [HttpMethods.Head], GetCheckpoint).ExcludeFromDescription();
        log.MapMethods("/tile/entries/{**path}", [HttpMethods.Head], TileEndpoints.GetBundleAsync).MayReadStandby().ExcludeFromDescription();
        log.MapMethods("/tile/{level}/{**path}", [HttpMethods.Head], TileEndpoints.GetTileAsync).MayReadStandby().ExcludeFromDescription();
    }

    /// <summary>The log is public: scripts of any site may read it. What has no word of its own on caching is not to be kept.</summary>
    internal static ValueTask<object?> ForEveryone(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var headers = context.HttpContext.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        headers.CacheControl = "no-cache";
        return next(context);
    }

    private static IResult GetCheckpoint(LogHead head)
    {
        if (head.Checkpoint is not { } checkpoint)
        {
            return Problems.NotFound("checkpoint yet");
        }
        var note = System.Text.Encoding.UTF8.GetBytes(checkpoint.Note);
        return Results.Bytes(note, "text/plain; charset=utf-8", entityTag: TileEndpoints.TagOf(note));
    }

    private static IResult GetWitnesses(IOptions<WitnessOptions> options, WitnessMetrics metrics, LogHead head) => Results.Json(new
    {
        cosigned = head.CosignedCheckpoint?.Size,
        witnesses = WitnessWorker.List(options.Value).Select(w =>
        {
            var progress = metrics.Progress.GetValueOrDefault(w.Name);
            return new { name = w.Name, key = w.Key.Text, size = progress.Size, time = progress.Time is { } time ? Record.FormatTime(time) : null };
        }),
    });
}
