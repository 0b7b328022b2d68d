using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.UnitTests.Verification;

/// <summary>
/// A log under the trusted name whose operator logs what no honest one does, and anchors it: hashes, proofs and anchors are all in order, so only the rules about
/// what an entry may say can find the lie. Three entries, then whatever a test adds.
/// </summary>
internal sealed class LyingLog
{
    private int _serial = 200;

    public LyingLog()
    {
        Log = new LittleLog(EvidenceWorld.TeaOrigin);
        Log.PadTo(3);
        Writer = new LogWriter(Log);
    }

    public static Signer Garden { get; } = new("green-hill", "Green Hill Tea", SignatureAlgorithms.ES256, Custody.Self);

    public static Signer GardenNext { get; } = new("green-hill", "Green Hill Tea", SignatureAlgorithms.EdDsa, Custody.Self, " 2");

    public static Signer GardenThird { get; } = new("green-hill", "Green Hill Tea", SignatureAlgorithms.EdDsa, Custody.Self, " 3");

    public static Signer GardenHeld { get; } = new("green-hill", "Green Hill Tea", SignatureAlgorithms.ES256, Custody.Custodial, " held");

    public static Signer Stranger { get; } = new("stranger", "Stranger", SignatureAlgorithms.ES256, Custody.Self);

    public LittleLog Log { get; }

    public LogWriter Writer { get; }

    public string Origin => Log.Origin;

    /// <summary>Logs one event that a signer states in root form.</summary>
    /// <param name="signer">Who signs.</param>
    /// <param name="sign">Makes the statement from the payload that belongs to it; by default as the signer should.</param>
    /// <param name="alter">What the operator writes instead of the record that belongs to it.</param>
    public LoggedRecord Say(Signer signer, Func<byte[], string>? sign = null, Func<Record, Record>? alter = null)
    {
        var body = Encoding.UTF8.GetBytes(Sample.Event(_serial++, "storing"));
        var salt = Fixed.Hash($"event salt of a lie at {Log.Size}");
        var payload = Statement.RootPayload(1, Statement.ComputeLeaf(salt.ToArray(), body));
        var statement = sign?.Invoke(payload) ?? signer.Sign(Statement.RootType, signer.Custody == Custody.Self ? Origin : null, payload);
        return Enter(RecordOf(signer, statement, Encoding.UTF8.GetString(body), alter), statement, body, salt, []);
    }

    /// <summary>Logs the one event of a statement in document form.</summary>
    public LoggedRecord SayDocument(Signer signer, string document, string hashOf, Func<Record, Record>? alter = null)
    {
        var statement = signer.Sign(Statement.DocumentType, Origin, Encoding.UTF8.GetBytes(document));
        return Enter(RecordOf(signer, statement, hashOf, alter), statement, null, null, []);
    }

    /// <summary>Logs a record as it is.</summary>
    public LoggedRecord Enter(Record record, string statement, byte[]? body, Hash32? eventSalt, IReadOnlyList<Hash32> eventProof)
    {
        var salt = Fixed.Hash($"record salt of a lie at {Log.Size}");
        var index = Log.Append(LogEntry.ForEvent(salt.ToArray(), record.ToJcs()));
        return new LoggedRecord(index, Log.Leaf(index), record, salt, statement, body, eventSalt, eventProof);
    }

    /// <summary>Logs a public entry as it is.</summary>
    public LoggedEntry Enter(EntryKind kind, string body, string? statement = null)
    {
        var utf8 = Encoding.UTF8.GetBytes(body);
        var index = Log.Append(LogEntry.ForPublic(kind, utf8));
        return new LoggedEntry(index, Log.Leaf(index), kind, utf8, statement);
    }

    /// <summary>The bundle of some records and entries, anchored at the log's size.</summary>
    public BundleBuilder Bundle(IReadOnlyList<LoggedEntry> keys, IReadOnlyList<LoggedRecord> records, params IReadOnlyList<LoggedEntry> status)
    {
        Log.PadTo(Log.Size + 2);
        var builder = new BundleBuilder(Log, Log.Size).AnchoredAt(Log.Size).With(keys);
        foreach (var record in records)
        {
            builder.With(record);
        }
        foreach (var entry in status)
        {
            builder.WithStatus(entry);
        }
        return builder.Prove();
    }

    /// <summary>What a node says of the log's only anchor.</summary>
    public byte[] Chain() => RecordedChain.Record([Log.Size], Log);

    private Record RecordOf(Signer signer, string statement, string json, Func<Record, Record>? alter)
    {
        var record = new Record(
            1,
            signer.Custody,
            Sample.EventHashes([json])[0],
            Writer.KeyOf(signer).Index,
            signer.Kid,
            0,
            new DateTimeOffset(2026, 4, 19, 8, 0, 0, TimeSpan.Zero),
            Hash32.Compute(Encoding.ASCII.GetBytes(statement)));
        return alter?.Invoke(record) ?? record;
    }
}
