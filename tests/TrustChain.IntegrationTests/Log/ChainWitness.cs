using System.Text;
using TrustChain.Core.Verification;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Wire;

namespace TrustChain.IntegrationTests.Log;

/// <summary>Asks a real node what verification needs. Every failure throws: in these tests the node is there.</summary>
internal sealed class ChainWitness : IDisposable
{
    private readonly HttpClient _client = new();

    public ChainWitness(string rpcUrl)
    {
        Node = new EvmNode(new JsonRpcClient(_client, new Uri(rpcUrl), new JsonRpcOptions(), TimeProvider.System));
    }

    public EvmNode Node { get; }

    public AnchorRegistry Registry(Address address) => new(Node, address);

    public static async Task<ChainObservation> ObserveAsync(string rpcUrl, IReadOnlyList<BundleAnchor> anchors)
    {
        using var witness = new ChainWitness(rpcUrl);
        var genesis = await witness.Node.GetBlockAsync(BlockTag.Number(0), TestContext.Current.CancellationToken);
        var observed = new List<AnchorObservation>();
        foreach (var anchor in anchors)
        {
            observed.Add(await witness.ObserveAsync(anchor));
        }
        return new ChainObservation
        {
            ChainId = (long)await witness.Node.GetChainIdAsync(TestContext.Current.CancellationToken),
            Genesis = Hex.Encode(genesis!.Hash),
            Anchors = observed,
        };
    }

    public void Dispose() => _client.Dispose();

    private async Task<AnchorObservation> ObserveAsync(BundleAnchor anchor)
    {
        var registry = Registry(Address.Parse(anchor.Registry));
        Assert.True(Hex.TryDecodeHash(Encoding.ASCII.GetBytes(anchor.Transaction), out var transaction));
        var receipt = await Node.GetReceiptAsync(transaction, TestContext.Current.CancellationToken);
        Assert.NotNull(receipt);
        var block = await Node.GetBlockAsync(BlockTag.Number(receipt.BlockNumber), TestContext.Current.CancellationToken);
        Assert.NotNull(block);
        var to = Assert.Single(receipt.Logs).Address.ToString(); // The registry's own event.
        return new AnchorObservation
        {
            HasCode = true,
            OriginHash = await registry.GetOriginHashAsync(BlockTag.Latest, TestContext.Current.CancellationToken),
            RootAt = await registry.GetRootAtAsync((ulong)anchor.Size, BlockTag.Latest, TestContext.Current.CancellationToken),
            Transaction = new TransactionObservation(receipt.Succeeded, to, (long)receipt.BlockNumber, Hex.Encode(receipt.BlockHash), block.Timestamp),
        };
    }
}
