using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Query;

namespace TrustChain.Server.Hosting;

/// <summary>
/// Where every exception ends: a search that takes too long is 413, the database being away and a full queue are 503 with Retry-After, everything else is a fault of ours, 500 with the trace
/// id and no more.
/// </summary>
internal sealed partial class Failures(ILogger<Failures> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var result = exception switch
        {
            BadHttpRequestException bad => Problems.Create(bad.StatusCode, bad.StatusCode == 413 ? ProblemCodes.TooLarge : ProblemCodes.InvalidRequest, bad.Message),
            SearchTimeoutException => Problems.Create(413, ProblemCodes.QueryTooComplex, exception.Message, "QueryTooComplexException"),
            CaptureBusyException => Problems.Create(503, ProblemCodes.Busy, "More arrives than can be written; please try again.", "ImplementationException"),
            _ when IsDatabaseAway(exception) => Problems.Create(503, ProblemCodes.Unavailable, "The database is not reachable just now; please try again.", "ImplementationException"),
            _ => null,
        };
        if (result is null)
        {
            Log.Failed(logger, httpContext.Request.Method, httpContext.GetEndpoint()?.DisplayName ?? "no endpoint", exception);
            result = Problems.Create(500, ProblemCodes.Internal, $"Something went wrong on our side. Trace {Activity.Current?.TraceId.ToString() ?? httpContext.TraceIdentifier}.", "ImplementationException");
        }
        else if (exception is not (BadHttpRequestException or SearchTimeoutException))
        {
            httpContext.Response.Headers.RetryAfter = "5";
            Log.Unavailable(logger, exception.Message);
        }
        await OldClients.WriteAsync(httpContext, httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint, result);
        return true;
    }

    /// <summary>Whether the database could not be reached, was shutting down or starting, or did not answer in time.</summary>
    public static bool IsDatabaseAway(Exception exception) => exception switch
    {
        PostgresException postgres => postgres.IsTransient || postgres.SqlState is "57P01" or "57P02" or "57P03" or "53300" or "25006" or "53100",
        NpgsqlException => true, // What did not come from the database itself is about the way to it: a broken connection, or no host that takes writes.
        TimeoutException or SocketException => true,
        _ => false,
    };

    private static partial class Log
    {
        [LoggerMessage(1000, LogLevel.Error, "Request {Method} {Endpoint} failed")]
        public static partial void Failed(ILogger logger, string method, string endpoint, Exception exception);

        [LoggerMessage(1001, LogLevel.Warning, "Answered 503: {Reason}")]
        public static partial void Unavailable(ILogger logger, string reason);
    }
}
