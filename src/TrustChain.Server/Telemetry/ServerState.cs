using TrustChain.Postgres.Log;

namespace TrustChain.Server.Telemetry;

/// <summary>What <see cref="StateWatch"/> saw last.</summary>
/// <param name="At">When it looked.</param>
/// <param name="Log">The log; null until the database has answered once.</param>
/// <param name="Alarms">Open alarms of anchoring.</param>
/// <param name="DatabaseAwaySince">Since when the database has not answered; null: it does.</param>
/// <param name="ClockOffset">How far the database's clock is ahead of this server's; of the last time it answered.</param>
internal sealed record StateSeen(DateTimeOffset At, LogWatch? Log, IReadOnlyList<OpenAlarm> Alarms, DateTimeOffset? DatabaseAwaySince, TimeSpan ClockOffset);

/// <summary>
/// The state of the log as of a few seconds ago, for whoever asks without a query of their own: metrics, readiness, the page. Written by one worker, safe
/// to read from anywhere.
/// </summary>
internal sealed class ServerState(TimeProvider time)
{
    private static readonly TimeSpan GrowthPeriod = TimeSpan.FromHours(1);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMinutes(1);

    private readonly Queue<(DateTimeOffset At, long Size)> _sizes = new(); // one a minute over the period; only the worker touches it
    private volatile StateSeen _seen = new(time.GetUtcNow(), null, [], null, TimeSpan.Zero);
    private volatile Growth? _grown;

    /// <summary>When this server started.</summary>
    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    public StateSeen Seen => _seen;

    /// <summary>Entries that came in the last hour, or since this server started where that is less; null before the second look.</summary>
    public Growth? Grown => _grown;

    /// <summary>Age of the oldest entry that waits for its place, counted on from the last look.</summary>
    public TimeSpan QueueAge => _seen is { Log: { OldestQueued: { } oldest, Now: var now }, At: var at } && (now - oldest) + (time.GetUtcNow() - at) is var age && age > TimeSpan.Zero
        ? age
        : TimeSpan.Zero;

    public void Saw(LogWatch log, IReadOnlyList<OpenAlarm> alarms, TimeSpan clockOffset)
    {
        var now = time.GetUtcNow();
        _seen = new StateSeen(now, log, alarms, null, clockOffset);
        if (_sizes.Count == 0 || now - _sizes.Last().At >= SampleInterval)
        {
            _sizes.Enqueue((now, log.Size));
        }
        while (_sizes.Count > 1 && now - _sizes.Peek().At > GrowthPeriod)
        {
            _sizes.Dequeue();
        }
        var (since, size) = _sizes.Peek();
        _grown = new Growth(log.Size - size, now - since);
    }

    /// <summary>The database did not answer: what was seen before stays as what is known.</summary>
    public void Missed() => _seen = _seen with { DatabaseAwaySince = _seen.DatabaseAwaySince ?? time.GetUtcNow() };
}

/// <summary>How the log grew.</summary>
internal sealed record Growth(long Entries, TimeSpan Period);
