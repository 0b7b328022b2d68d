using Microsoft.Extensions.Options;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;

namespace TrustChain.Server.Subscriptions;

/// <summary>
/// Delivers what subscribers asked for: streams as soon as a checkpoint covers new entries, so that their evidence is there too, and schedules on their
/// second. Any number of servers may run it. Slow receivers cost a place among a bounded number, of which one organisation has a part.
/// </summary>
internal sealed partial class SubscriptionWorker(
    SubscriptionStore store,
    SubscriptionDelivery delivery,
    SubscriptionMetrics metrics,
    LogHead head,
    IOptions<SubscriptionOptions> options,
    TimeProvider time,
    ILogger<SubscriptionWorker> logger)
    : BackgroundService
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StateInterval = TimeSpan.FromSeconds(10);

    private readonly Guid _owner = Guid.NewGuid();
    private readonly List<(Task Task, int OrganisationId)> _running = [];
    private long? _stateReadAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var grown = head.Grown; // before looking, so that nothing is missed
                if (!await TakeAsync(stoppingToken))
                {
                    await ReadStateAsync(stoppingToken);
                    await WaitAsync(grown, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                if (Failures.IsDatabaseAway(exception))
                {
                    Log.DatabaseAway(logger, exception.Message);
                }
                else
                {
                    Log.WorkerFailed(logger, exception);
                }
                await Task.Delay(Second, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        // What is being sent is recorded before the server ends, so that it is not sent again.
        await Task.WhenAll(_running.Select(static r => r.Task));
    }

    /// <summary>Starts steps for what is due; false when there was nothing to start.</summary>
    private async Task<bool> TakeAsync(CancellationToken stoppingToken)
    {
        _running.RemoveAll(static r => r.Task.IsCompleted);
        var settings = options.Value;
        var free = settings.MaxConcurrency - _running.Count;
        if (free == 0 || head.Halted is not null)
        {
            return false;
        }
        var share = Math.Max(1, settings.MaxConcurrency / 4);
        int[] busy = [.. _running.GroupBy(static r => r.OrganisationId).Where(g => g.Count() >= share).Select(static g => g.Key)];
        var size = head.Checkpoint?.Size ?? 0;
        var now = time.GetUtcNow();
        var taken = await store.TakeAsync(_owner, now, now + delivery.Lease, size, busy, Math.Min(free, share), stoppingToken);
        foreach (var subscription in taken)
        {
            _running.Add((RunAsync(subscription, size, stoppingToken), subscription.OrganisationId));
        }
        return taken.Count > 0;
    }

    private async Task RunAsync(Subscription subscription, long logSize, CancellationToken stoppingToken)
    {
        try
        {
            await delivery.RunAsync(subscription, _owner, logSize, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await LetGoAsync(() => store.ReleaseAsync(subscription.Id, _owner, CancellationToken.None));
        }
        catch (Exception exception) when (Failures.IsDatabaseAway(exception))
        {
            // The lease runs out, and some server takes the subscription again.
            Log.DatabaseAway(logger, exception.Message);
        }
        catch (Exception exception)
        {
            Log.StepFailed(logger, subscription.Id, exception);
            await LetGoAsync(() => delivery.FailOnOurSideAsync(subscription, _owner));
        }
    }

    private async Task LetGoAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (Exception exception) when (Failures.IsDatabaseAway(exception))
        {
            Log.DatabaseAway(logger, exception.Message); // The lease runs out.
        }
    }

    /// <summary>Until the log has grown, a step has ended, or a new second begins, when schedules may be due.</summary>
    private async Task WaitAsync(Task grown, CancellationToken stoppingToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var second = Second - TimeSpan.FromTicks(time.GetUtcNow().Ticks % TimeSpan.TicksPerSecond);
        await Task.WhenAny([grown, Task.Delay(second + TimeSpan.FromMilliseconds(1), time, over.Token), .. _running.Select(static r => r.Task)]);
        await over.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }

    private async Task ReadStateAsync(CancellationToken cancellationToken)
    {
        if (_stateReadAt is { } before && time.GetElapsedTime(before) < StateInterval)
        {
            return;
        }
        metrics.SetState(await store.GetStateAsync(head.Checkpoint?.Size ?? 0, cancellationToken));
        _stateReadAt = time.GetTimestamp();
    }

    private static partial class Log
    {
        [LoggerMessage(5010, LogLevel.Warning, "Deliveries wait for the database: {Reason}")]
        public static partial void DatabaseAway(ILogger logger, string reason);

        [LoggerMessage(5011, LogLevel.Error, "The delivery for subscription {Subscription} failed on our side")]
        public static partial void StepFailed(ILogger logger, Guid subscription, Exception exception);

        [LoggerMessage(5012, LogLevel.Error, "Subscriptions cannot be worked at")]
        public static partial void WorkerFailed(ILogger logger, Exception exception);
    }
}
