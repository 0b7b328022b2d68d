using System.Numerics;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Anchoring;

/// <summary>State of an anchor, from preparing its transaction to finality; <c>docs/anchoring.md</c> has the diagram.</summary>
public enum AnchorState
{
    /// <summary>Stored; maybe sent.</summary>
    Prepared,

    /// <summary>A node took it.</summary>
    Sent,

    /// <summary>It is in a block.</summary>
    Mined,

    /// <summary>It is in a block deep enough, or finalized.</summary>
    Final,

    /// <summary>Its block left the chain; it is sent again, or superseded.</summary>
    Reorged,

    /// <summary>A larger anchor covers it or it can no longer be mined, so it is not sent again.</summary>
    Superseded,
}

/// <summary>An anchor in a registry contract.</summary>
public sealed record StoredAnchor
{
    public required long Id { get; init; }

    /// <summary>Name of the target in the configuration; the first is "primary".</summary>
    public required string Target { get; init; }

    public required long ChainId { get; init; }

    public required string Registry { get; init; }

    public required long Size { get; init; }

    public required Hash32 Root { get; init; }

    public required AnchorState State { get; init; }

    /// <summary>The account that sends it; empty for anchors of before accounts were stored.</summary>
    public string Sender { get; init; } = "";

    public required long Nonce { get; init; }

    /// <summary>Hash of the transaction that a block holds, else of the newest one made for it. Empty while only an external signer knows it.</summary>
    public string Transaction { get; init; } = "";

    public long? Block { get; init; }

    public string? BlockHash { get; init; }

    public DateTimeOffset? BlockTime { get; init; }

    public long? GasUsed { get; init; }

    public required DateTimeOffset PreparedAt { get; init; }

    /// <summary>The newest block when it was prepared.</summary>
    public long? PreparedBlock { get; init; }

    /// <summary>Why it is reorged or superseded.</summary>
    public string? Reason { get; init; }

    /// <summary>Neither in a block nor given up: it has to be sent, or sent again.</summary>
    public bool IsWaiting => State is AnchorState.Prepared or AnchorState.Sent or AnchorState.Reorged;
}

/// <summary>One transaction made for an anchor; the others of the anchor have the same nonce.</summary>
public sealed record StoredTransaction
{
    public required long Id { get; init; }

    public required long AnchorId { get; init; }

    /// <summary>0x and 64 digits; null while only an external signer knows it.</summary>
    public string? Hash { get; init; }

    /// <summary>The signed bytes; null where an external signer keeps them.</summary>
    public byte[]? Raw { get; init; }

    public required long GasLimit { get; init; }

    /// <summary>Wei per gas.</summary>
    public required BigInteger MaxFee { get; init; }

    /// <summary>Wei per gas.</summary>
    public required BigInteger PriorityFee { get; init; }

    public required DateTimeOffset PreparedAt { get; init; }

    /// <summary>When a node first took it.</summary>
    public DateTimeOffset? SentAt { get; init; }
}

/// <summary>Where a transaction was found on the chain, and what it cost.</summary>
/// <param name="TransactionId">The stored transaction; null for one that is not known here.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Block">Number of its block.</param>
/// <param name="BlockHash">Hash of its block.</param>
/// <param name="BlockTime">Time of its block.</param>
/// <param name="GasUsed">Gas it used.</param>
/// <param name="GasPrice">Wei per gas; null where the node does not say.</param>
public sealed record MinedTransaction(long? TransactionId, string Hash, long Block, string BlockHash, DateTimeOffset BlockTime, long GasUsed, BigInteger? GasPrice);

/// <summary>An anchor at a timestamp authority.</summary>
public sealed record StoredTimestamp
{
    public required long Id { get; init; }

    public required string Target { get; init; }

    public required long Size { get; init; }

    public required Hash32 Root { get; init; }

    /// <summary>Prepared, final or superseded.</summary>
    public required AnchorState State { get; init; }

    /// <summary>The TimeStampToken over the checkpoint of this size, DER; set once final.</summary>
    public byte[]? Token { get; init; }

    /// <summary>The authority's time; set once final.</summary>
    public DateTimeOffset? TokenTime { get; init; }

    public required DateTimeOffset PreparedAt { get; init; }
}

/// <summary>Something that failed, from its first time until it was well again.</summary>
public sealed record StoredFailure(
    string Target, string Code, string Detail, long Times, DateTimeOffset BeganAt, DateTimeOffset LastAt, DateTimeOffset? EndedAt);

/// <summary>What anchoring costs, in wei.</summary>
/// <param name="SpentToday">Paid for transactions in blocks of the day.</param>
/// <param name="Reserved">What those that wait may cost at most.</param>
public sealed record AnchorSpending(BigInteger SpentToday, BigInteger Reserved);

/// <summary>What a target's anchors of a period cost together.</summary>
/// <param name="Cost">Wei.</param>
/// <param name="Entries">Log entries they covered that no earlier one did.</param>
/// <param name="Anchors">How many.</param>
public sealed record AnchorCost(BigInteger Cost, long Entries, long Anchors);
