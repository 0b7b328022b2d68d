using System.Text;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using static TrustChain.UnitTests.Verification.EvidenceVectors;
using static TrustChain.UnitTests.Verification.LyingLog;

namespace TrustChain.UnitTests.Verification;

/// <summary>Forgeries of device entries and of what devices say.</summary>
internal static partial class Forgeries
{
    private static readonly byte[] MachinesTrust = Machines.Log.Trust.ToUtf8();

    private static readonly byte[] MachinesChain = RecordedChain.Record([EvidenceWorld.Size], Machines.Log);

    private static Signer DeviceKey { get; } = new("loom", "loom", SignatureAlgorithms.EdDsa, Custody.Self);

    private static Signer DeviceNext { get; } = new("loom", "loom", SignatureAlgorithms.ES256, Custody.Self, " 2");

    private static Signer DeviceThird { get; } = new("loom", "loom", SignatureAlgorithms.EdDsa, Custody.Self, " 3");

    private static ExpectedCheck StatusFails(string code, int i = 0) => Failed(CheckNames.Status, $"status[{i}]", code);

    private static ExpectedCheck HistoryDepends(int i = 0) => Depends(CheckNames.DeviceHistory, $"status[{i}]");

    private static ExpectedCheck HistoryFails(int i = 0) => Failed(CheckNames.DeviceHistory, $"status[{i}]", ReasonCodes.KeyUnauthorised);

    private static ExpectedCheck NoHistory(int i = 0) => NotListed(CheckNames.DeviceHistory, $"status[{i}]");

    private static ExpectedCheck NoDevice => NotListed(CheckNames.Device, Record);

    private static ExpectedCheck DeviceDepends => Depends(CheckNames.Device, Record);

    private static ExpectedCheck DeviceFails => Failed(CheckNames.Device, Record, ReasonCodes.DeviceMismatch);

