using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>A log of any entries that answers as a server's, with every tile computed from them and signed with a key at hand.</summary>
internal sealed class ForgedLog(string origin, SigningKey key, IEnumerable<byte[]> entries)
{
    private readonly List<byte[]> _entries = [.. entries];
    private readonly List<List<Hash32>> _levels = []; // hashes of tree level 8 × i

    /// <summary>How much of it the checkpoint covers; all that is there when not set.</summary>
    public long Size { get => field == 0 ? _entries.Count : field; set; }

    public NoteVerifier Verifier => NoteVerifier.Create(origin, key.PublicKey);

    /// <summary>Entries of events with digests that depend on the seed.</summary>
    public static IEnumerable<byte[]> Entries(int count, string seed = "") =>
        Enumerable.Range(0, count).Select(i => (byte[])[LogEntry.Version, (byte)EntryKind.Event, .. Hash32.Compute(Encoding.UTF8.GetBytes($"{seed}{i}")).ToArray()]);

    public Checkpoint Checkpoint(long size) => new(origin, size, RootAt(size));

    public string Note(long size) => SignedNote.Sign(Checkpoint(size).ToText(), origin, key);

    /// <summary>What a server of this log answers to a path; null for what is not of the log.</summary>
    public ProxyAnswer? Answer(string path)
    {
        if (path == "/log/checkpoint")
        {
            return new ProxyAnswer(200, Encoding.UTF8.GetBytes(Note(Size)));
        }
        if (path.StartsWith("/log/tile/entries/", StringComparison.Ordinal))
        {
            return TileCoordinate.TryParseIndexPath(path["/log/tile/entries/".Length..], out var bundle, out var count) && IsThere(0, bundle, count)
                ? new ProxyAnswer(200, Bundle(bundle, count))
                : new ProxyAnswer(404, []);
        }
        if (path.StartsWith("/log/tile/", StringComparison.Ordinal))
        {
            return TileCoordinate.TryParseIndexPath(path["/log/tile/0/".Length..], out var index, out var width) && IsThere(path["/log/tile/".Length] - '0', index, width)
                ? new ProxyAnswer(200, [.. Level(path["/log/tile/".Length] - '0').Skip((int)index * 256).Take(width).SelectMany(static h => h.ToArray())])
                : new ProxyAnswer(404, []);
        }
        return path == "/log/anchors" ? new ProxyAnswer(200, Encoding.UTF8.GetBytes($$"""{"targets":[{"chainId":{{AuditCli.ChainId}},"registry":"{{AuditCli.Registry}}","anchors":[]}]}""")) : null;
    }

    /// <summary>Root of the first entries.</summary>
    public Hash32 RootAt(long size) => MerkleTree.ComputeRoot([.. Level(0).Take((int)size)]);

    private bool IsThere(int level, long index, int width) => new TileCoordinate(level, index).WidthAt(Size) >= width;

    private byte[] Bundle(long index, int count)
    {
        using var bundle = new MemoryStream();
        foreach (var entry in _entries.Skip((int)index * 256).Take(count))
        {
            EntryBundle.Append(bundle, entry);
        }
        return bundle.ToArray();
    }

    private List<Hash32> Level(int level)
    {
        lock (_levels)
        {
            while (_levels.Count <= level)
            {
                _levels.Add(_levels.Count == 0
                    ? [.. _entries.Select(static e => MerkleTree.HashLeaf(e))]
                    : [.. _levels[^1].Chunk(256).Where(static c => c.Length == 256).Select(static c => MerkleTree.ComputeRoot(c))]);
            }
            return _levels[level];
        }
    }
}
