using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>Bundles about the history of keys, and about witnesses and timestamps.</summary>
internal static partial class EvidenceVectors
{
    /// <summary>Name under which a verifier's lack of CBOR stands in <see cref="EvidenceVector.Without"/>.</summary>
    internal const string Cose = "COSE";

    /// <summary>Name under which a verifier's lack of CMS and X.509 stands in <see cref="EvidenceVector.Without"/>.</summary>
    public const string Timestamps = "RFC 3161";

    /// <summary>The trusted log with two of three witnesses and a timestamp authority.</summary>
    public static TrustFile WitnessedTrust { get; } = World.Log.Trust with
    {
        Witnesses = [Witness.East.Verifier, Witness.West.Verifier, Witness.North.Verifier],
        Quorum = 2,
        TimestampAuthorities = [StoredTimestamps.Authority(World.Log)],
    };

    private static IEnumerable<EvidenceVector> GoodKeys()
    {
        yield return Vector(
            "good-key-rotated",
            "An organisation changed its key: the first agreed to the second, and the second retired the first.",
            World.Bundle(World.MillBefore, World.MillAfter).With(World.History(World.MillRetirement)).Prove());
        yield return Vector(
            "good-key-recovered",
            "The organisation's key was stolen, and the operator recovered its name with a new one: every answer about that says so.",
            World.Bundle(World.DepotAfterRecovery),
            Passed(CheckNames.KeyHistory, "keys[4]", ReasonCodes.KeyRecovered));
        yield return Vector(
            "good-key-before-theft",
            "The thief's own key is in the history; a record signed before the theft stands.",
            World.Bundle(World.DepotBefore).With(World.History(World.DepotCompromise)).Prove());
        yield return Vector(
            "good-key-objection",
            "An announced recovery that the organisation objected to.",
            World.Bundle(World.Single).With(World.History(World.OrchardObjection)).Prove());
        yield return Vector(
            "good-key-objection-of-an-ended-key",
            "The operator ended an organisation's only key and announced a recovery; the key that it ended still objected.",
            World.Bundle(World.Single).With(World.History(World.PierObjection)).Prove());
        yield return Vector("good-key-custodial-and-own", "A key held by the service, and then one of the organisation's own.", World.Bundle(World.CoopCustodial, World.CoopOwn));
        yield return Vector("good-key-agreed-by-sm2", "An SM2 key agreed to an ES256 key.", World.Bundle(World.TerraceAfter)) with
        {
            Without = Lacking(SignatureAlgorithms.Sm2, Unknown(CheckNames.KeyHistory, "keys[1]", ReasonCodes.AlgorithmNotAvailable)),
        };
        yield return Vector(
            "good-key-history-left-out",
            "The bundle lacks the entry that the key's entry builds on.",
            Alter(World.Bundle(World.MillAfter), static b =>
            {
                b.Keys.RemoveAt(0);
                b.Prove();
            }),
            Unknown(CheckNames.KeyHistory, "keys[0]", ReasonCodes.KeyHistoryMissing));
    }

    private static IEnumerable<EvidenceVector> ForgedKeys()
    {
        yield return Vector(
            "bad-key-of-thief",
            "Signed with a key that a thief had admitted with the stolen one.",
            World.Bundle(World.DepotStolen).With(World.History(World.DepotCompromise)).Prove(),
            Failed(CheckNames.KeyStatus, "records[0]", ReasonCodes.KeyCompromised));
        yield return Vector(
            "bad-key-retired",
            "Signed with a key that the organisation had retired; the retirement stands among the key entries.",
            World.Bundle(World.MillRetired).With(World.History(World.MillRetirement)).Prove(),
            Failed(CheckNames.KeyStatus, "records[0]", ReasonCodes.KeyRevoked));
        yield return Vector(
            "bad-key-retired-then-compromised",
            "A retired key is later said to have been in wrong hands.",
            World.Bundle([EvidenceWorld.Size], [World.MillLateCompromise], World.MillRetired),
            Failed(CheckNames.KeyStatus, "records[0]", ReasonCodes.KeyCompromised));
        yield return Vector(
            "bad-key-recovered-in-spite-of-objection",
            "The operator carried out a recovery that the organisation had objected to.",
            World.Bundle(World.OrchardForged),
            Failed(CheckNames.KeyHistory, "keys[3]", ReasonCodes.KeyUnauthorised));
        yield return Vector(
            "bad-key-unauthorised",
            "The operator admitted a second key of an organisation, and none of its own keys agreed.",
            World.Bundle(World.QuarryRecord),
            Failed(CheckNames.KeyHistory, "keys[1]", ReasonCodes.KeyUnauthorised));
        yield return Vector(
            "bad-key-fork",
            "Two key entries of one organisation name the same previous one.",
            World.Bundle(World.FerryHonest, World.FerryForked),
            Failed(CheckNames.KeyHistory, "keys[2]", ReasonCodes.KeyUnauthorised));
    }

