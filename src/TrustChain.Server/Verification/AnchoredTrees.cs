using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Log;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Log;

namespace TrustChain.Server.Verification;

/// <summary>What a target on a chain holds of the log.</summary>
/// <param name="Log">What a bundle says of the log: its origin and key, the target's chain and contract.</param>
/// <param name="Anchored">The newest final anchor with the checkpoint of its size, if there is one.</param>
internal sealed record AnchoredTree(LogIdentity Log, (StoredAnchor Anchor, StoredCheckpoint Checkpoint)? Anchored);

/// <summary>Anchors and timestamps as bundles hold them.</summary>
internal sealed class AnchoredTrees(
    LogHead head, LogStore log, ChainIdentity primary, AnchorTargets targets, AnchorStore anchors, AnchorTargetStore timestamps, TileCache tiles)
{
    private readonly bool _hasTimestamps = targets.All.Any(static t => t is TimestampTarget);

    /// <summary>What the primary target holds.</summary>
    public AnchoredTree Primary => new(primary.Log, head.Anchored);

    /// <summary>What a target holds; null when there is no target on a chain of that name.</summary>
    public async Task<AnchoredTree?> FindAsync(string? target, CancellationToken cancellationToken)
    {
        if (target is null or AnchorStore.Primary)
        {
            return Primary;
        }
        if (targets.Find(target) is not EvmTarget evm)
        {
            return null;
        }
        var anchor = await anchors.FindLatestFinalAsync(target, cancellationToken);
        var checkpoint = anchor is null ? null : await log.FindCheckpointAsync(anchor.Size, cancellationToken);
        return new AnchoredTree(evm.Identity.Log, anchor is null || checkpoint is null ? null : (anchor, checkpoint));
    }

    /// <summary>An anchor with the proof that a checkpoint continues it.</summary>
    public async Task<BundleAnchor> MakeAnchorAsync(StoredAnchor anchor, long size, CancellationToken cancellationToken) => new(
        anchor.ChainId,
        anchor.Registry,
        anchor.Size,
        anchor.Root,
        anchor.Transaction,
        anchor.Block!.Value, // A final anchor has its block.
        anchor.BlockHash!,
        anchor.BlockTime!.Value,
        await ProveAsync(anchor.Size, size, cancellationToken));

    /// <summary>Of every timestamp authority the newest token that a bundle up to this size can hold.</summary>
    public async Task<IReadOnlyList<BundleTimestamp>> ListTimestampsAsync(long size, CancellationToken cancellationToken)
    {
        var list = new List<BundleTimestamp>();
        foreach (var stamped in _hasTimestamps ? await timestamps.ListLatestFinalTimestampsAsync(size, cancellationToken) : [])
        {
            list.Add(new BundleTimestamp(stamped.Size, stamped.Root, stamped.Token, await ProveAsync(stamped.Size, size, cancellationToken)));
        }
        return list;
    }

    private async Task<IReadOnlyList<Hash32>> ProveAsync(long from, long to, CancellationToken cancellationToken) =>
        from == to ? [] : await tiles.BuildAsync(ProofPlan.Consistency(from, to), cancellationToken);
}
