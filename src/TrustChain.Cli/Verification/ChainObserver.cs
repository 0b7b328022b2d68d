using System.Text;
using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Wire;

namespace TrustChain.Cli.Verification;

/// <summary>Asks one blockchain node what a bundle's anchors need. Whatever the node does not answer becomes "unavailable", never "not anchored".</summary>
internal sealed class ChainObserver(NodeConnection connection)
{
    private readonly EvmNode _node = connection.Node;

    /// <summary>What the node says of each anchor, in the bundle's order.</summary>
    public async Task<ChainObservation> ObserveAsync(IReadOnlyList<BundleAnchor> anchors, CancellationToken cancellationToken)
    {
        try
        {
            var (chainId, genesis) = await connection.GetIdentityAsync(cancellationToken);
            var observations = new List<AnchorObservation>(anchors.Count);
            foreach (var anchor in anchors)
            {
                observations.Add(await ObserveAsync(anchor, cancellationToken));
            }
            return new ChainObservation { ChainId = chainId, Genesis = genesis, Anchors = observations };
        }
        catch (Exception exception) when (exception is RpcUnavailableException or RpcErrorException)
        {
            return new ChainObservation { Unavailable = exception.Message.TrimEnd('.').ReplaceLineEndings(" ") };
        }
    }

    private async Task<AnchorObservation> ObserveAsync(BundleAnchor anchor, CancellationToken cancellationToken)
    {
        if (!Address.TryParse(anchor.Registry, out var address))
        {
            return new AnchorObservation(); // Nothing can be at what is no address.
        }
        var registry = new AnchorRegistry(_node, address);
        try
        {
            return new AnchorObservation
            {
                HasCode = true,
                OriginHash = await registry.GetOriginHashAsync(BlockTag.Latest, cancellationToken),
                RootAt = await registry.GetRootAtAsync((ulong)anchor.Size, BlockTag.Latest, cancellationToken),
                Transaction = await FindTransactionAsync(anchor, address, cancellationToken),
            };
        }
        catch (RegistryMismatchException exception)
        {
            return new AnchorObservation { HasCode = exception.Reason != RegistryMismatch.NoCode };
        }
        catch (RpcErrorException exception) when (exception.IsRevert)
        {
            return new AnchorObservation { HasCode = true }; // A contract that refuses these questions is no registry of this log.
        }
    }

    private async Task<TransactionObservation?> FindTransactionAsync(BundleAnchor anchor, Address registry, CancellationToken cancellationToken)
    {
        if (!Hex.TryDecodeHash(Encoding.UTF8.GetBytes(anchor.Transaction), out var hash)
            || await _node.GetReceiptAsync(hash, cancellationToken) is not { } receipt)
        {
            return null;
        }
        var block = await _node.GetBlockAsync(BlockTag.Number(receipt.BlockNumber), cancellationToken);
        if (block is null || block.Hash != receipt.BlockHash)
        {
            throw new RpcUnavailableException($"the node contradicts itself about block {receipt.BlockNumber}; the chain may be reorganising");
        }
        // A publisher that is a contract itself (a multi-signature wallet) is what the transaction is sent to; then the registry's event counts.
        var to = receipt.Logs.Any(log => log.Address == registry) ? anchor.Registry : await GetRecipientAsync(hash, cancellationToken);
        return new TransactionObservation(receipt.Succeeded, to, (long)receipt.BlockNumber, Hex.Encode(receipt.BlockHash), block.Timestamp);
    }

    /// <summary>Address a transaction was sent to; empty when it created a contract.</summary>
    private Task<string> GetRecipientAsync(Hash32 transaction, CancellationToken cancellationToken) => connection.Rpc.CallAsync(
        "eth_getTransactionByHash",
        json => json.WriteStringValue(Hex.Encode(transaction)),
        static (JsonElement result, out string to) =>
        {
            to = JsonMembers.Text(result, "to") ?? "";
            return result.ValueKind == JsonValueKind.Object;
        },
        cancellationToken);
}
