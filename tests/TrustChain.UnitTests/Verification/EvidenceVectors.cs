using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>One bundle with what every verifier must answer.</summary>
/// <param name="Name">File name without ending.</param>
/// <param name="Says">What it shows, one sentence.</param>
/// <param name="Bundle">The file.</param>
/// <param name="Checks">All answers in their order.</param>
internal sealed record EvidenceVector(string Name, string Says, byte[] Bundle, IReadOnlyList<ExpectedCheck> Checks)
{
    /// <summary>By algorithm, what a verifier answers instead that lacks it. ES256 and EdDSA are not counted: no verifier may lack them.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<ExpectedCheck>> Without { get; init; } = new Dictionary<string, IReadOnlyList<ExpectedCheck>>();

    /// <summary>The trust file to verify it with.</summary>
    public string Trust { get; init; } = PlainTrust;

    public const string PlainTrust = "trust.json";

    public const string WitnessedTrust = "trust-witnessed.json";

    public const string DeviceTrust = "trust-devices.json";
}

/// <summary>An answer; a code when it did not pass, or a reader must be told something all the same.</summary>
internal sealed record ExpectedCheck(string Check, string Subject, Outcome Outcome, string? Code);

/// <summary>
/// The bundles of <c>tests/vectors/evidence</c>. Expectations are written here by hand as differences from "everything passed", never taken from what
/// the verifier answered.
/// </summary>
internal static partial class EvidenceVectors
{
    private static readonly EvidenceWorld World = new();

    public static EvidenceWorld Tea => World;

    public static EvidenceWorld Other { get; } = new("log.example/other");

    public static DeviceWorld Machines { get; } = new();

    public static IReadOnlyList<EvidenceVector> All { get; } = [.. Good(), .. Forged(), .. GoodKeys(), .. ForgedKeys(), .. Witnessed(), .. Devices(), .. DevicesInCbor()];

