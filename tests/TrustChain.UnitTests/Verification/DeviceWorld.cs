using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Verification;

/// <summary>The story that the vectors about devices tell: another log of 80 entries, in which machines are enrolled, change keys and owners, and say how they are.</summary>
internal sealed class DeviceWorld
{
    private readonly LogWriter _writer;

    public DeviceWorld()
    {
        Log = new LittleLog("log.example/machines");
        _writer = new LogWriter(Log);
        Log.PadTo(3);
        foreach (var signer in new[] { Mill, Farm, Depot })
        {
            _writer.Admit(signer); // 3, 4, 5
        }
        Press = Device("https://id.gs1.org/8004/95060001343PRESS7");
        Press.Enrol(Mill, PressFirst); // 6
        PressSaid = [Press.Say(PressFirst), Press.Say(PressFirst)]; // 7, 8
        Press.Rotate(Mill, PressFirst, PressSecond); // 9
        PressRotated = Press.Say(PressSecond); // 10
        Pump = Device("https://id.gs1.org/01/09506000134352/21/pump-1");
        Pump.Enrol(Farm, PumpFirst); // 11
        PumpSaid = Pump.Say(PumpFirst); // 12
        Pump.Replace(Farm, PumpSecond); // 13
        PumpReplaced = Pump.Say(PumpSecond); // 14
        PumpOld = Pump.Say(PumpFirst); // 15
        Lathe = Device("urn:example:lathe:5");
        Lathe.Enrol(Mill, LatheFirst); // 16
        LatheSaid = Lathe.Say(LatheFirst); // 17
        Lathe.Transfer(Mill, Depot); // 18
        Lathe.Accept(Depot); // 19
        LatheTransferred = Lathe.Say(LatheFirst); // 20
        LatheStolen = Lathe.Say(LatheFirst); // 21
        Lathe.Revoke(Depot, compromisedSince: LatheStolen.Index); // 22
        Scale = Device("https://id.gs1.org/8004/95060001343SCALE1");
        Scale.Enrol(Mill, ScaleKey); // 23
        ScaleSaid = Scale.Say(ScaleKey); // 24
        Crane = Device("https://id.gs1.org/8004/95060001343CRANE2");
        Crane.Enrol(Depot, CraneKey); // 25
        CraneSaid = Crane.Say(CraneKey); // 26
        Crane.Retire(Depot); // 27
        CraneRetired = Crane.Say(CraneKey); // 28
        Meter = Device("https://id.gs1.org/8004/95060001343METER3");
        Meter.Enrol(Mill, MeterKey); // 29
        MeterSaid = [Meter.Say(MeterKey), Meter.Say(MeterKey, Cose), Meter.Say(MeterKey)]; // 30, 31, 32
        ScaleInCbor = Scale.Say(ScaleKey, Cose); // 33
        MeterSaidBadly = CoseFaults.Published.ToDictionary(static f => f.Name, f => Meter.Say(MeterKey, f.Telling)); // from 34
        Mixer = Device("https://id.gs1.org/8004/95060001343MIXER4");
        Mixer.Enrol(Mill, MixerFirst);
        MixerSaid = Mixer.Say(MixerFirst);
        MixerStolen = Mixer.Say(MixerFirst);
        Mixer.Replace(Mill, MixerSecond);
        MixerReplaced = Mixer.Say(MixerSecond);
        Mixer.Revoke(Mill, compromisedSince: MixerStolen.Index);
        Log.PadTo(EvidenceWorld.Size);
    }

    private static Telling Cose { get; } = new() { IsCose = true };

    public LittleLog Log { get; }

    public Signer Mill { get; } = new("old-mill", "Old Mill", SignatureAlgorithms.ES256, Custody.Self);

    public Signer Farm { get; } = new("small-farm", "Small Farm", SignatureAlgorithms.ES256, Custody.Custodial);

    public Signer Depot { get; } = new("depot", "Depot", SignatureAlgorithms.EdDsa, Custody.Self);

    public Signer PressFirst { get; } = Key("press", SignatureAlgorithms.ES256);

