using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Cli.Verification;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Wire;

namespace TrustChain.Cli.Fsck;

/// <summary>Every root the contract holds, by size, read from its events: the server's own list might leave one out.</summary>
internal static class ChainAnchors
{
    private const ulong SmallestRange = 500;

    private static readonly string AnchoredTopic = Hex.Encode(Keccak256.Compute("Anchored(uint64,bytes32,address)"u8));

    /// <summary>Reads them.</summary>
    /// <param name="connection">A node of the trusted chain.</param>
    /// <param name="trust">Names chain and contract.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="LogFaultException">There is no contract of this log at the trusted address.</exception>
    /// <exception cref="CliException">The node does not answer, serves another chain, or does not give the events.</exception>
    public static async Task<IReadOnlyDictionary<long, Hash32>> ReadAsync(NodeConnection connection, TrustFile trust, CancellationToken cancellationToken)
    {
        if (!Address.TryParse(trust.Registry, out var address))
        {
            throw new CliException($"{trust.Registry} is not an address.");
        }
        try
        {
            var (chainId, genesis) = await connection.GetIdentityAsync(cancellationToken);
            if (chainId != trust.ChainId || !string.Equals(genesis, trust.Genesis, StringComparison.OrdinalIgnoreCase))
            {
                throw new CliException($"{connection.Name} serves another chain than the trusted one.");
            }
            var registry = new AnchorRegistry(connection.Node, address);
            var newest = await connection.Node.GetBlockNumberAsync(cancellationToken);
            if (await registry.GetOriginHashAsync(BlockTag.Latest, cancellationToken) != Hash32.Compute(System.Text.Encoding.UTF8.GetBytes(trust.Origin)))
            {
                throw new LogFaultException($"The contract at {trust.Registry} belongs to another log.");
            }
            var anchors = new Dictionary<long, Hash32>();
            await ListAsync(connection, address, 0, newest, anchors, cancellationToken);
            var latest = await registry.GetLatestAsync(BlockTag.Number(newest), cancellationToken);
            if (!latest.IsDefault && anchors.GetValueOrDefault((long)latest.Size) != latest.Root)
            {
                throw new CliException($"{connection.Name} does not give all events of the contract: the latest anchor is not among them.");
            }
            return anchors;
        }
        catch (RegistryMismatchException exception)
        {
            throw new LogFaultException(exception.Message);
        }
        catch (Exception exception) when (exception is RpcUnavailableException or RpcErrorException)
        {
            throw new CliException($"{connection.Name} could not be asked: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Collects the events of a range of blocks. Nodes limit how much they give at once, so a refused range is halved.</summary>
    private static async Task ListAsync(
        NodeConnection connection, Address registry, ulong from, ulong to, Dictionary<long, Hash32> anchors, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (size, root) in await GetAsync(connection, registry, from, to, cancellationToken))
            {
                anchors[size] = root;
            }
            return;
        }
        catch (RpcErrorException) when (to - from > SmallestRange)
        {
            // Refused as too much: go on below with the halves.
        }
        var middle = from + ((to - from) / 2);
        await ListAsync(connection, registry, from, middle, anchors, cancellationToken);
        await ListAsync(connection, registry, middle + 1, to, anchors, cancellationToken);
    }

    private static Task<List<(long Size, Hash32 Root)>> GetAsync(
        NodeConnection connection, Address registry, ulong from, ulong to, CancellationToken cancellationToken) => connection.Rpc.CallAsync<List<(long, Hash32)>>(
        "eth_getLogs",
        json =>
        {
            json.WriteStartObject();
            json.WriteString("address", Hex.Encode(registry.ToArray()));
            json.WriteString("fromBlock", Hex.EncodeQuantity(from));
            json.WriteString("toBlock", Hex.EncodeQuantity(to));
            json.WriteStartArray("topics");
            json.WriteStringValue(AnchoredTopic);
            json.WriteEndArray();
            json.WriteEndObject();
        },
        TryRead,
        cancellationToken);

    private static bool TryRead(JsonElement result, out List<(long Size, Hash32 Root)> anchors)
    {
        anchors = [];
        if (result.ValueKind != JsonValueKind.Array)
        {
            return false;
        }
        foreach (var log in result.EnumerateArray())
        {
            var topics = JsonMembers.Array(log, "topics").ToList();
            if (topics.Count != 4 || !TryWord(topics[1], out var size) || !TryWord(topics[2], out var root)
                || size.ToArray() is not { } bytes || bytes.AsSpan(0, 24).ContainsAnyExcept((byte)0)
                || System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(24)) is not (<= long.MaxValue and var number))
            {
                return false;
            }
            anchors.Add(((long)number, root));
        }
        return true;
    }

    private static bool TryWord(JsonElement topic, out Hash32 word)
    {
        word = default;
        return topic.ValueKind == JsonValueKind.String && Hex.TryDecodeHash(System.Text.Encoding.UTF8.GetBytes(topic.GetString()!), out word);
    }
}