    /// <summary>Bundles of an honest log that somebody altered: a device that changed its key, and a record under the second one.</summary>
    private static IEnumerable<Forgery> DeviceBundles()
    {
        var other = SignatureFails(ReasonCodes.StatementAltered);
        ExpectedCheck[] unreadable = [SignatureFails(ReasonCodes.StatementMalformed), .. Eventless()];
        yield return Machine(
            "device-key-swapped",
            "A device entry holds another key.",
            static b => AlterStatus(b, 1, (Machines.PressSecond.Key.PublicKey.Jwk, Machines.PumpFirst.Key.PublicKey.Jwk), (Machines.PressSecond.Kid, Machines.PumpFirst.Kid)),
            [StatusFails(ReasonCodes.StatusAltered, 1), HistoryDepends(1), .. Unsigned(), NoDevice]);
        yield return Machine("device-owner", "The owner in a device's first entry is altered.", static b => AlterStatus(b, 0, ("\"old-mill\"", "\"old-mall\"")), StatusFails(ReasonCodes.StatusAltered), HistoryDepends(), HistoryDepends(1));
        yield return Machine("device-pseudonym", "The pseudonym in a device entry is altered.", static b => AlterStatus(b, 1, (Machines.Press.Pseudonym.ToBase64Url(), Machines.Pump.Pseudonym.ToBase64Url())), StatusFails(ReasonCodes.StatusAltered, 1), HistoryDepends(1), DeviceDepends);
        yield return Machine("device-entry-leaf", "The leaf hash that a device entry claims is altered.", static b => b.Status[1] = b.Status[1] with { Leaf = Flip(b.Status[1].Leaf) }, Unproven, StatusFails(ReasonCodes.StatusAltered, 1), HistoryDepends(1));
        yield return Machine("device-entry-as-certificate", "A device entry is shown as a certificate.", static b => b.Status[1] = b.Status[1] with { Kind = EntryKind.Certificate }, [StatusFails(ReasonCodes.StatusAltered, 1), SignatureFails(ReasonCodes.KeyMissing), .. Eventless(), NoDevice]);
        yield return Machine("device-entry-without-statement", "The statement of a device entry is left out.", static b => b.Status[0] = b.Status[0] with { Statement = null }, StatusFails(ReasonCodes.StatementAltered), HistoryDepends(), HistoryDepends(1));
        yield return Machine("device-statements-exchanged", "A device entry points at the statement of another one.", static b => b.Status[1] = b.Status[1] with { Statement = b.Status[0].Statement }, StatusFails(ReasonCodes.StatementAltered, 1), HistoryDepends(1));
        yield return Machine(
            "device-enrolment-left-out",
            "The entry that admitted a device's first key is left out, and the first key admitted the second.",
            static b =>
            {
                b.Status.RemoveAt(0);
                b.Prove();
            },
            StatusFails(ReasonCodes.KeyMissing), HistoryDepends());
        yield return Machine(
            "device-entry-left-out",
            "The entry that admitted the key of a record is left out.",
            static b =>
            {
                b.Status.RemoveAt(1);
                b.Prove();
            },
            [SignatureFails(ReasonCodes.KeyMissing), .. Eventless(), NoDevice]);
        yield return Machine("device-salt", "The salt of a device's pseudonym is altered.", static b => b.Records[0] = b.Records[0] with { DeviceSalt = Flip(b.Records[0].DeviceSalt!.Value) }, DeviceFails);
        yield return Machine("device-salt-of-another", "The salt is that of another device.", static b => b.Records[0] = b.Records[0] with { DeviceSalt = Machines.Pump.Salt }, DeviceFails);
        yield return Machine("telemetry-reading", "A reading is altered.", static b => Payload(b, "61.5", "61.4"), other, EventHashDepends);
        yield return Machine("telemetry-device-in-event", "The event is made to be about another device.", static b => Payload(b, Machines.Press.Uri, Machines.Pump.Uri), other, EventHashDepends, DeviceDepends);
        yield return Machine("telemetry-device-in-header", "The header is made to name another device.", static b => Header(b, Machines.Press.Uri, Machines.Pump.Uri), other, DeviceDepends);
        yield return Machine("telemetry-number", "The number of a statement is altered.", static b => Header(b, "\"seq\":\"2\"", "\"seq\":\"3\""), other);
        yield return Machine("telemetry-digest", "The digest of the statement before is altered.", static b => Header(b, "\"prev\":\"", "\"prev\":\"A", trim: 1), other);
        yield return Machine("telemetry-boot", "How often a device has started is altered.", static b => Header(b, "\"boot\":\"1\"", "\"boot\":\"2\""), other);
        yield return Machine("telemetry-clock", "What a device's clock said is altered.", static b => Header(b, "\"clock\":\"2026-", "\"clock\":\"2025-"), other);
        yield return Machine("telemetry-number-respelt", "The number of a statement is spelt with a leading zero.", static b => Header(b, "\"seq\":\"2\"", "\"seq\":\"02\""), [.. unreadable, NoDevice]);
        yield return Machine("telemetry-number-one", "A statement with one before it is given the first number.", static b => Header(b, "\"seq\":\"2\"", "\"seq\":\"1\""), [.. unreadable, NoDevice]);
        yield return Machine("telemetry-as-document", "A telemetry statement is passed off as a document.", static b => Header(b, "telemetry+jws", "epcis+jws"), [.. unreadable]);
        yield return Row("document-as-telemetry", "A document is passed off as a telemetry statement.", Alter(World.Bundle(World.Document[0]), static b => Header(b, "epcis+jws", "telemetry+jws")), [.. unreadable, NoDevice]);
        yield return Machine(
            "telemetry-statements-exchanged",
            "A record points at an earlier statement of its device.",
            static b =>
            {
                b.Statements.Add(Machines.PressSaid[0].Statement);
                b.Records[0] = b.Records[0] with { Statement = b.Statements.Count - 1 };
            },
            other, EventHashDepends);
        yield return Ended(
            "device-revocation-altered",
            "The index from which a device's key was in wrong hands is altered, to save a record.",
            Machines.LatheStolen,
            static b => AlterStatus(b, 3, ($"\"compromisedSince\":{Machines.LatheStolen.Index}", $"\"compromisedSince\":{Machines.LatheStolen.Index + 1}")),
            StatusFails(ReasonCodes.StatusAltered, 3), HistoryDepends(3));
        yield return Ended(
            "device-revocation-invented",
            "The index from which a device's key was in wrong hands is altered, to discredit a record.",
            Machines.LatheTransferred,
            static b => AlterStatus(b, 3, ($"\"compromisedSince\":{Machines.LatheStolen.Index}", $"\"compromisedSince\":{Machines.LatheTransferred.Index}")),
            StatusFails(ReasonCodes.StatusAltered, 3), HistoryDepends(3), Depends(CheckNames.KeyStatus, Record));

        static Forgery Machine(string name, string what, Action<BundleBuilder> change, params IReadOnlyList<ExpectedCheck> differences)
        {
            var record = name.StartsWith("telemetry", StringComparison.Ordinal) && !name.Contains("device", StringComparison.Ordinal) ? Machines.PressSaid[1] : Machines.PressRotated;
            return Row(name, what, Alter(Machines.Bundle(Machines.Press, record), change), differences) with { Trust = MachinesTrust, Chain = MachinesChain };
        }

        static Forgery Ended(string name, string what, LoggedRecord record, Action<BundleBuilder> change, params IReadOnlyList<ExpectedCheck> differences) =>
            Row(name, what, Alter(Machines.Bundle(Machines.Lathe, record), change), differences) with { Trust = MachinesTrust, Chain = MachinesChain };

        static void AlterStatus(BundleBuilder b, int i, params (string Old, string With)[] changes)
        {
            foreach (var (old, with) in changes)
            {
                b.Status[i] = b.Status[i] with { Body = Replace(b.Status[i].Body, old, with) };
            }
        }

        static void Header(BundleBuilder b, string old, string with, int trim = 0)
        {
            var altered = WithHeader(b.Statements[0], old, with);
            if (trim > 0)
            {
                // What was put in front is one character too many: take the next one away.
                altered = WithHeader(b.Statements[0], old + HeaderAfter(b.Statements[0], old), with);
            }
            Assert.NotEqual(b.Statements[0], altered);
            b.Statements[0] = altered;
        }

        static string HeaderAfter(string compact, string marker)
        {
            Assert.True(Base64UrlText.TryDecode(compact.AsSpan(0, compact.IndexOf('.', StringComparison.Ordinal)), out var header));
            var text = Encoding.UTF8.GetString(header);
            return text.Substring(text.IndexOf(marker, StringComparison.Ordinal) + marker.Length, 1);
        }

        static void Payload(BundleBuilder b, string old, string with)
        {
            var altered = WithPayload(b.Statements[0], text => text.Replace(old, with, StringComparison.Ordinal));
            Assert.NotEqual(b.Statements[0], altered);
            b.Statements[0] = altered;
        }
    }

