using System.Numerics;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;

namespace TrustChain.Evm.Transactions;

/// <summary>Fills in what a transaction of an account needs to be mined now: fees and gas limit, within a policy. Signs and sends nothing.</summary>
public sealed class TransactionBuilder(EvmNode node, Address sender, ulong chainId, FeePolicy fees)
{
    /// <summary>
    /// Builds a transaction without value.
    /// </summary>
    /// <param name="to">The contract to call; null creates one.</param>
    /// <param name="data">Call data, or bytecode with constructor arguments.</param>
    /// <param name="nonce">The nonce the caller has set aside for it.</param>
    /// <param name="replaces">A waiting transaction of the same nonce whose fees this one must exceed; null where the nonce is fresh.</param>
    /// <param name="cancellationToken">Ends the requests to the node.</param>
    /// <exception cref="ArgumentException"><paramref name="replaces"/> has another nonce.</exception>
    /// <exception cref="RpcUnavailableException">The node gave no usable answer.</exception>
    /// <exception cref="RpcErrorException">The node answered with an error that is not a revert.</exception>
    public async Task<BuildResult> BuildAsync(
        Address? to, ReadOnlyMemory<byte> data, ulong nonce, Eip1559Transaction? replaces, CancellationToken cancellationToken)
    {
        if (replaces is not null && replaces.Nonce != nonce)
        {
            throw new ArgumentException("A replacement has the nonce of the transaction it replaces.", nameof(replaces));
        }
        var block = await node.GetBlockAsync(BlockTag.Latest, cancellationToken) ?? throw new RpcUnavailableException("The node has no latest block.");
        var baseFee = block.BaseFeePerGas ?? throw new RpcUnavailableException("The chain has no base fee: it does not take EIP-1559 transactions.");
        var suggested = await node.GetMaxPriorityFeeAsync(cancellationToken);
        if (fees.ComputeFees(baseFee, suggested, replaces) is not var (maxFee, priorityFee))
        {
            return new BuildResult.AboveCeiling($"The base fee is {baseFee} wei per gas; the ceilings are {fees.MaxFeePerGasCeiling} for the whole fee and "
                + $"{fees.MaxPriorityFeePerGasCeiling} for the priority fee{(replaces is null ? "" : ", and a replacement must pay an eighth more")}.");
        }

        ulong estimate;
        try
        {
            estimate = await node.EstimateGasAsync(sender, to, data, BigInteger.Zero, cancellationToken);
        }
        catch (RpcErrorException exception) when (exception.IsRevert)
        {
            return new BuildResult.WouldRevert(exception.Data, exception.NodeMessage);
        }
        var gasLimit = (BigInteger)estimate * (100 + fees.GasMarginPercent) / 100;
        if (gasLimit > fees.GasLimitCeiling)
        {
            return new BuildResult.AboveCeiling($"The gas limit would be {gasLimit}; the ceiling is {fees.GasLimitCeiling}.");
        }

        return new BuildResult.Ready(new Eip1559Transaction
        {
            ChainId = chainId,
            Nonce = nonce,
            MaxPriorityFeePerGas = priorityFee,
            MaxFeePerGas = maxFee,
            GasLimit = (ulong)gasLimit,
            To = to,
            Data = data,
        });
    }
}

/// <summary>Whether a transaction can be made now.</summary>
public abstract record BuildResult
{
    private BuildResult()
    {
    }

    /// <summary>Not signed yet.</summary>
    public sealed record Ready(Eip1559Transaction Transaction) : BuildResult;

    /// <summary>The node says the execution would revert now. The data is what the contract reverted with; null where the node does not say.</summary>
    public sealed record WouldRevert(ReadOnlyMemory<byte>? RevertData, string NodeMessage) : BuildResult;

    /// <summary>It would cost more than the fee policy allows; the detail says what.</summary>
    public sealed record AboveCeiling(string Detail) : BuildResult;
}
