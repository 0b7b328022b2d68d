using System.Numerics;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>A growing RFC 6962 tree of which only the roots of its complete subtrees are kept: at most 63 hashes.</summary>
internal sealed class Frontier
{
    private readonly List<Hash32> _complete = []; // roots of complete subtrees, the largest and leftmost first

    /// <summary>Leaves so far.</summary>
    public long Size { get; private set; }

    /// <summary>Makes the tree from the hashes that its rightmost tiles hold: what is left of them is in the tiles above.</summary>
    /// <param name="tiles">For each tile level from 0 the hashes of its last tile, at most 255: as many as the base-256 digits of the size say.</param>
    public static Frontier FromTiles(IReadOnlyList<IReadOnlyList<Hash32>> tiles)
    {
        var frontier = new Frontier();
        for (var level = tiles.Count - 1; level >= 0; level--)
        {
            var hashes = tiles[level].ToArray();
            frontier.Size += (long)hashes.Length << (8 * level);
            for (var start = 0; start < hashes.Length;)
            {
                var width = 1 << BitOperations.Log2((uint)(hashes.Length - start));
                frontier._complete.Add(MerkleTree.ComputeRoot(hashes.AsSpan(start, width)));
                start += width;
            }
        }
        return frontier;
    }

    /// <summary>Appends a leaf hash.</summary>
    public void Append(Hash32 leaf)
    {
        // Every trailing one bit of the size is a complete subtree that the new leaf completes into a larger one.
        for (var bits = Size; (bits & 1) == 1; bits >>= 1)
        {
            leaf = MerkleTree.HashNode(_complete[^1], leaf);
            _complete.RemoveAt(_complete.Count - 1);
        }
        _complete.Add(leaf);
        Size++;
    }

    /// <summary>Root of the tree so far.</summary>
    public Hash32 ComputeRoot()
    {
        if (_complete.Count == 0)
        {
            return MerkleTree.EmptyRoot;
        }
        var root = _complete[^1];
        for (var i = _complete.Count - 2; i >= 0; i--)
        {
            root = MerkleTree.HashNode(_complete[i], root);
        }
        return root;
    }
}
