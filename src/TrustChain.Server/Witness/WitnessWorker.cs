using Microsoft.Extensions.Options;
using TrustChain.Postgres.Log;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;

namespace TrustChain.Server.Witness;

/// <summary>
/// Has checkpoints cosigned by every configured witness, each in a loop of its own, so that one that is slow, away or lying holds up neither the others nor
/// the sequencer. Any number of servers may run it.
/// </summary>
internal sealed partial class WitnessWorker(WitnessParts parts, IOptions<WitnessOptions> options, TimeProvider time, ILogger<WitnessWorker> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var witnesses = List(options.Value);
        return witnesses.Count == 0
            ? Task.CompletedTask
            : Task.WhenAll(witnesses.Select(w => FollowAsync(new WitnessFollower(w, parts), stoppingToken)).Append(RefreshAsync([.. witnesses.Select(static w => w.Key.Text)], stoppingToken)));
    }

    /// <summary>The configured witnesses; the validator has seen to it that each can be read.</summary>
    public static IReadOnlyList<ConfiguredWitness> List(WitnessOptions options) =>
        [.. options.Witnesses.Select(static e => ConfiguredWitness.TryParse(e, out var witness, out var fault) ? witness : throw new InvalidOperationException(fault))];

    private async Task FollowAsync(WitnessFollower follower, CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            var grown = parts.Head.Grown; // before looking, so that nothing is missed
            try
            {
                var round = await GuardAsync(() => follower.AdvanceAsync(stoppingToken), WitnessRound.Failed, stoppingToken);
                failures = round == WitnessRound.Failed ? failures + 1 : 0;
                await (round switch
                {
                    WitnessRound.NothingToDo => grown.WaitAsync(stoppingToken),
                    WitnessRound.Cosigned => Task.Delay(options.Value.Interval, time, stoppingToken),
                    _ => Task.Delay(Pause(failures), time, stoppingToken),
                });
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Brings cosignatures, whichever server got them, to what this server shows.</summary>
    private async Task RefreshAsync(IReadOnlyCollection<string> keys, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        try
        {
            do
            {
                await GuardAsync(() => RefreshOnceAsync(keys, stoppingToken), false, stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task<bool> RefreshOnceAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        var head = parts.Head;
        foreach (var held in (StoredCheckpoint?[])[head.Checkpoint, head.Anchored?.Checkpoint])
        {
            if (held is not null && held.Cosignatures < keys.Count && await parts.Log.FindCheckpointAsync(held.Size, cancellationToken) is { } stored)
            {
                head.AddCosignatures(stored);
            }
        }
        var quorum = options.Value.Quorum ?? keys.Count;
        if (await parts.Cosignatures.FindLargestSizeAsync(keys, quorum, head.CosignedCheckpoint?.Size ?? 0, cancellationToken) is { } size
            && await parts.Log.FindCheckpointAsync(size, cancellationToken) is { } cosigned)
        {
            head.SetCosigned(cosigned);
        }
        return true;
    }

    /// <summary>A fault of the database or of ours ends a round, not the loop; the next round starts from what the database holds.</summary>
    private async Task<T> GuardAsync<T>(Func<Task<T>> round, T failed, CancellationToken stoppingToken)
    {
        try
        {
            return await round();
        }
        catch (Exception exception) when (Failures.IsDatabaseAway(exception) && !stoppingToken.IsCancellationRequested)
        {
            Log.DatabaseAway(logger, exception.Message);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            Log.Failed(logger, exception);
        }
        return failed;
    }

    private TimeSpan Pause(int failures)
    {
        var settings = options.Value;
        var doubled = settings.FirstRetry * Math.Pow(2, Math.Min(failures - 1, 30));
        return (doubled < settings.MaxRetry ? doubled : settings.MaxRetry) * (0.8 + (0.4 * Random.Shared.NextDouble()));
    }

    private static partial class Log
    {
        [LoggerMessage(3206, LogLevel.Warning, "Witnessing waits for the database: {Reason}")]
        public static partial void DatabaseAway(ILogger logger, string reason);

        [LoggerMessage(3207, LogLevel.Error, "Witnessing failed")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
