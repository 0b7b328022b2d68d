using TrustChain.Core.Log;

namespace TrustChain.FaultTests.Stage;

/// <summary>A tree that grows leaf by leaf and knows its root at every size. Independent of the product's tiles.</summary>
internal sealed class Tree
{
    private readonly Stack<(int Level, Hash32 Hash)> _peaks = new();

    public void Append(Hash32 leaf)
    {
        var (level, hash) = (0, leaf);
        while (_peaks.TryPeek(out var left) && left.Level == level)
        {
            (level, hash) = (level + 1, MerkleTree.HashNode(_peaks.Pop().Hash, hash));
        }
        _peaks.Push((level, hash));
    }

    public Hash32 Root()
    {
        Hash32? root = null;
        foreach (var (_, hash) in _peaks) // from the last, smallest one
        {
            root = root is { } right ? MerkleTree.HashNode(hash, right) : hash;
        }
        return root ?? MerkleTree.EmptyRoot;
    }
}
