using System.Diagnostics;
using System.Numerics;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>
/// What the tiles of a signed tree say of its earlier sizes. A root of an earlier size counts only when the hashes it is made of lead to the signed
/// root as well, so the server's tiles need not be believed, and no proof of the server is asked for.
/// </summary>
internal sealed class TreeHistory(LogReader reader, SignedCheckpoint later)
{
    /// <summary>Largest tree read: 2^48 leaves, as the format says.</summary>
    public const long MaxSize = 1L << 48;

    private const int MaxTiles = 1024;

    private readonly Dictionary<TileCoordinate, Tile> _tiles = []; // bounded by MaxTiles; emptied when full

    /// <summary>The signed tree.</summary>
    public SignedCheckpoint Later => later;

    /// <summary>The root that the later tree has at an earlier size, with the subtree roots that show it.</summary>
    /// <param name="size">From 0 to the later tree's size.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="LogFaultException">The tiles are missing, malformed, or do not lead to the signed root.</exception>
    public async Task<(Hash32 Root, IReadOnlyList<Hash32> Subtrees)> GetRootAtAsync(long size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, later.Size);
        if (size == 0 || size == later.Size)
        {
            return (size == 0 ? MerkleTree.EmptyRoot : later.Root, []);
        }
        var parts = new List<Hash32>();
        var (root, whole) = await SplitAsync(0, later.Size, size, parts, cancellationToken);
        if (whole != later.Root)
        {
            throw new LogFaultException(
                FaultCodes.BadEntry,
                "tiles",
                $"tiles: those that cover the first {size} leaves lead to {whole.ToBase64Url()}, the checkpoint of size {later.Size} names {later.Root.ToBase64Url()}.");
        }
        return (root, parts);
    }

    /// <summary>Roots of the leaves from start to the earlier size, and to the end.</summary>
    private async Task<(Hash32 First, Hash32 Whole)> SplitAsync(long start, long end, long size, List<Hash32> parts, CancellationToken cancellationToken)
    {
        if (end <= size || start >= size)
        {
            var root = await SubtreeAsync(start, end, parts, cancellationToken);
            return (root, root);
        }
        var middle = start + SplitPoint(end - start);
        var left = await SplitAsync(start, middle, size, parts, cancellationToken);
        var right = await SplitAsync(middle, end, size, parts, cancellationToken);
        var whole = MerkleTree.HashNode(left.Whole, right.Whole);
        return (size <= middle ? left.First : MerkleTree.HashNode(left.First, right.First), whole);
    }

    private async Task<Hash32> SubtreeAsync(long start, long end, List<Hash32> parts, CancellationToken cancellationToken)
    {
        if (!BitOperations.IsPow2(end - start))
        {
            var middle = start + SplitPoint(end - start);
            var left = await SubtreeAsync(start, middle, parts, cancellationToken);
            return MerkleTree.HashNode(left, await SubtreeAsync(middle, end, parts, cancellationToken));
        }
        // Splits are at powers of two, so a part of such a size is a complete subtree on its own boundary: one node of a tile.
        var level = BitOperations.Log2((ulong)(end - start));
        var height = level % 8;
        var firstHash = start >> (8 * (level / 8));
        var tile = await GetTileAsync(new TileCoordinate(level / 8, firstHash / TileCoordinate.FullWidth), cancellationToken);
        parts.Add(tile.Node(height, (int)(firstHash % TileCoordinate.FullWidth) >> height));
        return parts[^1];
    }

    private async Task<Tile> GetTileAsync(TileCoordinate coordinate, CancellationToken cancellationToken)
    {
        if (_tiles.TryGetValue(coordinate, out var known))
        {
            return known;
        }
        var width = coordinate.WidthAt(later.Size);
        var bytes = await reader.GetTileAsync(coordinate, width, cancellationToken);
        if (bytes.Length != width * Hash32.Size)
        {
            throw TileLength(coordinate, bytes.Length, width);
        }
        if (_tiles.Count == MaxTiles)
        {
            _tiles.Clear();
        }
        return _tiles[coordinate] = Tile.Parse(bytes);
    }

    /// <summary>A tile that has not the bytes it must have.</summary>
    public static LogFaultException TileLength(TileCoordinate tile, int length, int width)
    {
        Debug.Assert(length != width * Hash32.Size, "The length is right.");
        var place = $"level {tile.Level}, tile {tile.Index}";
        return new LogFaultException(FaultCodes.BadEntry, place, $"{place}: it has {length} bytes instead of {width * Hash32.Size}.");
    }

    private static long SplitPoint(long size) => 1L << BitOperations.Log2((ulong)(size - 1));
}