    /// <summary>The operator logs a device entry that was not signed as one, or is none.</summary>
    private static IEnumerable<Forgery> LoggedDeviceEntries()
    {
        const DeviceActKind Enrol = DeviceActKind.Enrol;
        var invalid = new[] { StatusFails(ReasonCodes.StatusSignatureInvalid), HistoryDepends() };
        var unproven = new[] { StatusFails(ReasonCodes.DeviceProofInvalid), HistoryDepends() };
        ExpectedCheck[] malformed = [StatusFails(ReasonCodes.DeviceMalformed), NoHistory(), .. Unsigned(), NoDevice];
        string Header(string type) => $$"""{"alg":"ES256","aud":"{{EvidenceWorld.TeaOrigin}}","kid":"{{Garden.Kid}}","typ":"{{type}}"}""";
        yield return Logged("logged-device-signed-by-a-stranger", "A stranger signed a device entry in the organisation's name.", static d => d.Act(Enrol, Garden, DeviceKey), invalid, p => Stranger.SignUnder(Header(DeviceAct.Type), p));
        yield return Logged("logged-device-as-certificate", "A signed certificate is logged as a device entry.", static d => d.Act(Enrol, Garden, DeviceKey), invalid, p => Garden.SignUnder(Header(PublicEntry.CertificateType), p));
        yield return Logged("logged-device-for-another-log", "A device entry was signed for another log.", static d => d.Act(Enrol, Garden, DeviceKey), invalid, static p => Garden.Sign(DeviceAct.Type, "log.example/elsewhere", p));
        yield return Logged("logged-device-for-no-log", "A device entry with a self-held key was signed for no log.", static d => d.Act(Enrol, Garden, DeviceKey), invalid, static p => Garden.Sign(DeviceAct.Type, null, p));
        yield return Logged("device-proof-by-another-key", "Another key than the one that is admitted made the proof.", static d => d.Act(Enrol, Garden, DeviceKey) with { Proof = d.Prove(DeviceKey, Enrol, by: DeviceThird) }, unproven);
        yield return Logged("device-proof-of-another-key", "The proof is of another key than the one that is admitted.", static d => d.Act(Enrol, Garden, DeviceKey) with { Proof = d.Prove(DeviceThird, Enrol) }, unproven);
        yield return Logged("device-proof-for-another-device", "The proof was made for another device.", static d => d.Act(Enrol, Garden, DeviceKey) with { Proof = d.Prove(DeviceKey, Enrol, Fixed.Hash("another device")) }, unproven);
        yield return Logged("device-proof-for-another-act", "The proof was made for another act.", static d => d.Act(Enrol, Garden, DeviceKey) with { Proof = d.Prove(DeviceKey, DeviceActKind.Replace) }, unproven);
        yield return Logged("device-proof-for-another-log", "The proof was made for another log.", static d => d.Act(Enrol, Garden, DeviceKey) with { Proof = d.Prove(DeviceKey, Enrol, origin: "log.example/elsewhere") }, unproven);
        yield return Logged("device-proof-cut", "The proof is cut off.", static d => d.Act(Enrol, Garden, DeviceKey) with { Proof = CutSignature(d.Prove(DeviceKey, Enrol)) }, unproven);
        yield return Malformed("logged-device-of-unknown-act", "The operator logs a device entry of an act that there is not.", "\"act\":\"enrol\"", "\"act\":\"adopt\"");
        yield return Malformed("logged-device-with-member", "The operator logs a device entry with a member of its own.", "\"v\":1", "\"v\":1,\"z\":1");
        yield return Malformed("logged-device-kid", "The operator logs a device's key under another thumbprint.", $"\"kid\":\"{DeviceKey.Kid}\",\"org", $"\"kid\":\"{DeviceThird.Kid}\",\"org");
        yield return Malformed("logged-device-pseudonym", "The operator logs a pseudonym that is no digest.", "\"device\":\"", "\"device\":\"x");
        yield return Malformed("logged-device-to", "The operator logs a first entry that names a next owner.", "\"v\":1", "\"to\":\"stranger\",\"v\":1");
        yield return Malformed("logged-device-nobodys", "The operator logs a device entry of nobody.", "\"green-hill\"", "\"\"");

        Forgery Malformed(string name, string what, string old, string with) =>
            Logged(name, what, static d => d.Act(Enrol, Garden, DeviceKey), malformed, null, text => text.Replace(old, with, StringComparison.Ordinal));

        static Forgery Logged(
            string name, string what, Func<DeviceStory, DeviceAct> act, IReadOnlyList<ExpectedCheck> found, Func<byte[], string>? sign = null, Func<string, string>? alter = null) =>
            Loom(name, what, d => d.Enter(act(d), Garden, sign, alter), DeviceKey, found);
    }

