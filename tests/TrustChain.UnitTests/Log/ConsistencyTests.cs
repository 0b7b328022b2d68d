using TrustChain.Core.Log;

namespace TrustChain.UnitTests.Log;

/// <summary>Proofs made from tiles, between any two sizes, judged by the steps of RFC 9162.</summary>
public sealed class ConsistencyTests
{
    [Fact]
    public void Consistency_BetweenAnyTwoSizesOfASmallLog_Verifies()
    {
        const int Size = 70;
        var leaves = Leaves(Size);
        var tiles = new TileSet(leaves); // Wider than most of the trees asked for, as the newest partial tile of a grown log is.
        for (var to = 1; to <= Size; to++)
        {
            for (var from = 0; from <= to; from++)
            {
                var proof = ProofPlan.Consistency(from, to).Build(tiles.Get);
                Assert.True(MerkleTree.VerifyConsistency(from, to, Root(leaves, from), Root(leaves, to), proof), $"{from} to {to}");
                Assert.True(proof.Count <= 63);
                if (from > 0 && from < to)
                {
                    Assert.False(MerkleTree.VerifyConsistency(from, to, Root(leaves, from - 1), Root(leaves, to), proof), $"{from - 1} by the proof of {from} to {to}");
                }
            }
        }
    }

    [Fact]
    public void Proofs_AtTheEdgesOfTiles_Verify()
    {
        int[] sizes = [1, 2, 255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_281, 65_535, 65_536, 65_537, 65_792, 65_793];
        var leaves = Leaves(sizes[^1]);
        var tiles = new TileSet(leaves);
        var roots = sizes.ToDictionary(static s => s, s => Root(leaves, s));
        foreach (var to in sizes)
        {
            Assert.Equal(roots[to], ProofPlan.Root(to).Build(tiles.Get)[0]);
            foreach (var from in sizes.Where(s => s <= to))
            {
                var proof = ProofPlan.Consistency(from, to).Build(tiles.Get);
                Assert.True(MerkleTree.VerifyConsistency(from, to, roots[from], roots[to], proof), $"{from} to {to}");
                // The last leaf of the smaller tree is included in the larger one.
                Assert.True(MerkleTree.VerifyInclusion(leaves[from - 1], from - 1, to, ProofPlan.Inclusion(from - 1, to).Build(tiles.Get), roots[to]), $"leaf {from - 1} of {to}");
            }
        }
        Assert.Equal(3, tiles.Coordinates.Max(static c => c.Level) + 1);
    }

    private static Hash32[] Leaves(int count) => [.. Enumerable.Range(0, count).Select(static i => MerkleTree.HashLeaf(BitConverter.GetBytes(i)))];

    private static Hash32 Root(Hash32[] leaves, int size) => MerkleTree.ComputeRoot(leaves.AsSpan(0, size));
}
