using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Verification;

/// <summary>The second half of the story: how organisations change, lose and recover keys, and what thieves and a dishonest operator try.</summary>
internal sealed partial class EvidenceWorld
{
    public Signer Mill { get; } = new("old-mill", "Old Mill", SignatureAlgorithms.ES256, Custody.Self);

    public Signer MillNext { get; } = new("old-mill", "Old Mill", SignatureAlgorithms.EdDsa, Custody.Self, " 2");

    public Signer Depot { get; } = new("depot", "Depot", SignatureAlgorithms.EdDsa, Custody.Self);

    public Signer DepotThief { get; } = new("depot", "Depot", SignatureAlgorithms.ES256, Custody.Self, " of the thief");

    public Signer DepotRecovered { get; } = new("depot", "Depot", SignatureAlgorithms.EdDsa, Custody.Self, " recovered");

    public Signer Orchard { get; } = new("orchard", "Orchard", SignatureAlgorithms.EdDsa, Custody.Self);

    public Signer OrchardUnwanted { get; } = new("orchard", "Orchard", SignatureAlgorithms.EdDsa, Custody.Self, " unwanted");

    public Signer Pier { get; } = new("pier", "Pier", SignatureAlgorithms.EdDsa, Custody.Self);

    public Signer PierUnwanted { get; } = new("pier", "Pier", SignatureAlgorithms.EdDsa, Custody.Self, " unwanted");

    public Signer Quarry { get; } = new("quarry", "Quarry", SignatureAlgorithms.ES256, Custody.Self);

    public Signer QuarryForged { get; } = new("quarry", "Quarry", SignatureAlgorithms.ES256, Custody.Self, " that nobody agreed to");

    public Signer Ferry { get; } = new("ferry", "Ferry", SignatureAlgorithms.EdDsa, Custody.Self);

    public Signer FerryLeft { get; } = new("ferry", "Ferry", SignatureAlgorithms.EdDsa, Custody.Self, " left");

    public Signer FerryRight { get; } = new("ferry", "Ferry", SignatureAlgorithms.EdDsa, Custody.Self, " right");

    public Signer CoopHeld { get; } = new("coop", "Growers' Co-op", SignatureAlgorithms.ES256, Custody.Custodial);

    public Signer Coop { get; } = new("coop", "Growers' Co-op", SignatureAlgorithms.ES256, Custody.Self, " of its own");

    public Signer TerraceNext { get; } = new("terrace-rice", "Terrace Rice", SignatureAlgorithms.ES256, Custody.Self, " 2");

    /// <summary>Signed before the mill changed its key.</summary>
    public LoggedRecord MillBefore { get; private set; } = null!;

    /// <summary>Signed with the mill's second key, which the first agreed to.</summary>
    public LoggedRecord MillAfter { get; private set; } = null!;

    /// <summary>Signed with the mill's first key after that was retired.</summary>
    public LoggedRecord MillRetired { get; private set; } = null!;

    public LoggedEntry MillRetirement { get; private set; } = null!;

    /// <summary>The retired key is later said to have been in wrong hands, at a time.</summary>
    public LoggedEntry MillLateCompromise { get; private set; } = null!;

    public LoggedRecord DepotBefore { get; private set; } = null!;

    /// <summary>Signed with a key that a thief had admitted with the stolen one.</summary>
    public LoggedRecord DepotStolen { get; private set; } = null!;

    public LoggedEntry DepotCompromise { get; private set; } = null!;

    public LoggedRecord DepotAfterRecovery { get; private set; } = null!;

    /// <summary>Signed with a key whose recovery the organisation had objected to.</summary>
    public LoggedRecord OrchardForged { get; private set; } = null!;

    public LoggedEntry OrchardObjection { get; private set; } = null!;

    /// <summary>The objection of an organisation whose only key the operator had ended before it announced a recovery.</summary>
    public LoggedEntry PierObjection { get; private set; } = null!;

    /// <summary>Signed with a key that the operator admitted without the organisation.</summary>
    public LoggedRecord QuarryRecord { get; private set; } = null!;

    /// <summary>Signed with a key of the second branch of a forked history.</summary>
    public LoggedRecord FerryForked { get; private set; } = null!;

    public LoggedRecord FerryHonest { get; private set; } = null!;

    public LoggedRecord CoopCustodial { get; private set; } = null!;

    public LoggedRecord CoopOwn { get; private set; } = null!;

    /// <summary>Signed with an ES256 key that an SM2 key agreed to.</summary>
    public LoggedRecord TerraceAfter { get; private set; } = null!;

    private void TellOfKeys()
    {
        var serial = 20;
        _writer.Admit(Mill, vouchedBy: "did:web:mill.example"); // 41
        MillBefore = Say(Mill); // 42
        _writer.Admit(MillNext, by: Mill, vouchedBy: "dns:mill.example"); // 43
        MillRetirement = _writer.Revoke(Mill, compromisedSince: null, by: MillNext); // 44
        MillAfter = Say(MillNext); // 45
        MillRetired = Say(Mill); // 46
        _writer.Admit(Depot); // 47
        DepotBefore = Say(Depot); // 48
        var stolen = _writer.Admit(DepotThief, by: Depot); // 49
        DepotStolen = Say(DepotThief); // 50
        DepotCompromise = _writer.Revoke(Depot, compromisedSince: stolen.Index); // 51
        var recovery = Announce(DepotRecovered); // 52
        _writer.Admit(DepotRecovered, recovery: recovery); // 53
        DepotAfterRecovery = Say(DepotRecovered); // 54
        _writer.Admit(Orchard); // 55
        var unwanted = Announce(OrchardUnwanted); // 56
        OrchardObjection = _writer.Change(Orchard.Agree(new KeyObjection(Orchard.Organisation, unwanted, unwanted, null), Log.Origin)); // 57
        _writer.Admit(OrchardUnwanted, recovery: unwanted); // 58
        OrchardForged = Say(OrchardUnwanted); // 59
        _writer.Admit(Quarry); // 60
        _writer.Admit(QuarryForged); // 61
        QuarryRecord = Say(QuarryForged); // 62
        var first = _writer.Admit(Ferry); // 63
        _writer.Admit(FerryLeft, by: Ferry); // 64
        FerryHonest = Say(FerryLeft); // 65
        _writer.Change(Ferry.Agree(FerryRight.Entry(first.Index), Log.Origin)); // 66
        FerryForked = Say(FerryRight); // 67
        _writer.Admit(CoopHeld); // 68
        _writer.Admit(Coop); // 69
        CoopCustodial = Say(CoopHeld); // 70
        CoopOwn = Say(Coop); // 71
        _writer.Admit(TerraceNext, by: Terrace); // 72
        TerraceAfter = Say(TerraceNext); // 73
        MillLateCompromise = _writer.Revoke(Mill, compromisedSince: 46, by: MillNext, compromisedAt: "2026-04-12T09:00:00.000Z"); // 74
        _writer.Admit(Pier); // 75
        _writer.Revoke(Pier, compromisedSince: null); // 76
        var takeover = Announce(PierUnwanted); // 77
        PierObjection = _writer.Change(Pier.Agree(new KeyObjection(Pier.Organisation, takeover, takeover, null), Log.Origin)); // 78

        LoggedRecord Say(Signer signer) => _writer.Root(signer, signer.Custody == Custody.Self ? Log.Origin : null, Sample.Event(serial++, "storing"))[0];

        long Announce(Signer signer) =>
            _writer.Change(new KeyRecovery(signer.Organisation, signer.Key.PublicKey, 259_200, "All keys of the organisation were lost.", _writer.Newest(signer))).Index;
    }
}