    /// <summary>The operator logs device entries that break the rules between them.</summary>
    private static IEnumerable<Forgery> LoggedDeviceHistories()
    {
        const DeviceActKind Replace = DeviceActKind.Replace;
        yield return Loom("device-enrolled-by-a-stranger", "A stranger enrols a device in the name of the organisation.", static d => d.Enter(d.Act(DeviceActKind.Enrol, Garden, DeviceKey), Stranger), DeviceKey, HistoryFails());
        yield return Second("device-enrolled-twice", "A device is enrolled a second time.", static d => d.Enrol(Stranger, DeviceNext), HistoryFails(1));
        yield return Second("device-replaced-by-a-stranger", "A stranger replaces a device's key.", static d => d.Replace(Stranger, DeviceNext), HistoryFails(1));
        yield return Second("device-replaced-in-the-owners-name", "A stranger replaces a device's key in the owner's name.", static d => d.Enter(d.Act(Replace, Garden, DeviceNext), Stranger), HistoryFails(1));
        yield return Second("device-key-admitted-twice", "A device's first key is admitted again.", static d => d.Replace(Garden, DeviceKey), HistoryFails(1));
        yield return Second("device-rotated-by-the-owner", "The owner changes a device's key in the device's name.", static d => d.Enter(d.Act(DeviceActKind.Rotate, Garden, DeviceNext), Garden), StatusFails(ReasonCodes.KeyMissing, 1), HistoryDepends(1));
        yield return Second(
            "device-rotated-by-the-new-key",
            "The new key itself signed the entry by which the device changes its key.",
            static d => d.Enter(d.Act(DeviceActKind.Rotate, Garden, DeviceNext), DeviceKey, static p => DeviceNext.SignUnder($$"""{"alg":"ES256","aud":"{{EvidenceWorld.TeaOrigin}}","kid":"{{DeviceKey.Kid}}","typ":"{{DeviceAct.Type}}"}""", p)),
            StatusFails(ReasonCodes.StatusSignatureInvalid, 1), HistoryDepends(1));
        yield return Second("device-rotated-for-another-owner", "A device changes its key in the name of another owner.", static d => d.Rotate(Stranger, DeviceKey, DeviceNext), HistoryFails(1));
        yield return Second("device-history-begun-again", "A device entry names the entry before as one that comes after it.", static d => d.Enter(d.Act(Replace, Garden, DeviceNext) with { Previous = 1000 }, Garden), HistoryFails(1));
        yield return Second("device-transferred-by-a-stranger", "A stranger offers a device to itself.", static d => d.Enter(d.Act(DeviceActKind.Transfer, Stranger) with { To = Stranger.Organisation }, Stranger), HistoryFails(1));
        yield return Second("device-taken", "A stranger accepts a device that nobody offered.", static d => d.Accept(Stranger), HistoryFails(1));
        yield return Second("device-transferred-to-its-owner", "A device is offered to its own owner.", static d => d.Transfer(Garden, Garden), HistoryFails(1));
        yield return Second("device-compromised-in-future", "A device's key is said to be in wrong hands from an entry on that does not exist yet.", static d => d.Revoke(Garden, 1000), HistoryFails(1));
        yield return Second("device-replaced-as-compromised-in-future", "A device's key is replaced as one in wrong hands from an entry on that does not exist yet.", static d => d.Replace(Garden, DeviceNext, 1000), HistoryFails(1));
        yield return Second(
            "device-taken-by-another",
            "A device is accepted by another than it was offered to.",
            static d =>
            {
                d.Transfer(Garden, Stranger);
                d.Accept(World.Lake);
            },
            HistoryFails(2));
        yield return Second(
            "device-replaced-by-the-former-owner",
            "The former owner replaces a device's key.",
            static d =>
            {
                d.Transfer(Garden, Stranger);
                d.Accept(Stranger);
                d.Replace(Garden, DeviceNext);
            },
            HistoryFails(3));
        yield return Second(
            "device-history-forked",
            "Two device entries name the same one before them.",
            static d =>
            {
                var left = d.Act(Replace, Garden, DeviceNext);
                var right = d.Act(Replace, Garden, DeviceThird);
                d.Enter(left, Garden);
                d.Enter(right, Garden);
            },
            HistoryFails(2));
        yield return Second(
            "device-revoked-twice",
            "A device's key is ended twice.",
            static d =>
            {
                d.Revoke(Garden);
                d.Revoke(Garden);
            },
            HistoryFails(2));
        yield return Second(
            "device-rotated-after-its-end",
            "A device's key that the owner ended admits another.",
            static d =>
            {
                d.Revoke(Garden);
                d.Rotate(Garden, DeviceKey, DeviceNext);
            },
            HistoryFails(2));
        yield return Second(
            "device-back-from-retirement",
            "A key is admitted for a device after it was retired.",
            static d =>
            {
                d.Retire(Garden);
                d.Replace(Garden, DeviceNext);
            },
            HistoryFails(2));

        // The record is under the first key, and before all that is wrong.
        static Forgery Second(string name, string what, Action<DeviceStory> then, params IReadOnlyList<ExpectedCheck> found) => Loom(name, what, static d => d.Enrol(Garden, DeviceKey), DeviceKey, found, then);
    }