    private static IEnumerable<EvidenceVector> Good()
    {
        yield return Vector("good-root-es256", "One record in root form, self-held ES256 key.", World.Bundle(World.Single));
        yield return Vector("good-root-eddsa", "The second of three events under one signed root, self-held EdDSA key.", World.Bundle(World.Three[1]));
        var lacking = Unknown(CheckNames.Signature, "records[0]", ReasonCodes.AlgorithmNotAvailable);
        yield return Vector("good-root-es256k", "One record in root form, self-held ES256K key.", World.Bundle(World.OnSecp256k1)) with
        {
            Without = Lacking(SignatureAlgorithms.ES256K, lacking),
        };
        yield return Vector("good-root-sm2", "One record in root form, self-held SM2 key.", World.Bundle(World.OnSm2)) with
        {
            Without = Lacking(SignatureAlgorithms.Sm2, lacking),
        };
        yield return Vector("good-custodial", "One record signed with a key that the service holds; the statement has no audience.", World.Bundle(World.Custodial));
        yield return Vector("good-document", "The second event of a document; document form carries no separate event.", World.Bundle(World.Document[1]));
        var item = World.Bundle(World.Three[0], World.Three[1], World.Three[2], World.Document[0], World.Document[1]);
        (item.Item, item.Next) = ("https://id.gs1.org/01/09506000134352/21/2", "https://log.example/evidence?item=https%3A%2F%2Fid.gs1.org%2F01%2F09506000134352%2F21%2F2&after=12");
        yield return Vector("good-shared", "Five records that share two statements, two key entries and one proof.", item);
        yield return Vector("good-consistency", "Two anchors smaller than the checkpoint, each with a consistency proof.", World.Bundle([24, 40], [], World.Single));
        yield return Vector(
            "good-status",
            "A certificate, a recall, and a key retired after the record that it signed.",
            World.Bundle([EvidenceWorld.Size], [World.Certificate, World.Recall, World.Retirement], World.Single, World.Three[0], World.Custodial));
        yield return Vector(
            "good-before-compromise",
            "The key was reported compromised from a later entry on.",
            World.Bundle([EvidenceWorld.Size], [World.Compromise], World.BeforeCompromise));
        yield return Vector(
            "good-pending",
            "The record is in the log but above the last anchored size.",
            World.Bundle([40], [], World.Late),
            Unknown(CheckNames.Anchored, "records[0]", ReasonCodes.AnchorPending));
        yield return Vector(
            "good-no-anchor",
            "No anchor is known yet.",
            World.Bundle([], [], World.Single),
            Unknown(CheckNames.Anchor, "bundle", ReasonCodes.AnchorPending),
            Unknown(CheckNames.Anchored, "records[0]", ReasonCodes.AnchorPending));
        var erasedAt = new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);
        yield return Vector(
            "good-erased",
            "Root form with its content erased: record, signature, inclusion and anchor still pass.",
            Alter(World.Bundle(World.ToErase), b => b.Records[0] = b.Records[0] with { Event = null, EventSalt = null, EventProof = [], ErasedAt = erasedAt }),
            Unknown(CheckNames.Event, "records[0]", ReasonCodes.Erased),
            Depends(CheckNames.EventHash, "records[0]"));
        yield return Vector(
            "good-erased-document",
            "Document form with its statement erased: record, inclusion and anchor still pass.",
            Alter(World.Bundle(World.Document[0]), b =>
            {
                b.Records[0] = b.Records[0] with { Statement = null, ErasedAt = erasedAt };
                b.Statements.Clear();
            }),
            Unknown(CheckNames.Signature, "records[0]", ReasonCodes.Erased),
            Depends(CheckNames.Event, "records[0]"),
            Depends(CheckNames.EventHash, "records[0]"));
    }

    private static IEnumerable<EvidenceVector> Forged()
    {
        yield return Vector(
            "bad-other-log",
            "A perfect bundle of another log, with another contract on the same chain.",
            Other.Bundle(Other.Single),
            Failed(CheckNames.Identity, "bundle", ReasonCodes.ForeignLog));
        yield return Vector(
            "bad-checkpoint",
            "One character of the checkpoint's signature is altered.",
            Alter(World.Bundle(World.Single), static b => b.Checkpoint = Flip(b.Checkpoint, b.Checkpoint.Length - 20)),
            Failed(CheckNames.Checkpoint, "bundle", ReasonCodes.CheckpointSignatureInvalid));
        yield return Vector(
            "bad-anchor-root",
            "One byte of the anchor's root is altered.",
            Alter(World.Bundle(World.Single), static b => b.Anchors[0] = b.Anchors[0] with { Root = Flip(b.Anchors[0].Root) }),
            Failed(CheckNames.Anchor, "anchors[0]", ReasonCodes.AnchorRootMismatch),
            Depends(CheckNames.Anchored, "records[0]"));
        yield return Vector(
            "bad-anchor-size",
            "The anchor claims a size that was never anchored.",
            Alter(World.Bundle(World.Single), static b => b.Anchors[0] = b.Anchors[0] with { Size = 42 }),
            Failed(CheckNames.Anchor, "anchors[0]", ReasonCodes.AnchorNotFound),
            Depends(CheckNames.Anchored, "records[0]"));
        yield return Vector(
            "bad-anchor-block",
            "The anchor names another block than the one that holds its transaction.",
            Alter(World.Bundle(World.Single), static b => b.Anchors[0] = b.Anchors[0] with { Block = b.Anchors[0].Block + 1 }),
            Failed(CheckNames.Anchor, "anchors[0]", ReasonCodes.AnchorTransactionMismatch),
            Depends(CheckNames.Anchored, "records[0]"));
        var fork = new EvidenceWorld(EvidenceWorld.TeaOrigin, "another history");
        yield return Vector(
            "bad-two-histories",
            "The log signed a second history of the same size; the chain holds the first.",
            Alter(fork.Bundle(fork.Single), static b => b.Anchors[0] = World.Log.Anchor(EvidenceWorld.Size, EvidenceWorld.Size)),
            Failed(CheckNames.Anchor, "anchors[0]", ReasonCodes.AnchorInconsistent),
            Depends(CheckNames.Anchored, "records[0]"));
        yield return Vector(
            "bad-consistency",
            "One byte of the consistency proof is altered.",
            Alter(World.Bundle([40], [], World.Single), static b =>
                b.Anchors[0] = b.Anchors[0] with { Consistency = [Flip(b.Anchors[0].Consistency[0]), .. b.Anchors[0].Consistency.Skip(1)] }),
            Failed(CheckNames.Anchor, "anchors[0]", ReasonCodes.AnchorInconsistent),
            Depends(CheckNames.Anchored, "records[0]"));
        yield return Vector(
            "bad-proof",
            "One byte of one hash of the inclusion proof is altered.",
            Alter(World.Bundle(World.Single), static b => b.Proof[1] = Flip(b.Proof[1])),
            Failed(CheckNames.Inclusion, "bundle", ReasonCodes.InclusionProofInvalid));
        yield return Vector(
            "bad-proof-short",
            "The last hash of the inclusion proof is left out.",
            Alter(World.Bundle(World.Single), static b => b.Proof.RemoveAt(b.Proof.Count - 1)),
            Failed(CheckNames.Inclusion, "bundle", ReasonCodes.InclusionProofInvalid));
        yield return Vector(
            "bad-key-name",
            "One character of the organisation's name in the key entry is altered.",
            Alter(World.Bundle(World.Single), static b => b.Keys[0] = b.Keys[0] with { Body = Replace(b.Keys[0].Body, "Green Hill", "Green Hull") }),
            Failed(CheckNames.Key, "keys[0]", ReasonCodes.KeyAltered),
            Depends(CheckNames.KeyHistory, "keys[0]"));
        yield return Vector(
            "bad-key-swapped",
            "The key entry holds another key of the same kind.",
            Alter(World.Bundle(World.Single), static b => b.Keys[0] = b.Keys[0] with
            {
                Body = Replace(Replace(b.Keys[0].Body, World.Garden.Key.PublicKey.Jwk, World.Farm.Key.PublicKey.Jwk), World.Garden.Kid, World.Farm.Kid),
            }),
            Failed(CheckNames.Key, "keys[0]", ReasonCodes.KeyAltered),
            Depends(CheckNames.KeyHistory, "keys[0]"),
            Depends(CheckNames.Signature, "records[0]"),
            Depends(CheckNames.Event, "records[0]"),
            Depends(CheckNames.EventHash, "records[0]"));
        yield return Vector(
            "bad-key-missing",
            "The key entry that the record names is not in the bundle.",
            Alter(World.Bundle(World.Single), static b =>
            {
                b.Keys.Clear();
                b.Prove();
            }),
            Failed(CheckNames.Signature, "records[0]", ReasonCodes.KeyMissing),
            Depends(CheckNames.Event, "records[0]"),
            Depends(CheckNames.EventHash, "records[0]"));
        yield return Vector(
            "bad-key-point",
            "The log holds a key entry whose point is not on the SM2 curve. No record of the bundle was made with it.",
            World.Bundle(World.Single).With(World.OffCurve).Prove(),
            Failed(CheckNames.Key, "keys[1]", ReasonCodes.KeyMalformed),
            NotListed(CheckNames.KeyHistory, "keys[1]"));
        yield return Vector(
            "bad-record",
            "One digit of the record's time is altered.",
            Alter(World.Bundle(World.Single), static b => b.Records[0] = b.Records[0] with { Record = Replace(b.Records[0].Record, "2026-04-12", "2026-04-11") }),
            Failed(CheckNames.Record, "records[0]", ReasonCodes.RecordAltered));
        yield return Vector(
            "bad-record-statement",
            "One digit of the statement's digest in the record is altered.",
            Alter(World.Bundle(World.Single), static b => b.Records[0] = b.Records[0] with { Record = FlipHex(b.Records[0].Record, "\"statement\":\"") }),
            Failed(CheckNames.Record, "records[0]", ReasonCodes.RecordAltered),
            Depends(CheckNames.Signature, "records[0]"));
        yield return Vector(
            "bad-record-event-hash",
            "One digit of the event hash in the record is altered.",
            Alter(World.Bundle(World.Single), static b => b.Records[0] = b.Records[0] with { Record = FlipHex(b.Records[0].Record, "sha-256;") }),
            Failed(CheckNames.Record, "records[0]", ReasonCodes.RecordAltered),
            Depends(CheckNames.EventHash, "records[0]"));
        yield return Vector(
            "bad-salt",
            "One byte of the record's salt is altered.",
            Alter(World.Bundle(World.Single), static b => b.Records[0] = b.Records[0] with { Salt = Flip(b.Records[0].Salt) }),
            Failed(CheckNames.Record, "records[0]", ReasonCodes.RecordAltered));
        yield return Vector(
            "bad-statement-signature",
            "One character of the statement's signature is altered.",
            Alter(World.Bundle(World.Single), static b => b.Statements[0] = Flip(b.Statements[0], b.Statements[0].Length - 20)),
            Failed(CheckNames.Signature, "records[0]", ReasonCodes.StatementAltered));
        yield return Vector(
            "bad-statement-payload",
            "One byte of the signed root is altered.",
            Alter(World.Bundle(World.Single), static b => b.Statements[0] = FlipPayload(b.Statements[0], "\"root\":\"")),
            Failed(CheckNames.Signature, "records[0]", ReasonCodes.StatementAltered),
            Depends(CheckNames.Event, "records[0]"));
        yield return Vector(
            "bad-audience",
            "The operator logged a statement that was signed for another log.",
            World.Bundle(World.ForeignAudience),
            Failed(CheckNames.Signature, "records[0]", ReasonCodes.AudienceMismatch));
        yield return Vector(
            "bad-event",
            "One character of the event is altered.",
            Alter(World.Bundle(World.Single), static b => b.Records[0] = b.Records[0] with { Event = Replace(b.Records[0].Event!.Value, "/21/1", "/21/2") }),
            Failed(CheckNames.Event, "records[0]", ReasonCodes.EventAltered),
            Depends(CheckNames.EventHash, "records[0]"));
        yield return Vector(
            "bad-event-blank",
            "A blank is added to the event: the same event, but not the bytes that were signed.",
            Alter(World.Bundle(World.Single), static b => b.Records[0] = b.Records[0] with { Event = (byte[])[.. b.Records[0].Event!.Value.Span, (byte)' '] }),
            Failed(CheckNames.Event, "records[0]", ReasonCodes.EventAltered));
        yield return Vector(
            "bad-event-hash",
            "The operator logged the hash of another event.",
            World.Bundle(World.WrongHash),
            Failed(CheckNames.EventHash, "records[0]", ReasonCodes.EventHashMismatch));
        yield return Vector(
            "bad-key-revoked",
            "The operator logged a record under a key that had been retired.",
            World.Bundle([EvidenceWorld.Size], [World.Retirement], World.AfterRetirement),
            Failed(CheckNames.KeyStatus, "records[0]", ReasonCodes.KeyRevoked));
        yield return Vector(
            "bad-key-compromised",
            "The key was reported compromised from this record on.",
            World.Bundle([EvidenceWorld.Size], [World.Compromise], World.BeforeCompromise, World.AfterCompromise),
            Failed(CheckNames.KeyStatus, "records[1]", ReasonCodes.KeyCompromised));
        yield return Vector(
            "bad-status",
            "One character of the certificate's entry is altered.",
            Alter(World.Bundle([EvidenceWorld.Size], [World.Certificate], World.Single), static b =>
                b.Status[0] = b.Status[0] with { Body = Replace(b.Status[0].Body, "\"c-1\"", "\"c-2\"") }),
            Failed(CheckNames.Status, "status[0]", ReasonCodes.StatusAltered));
        yield return Vector(
            "bad-status-statement",
            "One character of the certificate's signature is altered.",
            Alter(World.Bundle([EvidenceWorld.Size], [World.Certificate], World.Single), static b => b.Statements[1] = Flip(b.Statements[1], b.Statements[1].Length - 20)),
            Failed(CheckNames.Status, "status[0]", ReasonCodes.StatementAltered));
        var unknown = JsonNode.Parse(World.Bundle(World.Single).Build().ToUtf8())!.AsObject();
        unknown["remark"] = "x";
        yield return new EvidenceVector(
            "bad-member",
            "The bundle has a member that this version does not know.",
            Encoding.UTF8.GetBytes(unknown.ToJsonString()),
            [new ExpectedCheck(CheckNames.Bundle, "bundle", Outcome.Failed, ReasonCodes.BundleMalformed)]);
    }

    internal static EvidenceVector Vector(string name, string says, BundleBuilder builder, params IReadOnlyList<ExpectedCheck> differences)
    {
        var bundle = builder.Build();
        return new EvidenceVector(name, says, bundle.ToUtf8(), Expect(bundle, isWitnessed: false, differences));
    }

    /// <summary>All answers: those of a bundle with which everything is right, but for the differences.</summary>
    internal static IReadOnlyList<ExpectedCheck> Expect(EvidenceBundle bundle, bool isWitnessed, IReadOnlyList<ExpectedCheck> differences)
    {
        var checks = AllPassed(bundle, isWitnessed);
        foreach (var difference in differences)
        {
            var place = checks.FindIndex(check => check.Check == difference.Check && check.Subject == difference.Subject);
            if (difference.Code == NotListedCode)
            {
                checks.RemoveAt(place);
            }
            else
            {
                checks[place] = difference;
            }
        }
        return checks;
    }

    /// <summary>The checks that a bundle calls for, in their order, as if all of them came out right.</summary>
    private static List<ExpectedCheck> AllPassed(EvidenceBundle bundle, bool isWitnessed)
    {
        var checks = new List<ExpectedCheck>();
        Add("bundle", CheckNames.Identity, CheckNames.Checkpoint);
        if (isWitnessed)
        {
            Add("bundle", CheckNames.Witness);
        }
        AddEach("anchors", bundle.Anchors.Count, CheckNames.Anchor);
        if (bundle.Anchors.Count == 0)
        {
            Add("bundle", CheckNames.Anchor);
        }
        AddEach("timestamps", bundle.Timestamps.Count, CheckNames.Timestamp);
        Add("bundle", CheckNames.Inclusion);
        AddEach("keys", bundle.Keys.Count, CheckNames.Key);
        for (var i = 0; i < bundle.Keys.Count; i++)
        {
            if (IsRegister(bundle.Keys[i]))
            {
                Add($"keys[{i}]", CheckNames.KeyHistory);
            }
        }
        for (var i = 0; i < bundle.Records.Count; i++)
        {
            var isTelemetry = bundle.Records[i].Statement is { } place && IsTelemetry(bundle.Statements[place]);
            Add(
                $"records[{i}]",
                [
                    CheckNames.Record, CheckNames.Signature, CheckNames.Event, CheckNames.EventHash,
                    .. isTelemetry ? [CheckNames.Device] : (IReadOnlyList<string>)[],
                    CheckNames.KeyStatus, CheckNames.Anchored,
                ]);
        }
        AddEach("status", bundle.Status.Count, CheckNames.Status);
        for (var i = 0; i < bundle.Status.Count; i++)
        {
            if (bundle.Status[i].Kind == EntryKind.Device)
            {
                Add($"status[{i}]", CheckNames.DeviceHistory);
            }
        }
        return checks;

        void Add(string subject, params IEnumerable<string> names) =>
            checks.AddRange(names.Select(name => new ExpectedCheck(name, subject, Outcome.Passed, null)));

        void AddEach(string list, int count, params IReadOnlyList<string> names)
        {
            for (var i = 0; i < count; i++)
            {
                Add($"{list}[{i}]", names);
            }
        }
    }

    /// <summary>Whether the entry admits a key, going by its act alone.</summary>
    private static bool IsRegister(BundleKey key)
    {
        using var body = System.Text.Json.JsonDocument.Parse(key.Body);
        return body.RootElement.TryGetProperty("act", out var act) && act.GetString() == KeyEntry.Act;
    }

    /// <summary>Whether a statement says in its header that it is a device's.</summary>
    private static bool IsTelemetry(string statement) => statement.IndexOf('.', StringComparison.Ordinal) is var dot
        && (dot < 0 || (Base64UrlText.TryDecode(statement.AsSpan(0, dot), out var header) && SaysSo(header))); // What has no dots is CBOR, or meant to be.

    private static bool SaysSo(byte[] header) =>
        Encoding.UTF8.GetString(header).Contains($"\"typ\":\"{Core.Signing.Statement.TelemetryType}\"", StringComparison.Ordinal);

    private const string NotListedCode = "not-listed";

    /// <summary>No answer to this is listed, because of another one.</summary>
    internal static ExpectedCheck NotListed(string check, string subject) => new(check, subject, Outcome.CouldNotCheck, NotListedCode);

    /// <summary>Passed, with something that a reader must be told.</summary>
    internal static ExpectedCheck Passed(string check, string subject, string code) => new(check, subject, Outcome.Passed, code);

    internal static ExpectedCheck Failed(string check, string subject, string code) => new(check, subject, Outcome.Failed, code);

    internal static ExpectedCheck Unknown(string check, string subject, string code) => new(check, subject, Outcome.CouldNotCheck, code);

    internal static ExpectedCheck Depends(string check, string subject) => Unknown(check, subject, ReasonCodes.DependsOn);

    internal static BundleBuilder Alter(BundleBuilder builder, Action<BundleBuilder> change)
    {
        change(builder);
        return builder;
    }

    internal static Hash32 Flip(Hash32 hash)
    {
        var bytes = hash.ToArray();
        bytes[7] ^= 1;
        return new Hash32(bytes);
    }

    /// <summary>Puts another letter of the base64 alphabets at a place.</summary>
    internal static string Flip(string text, int place) => $"{text[..place]}{(text[place] == 'A' ? 'B' : 'A')}{text[(place + 1)..]}";

    internal static byte[] Replace(ReadOnlyMemory<byte> utf8, string old, string with)
    {
        var text = Encoding.UTF8.GetString(utf8.Span);
        Assert.Contains(old, text, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text.Replace(old, with, StringComparison.Ordinal));
    }

    /// <summary>Alters the third hexadecimal digit after a marker.</summary>
    internal static byte[] FlipHex(ReadOnlyMemory<byte> utf8, string marker)
    {
        var text = Encoding.UTF8.GetString(utf8.Span);
        var place = text.IndexOf(marker, StringComparison.Ordinal) + marker.Length + 2;
        return Encoding.UTF8.GetBytes($"{text[..place]}{(text[place] == '0' ? '1' : '0')}{text[(place + 1)..]}");
    }

    /// <summary>Alters the third character after a marker in a JWS's payload.</summary>
    internal static string FlipPayload(string compact, string marker)
    {
        var parts = compact.Split('.');
        Assert.True(Base64UrlText.TryDecode(parts[1], out var payload));
        var text = Encoding.UTF8.GetString(payload);
        var altered = Flip(text, text.IndexOf(marker, StringComparison.Ordinal) + marker.Length + 2);
        return $"{parts[0]}.{Base64UrlText.Encode(Encoding.UTF8.GetBytes(altered))}.{parts[2]}";
    }
}
