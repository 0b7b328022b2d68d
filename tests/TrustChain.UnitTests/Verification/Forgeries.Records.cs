using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using static TrustChain.UnitTests.Verification.EvidenceVectors;
using static TrustChain.UnitTests.Verification.LyingLog;

namespace TrustChain.UnitTests.Verification;

/// <summary>Forgeries of records, statements, events and certificates.</summary>
internal static partial class Forgeries
{
    private static readonly ExpectedCheck RecordAltered = Failed(CheckNames.Record, Record, ReasonCodes.RecordAltered);
    private static readonly ExpectedCheck SignatureDepends = Depends(CheckNames.Signature, Record);
    private static readonly ExpectedCheck EventDepends = Depends(CheckNames.Event, Record);
    private static readonly ExpectedCheck EventHashDepends = Depends(CheckNames.EventHash, Record);

    private static IEnumerable<Forgery> RecordFields()
    {
        yield return Field("record-count", "The number of events in a record is altered.", "\"count\":1", "\"count\":2", SignatureDepends, EventDepends);
        yield return Field("record-custody", "The custody in a record is altered.", "\"self\"", "\"custodial\"", Unsigned());
        yield return Field("record-event-hash", "The event hash in a record is altered.", "sha-256;ffb7", "sha-256;ffb8", EventHashDepends);
        yield return Field("record-key-entry", "The key entry that a record names is altered.", "\"keyEntry\":3", "\"keyEntry\":4", Unsigned());
        yield return Field("record-kid", "The key that a record names is altered.", World.Garden.Kid, World.Lake.Kid, Unsigned());
        yield return Field("record-time", "The time in a record is altered.", "2026-04-12T08:07", "2026-04-12T07:07");
        yield return Field("record-statement", "The statement's digest in a record is altered.", "\"statement\":\"0", "\"statement\":\"1", SignatureDepends);
        yield return Field(
            "record-version",
            "The version of a record is altered.",
            "\"v\":1",
            "\"v\":2",
            [
                SignatureDepends,
                .. new[] { CheckNames.Event, CheckNames.EventHash, CheckNames.KeyStatus, CheckNames.Anchored }.Select(static name => NotListed(name, Record)),
            ]);
        yield return Row("record-salt", "The salt of a record is altered.", Single(static b => b.Records[0] = b.Records[0] with { Salt = Flip(b.Records[0].Salt) }), RecordAltered);
        yield return Row(
            "record-position",
            "The position in a record is altered.",
            Alter(World.Bundle(World.Three[1]), static b => AlterRecord(b, "\"position\":1", "\"position\":2")),
            RecordAltered,
            EventDepends);

        static Forgery Field(string name, string what, string old, string with, params IReadOnlyList<ExpectedCheck> differences) =>
            Row(name, what, Single(b => AlterRecord(b, old, with)), [RecordAltered, .. differences]);
    }

