using Npgsql;
using TrustChain.Postgres.Limits;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Limits;

/// <summary>How many servers work on the database, this one included.</summary>
internal sealed class LiveServers
{
    private int _count = 1;

    /// <summary>At least 1; as of the last heartbeat, also while the database is away.</summary>
    public int Count
    {
        get => Volatile.Read(ref _count);
        set => Volatile.Write(ref _count, value);
    }
}

/// <summary>Says every few seconds in the database that this server lives, and counts those that do.</summary>
internal sealed partial class ServerHeartbeat(ServerStore store, LiveServers servers, TimeProvider time, ILogger<ServerHeartbeat> logger) : BackgroundService
{
    /// <summary>Time between two heartbeats.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>A server that has been silent for longer does not count.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(20);

    private readonly Guid _id = Guid.NewGuid();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await store.RemoveAsync(_id, cancellationToken);
        }
        catch (Exception exception) when (exception is NpgsqlException || Failures.IsDatabaseAway(exception))
        {
            Log.Missed(logger, exception.Message); // Its row runs out by itself.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var isMissing = false;
        do
        {
            try
            {
                var count = await store.BeatAsync(_id, Environment.MachineName, Lifetime, stoppingToken);
                isMissing = false;
                if (count != servers.Count)
                {
                    Log.Counted(logger, count);
                    servers.Count = count;
                }
            }
            catch (Exception exception) when (exception is NpgsqlException || Failures.IsDatabaseAway(exception))
            {
                // The last count holds: whatever the reason, a share that is a little off is no reason to serve nobody.
                if (!isMissing)
                {
                    Log.Missed(logger, exception.Message);
                    isMissing = true;
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static partial class Log
    {
        [LoggerMessage(5050, LogLevel.Information, "{Count} servers share the limits")]
        public static partial void Counted(ILogger logger, int count);

        [LoggerMessage(5051, LogLevel.Warning, "No heartbeat in the table server, so the share of the limits stays as it was: {Reason}")]
        public static partial void Missed(ILogger logger, string reason);
    }
}
