using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Query;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Hosting;

/// <summary>
/// Where every exception ends: a search that takes too long is 413, the database being away, a full queue and a
/// custodial key that does not open are 503 with Retry-After, everything else is a fault of ours, 500 with the trace
/// id and no more.
/// </summary>
internal sealed partial class Failures(ILogger<Failures> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var code = CodeOf(exception);
        var trace = Activity.Current?.TraceId.ToString() ?? httpContext.TraceIdentifier;
        var endpoint = httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? httpContext.GetEndpoint();
        var result = code switch
        {
            ProblemCodes.TooLarge or ProblemCodes.InvalidRequest => Problems.Create(((BadHttpRequestException)exception).StatusCode, code, exception.Message),
            ProblemCodes.QueryTooComplex => Problems.Create(413, code, exception.Message, "QueryTooComplexException"),
            ProblemCodes.Busy => Problems.Create(503, code, $"More arrives than can be written; please try again. Trace {trace}.", "ImplementationException"),
            ProblemCodes.Unavailable => Problems.Create(503, code, $"The database is not reachable just now; please try again. Trace {trace}.", "ImplementationException"),
            ProblemCodes.CustodialKeyClosed => Problems.CustodialKeyClosed(),
            _ => Problems.Create(500, code, $"Something went wrong on our side. Trace {trace}.", "ImplementationException"),
        };
        if (code == ProblemCodes.Internal)
        {
            Log.Failed(logger, httpContext.Request.Method, endpoint?.DisplayName ?? "no endpoint", trace, exception);
        }
        else if (exception is not (BadHttpRequestException or SearchTimeoutException))
        {
            httpContext.Response.Headers.RetryAfter = "5";
            Log.Unavailable(logger, trace, exception.Message);
        }
        await OldClients.WriteAsync(httpContext, endpoint, result);
        return true;
    }

    /// <summary>The code of the problem that an exception becomes.</summary>
    public static string CodeOf(Exception exception) => exception switch
    {
        BadHttpRequestException bad => bad.StatusCode == 413 ? ProblemCodes.TooLarge : ProblemCodes.InvalidRequest,
        SearchTimeoutException => ProblemCodes.QueryTooComplex,
        CaptureBusyException => ProblemCodes.Busy,
        CustodialKeyClosedException => ProblemCodes.CustodialKeyClosed,
        _ when IsDatabaseAway(exception) => ProblemCodes.Unavailable,
        _ => ProblemCodes.Internal,
    };

    /// <summary>Whether the database could not be reached, was shutting down or starting, or did not answer in time.</summary>
    public static bool IsDatabaseAway(Exception exception) => exception switch
    {
        PostgresException postgres => postgres.IsTransient || postgres.SqlState is "57P01" or "57P02" or "57P03" or "57P05" or "53300" or "25006" or "53100",
        NpgsqlException => true, // What did not come from the database itself is about the way to it: a broken connection, or no host that takes writes.
        TimeoutException or SocketException => true,
        _ => false,
    };

    /// <summary>Whether an exception is about a database at all, whatever is wrong with it.</summary>
    public static bool IsOfDatabase(Exception exception) => exception is NpgsqlException or TimeoutException or SocketException;

    private static partial class Log
    {
        [LoggerMessage(1000, LogLevel.Error, "Request {Method} {Endpoint} failed, trace {Trace}")]
        public static partial void Failed(ILogger logger, string method, string endpoint, string trace, Exception exception);

        [LoggerMessage(1001, LogLevel.Warning, "Answered 503, trace {Trace}: {Reason}")]
        public static partial void Unavailable(ILogger logger, string trace, string reason);
    }
}