    private static IEnumerable<Forgery> Exchanges()
    {
        var altered = Failed(CheckNames.Event, Record, ReasonCodes.EventAltered);
        yield return Event("event-altered", "One character of an event is altered.", static r => r with { Event = Replace(r.Event!.Value, "/21/3", "/21/9") }, altered, EventHashDepends);
        yield return Event("event-respelt", "A blank is added to an event: the same event, but not the bytes that were signed.", static r => r with { Event = (byte[])[.. r.Event!.Value.Span, (byte)' '] }, altered);
        yield return Event("event-salt", "The salt of an event is altered.", static r => r with { EventSalt = Flip(r.EventSalt!.Value) }, altered);
        yield return Event("event-proof", "One bit of an event's proof is altered.", static r => r with { EventProof = [Flip(r.EventProof[0]), .. r.EventProof.Skip(1)] }, altered);
        yield return Event("event-proof-short", "An event's proof lacks its last hash.", static r => r with { EventProof = [.. r.EventProof.SkipLast(1)] }, altered);
        yield return Event("event-proof-long", "An event's proof has one hash more.", static r => r with { EventProof = [.. r.EventProof, r.EventProof[0]] }, altered);
        yield return Event(
            "event-of-another-statement",
            "An event of another statement stands in its place, with its own salt.",
            static r => r with { Event = (ReadOnlyMemory<byte>?)World.Single.Event, EventSalt = World.Single.EventSalt },
            altered,
            EventHashDepends);
        yield return Row(
            "events-exchanged",
            "Two events of one statement are exchanged.",
            Alter(World.Bundle(World.Three[0], World.Three[1]), static b =>
            {
                var (one, two) = (b.Records[0], b.Records[1]);
                b.Records[0] = one with { Event = two.Event, EventSalt = two.EventSalt, EventProof = two.EventProof };
                b.Records[1] = two with { Event = one.Event, EventSalt = one.EventSalt, EventProof = one.EventProof };
            }),
            altered,
            EventHashDepends,
            Failed(CheckNames.Event, "records[1]", ReasonCodes.EventAltered),
            Depends(CheckNames.EventHash, "records[1]"));
        yield return Row(
            "positions-exchanged",
            "The proofs of two events of one statement are exchanged.",
            Alter(World.Bundle(World.Three[0], World.Three[1]), static b =>
                (b.Records[0], b.Records[1]) = (b.Records[0] with { EventProof = b.Records[1].EventProof }, b.Records[1] with { EventProof = b.Records[0].EventProof })),
            altered,
            Failed(CheckNames.Event, "records[1]", ReasonCodes.EventAltered));
        yield return Row(
            "statements-exchanged",
            "A record points at the statement of another record.",
            Alter(World.Bundle(World.Single, World.Three[0]), static b => b.Records[0] = b.Records[0] with { Statement = 1 }),
            SignatureFails(ReasonCodes.StatementAltered),
            EventDepends);

        static Forgery Event(string name, string what, Func<BundleRecord, BundleRecord> change, params IReadOnlyList<ExpectedCheck> differences) =>
            Row(name, what, Alter(World.Bundle(World.Three[1]), b => b.Records[0] = change(b.Records[0])), differences);
    }

    private static IEnumerable<Forgery> Statements()
    {
        var other = SignatureFails(ReasonCodes.StatementAltered);
        ExpectedCheck[] unreadable = [SignatureFails(ReasonCodes.StatementMalformed), .. Eventless()];
        yield return Statement("statement-signature", "One character of a statement's signature is altered.", static s => Flip(s, s.Length - 20), other);
        yield return Statement("statement-signature-cut", "A statement's signature lacks its last three bytes.", CutSignature, other);
        yield return Statement("statement-root", "One character of the signed root is altered.", static s => FlipPayload(s, "\"root\":\""), other, EventDepends);
        yield return Statement("statement-header", "The key in a statement's header is altered.", static s => WithHeader(s, World.Garden.Kid, World.Lake.Kid), other);
        yield return Statement("statement-algorithm", "The algorithm in a statement's header is altered to none.", static s => WithHeader(s, "ES256", "none"), other);
        yield return Statement("statement-type", "The type in a statement's header is altered.", static s => WithHeader(s, "epcis-root+jws", "recall+jws"), unreadable);
        yield return Statement("statement-with-key", "A key is put into a statement's header.", static s => WithHeader(s, "{\"alg\"", "{\"jwk\":\"x\",\"alg\""), unreadable);
        yield return Statement("statement-of-two-parts", "The signature is taken off a statement.", static s => s[..s.LastIndexOf('.')], unreadable);
        yield return Statement("statement-with-empty-signature", "The signature of a statement is emptied.", static s => s[..(s.LastIndexOf('.') + 1)], unreadable);
        yield return Statement("statement-padded", "A statement is padded with an equals sign.", static s => s + "=", unreadable);
        yield return Row(
            "document-cut",
            "An event is taken out of a signed document.",
            Alter(World.Bundle(World.Document[0]), static b => b.Statements[0] = WithPayload(b.Statements[0], static text =>
            {
                var json = JsonNode.Parse(text)!;
                json["epcisBody"]!["eventList"]!.AsArray().RemoveAt(1);
                return json.ToJsonString();
            })),
            other,
            EventDepends,
            EventHashDepends);
        yield return Row(
            "document-altered",
            "One character of a signed document is altered.",
            Alter(World.Bundle(World.Document[1]), static b => b.Statements[0] = WithPayload(b.Statements[0], static text => text.Replace("/21/7", "/21/8", StringComparison.Ordinal))),
            other,
            EventHashDepends);

        static Forgery Statement(string name, string what, Func<string, string> change, params IReadOnlyList<ExpectedCheck> differences) =>
            Row(name, what, Single(b => b.Statements[0] = change(b.Statements[0])), differences);
    }

