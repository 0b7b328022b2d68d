using System.Globalization;
using System.Text;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.UnitTests.Verification;

/// <summary>What is other than it should be about a telemetry statement and its record.</summary>
internal sealed record Telling
{
    /// <summary>Changes the header's JSON before it is signed.</summary>
    public Func<string, string> Header { get; init; } = static header => header;

    /// <summary>Changes the event before it is signed.</summary>
    public Func<string, string> Event { get; init; } = static json => json;

    /// <summary>Whether it is said in CBOR.</summary>
    public bool IsCose { get; init; }

    /// <summary>Changes the protected header of a COSE_Sign1 before it is signed.</summary>
    public Func<byte[], byte[]> CoseHeader { get; init; } = static header => header;

    /// <summary>Changes the payload of a COSE_Sign1 before it is signed.</summary>
    public Func<byte[], byte[]> CosePayload { get; init; } = static payload => payload;

    /// <summary>Changes a COSE_Sign1 after it was signed.</summary>
    public Func<byte[], byte[]> CoseMessage { get; init; } = static message => message;

    /// <summary>What the operator writes instead of the record that belongs to it.</summary>
    public Func<Record, Record> Record { get; init; } = static record => record;

    /// <summary>Who signs, where it is not the key that the header names.</summary>
    public Signer? By { get; init; }
}

/// <summary>The entries of one device in a log, and what it says. It checks no rule, so that a dishonest operator can use it too.</summary>
internal sealed class DeviceStory(LittleLog log, LogWriter writer, string uri)
{
    private readonly Dictionary<string, long> _admitted = [];
    private readonly Dictionary<string, (int Number, Hash32? Previous)> _said = [];
    private readonly HashSet<long> _organisationKeys = [];

    public string Uri => uri;

    public Hash32 Salt { get; } = Fixed.Hash($"device salt of {uri}");

    public Hash32 Pseudonym => DeviceAct.ComputePseudonym(Salt.ToArray(), uri);

    public List<LoggedEntry> Entries { get; } = [];

    public long? Last => Entries is [.., var last] ? last.Index : null;

    /// <summary>The key entries of every organisation that signed an entry, up to the key it signed with.</summary>
    public IReadOnlyList<LoggedEntry> OrganisationKeys => [.. _organisationKeys.SelectMany(writer.History).DistinctBy(static k => k.Index).OrderBy(static k => k.Index)];

    public LoggedEntry Enrol(Signer owner, Signer key) => Enter(Act(DeviceActKind.Enrol, owner, key), owner);

    public LoggedEntry Rotate(Signer owner, Signer from, Signer to) => Enter(Act(DeviceActKind.Rotate, owner, to), from);

    public LoggedEntry Replace(Signer owner, Signer key, long? compromisedSince = null) =>
        Enter(Act(DeviceActKind.Replace, owner, key) with { CompromisedSince = compromisedSince, Reason = "The board was exchanged." }, owner);

    public LoggedEntry Revoke(Signer owner, long? compromisedSince = null) => Enter(Act(DeviceActKind.Revoke, owner) with { CompromisedSince = compromisedSince }, owner);

    public LoggedEntry Transfer(Signer owner, Signer to) => Enter(Act(DeviceActKind.Transfer, owner) with { To = to.Organisation }, owner);

    public LoggedEntry Accept(Signer by) => Enter(Act(DeviceActKind.Accept, by), by);

    public LoggedEntry Retire(Signer owner) => Enter(Act(DeviceActKind.Retire, owner), owner);

    /// <summary>An act in the name of an organisation, after the newest entry.</summary>
    public DeviceAct Act(DeviceActKind kind, Signer organisation, Signer? key = null) => new()
    {
        Act = kind,
        Device = Pseudonym,
        Organisation = organisation.Organisation,
        Previous = kind == DeviceActKind.Enrol ? null : Last,
        Key = key?.Key.PublicKey,
        Proof = key is null ? null : Prove(key, kind),
    };

    /// <summary>The proof of a key, by it or by another one.</summary>
    public string Prove(Signer key, DeviceActKind act, Hash32? device = null, string? origin = null, Signer? by = null) => (by ?? key).SignUnder(
        $$"""{"alg":"{{key.Key.PublicKey.Algorithm}}","aud":"{{origin ?? log.Origin}}","kid":"{{key.Kid}}","typ":"{{DeviceAct.ProofType}}"}""",
        DeviceAct.ProofPayload(act, device ?? Pseudonym, key.Kid));

