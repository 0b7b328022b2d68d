using TrustChain.Postgres.Log;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Telemetry;

/// <summary>Looks at the database every few seconds, so that those who scrape, probe or read the page cost it nothing.</summary>
internal sealed partial class StateWatch(LogWatchStore store, ServerState state, TimeProvider time, ILogger<StateWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LargestOffset = TimeSpan.FromSeconds(2);

    private bool _saidAway;
    private bool _saidOffset;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                await LookAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var asked = time.GetUtcNow();
            var (log, alarms) = await store.ReadAsync(cancellationToken);
            var answered = time.GetUtcNow();
            var offset = log.Now - (asked + ((answered - asked) / 2)); // The answer was made about half way.
            state.Saw(log, alarms, offset);
            if (_saidAway)
            {
                Log.Back(logger);
                _saidAway = false;
            }
            // A slow answer says nothing of the clocks.
            Compare(offset, tolerance: LargestOffset + (answered - asked));
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            state.Missed();
            if (!Failures.IsDatabaseAway(exception))
            {
                Log.Failed(logger, exception);
            }
            else if (!_saidAway)
            {
                Log.Away(logger, exception.GetType().Name);
                _saidAway = true;
            }
        }
    }

    private void Compare(TimeSpan offset, TimeSpan tolerance)
    {
        var isOff = offset.Duration() > tolerance;
        if (isOff && !_saidOffset)
        {
            Log.ClocksDiffer(logger, offset);
        }
        _saidOffset = isOff;
    }

    private static partial class Log
    {
        [LoggerMessage(5100, LogLevel.Error, "The database does not answer ({Reason}); it is asked again every few seconds")]
        public static partial void Away(ILogger logger, string reason);

        [LoggerMessage(5101, LogLevel.Information, "The database answers again")]
        public static partial void Back(ILogger logger);

        [LoggerMessage(5102, LogLevel.Error, "The state of the log cannot be read")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(5103, LogLevel.Warning, "The database's clock is {Offset} ahead of this server's; set both by NTP. Times in receipts and records come from the servers.")]
        public static partial void ClocksDiffer(ILogger logger, TimeSpan offset);
    }
}
