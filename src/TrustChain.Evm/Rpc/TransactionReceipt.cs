using System.Numerics;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.Evm.Rpc;

/// <summary>What became of a transaction in the block that holds it, for as long as that block stands.</summary>
public sealed record TransactionReceipt
{
    /// <summary>The transaction.</summary>
    public required Hash32 TransactionHash { get; init; }

    /// <summary>False when the execution reverted; the fee is paid all the same.</summary>
    public required bool Succeeded { get; init; }

    /// <summary>Number of the block that holds it.</summary>
    public required ulong BlockNumber { get; init; }

    /// <summary>Hash of that block: compare it later to see whether the block was replaced.</summary>
    public required Hash32 BlockHash { get; init; }

    /// <summary>Gas this transaction used.</summary>
    public required ulong GasUsed { get; init; }

    /// <summary>Wei paid per gas; null where the node does not say.</summary>
    public required BigInteger? EffectiveGasPrice { get; init; }

    /// <summary>The contract it created; null for any other transaction.</summary>
    public required Address? ContractAddress { get; init; }

    /// <summary>Events the execution emitted, in order.</summary>
    public required IReadOnlyList<TransactionLog> Logs { get; init; }
}

/// <summary>An event a contract emitted.</summary>
/// <param name="Address">The contract.</param>
/// <param name="Topics">The digest of the event's signature and its indexed values, at most four.</param>
/// <param name="Data">The other values in the ABI encoding.</param>
public sealed record TransactionLog(Address Address, IReadOnlyList<Hash32> Topics, ReadOnlyMemory<byte> Data);
