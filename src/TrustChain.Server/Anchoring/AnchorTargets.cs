using System.Numerics;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Log;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Anchoring;

/// <summary>The chain of the primary target, for those who read it: the guard of the log, evidence, pages.</summary>
internal sealed class PrimaryChain
{
    public PrimaryChain(
        IOptions<AnchoringOptions> anchoring, IOptions<ServerOptions> server, AnchorTargetStore targets, KeyRing ring, IHttpClientFactory http, TimeProvider time)
    {
        Connection = new ChainConnection(AnchorStore.Primary, anchoring.Value, server.Value, targets, ring, http, time);
    }

    public ChainConnection Connection { get; }
}

/// <summary>A node, the contract there, and whoever signs for it.</summary>
internal sealed class ChainConnection
{
    public ChainConnection(
        string target, AnchorTargetOptions options, ServerOptions server, AnchorTargetStore targets, KeyRing ring, IHttpClientFactory http, TimeProvider time)
    {
        Node = new EvmNode(new JsonRpcClient(http.CreateClient("rpc"), new Uri(options.RpcUrl), new JsonRpcOptions(), time));
        Registry = new AnchorRegistry(Node, Address.Parse(options.Registry));
        Signer = options.ExternalSigner.Length == 0
            ? new KeySigner(Node, OpenKeystore(options))
            // A request that failed is not repeated by itself: the round that follows knows whether it arrived.
            : new ExternalSigner(
                new EvmNode(new JsonRpcClient(http.CreateClient("rpc"), new Uri(options.ExternalSigner), new JsonRpcOptions { Attempts = 1 }, time)), Address.Parse(options.Publisher));
        Identity = new ChainIdentity(target, options, Node, Registry, Signer.Account, targets, ring, server);
        var ceiling = new BigInteger(options.MaxFeeGwei) * 1_000_000_000;
        Builder = new TransactionBuilder(
            Node, Signer.Account, (ulong)options.ChainId, new FeePolicy { MaxFeePerGasCeiling = ceiling, MaxPriorityFeePerGasCeiling = ceiling });
    }

    public EvmNode Node { get; }

    public AnchorRegistry Registry { get; }

    public ITransactionSigner Signer { get; }

    public TransactionBuilder Builder { get; }

    public ChainIdentity Identity { get; }

    private static Secp256k1Key OpenKeystore(AnchorTargetOptions options)
    {
        var result = PassPhrases.Read(options.PassPhraseFile).DecryptKeystore(File.ReadAllBytes(options.KeystoreFile));
        return result.Key ?? throw new InvalidOperationException($"{options.KeystoreFile} cannot be opened: {result.Failure} {result.Detail}");
    }
}

/// <summary>All targets, the primary one first.</summary>
internal sealed class AnchorTargets
{
    public AnchorTargets(
        IOptions<AnchoringOptions> anchoring,
        IOptions<ServerOptions> server,
        PrimaryChain primary,
        AnchorStore anchors,
        AnchorTargetStore targets,
        LogStore log,
        LogHead head,
        RegistryGuard guard,
        AnchorMetrics metrics,
        KeyRing ring,
        IHttpClientFactory http,
        TimeProvider time,
        ILogger<AnchorTargets> logger)
    {
        var parts = new EvmTargetParts(anchors, targets, log, head, guard, metrics, time, logger);
        var list = new List<IAnchorTarget> { MakeEvm(AnchorStore.Primary, anchoring.Value, primary.Connection) };
        var senders = new Dictionary<(long ChainId, Address Account), string> { [(anchoring.Value.ChainId, primary.Connection.Signer.Account)] = AnchorStore.Primary };
        foreach (var (name, options) in anchoring.Value.Targets.OrderBy(static t => t.Key, StringComparer.Ordinal))
        {
            list.Add(options.Kind == AnchorTargetKind.Evm
                ? MakeEvm(name, options, Own(name, options, new ChainConnection(name, options, server.Value, targets, ring, http, time)))
                : new TimestampTarget(
                    name, options, server.Value.Origin, X509Certificate2.CreateFromPem(File.ReadAllText(options.TrustedCertificate)), () => http.CreateClient("timestamp"),
                    new TimestampTargetParts(anchors, targets, head, metrics, time, logger)));
        }
        All = list;

        // Nonces are handed out per target: two that send from one account would take each other's.
        ChainConnection Own(string name, AnchorTargetOptions options, ChainConnection chain) => senders.TryAdd((options.ChainId, chain.Signer.Account), name)
            ? chain
            : throw new InvalidOperationException(
                $"Anchoring:Targets:{name} sends from the account {chain.Signer.Account} on chain {options.ChainId}, and so does {senders[(options.ChainId, chain.Signer.Account)]}: each target on a chain needs an account of its own.");

        EvmTarget MakeEvm(string name, AnchorTargetOptions options, ChainConnection chain) =>
            new(name, options, chain.Node, chain.Registry, chain.Signer, chain.Builder, chain.Identity, parts);
    }

    public IReadOnlyList<IAnchorTarget> All { get; }

    public IAnchorTarget? Find(string name) => All.FirstOrDefault(t => t.Name == name);
}
