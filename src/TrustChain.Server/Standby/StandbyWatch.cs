using TrustChain.Postgres.Database;

namespace TrustChain.Server.Standby;

/// <summary>Asks every host several times a second whether it is a standby and how far it is, each in a loop of its own, so that one that says nothing holds up no other.</summary>
internal sealed partial class StandbyWatch(StandbyHosts hosts, WalStore wal, TimeProvider time, ILogger<StandbyWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(hosts.All.Select(host => WatchAsync(host, stoppingToken)));

    private async Task WatchAsync(StandbyHost host, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        bool? answered = null;
        bool? wasStandby = null;
        try
        {
            do
            {
                var failure = await LookAsync(host, stoppingToken);
                if (answered != (failure is null))
                {
                    answered = failure is null;
                    if (failure is not null)
                    {
                        Log.Away(logger, host.Name, failure);
                    }
                }
                if (failure is null && wasStandby != host.IsStandby)
                {
                    wasStandby = host.IsStandby;
                    Log.Found(logger, host.Name, host.IsStandby ? "a standby, which is read from" : "the primary");
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>One look; what kept it from an answer comes back, of the host or of the primary with which it is compared.</summary>
    private async Task<string?> LookAsync(StandbyHost host, CancellationToken cancellationToken)
    {
        try
        {
            var asked = time.GetTimestamp();
            var position = await wal.GetPositionAsync(cancellationToken);
            host.Saw(asked, (ulong)position, (ulong?)await WalStore.FindReplayedAsync(host.Source, cancellationToken));
            return null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is: nothing is read there, and the next look is soon.
            host.Missed();
            return exception.GetBaseException().Message;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5400, LogLevel.Information, "Database host {Host} is {Role}")]
        public static partial void Found(ILogger logger, string host, string role);

        [LoggerMessage(5401, LogLevel.Warning, "Database host {Host} cannot be compared with the primary, so nothing is read there: {Reason}")]
        public static partial void Away(ILogger logger, string host, string reason);
    }
}