    private static string WithHeader(string compact, string old, string with)
    {
        var parts = compact.Split('.');
        return $"{Recode(parts[0], text => text.Replace(old, with, StringComparison.Ordinal))}.{parts[1]}.{parts[2]}";
    }

    private static string WithPayload(string compact, Func<string, string> change)
    {
        var parts = compact.Split('.');
        return $"{parts[0]}.{Recode(parts[1], change)}.{parts[2]}";
    }

    private static string Recode(string part, Func<string, string> change)
    {
        Assert.True(Base64UrlText.TryDecode(part, out var bytes));
        return Base64UrlText.Encode(Encoding.UTF8.GetBytes(change(Encoding.UTF8.GetString(bytes))));
    }

    /// <summary>The operator logs a record that does not belong to the statement, or is none.</summary>
    private static IEnumerable<Forgery> LoggedRecords()
    {
        var mismatch = SignatureFails(ReasonCodes.KeyMismatch);
        yield return Logged("logged-kid", "The operator logs a record in the name of another key.", static r => r with { Kid = Stranger.Kid }, [mismatch, .. Eventless()]);
        yield return Logged("logged-custody", "The operator logs a self-held key as held by the service.", static r => r with { Custody = Custody.Custodial }, [mismatch, .. Eventless()]);
        yield return Logged("logged-count", "The operator logs another number of events than was signed.", static r => r with { Count = 2 }, mismatch, EventDepends);
        yield return Logged("logged-key-entry-missing", "The operator logs a record under an entry that admits no key.", static r => r with { KeyEntry = 1 }, [SignatureFails(ReasonCodes.KeyMissing), .. Eventless()]);
        yield return Logged("logged-statement", "The operator logs the digest of another statement.", static r => r with { Statement = Fixed.Hash("another") }, SignatureFails(ReasonCodes.StatementAltered));
        yield return Logged("logged-event-hash", "The operator logs the hash of another event.", static r => r with { EventHash = World.Single.Record.EventHash }, Failed(CheckNames.EventHash, Record, ReasonCodes.EventHashMismatch));
        var late = new LyingLog();
        late.Writer.Admit(Garden);
        var early = late.Say(Garden, alter: static r => r with { KeyEntry = 5 });
        var second = late.Writer.Admit(Garden);
        Assert.Equal(5, second.Index);
        yield return Lie("logged-before-its-key", "The operator logs a record before the key that it names.", late, late.Bundle([second], [early]), [mismatch, .. Eventless(), Unknown(CheckNames.KeyHistory, "keys[0]", ReasonCodes.KeyHistoryMissing)]);
        var ended = new LyingLog();
        ended.Writer.Admit(Garden);
        var end = ended.Writer.Revoke(Garden, null);
        var named = ended.Say(Garden, alter: r => r with { KeyEntry = end.Index });
        yield return Lie("logged-under-a-revocation", "The operator logs a record under the entry that ended the key.", ended, ended.Bundle([.. ended.Writer.History(end.Index)], [named]), [SignatureFails(ReasonCodes.KeyMissing), .. Eventless()]);
        var two = new LyingLog();
        var key = two.Writer.Admit(Garden);
        var first = two.Writer.Root(Garden, two.Origin, Sample.Event(240, "packing"), Sample.Event(241, "packing"))[0];
        var moved = two.Enter(first.Record with { Position = 1 }, first.Statement, first.Event, first.EventSalt, first.EventProof);
        yield return Lie("logged-position", "The operator logs an event at the position of another.", two, two.Bundle([key], [moved]), Failed(CheckNames.Event, Record, ReasonCodes.EventAltered));
        yield return Malformed("logged-record-with-member", "The operator logs a record with a member of its own.", "\"v\":1", "\"v\":1,\"z\":1");
        yield return Malformed("logged-record-time", "The operator logs a time of another spelling.", ".000Z", "Z");
        yield return Malformed("logged-record-position", "The operator logs a position that the statement does not have.", "\"position\":0", "\"position\":1");
        yield return Malformed("logged-record-custody", "The operator logs a record with a custody that there is not.", "\"self\"", "\"shared\"");
        yield return Malformed("logged-record-hash-form", "The operator logs an event hash of another form.", "CBV2.0", "CBV2.1");
        yield return Malformed("logged-record-count-as-text", "The operator logs a count that is a string.", "\"count\":1", "\"count\":\"1\"");

        static Forgery Logged(string name, string what, Func<Core.Log.Record, Core.Log.Record> alter, params IReadOnlyList<ExpectedCheck> differences)
        {
            var log = new LyingLog();
            var key = log.Writer.Admit(Garden);
            return Lie(name, what, log, log.Bundle([key], [log.Say(Garden, alter: alter)]), differences);
        }

        static Forgery Malformed(string name, string what, string old, string with)
        {
            var log = new LyingLog();
            var key = log.Writer.Admit(Garden);
            var honest = log.Say(Garden);
            var body = Replace(honest.Record.ToJcs(), old, with);
            var index = log.Log.Append(LogEntry.ForEvent(honest.Salt.ToArray(), body));
            var builder = log.Bundle([key], [honest]);
            builder.Records[0] = builder.Records[0] with { Index = index, Leaf = log.Log.Leaf(index), Record = body };
            return Lie(
                name,
                what,
                log,
                builder.Prove(),
                [
                    Failed(CheckNames.Record, Record, ReasonCodes.RecordMalformed),
                    SignatureDepends,
                    .. new[] { CheckNames.Event, CheckNames.EventHash, CheckNames.KeyStatus, CheckNames.Anchored }.Select(static n => NotListed(n, Record)),
                ]);
        }
    }

