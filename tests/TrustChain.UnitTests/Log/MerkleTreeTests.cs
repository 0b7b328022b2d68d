using System.Text.Json;
using TrustChain.Core.Log;

namespace TrustChain.UnitTests.Log;

public sealed class MerkleTreeTests
{
    public static IEnumerable<TheoryDataRow<string>> InclusionCases() => Vectors.Rows(() => Ids("merkle/inclusion.json"));

    public static IEnumerable<TheoryDataRow<string>> ConsistencyCases() => Vectors.Rows(() => Ids("merkle/consistency.json"));

    public static IEnumerable<TheoryDataRow<string>> RootCases() => Vectors.Rows(() =>
    {
        using var vectors = Vectors.Read("merkle/roots.json");
        return vectors.RootElement.GetProperty("roots").EnumerateObject().Select(m => m.Name).ToList();
    });

    [Theory, MemberData(nameof(InclusionCases))]
    public void InclusionVector_IsJudgedAsPublished(string id)
    {
        var test = Case("merkle/inclusion.json", id);
        var proof = Hashes(test.GetProperty("proof"));
        var leaf = Hash(test.GetProperty("leafHash"));
        var root = Hash(test.GetProperty("root"));
        var valid = proof is not null && leaf is not null && root is not null
            && TryIndex(test.GetProperty("leafIdx"), out var index) && TryIndex(test.GetProperty("treeSize"), out var size)
            && MerkleTree.VerifyInclusion(leaf.Value, index, size, proof, root.Value);
        Assert.Equal(!test.GetProperty("wantErr").GetBoolean(), valid);
    }

    [Theory, MemberData(nameof(ConsistencyCases))]
    public void ConsistencyVector_IsJudgedAsPublished(string id)
    {
        var test = Case("merkle/consistency.json", id);
        var proof = Hashes(test.GetProperty("proof"));
        var root1 = Hash(test.GetProperty("root1"));
        var root2 = Hash(test.GetProperty("root2"));
        var valid = proof is not null && root1 is not null && root2 is not null
            && TryIndex(test.GetProperty("size1"), out var size1) && TryIndex(test.GetProperty("size2"), out var size2)
            && MerkleTree.VerifyConsistency(size1, size2, root1.Value, root2.Value, proof);
        Assert.Equal(!test.GetProperty("wantErr").GetBoolean(), valid);
    }

