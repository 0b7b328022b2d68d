using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>
/// Reads every entry bundle and every hash tile between where a walk stopped and a checkpoint, once and from left to right, and recomputes all levels and
/// the root from the entries. Memory does not grow with the log: a few bundles on their way, one tile a level, and the roots asked for.
/// </summary>
/// <param name="reader">The log.</param>
/// <param name="state">Where the walk goes on. After a fault it is of no use any more: whoever goes on reads the saved one.</param>
/// <param name="history">The checkpoint to walk to, which covers what was walked before.</param>
/// <param name="wantedSizes">Sizes whose roots are to be kept.</param>
internal sealed class LogWalk(LogReader reader, WalkState state, TreeHistory history, IReadOnlySet<long> wantedSizes)
{
    private const int ReadAhead = 8;

    private readonly SignedCheckpoint _checkpoint = history.Later;
    private readonly Dictionary<long, Hash32> _roots = [];
    private long _lastSaved = state.Size;

    private readonly record struct Fetched(long Index, int Width, byte[] Entries, byte[] Tile);

    /// <summary>Told how many entries have been checked.</summary>
    public Action<long> Progress { get; init; } = static _ => { };

    /// <summary>Saves the state. Called on the way, when it is a proven part of the checkpoint's tree.</summary>
    public Func<CancellationToken, Task>? SaveAsync { get; init; }

    /// <summary>After how many entries the state is saved on the way.</summary>
    public long SaveEvery { get; init; } = 100_000;

    /// <summary>Roots at the sizes that were asked for, as far as they were walked over.</summary>
    public IReadOnlyDictionary<long, Hash32> Roots => _roots;

    /// <summary>Partial tiles compared above level 0.</summary>
    public int PartialUpperTiles { get; private set; }

