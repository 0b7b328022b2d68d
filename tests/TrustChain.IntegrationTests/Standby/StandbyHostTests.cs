using Npgsql;
using TrustChain.Server.Standby;

namespace TrustChain.IntegrationTests.Standby;

/// <summary>When a host may be read from, by what was seen of it. Nothing connects here.</summary>
public sealed class StandbyHostTests
{
    private static readonly TimeSpan MaxLag = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Standby_ThatKeepsUp_IsReadFrom_UpToWhatItHasRepeated()
    {
        var time = new SetTime();
        await using var host = Make(time);
        Assert.False(host.Shows(0, MaxLag)); // Nobody has asked it yet.

        host.Saw(time.GetTimestamp(), position: 100, replayed: 120);

        Assert.True(host.Shows(120, MaxLag));
        Assert.False(host.Shows(121, MaxLag));
    }

    [Fact]
    public async Task Standby_ThatFallsBehind_IsReadFromUntilItsLagIsTooLong_AndAgainOnceItHasCaughtUp()
    {
        var time = new SetTime();
        await using var host = Make(time);
        host.Saw(time.GetTimestamp(), position: 100, replayed: 100);
        foreach (var position in (ulong[])[200, 300, 400, 500])
        {
            time.Pass(TimeSpan.FromMilliseconds(200));
            host.Saw(time.GetTimestamp(), position, replayed: 150);
        }
        Assert.True(host.Shows(150, MaxLag)); // 0.8 s
        time.Pass(TimeSpan.FromMilliseconds(300));
        Assert.False(host.Shows(0, MaxLag));
        Assert.Equal(1.1, host.Lag!.Value.TotalSeconds, 3); // Seen above.

        // It has repeated what was durable 0.5 s ago, not what is now.
        host.Saw(time.GetTimestamp(), position: 600, replayed: 450);

        Assert.Equal(0.5, host.Lag!.Value.TotalSeconds, 3);
        Assert.True(host.Shows(450, MaxLag));
    }

    [Fact]
    public async Task Host_ThatIsAwayOrThePrimary_IsNotReadFrom()
    {
        var time = new SetTime();
        await using var host = Make(time);
        host.Saw(time.GetTimestamp(), position: 100, replayed: 100);

        host.Missed();
        Assert.False(host.Shows(0, MaxLag));

        host.Saw(time.GetTimestamp(), position: 100, replayed: null);
        Assert.False(host.Shows(0, MaxLag));
        Assert.False(host.IsStandby);

        host.Saw(time.GetTimestamp(), position: 100, replayed: 100);
        Assert.True(host.Shows(100, MaxLag));
    }

    private static StandbyHost Make(TimeProvider time) => new("db2", NpgsqlDataSource.Create("Host=db2"), time);

    private sealed class SetTime : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Pass(TimeSpan time) => _now += time.Ticks;
    }
}
