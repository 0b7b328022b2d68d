using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Query;
using TrustChain.Postgres.Query;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Query;

namespace TrustChain.Server.Subscriptions;

/// <summary>Subscriptions to queries by callback (EPCIS 2.0 REST binding). An organisation sees its own.</summary>
internal static class SubscriptionEndpoints
{
    private const string All = "/queries/{queryName}/subscriptions";
    private const string One = "/queries/{queryName}/subscriptions/{subscriptionID}";
    private const int MaxBody = 65_536;
    private const int NewestDeadLetters = 10;

    public static void MapSubscriptions(this IEndpointRouteBuilder app)
    {
        var epcis = app.MapEpcis();
        epcis.MapGet(All, ListAsync).RequireOrganisation().WithName("GetSubscriptions").WithSummary("The caller's subscriptions to a query.");
        epcis.MapPost(All, CreateAsync).RequireOrganisation().Audited("subscription-made").WithName("CreateSubscription").WithSummary("Subscribes to a query: its results are sent to an address.");
        epcis.MapGet(One, GetAsync).RequireOrganisation().WithName("GetSubscription").WithSummary("A subscription and how it is doing.");
        epcis.MapDelete(One, DeleteAsync).RequireOrganisation().Audited("subscription-removed").WithName("DeleteSubscription").WithSummary("Unsubscribes.");
        epcis.MapPost(One + "/resume", ResumeAsync).RequireOrganisation().Audited("subscription-resumed").WithName("ResumeSubscription").WithSummary("Goes on with a stopped subscription, from what was missed.");
        epcis.MapDiscovery(All, "OPTIONS, GET, POST");
        epcis.MapMethods(One, ["OPTIONS"], DiscoverAsync).RequireOrganisation().WithSummary("What this resource can do.");
    }

