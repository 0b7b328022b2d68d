using TrustChain.Cli.Http;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Wire;

namespace TrustChain.Cli.Verification;

/// <summary>A blockchain node named by <c>--rpc</c>.</summary>
internal sealed class NodeConnection : IDisposable
{
    // A list of a contract's events may be long.
    private static readonly JsonRpcOptions Options = new() { Attempts = 2, MaxResponseBytes = 64 << 20 };

    private readonly HttpClient _http;

    /// <summary>Makes a connection; nothing is sent yet.</summary>
    public NodeConnection(Uri rpc)
    {
        _http = Connections.Create(rpc);
        Name = rpc.GetLeftPart(UriPartial.Authority);
        Rpc = new JsonRpcClient(_http, rpc, Options, TimeProvider.System);
        Node = new EvmNode(Rpc);
    }

    /// <summary>Scheme, host and port: paths of RPC addresses carry access keys.</summary>
    public string Name { get; }

    /// <summary>For requests that <see cref="Node"/> does not have.</summary>
    public JsonRpcClient Rpc { get; }

    /// <summary>The node.</summary>
    public EvmNode Node { get; }

    /// <summary>Chain id and hash of block 0.</summary>
    /// <exception cref="RpcUnavailableException">The node gave no usable answer.</exception>
    /// <exception cref="RpcErrorException">The node answered with an error.</exception>
    public async Task<(long ChainId, string Genesis)> GetIdentityAsync(CancellationToken cancellationToken)
    {
        var chainId = await Node.GetChainIdAsync(cancellationToken);
        var genesis = await Node.GetBlockAsync(BlockTag.Number(0), cancellationToken)
            ?? throw new RpcUnavailableException("the node does not give the chain's first block");
        return (chainId <= long.MaxValue ? (long)chainId : -1, Hex.Encode(genesis.Hash));
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
