namespace TrustChain.Core.Log;

/// <summary>
/// One proof for several leaves of a tree: the hashes of the maximal subtrees that hold none of the leaves, from left to right. For one leaf it
/// holds the same hashes as the proof of RFC 9162 section 2.1.3, ordered by position; for many it leaves out what the leaves tell about each other.
/// </summary>
public static class SharedInclusionProof
{
    /// <summary>Largest tree this reads: bounds the depth of the recursion.</summary>
    public const long MaxTreeSize = 1L << 48;

    /// <summary>Root that leaves and proof lead to, or null when the proof has too few or too many hashes.</summary>
    /// <param name="leaves">Leaf hashes with their indices, ascending by index, each index once.</param>
    /// <param name="treeSize">Leaves in the tree, 1 to <see cref="MaxTreeSize"/>.</param>
    /// <param name="proof">The hashes, from left to right.</param>
    /// <exception cref="ArgumentException">The indices are not ascending or not in the tree.</exception>
    public static Hash32? ComputeRoot(ReadOnlySpan<(long Index, Hash32 Leaf)> leaves, long treeSize, IReadOnlyList<Hash32> proof)
    {
        Span<long> indices = leaves.Length <= 128 ? stackalloc long[leaves.Length] : new long[leaves.Length];
        for (var i = 0; i < leaves.Length; i++)
        {
            indices[i] = leaves[i].Index;
        }
        ThrowUnlessAscending(indices, treeSize);
        var used = 0;
        var root = Compute(leaves, 0, treeSize, proof, ref used);
        return used == proof.Count ? root : null;
    }

    internal static void ThrowUnlessAscending(ReadOnlySpan<long> indices, long treeSize)
    {
        if (treeSize is < 1 or > MaxTreeSize)
        {
            throw new ArgumentException($"A tree of {treeSize} leaves is outside 1 to {MaxTreeSize}.", nameof(treeSize));
        }
        var last = -1L;
        foreach (var index in indices)
        {
            if (index <= last || index >= treeSize)
            {
                throw new ArgumentException($"Leaf {index} is out of order or not in a tree of {treeSize}.", nameof(indices));
            }
            last = index;
        }
    }

    private static Hash32? Compute(ReadOnlySpan<(long Index, Hash32 Leaf)> leaves, long start, long end, IReadOnlyList<Hash32> proof, ref int used)
    {
        if (leaves.IsEmpty)
        {
            // One more than there are makes the count check of the caller fail.
            return used < proof.Count ? proof[used++] : Exhausted(proof, ref used);
        }
        if (end - start == 1)
        {
            return leaves[0].Leaf;
        }
        var split = start + MerkleTree.SplitPoint(end - start);
        var right = 0;
        while (right < leaves.Length && leaves[right].Index < split)
        {
            right++;
        }
        var left = Compute(leaves[..right], start, split, proof, ref used);
        var second = left is null ? null : Compute(leaves[right..], split, end, proof, ref used);
        return left is { } l && second is { } r ? MerkleTree.HashNode(l, r) : null;
    }

    private static Hash32? Exhausted(IReadOnlyList<Hash32> proof, ref int used)
    {
        used = proof.Count + 1;
        return null;
    }
}
