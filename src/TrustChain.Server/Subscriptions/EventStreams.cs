using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Query;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Query;

namespace TrustChain.Server.Subscriptions;

/// <summary>Subscriptions by WebSocket (EPCIS 2.0 REST binding): checks the request, upgrades it, and serves it until it ends.</summary>
internal sealed class EventStreams(
    EventStreamParts parts, NamedQueryStore namedQueries, EventSearchStore log, SubscriptionMetrics metrics, IOptions<SubscriptionOptions> options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private static readonly string[] ControlNames = ["stream", "reportIfEmpty", "initialRecordTime", .. Schedule.FieldNames];

    private readonly Dictionary<int, int> _open = []; // with _openInAll under _counting
    private readonly Lock _counting = new();
    private int _openInAll;

    /// <summary>Whether a request for a query's events is a subscription, or means to be one.</summary>
    public static bool IsAskedFor(HttpContext context) => context.WebSockets.IsWebSocketRequest || ControlNames.Any(context.Request.Query.ContainsKey);

    public async Task<IResult> ServeAsync(string queryName, HttpContext context, Caller caller, CancellationToken cancellationToken)
    {
        if (caller.Organisation is not { } organisation)
        {
            return Problems.NotAuthenticated(caller);
        }
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: true);
        if (request is null)
        {
            return problem!; // One of the two is set.
        }
        var (controls, invalid) = ReadControls(context, request);
        if (controls is null)
        {
            return invalid!; // One of the two is set.
        }
        var (named, query, unusable) = await FindQueryAsync(queryName, request, caller, cancellationToken);
        if (query is null)
        {
            return unusable!; // One of the two is set.
        }
        if (!TryOpen(organisation.Id))
        {
            context.Response.Headers.RetryAfter = "60";
            return Problems.Create(503, ProblemCodes.Busy, "Too many WebSockets are open; close one, or try again later.", "ImplementationException");
        }
        try
        {
            // The log before the clock: what is recorded from now on is not in it yet.
            var size = await log.GetLogSizeAsync(cancellationToken);
            var now = time.GetUtcNow();
            now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
            var initial = controls.InitialRecordTime ?? now;
            context.Response.Headers["GS1-Query-Min-Record-Time"] = Record.FormatTime(initial);
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
            var stream = new EventStream(parts, options.Value, time, socket)
            {
                Caller = caller,
                // The middleware has read it; a request with an organisation has one.
                ApiKey = context.Request.Headers.Authorization.ToString()["Bearer ".Length..].Trim(),
                Named = named,
                Query = query,
                QueryName = queryName,
                SubscriptionId = Guid.NewGuid(),
                Form = DocumentForm.Of(request),
                Controls = controls,
                InitialRecordTime = initial,
                NextLeaf = initial < now ? 0 : size,
            };
            await stream.RunAsync(ending.Token);
        }
        finally
        {
            Close(organisation.Id);
        }
        return Results.Empty;
    }

    private static (SubscriptionControls? Controls, IResult? Problem) ReadControls(HttpContext context, EpcisRequest request)
    {
        if (request.Parameters.FirstOrDefault(static p => ControlNames.Contains(p.Name) && p.Values.Count > 1) is { } twice)
        {
            return (null, SubscriptionRequest.ControlsProblem([new QueryFault(twice.Name, "is given more than once.")]));
        }
        var given = request.Parameters.Where(static p => ControlNames.Contains(p.Name)).ToDictionary(static p => p.Name, static p => p.Values[0]);
        var fields = given.Where(static g => Schedule.FieldNames.Contains(g.Key)).ToDictionary();
        if (SubscriptionControls.Parse(
            given.GetValueOrDefault("stream"), fields.Count == 0 ? null : fields, given.GetValueOrDefault("reportIfEmpty"), given.GetValueOrDefault("initialRecordTime"), out var faults) is not { } controls)
        {
            return (null, SubscriptionRequest.ControlsProblem(faults));
        }
        return context.WebSockets.IsWebSocketRequest
            ? (controls, null)
            : (null, SubscriptionRequest.ControlsProblem([new QueryFault("", "stream and schedules need a WebSocket: send Upgrade: websocket. For a callback, POST to the query's subscriptions.")]));
    }

    private async Task<(NamedQuery? Named, EventQuery? Query, IResult? Problem)> FindQueryAsync(string queryName, EpcisRequest request, Caller caller, CancellationToken cancellationToken)
    {
        var parameters = request.Parameters.Where(static p => !ControlNames.Contains(p.Name)).ToList();
        EventQuery? query;
        IResult? problem;
        NamedQuery? named = null;
        if (queryName == EventEndpoints.SimpleEventQuery)
        {
            query = EventQueryParser.Parse(parameters, request.Prefixes, out var faults);
            problem = query is null ? EpcisRequest.Problem(faults) : null;
        }
        else if (parameters.Count > 0)
        {
            return (null, null, EpcisRequest.Parameter(parameters[0].Name, "is not taken here: the query says what is asked."));
        }
        else
        {
            named = await NamedQueryEndpoints.FindAsync(namedQueries, caller, queryName, cancellationToken);
            (query, problem) = named is null ? (null, NamedQueryEndpoints.NoSuchQuery()) : NamedQueryEndpoints.Parse(named.Query, request.Prefixes);
        }
        if (query is not null && SubscriptionRequest.CheckQuery(query) is { } refused)
        {
            return (null, null, refused);
        }
        return (named, query, problem);
    }

    private bool TryOpen(int organisation)
    {
        lock (_counting)
        {
            var own = _open.GetValueOrDefault(organisation);
            if (_openInAll >= options.Value.MaxStreams || own >= options.Value.MaxStreamsPerOrganisation)
            {
                return false;
            }
            _open[organisation] = own + 1;
            _openInAll++;
        }
        metrics.StreamOpened();
        return true;
    }

    private void Close(int organisation)
    {
        lock (_counting)
        {
            _openInAll--;
            if (--_open[organisation] == 0)
            {
                _open.Remove(organisation);
            }
        }
        metrics.StreamClosed();
    }
}
