using System.Diagnostics;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Transactions;

/// <summary>
/// Sends one transaction and waits until a block holds it. For a person at a command line or a development chain: the next nonce of the account is taken
/// from the node, and nothing is stored on the way.
/// </summary>
public static class OneTransaction
{
    private static readonly TimeSpan ReceiptInterval = TimeSpan.FromMilliseconds(500);

    /// <param name="node">A node of the chain.</param>
    /// <param name="key">The account that signs and pays.</param>
    /// <param name="chainId">The chain's id, checked against the node's.</param>
    /// <param name="to">The contract to call; null creates one.</param>
    /// <param name="data">Call data, or bytecode with constructor arguments.</param>
    /// <param name="fees">Ceilings of what it may cost.</param>
    /// <param name="time">Measures the waiting.</param>
    /// <param name="timeout">How long to wait for a block.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The receipt of a transaction that succeeded.</returns>
    /// <exception cref="OneTransactionException">It was not sent, it reverted, or no block held it in time; the message says which.</exception>
    /// <exception cref="RpcUnavailableException">The node gave no usable answer.</exception>
    /// <exception cref="RpcErrorException">The node answered with an error.</exception>
    public static async Task<TransactionReceipt> SendAsync(
        EvmNode node, Secp256k1Key key, ulong chainId, Address? to, ReadOnlyMemory<byte> data, FeePolicy fees, TimeProvider time, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (await node.GetChainIdAsync(cancellationToken) is var actual && actual != chainId)
        {
            throw new OneTransactionException($"The node is on chain {actual}, not {chainId}.");
        }
        var sender = new TransactionSender(node, key, chainId, fees);
        var nonce = await node.GetTransactionCountAsync(key.Address, BlockTag.Pending, cancellationToken);
        var prepared = await sender.PrepareAsync(to, data, nonce, null, cancellationToken) switch
        {
            PrepareResult.Ready ready => ready.Transaction,
            PrepareResult.WouldRevert revert => throw new OneTransactionException($"The contract would refuse it: {revert.NodeMessage}"),
            PrepareResult.AboveCeiling above => throw new OneTransactionException(above.Detail),
            _ => throw new UnreachableException(),
        };
        if (await sender.SendAsync(prepared, cancellationToken) is not SendResult.Accepted and var refusal)
        {
            throw new OneTransactionException($"The node refused the transaction: {refusal}");
        }
        var receipt = await WaitForReceiptAsync(node, prepared.Hash, time, timeout, cancellationToken);
        return receipt.Succeeded ? receipt : throw new OneTransactionException($"The transaction {Hex.Encode(prepared.Hash)} reverted.");
    }

    private static async Task<TransactionReceipt> WaitForReceiptAsync(
        EvmNode node, Hash32 transactionHash, TimeProvider time, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            if (await node.GetReceiptAsync(transactionHash, cancellationToken) is { } receipt)
            {
                return receipt;
            }
            if (time.GetElapsedTime(start) >= timeout)
            {
                throw new OneTransactionException($"No block held the transaction {Hex.Encode(transactionHash)} within {timeout.TotalSeconds} s. It was sent and may still be mined.");
            }
            await Task.Delay(ReceiptInterval, time, cancellationToken);
        }
    }
}

/// <summary>The transaction did not do what it was for, or it is not known that it did.</summary>
public sealed class OneTransactionException(string message) : Exception(message);
