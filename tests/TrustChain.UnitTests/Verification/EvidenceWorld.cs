using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Verification;

/// <summary>
/// The story that the evidence vectors tell: a log of 80 entries in which many organisations and the operator do what an honest log has, and some
/// things that no honest operator does. Anchored at 24, 40 and 80. The second half is about keys: see the other part.
/// </summary>
internal sealed partial class EvidenceWorld
{
    public const string TeaOrigin = "log.example/tea";
    public const int Size = 80;

    public static readonly IReadOnlyList<long> AnchoredSizes = [24, 40, Size];

    private readonly LogWriter _writer;

    /// <param name="origin">Name of the log.</param>
    /// <param name="history">Another text gives another first entry under the same keys: a second history of the same log.</param>
    public EvidenceWorld(string origin = TeaOrigin, string history = "the history")
    {
        Log = new LittleLog(origin);
        _writer = new LogWriter(Log);
        Log.Append([LogEntry.Version, (byte)EntryKind.Event, .. Fixed.Bytes(history)]);
        Log.PadTo(3);
        foreach (var signer in new[] { Garden, Lake, Farm })
        {
            _writer.Admit(signer); // 3, 4, 5
        }
        Single = _writer.Root(Garden, origin, Sample.Event(1, "commissioning", "ADD"))[0]; // 6
        Three = _writer.Root(Lake, origin, Sample.Event(2, "commissioning", "ADD"), Sample.Event(3, "inspecting"), Sample.Event(4, "packing")); // 7 to 9
        Custodial = _writer.Root(Farm, null, Sample.Event(5, "commissioning", "ADD"))[0]; // 10
        Document = _writer.Document(Garden, origin, Sample.Document(6, 7)); // 11, 12
        _writer.Admit(Harbour); // 13
        BeforeCompromise = _writer.Root(Harbour, origin, Sample.Event(8, "receiving"))[0]; // 14
        AfterCompromise = _writer.Root(Harbour, origin, Sample.Event(9, "receiving"))[0]; // 15
        Compromise = _writer.Revoke(Harbour, compromisedSince: AfterCompromise.Index); // 16
        Retirement = _writer.Revoke(Farm, compromisedSince: null); // 17
        AfterRetirement = _writer.Root(Farm, null, Sample.Event(10, "storing"))[0]; // 18
        Certificate = _writer.Publish(EntryKind.Certificate, Garden, origin, """{"act":"issue","id":"c-1","item":"https://id.gs1.org/01/09506000134352/21/1"}"""); // 19
        Recall = _writer.Publish(EntryKind.Recall, Lake, origin, """{"act":"set","id":"r-1","item":"https://id.gs1.org/01/09506000134352/21/2"}"""); // 20
        WrongHash = _writer.Root(Garden, origin, Sample.EventHashes([Sample.Event(12, "packing")]), Sample.Event(11, "packing"))[0]; // 21
        ForeignAudience = _writer.Root(Garden, "log.example/elsewhere", Sample.Event(13, "packing"))[0]; // 22
        ToErase = _writer.Root(Lake, origin, Sample.Event(14, "inspecting"))[0]; // 23
        _writer.Admit(Ridge); // 24
        OnSecp256k1 = _writer.Root(Ridge, origin, Sample.Event(16, "packing"))[0]; // 25
        _writer.Admit(Terrace); // 26
        OnSm2 = _writer.Root(Terrace, origin, Sample.Event(17, "packing"))[0]; // 27
        OffCurve = _writer.AdmitOffCurve(Terrace); // 28
        Log.PadTo(40);
        Late = _writer.Root(Garden, origin, Sample.Event(15, "shipping"))[0]; // 40
        TellOfKeys(); // 41 and later
        Log.PadTo(Size);
    }

    public Signer Garden { get; } = new("green-hill", "Green Hill Tea", SignatureAlgorithms.ES256, Custody.Self);

    public Signer Lake { get; } = new("lake-bikes", "Lake Bikes", SignatureAlgorithms.EdDsa, Custody.Self);

    public Signer Farm { get; } = new("small-farm", "Small Farm", SignatureAlgorithms.ES256, Custody.Custodial);

    public Signer Harbour { get; } = new("harbour", "Harbour Stores \u00e9\u8336", SignatureAlgorithms.EdDsa, Custody.Self);

    public Signer Ridge { get; } = new("ridge-coffee", "Ridge Coffee", SignatureAlgorithms.ES256K, Custody.Self);

    public Signer Terrace { get; } = new("terrace-rice", "Terrace Rice", SignatureAlgorithms.Sm2, Custody.Self);

    public LittleLog Log { get; }

    public LoggedRecord Single { get; }

    public IReadOnlyList<LoggedRecord> Three { get; }

    public LoggedRecord Custodial { get; }

    public IReadOnlyList<LoggedRecord> Document { get; }

    public LoggedRecord BeforeCompromise { get; }

    public LoggedRecord AfterCompromise { get; }

    public LoggedEntry Compromise { get; }

    public LoggedEntry Retirement { get; }

    public LoggedRecord AfterRetirement { get; }

    public LoggedEntry Certificate { get; }

    public LoggedEntry Recall { get; }

    public LoggedRecord WrongHash { get; }

    public LoggedRecord ForeignAudience { get; }

    public LoggedRecord ToErase { get; }

    public LoggedRecord OnSecp256k1 { get; }

    public LoggedRecord OnSm2 { get; }

    /// <summary>A key entry whose point is not on the SM2 curve, under the kid that follows from it.</summary>
    public LoggedEntry OffCurve { get; }

    public LoggedRecord Late { get; }

    public LoggedEntry KeyOf(Signer signer) => _writer.KeyOf(signer);

    /// <summary>A bundle of records with their key entries and proof, anchored at the checkpoint's own size.</summary>
    public BundleBuilder Bundle(params IReadOnlyList<LoggedRecord> records) => Bundle([Size], [], records);

    public BundleBuilder Bundle(IEnumerable<long> anchoredAt, IReadOnlyList<LoggedEntry> status, params IReadOnlyList<LoggedRecord> records)
    {
        var builder = new BundleBuilder(Log, Size).AnchoredAt(anchoredAt);
        foreach (var record in records)
        {
            builder.With(record).With(_writer.History(record.Record.KeyEntry));
        }
        foreach (var entry in status)
        {
            builder.WithStatus(entry);
            if (entry.Kind != EntryKind.Key)
            {
                using var body = System.Text.Json.JsonDocument.Parse(entry.Body);
                builder.With(_writer.History(body.RootElement.GetProperty("keyEntry").GetInt64()));
            }
        }
        return builder.Prove();
    }

    /// <summary>All key entries of an organisation up to one.</summary>
    public IEnumerable<LoggedEntry> History(LoggedEntry upTo) => _writer.History(upTo.Index);
}
