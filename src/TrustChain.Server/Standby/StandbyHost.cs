using Npgsql;

namespace TrustChain.Server.Standby;

/// <summary>
/// One host of the connection string, and what is known of it as a standby. How fresh it is follows from positions in the write-ahead log alone, without
/// anybody's clock: what it has repeated is compared with what was durable on the primary at moments that this process remembers.
/// </summary>
/// <param name="name">As the connection string names it.</param>
/// <param name="source">Connections to this host alone.</param>
/// <param name="time">Measures.</param>
internal sealed class StandbyHost(string name, NpgsqlDataSource source, TimeProvider time) : IAsyncDisposable
{
    /// <summary>More moments than that are not remembered of a standby that has come to a halt; the oldest are forgotten.</summary>
    private const int MaxMoments = 4_096;

    private readonly Queue<(long At, ulong Position)> _ahead = new(); // what it had not repeated yet; only its watch touches it
    private volatile State _state = new(IsStandby: false, 0, null);

    private sealed record State(bool IsStandby, ulong Replayed, long? FreshAt);

    public string Name => name;

    public NpgsqlDataSource Source => source;

    /// <summary>Whether it was a standby when it was last asked, and answered.</summary>
    public bool IsStandby => _state.IsStandby;

    /// <summary>It shows everything that was durable this long ago; null when that was never seen of it.</summary>
    public TimeSpan? Lag => _state.FreshAt is { } at ? time.GetElapsedTime(at) : null;

    /// <summary>Whether a read there sees everything up to a position, and everything older than a time.</summary>
    public bool Shows(ulong position, TimeSpan maxLag) => _state is { IsStandby: true, FreshAt: { } at } state && state.Replayed >= position && time.GetElapsedTime(at) <= maxLag;

    /// <summary>It answered.</summary>
    /// <param name="asked">A moment before the primary was asked.</param>
    /// <param name="position">What was durable there.</param>
    /// <param name="replayed">What this host has repeated, asked after that; null: it is no standby.</param>
    public void Saw(long asked, ulong position, ulong? replayed)
    {
        var fresh = _state.FreshAt;
        _ahead.Enqueue((asked, position));
        while (_ahead.TryPeek(out var moment) && (replayed >= moment.Position || _ahead.Count > MaxMoments))
        {
            _ahead.Dequeue();
            fresh = replayed >= moment.Position ? moment.At : fresh;
        }
        _state = new State(replayed is not null, replayed ?? 0, fresh);
    }

    /// <summary>It did not answer: nobody reads there until it does.</summary>
    public void Missed() => _state = _state with { IsStandby = false };

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
