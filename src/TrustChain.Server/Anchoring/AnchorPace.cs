namespace TrustChain.Server.Anchoring;

/// <summary>All that decides when the next anchor is due.</summary>
internal sealed record PaceFacts
{
    /// <summary>Entries under the newest checkpoint.</summary>
    public required long Size { get; init; }

    /// <summary>Entries that the target covers or will once what is in a block is final.</summary>
    public required long Covered { get; init; }

    /// <summary>Since when an entry that is not covered has been under a checkpoint; null when there is none.</summary>
    public required DateTimeOffset? WaitingSince { get; init; }

    /// <summary>When the last anchor was prepared.</summary>
    public required DateTimeOffset? LastPrepared { get; init; }

    /// <summary>How long anchors take into a block.</summary>
    public required TimeSpan? TimeToBlock { get; init; }

    public required TimeSpan Interval { get; init; }

    public required TimeSpan Latency { get; init; }
}

/// <summary>
/// When to anchor. One waiting entry may wait the whole latency; with n waiting the oldest waits an n-th of it, so that an anchor gets the more frequent
/// the more it is worth, but never more frequent than the interval. What anchors usually take into a block, up to half of the latency, is reckoned with.
/// </summary>
internal static class AnchorPace
{
    /// <summary>When the next anchor is due; null when nothing is new, and then there is none.</summary>
    public static DateTimeOffset? FindDue(PaceFacts facts)
    {
        var waiting = facts.Size - facts.Covered;
        if (waiting <= 0 || facts.WaitingSince is not { } since)
        {
            return null;
        }
        var lead = facts.TimeToBlock is { } known && known < facts.Latency / 2 ? known : facts.TimeToBlock is null ? TimeSpan.Zero : facts.Latency / 2;
        var due = since + ((facts.Latency - lead) / waiting);
        return facts.LastPrepared is { } last && last + facts.Interval > due ? last + facts.Interval : due;
    }
}
