namespace TrustChain.Postgres.Capture;

/// <summary>How fast the group commit writes, learnt from its batches: what a commit takes by itself, and what each record adds. One learns, any number may ask.</summary>
public sealed class CommitPace
{
    private const double NewestWeight = 0.3; // of the newest batch in what a record adds
    private const int FewRecords = 100; // a batch of no more takes what a commit takes, and little else
    private const double Forgetting = 1.1; // for each such batch, of the shortest commit

    private double _secondsPerRecord; // 0: no batch was written yet
    private double _commitSeconds; // 0: no small batch was written yet

    /// <summary>What a commit takes however little is in it, by the shortest of late: the way to the disk, and to a synchronous standby. Zero until a small batch was written.</summary>
    public TimeSpan CommitTime => TimeSpan.FromSeconds(Volatile.Read(ref _commitSeconds));

    /// <summary>
    /// How long so many records take beside the commits themselves, an hour at most; zero while nothing was written yet. Learnt from batches smaller than those of a backlog it is too long.
    /// </summary>
    public TimeSpan Expect(long records) => TimeSpan.FromSeconds(Math.Min(3600, Math.Max(0, records) * Volatile.Read(ref _secondsPerRecord)));

    /// <summary>Learns from a batch.</summary>
    /// <param name="took">From its beginning to the end of its commit.</param>
    /// <param name="records">Records in it.</param>
    public void Learn(TimeSpan took, int records)
    {
        var commit = _commitSeconds;
        if (records <= FewRecords)
        {
            commit = commit == 0 ? took.TotalSeconds : Math.Min(took.TotalSeconds, commit * Forgetting);
            Volatile.Write(ref _commitSeconds, commit);
        }
        var each = Math.Max(0, took.TotalSeconds - commit) / Math.Max(1, records);
        Volatile.Write(ref _secondsPerRecord, _secondsPerRecord == 0 ? each : ((1 - NewestWeight) * _secondsPerRecord) + (NewestWeight * each));
    }
}
