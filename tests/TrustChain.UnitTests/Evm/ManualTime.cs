namespace TrustChain.UnitTests.Evm;

/// <summary>
/// A clock that stands still. A timer due within <see cref="FiresWithin"/> fires at once and its due time is recorded; a longer one never fires. So pauses
/// cost no time, and a test chooses whether timeouts happen.
/// </summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _fired = [];
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    public TimeSpan FiresWithin { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Due times of the timers that fired, in order.</summary>
    public IReadOnlyList<TimeSpan> Fired
    {
        get
        {
            lock (_lock)
            {
                return [.. _fired];
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private bool TryFire(TimeSpan dueTime)
    {
        lock (_lock)
        {
            if (dueTime < TimeSpan.Zero || dueTime > FiresWithin)
            {
                return false;
            }
            _fired.Add(dueTime);
            _now += dueTime;
            return true;
        }
    }

    private sealed class ManualTimer(ManualTime clock, TimerCallback callback, object? state) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (clock.TryFire(dueTime))
            {
                // Not on the caller's stack: whoever creates a timer has not finished setting itself up.
                ThreadPool.QueueUserWorkItem(_ => callback(state));
            }
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
