using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.UnitTests.Verification;

/// <summary>A record in the log with all that opens it. The event members are null in document form.</summary>
internal sealed record LoggedRecord(
    long Index, Hash32 Leaf, Record Record, Hash32 Salt, string Statement, byte[]? Event, Hash32? EventSalt, IReadOnlyList<Hash32> EventProof)
{
    /// <summary>Of a telemetry statement: the salt of its device's pseudonym.</summary>
    public Hash32? DeviceSalt { get; init; }

    public BundleRecord ToBundle(int? statement) => new(
        Index, Leaf, Record.ToJcs(), Salt, statement, (ReadOnlyMemory<byte>?)Event, EventSalt, EventProof, ErasedAt: null)
    {
        DeviceSalt = DeviceSalt,
    };
}

/// <summary>A public entry (key, revocation, certificate, recall, device) in the log.</summary>
internal sealed record LoggedEntry(long Index, Hash32 Leaf, EntryKind Kind, byte[] Body, string? Statement);

/// <summary>Puts keys, statements and status entries into a log.</summary>
internal sealed class LogWriter(LittleLog log)
{
    private readonly Dictionary<string, LoggedEntry> _keys = [];
    private readonly List<(string Organisation, LoggedEntry Entry)> _changes = [];
    private DateTimeOffset _now = new(2026, 4, 12, 8, 0, 0, TimeSpan.Zero);

    public LittleLog Log => log;

    /// <summary>Admits a key; the organisation's newest entry is named as previous.</summary>
    /// <param name="signer">Whose key.</param>
    /// <param name="by">Whose key agrees, if one does.</param>
    /// <param name="vouchedBy">Who vouches for the name.</param>
    /// <param name="recovery">Leaf index of the recovery that is carried out, if one is.</param>
    public LoggedEntry Admit(Signer signer, Signer? by = null, string vouchedBy = KeyEntry.VouchedByOperator, long? recovery = null)
    {
        var entry = signer.Entry(Newest(signer), vouchedBy, null, recovery);
        return _keys[signer.Kid] = Change(by is null ? entry : by.Agree(entry, log.Origin));
    }

    /// <summary>Logs a change as it is.</summary>
    public LoggedEntry Change(KeyChange change)
    {
        var entry = Public(EntryKind.Key, change.ToJcs(), null);
        _changes.Add((change.Organisation, entry));
        if (change is KeyEntry { Key.Kid: var kid })
        {
            _keys[kid] = entry;
        }
        return entry;
    }

    /// <summary>Leaf index of the organisation's newest key entry.</summary>
    public long? Newest(Signer signer) =>
        _changes.Where(c => c.Organisation == signer.Organisation).Select(static c => (long?)c.Entry.Index).LastOrDefault();

    /// <summary>All key entries of the organisation of a key entry, up to that one.</summary>
    public IEnumerable<LoggedEntry> History(long index)
    {
        var organisation = _changes.Single(c => c.Entry.Index == index).Organisation;
        return _changes.Where(c => c.Organisation == organisation && c.Entry.Index <= index).Select(static c => c.Entry);
    }

    /// <summary>Logs a key entry like that of a signer, whose point is not on its curve.</summary>
    public LoggedEntry AdmitOffCurve(Signer signer)
    {
        var jwk = signer.Key.PublicKey.Jwk;
        var place = jwk.IndexOf("\"y\":\"", StringComparison.Ordinal) + 5;
        var other = $"{jwk[..place]}{(jwk[place] == 'A' ? 'B' : 'A')}{jwk[(place + 1)..]}";
        var kid = Hash32.Compute(Encoding.ASCII.GetBytes(other)).ToBase64Url();
        var body = Encoding.UTF8.GetString(signer.KeyEntryBody()).Replace(jwk, other, StringComparison.Ordinal).Replace(signer.Kid, kid, StringComparison.Ordinal);
        return Public(EntryKind.Key, Encoding.UTF8.GetBytes(body), null);
    }

    public LoggedEntry KeyOf(Signer signer) => _keys[signer.Kid];

