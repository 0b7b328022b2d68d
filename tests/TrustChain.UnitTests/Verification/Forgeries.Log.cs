using System.Text.Json.Nodes;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using static TrustChain.UnitTests.Verification.EvidenceVectors;

namespace TrustChain.UnitTests.Verification;

/// <summary>Forgeries of the log's name, its anchors, its checkpoint and the proofs to it.</summary>
internal static partial class Forgeries
{
    private const string Bundle = "bundle";
    private const string Anchor = "anchors[0]";

    private static readonly ExpectedCheck Foreign = Failed(CheckNames.Identity, Bundle, ReasonCodes.ForeignLog);
    private static readonly ExpectedCheck Unsealed = Failed(CheckNames.Checkpoint, Bundle, ReasonCodes.CheckpointSignatureInvalid);
    private static readonly ExpectedCheck Unproven = Failed(CheckNames.Inclusion, Bundle, ReasonCodes.InclusionProofInvalid);

    private static IReadOnlyList<ExpectedCheck> AnchorFails(string code) => [Failed(CheckNames.Anchor, Anchor, code), Depends(CheckNames.Anchored, Record)];

    private static IEnumerable<Forgery> Logs()
    {
        yield return Row("another-log", "A perfect bundle of another log, with another contract on the same chain.", Other.Bundle(Other.Single), Foreign);
        yield return Row(
            "another-log-under-our-name",
            "A perfect bundle of another log, with the trusted log's name, key and contract written over its own.",
            Alter(Other.Bundle(Other.Single), static b => b.Identity = World.Log.Identity),
            [Unsealed, .. AnchorFails(ReasonCodes.ChainMismatch), SignatureFails(ReasonCodes.AudienceMismatch)]);
        yield return Row(
            "log-origin",
            "The log's name is altered.",
            Single(static b => b.Identity = b.Identity with { Origin = "log.example/coffee" }),
            [Foreign, Unsealed, .. AnchorFails(ReasonCodes.RegistryOriginMismatch), SignatureFails(ReasonCodes.AudienceMismatch)]);
        yield return Row("log-key", "The log's key is that of another log.", Single(static b => b.Identity = b.Identity with { Key = Other.Log.Verifier.Text }), Foreign, Unsealed);
        yield return Row(
            "log-key-of-impostor",
            "The log's key is another one under the same name.",
            Single(static b => b.Identity = b.Identity with { Key = NoteVerifier.Create(EvidenceWorld.TeaOrigin, Other.Log.Key.PublicKey).Text }),
            Foreign,
            Unsealed);
        yield return Row(
            "log-chain",
            "The log is said to be anchored on another chain.",
            Single(static b => b.Identity = b.Identity with { ChainId = 1 }),
            [Foreign, .. AnchorFails(ReasonCodes.ChainMismatch)]);
        yield return Row(
            "log-registry",
            "The log is said to be anchored in another contract.",
            Single(static b => b.Identity = b.Identity with { Registry = Other.Log.Registry }),
            [Foreign, .. AnchorFails(ReasonCodes.ChainMismatch)]);
    }

