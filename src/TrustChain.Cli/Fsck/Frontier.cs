using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>A growing RFC 6962 tree of which only the roots of its complete subtrees are kept: at most 63 hashes.</summary>
internal sealed class Frontier
{
    private readonly List<Hash32> _complete = []; // roots of complete subtrees, the largest and leftmost first

    /// <summary>Leaves so far.</summary>
    public long Size { get; private set; }

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
