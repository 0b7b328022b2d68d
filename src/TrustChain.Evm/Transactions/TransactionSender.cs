using System.Numerics;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;

namespace TrustChain.Evm.Transactions;

/// <summary>
/// Signs transactions of one account and gives them to a node, in two steps that never happen together: <see cref="PrepareAsync"/> signs, the caller makes
/// the signed bytes durable, <see cref="SendAsync"/> sends them. So a crash in between leaves either nothing or a transaction that can be sent again, and
/// never a second one with a nonce that is already in use. The caller hands out the nonces.
/// </summary>
public sealed class TransactionSender(EvmNode node, Secp256k1Key key, ulong chainId, FeePolicy fees)
{
    /// <summary>The account that signs and pays.</summary>
    public Address Sender => key.Address;

    /// <summary>
    /// Builds and signs a transaction without value, sending nothing.
    /// </summary>
    /// <param name="to">The contract to call; null creates one.</param>
    /// <param name="data">Call data, or bytecode with constructor arguments.</param>
    /// <param name="nonce">The nonce the caller has set aside for it.</param>
    /// <param name="replaces">A waiting transaction of the same nonce whose fees this one must exceed; null where the nonce is fresh.</param>
    /// <param name="cancellationToken">Ends the requests to the node.</param>
    /// <exception cref="ArgumentException"><paramref name="replaces"/> has another nonce.</exception>
    /// <exception cref="RpcUnavailableException">The node gave no usable answer.</exception>
    /// <exception cref="RpcErrorException">The node answered with an error that is not a revert.</exception>
    public async Task<PrepareResult> PrepareAsync(
        Address? to, ReadOnlyMemory<byte> data, ulong nonce, SignedTransaction? replaces, CancellationToken cancellationToken)
    {
        if (replaces is not null && replaces.Transaction.Nonce != nonce)
        {
            throw new ArgumentException("A replacement has the nonce of the transaction it replaces.", nameof(replaces));
        }
        var block = await node.GetBlockAsync(BlockTag.Latest, cancellationToken) ?? throw new RpcUnavailableException("The node has no latest block.");
        var baseFee = block.BaseFeePerGas ?? throw new RpcUnavailableException("The chain has no base fee: it does not take EIP-1559 transactions.");
        var suggested = await node.GetMaxPriorityFeeAsync(cancellationToken);
        if (fees.ComputeFees(baseFee, suggested, replaces?.Transaction) is not var (maxFee, priorityFee))
        {
            return new PrepareResult.AboveCeiling($"The base fee is {baseFee} wei per gas; the ceilings are {fees.MaxFeePerGasCeiling} for the whole fee and "
                + $"{fees.MaxPriorityFeePerGasCeiling} for the priority fee{(replaces is null ? "" : ", and a replacement must pay an eighth more")}.");
        }

        ulong estimate;
        try
        {
            estimate = await node.EstimateGasAsync(key.Address, to, data, BigInteger.Zero, cancellationToken);
        }
        catch (RpcErrorException exception) when (exception.IsRevert)
        {
            return new PrepareResult.WouldRevert(exception.Data, exception.NodeMessage);
        }
        var gasLimit = (BigInteger)estimate * (100 + fees.GasMarginPercent) / 100;
        if (gasLimit > fees.GasLimitCeiling)
        {
            return new PrepareResult.AboveCeiling($"The gas limit would be {gasLimit}; the ceiling is {fees.GasLimitCeiling}.");
        }

        var transaction = new Eip1559Transaction
        {
            ChainId = chainId,
            Nonce = nonce,
            MaxPriorityFeePerGas = priorityFee,
            MaxFeePerGas = maxFee,
            GasLimit = (ulong)gasLimit,
            To = to,
            Data = data,
        };
        return new PrepareResult.Ready(transaction.Sign(key));
    }

    /// <summary>Gives a prepared transaction to the node; safe to repeat, also after a restart.</summary>
    /// <exception cref="RpcUnavailableException">It is not known whether the node has the transaction: send it again later.</exception>
    /// <exception cref="RpcErrorException">The node refused for a reason that <see cref="SendResult"/> does not know.</exception>
    public Task<SendResult> SendAsync(SignedTransaction prepared, CancellationToken cancellationToken) =>
        node.SendRawTransactionAsync(prepared.Raw, cancellationToken);
}