    /// <summary>The operator logs a statement that its key's owner never made, or made for something else.</summary>
    private static IEnumerable<Forgery> LoggedStatements()
    {
        const string Root = Core.Signing.Statement.RootType;
        var invalid = SignatureFails(ReasonCodes.SignatureInvalid);
        var audience = SignatureFails(ReasonCodes.AudienceMismatch);
        ExpectedCheck[] unreadable = [SignatureFails(ReasonCodes.StatementMalformed), .. Eventless()];
        string Header(string alg, string more = "") => $$"""{"alg":"{{alg}}","aud":"{{EvidenceWorld.TeaOrigin}}"{{more}},"kid":"{{Garden.Kid}}","typ":"{{Root}}"}""";
        yield return Signed("signed-for-another-log", "A statement was signed for another log.", static p => Garden.Sign(Root, "log.example/elsewhere", p), audience);
        yield return Signed("signed-for-no-log", "A statement with a self-held key was signed for no log.", static p => Garden.Sign(Root, null, p), audience);
        yield return Signed("signed-by-a-stranger", "A stranger signed in the organisation's name.", p => Stranger.SignUnder(Header("ES256"), p), invalid);
        yield return Signed("signed-with-none", "A statement says that it needs no signature.", p => Garden.SignUnder(Header("none"), p), invalid);
        yield return Signed("signed-with-another-algorithm", "A statement names another algorithm than its key's.", p => Garden.SignUnder(Header("EdDSA"), p), invalid);
        yield return Signed("signed-with-unknown-algorithm", "A statement names an algorithm that nobody knows.", p => Garden.SignUnder(Header("XMSS"), p), invalid);
        yield return Signed("signature-cut", "A signature lacks its last three bytes.", static p => CutSignature(Garden.Sign(Root, EvidenceWorld.TeaOrigin, p)), invalid);
        yield return Signed("signature-of-another-payload", "A signature was made over another payload.", static p => $"{Garden.Sign(Root, EvidenceWorld.TeaOrigin, p)[..^86]}{Garden.Sign(Root, EvidenceWorld.TeaOrigin, "x"u8)[^86..]}", invalid);
        yield return Signed("signed-with-critical-header", "A statement has critical extensions.", p => Garden.SignUnder(Header("ES256", ",\"crit\":\"x\""), p), unreadable);
        yield return Signed("signed-with-unknown-header", "A statement has a header member that no version knows.", p => Garden.SignUnder(Header("ES256", ",\"iat\":\"1\""), p), unreadable);
        yield return Signed("signed-root-respelt", "The signed root is spelt with a blank.", static p => Garden.Sign(Root, EvidenceWorld.TeaOrigin, [.. p, (byte)' ']), unreadable);
        yield return Signed("signed-root-of-nothing", "The signed root is of no events.", static p => Garden.Sign(Root, EvidenceWorld.TeaOrigin, Replace(p, "\"count\":1", "\"count\":0")), unreadable);
        yield return Signed("signed-by-a-key-of-another-name", "The statement names another key than the record.", static p => Stranger.Sign(Root, EvidenceWorld.TeaOrigin, p), SignatureFails(ReasonCodes.KeyMismatch));
        yield return Document("document-of-fewer-events", "The operator logs more events than the document has.", Sample.Document(242), static r => r with { Count = 2 });
        yield return Document("document-that-is-a-list", "The signed document is a list, in which there is no event.", "[]", static r => r);
        yield return Unknown("sm2-signature-cut", "A signature of an algorithm that not every verifier has is cut off.", CutSignature, without: null);
        yield return Unknown(
            "sm2-signature-altered",
            "One character of a signature is altered, of an algorithm that not every verifier has.",
            static s => Flip(s, s.Length - 20),
            EvidenceVectors.Unknown(CheckNames.Signature, Record, ReasonCodes.AlgorithmNotAvailable));

        static Forgery Signed(string name, string what, Func<byte[], string> sign, params IReadOnlyList<ExpectedCheck> differences)
        {
            var log = new LyingLog();
            var key = log.Writer.Admit(Garden);
            return Lie(name, what, log, log.Bundle([key], [log.Say(Garden, sign)]), differences);
        }

        static Forgery Document(string name, string what, string document, Func<Core.Log.Record, Core.Log.Record> alter)
        {
            var log = new LyingLog();
            var key = log.Writer.Admit(Garden);
            var record = log.SayDocument(Garden, document, Sample.Event(242, "shipping"), alter);
            return Lie(name, what, log, log.Bundle([key], [record]), Failed(CheckNames.Event, Record, ReasonCodes.EventMissing), EventHashDepends);
        }

        static Forgery Unknown(string name, string what, Func<string, string> change, ExpectedCheck? without)
        {
            var log = new LyingLog();
            var key = log.Writer.Admit(World.Terrace);
            var record = log.Say(World.Terrace, p => change(World.Terrace.Sign(Root, EvidenceWorld.TeaOrigin, p)));
            return Lie(name, what, log, log.Bundle([key], [record]), SignatureFails(ReasonCodes.SignatureInvalid)) with
            {
                Without = without is null ? new Dictionary<string, IReadOnlyList<ExpectedCheck>>() : Lacking(SignatureAlgorithms.Sm2, without),
            };
        }
    }