    /// <summary>The bundle is good, and the chain says something else: another chain, a reorganisation, a false claim.</summary>
    private static IEnumerable<Forgery> Nodes()
    {
        var registry = World.Log.Registry;
        var transaction = World.Log.Anchor(EvidenceWorld.Size, EvidenceWorld.Size).Transaction;
        const string Size = "80";
        yield return Node("chain-genesis", "Another chain with the same number.", static c => c["genesis"] = "0x" + new string('0', 64), Foreign);
        yield return Node("chain-number", "The node serves another chain.", static c => c["chainId"] = 1, AnchorFails(ReasonCodes.ChainMismatch));
        yield return Node("contract-missing", "There is no contract at the address.", c => Registries(c).Remove(registry), AnchorFails(ReasonCodes.RegistryMissing));
        yield return Node(
            "contract-of-another-log",
            "The contract at the address belongs to another log.",
            c => Registries(c)[registry]!["originHash"] = "0x" + Fixed.Hash("another origin").ToHex(),
            AnchorFails(ReasonCodes.RegistryOriginMismatch));
        yield return Node(
            "reorganised-away",
            "The chain was reorganised and the anchor is gone.",
            c => Registries(c)[registry]!["rootAt"]!.AsObject().Remove(Size),
            AnchorFails(ReasonCodes.AnchorNotFound));
        yield return Node(
            "reorganised-to-another-root",
            "The chain was reorganised and holds another root for the size.",
            c => Registries(c)[registry]!["rootAt"]![Size] = "0x" + Fixed.Hash("another root").ToHex(),
            AnchorFails(ReasonCodes.AnchorRootMismatch));
        yield return Node(
            "reorganised-to-another-block",
            "The chain was reorganised and the transaction is in another block of the same number.",
            c => c["transactions"]![transaction]!["blockHash"] = "0x" + new string('1', 64),
            AnchorFails(ReasonCodes.AnchorTransactionMismatch));
        yield return Node("transaction-reverted", "The transaction was reverted.", c => c["transactions"]![transaction]!["succeeded"] = false, AnchorFails(ReasonCodes.AnchorTransactionMismatch));
        yield return Node(
            "transaction-elsewhere",
            "The transaction was sent to another contract.",
            c => c["transactions"]![transaction]!["to"] = Other.Log.Registry,
            AnchorFails(ReasonCodes.AnchorTransactionMismatch));
        yield return Node("transaction-block", "The transaction is in a later block.", c => c["transactions"]![transaction]!["block"] = 999, AnchorFails(ReasonCodes.AnchorTransactionMismatch));
        yield return Node(
            "transaction-time",
            "The block has another time.",
            c => c["transactions"]![transaction]!["blockTime"] = "2026-04-21T00:00:00.000Z",
            AnchorFails(ReasonCodes.AnchorTransactionMismatch));

        static JsonObject Registries(JsonObject chain) => chain["registries"]!.AsObject();

        static Forgery Node(string name, string what, Action<JsonObject> change, params IReadOnlyList<ExpectedCheck> differences)
        {
            var chain = JsonNode.Parse(PlainChain)!.AsObject();
            change(chain);
            return Row(name, what, World.Bundle(World.Single), differences) with { Chain = System.Text.Encoding.UTF8.GetBytes(chain.ToJsonString()) };
        }
    }