    /// <summary>A device says something that it must not say so, or the operator logs it as something else.</summary>
    private static IEnumerable<Forgery> LoggedTelemetry()
    {
        var mismatch = SignatureFails(ReasonCodes.KeyMismatch);
        ExpectedCheck[] unreadable = [SignatureFails(ReasonCodes.StatementMalformed), .. Eventless(), NoDevice];
        yield return Said("telemetry-about-another-device", "A device says something about another device.", new Telling { Event = static e => e.Replace("/21/loom-1", "/21/loom-2", StringComparison.Ordinal) }, DeviceFails);
        yield return Said("telemetry-about-two-devices", "A device says something about itself and another device.", new Telling { Event = static e => e.Replace("\"epcList\":[", "\"epcList\":[\"https://id.gs1.org/01/09506000134352/21/loom-2\",", StringComparison.Ordinal) }, DeviceFails);
        yield return Said(
            "telemetry-in-the-name-of-another-device",
            "A device signs as if it were another one.",
            new Telling
            {
                Header = static h => h.Replace("/21/loom-1", "/21/loom-2", StringComparison.Ordinal),
                Event = static e => e.Replace("/21/loom-1", "/21/loom-2", StringComparison.Ordinal),
            },
            DeviceFails);
        yield return Said("telemetry-signed-by-another-key", "Another key signed in a device's name.", new Telling { By = DeviceThird }, SignatureFails(ReasonCodes.SignatureInvalid));
        yield return Said("telemetry-for-another-log", "A telemetry statement was signed for another log.", new Telling { Header = static h => h.Replace(EvidenceWorld.TeaOrigin, "log.example/elsewhere", StringComparison.Ordinal) }, SignatureFails(ReasonCodes.AudienceMismatch));
        yield return Said("telemetry-for-no-log", "A telemetry statement was signed for no log.", new Telling { Header = static h => h.Replace($"\"aud\":\"{EvidenceWorld.TeaOrigin}\",", "", StringComparison.Ordinal) }, SignatureFails(ReasonCodes.AudienceMismatch));
        yield return Said("telemetry-with-header", "A telemetry statement has a header member that no version knows.", new Telling { Header = static h => h.Replace("\"typ\"", "\"iat\":\"1\",\"typ\"", StringComparison.Ordinal) }, unreadable);
        yield return Said("telemetry-without-clock", "A telemetry statement does not say what the device's clock said.", new Telling { Header = static h => h.Replace("\"clock\"", "\"cty\"", StringComparison.Ordinal) }, unreadable);
        yield return Said("telemetry-numbered-zero", "A telemetry statement has the number 0.", new Telling { Header = static h => h.Replace("\"seq\":\"1\"", "\"seq\":\"0\"", StringComparison.Ordinal) }, unreadable);
        yield return Said("telemetry-numbered-too-high", "A telemetry statement has a number beyond the largest.", new Telling { Header = static h => h.Replace("\"boot\":\"1\"", "\"boot\":\"9007199254740992\"", StringComparison.Ordinal) }, unreadable);
        yield return Said("telemetry-of-a-document", "The payload of a telemetry statement is a whole document.", new Telling { Event = static e => $$$"""{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-04-12T08:00:00Z","epcisBody":{"eventList":[{{{e}}}]}}""" }, unreadable);
        yield return Said("telemetry-as-signed-document", "A device's key signs what is no telemetry statement.", new Telling { Header = static h => $$"""{"alg":"EdDSA","aud":"{{EvidenceWorld.TeaOrigin}}","kid":"{{DeviceKey.Kid}}","typ":"{{Statement.DocumentType}}"}""" }, mismatch);
        yield return Said("telemetry-custody", "The operator logs a device's key as held by the service.", new Telling { Record = static r => r with { Custody = Custody.Custodial } }, [mismatch, .. Eventless(), NoDevice]);
        yield return Said("telemetry-kid", "The operator logs a telemetry statement in the name of another key.", new Telling { Record = static r => r with { Kid = DeviceThird.Kid } }, [mismatch, .. Eventless(), NoDevice]);
        yield return Said("telemetry-count", "The operator logs two events where a device said one.", new Telling { Record = static r => r with { Count = 2 } }, mismatch, EventDepends, EventHashDepends, DeviceDepends);
        yield return Said("telemetry-event-hash", "The operator logs the hash of another event for a telemetry statement.", new Telling { Record = static r => r with { EventHash = World.Single.Record.EventHash } }, Failed(CheckNames.EventHash, Record, ReasonCodes.EventHashMismatch));
        yield return Loom(
            "telemetry-under-a-transfer",
            "The operator logs a telemetry statement under a device entry that admits no key.",
            static d =>
            {
                d.Enrol(Garden, DeviceKey);
                d.Transfer(Garden, Stranger);
            },
            DeviceKey,
            [SignatureFails(ReasonCodes.KeyMissing), .. Eventless(), NoDevice],
            telling: static d => new Telling { Record = r => r with { KeyEntry = d.Last!.Value } });
        var early = new LyingLog();
        var late = Loom(early);
        early.Writer.Admit(Garden);
        late.Enrol(Garden, DeviceKey);
        var before = late.Say(DeviceKey, new Telling { Record = static r => r with { KeyEntry = 6 } });
        var admission = late.Replace(Garden, DeviceKey);
        Assert.Equal(6, admission.Index);
        yield return Lie(
            "telemetry-before-its-key",
            "The operator logs a telemetry statement before the device entry that it names.",
            early,
            early.Bundle(late.OrganisationKeys, [before], [.. late.Entries]),
            [mismatch, .. Eventless(), NoDevice, HistoryFails(1)]);
        var posing = new LyingLog();
        var garden = posing.Writer.Admit(Garden);
        var statement = Loom(posing).Say(Garden);
        yield return Lie("telemetry-by-an-organisation", "An organisation's key signs a telemetry statement.", posing, posing.Bundle([garden], [statement]), mismatch, DeviceDepends);

        static Forgery Said(string name, string what, Telling telling, params IReadOnlyList<ExpectedCheck> found) =>
            Loom(name, what, static d => d.Enrol(Garden, DeviceKey), DeviceKey, found, telling: _ => telling);
    }

