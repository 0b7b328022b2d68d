using Microsoft.Extensions.Options;
using TrustChain.Core.Verification;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Rpc;
using TrustChain.Server.Hosting;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Anchoring;

/// <summary>Which chain and contract this log is anchored in, once the node has confirmed it.</summary>
internal sealed class ChainIdentity(EvmNode node, AnchorRegistry registry, KeyRing ring, IOptions<ServerOptions> server, IOptions<AnchoringOptions> options)
{
    private volatile TrustFile? _trust;

    /// <summary>Null until the node was reached.</summary>
    public TrustFile? Trust => _trust;

    /// <summary>What the bundle says of the log.</summary>
    public LogIdentity Log => new(server.Value.Origin, ring.Verifier.Text, options.Value.ChainId, registry.Address.ToString());

    /// <summary>Asks the node for its chain id and first block.</summary>
    /// <exception cref="InvalidOperationException">The node serves another chain than the one configured.</exception>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        if (_trust is not null)
        {
            return;
        }
        var chainId = await node.GetChainIdAsync(cancellationToken);
        if (chainId != (ulong)options.Value.ChainId)
        {
            throw new InvalidOperationException($"The node serves chain {chainId}, but Anchoring:ChainId is {options.Value.ChainId}.");
        }
        var genesis = await node.GetBlockAsync(BlockTag.Number(0), cancellationToken) ?? throw new InvalidOperationException("The node has no block 0.");
        _trust = new TrustFile(server.Value.Origin, ring.Verifier.Text, options.Value.ChainId, registry.Address.ToString(), "0x" + genesis.Hash.ToHex());
    }
}
