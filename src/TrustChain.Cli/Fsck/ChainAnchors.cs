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

/// <summary>
/// The roots that the contract holds, by size, read from its events: the server's own list might leave one out. Those of blocks that were compared
/// before are not read again.
/// </summary>
/// <param name="Node">Which node said so.</param>
/// <param name="Anchors">Root by size, of the events from the cursor on.</param>
/// <param name="Blocks">Number of the block of each.</param>
/// <param name="Latest">The contract's latest anchor; the default when it has none.</param>
/// <param name="Next">Cursor to go on from once these anchors have been compared.</param>
internal sealed record ChainAnchors(string Node, IReadOnlyDictionary<long, Hash32> Anchors, IReadOnlyDictionary<long, ulong> Blocks, RootOfSize Latest, ChainCursor Next)
{
    private const ulong SmallestRange = 500;

    /// <summary>A node may have a block before it has the events of it.</summary>
    private const int Attempts = 5;

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);

    /// <summary>Blocks below the newest that are taken for settled where the node does not know which are.</summary>
    private const ulong SettledDepth = 256;

    private static readonly string AnchoredTopic = Hex.Encode(Keccak256.Compute("Anchored(uint64,bytes32,address)"u8));

    /// <summary>Reads the events from a cursor on.</summary>
    /// <param name="connection">A node of the trusted chain.</param>
    /// <param name="trust">Names chain and contract.</param>
    /// <param name="from">What was compared before.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="LogFaultException">There is no contract of this log at the trusted address.</exception>
    /// <exception cref="CliException">The node does not answer, serves another chain, or does not give the events.</exception>
    public static Task<ChainAnchors> ReadAsync(NodeConnection connection, TrustFile trust, ChainCursor from, CancellationToken cancellationToken) =>
        AskAsync(connection, async () =>
        {
            for (var attempt = 1; ; attempt++)
            {
                if (await ReadOnceAsync(connection, trust, from, cancellationToken) is { } anchors)
                {
                    return anchors;
                }
                if (attempt == Attempts)
                {
                    throw new CliException($"{connection.Name} does not give all events of the contract: the latest anchor is not among them.");
                }
                await Task.Delay(BetweenAttempts, cancellationToken);
            }
        });

    /// <summary>The roots that the contract holds under these sizes; none for a size that is not anchored.</summary>
    /// <exception cref="LogFaultException">There is no contract at the trusted address.</exception>
    /// <exception cref="CliException">The node does not answer.</exception>
    public static Task<IReadOnlyDictionary<long, Hash32>> FindRootsAsync(
        NodeConnection connection, TrustFile trust, IEnumerable<long> sizes, CancellationToken cancellationToken) => AskAsync(connection, async () =>
    {
        var registry = new AnchorRegistry(connection.Node, ParseRegistry(trust));
        var roots = new Dictionary<long, Hash32>();
        foreach (var size in sizes)
        {
            var root = await registry.GetRootAtAsync((ulong)size, BlockTag.Latest, cancellationToken);
            if (!root.IsDefault)
            {
                roots[size] = root;
            }
        }
        return (IReadOnlyDictionary<long, Hash32>)roots;
    });

    /// <summary>The block that holds an anchor; null when the contract holds none of this size, as far as the node says.</summary>
    /// <exception cref="LogFaultException">There is no contract at the trusted address.</exception>
    /// <exception cref="CliException">The node does not answer, or does not have the block.</exception>
    public Task<Block?> FindBlockAsync(NodeConnection connection, TrustFile trust, long size, CancellationToken cancellationToken) => AskAsync(connection, async () =>
    {
        if (!Blocks.TryGetValue(size, out var number))
        {
            var events = new List<AnchoredEvent>(); // From before the cursor: looked for alone.
            await ListAsync(connection, ParseRegistry(trust), size, 0, await connection.Node.GetBlockNumberAsync(cancellationToken), events, cancellationToken);
            if (events.Count == 0)
            {
                return (Block?)null;
            }
            number = events[0].Block;
        }
        return await connection.Node.GetBlockAsync(BlockTag.Number(number), cancellationToken)
            ?? throw new CliException($"{connection.Name} does not give block {number}, which holds the anchor of size {size}.");
    });

    /// <returns>Null where the contract's latest anchor is not among the events.</returns>
    private static async Task<ChainAnchors?> ReadOnceAsync(NodeConnection connection, TrustFile trust, ChainCursor from, CancellationToken cancellationToken)
    {
        var address = ParseRegistry(trust);
        var (chainId, genesis) = await connection.GetIdentityAsync(cancellationToken);
        if (chainId != trust.ChainId || !string.Equals(genesis, trust.Genesis, StringComparison.OrdinalIgnoreCase))
        {
            throw new CliException($"{connection.Name} serves another chain than the trusted one.");
        }
        var registry = new AnchorRegistry(connection.Node, address);
        var newest = await connection.Node.GetBlockNumberAsync(cancellationToken);
        if (await registry.GetOriginHashAsync(BlockTag.Latest, cancellationToken) != Hash32.Compute(System.Text.Encoding.UTF8.GetBytes(trust.Origin)))
        {
            throw Mismatch($"The contract at {trust.Registry} belongs to another log.");
        }
        var events = new List<AnchoredEvent>();
        if (from.NextBlock <= newest)
        {
            await ListAsync(connection, address, null, from.NextBlock, newest, events, cancellationToken);
        }
        var anchored = await registry.GetLatestAsync(BlockTag.Number(newest), cancellationToken);
        var latest = anchored.IsDefault ? default : new RootOfSize((long)anchored.Size, anchored.Root);
        var anchors = Index(events, connection.Name);
        if (latest != default && anchors.GetValueOrDefault(latest.Size) != latest.Root && latest != from.Newest)
        {
            return null;
        }
        return new ChainAnchors(connection.Name, anchors, events.ToDictionary(static e => e.Anchor.Size, static e => e.Block), latest, Advance(from, events, await GetSettledAsync(connection, newest, cancellationToken)));
    }

    private static Dictionary<long, Hash32> Index(List<AnchoredEvent> events, string node)
    {
        var anchors = new Dictionary<long, Hash32>(events.Count);
        foreach (var (_, anchor) in events)
        {
            if (!anchors.TryAdd(anchor.Size, anchor.Root))
            {
                throw new CliException($"{node} gives two events for the anchor of size {anchor.Size}.");
            }
        }
        return anchors;
    }

    private static ChainCursor Advance(ChainCursor from, List<AnchoredEvent> events, ulong settled)
    {
        if (settled < from.NextBlock)
        {
            return from;
        }
        var compared = events.Where(e => e.Block <= settled).ToList();
        return new ChainCursor(settled + 1, from.Count + compared.Count, compared.Count == 0 ? from.Newest : compared.MaxBy(static e => e.Anchor.Size).Anchor);
    }

    /// <summary>The newest block that is not expected to be replaced.</summary>
    private static async Task<ulong> GetSettledAsync(NodeConnection connection, ulong newest, CancellationToken cancellationToken)
    {
        try
        {
            if (await connection.Node.GetBlockAsync(BlockTag.Finalized, cancellationToken) is { } block)
            {
                return Math.Min(block.Number, newest);
            }
        }
        catch (RpcErrorException)
        {
            // A chain without finality answers with an error: depth has to do.
        }
        return newest > SettledDepth ? newest - SettledDepth : 0;
    }

    private static async Task<T> AskAsync<T>(NodeConnection connection, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (RegistryMismatchException exception)
        {
            throw Mismatch(exception.Message);
        }
        catch (Exception exception) when (exception is RpcUnavailableException or RpcErrorException)
        {
            throw new CliException($"{connection.Name} could not be asked: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static Address ParseRegistry(TrustFile trust) =>
        Address.TryParse(trust.Registry, out var address) ? address : throw new CliException($"{trust.Registry} is not an address.");

    private static LogFaultException Mismatch(string message) => new(FaultCodes.AnchorMismatch, "contract", message);

    /// <summary>Collects the events of a range of blocks, or those of one size. Nodes limit how much they give at once, so a refused range is halved.</summary>
    private static async Task ListAsync(
        NodeConnection connection, Address registry, long? size, ulong from, ulong to, List<AnchoredEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            events.AddRange(await GetAsync(connection, registry, size, from, to, cancellationToken));
            return;
        }
        catch (RpcErrorException) when (to - from > SmallestRange)
        {
            // Refused as too much: go on below with the halves.
        }
        var middle = from + ((to - from) / 2);
        await ListAsync(connection, registry, size, from, middle, events, cancellationToken);
        await ListAsync(connection, registry, size, middle + 1, to, events, cancellationToken);
    }

    private static Task<List<AnchoredEvent>> GetAsync(
        NodeConnection connection, Address registry, long? size, ulong from, ulong to, CancellationToken cancellationToken) => connection.Rpc.CallAsync<List<AnchoredEvent>>(
        "eth_getLogs",
        json =>
        {
            json.WriteStartObject();
            json.WriteString("address", Hex.Encode(registry.ToArray()));
            json.WriteString("fromBlock", Hex.EncodeQuantity(from));
            json.WriteString("toBlock", Hex.EncodeQuantity(to));
            json.WriteStartArray("topics");
            json.WriteStringValue(AnchoredTopic);
            if (size is { } only)
            {
                json.WriteStringValue($"0x{only:x64}");
            }
            json.WriteEndArray();
            json.WriteEndObject();
        },
        TryRead,
        cancellationToken);

    private static bool TryRead(JsonElement result, out List<AnchoredEvent> events)
    {
        events = [];
        if (result.ValueKind != JsonValueKind.Array)
        {
            return false;
        }
        foreach (var log in result.EnumerateArray())
        {
            var topics = JsonMembers.Array(log, "topics").ToList();
            if (topics.Count != 4 || !TryWord(topics[1], out var size) || !TryWord(topics[2], out var root)
                || size.ToArray() is not { } bytes || bytes.AsSpan(0, 24).ContainsAnyExcept((byte)0)
                || System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(24)) is not (<= long.MaxValue and var number)
                || JsonMembers.Text(log, "blockNumber") is not { } block || !Hex.TryDecodeQuantity(System.Text.Encoding.ASCII.GetBytes(block), out var blockNumber)
                || blockNumber > ulong.MaxValue)
            {
                return false;
            }
            events.Add(new AnchoredEvent((ulong)blockNumber, new RootOfSize((long)number, root)));
        }
        return true;
    }

    private static bool TryWord(JsonElement topic, out Hash32 word)
    {
        word = default;
        return topic.ValueKind == JsonValueKind.String && Hex.TryDecodeHash(System.Text.Encoding.UTF8.GetBytes(topic.GetString()!), out word);
    }

    private readonly record struct AnchoredEvent(ulong Block, RootOfSize Anchor);
}
