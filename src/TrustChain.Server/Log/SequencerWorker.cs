using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Log;
using TrustChain.Server.Hosting;
using TrustChain.Server.Signing;
using TrustChain.Server.Telemetry;

namespace TrustChain.Server.Log;

/// <summary>Gives queued entries their place in the log and signs the checkpoint of each committed state. Any number of servers may run it.</summary>
internal sealed partial class SequencerWorker(
    LogStore log, RegistryGuard guard, KeptCheckpoint kept, LogHead head, KeyRing ring, LogSignal signal, LogMetrics metrics, IOptions<ServerOptions> options, TimeProvider time, ILogger<SequencerWorker> logger)
    : BackgroundService
{
    private const int BatchSize = 20_000;

    /// <summary>Compares the log with the registry, and with what this machine kept, before the server listens: a restored backup must not take anything in.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (CrashPoint.Name is { } step)
        {
            Log.WillBeKilled(logger, step);
        }
        if (head.ReadOnly is { } reason)
        {
            Log.ReadOnly(logger, reason);
        }
        var state = await log.GetStateAsync(cancellationToken);
        if (kept.Read() is { } checkpoint)
        {
            await guard.ConfirmAsync(checkpoint, state, cancellationToken);
        }
        await guard.MaySignAsync(state, fresh: true, cancellationToken);
        head.SetCheckpoint(await log.FindLatestCheckpointAsync(cancellationToken)); // The first request finds a log, as it did before a restart.
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var settings = options.Value;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await signal.WaitAsync(settings.SequencingInterval, time, stoppingToken);
                await SequenceAsync(stoppingToken);
                // Under load a pause lets more entries gather, so that tiles are rewritten less often.
                await Task.Delay(settings.SequencingInterval / 4, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (Failures.IsDatabaseAway(exception))
            {
                Log.DatabaseAway(logger, exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
            catch (Exception exception)
            {
                // Nothing was committed by a pass that failed; the next one starts from the committed state.
                Log.Failed(logger, exception);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
        }
    }

    private async Task SequenceAsync(CancellationToken cancellationToken)
    {
        var (state, isWaiting) = await log.GetStateAndQueueAsync(cancellationToken);
        if (head.Halted is null && !WentBack(state) && head.ReadOnly is null && isWaiting)
        {
            while (await TakeAsync(cancellationToken) == BatchSize)
            {
                // More may wait.
            }
            state = await log.GetStateAsync(cancellationToken); // Only a committed state is signed: this reads it back.
        }
        var newest = head.Checkpoint;
        if ((newest?.Size ?? 0) < state.Size)
        {
            newest = await log.FindLatestCheckpointAsync(cancellationToken);
        }
        var maySign = await guard.MaySignAsync(state, fresh: false, cancellationToken); // also while there is nothing to sign
        if (maySign && head.ReadOnly is null && (newest?.Size ?? 0) < state.Size)
        {
            using var span = Tracing.Start("checkpoint");
            span?.SetTag(Tracing.LogSize, state.Size);
            var checkpoint = new Checkpoint(options.Value.Origin, state.Size, state.Root);
            var note = SignedNote.Sign(checkpoint.ToText(), checkpoint.Origin, ring.LogKey);
            await log.AddCheckpointAsync(new StoredCheckpoint(state.Size, state.Root, note, time.GetUtcNow()), cancellationToken);
            newest = await log.FindCheckpointAsync(state.Size, cancellationToken);
        }
        if (newest is not null && head.Halted is null) // What convicts the database must outlive this process.
        {
            kept.Keep(newest); // Before anybody is shown it.
        }
        head.SetCheckpoint(newest);
    }

    /// <summary>One pass. Most find nothing and are not worth telling of.</summary>
    private async Task<int> TakeAsync(CancellationToken cancellationToken)
    {
        var (began, start) = (time.GetUtcNow(), time.GetTimestamp());
        var taken = await log.SequenceAsync(BatchSize, cancellationToken);
        if (taken > 0)
        {
            metrics.Sequenced(taken, time.GetElapsedTime(start));
            using var span = Tracing.StartAt("sequence", began);
            span?.SetTag(Tracing.Entries, taken);
        }
        return taken;
    }

    /// <summary>
    /// Whether the database has fewer entries than this process has seen under a signed checkpoint: an older state was restored under it, or a standby took over that
    /// had not all of it. Going on would sign another history, so this server becomes read-only. Asked before the log grows again, which would hide it.
    /// </summary>
    private bool WentBack(LogState state)
    {
        if (head.Checkpoint is not { } seen || state.Size >= seen.Size)
        {
            return false;
        }
        guard.Halt($"The database has only {state.Size} of the {seen.Size} entries under a signed checkpoint: it went back to an older state.");
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(3100, LogLevel.Warning, "Sequencing waits for the database: {Reason}")]
        public static partial void DatabaseAway(ILogger logger, string reason);

        [LoggerMessage(3101, LogLevel.Error, "Sequencing failed")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(3103, LogLevel.Critical, "READ-ONLY: {Reason} Nothing is captured, given its place or signed; what is under a checkpoint is served. See docs/operations.md.")]
        public static partial void ReadOnly(ILogger logger, string reason);

        [LoggerMessage(3102, LogLevel.Warning, "TRUSTCHAIN_CRASH_AT is set ({Step}): this process will be killed at a step of its work. Only tests want that.")]
        public static partial void WillBeKilled(ILogger logger, string step);
    }
}