    /// <summary>Walks the log.</summary>
    /// <exception cref="LogFaultException">The first difference.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        KeepRoot();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = new Queue<Task<Fetched>>();
        try
        {
            var bundles = (_checkpoint.Size + TileCoordinate.FullWidth - 1) / TileCoordinate.FullWidth;
            for (long next = state.TileIndex(0), done = next; done < bundles; done++)
            {
                while (next < bundles && ahead.Count < ReadAhead)
                {
                    ahead.Enqueue(FetchAsync(next++, stop.Token));
                }
                await CheckAsync(await ahead.Peek(), cancellationToken);
                _ = ahead.Dequeue();
                Progress(state.Size);
                await SaveOnTheWayAsync(cancellationToken);
            }
            await CheckPartialTilesAsync(cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            // What was read ahead in vain is waited for, so that nothing of it outlives the walk; its failures are nobody's concern any more.
            await Task.WhenAll(ahead.Cast<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        RequireRoot(_checkpoint.Root);
    }

    private async Task<Fetched> FetchAsync(long index, CancellationToken cancellationToken)
    {
        var tile = new TileCoordinate(0, index);
        var width = tile.WidthAt(_checkpoint.Size);
        var hashes = reader.GetTileAsync(tile, width, cancellationToken);
        var entries = reader.GetBundleAsync(index, width, cancellationToken);
        await Task.WhenAll(entries, hashes);
        return new Fetched(index, width, await entries, await hashes);
    }

    private async Task CheckAsync(Fetched fetched, CancellationToken cancellationToken)
    {
        var entries = Split(fetched);
        var tile = new TileCoordinate(0, fetched.Index);
        var leaves = state.Filling(0);
        var walkedBefore = leaves.Count;
        for (var i = 0; i < entries.Count; i++)
        {
            var leaf = MerkleTree.HashLeaf(entries[i].Span);
            if (i < walkedBefore)
            {
                RequireUnchanged(fetched, i, leaf, leaves[i]);
                continue;
            }
            CheckEntry(fetched.Index, i, entries[i]);
            leaves.Add(leaf);
            state.Frontier.Append(leaf);
            KeepRoot();
        }
        Compare(tile, leaves, fetched.Tile);
        if (leaves.Count == TileCoordinate.FullWidth)
        {
            await PushAsync(0, fetched.Index, cancellationToken);
        }
    }

    private static IReadOnlyList<ReadOnlyMemory<byte>> Split(Fetched fetched)
    {
        var place = $"entry bundle {fetched.Index}";
        try
        {
            var entries = EntryBundle.Parse(fetched.Entries);
            return entries.Count == fetched.Width
                ? entries
                : throw new LogFaultException(FaultCodes.BadEntry, place, $"{place}: it has {entries.Count} entries instead of {fetched.Width}.");
        }
        catch (FormatException exception)
        {
            throw new LogFaultException(FaultCodes.BadEntry, place, $"{place}: {exception.Message}");
        }
    }

    private void CheckEntry(long bundle, int position, ReadOnlyMemory<byte> entry)
    {
        var place = $"entry bundle {bundle}, entry {position} (leaf {state.Size})";
        if (EntryShape.FindFault(entry) is { } fault)
        {
            throw new LogFaultException(FaultCodes.BadEntry, $"leaf {state.Size}", $"{place}: {fault}");
        }
        var kind = entry.Span[1];
        if ((EntryKind)kind is EntryKind.Key or EntryKind.Device && state.Keys.Apply((EntryKind)kind, state.Size, entry[2..]) is { } rule)
        {
            throw new LogFaultException(FaultCodes.BadKeyChange, $"leaf {state.Size}", $"{place}: {rule}");
        }
        state.Kinds[kind] = state.Kinds.GetValueOrDefault(kind) + 1;
    }

    private static void RequireUnchanged(Fetched fetched, int position, Hash32 served, Hash32 walked)
    {
        if (served != walked)
        {
            var leaf = (fetched.Index * TileCoordinate.FullWidth) + position;
            throw new LogFaultException(
                FaultCodes.BadEntry,
                $"leaf {leaf}",
                $"entry bundle {fetched.Index}, entry {position} (leaf {leaf}): its hash is {served.ToBase64Url()}, it was {walked.ToBase64Url()} when it was checked before.");
        }
    }

    /// <summary>Adds the root of a full tile to the level above, and compares that level's tile once it is full.</summary>
    private async Task PushAsync(int level, long index, CancellationToken cancellationToken)
    {
        var full = state.Filling(level);
        var above = state.Filling(level + 1);
        above.Add(MerkleTree.ComputeRoot(full.ToArray()));
        full.Clear();
        if (above.Count == TileCoordinate.FullWidth)
        {
            await CompareUpperAsync(new TileCoordinate(level + 1, index / TileCoordinate.FullWidth), above, cancellationToken);
            state.FullUpperTiles++;
            await PushAsync(level + 1, index / TileCoordinate.FullWidth, cancellationToken);
        }
    }

    private async Task CheckPartialTilesAsync(CancellationToken cancellationToken)
    {
        for (var level = 1; level < state.Tiles.Count; level++)
        {
            if (state.Tiles[level].Count > 0)
            {
                await CompareUpperAsync(new TileCoordinate(level, state.TileIndex(level)), state.Tiles[level], cancellationToken);
                PartialUpperTiles++;
            }
        }
    }

    private async Task CompareUpperAsync(TileCoordinate tile, IReadOnlyList<Hash32> computed, CancellationToken cancellationToken) =>
        Compare(tile, computed, await reader.GetTileAsync(tile, computed.Count, cancellationToken));

    private static void Compare(TileCoordinate tile, IReadOnlyList<Hash32> computed, byte[] served)
    {
        if (served.Length != computed.Count * Hash32.Size)
        {
            throw TreeHistory.TileLength(tile, served.Length, computed.Count);
        }
        for (var i = 0; i < computed.Count; i++)
        {
            var hash = new Hash32(served.AsSpan(i * Hash32.Size, Hash32.Size));
            if (hash != computed[i])
            {
                var place = $"level {tile.Level}, tile {tile.Index}, entry {i}";
                throw new LogFaultException(FaultCodes.BadEntry, place, $"{place}: the tile has {hash.ToBase64Url()}, the entries give {computed[i].ToBase64Url()}.");
            }
        }
    }

    /// <summary>A state is only saved when the entries so far are shown to be the beginning of the signed tree: a saved state is never a wrong one.</summary>
    private async Task SaveOnTheWayAsync(CancellationToken cancellationToken)
    {
        if (SaveAsync is null || state.Size - _lastSaved < SaveEvery || state.Size == _checkpoint.Size)
        {
            return;
        }
        RequireRoot((await history.GetRootAtAsync(state.Size, cancellationToken)).Root);
        await SaveAsync(cancellationToken);
        _lastSaved = state.Size;
    }

    private void RequireRoot(Hash32 signed)
    {
        var root = state.Frontier.ComputeRoot();
        if (root != signed)
        {
            throw new LogFaultException(
                FaultCodes.BadEntry,
                "root",
                state.Size == _checkpoint.Size
                    ? $"root: the entries lead to {root.ToBase64Url()}, the checkpoint of size {_checkpoint.Size} names {signed.ToBase64Url()}."
                    : $"root: the first {state.Size} entries lead to {root.ToBase64Url()}, in the tree of the checkpoint of size {_checkpoint.Size} they lead to {signed.ToBase64Url()}.");
        }
    }

    private void KeepRoot()
    {
        if (wantedSizes.Contains(state.Size))
        {
            _roots[state.Size] = state.Frontier.ComputeRoot();
        }
    }
}