    private const string Status = "status[0]";

    private static IEnumerable<Forgery> StatusEntries()
    {
        var altered = Failed(CheckNames.Status, Status, ReasonCodes.StatusAltered);
        var other = Failed(CheckNames.Status, Status, ReasonCodes.StatementAltered);
        yield return Certificate("certificate-altered", "One character of a certificate's entry is altered.", static b => b.Status[0] = b.Status[0] with { Body = Replace(b.Status[0].Body, "\"c-1\"", "\"c-2\"") }, altered);
        yield return Certificate("certificate-as-recall", "A certificate is shown as a recall.", static b => b.Status[0] = b.Status[0] with { Kind = EntryKind.Recall }, altered);
        yield return Certificate("certificate-statement", "One character of a certificate's signature is altered.", static b => b.Statements[1] = Flip(b.Statements[1], b.Statements[1].Length - 20), other);
        yield return Certificate("certificate-statement-exchanged", "A certificate points at a statement about events.", static b => b.Status[0] = b.Status[0] with { Statement = 0 }, other);
        yield return Certificate("certificate-without-statement", "The statement of a certificate is left out.", static b => b.Status[0] = b.Status[0] with { Statement = null }, other);
        yield return Certificate("certificate-moved", "A certificate claims another place in the log.", static b => b.Status[0] = b.Status[0] with { Index = 25 }, Unproven);
        yield return Row(
            "revocation-altered",
            "The index from which a key was in wrong hands is altered, to save a record.",
            Alter(World.Bundle([EvidenceWorld.Size], [World.Compromise], World.AfterCompromise), static b =>
                b.Status[0] = b.Status[0] with { Body = Replace(b.Status[0].Body, "\"compromisedSince\":15", "\"compromisedSince\":16") }),
            altered);
        yield return Row(
            "revocation-invented",
            "A revocation that the log never held is shown to discredit a record.",
            Alter(World.Bundle([EvidenceWorld.Size], [World.Compromise], World.BeforeCompromise), static b =>
                b.Status[0] = b.Status[0] with { Body = Replace(b.Status[0].Body, "\"compromisedSince\":15", "\"compromisedSince\":14") }),
            altered,
            Depends(CheckNames.KeyStatus, Record));

        static Forgery Certificate(string name, string what, Action<BundleBuilder> change, params IReadOnlyList<ExpectedCheck> differences) =>
            Row(name, what, Alter(World.Bundle([EvidenceWorld.Size], [World.Certificate], World.Single), change), differences);
    }

