using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>Bundles about devices and what they say.</summary>
internal static partial class EvidenceVectors
{
    private static IEnumerable<EvidenceVector> Devices()
    {
        yield return Device(
            "good-device",
            "Two statements of a device that an organisation with a key of its own enrolled; the device has changed its key since.",
            Machines.Bundle(Machines.Press, Machines.PressSaid));
        yield return Device("good-device-rotated", "Signed with a key that the device's first one admitted.", Machines.Bundle(Machines.Press, Machines.PressRotated));
        yield return Device(
            "good-device-replaced",
            "Enrolled with a key that the service holds for the owner, who then replaced the device's key.",
            Machines.Bundle(Machines.Pump, Machines.PumpSaid, Machines.PumpReplaced));
        yield return Device(
            "good-device-transferred",
            "The device passed to another owner, and its key was in wrong hands later.",
            Machines.Bundle(Machines.Lathe, Machines.LatheSaid, Machines.LatheTransferred));
        yield return Device("good-device-retired", "The device was retired later.", Machines.Bundle(Machines.Crane, Machines.CraneSaid));
        yield return Device("good-device-es256k", "The device has an ES256K key.", Machines.Bundle(Machines.Scale, Machines.ScaleSaid)) with
        {
            Without = Lacking(
                SignatureAlgorithms.ES256K,
                Unknown(CheckNames.Signature, "records[0]", ReasonCodes.AlgorithmNotAvailable),
                Unknown(CheckNames.Status, "status[0]", ReasonCodes.AlgorithmNotAvailable),
                Depends(CheckNames.DeviceHistory, "status[0]")),
        };
        yield return Device(
            "good-device-salt-left-out",
            "The asker may not learn which device it is.",
            Alter(Machines.Bundle(Machines.Crane, Machines.CraneSaid), static b => b.Records[0] = b.Records[0] with { DeviceSalt = null }),
            Unknown(CheckNames.Device, "records[0]", ReasonCodes.DeviceSaltMissing));
        yield return Device(
            "good-device-history-left-out",
            "The bundle lacks the entry by which the device was offered to its next owner.",
            Alter(Machines.Bundle(Machines.Lathe, Machines.LatheSaid), static b =>
            {
                b.Status.RemoveAt(1);
                b.Prove();
            }),
            Unknown(CheckNames.DeviceHistory, "status[1]", ReasonCodes.KeyHistoryMissing),
            Unknown(CheckNames.DeviceHistory, "status[2]", ReasonCodes.KeyHistoryMissing));
        yield return Device(
            "bad-device-salt",
            "One byte of the device's salt is altered.",
            Alter(Machines.Bundle(Machines.Press, Machines.PressRotated), static b => b.Records[0] = b.Records[0] with { DeviceSalt = Flip(b.Records[0].DeviceSalt!.Value) }),
            Failed(CheckNames.Device, "records[0]", ReasonCodes.DeviceMismatch));
        yield return Device(
            "bad-device-entry",
            "The owner in a device entry is altered.",
            Alter(Machines.Bundle(Machines.Press, Machines.PressRotated), static b => b.Status[0] = b.Status[0] with { Body = Replace(b.Status[0].Body, "\"old-mill\"", "\"new-mill\"") }),
            Failed(CheckNames.Status, "status[0]", ReasonCodes.StatusAltered),
            Depends(CheckNames.DeviceHistory, "status[0]"),
            Depends(CheckNames.DeviceHistory, "status[1]"));
        yield return Device(
            "bad-device-replaced",
            "Signed with a key after it had been replaced.",
            Machines.Bundle(Machines.Pump, Machines.PumpOld),
            Failed(CheckNames.KeyStatus, "records[0]", ReasonCodes.KeyRevoked));
        yield return Device(
            "bad-device-retired",
            "Signed after the device was retired.",
            Machines.Bundle(Machines.Crane, Machines.CraneRetired),
            Failed(CheckNames.KeyStatus, "records[0]", ReasonCodes.KeyRevoked));
        yield return Device(
            "bad-device-compromised",
            "Signed when the device's key was in wrong hands.",
            Machines.Bundle(Machines.Lathe, Machines.LatheStolen),
            Failed(CheckNames.KeyStatus, "records[0]", ReasonCodes.KeyCompromised));
        yield return Device(
            "bad-device-compromised-older",
            "The second of two statements of a device's first key was made when the device was in wrong hands, which came out when it had its second.",
            Machines.Bundle(Machines.Mixer, Machines.MixerSaid, Machines.MixerStolen),
            Failed(CheckNames.KeyStatus, "records[1]", ReasonCodes.KeyCompromised));
        yield return Device(
            "bad-device-compromised-whole",
            "All that a key signed which was admitted when the device was in wrong hands.",
            Machines.Bundle(Machines.Mixer, Machines.MixerReplaced),
            Failed(CheckNames.KeyStatus, "records[0]", ReasonCodes.KeyCompromised));
    }

    /// <summary>Statements in CBOR.</summary>
    private static IEnumerable<EvidenceVector> DevicesInCbor()
    {
        yield return Device("good-device-cose", "The second of three statements of a device is a COSE_Sign1, in one chain with the others.", Machines.Bundle(Machines.Meter, Machines.MeterSaid)) with
        {
            Without = Lacking(Cose, CoseFault.Unread("records[1]")),
        };
        yield return Device("good-device-cose-es256k", "A COSE_Sign1 with an ES256K key.", Machines.Bundle(Machines.Scale, Machines.ScaleInCbor)) with
        {
            Without = new Dictionary<string, IReadOnlyList<ExpectedCheck>>
            {
                [SignatureAlgorithms.ES256K] =
                [
                    Unknown(CheckNames.Signature, "records[0]", ReasonCodes.AlgorithmNotAvailable),
                    Unknown(CheckNames.Status, "status[0]", ReasonCodes.AlgorithmNotAvailable),
                    Depends(CheckNames.DeviceHistory, "status[0]"),
                ],
                [Cose] = CoseFault.Unread("records[0]"),
            },
        };
        yield return Device(
            "bad-device-cose-exchanged",
            "In the place of a COSE_Sign1 stands another one of the same device.",
            Alter(Machines.Bundle(Machines.Meter, Machines.MeterSaid[1]), static b => b.Statements[0] = Machines.MeterSaidBadly["payload-altered"].Statement),
            Failed(CheckNames.Signature, "records[0]", ReasonCodes.StatementAltered),
            Depends(CheckNames.EventHash, "records[0]")) with
        {
            Without = Lacking(Cose, CoseFault.Unread("records[0]")),
        };
        foreach (var fault in CoseFaults.Published)
        {
            var record = Machines.MeterSaidBadly[fault.Name];
            yield return Device($"bad-device-cose-{fault.Name}", fault.What, Machines.Bundle(Machines.Meter, record), fault.Found) with { Without = fault.Without(record.Statement) };
        }
    }

    private static EvidenceVector Device(string name, string says, BundleBuilder builder, params IReadOnlyList<ExpectedCheck> differences) =>
        Vector(name, says, builder, differences) with { Trust = EvidenceVector.DeviceTrust };
}
