using System.Diagnostics;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Evm.Generated;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;
using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Anchoring;

/// <summary>Creates the registry of a new log.</summary>
/// <param name="Registry">Where the contract is.</param>
/// <param name="TransactionHash">The transaction that created it.</param>
/// <param name="BlockNumber">The block that holds that transaction.</param>
public sealed record RegistryDeployment(Address Registry, Hash32 TransactionHash, ulong BlockNumber)
{
    private static readonly TimeSpan ReceiptInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>What a registry keeps of its log's name: the SHA-256 of the UTF-8 origin line, without a line end.</summary>
    public static Hash32 HashOrigin(string origin) => Hash32.Compute(Encoding.UTF8.GetBytes(origin));

    /// <summary>Bytecode and constructor arguments: the data of the transaction that creates a registry.</summary>
    /// <param name="originHash">SHA-256 of the log's origin line.</param>
    /// <param name="admin">Who may change the publisher; the zero address for nobody.</param>
    /// <param name="publisher">Who may anchor.</param>
    public static byte[] Encode(Hash32 originHash, Address admin, Address publisher)
    {
        var arguments = new AbiArguments().Add(originHash).Add(admin).Add(publisher).ToArray();
        var digits = AnchorRegistryArtifact.Bytecode.StartsWith("0x", StringComparison.Ordinal)
            ? AnchorRegistryArtifact.Bytecode.AsSpan(2)
            : AnchorRegistryArtifact.Bytecode;
        return [.. Convert.FromHexString(digits), .. arguments];
    }

    /// <summary>
    /// Creates the contract and waits until a block holds it. For a person at a command line or a development chain: the next nonce of the account is
    /// taken from the node, and nothing is stored on the way.
    /// </summary>
    /// <param name="node">A node of the chain.</param>
    /// <param name="key">The account that pays; it gets no rights.</param>
    /// <param name="chainId">The chain's id, checked against the node's.</param>
    /// <param name="originHash">SHA-256 of the log's origin line.</param>
    /// <param name="admin">Who may change the publisher; the zero address for nobody.</param>
    /// <param name="publisher">Who may anchor.</param>
    /// <param name="fees">Ceilings of what it may cost.</param>
    /// <param name="time">Measures the waiting.</param>
    /// <param name="timeout">How long to wait for a block.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="RegistryDeploymentException">It was not sent, it reverted, or no block held it in time; the message says which.</exception>
    /// <exception cref="RpcUnavailableException">The node gave no usable answer.</exception>
    /// <exception cref="RpcErrorException">The node answered with an error.</exception>
    public static async Task<RegistryDeployment> DeployAsync(
        EvmNode node,
        Secp256k1Key key,
        ulong chainId,
        Hash32 originHash,
        Address admin,
        Address publisher,
        FeePolicy fees,
        TimeProvider time,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        if (await node.GetChainIdAsync(cancellationToken) is var actual && actual != chainId)
        {
            throw new RegistryDeploymentException($"The node is on chain {actual}, not {chainId}.");
        }
        var sender = new TransactionSender(node, key, chainId, fees);
        var nonce = await node.GetTransactionCountAsync(key.Address, BlockTag.Pending, cancellationToken);
        var prepared = await sender.PrepareAsync(null, Encode(originHash, admin, publisher), nonce, null, cancellationToken) switch
        {
            PrepareResult.Ready ready => ready.Transaction,
            PrepareResult.WouldRevert revert => throw new RegistryDeploymentException($"The constructor reverts: {revert.NodeMessage}"),
            PrepareResult.AboveCeiling above => throw new RegistryDeploymentException(above.Detail),
            _ => throw new UnreachableException(),
        };
        if (await sender.SendAsync(prepared, cancellationToken) is not SendResult.Accepted and var refusal)
        {
            throw new RegistryDeploymentException($"The node refused the transaction: {refusal}");
        }
        var receipt = await WaitForReceiptAsync(node, prepared.Hash, time, timeout, cancellationToken);
        if (!receipt.Succeeded || receipt.ContractAddress is not { } registry)
        {
            throw new RegistryDeploymentException($"The transaction {Hex.Encode(prepared.Hash)} reverted.");
        }
        return new RegistryDeployment(registry, prepared.Hash, receipt.BlockNumber);
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
                throw new RegistryDeploymentException(
                    $"No block held the transaction {Hex.Encode(transactionHash)} within {timeout.TotalSeconds} s. It was sent and may still be mined.");
            }
            await Task.Delay(ReceiptInterval, time, cancellationToken);
        }
    }
}

/// <summary>The registry was not created, or it is not known that it was.</summary>
public sealed class RegistryDeploymentException(string message) : Exception(message);
