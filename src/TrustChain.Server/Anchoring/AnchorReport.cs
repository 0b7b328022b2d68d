using System.Numerics;
using TrustChain.Postgres.Anchoring;
using TrustChain.Server.Log;

namespace TrustChain.Server.Anchoring;

/// <summary>How anchoring in a target stands.</summary>
internal sealed record TargetReport
{
    public required string Name { get; init; }

    public required AnchorTargetOptions Options { get; init; }

    /// <summary><c>failing</c> with an open alarm, <c>anchoring</c> with an anchor under way, <c>waiting</c> with entries that none covers yet, else <c>current</c>.</summary>
    public required string State { get; init; }

    /// <summary>Entries under the newest checkpoint that no final anchor covers.</summary>
    public required long LagEntries { get; init; }

    /// <summary>Age of the oldest of them.</summary>
    public required TimeSpan Lag { get; init; }

    public required AnchorLine? LastFinal { get; init; }

    /// <summary>Wei per log entry over the last thirty days; null where nothing is paid or nothing was anchored.</summary>
    public required decimal? CostPerRecord { get; init; }

    /// <summary>Wei since midnight UTC; null where nothing is paid.</summary>
    public required BigInteger? SpentToday { get; init; }

    public required IReadOnlyList<StoredFailure> Failures { get; init; }

    /// <summary>Newest first.</summary>
    public required IReadOnlyList<AnchorLine> Anchors { get; init; }

    public bool IsEvm => Options.Kind == AnchorTargetKind.Evm;
}

/// <summary>An anchor of whichever kind.</summary>
/// <param name="Size">Entries.</param>
/// <param name="Root">Their root.</param>
/// <param name="State">How far it is.</param>
/// <param name="Time">Time of the block or of the timestamp.</param>
/// <param name="PreparedAt">When it was prepared.</param>
/// <param name="Reason">Why it is reorged or superseded.</param>
/// <param name="Contract">The stored anchor; null for a timestamp.</param>
internal sealed record AnchorLine(
    long Size, Core.Log.Hash32 Root, AnchorState State, DateTimeOffset? Time, DateTimeOffset PreparedAt, string? Reason, StoredAnchor? Contract)
{
    public static AnchorLine From(StoredAnchor anchor) => new(anchor.Size, anchor.Root, anchor.State, anchor.BlockTime, anchor.PreparedAt, anchor.Reason, anchor);

    public static AnchorLine From(StoredTimestamp timestamp) => new(timestamp.Size, timestamp.Root, timestamp.State, timestamp.TokenTime, timestamp.PreparedAt, null, null);
}

/// <summary>Gathers reports from the database, so that every server gives the same.</summary>
internal sealed class AnchorReports(AnchorTargets targets, AnchorStore anchors, AnchorTargetStore targetStore, AnchorCosts costs, LogHead head, TimeProvider time)
{
    private const int FailuresShown = 50;

    /// <summary>Reports of all targets, or of the one named; empty when there is none of that name.</summary>
    public async Task<IReadOnlyList<TargetReport>> GetAsync(string? target, int anchorsShown, CancellationToken cancellationToken)
    {
        var failures = await targetStore.ListFailuresAsync(FailuresShown, cancellationToken);
        var reports = new List<TargetReport>();
        foreach (var one in targets.All.Where(t => target is null || t.Name == target))
        {
            reports.Add(await MakeAsync(one, [.. failures.Where(f => f.Target == one.Name)], anchorsShown, cancellationToken));
        }
        return reports;
    }

    private async Task<TargetReport> MakeAsync(IAnchorTarget target, IReadOnlyList<StoredFailure> failures, int anchorsShown, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var isEvm = target.Options.Kind == AnchorTargetKind.Evm;
        IReadOnlyList<AnchorLine> lines = isEvm
            ? [.. (await anchors.ListNewestAsync(target.Name, anchorsShown, cancellationToken)).Select(AnchorLine.From)]
            : [.. (await targetStore.ListNewestTimestampsAsync(target.Name, anchorsShown, cancellationToken)).Select(AnchorLine.From)];
        var last = isEvm
            ? await anchors.FindLatestFinalAsync(target.Name, cancellationToken) is { } anchor ? AnchorLine.From(anchor) : null
            : await targetStore.FindLatestFinalTimestampAsync(target.Name, cancellationToken) is { } timestamp ? AnchorLine.From(timestamp) : null;
        var lagEntries = Math.Max(0, (head.Checkpoint?.Size ?? 0) - (last?.Size ?? 0));
        var since = lagEntries == 0 ? null : await anchors.FindWaitingSinceAsync(last?.Size ?? 0, cancellationToken);
        var cost = isEvm ? await costs.GetAsync(target.Name, cancellationToken) : null;
        return new TargetReport
        {
            Name = target.Name,
            Options = target.Options,
            State = failures.Any(static f => f.EndedAt is null) ? "failing"
                : lines.Any(static l => l.State is AnchorState.Prepared or AnchorState.Sent or AnchorState.Mined or AnchorState.Reorged) ? "anchoring"
                : lagEntries > 0 ? "waiting"
                : "current",
            LagEntries = lagEntries,
            Lag = since is { } oldest && now > oldest ? now - oldest : TimeSpan.Zero,
            LastFinal = last,
            CostPerRecord = cost is { Entries: > 0 } ? Math.Round((decimal)cost.Cost / cost.Entries, 3) : null,
            SpentToday = isEvm ? (await anchors.GetSpendingAsync(target.Name, new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero), cancellationToken)).SpentToday : null,
            Failures = failures,
            Anchors = lines,
        };
    }
}