    /// <summary>The operator logs what was signed with a key that had ended, or was in wrong hands.</summary>
    private static IEnumerable<Forgery> DeviceKeysThatEnded()
    {
        var revoked = Failed(CheckNames.KeyStatus, Record, ReasonCodes.KeyRevoked);
        var compromised = Failed(CheckNames.KeyStatus, Record, ReasonCodes.KeyCompromised);
        yield return Ended("device-key-revoked", "A device signed with a key that its owner had ended.", static d => d.Revoke(Garden), DeviceKey, revoked);
        yield return Ended("device-key-rotated", "A device signed with a key that it had given up.", static d => d.Rotate(Garden, DeviceKey, DeviceNext), DeviceKey, revoked);
        yield return Ended("device-key-replaced", "A device signed with a key that its owner had replaced.", static d => d.Replace(Garden, DeviceNext), DeviceKey, revoked);
        yield return Ended("device-retired", "A device signed after it was retired.", static d => d.Retire(Garden), DeviceKey, revoked);
        yield return Loom("device-key-compromised", "A device signed with a key that was in wrong hands.", static d => d.Enrol(Garden, DeviceKey), DeviceKey, [compromised], static d => d.Revoke(Garden, d.Last));
        yield return Loom("device-key-replaced-as-compromised", "A device signed with a key that was replaced because it was in wrong hands.", static d => d.Enrol(Garden, DeviceKey), DeviceKey, [compromised], static d => d.Replace(Garden, DeviceNext, d.Last));
        yield return Loom(
            "device-key-replaced-then-compromised",
            "A device signed with a key that was in wrong hands, which came out when it had another.",
            static d => d.Enrol(Garden, DeviceKey),
            DeviceKey,
            [compromised],
            static d =>
            {
                d.Replace(Garden, DeviceNext);
                d.Revoke(Garden, d.Entries[0].Index);
            });
        yield return Loom(
            "device-key-replaced-twice-then-compromised",
            "A device signed with a key that was in wrong hands, which came out when it had the second other one.",
            static d => d.Enrol(Garden, DeviceKey),
            DeviceKey,
            [compromised],
            static d =>
            {
                d.Rotate(Garden, DeviceKey, DeviceNext);
                d.Replace(Garden, DeviceThird, d.Entries[0].Index);
            });
        yield return Loom(
            "device-key-of-a-thief",
            "A device signed with a key that a thief had admitted with the stolen one.",
            static d =>
            {
                d.Enrol(Garden, DeviceKey);
                d.Rotate(Garden, DeviceKey, DeviceNext);
            },
            DeviceNext,
            [compromised],
            static d => d.Revoke(Garden, d.Last));
        foreach (var (name, what, since, rotates, found) in new[]
        {
            ("device-of-a-thief", "A device was enrolled with an organisation's key that was in wrong hands.", (long?)3, false, compromised),
            ("device-of-a-thief-with-another-key", "A device was enrolled with an organisation's key that was in wrong hands, and has changed its own key.", 3, true, compromised),
            ("device-of-a-retired-key", "A device was enrolled with an organisation's key that had been retired.", null, false, HistoryFails()),
        })
        {
            var log = new LyingLog();
            log.Writer.Admit(Garden);
            var device = Loom(log);
            LoggedEntry Revoke() => log.Writer.Revoke(Garden, since);
            var end = since is null ? Revoke() : null;
            device.Enrol(Garden, DeviceKey);
            if (rotates)
            {
                device.Rotate(Garden, DeviceKey, DeviceNext);
            }
            var record = device.Say(rotates ? DeviceNext : DeviceKey);
            end ??= Revoke();
            yield return Lie(name, what, log, log.Bundle([.. log.Writer.History(end.Index)], [record], [.. device.Entries]), found);
        }

        static Forgery Ended(string name, string what, Action<DeviceStory> end, Signer key, params IReadOnlyList<ExpectedCheck> found) => Loom(
            name,
            what,
            d =>
            {
                d.Enrol(Garden, DeviceKey);
                end(d);
            },
            key,
            found);
    }

    private static DeviceStory Loom(LyingLog log) => new(log.Log, log.Writer, "https://id.gs1.org/01/09506000134352/21/loom-1");

    /// <summary>A lying log with one device: its entries, one record under a key of it, and more entries.</summary>
    private static Forgery Loom(
        string name, string what, Action<DeviceStory> before, Signer key, IReadOnlyList<ExpectedCheck> found, Action<DeviceStory>? after = null, Func<DeviceStory, Telling>? telling = null)
    {
        var log = new LyingLog();
        foreach (var signer in new[] { Garden, Stranger, World.Lake })
        {
            log.Writer.Admit(signer); // 3, 4, 5
        }
        var device = Loom(log);
        before(device);
        var record = device.Say(key, telling?.Invoke(device));
        after?.Invoke(device);
        return Lie(name, what, log, log.Bundle(device.OrganisationKeys, [record], [.. device.Entries]), found);
    }

    private static Forgery Loom(string name, string what, Action<DeviceStory> before, Signer key, ExpectedCheck found) => Loom(name, what, before, key, [found]);
}
