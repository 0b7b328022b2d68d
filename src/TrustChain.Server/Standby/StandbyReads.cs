using Microsoft.Extensions.Primitives;
using NpgsqlTypes;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Standby;

/// <summary>
/// Lets routes read from a standby where nobody can tell the difference: for callers without credentials, who have not just written. What the standby
/// does not have, or cannot say, is asked of the primary before an answer is given.
/// </summary>
internal sealed partial class StandbyReads(StandbyHosts hosts, WalStore wal, StandbyMetrics metrics, ILogger<StandbyReads> logger)
{
    /// <summary>
    /// Header with a position in the write-ahead log: in the answer to a capture without credentials, and in a request that must see what that capture wrote.
    /// </summary>
    public const string Position = "TrustChain-Position";

    /// <summary>A position that no standby has.</summary>
    private static readonly NpgsqlLogSequenceNumber Beyond = new(ulong.MaxValue);

    /// <summary>Whether a caller may be shown what is a moment old: one who has written may not.</summary>
    public static bool MayBeOld(HttpContext context) => Caller.Of(context) == Caller.Anonymous && StringValues.IsNullOrEmpty(context.Request.Headers[Position]);

    /// <summary>Answers a request from a standby, or from the primary.</summary>
    public async ValueTask<object?> AnswerAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (hosts.All.Count == 0 || Caller.Of(http) != Caller.Anonymous)
        {
            return await next(context); // Whoever has credentials may have written a moment ago, on any server.
        }
        if (hosts.Find((ulong)NeededBy(http.Request)) is not { } standby)
        {
            metrics.Read("behind");
            return await next(context);
        }
        var (outcome, result) = await TryAsync(standby, context, next);
        metrics.Read(outcome);
        return outcome == "standby" ? result : await next(context);
    }

    /// <summary>After a capture without credentials: tells the position up to which its sender has to read.</summary>
    public async ValueTask<object?> TellPositionAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var result = await next(context);
        if (hosts.All.Count > 0 && Caller.Of(http) == Caller.Anonymous && result is IStatusCodeHttpResult { StatusCode: >= 200 and < 300 })
        {
            http.Response.Headers[Position] = (await GetPositionAsync(http.RequestAborted)).ToString();
        }
        return result;
    }

    /// <summary>A method of its own: the standby is chosen for what it calls, and for nothing after it.</summary>
    private async Task<(string Outcome, object? Result)> TryAsync(StandbyHost standby, EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        ReadSource.UseStandby(standby.Source);
        try
        {
            var result = await next(context);
            // What was given its name a moment ago may not be there yet.
            return result is IStatusCodeHttpResult { StatusCode: 404 or 409 } ? ("missing", null) : ("standby", result);
        }
        catch (Exception exception) when (IsOfStandby(exception, standby) && !context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            standby.Missed(); // until it answers its watch again
            Log.Failed(logger, standby.Name, exception.GetBaseException().Message);
            return ("failed", null);
        }
    }

    /// <summary>A search that takes too long does so on the primary too, unless it was the standby that stopped answering.</summary>
    private bool IsOfStandby(Exception exception, StandbyHost standby) =>
        exception is SearchTimeoutException ? !standby.Shows(0, hosts.MaxLag) : Failures.IsOfDatabase(exception);

    private async Task<NpgsqlLogSequenceNumber> GetPositionAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await wal.GetPositionAsync(cancellationToken);
        }
        catch (Exception exception) when (Failures.IsOfDatabase(exception))
        {
            return Beyond; // The capture is durable and is answered; whoever reads with this reads from the primary.
        }
    }

    private static NpgsqlLogSequenceNumber NeededBy(HttpRequest request) => request.Headers[Position] switch
    {
        [] => default,
        [{ } text] when NpgsqlLogSequenceNumber.TryParse(text, out var position) => position,
        _ => Beyond, // It means something, but what is not known here.
    };

    private static partial class Log
    {
        [LoggerMessage(5402, LogLevel.Warning, "A read from standby {Host} failed and is made on the primary: {Reason}")]
        public static partial void Failed(ILogger logger, string host, string reason);
    }
}
