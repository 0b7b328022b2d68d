using System.Text.Json;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Verification;

public sealed partial class EvidenceVerifier
{
    /// <summary>What a record, certificate or device entry finds where it looks for the key that signed it.</summary>
    /// <param name="Key">The key that is admitted there; null for an entry that admits none.</param>
    /// <param name="Custody">Who holds it.</param>
    /// <param name="Name">Whose it is, for people.</param>
    /// <param name="IsReadable">Whether the entry is of a known act.</param>
    /// <param name="Sound">Whether the entry passed its own check.</param>
    /// <param name="IsDevice">Whether it is the key of a device.</param>
    private sealed record FoundKey(PublicKey? Key, Custody Custody, string Name, bool IsReadable, bool Sound, bool IsDevice)
    {
        /// <summary>The check of the entry.</summary>
        public string RestsOn => IsDevice ? CheckNames.Status : CheckNames.Key;
    }

    private FoundKey? FindOrganisationKey(long index) => !_keys.TryGetValue(index, out var known) ? null
        : known.Change is KeyEntry entry ? new FoundKey(entry.Key, entry.Custody, entry.Name, true, known.Sound, false)
        : new FoundKey(null, default, "", known.Change is not null, known.Sound, false);

    private FoundKey? FindDeviceKey(long index) => _devices.TryGetValue(index, out var known)
        ? new FoundKey(known.Act?.Key, Custody.Self, $"a device of {known.Act?.Organisation}", known.Act is not null, known.Sound, true)
        : null;

    /// <summary>
    /// Step 7 for every status entry; the answers in the order of the bundle. They are found in the order of the log, because a device entry may rest on an earlier one.
    /// </summary>
    private Check[] VerifyStatusEntries()
    {
        var answers = new Check[_bundle.Status.Count];
        foreach (var i in Enumerable.Range(0, answers.Length).OrderBy(i => _bundle.Status[i].Index)) // Of several with one index the last counts: the order is stable.
        {
            var status = _bundle.Status[i];
            PublicEntry? entry = null;
            DeviceAct? act = null;
            if (status.Kind is EntryKind.Certificate or EntryKind.Recall or EntryKind.Device)
            {
                using var document = JsonDocument.Parse(status.Body);
                _ = PublicEntry.TryParse(document.RootElement, out entry);
                _ = status.Kind == EntryKind.Device && entry is not null && DeviceAct.TryParse(document.RootElement.GetProperty("payload"), out act);
            }
            var (outcome, code, message) = VerifyStatus(status, entry, act);
            answers[i] = new Check(CheckNames.Status, $"status[{i}]", outcome, code, message);
            if (status.Kind == EntryKind.Device)
            {
                _devices[status.Index] = new BundledDeviceEntry(entry, act, outcome == Outcome.Passed);
            }
        }
        return answers;
    }

    /// <summary>Step 7: a certificate, recall or device entry is what the log holds and is signed by its key.</summary>
    private (Outcome Outcome, string? Code, string Message) VerifyStatus(BundleStatus status, PublicEntry? entry, DeviceAct? act)
    {
        if (!IsPublicLeaf(status.Kind, status.Body, status.Leaf))
        {
            return Failed(ReasonCodes.StatusAltered, $"The entry {status.Index} is not what the log holds.");
        }
        if (status.Kind == EntryKind.Key)
        {
            return (Outcome.Passed, null, $"Entry {status.Index} of the log changes a key.");
        }
        if (status.Kind is not (EntryKind.Certificate or EntryKind.Recall or EntryKind.Device))
        {
            return NotChecked(ReasonCodes.KindUnknown, $"Entry {status.Index} is of kind {(int)status.Kind}, which this verifier does not know.");
        }
        if (entry is null || status.Statement is not { } place || !Jws.TryParse(_bundle.Statements[place], out var jws, out _)
            || jws.ComputeDigest() != entry.Statement || !jws.Payload.Span.SequenceEqual(entry.PayloadJcs.Span) || jws.Kid != entry.Kid)
        {
            return Failed(ReasonCodes.StatementAltered, "The signed statement is not the one that the entry names.");
        }
        if (status.Kind == EntryKind.Device && act is null)
        {
            return Failed(ReasonCodes.DeviceMalformed, $"Entry {status.Index} is no device entry of a known act.");
        }
        var key = act is { Act: DeviceActKind.Rotate } ? FindDeviceKey(entry.KeyEntry) : FindOrganisationKey(entry.KeyEntry);
        if (key?.Key is not { } publicKey || publicKey.Kid != entry.Kid || key.Custody != entry.Custody || entry.KeyEntry >= status.Index)
        {
            return key is { Sound: false }
                ? Dependent(key.RestsOn)
                : Failed(ReasonCodes.KeyMissing, $"The bundle has no matching entry {entry.KeyEntry} that admits a key.");
        }
        var type = status.Kind switch { EntryKind.Certificate => PublicEntry.CertificateType, EntryKind.Recall => PublicEntry.RecallType, _ => DeviceAct.Type };
        var fits = jws.Type == type && jws.HeaderNames.All(static name => name is "alg" or "aud" or "kid" or "typ")
            && (jws.Audience is { } audience ? audience == _bundle.Log.Origin : entry.Custody != Custody.Self);
        return (fits ? VerifyOnce(jws, entry.Statement, publicKey) : SignatureCheck.Invalid) switch
        {
            SignatureCheck.Valid when act?.Key is { } admitted => act.VerifyProof(_bundle.Log.Origin) switch
            {
                SignatureCheck.Valid => Signed(),
                SignatureCheck.CouldNotCheck => LacksAlgorithm(admitted),
                _ => Failed(ReasonCodes.DeviceProofInvalid, "The key that the entry admits has not shown that it is held."),
            },
            SignatureCheck.Valid => Signed(),
            SignatureCheck.CouldNotCheck => LacksAlgorithm(publicKey),
            _ => key.Sound ? Failed(ReasonCodes.StatusSignatureInvalid, "The signature is not that of the key.") : Dependent(key.RestsOn),
        };

        (Outcome, string?, string) Signed() => (Outcome.Passed, null, $"Signed by {(key.Sound ? key.Name : $"key {entry.Kid}")} and in the log as entry {status.Index}.");

        static (Outcome, string?, string) LacksAlgorithm(PublicKey key) => NotChecked(ReasonCodes.AlgorithmNotAvailable, $"This machine cannot check {key.Algorithm} signatures.");

        static (Outcome, string?, string) Failed(string code, string message) => (Outcome.Failed, code, message);

        static (Outcome, string?, string) NotChecked(string code, string message) => (Outcome.CouldNotCheck, code, message);

        static (Outcome, string?, string) Dependent(string on) => NotChecked(ReasonCodes.DependsOn, DependsMessage(on));
    }
}
