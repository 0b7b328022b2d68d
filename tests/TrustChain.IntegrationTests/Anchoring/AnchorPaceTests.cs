using TrustChain.Server.Anchoring;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>When the next anchor is due, with an interval of one minute and a latency of ten.</summary>
public sealed class AnchorPaceTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    private static readonly PaceFacts OneWaits = new()
    {
        Size = 101,
        Covered = 100,
        WaitingSince = Start,
        LastPrepared = Start.AddMinutes(-30),
        TimeToBlock = null,
        Interval = TimeSpan.FromMinutes(1),
        Latency = TimeSpan.FromMinutes(10),
    };

    [Fact]
    public void NothingNew_NoAnchorEver()
    {
        Assert.Null(AnchorPace.FindDue(OneWaits with { Size = 100, WaitingSince = null }));
        Assert.Null(AnchorPace.FindDue(OneWaits with { Size = 99 }));
    }

    [Theory]
    [InlineData(1, 600)]
    [InlineData(2, 300)]
    [InlineData(10, 60)]
    [InlineData(600, 1)]
    public void TheMoreWait_TheSooner(int entries, int seconds) =>
        Assert.Equal(Start.AddSeconds(seconds), AnchorPace.FindDue(OneWaits with { Size = 100 + entries }));

    [Fact]
    public void NeverMoreOftenThanTheInterval() =>
        Assert.Equal(Start.AddSeconds(50), AnchorPace.FindDue(OneWaits with { Size = 10_000, LastPrepared = Start.AddSeconds(-10) }));

    [Fact]
    public void NeverLaterThanTheLatency_TheWayIntoABlockIncluded()
    {
        Assert.Equal(Start.AddMinutes(9), AnchorPace.FindDue(OneWaits with { TimeToBlock = TimeSpan.FromMinutes(1) }));
        Assert.Equal(Start.AddMinutes(5), AnchorPace.FindDue(OneWaits with { TimeToBlock = TimeSpan.FromHours(2) })); // Half is kept for gathering.
    }
}