    [Theory, MemberData(nameof(RootCases))]
    public void RootVector_IsComputed(string size)
    {
        using var vectors = Vectors.Read("merkle/roots.json");
        var inputs = vectors.RootElement.GetProperty("leafInputs").EnumerateArray().Select(i => MerkleTree.HashLeaf(Convert.FromHexString(i.GetString()!))).ToArray();
        var root = MerkleTree.ComputeRoot(inputs.AsSpan(0, int.Parse(size)));
        Assert.Equal(vectors.RootElement.GetProperty("roots").GetProperty(size).GetString(), root.ToHex());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    [InlineData(66_000)]
    public void ProofPlans_FromTiles_AgreeWithTheDirectComputation(int size)
    {
        var leaves = Leaves(size);
        var tiles = TilesOf(leaves);
        var root = MerkleTree.ComputeRoot(leaves);
        Assert.Equal(root, Assert.Single(ProofPlan.Root(size).Build(c => tiles[c])));
        var random = new Random(size);
        for (var n = 0; n < 40; n++)
        {
            var index = random.Next(size);
            var plan = ProofPlan.Inclusion(index, size);
            var proof = plan.Build(c => plan.Tiles.Contains(c) ? tiles[c] : throw new InvalidOperationException("A tile that was not asked for."));
            Assert.Equal(MerkleTree.ComputeInclusionProof(leaves, index), proof);
            Assert.True(MerkleTree.VerifyInclusion(leaves[index], index, size, proof, root));
            Assert.False(MerkleTree.VerifyInclusion(MerkleTree.HashLeaf([9]), index, size, proof, root));

            var smaller = random.Next(1, size + 1);
            var consistency = ProofPlan.Consistency(smaller, size).Build(c => tiles[c]);
            Assert.True(MerkleTree.VerifyConsistency(smaller, size, MerkleTree.ComputeRoot(leaves.AsSpan(0, smaller)), root, consistency));
        }
    }

    [Fact]
    public void ProofPlans_ForAnOlderSize_ReadTheTilesOfTheLargerTree()
    {
        var leaves = Leaves(1000);
        var tiles = TilesOf(leaves);
        for (var size = 700; size < 720; size++)
        {
            var root = MerkleTree.ComputeRoot(leaves.AsSpan(0, size));
            var proof = ProofPlan.Inclusion(3, size).Build(c => tiles[c]);
            Assert.True(MerkleTree.VerifyInclusion(leaves[3], 3, size, proof, root));
        }
    }

    [Fact]
    public void SharedInclusion_ForRandomSets_LeadsToTheRootAndOnlyToIt()
    {
        var random = new Random(7);
        for (var n = 0; n < 200; n++)
        {
            var size = random.Next(1, 600);
            var leaves = Leaves(size);
            var tiles = TilesOf(leaves);
            var indices = Enumerable.Range(0, size).Where(_ => random.Next(8) == 0).Append(random.Next(size)).Distinct().Order().Select(i => (long)i).ToArray();
            var proof = ProofPlan.SharedInclusion(indices, size).Build(c => tiles[c]).ToList();
            var claimed = indices.Select(i => (i, leaves[i])).ToArray();
            var root = MerkleTree.ComputeRoot(leaves);
            Assert.Equal(root, SharedInclusionProof.ComputeRoot(claimed, size, proof));
            Assert.Null(SharedInclusionProof.ComputeRoot(claimed, size, [.. proof, root]));
            if (proof.Count > 0)
            {
                Assert.Null(SharedInclusionProof.ComputeRoot(claimed, size, proof[..^1]));
                var altered = proof.ToArray();
                altered[random.Next(altered.Length)] = MerkleTree.HashLeaf([1, 2]);
                Assert.NotEqual(root, SharedInclusionProof.ComputeRoot(claimed, size, altered));
            }
            claimed[0].Item2 = MerkleTree.HashLeaf([3]);
            Assert.NotEqual(root, SharedInclusionProof.ComputeRoot(claimed, size, proof));
        }
    }

    [Theory]
    [InlineData(0, 256, "tile/0/000")]
    [InlineData(1234067, 256, "tile/0/x001/x234/067")]
    [InlineData(1234067, 8, "tile/0/x001/x234/067.p/8")]
    public void TilePath_IsWrittenAndReadBack(long index, int width, string path)
    {
        Assert.Equal(path, new TileCoordinate(0, index).PathFor(width));
        Assert.True(TileCoordinate.TryParseIndexPath(path["tile/0/".Length..], out var readIndex, out var readWidth));
        Assert.Equal((index, width), (readIndex, readWidth));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("1234")]
    [InlineData("001/002")]
    [InlineData("x000/001")]
    [InlineData("001.p/0")]
    [InlineData("001.p/256")]
    [InlineData("001.p/08")]
    [InlineData("001.p/")]
    [InlineData("x999/x999/x999/x999/x999/x999/x999/x999/x999/999")]
    public void TilePath_InAnotherSpelling_IsRefused(string path) => Assert.False(TileCoordinate.TryParseIndexPath(path, out _, out _));

    internal static Hash32[] Leaves(int size)
    {
        var leaves = new Hash32[size];
        for (var i = 0; i < size; i++)
        {
            leaves[i] = MerkleTree.HashLeaf(BitConverter.GetBytes(i));
        }
        return leaves;
    }

    internal static Dictionary<TileCoordinate, Tile> TilesOf(Hash32[] leaves)
    {
        var tiles = new Dictionary<TileCoordinate, Tile>();
        var hashes = leaves;
        for (var level = 0; hashes.Length > 0; level++)
        {
            var chunks = hashes.Chunk(256).ToArray();
            for (var n = 0; n < chunks.Length; n++)
            {
                tiles[new TileCoordinate(level, n)] = Tile.Parse(chunks[n].SelectMany(h => h.ToArray()).ToArray());
            }
            hashes = chunks.Where(c => c.Length == 256).Select(c => MerkleTree.ComputeRoot(c)).ToArray();
        }
        return tiles;
    }

    private static IEnumerable<string> Ids(string file)
    {
        using var vectors = Vectors.Read(file);
        return vectors.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("id").GetString()!).ToList();
    }

    private static JsonElement Case(string file, string id)
    {
        using var vectors = Vectors.Read(file);
        return vectors.RootElement.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("id").GetString() == id).Clone();
    }

    private static bool TryIndex(JsonElement value, out long index) => value.TryGetInt64(out index);

    private static Hash32? Hash(JsonElement value)
    {
        var bytes = value.ValueKind == JsonValueKind.Null ? [] : Convert.FromBase64String(value.GetString()!);
        return bytes.Length == Hash32.Size ? new Hash32(bytes) : null;
    }

    private static List<Hash32>? Hashes(JsonElement value)
    {
        var list = new List<Hash32>();
        foreach (var item in value.ValueKind == JsonValueKind.Null ? default : value.EnumerateArray())
        {
            if (Hash(item) is not { } hash)
            {
                return null;
            }
            list.Add(hash);
        }
        return list;
    }
}