    private static IEnumerable<Forgery> Anchors()
    {
        yield return Altered("anchor-chain", "An anchor names another chain.", static a => a with { ChainId = 1 }, ReasonCodes.ChainMismatch);
        yield return Altered("anchor-registry", "An anchor names the contract of another log.", static a => a with { Registry = Other.Log.Registry }, ReasonCodes.ChainMismatch);
        yield return Altered("anchor-size", "An anchor claims a size that was never anchored.", static a => a with { Size = 42 }, ReasonCodes.AnchorNotFound);
        yield return Altered("anchor-size-of-another", "An anchor claims the size of an older one.", static a => a with { Size = 40 }, ReasonCodes.AnchorRootMismatch);
        yield return Altered("anchor-root", "One bit of an anchor's root is altered.", static a => a with { Root = Flip(a.Root) }, ReasonCodes.AnchorRootMismatch);
        yield return Altered(
            "anchor-transaction",
            "An anchor names the transaction of an older one.",
            static a => a with { Transaction = World.Log.Anchor(24, 24).Transaction },
            ReasonCodes.AnchorTransactionMismatch);
        yield return Altered("anchor-block", "An anchor claims another block.", static a => a with { Block = a.Block - 1 }, ReasonCodes.AnchorTransactionMismatch);
        yield return Altered("anchor-block-hash", "An anchor claims another block hash.", static a => a with { BlockHash = "0x" + new string('2', 64) }, ReasonCodes.AnchorTransactionMismatch);
        yield return Altered("anchor-time", "An anchor claims an earlier time.", static a => a with { Time = a.Time.AddYears(-1) }, ReasonCodes.AnchorTransactionMismatch);
        yield return Consistency("anchor-consistency", "One bit of a consistency proof is altered.", static p => [Flip(p[0]), .. p.Skip(1)]);
        yield return Consistency("anchor-consistency-short", "A consistency proof lacks its last hash.", static p => [.. p.SkipLast(1)]);
        yield return Consistency("anchor-consistency-long", "A consistency proof has one hash more.", static p => [.. p, p[0]]);
        yield return Consistency("anchor-consistency-order", "Two hashes of a consistency proof are exchanged.", static p => [p[1], p[0], .. p.Skip(2)]);
        var fork = new EvidenceWorld(EvidenceWorld.TeaOrigin, "another history");
        yield return Row(
            "fork-of-the-same-size",
            "The log signed a second history of the same size; the chain holds the first.",
            Alter(fork.Bundle(fork.Single), static b => b.Anchors[0] = World.Log.Anchor(EvidenceWorld.Size, EvidenceWorld.Size)),
            AnchorFails(ReasonCodes.AnchorInconsistent));
        yield return Row(
            "fork-with-its-own-anchor",
            "The log signed a second history and claims that it was anchored.",
            fork.Bundle(fork.Single),
            AnchorFails(ReasonCodes.AnchorRootMismatch));
        yield return Row(
            "fork-after-an-anchor",
            "The log signed a second history that does not continue an older anchor.",
            Alter(fork.Bundle([40], [], fork.Single), static b => b.Anchors[0] = World.Log.Anchor(40, EvidenceWorld.Size)),
            AnchorFails(ReasonCodes.AnchorInconsistent));

        static Forgery Altered(string name, string what, Func<BundleAnchor, BundleAnchor> change, string code) =>
            Row(name, what, Single(b => b.Anchors[0] = change(b.Anchors[0])), AnchorFails(code));

        static Forgery Consistency(string name, string what, Func<IReadOnlyList<Hash32>, IReadOnlyList<Hash32>> change) => Row(
            name,
            what,
            Alter(World.Bundle([40], [], World.Single), b => b.Anchors[0] = b.Anchors[0] with { Consistency = change(b.Anchors[0].Consistency) }),
            AnchorFails(ReasonCodes.AnchorInconsistent));
    }

    private static IEnumerable<Forgery> Checkpoints()
    {
        var malformed = new[] { Failed(CheckNames.Checkpoint, Bundle, ReasonCodes.CheckpointMalformed), Depends(CheckNames.Inclusion, Bundle) };
        var text = new Checkpoint(World.Log.Origin, EvidenceWorld.Size, World.Log.Root(EvidenceWorld.Size)).ToText();
        yield return Note("checkpoint-signature", "One character of the checkpoint's signature is altered.", static c => Flip(c, c.Length - 20), Unsealed);
        yield return Note("checkpoint-root", "One character of the checkpoint's root is altered.", static c => Flip(c, c.IndexOf("\n80\n", StringComparison.Ordinal) + 9), Unsealed);
        yield return Note(
            "checkpoint-size",
            "The checkpoint's size is altered.",
            static c => c.Replace("\n80\n", "\n60\n", StringComparison.Ordinal),
            Unsealed,
            Depends(CheckNames.Anchor, Anchor),
            Depends(CheckNames.Inclusion, Bundle),
            Depends(CheckNames.Anchored, Record));
        yield return Note("checkpoint-origin", "The checkpoint names another log.", static c => "log.example/coffee" + c[EvidenceWorld.TeaOrigin.Length..], Unsealed);
        yield return Note("checkpoint-line-added", "A line is added to the checkpoint after it was signed.", static c => c.Replace("\n\n", "\nmore\n\n", StringComparison.Ordinal), Unsealed);
        yield return Note("checkpoint-of-impostor", "The checkpoint is signed with another key under the log's name.", _ => SignedNote.Sign(text, World.Log.Origin, Other.Log.Key), Unsealed);
        yield return Note(
            "checkpoint-of-impostor-under-our-key-id",
            "The checkpoint is signed with another key, under the key ID of the log's.",
            _ => $"{text}\n{new NoteSignature(World.Log.Origin, World.Log.Verifier.KeyId, Other.Log.Key.Sign(System.Text.Encoding.UTF8.GetBytes(text))).ToLine()}",
            Unsealed);
        yield return Note("checkpoint-without-signature", "The checkpoint's signature line is taken off.", _ => text, malformed);
        yield return Note("checkpoint-leading-zero", "The checkpoint's size is spelt with a leading zero.", static c => c.Replace("\n80\n", "\n080\n", StringComparison.Ordinal), malformed);
        yield return Row(
            "checkpoint-older",
            "An older checkpoint stands beside the proof to a newer one.",
            Single(static b =>
            {
                b.Checkpoint = World.Log.Note(40);
                b.Anchors[0] = World.Log.Anchor(24, 40);
            }),
            Unproven);
        yield return Row(
            "checkpoint-older-than-the-record",
            "An older checkpoint stands for a record that came later.",
            Alter(World.Bundle(World.MillBefore), static b =>
            {
                b.Checkpoint = World.Log.Note(40);
                b.Anchors[0] = World.Log.Anchor(24, 40);
            }),
            Unproven,
            Unknown(CheckNames.Anchored, Record, ReasonCodes.AnchorPending));
        yield return Row(
            "checkpoint-of-no-tree",
            "The log signed a root that belongs to no tree of its.",
            Single(static b => b.Checkpoint = World.Log.Note(EvidenceWorld.Size, Fixed.Hash("no tree"))),
            [.. AnchorFails(ReasonCodes.AnchorInconsistent), Unproven]);

        static Forgery Note(string name, string what, Func<string, string> change, params IReadOnlyList<ExpectedCheck> differences) =>
            Row(name, what, Single(b => b.Checkpoint = change(b.Checkpoint)), differences);
    }