    /// <summary>Logs every event of a statement in root form.</summary>
    public IReadOnlyList<LoggedRecord> Root(Signer signer, string? audience, params string[] events) =>
        Root(signer, audience, Sample.EventHashes(events), events);

    /// <summary>As the other, with the event hashes that the operator claims.</summary>
    public IReadOnlyList<LoggedRecord> Root(Signer signer, string? audience, IReadOnlyList<string> eventHashes, params string[] events)
    {
        var bodies = events.Select(Encoding.UTF8.GetBytes).ToArray();
        var salts = events.Select((_, i) => Fixed.Hash($"event salt {i} of {log.Origin} at {log.Size}")).ToArray();
        var leaves = bodies.Select((body, i) => Core.Signing.Statement.ComputeLeaf(salts[i].ToArray(), body)).ToArray();
        var statement = signer.Sign(
            Core.Signing.Statement.RootType, audience, Core.Signing.Statement.RootPayload(events.Length, MerkleTree.ComputeRoot(leaves)));
        var receivedAt = Tick();
        return [.. bodies.Select((body, i) =>
            Record(signer, statement, eventHashes[i], i, events.Length, receivedAt, body, salts[i], MerkleTree.ComputeInclusionProof(leaves, i)))];
    }

    /// <summary>Logs every event of a statement in document form.</summary>
    public IReadOnlyList<LoggedRecord> Document(Signer signer, string? audience, string document)
    {
        var statement = signer.Sign(Core.Signing.Statement.DocumentType, audience, Encoding.UTF8.GetBytes(document));
        var hashes = Sample.EventHashesOf(document);
        var receivedAt = Tick();
        return [.. hashes.Select((hash, i) => Record(signer, statement, hash, i, hashes.Count, receivedAt, null, null, []))];
    }

    /// <summary>Logs a certificate or a recall.</summary>
    public LoggedEntry Publish(EntryKind kind, Signer signer, string? audience, string payloadJcs)
    {
        var type = kind == EntryKind.Certificate ? PublicEntry.CertificateType : PublicEntry.RecallType;
        var statement = signer.Sign(type, audience, Encoding.UTF8.GetBytes(payloadJcs));
        var entry = new PublicEntry(
            signer.Custody, KeyOf(signer).Index, signer.Kid, Encoding.UTF8.GetBytes(payloadJcs), Tick(), Hash32.Compute(Encoding.ASCII.GetBytes(statement)));
        return Public(kind, entry.ToJcs(), statement);
    }

    /// <summary>Ends a key, by the operator or with the agreement of one of the organisation's own.</summary>
    public LoggedEntry Revoke(Signer signer, long? compromisedSince, Signer? by = null, string? compromisedAt = null)
    {
        var who = by is null ? KeyRevocation.ByOperator : KeyRevocation.ByOrganisation;
        var revocation = new KeyRevocation(signer.Organisation, signer.Kid, KeyOf(signer).Index, who, compromisedSince, Newest(signer), null, compromisedAt);
        return Change(by is null ? revocation : by.Agree(revocation, log.Origin));
    }

    private LoggedRecord Record(
        Signer signer, string statement, string eventHash, int position, int count, DateTimeOffset receivedAt, byte[]? body, Hash32? eventSalt, IReadOnlyList<Hash32> proof)
    {
        var record = new Record(
            count, signer.Custody, eventHash, KeyOf(signer).Index, signer.Kid, position, receivedAt, Hash32.Compute(Encoding.ASCII.GetBytes(statement)));
        var salt = Fixed.Hash($"record salt of {log.Origin} at {log.Size}");
        var index = log.Append(LogEntry.ForEvent(salt.ToArray(), record.ToJcs()));
        return new LoggedRecord(index, log.Leaf(index), record, salt, statement, body, eventSalt, proof);
    }

    private LoggedEntry Public(EntryKind kind, byte[] body, string? statement)
    {
        var index = log.Append(LogEntry.ForPublic(kind, body));
        return new LoggedEntry(index, log.Leaf(index), kind, body, statement);
    }

    private DateTimeOffset Tick() => _now = _now.AddMinutes(7).AddMilliseconds(125);
}
