using Npgsql;
using TrustChain.Postgres.Partitions;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Partitions;

/// <summary>Makes partitions ahead of need. A capture whose ids are beyond the last one makes it itself, so this failing for long stops nothing but is told.</summary>
internal sealed partial class PartitionWorker(PartitionStore partitions, PartitionMetrics metrics, TimeProvider time, ILogger<PartitionWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var count = partitions.Room?.Count ?? 0;
        try
        {
            do
            {
                try
                {
                    var room = await partitions.EnsureAsync(stoppingToken);
                    if (room.Count > count)
                    {
                        Log.Made(logger, room.Count - count, room.Before);
                    }
                    count = room.Count;
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested && (exception is NpgsqlException || Failures.IsDatabaseAway(exception)))
                {
                    metrics.Failed();
                    Log.Failed(logger, exception.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5300, LogLevel.Information, "{Count} new partitions; content has a place up to id {Before}")]
        public static partial void Made(ILogger logger, int count, long before);

        [LoggerMessage(5301, LogLevel.Error, "No partition could be looked for or made ahead of need: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