    private static IEnumerable<Forgery> Witnesses()
    {
        var forged = Failed(CheckNames.Witness, Bundle, ReasonCodes.WitnessSignatureInvalid);
        var older = new Checkpoint(World.Log.Origin, 40, World.Log.Root(40)).ToText();
        yield return Witnessed("witness-line", "One character of a witness's line is altered.", Alter(Single(static b => b.CosignedBy(Witness.East, Witness.West)), static b => b.Checkpoint = Flip(b.Checkpoint, b.Checkpoint.Length - 20)), forged);
        yield return Witnessed("witness-of-older-checkpoint", "A witness's line is taken from an older checkpoint.", Single(b => b.CosignedBy(Witness.East).Checkpoint += Witness.West.Cosign(older)), forged);
        yield return Witnessed("witness-of-another-log", "A witness's line is taken from another log's checkpoint.", Single(static b => b.CosignedBy(Witness.East).Checkpoint += Witness.West.Cosign(new Checkpoint(Other.Log.Origin, EvidenceWorld.Size, World.Log.Root(EvidenceWorld.Size)).ToText())), forged);
        yield return Witnessed("witness-time", "The time of a witness's line is altered.", Single(static b =>
        {
            b.CosignedBy(Witness.East, Witness.West);
            var line = b.Checkpoint[(b.Checkpoint.LastIndexOf(' ') + 1)..^1];
            var bytes = Convert.FromBase64String(line);
            bytes[11] ^= 1;
            b.Checkpoint = b.Checkpoint.Replace(line, Convert.ToBase64String(bytes), StringComparison.Ordinal);
        }), forged);
        var unstamped = Lacking(Timestamps, Unknown(CheckNames.Timestamp, "timestamps[0]", ReasonCodes.AlgorithmNotAvailable));
        yield return Stamped("timestamp-root", "The token is said to stamp another root.", static t => t with { Root = Flip(t.Root) }, ReasonCodes.TimestampInvalid);
        yield return Stamped("timestamp-size", "The token is said to stamp another size.", static t => t with { Size = 41 }, ReasonCodes.TimestampInvalid);
        yield return Stamped("timestamp-token", "One bit of the token's signature is altered.", static t => t with { Token = FlipLast(t.Token) }, ReasonCodes.TimestampInvalid);
        yield return Stamped("timestamp-token-cut", "The token is cut off.", static t => t with { Token = t.Token[..^1] }, ReasonCodes.TimestampInvalid);
        yield return Stamped("timestamp-consistency", "One bit of the proof from the stamped tree is altered.", static t => t with { Consistency = [Flip(t.Consistency[0]), .. t.Consistency.Skip(1)] }, ReasonCodes.TimestampInconsistent);
        yield return Stamped("timestamp-of-untrusted-authority", "The token is of an authority that is not trusted.", static t => t, ReasonCodes.TimestampInvalid) with
        {
            Trust = (WitnessedTrust with { TimestampAuthorities = [StoredTimestamps.OtherAuthority(World.Log)] }).ToUtf8(),
        };

        static Forgery Witnessed(string name, string what, BundleBuilder builder, params IReadOnlyList<ExpectedCheck> differences)
        {
            var bundle = builder.Build();
            return new Forgery(name, what, bundle.ToUtf8(), Expect(bundle, isWitnessed: true, differences)) { Trust = WitnessedTrust.ToUtf8() };
        }

        Forgery Stamped(string name, string what, Func<BundleTimestamp, BundleTimestamp> change, string code) => Witnessed(
            name,
            what,
            Single(b =>
            {
                b.CosignedBy(Witness.East, Witness.West).StampedAt(40);
                b.Timestamps[0] = change(b.Timestamps[0]);
            }),
            Failed(CheckNames.Timestamp, "timestamps[0]", code)) with
        { Without = unstamped };

        static byte[] FlipLast(ReadOnlyMemory<byte> token)
        {
            var bytes = token.ToArray();
            bytes[^1] ^= 1;
            return bytes;
        }
    }

