using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Log;

/// <summary>The proofs that the contract's own tests read, computed again by Core as <c>contracts/test/fixtures/README.md</c> describes.</summary>
public sealed class InclusionProofFixtureTests
{
    [Fact]
    public async Task Fixture_ComputedByCore_IsTheCheckedInFileByteForByte()
    {
        var path = Repository.PathOf("contracts/test/fixtures/inclusion-proofs.json");
        var computed = Encoding.ASCII.GetBytes(Compute());
        if (Environment.GetEnvironmentVariable("TRUSTCHAIN_WRITE_VECTORS") == "1")
        {
            await File.WriteAllBytesAsync(path, computed, TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken), computed);
    }

    private static string Compute()
    {
        Hash32[] leaves = [.. Enumerable.Range(0, 1000).Select(static i => LeafHash((ulong)i))];
        var cases = Enumerable.Range(1, 20).SelectMany(static size => Enumerable.Range(0, size).Select(index => (size, index)))
            .Concat(((int[])[255, 256, 257, 1000]).SelectMany(static size => EdgesOf(size).Select(index => (size, index))))
            .Select(c => Line(leaves.AsSpan(0, c.size), c.index))
            .ToList();
        Assert.Equal(232, cases.Count);
        return "{\"cases\":[\n" + string.Join(",\n", cases) + "\n]}\n";
    }

    private static IEnumerable<int> EdgesOf(int size)
    {
        var split = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)size) / 2;
        return ((int[])[0, 1, split - 1, split, size - 2, size - 1]).Distinct().Order();
    }

    private static Hash32 LeafHash(ulong index)
    {
        var entry = new byte[9];
        entry[0] = 0x01;
        BinaryPrimitives.WriteUInt64BigEndian(entry.AsSpan(1), index);
        return MerkleTree.HashLeaf(entry);
    }

    private static string Line(ReadOnlySpan<Hash32> leaves, int index)
    {
        var proof = string.Join(',', MerkleTree.ComputeInclusionProof(leaves, index).Select(static h => $"\"0x{h.ToHex()}\""));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"size\":{leaves.Length},\"root\":\"0x{MerkleTree.ComputeRoot(leaves).ToHex()}\",\"index\":{index},\"leafHash\":\"0x{leaves[index].ToHex()}\",\"proof\":[{proof}]}}");
    }
}
