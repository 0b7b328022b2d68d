using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>A whole log in memory, with a registry contract that holds some of its roots. Everything follows from the name, so it is the same in every run.</summary>
internal sealed class LittleLog
{
    private readonly List<byte[]> _entries = [];
    private readonly List<Hash32> _leaves = [];

    public LittleLog(string origin)
    {
        Origin = origin;
        Key = SigningKey.FromSecret(SignatureAlgorithms.EdDsa, Fixed.Bytes($"log key of {origin}"));
        Verifier = NoteVerifier.Create(origin, Key.PublicKey);
        Registry = "0x" + Convert.ToHexStringLower(Fixed.Bytes($"registry of {origin}").AsSpan(0, 20));
    }

    public const long ChainId = 31337;

    public static string Genesis { get; } = "0x" + Convert.ToHexStringLower(Fixed.Bytes("genesis"));

    public string Origin { get; }

    public SigningKey Key { get; }

    public NoteVerifier Verifier { get; }

    public string Registry { get; }

    public int Size => _leaves.Count;

    public LogIdentity Identity => new(Origin, Verifier.Text, ChainId, Registry);

    public TrustFile Trust => new(Origin, Verifier.Text, ChainId, Registry, Genesis);

    /// <summary>Appends an entry and answers its leaf index.</summary>
    public long Append(byte[] entry)
    {
        _entries.Add(entry);
        _leaves.Add(MerkleTree.HashLeaf(entry));
        return _leaves.Count - 1;
    }

    /// <summary>Appends entries that belong to nobody until the tree has the size.</summary>
    public void PadTo(int size)
    {
        while (Size < size)
        {
            Append([LogEntry.Version, (byte)EntryKind.Event, .. Fixed.Bytes($"padding {Size} of {Origin}")]);
        }
    }

    public byte[] Entry(long index) => _entries[(int)index];

    public Hash32 Leaf(long index) => _leaves[(int)index];

    public Hash32 Root(long size) => MerkleTree.ComputeRoot(_leaves.ToArray().AsSpan(0, (int)size));

    /// <summary>The signed checkpoint of the first <paramref name="size"/> entries.</summary>
    public string Note(long size) => Note(size, Root(size));

    public string Note(long size, Hash32 root) => SignedNote.Sign(new Checkpoint(Origin, size, root).ToText(), Origin, Key);

    public IReadOnlyList<Hash32> SharedProof(IEnumerable<long> indices, long size) => ProofPlan.SharedInclusion(indices.ToArray(), size).Build(Tile);

    public IReadOnlyList<Hash32> Consistency(long size1, long size2) => ProofPlan.Consistency(size1, size2).Build(Tile);

    /// <summary>The anchor of a size as a bundle tells it, with the consistency proof to a checkpoint.</summary>
    public BundleAnchor Anchor(long size, long checkpoint) => new(
        ChainId,
        Registry,
        size,
        Root(size),
        "0x" + Convert.ToHexStringLower(Fixed.Bytes($"transaction {size} of {Origin}")),
        100 + size,
        "0x" + Convert.ToHexStringLower(Fixed.Bytes($"block {100 + size}")),
        new DateTimeOffset(2026, 4, 20, 0, 0, 0, TimeSpan.Zero).AddMinutes(size),
        Consistency(size, checkpoint));

    // Sizes stay below 256, so there is one tile.
    private Tile Tile(TileCoordinate coordinate) =>
        coordinate == default ? Core.Log.Tile.Parse(_leaves.SelectMany(static l => l.ToArray()).ToArray()) : throw new InvalidOperationException($"No tile {coordinate}.");
}

/// <summary>Bytes that stand for random ones and are the same in every run.</summary>
internal static class Fixed
{
    public static byte[] Bytes(string label) => SHA256.HashData(Encoding.UTF8.GetBytes($"trustchain test vector: {label}"));

    public static Hash32 Hash(string label) => new(Bytes(label));
}