    public Signer PressSecond { get; } = Key("press", SignatureAlgorithms.EdDsa, " 2");

    public Signer PumpFirst { get; } = Key("pump", SignatureAlgorithms.EdDsa);

    public Signer PumpSecond { get; } = Key("pump", SignatureAlgorithms.ES256, " 2");

    public Signer LatheFirst { get; } = Key("lathe", SignatureAlgorithms.ES256);

    public Signer ScaleKey { get; } = Key("scale", SignatureAlgorithms.ES256K);

    public Signer CraneKey { get; } = Key("crane", SignatureAlgorithms.EdDsa);

    /// <summary>Enrolled by an organisation with a key of its own; changes its key itself.</summary>
    public DeviceStory Press { get; }

    /// <summary>Two statements, numbered and chained.</summary>
    public IReadOnlyList<LoggedRecord> PressSaid { get; }

    public LoggedRecord PressRotated { get; }

    /// <summary>Enrolled with a key that the service holds; the owner replaces its key.</summary>
    public DeviceStory Pump { get; }

    public LoggedRecord PumpSaid { get; }

    public LoggedRecord PumpReplaced { get; }

    /// <summary>Signed with the key that had been replaced.</summary>
    public LoggedRecord PumpOld { get; }

    /// <summary>Changes its owner; then its key is found to have been in wrong hands.</summary>
    public DeviceStory Lathe { get; }

    public LoggedRecord LatheSaid { get; }

    public LoggedRecord LatheTransferred { get; }

    /// <summary>Signed when the key was in wrong hands.</summary>
    public LoggedRecord LatheStolen { get; }

    /// <summary>Has an ES256K key.</summary>
    public DeviceStory Scale { get; }

    public LoggedRecord ScaleSaid { get; }

    /// <summary>Is retired.</summary>
    public DeviceStory Crane { get; }

    public LoggedRecord CraneSaid { get; }

    /// <summary>Signed after the device was retired.</summary>
    public LoggedRecord CraneRetired { get; }

    public Signer MeterKey { get; } = Key("meter", SignatureAlgorithms.ES256);

    /// <summary>Speaks CBOR.</summary>
    public DeviceStory Meter { get; }

    /// <summary>Three in one chain: a JWS, a COSE_Sign1 and a JWS.</summary>
    public IReadOnlyList<LoggedRecord> MeterSaid { get; }

    /// <summary>Of the faults by name: what nobody should take, logged all the same.</summary>
    public IReadOnlyDictionary<string, LoggedRecord> MeterSaidBadly { get; }

    /// <summary>A COSE_Sign1 with an ES256K key.</summary>
    public LoggedRecord ScaleInCbor { get; }

    public Signer MixerFirst { get; } = Key("mixer", SignatureAlgorithms.EdDsa);

    public Signer MixerSecond { get; } = Key("mixer", SignatureAlgorithms.ES256, " 2");

    /// <summary>Gets another key; then it comes out that it was in wrong hands already when it had its first.</summary>
    public DeviceStory Mixer { get; }

    public LoggedRecord MixerSaid { get; }

    /// <summary>Signed with the first key when the device was in wrong hands.</summary>
    public LoggedRecord MixerStolen { get; }

    /// <summary>Signed with the second key, before that came out.</summary>
    public LoggedRecord MixerReplaced { get; }

    /// <summary>A bundle of records with all entries of a device, anchored at the checkpoint's own size.</summary>
    public BundleBuilder Bundle(DeviceStory device, params IReadOnlyList<LoggedRecord> records)
    {
        var builder = new BundleBuilder(Log, EvidenceWorld.Size).AnchoredAt(EvidenceWorld.Size).With(device.OrganisationKeys);
        foreach (var record in records)
        {
            builder.With(record);
        }
        foreach (var entry in device.Entries)
        {
            builder.WithStatus(entry);
        }
        return builder.Prove();
    }

    private static Signer Key(string device, string algorithm, string key = "") => new(device, device, algorithm, Custody.Self, key);

    private DeviceStory Device(string uri) => new(Log, _writer, uri);
}
