using System.Numerics;

namespace TrustChain.Evm.Transactions;

/// <summary>What the operator is willing to pay for one transaction. Fees are in wei per gas.</summary>
public sealed record FeePolicy
{
    /// <summary>Highest whole fee. No transaction is signed above it.</summary>
    public required BigInteger MaxFeePerGasCeiling { get; init; }

    /// <summary>Highest priority fee. A suggestion of the node above it is cut to it.</summary>
    public required BigInteger MaxPriorityFeePerGasCeiling { get; init; }

    /// <summary>Highest gas limit. Default five million, which is enough to create the registry.</summary>
    public ulong GasLimitCeiling { get; init; } = 5_000_000;

    /// <summary>What is added to the node's gas estimate, in percent. Default 25.</summary>
    public int GasMarginPercent { get; init; } = 25;

    /// <summary>
    /// Fees for now: twice the base fee and the priority fee, so that the transaction stays valid through five full blocks in a row, within the ceilings.
    /// With <paramref name="replaces"/>, both fees are also an eighth above that transaction's, because nodes take a replacement only from a tenth upward.
    /// Null when the ceilings do not allow a transaction that could be mined at this base fee, or the raise.
    /// </summary>
    public (BigInteger MaxFee, BigInteger PriorityFee)? ComputeFees(BigInteger baseFee, BigInteger suggestedPriorityFee, Eip1559Transaction? replaces)
    {
        var priorityFee = BigInteger.Min(suggestedPriorityFee, MaxPriorityFeePerGasCeiling);
        var maxFee = BigInteger.Min((2 * baseFee) + priorityFee, MaxFeePerGasCeiling);
        if (replaces is not null)
        {
            priorityFee = BigInteger.Max(priorityFee, Raise(replaces.MaxPriorityFeePerGas));
            maxFee = BigInteger.Max(BigInteger.Max(maxFee, priorityFee), Raise(replaces.MaxFeePerGas));
        }
        if (maxFee < baseFee || maxFee > MaxFeePerGasCeiling || priorityFee > MaxPriorityFeePerGasCeiling)
        {
            return null;
        }
        return (maxFee, BigInteger.Min(priorityFee, maxFee));
    }

    private static BigInteger Raise(BigInteger fee) => fee + (fee / 8) + 1;
}
