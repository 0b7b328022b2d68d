using TrustChain.Core.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Log;

/// <summary>A whole log fetched through its public addresses, as any stranger can.</summary>
internal sealed record LogCopy(Checkpoint Checkpoint, IReadOnlyList<byte[]> Entries)
{
    public Hash32[] Leaves { get; } = [.. Entries.Select(static e => MerkleTree.HashLeaf(e))];

    /// <summary>Fetches every entry that the checkpoint covers.</summary>
    public static async Task<LogCopy> FetchAsync(RunningServer server, Checkpoint checkpoint)
    {
        var entries = new List<byte[]>();
        for (var index = 0L; entries.Count < checkpoint.Size; index++)
        {
            var width = new TileCoordinate(0, index).WidthAt(checkpoint.Size);
            var answer = (await server.GetAsync($"/log/tile/entries/{TileCoordinate.IndexPath(index, width)}")).Expect(200);
            var bundle = EntryBundle.Parse(answer.Bytes);
            Assert.Equal(width, bundle.Count);
            entries.AddRange(bundle.Select(static e => e.ToArray()));
        }
        return new LogCopy(checkpoint, entries);
    }

    /// <summary>The hashes of a tile, computed from the entries alone.</summary>
    public byte[] ComputeTile(TileCoordinate coordinate)
    {
        var leavesPerHash = 1 << (8 * coordinate.Level);
        var width = coordinate.WidthAt(Checkpoint.Size);
        return [.. Enumerable.Range(0, width).SelectMany(i =>
        {
            var start = (int)((coordinate.Index * TileCoordinate.FullWidth) + i) * leavesPerHash;
            return MerkleTree.ComputeRoot(Leaves.AsSpan(start, leavesPerHash)).ToArray();
        })];
    }
}
