using TrustChain.Postgres.Capture;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>A backlog is told from a commit that takes long by itself.</summary>
public sealed class CommitPaceTests
{
    private readonly CommitPace _pace = new();

    [Fact]
    public void Nothing_WasWritten_NothingIsExpected()
    {
        Assert.Equal((TimeSpan.Zero, TimeSpan.Zero), (_pace.CommitTime, _pace.Expect(1_000_000)));
    }

    [Fact]
    public void FarStandby_IsTheCommitAndNotTheRecord()
    {
        LearnEach(10, 0.6, records: 1);
        LearnEach(10, 0.65, records: 20);

        Assert.InRange(_pace.CommitTime.TotalSeconds, 0.6, 0.66);
        Assert.InRange(_pace.Expect(200).TotalSeconds, 0, 0.7); // By the time of one record it would be two minutes.
    }

    [Fact]
    public void LargeBatches_SayWhatARecordTakes()
    {
        LearnEach(5, 0.005, records: 1);
        LearnEach(20, 0.505, records: 5_000);

        Assert.InRange(_pace.Expect(20_000).TotalSeconds, 1.8, 2.2);
        LearnEach(20, 1.005, records: 5_000); // Now the disk is half as fast.
        Assert.InRange(_pace.Expect(20_000).TotalSeconds, 3.6, 4.2);
    }

    [Fact]
    public void OneLongCommit_IsNoRule_ButManyAre()
    {
        LearnEach(5, 0.005, records: 1);
        LearnEach(1, 10, records: 1);

        Assert.InRange(_pace.CommitTime.TotalSeconds, 0.005, 0.006);
        LearnEach(100, 2, records: 1);
        Assert.Equal(2, _pace.CommitTime.TotalSeconds, 0.1);
        LearnEach(1, 0.005, records: 1);
        Assert.Equal(0.005, _pace.CommitTime.TotalSeconds, 0.001);
    }

    private void LearnEach(int batches, double seconds, int records)
    {
        for (var i = 0; i < batches; i++)
        {
            _pace.Learn(TimeSpan.FromSeconds(seconds), records);
        }
    }
}