    private static IEnumerable<Forgery> Proofs()
    {
        yield return Proof("proof-byte", "One bit of the inclusion proof is altered.", static p => p[1] = Flip(p[1]));
        yield return Proof("proof-short", "The last hash of the inclusion proof is left out.", static p => p.RemoveAt(p.Count - 1));
        yield return Proof("proof-long", "One hash is added to the inclusion proof.", static p => p.Add(p[0]));
        yield return Proof("proof-order", "Two hashes of the inclusion proof are exchanged.", static p => (p[0], p[1]) = (p[1], p[0]));
        yield return Proof("proof-empty", "The inclusion proof is left out.", static p => p.Clear());
        yield return Proof("proof-of-another-tree", "The inclusion proof is of another log's tree.", static p =>
        {
            p.Clear();
            p.AddRange(Other.Bundle(Other.Single).Proof);
        });
        yield return Row("record-moved", "A record claims another place in the log.", Single(static b => b.Records[0] = b.Records[0] with { Index = 7 }), Unproven);
        yield return Row("record-beyond-the-tree", "A record claims a place that the tree does not have.", Single(static b => b.Records[0] = b.Records[0] with { Index = 1000 }), Unproven, Unknown(CheckNames.Anchored, Record, ReasonCodes.AnchorPending));
        yield return Row("record-leaf", "The leaf hash that a record claims is altered.", Single(static b => b.Records[0] = b.Records[0] with { Leaf = Flip(b.Records[0].Leaf) }), Unproven, Failed(CheckNames.Record, Record, ReasonCodes.RecordAltered));
        yield return Row(
            "two-leaves-at-one-place",
            "Two different entries claim the same place.",
            Single(static b => b.Records.Add(b.Records[0] with { Salt = Flip(b.Records[0].Salt), Leaf = MerkleTree.HashLeaf(LogEntry.ForEvent(Flip(b.Records[0].Salt).ToArray(), b.Records[0].Record.Span)) })),
            Unproven);
        yield return Row(
            "never-logged",
            "A record that the log never held, with the proof of one that it held.",
            Single(static b =>
            {
                var body = Replace(b.Records[0].Record, "2026-04-12", "2026-04-11");
                b.Records[0] = b.Records[0] with { Record = body, Leaf = MerkleTree.HashLeaf(LogEntry.ForEvent(World.Single.Salt.ToArray(), body)) };
            }),
            Unproven);

        static Forgery Proof(string name, string what, Action<List<Hash32>> change) => Row(name, what, Single(b => change(b.Proof)), Unproven);
    }
}