    /// <summary>Logs an act.</summary>
    /// <param name="act">What it does.</param>
    /// <param name="by">Whose key the body names.</param>
    /// <param name="sign">Makes the statement from the payload; by default as the signer should.</param>
    /// <param name="alter">Changes the payload before it is signed.</param>
    public LoggedEntry Enter(DeviceAct act, Signer by, Func<byte[], string>? sign = null, Func<string, string>? alter = null)
    {
        var payload = act.ToJcs();
        if (alter is not null)
        {
            var altered = alter(Encoding.UTF8.GetString(payload));
            Assert.NotEqual(Encoding.UTF8.GetString(payload), altered);
            payload = Encoding.UTF8.GetBytes(altered);
        }
        var statement = sign?.Invoke(payload) ?? by.Sign(DeviceAct.Type, by.Custody == Custody.Self ? log.Origin : null, payload);
        var entry = new PublicEntry(by.Custody, KeyEntryOf(by), by.Kid, payload, Now(), Hash32.Compute(Encoding.ASCII.GetBytes(statement)));
        var body = entry.ToJcs();
        var index = log.Append(LogEntry.ForPublic(EntryKind.Device, body));
        if (act.Key is { } key)
        {
            _admitted[key.Kid] = index;
        }
        var logged = new LoggedEntry(index, log.Leaf(index), EntryKind.Device, body, statement);
        Entries.Add(logged);
        return logged;
    }

    /// <summary>Logs a telemetry statement of the device.</summary>
    public LoggedRecord Say(Signer key, Telling? telling = null)
    {
        telling ??= new Telling();
        var (number, previous) = _said.GetValueOrDefault(key.Kid);
        number++;
        var at = Record.FormatTime(Now());
        var prev = previous is { } digest ? $"\"prev\":\"{digest.ToBase64Url()}\"," : "";
        var header = $$"""{"alg":"{{key.Key.PublicKey.Algorithm}}","aud":"{{log.Origin}}","boot":"1","clock":"{{at}}","device":"{{uri}}","kid":"{{key.Kid}}",{{prev}}"seq":"{{number.ToString(CultureInfo.InvariantCulture)}}","typ":"{{Statement.TelemetryType}}"}""";
        var body = telling.Event(Event(uri, at));
        var (statement, stated) = Sign(telling.By ?? key, telling, telling.Header(header), body);
        _said[key.Kid] = (number, stated);
        var record = telling.Record(new Record(1, Custody.Self, Sample.EventHashes([body])[0], KeyEntryOf(key), key.Kid, 0, Now(), stated));
        var salt = Fixed.Hash($"record salt of {log.Origin} at {log.Size}");
        var index = log.Append(LogEntry.ForEvent(salt.ToArray(), record.ToJcs()));
        return new LoggedRecord(index, log.Leaf(index), record, salt, statement, null, null, []) { DeviceSalt = Salt };
    }

    private static (string Statement, Hash32 Digest) Sign(Signer key, Telling telling, string header, string body)
    {
        if (!telling.IsCose)
        {
            var compact = key.SignUnder(header, Encoding.UTF8.GetBytes(body));
            return (compact, Hash32.Compute(Encoding.ASCII.GetBytes(compact)));
        }
        var (head, payload) = (telling.CoseHeader(CoseText.HeaderOf(header)), telling.CosePayload(CoseText.Of(body)));
        var message = telling.CoseMessage(CoseText.Message(head, payload, key.Sign(CoseText.ToSign(head, payload))));
        return (Base64UrlText.Encode(message), Hash32.Compute(message));
    }

    /// <summary>An event with two readings.</summary>
    private static string Event(string uri, string at) =>
        $$"""{"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld","type":"ObjectEvent","eventTime":"{{at}}","eventTimeZoneOffset":"+00:00","epcList":["{{uri}}"],"action":"OBSERVE","sensorElementList":[{"sensorMetadata":{"time":"{{at}}"},"sensorReport":[{"type":"Temperature","value":61.5,"uom":"CEL"},{"type":"Speed","value":12,"uom":"KMH"}]}]}""";

    private DateTimeOffset Now() => new DateTimeOffset(2026, 4, 12, 8, 0, 0, 250, TimeSpan.Zero).AddMinutes(log.Size);

    private long KeyEntryOf(Signer signer)
    {
        if (_admitted.TryGetValue(signer.Kid, out var entry))
        {
            return entry;
        }
        var index = writer.KeyOf(signer).Index;
        _organisationKeys.Add(index);
        return index;
    }
}