    private static IEnumerable<EvidenceVector> Witnessed()
    {
        var unstamped = Unknown(CheckNames.Timestamp, "timestamps[0]", ReasonCodes.AlgorithmNotAvailable);
        yield return WitnessedVector(
            "good-witnessed",
            "Two of three trusted witnesses cosigned; a trusted authority stamped this root and an earlier one.",
            World.Bundle(World.Single).CosignedBy(Witness.East, Witness.North).StampedAt(40).StampedAt(EvidenceWorld.Size)) with
        {
            Without = Lacking(Timestamps, unstamped, unstamped with { Subject = "timestamps[1]" }),
        };
        yield return WitnessedVector(
            "good-witness-missing",
            "Only one trusted witness cosigned, where two are asked for.",
            World.Bundle(World.Single).CosignedBy(Witness.East),
            Unknown(CheckNames.Witness, "bundle", ReasonCodes.WitnessMissing));
        yield return WitnessedVector(
            "good-witness-forged-but-enough",
            "A line in the name of one witness is forged, and the other two cosigned.",
            Alter(World.Bundle(World.Single).CosignedBy(Witness.East, Witness.West, Witness.North), static b => b.Checkpoint = Flip(b.Checkpoint, b.Checkpoint.Length - 20)));
        yield return WitnessedVector(
            "bad-witness",
            "One character of a witness's line is altered.",
            Alter(World.Bundle(World.Single).CosignedBy(Witness.East, Witness.West), static b => b.Checkpoint = Flip(b.Checkpoint, b.Checkpoint.Length - 20)),
            Failed(CheckNames.Witness, "bundle", ReasonCodes.WitnessSignatureInvalid));
        yield return WitnessedVector(
            "bad-timestamp",
            "The token stamped the root of another size.",
            Alter(World.Bundle(World.Single).CosignedBy(Witness.East, Witness.West).StampedAt(40), static b =>
                b.Timestamps[0] = b.Timestamps[0] with { Size = EvidenceWorld.Size, Root = World.Log.Root(EvidenceWorld.Size), Consistency = [] }),
            Failed(CheckNames.Timestamp, "timestamps[0]", ReasonCodes.TimestampInvalid)) with
        {
            Without = Lacking(Timestamps, unstamped),
        };
        yield return WitnessedVector(
            "bad-timestamp-consistency",
            "One byte of the proof from the stamped tree to the signed one is altered.",
            Alter(World.Bundle(World.Single).CosignedBy(Witness.East, Witness.West).StampedAt(40), static b =>
                b.Timestamps[0] = b.Timestamps[0] with { Consistency = [Flip(b.Timestamps[0].Consistency[0]), .. b.Timestamps[0].Consistency.Skip(1)] }),
            Failed(CheckNames.Timestamp, "timestamps[0]", ReasonCodes.TimestampInconsistent)) with
        {
            Without = Lacking(Timestamps, unstamped),
        };
        yield return Vector(
            "good-timestamp-of-no-trusted-authority",
            "A timestamp, where the trust file names no authority.",
            World.Bundle(World.Single).StampedAt(40),
            Unknown(CheckNames.Timestamp, "timestamps[0]", ReasonCodes.NoTimestampAuthority));
    }

    internal static EvidenceVector WitnessedVector(string name, string says, BundleBuilder builder, params IReadOnlyList<ExpectedCheck> differences)
    {
        var bundle = builder.Build();
        return new EvidenceVector(name, says, bundle.ToUtf8(), Expect(bundle, isWitnessed: true, differences)) { Trust = EvidenceVector.WitnessedTrust };
    }

    internal static IReadOnlyDictionary<string, IReadOnlyList<ExpectedCheck>> Lacking(string algorithm, params IReadOnlyList<ExpectedCheck> checks) =>
        new Dictionary<string, IReadOnlyList<ExpectedCheck>> { [algorithm] = checks };
}
