using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.UnitTests.Verification;

/// <summary>How large the evidence of one record is in a log of ten million entries, beside its statement. Sizes as <c>docs/design/0006-key-chain.md</c> tells them.</summary>
public sealed class BundleSizeTests
{
    private const long LogSize = 10_000_000;
    private const string Origin = "log.example.org/tea";

    private static readonly Tile AnyTile = Tile.Parse([.. Enumerable.Range(0, TileCoordinate.FullWidth).SelectMany(static i => Fixed.Bytes($"node {i}"))]);

    [Theory]
    [InlineData(1, 4096)]
    [InlineData(3, 7680)]
    public void Evidence_OfOneRecordWithTwoWitnesses_StaysSmall(int keyEntries, int limit)
    {
        long[] indices = [.. Enumerable.Range(0, keyEntries).Select(static i => 1_234_567L + (i * 2_345_678L)), 8_765_432];
        var bundle = new EvidenceBundle
        {
            Log = new LogIdentity(Origin, NoteVerifier.Create(Origin, Key("log").PublicKey).Text, 31337, "0x" + new string('a', 40)),
            Checkpoint = SignedNote.Append(
                SignedNote.Sign(Text, Origin, Key("log")), new[] { "one", "two" }.Select(static w => Cosignature.Sign(Text, $"witness-{w}.example.org", Key(w), DateTimeOffset.UnixEpoch.AddYears(56)))),
            Anchors = [new BundleAnchor(31337, "0x" + new string('a', 40), LogSize, Fixed.Hash("root"), "0x" + new string('b', 64), 12_345_678, "0x" + new string('c', 64), DateTimeOffset.UnixEpoch.AddYears(56), [])],
            Proof = ProofPlan.SharedInclusion(indices, LogSize).Build(static _ => AnyTile),
            Keys = [.. Chain(indices[..^1])],
            Statements = [],
            Records = [MakeRecord(indices)],
        };

        var size = bundle.ToUtf8().Length;

        Assert.True(size <= limit, $"{size} bytes");
        Assert.True(size > limit / 2, $"{size} bytes: this no longer measures a whole bundle");
    }

    private static string Text => new Checkpoint(Origin, LogSize, Fixed.Hash("root")).ToText();

    private static SigningKey Key(string name) => SigningKey.FromSecret(SignatureAlgorithms.EdDsa, Fixed.Bytes($"key {name}"));

    private static IEnumerable<BundleKey> Chain(long[] indices)
    {
        for (var i = 0; i < indices.Length; i++)
        {
            var entry = new KeyEntry(
                "green-hill", "Green Hill Tea", Key($"{i}").PublicKey, Custody.Self, KeyEntry.StatementsPurpose, i == 0 ? null : indices[i - 1], KeyEntry.VouchedByOperator, null);
            var body = i == 0
                ? entry.ToJcs()
                : (entry with { Authorization = Jws.Sign(Key($"{i - 1}"), KeyChange.AuthorizationType, Origin, entry.ToAuthorizationPayload()) }).ToJcs();
            yield return new BundleKey(indices[i], MerkleTree.HashLeaf(LogEntry.ForPublic(EntryKind.Key, body)), body);
        }
    }

    private static BundleRecord MakeRecord(long[] indices)
    {
        var hash = $"ni:///sha-256;{Fixed.Hash("event").ToHex()}?ver=CBV2.0";
        var record = new Record(1, Custody.Self, hash, indices[^2], Key("0").PublicKey.Kid, 0, DateTimeOffset.UnixEpoch.AddYears(56), Fixed.Hash("statement"));
        return new BundleRecord(indices[^1], Fixed.Hash("leaf"), record.ToJcs(), Fixed.Hash("salt"), 0, null, null, [], null);
    }
}
