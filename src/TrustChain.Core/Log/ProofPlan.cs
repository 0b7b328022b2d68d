using System.Numerics;

namespace TrustChain.Core.Log;

/// <summary>
/// What a proof needs from the tiles of a tree of a given size: first <see cref="Tiles"/> tells which tiles to fetch, then <see cref="Build"/> takes
/// them. Split so that fetching may be asynchronous while the arithmetic stays pure. A tile may hold more hashes than the tree of that size has.
/// </summary>
public sealed class ProofPlan
{
    private readonly record struct Subtree(long Start, long End);

    private readonly List<Subtree> _parts = [];

    private ProofPlan(long treeSize) => TreeSize = treeSize;

    /// <summary>Size of the tree that the proof is about.</summary>
    public long TreeSize { get; }

    /// <summary>The tiles that <see cref="Build"/> will ask for, each once.</summary>
    public IReadOnlyCollection<TileCoordinate> Tiles
    {
        get
        {
            var tiles = new HashSet<TileCoordinate>();
            foreach (var part in _parts)
            {
                Visit(part.Start, part.End, (level, index) => tiles.Add(TileOf(level, index).Tile));
            }
            return tiles;
        }
    }

    /// <summary>The root of the tree.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive.</exception>
    public static ProofPlan Root(long treeSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(treeSize);
        var plan = new ProofPlan(treeSize);
        plan._parts.Add(new Subtree(0, treeSize));
        return plan;
    }

    /// <summary>The hash of one leaf.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not in the tree.</exception>
    public static ProofPlan Leaf(long index, long treeSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, treeSize);
        var plan = new ProofPlan(treeSize);
        plan._parts.Add(new Subtree(index, index + 1));
        return plan;
    }

    /// <summary>Inclusion proof of one leaf, from the leaf upward (RFC 9162 section 2.1.3.1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not in the tree.</exception>
    public static ProofPlan Inclusion(long index, long treeSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, treeSize);
        var plan = new ProofPlan(treeSize);
        for (var (start, end) = (0L, treeSize); end - start > 1;)
        {
            var split = start + MerkleTree.SplitPoint(end - start);
            if (index < split)
            {
                plan._parts.Add(new Subtree(split, end));
                end = split;
            }
            else
            {
                plan._parts.Add(new Subtree(start, split));
                start = split;
            }
        }
        plan._parts.Reverse();
        return plan;
    }

    /// <summary>Consistency proof between two sizes (RFC 9162 section 2.1.4.1); empty when the first is 0 or both are equal.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The first size is negative or larger than the second.</exception>
    public static ProofPlan Consistency(long size1, long size2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size1, size2);
        var plan = new ProofPlan(size2);
        if (size1 > 0 && size1 < size2)
        {
            plan.AddConsistency(size1, 0, size2, complete: true);
        }
        return plan;
    }

    /// <summary>Shared proof of several leaves: see <see cref="SharedInclusionProof"/>.</summary>
    /// <param name="indices">Leaf indices in ascending order, each once.</param>
    /// <param name="treeSize">Leaves in the tree.</param>
    /// <exception cref="ArgumentException">The indices are not ascending or not in the tree.</exception>
    public static ProofPlan SharedInclusion(ReadOnlySpan<long> indices, long treeSize)
    {
        SharedInclusionProof.ThrowUnlessAscending(indices, treeSize);
        var plan = new ProofPlan(treeSize);
        plan.AddShared(indices, 0, treeSize);
        return plan;
    }

    /// <summary>The hashes of the proof, in order.</summary>
    /// <param name="tile">Gives each tile named by <see cref="Tiles"/>.</param>
    public IReadOnlyList<Hash32> Build(Func<TileCoordinate, Tile> tile)
    {
        var hashes = new Hash32[_parts.Count];
        for (var i = 0; i < hashes.Length; i++)
        {
            hashes[i] = Compute(_parts[i].Start, _parts[i].End, tile);
        }
        return hashes;
    }

    private void AddConsistency(long size1, long start, long end, bool complete)
    {
        var size = end - start;
        if (size1 == size)
        {
            if (!complete)
            {
                _parts.Add(new Subtree(start, end));
            }
            return;
        }
        var split = MerkleTree.SplitPoint(size);
        if (size1 <= split)
        {
            AddConsistency(size1, start, start + split, complete);
            _parts.Add(new Subtree(start + split, end));
        }
        else
        {
            AddConsistency(size1 - split, start + split, end, complete: false);
            _parts.Add(new Subtree(start, start + split));
        }
    }

    private void AddShared(ReadOnlySpan<long> indices, long start, long end)
    {
        if (indices.IsEmpty)
        {
            _parts.Add(new Subtree(start, end));
            return;
        }
        if (end - start == 1)
        {
            return;
        }
        var split = start + MerkleTree.SplitPoint(end - start);
        var right = indices.BinarySearch(split);
        right = right < 0 ? ~right : right;
        AddShared(indices[..right], start, split);
        AddShared(indices[right..], split, end);
    }

    private static Hash32 Compute(long start, long end, Func<TileCoordinate, Tile> tile)
    {
        var size = end - start;
        if (BitOperations.IsPow2(size))
        {
            // The recursion only splits at powers of two, so a part of such a size is a complete subtree on its own boundary.
            var level = BitOperations.Log2((ulong)size);
            var (coordinate, height, index) = TileOf(level, start >> level);
            return tile(coordinate).Node(height, index);
        }
        var split = start + MerkleTree.SplitPoint(size);
        return MerkleTree.HashNode(Compute(start, split, tile), Compute(split, end, tile));
    }

    private static void Visit(long start, long end, Action<int, long> node)
    {
        var size = end - start;
        if (BitOperations.IsPow2(size))
        {
            var level = BitOperations.Log2((ulong)size);
            node(level, start >> level);
            return;
        }
        var split = start + MerkleTree.SplitPoint(size);
        Visit(start, split, node);
        Visit(split, end, node);
    }

    /// <summary>Tile that holds a complete node. Level 8 × L nodes stand in tiles of level L, whose partial tiles hold every complete one.</summary>
    private static (TileCoordinate Tile, int Height, int Index) TileOf(int level, long index)
    {
        var height = level % 8;
        var firstHash = index << height;
        return (new TileCoordinate(level / 8, firstHash / TileCoordinate.FullWidth), height, (int)((firstHash % TileCoordinate.FullWidth) >> height));
    }
}
