using System.Numerics;
using System.Text;
using TrustChain.Core.Verification;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;

namespace TrustChain.Devnet.Serving;

/// <summary>The registry contract of this devnet's log on its chain, deployed on the first start and whenever the chain has lost it.</summary>
public sealed class Registry
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private Registry(Address address, TrustFile trust)
    {
        Address = address;
        Trust = trust;
    }

    public Address Address { get; }

    /// <summary>What a verifier must know, gathered here and not from the server.</summary>
    public TrustFile Trust { get; }

    /// <summary>Finds or deploys the contract, and gives the publisher money for its transactions.</summary>
    /// <param name="folder">Remembers the address and gets the trust file.</param>
    /// <param name="rpcUrl">The chain.</param>
    /// <param name="keys">The log's and the publisher's.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    public static async Task<Registry> EnsureAsync(DevnetFolder folder, string rpcUrl, OperatorKeys keys, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var rpc = new JsonRpcClient(http, new Uri(rpcUrl), new JsonRpcOptions(), TimeProvider.System);
        var node = new EvmNode(rpc);
        await FundAsync(rpc, keys.Publisher.Address, cancellationToken);
        var remembered = folder.PathOf("registry");
        Address address = default;
        var exists = File.Exists(remembered) && Address.TryParse(File.ReadAllText(remembered).Trim(), out address)
            && (await node.GetCodeAsync(address, BlockTag.Latest, cancellationToken)).Length > 0;
        if (!exists)
        {
            address = await DeployAsync(node, keys.Publisher, OperatorKeys.Origin, cancellationToken);
            folder.WriteSecret("registry", address + "\n");
        }
        var genesis = await node.GetBlockAsync(BlockTag.Number(0), cancellationToken) ?? throw new DevnetException("The chain has no first block.");
        var trust = new TrustFile(OperatorKeys.Origin, keys.LogVerifier.Text, AnvilProcess.ChainId, address.ToString(), "0x" + genesis.Hash.ToHex());
        folder.WriteSecret("trust.json", Encoding.UTF8.GetString(trust.ToUtf8()) + "\n");
        return new Registry(address, trust);
    }

    /// <summary>Deploys a registry for a log's name; nobody administers it.</summary>
    public static async Task<Address> DeployAsync(EvmNode node, Secp256k1Key publisher, string origin, CancellationToken cancellationToken)
    {
        var fees = new FeePolicy { MaxFeePerGasCeiling = BigInteger.Pow(10, 12), MaxPriorityFeePerGasCeiling = BigInteger.Pow(10, 11) };
        var deployed = await RegistryDeployment.DeployAsync(
            node, publisher, await node.GetChainIdAsync(cancellationToken), RegistryDeployment.HashOrigin(origin), default, publisher.Address, fees, TimeProvider.System, Timeout, cancellationToken);
        return deployed.Registry;
    }

    /// <summary>Sets an account's balance to 1,000 ether, which development chains allow.</summary>
    public static Task FundAsync(JsonRpcClient rpc, Address account, CancellationToken cancellationToken) => rpc.CallAsync<bool>(
        "anvil_setBalance",
        writer =>
        {
            writer.WriteStringValue(account.ToString());
            writer.WriteStringValue("0x3635c9adc5dea00000");
        },
        static (System.Text.Json.JsonElement _, out bool done) => done = true,
        cancellationToken);
}
