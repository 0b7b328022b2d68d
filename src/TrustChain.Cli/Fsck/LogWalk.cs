using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>
/// Reads every entry bundle and every hash tile below a checkpoint once, from left to right, and recomputes all levels and the root from the entries.
/// Memory does not grow with the log: a few bundles on their way, one tile a level, and the roots asked for.
/// </summary>
internal sealed class LogWalk(LogReader reader, Checkpoint checkpoint, IReadOnlySet<long> wantedSizes, Action<long> progress)
{
    private const int ReadAhead = 8;

    private readonly Frontier _frontier = new();
    private readonly Dictionary<long, Hash32> _roots = [];
    private readonly SortedDictionary<byte, long> _kinds = [];
    private readonly List<Level> _levels = [];

    private sealed class Level
    {
        public List<Hash32> Hashes { get; } = new(TileCoordinate.FullWidth); // of the tile being filled

        public long TileIndex { get; set; }
    }

    private readonly record struct Fetched(long Index, int Width, byte[] Entries, byte[] Tile);

    /// <summary>Roots at the sizes that were asked for, as far as the checkpoint goes.</summary>
    public IReadOnlyDictionary<long, Hash32> Roots => _roots;

    /// <summary>Number of entries of each kind.</summary>
    public IReadOnlyDictionary<byte, long> Kinds => _kinds;

    /// <summary>Tiles compared above level 0.</summary>
    public long UpperTiles { get; private set; }

    /// <summary>Walks the log.</summary>
    /// <exception cref="LogFaultException">The first difference.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        KeepRoot();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = new Queue<Task<Fetched>>();
        try
        {
            var bundles = (checkpoint.Size + TileCoordinate.FullWidth - 1) / TileCoordinate.FullWidth;
            for (long started = 0, done = 0; done < bundles; done++)
            {
                while (started < bundles && ahead.Count < ReadAhead)
                {
                    ahead.Enqueue(FetchAsync(started++, stop.Token));
                }
                await CheckAsync(await ahead.Peek(), cancellationToken);
                _ = ahead.Dequeue();
                progress(_frontier.Size);
            }
            await CheckPartialTilesAsync(cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            // What was read ahead in vain is waited for, so that nothing of it outlives the walk; its failures are nobody's concern any more.
            await Task.WhenAll(ahead.Cast<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        var root = _frontier.ComputeRoot();
        if (root != checkpoint.Root)
        {
            throw new LogFaultException(
                $"root: the entries lead to {root.ToBase64Url()}, the checkpoint of size {checkpoint.Size} names {checkpoint.Root.ToBase64Url()}.");
        }
    }

    private async Task<Fetched> FetchAsync(long index, CancellationToken cancellationToken)
    {
        var tile = new TileCoordinate(0, index);
        var width = tile.WidthAt(checkpoint.Size);
        var hashes = reader.GetTileAsync(tile, width, cancellationToken);
        var entries = reader.GetBundleAsync(index, width, cancellationToken);
        await Task.WhenAll(entries, hashes);
        return new Fetched(index, width, await entries, await hashes);
    }

    private async Task CheckAsync(Fetched fetched, CancellationToken cancellationToken)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> entries;
        try
        {
            entries = EntryBundle.Parse(fetched.Entries);
        }
        catch (FormatException exception)
        {
            throw new LogFaultException($"entry bundle {fetched.Index}: {exception.Message}");
        }
        if (entries.Count != fetched.Width)
        {
            throw new LogFaultException($"entry bundle {fetched.Index}: it has {entries.Count} entries instead of {fetched.Width}.");
        }
        var leaves = new List<Hash32>(entries.Count);
        for (var i = 0; i < entries.Count; i++)
        {
            if (EntryShape.FindFault(entries[i]) is { } fault)
            {
                throw new LogFaultException($"entry bundle {fetched.Index}, entry {i} (leaf {_frontier.Size}): {fault}");
            }
            var kind = entries[i].Span[1];
            _kinds[kind] = _kinds.GetValueOrDefault(kind) + 1;
            leaves.Add(MerkleTree.HashLeaf(entries[i].Span));
            _frontier.Append(leaves[^1]);
            KeepRoot();
        }
        Compare(0, fetched.Index, leaves, fetched.Tile);
        if (leaves.Count == TileCoordinate.FullWidth)
        {
            await PushAsync(1, MerkleTree.ComputeRoot(leaves.ToArray()), cancellationToken);
        }
    }

    /// <summary>Adds the root of a full tile to the level above, and compares that level's tile once it is full.</summary>
    private async Task PushAsync(int level, Hash32 hash, CancellationToken cancellationToken)
    {
        if (_levels.Count < level)
        {
            _levels.Add(new Level());
        }
        var current = _levels[level - 1];
        current.Hashes.Add(hash);
        if (current.Hashes.Count < TileCoordinate.FullWidth)
        {
            return;
        }
        await CompareUpperAsync(level, current, cancellationToken);
        var above = MerkleTree.ComputeRoot(current.Hashes.ToArray());
        current.Hashes.Clear();
        current.TileIndex++;
        await PushAsync(level + 1, above, cancellationToken);
    }

    private async Task CheckPartialTilesAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < _levels.Count; i++)
        {
            if (_levels[i].Hashes.Count > 0)
            {
                await CompareUpperAsync(i + 1, _levels[i], cancellationToken);
            }
        }
    }

    private async Task CompareUpperAsync(int level, Level computed, CancellationToken cancellationToken)
    {
        var tile = await reader.GetTileAsync(new TileCoordinate(level, computed.TileIndex), computed.Hashes.Count, cancellationToken);
        Compare(level, computed.TileIndex, computed.Hashes, tile);
        UpperTiles++;
    }

    private static void Compare(int level, long index, List<Hash32> computed, byte[] served)
    {
        if (served.Length != computed.Count * Hash32.Size)
        {
            throw new LogFaultException($"level {level}, tile {index}: it has {served.Length} bytes instead of {computed.Count * Hash32.Size}.");
        }
        for (var i = 0; i < computed.Count; i++)
        {
            var hash = new Hash32(served.AsSpan(i * Hash32.Size, Hash32.Size));
            if (hash != computed[i])
            {
                throw new LogFaultException(
                    $"level {level}, tile {index}, entry {i}: the tile has {hash.ToBase64Url()}, the entries give {computed[i].ToBase64Url()}.");
            }
        }
    }

    private void KeepRoot()
    {
        if (wantedSizes.Contains(_frontier.Size))
        {
            _roots[_frontier.Size] = _frontier.ComputeRoot();
        }
    }
}
