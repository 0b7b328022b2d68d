using TrustChain.Core.Log;

namespace TrustChain.Core.Verification;

/// <summary>What a node answered about the chain and one registry contract, gathered before verification so that verifying stays pure.</summary>
public sealed record ChainObservation
{
    /// <summary>Why nothing could be observed; null when the node answered.</summary>
    public string? Unavailable { get; init; }

    /// <summary>EIP-155 chain id that the node serves.</summary>
    public long ChainId { get; init; }

    /// <summary>Hash of block 0.</summary>
    public string Genesis { get; init; } = "";

    /// <summary>One answer for each anchor of the bundle, in its order.</summary>
    public IReadOnlyList<AnchorObservation> Anchors { get; init; } = [];
}

/// <summary>What a node answered about one anchor.</summary>
public sealed record AnchorObservation
{
    /// <summary>True when there is contract code at the registry's address.</summary>
    public bool HasCode { get; init; }

    /// <summary>The contract's <c>originHash()</c>.</summary>
    public Hash32 OriginHash { get; init; }

    /// <summary>The contract's <c>rootAt(size)</c>; default when nothing is stored under the size.</summary>
    public Hash32 RootAt { get; init; }

    /// <summary>The transaction's receipt and its block; null when the node does not know the transaction.</summary>
    public TransactionObservation? Transaction { get; init; }
}

/// <summary>Where a transaction was mined.</summary>
/// <param name="Succeeded">Whether it was executed without revert.</param>
/// <param name="To">Address it was sent to.</param>
/// <param name="Block">Block number.</param>
/// <param name="BlockHash">Block hash.</param>
/// <param name="BlockTime">The block's time.</param>
public sealed record TransactionObservation(bool Succeeded, string To, long Block, string BlockHash, DateTimeOffset BlockTime);