    /// <summary>The operator logs a certificate that was not signed as one.</summary>
    private static IEnumerable<Forgery> LoggedStatus()
    {
        const string Type = PublicEntry.CertificateType;
        const string Payload = """{"act":"issue","id":"c-9"}""";
        var invalid = Failed(CheckNames.Status, Status, ReasonCodes.StatusSignatureInvalid);
        var missing = Failed(CheckNames.Status, Status, ReasonCodes.KeyMissing);
        var other = Failed(CheckNames.Status, Status, ReasonCodes.StatementAltered);
        string Header(string alg, string more = "") => $$"""{"alg":"{{alg}}","aud":"{{EvidenceWorld.TeaOrigin}}"{{more}},"kid":"{{Garden.Kid}}","typ":"{{Type}}"}""";
        yield return Logged("logged-certificate-of-a-stranger", "A stranger signed a certificate in the organisation's name.", p => Stranger.SignUnder(Header("ES256"), p), invalid);
        yield return Logged("logged-certificate-without-algorithm", "A certificate says that it needs no signature.", p => Garden.SignUnder(Header("none"), p), invalid);
        yield return Logged("logged-certificate-with-header", "A certificate has a header member that no version knows.", p => Garden.SignUnder(Header("ES256", ",\"iat\":\"1\""), p), invalid);
        yield return Logged("logged-recall-as-certificate", "A signed recall is logged as a certificate.", static p => Garden.Sign(PublicEntry.RecallType, EvidenceWorld.TeaOrigin, p), invalid);
        yield return Logged("logged-certificate-for-another-log", "A certificate was signed for another log.", static p => Garden.Sign(Type, "log.example/elsewhere", p), invalid);
        yield return Logged("logged-certificate-for-no-log", "A certificate with a self-held key was signed for no log.", static p => Garden.Sign(Type, null, p), invalid);
        yield return Logged("logged-certificate-payload", "A certificate says something else than was signed.", static _ => Garden.Sign(Type, EvidenceWorld.TeaOrigin, """{"act":"issue","id":"c-8"}"""u8), other);
        yield return Logged("logged-certificate-custody", "A certificate is logged as made by the service.", Sign, missing, static body => body.Replace("\"self\"", "\"custodial\"", StringComparison.Ordinal));
        yield return Logged("logged-certificate-key", "A certificate names an entry that admits no key.", Sign, missing, static body => body.Replace("\"keyEntry\":3", "\"keyEntry\":1", StringComparison.Ordinal));
        yield return Logged("logged-certificate-member", "A certificate's entry has a member of its own.", Sign, other, static body => body.Replace("\"v\":1", "\"v\":1,\"z\":1", StringComparison.Ordinal));

        static string Sign(byte[] payload) => Garden.Sign(Type, EvidenceWorld.TeaOrigin, payload);

        static Forgery Logged(string name, string what, Func<byte[], string> sign, ExpectedCheck found, Func<string, string>? alter = null)
        {
            var log = new LyingLog();
            var key = log.Writer.Admit(Garden);
            var record = log.Say(Garden);
            var payload = Encoding.UTF8.GetBytes(Payload);
            var statement = sign(payload);
            var entry = new PublicEntry(
                Custody.Self, key.Index, Garden.Kid, payload, new DateTimeOffset(2026, 4, 19, 9, 0, 0, TimeSpan.Zero), Hash32.Compute(Encoding.ASCII.GetBytes(statement)));
            var body = Encoding.UTF8.GetString(entry.ToJcs());
            var certificate = log.Enter(EntryKind.Certificate, alter?.Invoke(body) ?? body, statement);
            return Lie(name, what, log, log.Bundle([key], [record], certificate), found);
        }
    }
}
