using TrustChain.Core.Verification;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Wire;
using TrustChain.Postgres.Anchoring;
using TrustChain.Server.Hosting;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Anchoring;

/// <summary>Which chain and contract a target is, once the node has confirmed it.</summary>
internal sealed class ChainIdentity(
    string target, AnchorTargetOptions options, EvmNode node, AnchorRegistry registry, Address publisher, AnchorTargetStore targets, KeyRing ring, ServerOptions server)
{
    private volatile TrustFile? _trust;

    /// <summary>Null until the node was reached.</summary>
    public TrustFile? Trust => _trust;

    /// <summary>What the bundle says of the log.</summary>
    public LogIdentity Log => new(server.Origin, ring.Verifier.Text, options.ChainId, registry.Address.ToString());

    /// <summary>Asks the node for its chain id and first block, and until it has agreed once also for whose contract it is: another node may stand behind the address by now.</summary>
    /// <exception cref="AnchorFaultException">The node serves another chain, or the contract is another log's or another publisher's.</exception>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        var chainId = await node.GetChainIdAsync(cancellationToken);
        if (chainId != (ulong)options.ChainId)
        {
            throw new AnchorFaultException(AnchorAlarm.WrongChain, $"The node serves chain {chainId}, but ChainId is {options.ChainId}.");
        }
        if (_trust is { } trust)
        {
            if (await ReadGenesisAsync(cancellationToken) is var first && first != trust.Genesis)
            {
                throw new AnchorFaultException(AnchorAlarm.WrongChain, $"The node's first block is {first}; that of the chain is {trust.Genesis}.");
            }
            return;
        }
        var genesis = await ConfirmGenesisAsync(cancellationToken);
        if (await registry.GetOriginHashAsync(BlockTag.Latest, cancellationToken) != RegistryDeployment.HashOrigin(server.Origin))
        {
            throw new AnchorFaultException(AnchorAlarm.WrongRegistry, $"The contract at {registry.Address} belongs to another log than \"{server.Origin}\".");
        }
        _trust = new TrustFile(server.Origin, ring.Verifier.Text, options.ChainId, registry.Address.ToString(), genesis);
    }

    /// <summary>Whether the contract takes anchors from this server's account.</summary>
    public async Task<bool> IsPublisherAsync(CancellationToken cancellationToken) => await registry.GetPublisherAsync(BlockTag.Latest, cancellationToken) == publisher;

    /// <summary>Asks the contract who may anchor.</summary>
    /// <exception cref="AnchorFaultException">Somebody else.</exception>
    public async Task ConfirmPublisherAsync(CancellationToken cancellationToken)
    {
        if (await registry.GetPublisherAsync(BlockTag.Latest, cancellationToken) is var named && named != publisher)
        {
            throw new AnchorFaultException(AnchorAlarm.NotPublisher, $"The contract's publisher is {named}, but this server sends from {publisher}.");
        }
    }

    private async Task<string> ReadGenesisAsync(CancellationToken cancellationToken) =>
        Hex.Encode((await node.GetBlockAsync(BlockTag.Number(0), cancellationToken) ?? throw new RpcUnavailableException("The node has no block 0.")).Hash);

    private async Task<string> ConfirmGenesisAsync(CancellationToken cancellationToken)
    {
        var genesis = await ReadGenesisAsync(cancellationToken);
        if (options.Genesis.Length > 0 && options.Genesis != genesis)
        {
            throw new AnchorFaultException(AnchorAlarm.WrongChain, $"The chain's first block is {genesis}, but Genesis is {options.Genesis}.");
        }
        var remembered = await targets.RememberGenesisAsync(target, genesis, replace: options.Genesis.Length > 0, cancellationToken);
        return remembered == genesis
            ? genesis
            : throw new AnchorFaultException(
                AnchorAlarm.WrongChain, $"The chain's first block is {genesis}; it was {remembered} before. If the chain was meant to change, set Genesis to the new hash.");
    }
}
