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

    /// <summary>Creates the contract and waits until a block holds it; see <see cref="OneTransaction"/> for what may go wrong.</summary>
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
        var receipt = await OneTransaction.SendAsync(node, key, chainId, null, Encode(originHash, admin, publisher), fees, time, timeout, cancellationToken);
        return receipt.ContractAddress is { } registry
            ? new RegistryDeployment(registry, receipt.TransactionHash, receipt.BlockNumber)
            : throw new RpcUnavailableException($"The receipt of {Hex.Encode(receipt.TransactionHash)} names no contract.");
    }
}