    private static async Task<IResult> ListAsync(
        string queryName, HttpContext context, Caller caller, SubscriptionStore store, NamedQueryStore queries, PageTokens tokens, IOptions<ServerOptions> server, CancellationToken cancellationToken)
    {
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: false);
        if (request is null)
        {
            return problem!; // One of the two is set.
        }
        if (request.Parameters.Count > 0)
        {
            return EpcisRequest.Parameter(request.Parameters[0].Name, "is not taken here.");
        }
        if (await NamedQueryEndpoints.FindAsync(queries, caller, queryName, cancellationToken) is null)
        {
            return NamedQueryEndpoints.NoSuchQuery();
        }
        var organisation = caller.Organisation!.Id; // The filter of the route sees to it.
        var fingerprint = EventQuery.ComputeFingerprint([EventAnswers.PathOf(context)]);
        var after = (CreatedAt: DateTimeOffset.UnixEpoch, Id: Guid.Empty);
        if (request.NextPageToken is { } token)
        {
            if (await tokens.OpenAsync(token, organisation, fingerprint, cancellationToken) is not { Text: { } last } cursor)
            {
                return EventAnswers.BadToken();
            }
            after = (cursor.Time, Guid.Parse(last));
        }
        var found = await store.ListAsync(organisation, queryName, after, request.PerPage + 1, cancellationToken);
        if (found.Count > request.PerPage)
        {
            var last = found[request.PerPage - 1];
            EventAnswers.SetLink(context, server.Value.PublicUrl, tokens.Make(organisation, fingerprint, new QueryCursor(last.CreatedAt, 0, null, last.Id.ToString(), 0)));
        }
        return Results.Json(found.Take(request.PerPage).Select(SubscriptionAnswer.From), contentType: request.ContentType);
    }

    private static async Task<IResult> CreateAsync(
        string queryName,
        HttpContext context,
        Caller caller,
        SubscriptionStore store,
        NamedQueryStore queries,
        EventSearchStore log,
        SubscriptionSecrets secrets,
        IOptions<SubscriptionOptions> options,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var (http, problem) = EpcisRequest.Read(context.Request, offersXml: false);
        if (http is null)
        {
            return problem!; // One of the two is set.
        }
        if (http.Parameters.Count > 0)
        {
            return EpcisRequest.Parameter(http.Parameters[0].Name, "is not taken here: a subscription is to a query as it is; create a named query with these parameters.");
        }
        var extensions = string.Join(',', (IEnumerable<string?>)context.Request.Headers["GS1-Extensions"]);
        var (query, unusable) = await FindQueryAsync(queries, caller, queryName, extensions, cancellationToken);
        if (query is null)
        {
            return unusable!; // One of the two is set.
        }
        if (NamedQueryEndpoints.NotJson(context.Request) is { } wrongType)
        {
            return wrongType;
        }
        if (await RequestBody.ReadAsync(context.Request, MaxBody, cancellationToken) is not { } body)
        {
            return Problems.TooLarge(MaxBody);
        }
        var (request, invalid) = SubscriptionRequest.Read(body, options.Value.AllowPrivateAddresses);
        if (request is null)
        {
            return invalid!; // One of the two is set.
        }
        var organisation = caller.Organisation!.Id; // The filter of the route sees to it.
        // The log before the clock: what is recorded from now on is not in it yet.
        var size = await log.GetLogSizeAsync(cancellationToken);
        var subscription = Make(request, queryName, organisation, extensions, http.EpcFormat, size, options.Value.MaxEvents, time.GetUtcNow(), secrets);
        switch (await store.AddAsync(subscription, queryName == EventEndpoints.SimpleEventQuery, cancellationToken))
        {
            case AddSubscriptionResult.NoSuchQuery:
                return NamedQueryEndpoints.NoSuchQuery();
            case AddSubscriptionResult.TooMany:
                return SubscriptionRequest.ControlsProblem([new QueryFault("", $"An organisation has at most {SubscriptionStore.MaxSubscriptions} subscriptions; delete one first.")]);
            case AddSubscriptionResult.Added:
                context.Response.Headers.Location = $"/epcis/queries/{queryName}/subscriptions/{subscription.Id}";
                return Results.Json(SubscriptionAnswer.From(subscription), contentType: http.ContentType, statusCode: StatusCodes.Status201Created);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static async Task<IResult> GetAsync(
        string queryName, string subscriptionID, HttpContext context, Caller caller, SubscriptionStore store, CancellationToken cancellationToken)
    {
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: false);
        if (request is null)
        {
            return problem!; // One of the two is set.
        }
        if (await FindAsync(store, caller, queryName, subscriptionID, cancellationToken) is not { } subscription)
        {
            return NoSuchSubscription();
        }
        var (count, newest) = await store.ListDeadLettersAsync(subscription.Id, NewestDeadLetters, cancellationToken);
        return Results.Json(SubscriptionAnswer.From(subscription) with { DeadLetters = DeadLettersAnswer.From(count, newest) }, contentType: request.ContentType);
    }

    private static async Task<IResult> DeleteAsync(string queryName, string subscriptionID, Caller caller, SubscriptionStore store, CancellationToken cancellationToken) =>
        Guid.TryParseExact(subscriptionID, "D", out var id)
        && await store.DeleteAsync(caller.Organisation!.Id, queryName, id, cancellationToken) // The filter of the route sees to it.
            ? Results.NoContent()
            : NoSuchSubscription();

    private static async Task<IResult> ResumeAsync(
        string queryName, string subscriptionID, Caller caller, SubscriptionStore store, IOptions<SubscriptionOptions> options, CancellationToken cancellationToken) =>
        Guid.TryParseExact(subscriptionID, "D", out var id)
        && await store.ResumeAsync(caller.Organisation!.Id, queryName, id, options.Value.MaxEvents, cancellationToken) // The filter of the route sees to it.
            ? Results.NoContent()
            : NoSuchSubscription();

    private static async Task<IResult> DiscoverAsync(string queryName, string subscriptionID, HttpContext context, Caller caller, SubscriptionStore store, CancellationToken cancellationToken) =>
        await FindAsync(store, caller, queryName, subscriptionID, cancellationToken) is { } subscription
            ? EpcisGroup.Discover(context, "OPTIONS, GET, DELETE", ("GS1-Query-Min-Record-Time", Record.FormatTime(subscription.MinRecordTime)))
            : NoSuchSubscription();

    private static async Task<Subscription?> FindAsync(SubscriptionStore store, Caller caller, string queryName, string subscriptionId, CancellationToken cancellationToken) =>
        Guid.TryParseExact(subscriptionId, "D", out var id)
            ? await store.FindAsync(caller.Organisation!.Id, queryName, id, cancellationToken) // The filter of the route sees to it.
            : null;

    private static async Task<(EventQuery? Query, IResult? Problem)> FindQueryAsync(
        NamedQueryStore queries, Caller caller, string queryName, string extensions, CancellationToken cancellationToken)
    {
        if (await NamedQueryEndpoints.FindAsync(queries, caller, queryName, cancellationToken) is not { } named)
        {
            return (null, NamedQueryEndpoints.NoSuchQuery());
        }
        var (query, problem) = NamedQueryEndpoints.Parse(named.Query, EpcisRequest.ReadPrefixes(extensions));
        if (query is not null && SubscriptionRequest.CheckQuery(query) is { } refused)
        {
            return (null, refused);
        }
        return (query, problem);
    }

    private static Subscription Make(
        SubscriptionRequest request, string queryName, int organisation, string extensions, EpcFormat format, long logSize, int maxEvents, DateTimeOffset now, SubscriptionSecrets secrets)
    {
        var id = Guid.NewGuid();
        // To the millisecond, as record times are.
        var created = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
        var initial = request.Controls.InitialRecordTime ?? created;
        return new Subscription
        {
            Id = id,
            OrganisationId = organisation,
            QueryName = queryName,
            Destination = request.Destination,
            SignatureToken = request.SignatureToken is { } token ? secrets.Seal(id, token) : null,
            Extensions = extensions,
            Schedule = request.Controls.Schedule is { } schedule ? JsonSerializer.Serialize(new Dictionary<string, string>(schedule.Fields), SubscriptionJson.Default.DictionaryStringString) : null,
            ReportIfEmpty = request.Controls.ReportIfEmpty,
            EpcFormat = EpcisRequest.NameOf(request.EpcFormat ?? format),
            InitialRecordTime = initial,
            MinRecordTime = initial,
            MaxEvents = maxEvents,
            NextLeaf = initial < created ? 0 : logSize,
            NextRunAt = request.Controls.Schedule?.NextAfter(now),
            CreatedAt = created,
        };
    }

    private static IResult NoSuchSubscription() => Problems.Create(404, ProblemCodes.NotFound, "There is no subscription that you may see.", "NoSuchNameException");
}
