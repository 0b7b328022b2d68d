using System.Numerics;
using System.Security.Cryptography;

namespace TrustChain.Core.Log;

/// <summary>
/// The hash tree of RFC 6962 section 2.1 (the same as RFC 9162 section 2.1) over SHA-256: leaves are hashed with the prefix 0x00, inner nodes
/// with 0x01, and a tree of n leaves splits at the largest power of two below n. Sizes and indices are counted in leaves.
/// </summary>
public static class MerkleTree
{
    /// <summary>Root of the tree without leaves: SHA-256 of nothing.</summary>
    public static Hash32 EmptyRoot { get; } = Hash32.Compute([]);

    /// <summary>SHA-256(0x00 || entry).</summary>
    public static Hash32 HashLeaf(ReadOnlySpan<byte> entry)
    {
        if (entry.Length <= 1024)
        {
            Span<byte> small = stackalloc byte[entry.Length + 1];
            small[0] = 0;
            entry.CopyTo(small[1..]);
            return Hash32.Compute(small);
        }
        Span<byte> digest = stackalloc byte[Hash32.Size];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([0]);
        hash.AppendData(entry);
        hash.GetHashAndReset(digest);
        return new Hash32(digest);
    }

    /// <summary>SHA-256(0x01 || left || right).</summary>
    public static Hash32 HashNode(Hash32 left, Hash32 right)
    {
        Span<byte> bytes = stackalloc byte[1 + (2 * Hash32.Size)];
        bytes[0] = 1;
        left.CopyTo(bytes[1..]);
        right.CopyTo(bytes[(1 + Hash32.Size)..]);
        return Hash32.Compute(bytes);
    }

    /// <summary>Root of the tree whose leaf hashes are given in order.</summary>
    public static Hash32 ComputeRoot(ReadOnlySpan<Hash32> leaves) => leaves.Length switch
    {
        0 => EmptyRoot,
        1 => leaves[0],
        _ => HashNode(ComputeRoot(leaves[..(int)SplitPoint(leaves.Length)]), ComputeRoot(leaves[(int)SplitPoint(leaves.Length)..])),
    };

    /// <summary>Inclusion proof (RFC 9162 section 2.1.3.1) for a leaf of a tree whose leaf hashes are all at hand; from the leaf upward.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No leaf has that index.</exception>
    public static IReadOnlyList<Hash32> ComputeInclusionProof(ReadOnlySpan<Hash32> leaves, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, leaves.Length);
        var proof = new List<Hash32>();
        while (leaves.Length > 1)
        {
            var split = (int)SplitPoint(leaves.Length);
            if (index < split)
            {
                proof.Add(ComputeRoot(leaves[split..]));
                leaves = leaves[..split];
            }
            else
            {
                proof.Add(ComputeRoot(leaves[..split]));
                leaves = leaves[split..];
                index -= split;
            }
        }
        proof.Reverse();
        return proof;
    }

    /// <summary>Checks an inclusion proof by the steps of RFC 9162 section 2.1.3.2. False for an index outside the tree or a proof of the wrong length.</summary>
    public static bool VerifyInclusion(Hash32 leaf, long index, long size, IReadOnlyList<Hash32> proof, Hash32 root)
    {
        if (index < 0 || index >= size) // step 1
        {
            return false;
        }
        var (fn, sn, r) = (index, size - 1, leaf); // steps 2 and 3
        foreach (var p in proof) // step 4
        {
            if (sn == 0)
            {
                return false;
            }
            if ((fn & 1) == 1 || fn == sn)
            {
                r = HashNode(p, r);
                while ((fn & 1) == 0 && fn != 0)
                {
                    fn >>= 1;
                    sn >>= 1;
                }
            }
            else
            {
                r = HashNode(r, p);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && r == root; // step 5
    }

    /// <summary>Checks a consistency proof by the steps of RFC 9162 section 2.1.4.2; a proof from size 0 or between equal sizes must be empty.</summary>
    public static bool VerifyConsistency(long size1, long size2, Hash32 root1, Hash32 root2, IReadOnlyList<Hash32> proof)
    {
        if (size1 < 0 || size1 > size2)
        {
            return false;
        }
        if (size1 == size2)
        {
            return proof.Count == 0 && root1 == root2;
        }
        if (size1 == 0)
        {
            return proof.Count == 0 && root1 == EmptyRoot;
        }
        if (proof.Count == 0) // step 1
        {
            return false;
        }
        var next = 0;
        var first = BitOperations.IsPow2(size1) ? root1 : proof[next++]; // step 2
        var (fn, sn) = (size1 - 1, size2 - 1); // step 3
        while ((fn & 1) == 1) // step 4
        {
            fn >>= 1;
            sn >>= 1;
        }
        var (fr, sr) = (first, first); // step 5
        for (; next < proof.Count; next++) // step 6
        {
            if (sn == 0)
            {
                return false;
            }
            var c = proof[next];
            if ((fn & 1) == 1 || fn == sn)
            {
                fr = HashNode(c, fr);
                sr = HashNode(c, sr);
                while ((fn & 1) == 0 && fn != 0)
                {
                    fn >>= 1;
                    sn >>= 1;
                }
            }
            else
            {
                sr = HashNode(sr, c);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && fr == root1 && sr == root2; // step 7
    }

    /// <summary>Largest power of two below <paramref name="size"/>, which is at least 2.</summary>
    internal static long SplitPoint(long size) => 1L << (63 - BitOperations.LeadingZeroCount((ulong)(size - 1)));
}
