using Microsoft.Extensions.Options;
using TrustChain.Core.Epcis.Xml;
using TrustChain.Core.Query;
using TrustChain.Postgres.Organisations;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Query;

namespace TrustChain.Server.Subscriptions;

/// <summary>One step of a subscription: reads on in the log, sends what there is as one document, and writes how far it got.</summary>
internal sealed partial class SubscriptionDelivery(
    SubscriptionStore store,
    OrganisationStore organisations,
    NamedQueryStore namedQueries,
    EventCollector collector,
    EventDocuments documents,
    WebhookSender sender,
    SubscriptionMetrics metrics,
    IOptions<SubscriptionOptions> options,
    TimeProvider time,
    ILogger<SubscriptionDelivery> logger)
{
    private const int RecordAttempts = 30;

    /// <summary>How long a subscription is held for a step: reading, then sending.</summary>
    public TimeSpan Lease { get; } = TimeSpan.FromSeconds(90) + options.Value.Timeout;

    /// <summary>Runs one step.</summary>
    /// <param name="subscription">As it was taken.</param>
    /// <param name="owner">Who holds the lease.</param>
    /// <param name="logSize">Entries that may be delivered.</param>
    /// <param name="stoppingToken">Honoured until something is sent: what was sent is recorded.</param>
    public async Task RunAsync(Subscription subscription, Guid owner, long logSize, CancellationToken stoppingToken)
    {
        var ranAt = time.GetUtcNow();
        var until = subscription.RunUntilLeaf ?? logSize;
        if (await FindQueryAsync(subscription, stoppingToken) is not var (caller, query))
        {
            await StopAsync(subscription, owner, until, "The query cannot be run any more.");
            return;
        }
        var found = await collector.CollectAsync(
            query, caller, subscription.NextLeaf, until, subscription.InitialRecordTime, subscription.MaxEvents, stoppingToken);
        var runEnds = subscription.Schedule is not null && found.NextLeaf >= until;
        var tells = found.Events.Count > 0 || (runEnds && subscription.ReportIfEmpty && !subscription.RunReported);
        if (tells)
        {
            var form = new DocumentForm(EventMedia.Json, EpcisRequest.ReadFormat(subscription.EpcFormat) ?? EpcFormat.AlwaysDigitalLink, EpcisXmlCbvFormat.NoPreference);
            var document = await documents.WriteAsync(found.Events, subscription.QueryName, subscription.Id.ToString(), form, time.GetUtcNow(), stoppingToken);
            // Whoever deleted or lost the subscription meanwhile ends the step here.
            if (!await store.HoldAsync(subscription.Id, owner, time.GetUtcNow() + Lease, stoppingToken))
            {
                return;
            }
            var result = await sender.SendAsync(subscription, document.Body, CancellationToken.None);
            if (result.Error is { } error)
            {
                await FailAsync(subscription, owner, found, result.Status, error);
                return;
            }
            metrics.Delivered(found.Events.Count, "webhook");
        }
        var progress = new SubscriptionProgress
        {
            FromLeaf = subscription.NextLeaf,
            NextLeaf = found.NextLeaf,
            IsNotified = tells,
            RanAt = ranAt,
            RunUntilLeaf = subscription.Schedule is null || runEnds ? null : until,
            NextRunAt = runEnds ? NextRun(subscription) : subscription.NextRunAt,
        };
        await RecordAsync(() => store.AdvanceAsync(subscription.Id, owner, progress, time.GetUtcNow(), CancellationToken.None));
    }

    /// <summary>Counts a step that failed on our side like one that failed at the receiver's, so that it is neither repeated without pause nor for ever.</summary>
    public Task FailOnOurSideAsync(Subscription subscription, Guid owner) =>
        FailAsync(subscription, owner, new CollectedEvents([], subscription.NextLeaf), null, "Something went wrong on our side.");

    private async Task<(Caller Caller, EventQuery Query)?> FindQueryAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        if (await organisations.FindAsync(subscription.OrganisationId, cancellationToken) is not { } organisation)
        {
            return null;
        }
        var caller = new Caller(organisation); // It reads as its organisation, and does nothing else.
        return await NamedQueryEndpoints.FindAsync(namedQueries, caller, subscription.QueryName, cancellationToken) is { } named
            && NamedQueryEndpoints.Parse(named.Query, EpcisRequest.ReadPrefixes(subscription.Extensions)).Query is { } query
            ? (caller, query)
            : null;
    }

    private async Task FailAsync(Subscription subscription, Guid owner, CollectedEvents found, int? status, string error)
    {
        metrics.Failed();
        var failures = subscription.Failures + 1;
        if (failures >= options.Value.MaxAttempts)
        {
            await StopAsync(subscription, owner, found.NextLeaf, error);
            return;
        }
        var pause = PauseAfter(failures, options.Value);
        // 413 asks for smaller documents.
        var maxEvents = status == StatusCodes.Status413PayloadTooLarge ? Math.Max(1, found.Events.Count / 2) : subscription.MaxEvents;
        var now = time.GetUtcNow();
        await RecordAsync(async () =>
        {
            await store.FailAsync(subscription.Id, owner, error, maxEvents, now + pause, now, CancellationToken.None);
            return true;
        });
        Log.Failed(logger, subscription.Id, failures, pause, error);
    }

    private async Task StopAsync(Subscription subscription, Guid owner, long toLeaf, string error)
    {
        var letter = new DeadLetter(subscription.NextLeaf, toLeaf, error, time.GetUtcNow());
        await RecordAsync(() => store.StopAsync(subscription.Id, owner, letter, CancellationToken.None));
        Log.Stopped(logger, subscription.Id, letter.FromLeaf, letter.ToLeaf, error);
    }

    /// <summary>
    /// Writes what a step came to, through short absences of the database: otherwise what was delivered would be delivered again. A write that happened
    /// though its answer was lost does nothing the second time, for the lease is gone.
    /// </summary>
    private async Task RecordAsync(Func<Task<bool>> write)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await write();
                return;
            }
            catch (Exception exception) when (Failures.IsDatabaseAway(exception) && attempt < RecordAttempts)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
        }
    }

    /// <summary>The pause after a number of failures in a row: doubling, bounded, and varied by a fifth so that receivers that failed together are not called together.</summary>
    internal static TimeSpan PauseAfter(int failures, SubscriptionOptions options)
    {
        var pause = Math.Min(options.MaxRetry.TotalSeconds, options.FirstRetry.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 40)));
        return TimeSpan.FromSeconds(pause * (0.8 + (0.4 * Random.Shared.NextDouble())));
    }

    private DateTimeOffset? NextRun(Subscription subscription) =>
        subscription.Schedule is { } json && Schedule.TryParse(SubscriptionAnswer.ReadSchedule(json), out var schedule, out _) ? schedule.NextAfter(time.GetUtcNow()) : null;

    private static partial class Log
    {
        [LoggerMessage(5000, LogLevel.Information, "Subscription {Subscription}: attempt {Failures} failed, the next one follows in {Pause}: {Reason}")]
        public static partial void Failed(ILogger logger, Guid subscription, int failures, TimeSpan pause, string reason);

        [LoggerMessage(5001, LogLevel.Warning, "Subscription {Subscription} is stopped, log entries {From} to before {To} were not delivered: {Reason}")]
        public static partial void Stopped(ILogger logger, Guid subscription, long from, long to, string reason);
    }
}
