using System.Globalization;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Rpc;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Log;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;

namespace TrustChain.Server.Anchoring;

/// <summary>
/// Anchors the log in every target, each in rounds of its own, so that one that fails does not hold up another. A round is run by the server that gets the
/// target's lease; the others only read.
/// </summary>
internal sealed partial class AnchorWorker(
    AnchorTargets targets,
    AnchorStore anchors,
    AnchorTargetStore targetStore,
    AnchorAlarms alarms,
    AnchorMetrics metrics,
    LogStore log,
    LogHead head,
    TimeProvider time,
    ILogger<AnchorWorker> logger) : BackgroundService
{
    private const double MostDays = 36_500; // what lasts longer than a century lasts

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2); // of figures, when this server does not get the lease again
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Notes what the targets are and how far the primary one is, before anything asks for their anchors.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var target in targets.All)
        {
            await target.RegisterAsync(cancellationToken);
            await PublishHeadAsync(target, cancellationToken);
        }
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(targets.All.Select(target => FollowAsync(target, stoppingToken)));

    private async Task FollowAsync(IAnchorTarget target, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(target.Options.PollInterval, time);
        do
        {
            try
            {
                await PublishHeadAsync(target, stoppingToken);
                if (await RunRoundAsync(target, stoppingToken))
                {
                    await PublishHeadAsync(target, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (Failures.IsDatabaseAway(exception))
            {
                Log.DatabaseAway(logger, target.Name, exception.Message);
            }
            catch (Exception exception)
            {
                Log.Failed(logger, target.Name, exception); // The next round starts from what the database holds.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One round, where no other server is at it.</summary>
    /// <returns>Whether anything may have changed.</returns>
    private async Task<bool> RunRoundAsync(IAnchorTarget target, CancellationToken cancellationToken)
    {
        await using var lease = await targetStore.TryLeaseAsync(target.Name, cancellationToken);
        if (lease is null)
        {
            return true; // Another server is at it.
        }
        var round = new AnchorRound();
        if (await FindFaultAsync(target, lease, round, cancellationToken) is var (code, detail))
        {
            round.IsWhole = false;
            round.Raise(code, detail);
        }
        if (round.IsIdle)
        {
            return false; // Nothing waits, so nothing is late, and the figures are those of the round before.
        }
        await NoteLateAsync(target, round, cancellationToken);
        await alarms.SettleAsync(target.Name, round, cancellationToken);
        await MeasureAsync(target, round, cancellationToken);
        return true;
    }

    private async Task MeasureAsync(IAnchorTarget target, AnchorRound round, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (size, since) = await FindFinalAsync(target, cancellationToken);
        var oldest = await anchors.FindWaitingSinceAsync(size, cancellationToken);
        var before = metrics.Find(target.Name);
        var balance = round.Balance is { } wei ? AnchorMetrics.ToCoins(wei) : before?.Balance;
        metrics.Set(target.Name, new AnchorGauges
        {
            ValidUntil = now + Lifetime + ((EvmTarget.IdleRounds + 3) * target.Options.PollInterval),
            LagEntries = Math.Max(0, (head.Checkpoint?.Size ?? 0) - size),
            LagSeconds = oldest is { } moment ? (now - moment).TotalSeconds : 0,
            Size = size,
            FinalSince = since,
            Failing = (await targetStore.ListFailuresAsync(0, cancellationToken)).Count(f => f.Target == target.Name),
            SpentToday = target is EvmTarget ? await SumSpentAsync(target, new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero), cancellationToken) : null,
            Balance = balance,
            BalanceLasts = balance is { } coins && await SumSpentAsync(target, now - Day, cancellationToken) is > 0 and var spent ? Day * Math.Min(coins / spent, MostDays) : null,
        });
    }

    /// <summary>Coins; by an index over times, so that it costs what a day's transactions are.</summary>
    private async Task<double> SumSpentAsync(IAnchorTarget target, DateTimeOffset since, CancellationToken cancellationToken) =>
        AnchorMetrics.ToCoins((await anchors.GetSpendingAsync(target.Name, since, cancellationToken)).SpentToday);

    private async Task<(long Size, DateTimeOffset? Since)> FindFinalAsync(IAnchorTarget target, CancellationToken cancellationToken)
    {
        if (target is EvmTarget)
        {
            var anchor = await anchors.FindLatestFinalAsync(target.Name, cancellationToken);
            return (anchor?.Size ?? 0, anchor?.BlockTime);
        }
        var timestamp = await targetStore.FindLatestFinalTimestampAsync(target.Name, cancellationToken);
        return (timestamp?.Size ?? 0, timestamp?.TokenTime);
    }

    /// <summary>Runs the round; what kept it from its end comes back with its alarm.</summary>
    private static async Task<(string Code, string Detail)?> FindFaultAsync(IAnchorTarget target, AnchorLease lease, AnchorRound round, CancellationToken cancellationToken)
    {
        try
        {
            await target.RunAsync(lease, round, cancellationToken);
            return null;
        }
        catch (AnchorFaultException exception)
        {
            return (exception.Code, exception.Message);
        }
        catch (RpcUnavailableException exception)
        {
            return (AnchorAlarm.ChainAway, exception.Message);
        }
        catch (RegistryMismatchException exception)
        {
            return (AnchorAlarm.WrongRegistry, exception.Message);
        }
        catch (RpcErrorException exception)
        {
            return (AnchorAlarm.Refused, exception.Message);
        }
    }

    private async Task NoteLateAsync(IAnchorTarget target, AnchorRound round, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var mined = await target.GetCoveredSizeAsync(final: false, cancellationToken);
        if (await anchors.FindWaitingSinceAsync(mined, cancellationToken) is { } since && now - since > target.Options.EffectiveLateAfter)
        {
            round.Raise(AnchorAlarm.Late, string.Create(
                CultureInfo.InvariantCulture, $"The log has {head.Checkpoint?.Size ?? 0} entries, {mined} are in an anchor, and the oldest of the others has waited since {since:u}."));
        }
    }

    /// <summary>Shows the primary target's newest final anchor to evidence and pages.</summary>
    private async Task PublishHeadAsync(IAnchorTarget target, CancellationToken cancellationToken)
    {
        if (target.Name != AnchorStore.Primary)
        {
            return;
        }
        var newest = await anchors.FindLatestFinalAsync(cancellationToken);
        if (newest?.Id != head.Anchored?.Anchor.Id || newest?.BlockHash != head.Anchored?.Anchor.BlockHash)
        {
            head.SetAnchored(newest, newest is null ? null : await log.FindCheckpointAsync(newest.Size, cancellationToken));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4001, LogLevel.Warning, "Anchoring in {Target} waits for the database: {Reason}")]
        public static partial void DatabaseAway(ILogger logger, string target, string reason);

        [LoggerMessage(4002, LogLevel.Error, "Anchoring in {Target} failed")]
        public static partial void Failed(ILogger logger, string target, Exception exception);
    }
}
