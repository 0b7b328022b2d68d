using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Canonical;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Devices;

/// <summary>
/// Makes the entries of devices' lives: signed by the service on behalf of an organisation that only has an API key, or by a key of the organisation's or the device's own.
/// <see cref="DeviceHistory"/> says what may come next.
/// </summary>
internal sealed class DeviceActs(
    DeviceStore devices, DeviceDirectory directory, KeyDirectory keys, CustodialSigner custodial, OrganisationStore organisations, LogHead head, LogSignal signal, IOptions<ServerOptions> server,
    TimeProvider time)
{
    /// <summary>Most entries of one device: all are read at each of its acts and are in each bundle about it. Its key can be revoked and the device retired beyond them, which no more than one entry each can do.</summary>
    private const int MaxEntries = 300;

    /// <summary>An act with who signed it and the entry it makes.</summary>
    private sealed record SignedAct(DeviceAct Act, DeviceSigner Signer, NewPublicEntry Entry);

    /// <summary>What an act that is to be signed here needs of the key that is admitted.</summary>
    public IResult? CheckProof(PublicKey key, string proof, DeviceActKind act, Hash32 device) => DeviceAct.VerifyProof(proof, key, act, device, server.Value.Origin) switch
    {
        SignatureCheck.Valid => null,
        SignatureCheck.CouldNotCheck => Problems.Create(503, ProblemCodes.Unavailable, $"This server cannot check {key.Algorithm} signatures."),
        _ => Problems.Create(
            403,
            ProblemCodes.SignatureInvalid,
            $"\"proof\" must be a JWS of the key itself with typ \"{DeviceAct.ProofType}\" and aud \"{server.Value.Origin}\" over {System.Text.Encoding.UTF8.GetString(DeviceAct.ProofPayload(act, device, key.Kid))}"),
    };

    /// <summary>Enrols devices at once, each with its key, signed here on behalf of the owner. All or none.</summary>
    public async Task<IResult?> EnrolAsync(Organisation owner, IReadOnlyList<(StoredDevice Device, PublicKey Key, string Proof)> enrolled, CancellationToken cancellationToken)
    {
        var rows = new List<(StoredDevice, DeviceChange, NewPublicEntry)>(enrolled.Count);
        foreach (var (device, key, proof) in enrolled)
        {
            if (CheckProof(key, proof, DeviceActKind.Enrol, device.Pseudonym) is { } problem)
            {
                return problem;
            }
            if (await IsTakenAsync(key.Kid, cancellationToken))
            {
                return KeyInUse(key.Kid);
            }
            var act = new DeviceAct { Act = DeviceActKind.Enrol, Device = device.Pseudonym, Organisation = owner.Code, Key = key, Proof = proof, Attestation = AttestationOf(device) };
            var signed = await SignAsync(owner, act, cancellationToken);
            rows.Add((device with { State = DeviceState.Active }, new DeviceChange(DeviceState.Active, owner.Id, null, (key.Kid, key.Jwk), EndsKey: false, null), signed.Entry));
        }
        var refused = await devices.AddEnrolledAsync(rows, cancellationToken);
        if (refused is { } first)
        {
            return first.Why == DeviceActOutcome.KeyInUse ? KeyInUse(enrolled.First(e => e.Device == first.Device || e.Device.Uri == first.Device.Uri).Key.Kid) : Taken(first.Device.Uri);
        }
        signal.Raise();
        return null;
    }

    /// <summary>Does an act that the service signs for the organisation.</summary>
    /// <param name="device">The device as it was read.</param>
    /// <param name="organisation">Who does it.</param>
    /// <param name="make">Makes the act, given the leaf index of the device's entry before it.</param>
    /// <param name="claim">Digest of the claim code that it uses up.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IResult?> DoAsync(StoredDevice device, Organisation organisation, Func<long?, DeviceAct> make, byte[]? claim, CancellationToken cancellationToken)
    {
        var (history, waits) = await ReadAsync(device, cancellationToken);
        return waits ? NotYetLogged() : await StoreAsync(device, history, await SignAsync(organisation, make(history.Last), cancellationToken), claim, cancellationToken);
    }

    /// <summary>Takes an act that comes signed: a compact JWS of the organisation's own key, or of the device's.</summary>
    public async Task<IResult?> TakeAsync(StoredDevice device, string compact, CancellationToken cancellationToken)
    {
        if (!Jws.TryParse(compact, out var jws, out var error))
        {
            return Problems.Create(400, ProblemCodes.InvalidStatement, error!); // Set whenever the answer is false.
        }
        if (jws.Type != DeviceAct.Type || jws.Audience != server.Value.Origin || jws.HeaderNames.Count != 4 || jws.Kid is null)
        {
            return Problems.Create(400, ProblemCodes.AudienceMismatch, $"The header must be alg, kid, typ \"{DeviceAct.Type}\" and aud \"{server.Value.Origin}\".");
        }
        var (signer, organisation, key, keyEntry) = await FindSignerAsync(device, jws.Kid, cancellationToken);
        if (key is null)
        {
            return Problems.Create(403, ProblemCodes.KeyUnknown, "The kid is neither a key in force of an organisation nor of this device.");
        }
        if (jws.Verify(key) != SignatureCheck.Valid)
        {
            return Problems.Create(403, ProblemCodes.SignatureInvalid, "The signature is not that of the registered key.");
        }
        if (!TryReadPayload(jws, out var act) || act.Device != device.Pseudonym)
        {
            return Problems.Create(400, ProblemCodes.InvalidStatement, "The payload must be the canonical JSON of an act of this device (docs/devices.md section 3).");
        }
        if (act.Key is { } admitted && (CheckProof(admitted, act.Proof!, act.Act, act.Device) ?? (await IsTakenAsync(admitted.Kid, cancellationToken) ? KeyInUse(admitted.Kid) : null)) is { } problem) // A key comes with its proof.
        {
            return problem;
        }
        var (history, waits) = await ReadAsync(device, cancellationToken);
        return waits ? NotYetLogged() : await StoreAsync(device, history, new SignedAct(act, signer!, Entry(organisation!, Custody.Self, keyEntry, jws)), null, cancellationToken); // Set with the key.
    }

    /// <summary>The device's entries so far, and whether one of them waits for its leaf index.</summary>
    public async Task<(DeviceHistory History, bool Waits)> ReadAsync(StoredDevice device, CancellationToken cancellationToken)
    {
        var history = new DeviceHistory();
        foreach (var (_, entry) in await devices.ListEntriesAsync([device.Id], cancellationToken))
        {
            if (entry.LeafIndex is not { } index)
            {
                return (history, true);
            }
            using var document = JsonDocument.Parse(entry.Body);
            if (!PublicEntry.TryParse(document.RootElement, out var published) || !TryRead(published.PayloadJcs, out var act))
            {
                throw new InvalidOperationException($"Entry {index} in the database is no device entry.");
            }
            history.Apply(index, act);
        }
        return (history, false);
    }

    private async Task<IResult?> StoreAsync(StoredDevice device, DeviceHistory history, SignedAct signed, byte[]? claim, CancellationToken cancellationToken)
    {
        var act = signed.Act;
        // The leaf index is not known yet; it will be at least this.
        var index = Math.Max((history.Last ?? -1) + 1, head.Checkpoint?.Size ?? 0);
        if (history.FindFault(index, act, signed.Signer) is { } fault)
        {
            return Problems.Create(409, ProblemCodes.DeviceActRefused, $"The act may not come next: {fault}.");
        }
        if (history.Count >= MaxEntries && act.Act is not (DeviceActKind.Revoke or DeviceActKind.Retire))
        {
            return Problems.Create(
                409, ProblemCodes.TooManyActs, string.Create(CultureInfo.InvariantCulture, $"The device has {history.Count} entries, and at most {MaxEntries} are taken. It can still be revoked and retired."));
        }
        if (act.To is { } code && await organisations.FindAsync(code, cancellationToken) is null)
        {
            return Problems.InvalidRequest($"\"to\": there is no organisation \"{code}\".");
        }
        var ended = history.Current?.Key.Kid;
        history.Apply(index, act);
        var owner = await organisations.FindAsync(history.Owner!, cancellationToken) ?? throw new InvalidOperationException($"The organisation {history.Owner} is gone."); // After an act there is one.
        var offered = history.OfferedTo is { } to ? await organisations.FindAsync(to, cancellationToken) : null;
        var change = new DeviceChange(
            history.State,
            owner.Id,
            offered?.Id,
            act.Key is { } key ? (key.Kid, key.Jwk) : null,
            EndsKey: act.Act is DeviceActKind.Rotate or DeviceActKind.Replace or DeviceActKind.Revoke or DeviceActKind.Retire,
            act.CompromisedSince);
        switch (await devices.ApplyAsync(device, change, signed.Entry, claim, cancellationToken))
        {
            case DeviceActOutcome.KeyInUse:
                return KeyInUse(act.Key!.Kid); // Only an act with a key can meet that.
            case DeviceActOutcome.Moved:
                return Problems.Create(409, ProblemCodes.ChangedMeanwhile, "The device was changed meanwhile; read it again.");
        }
        foreach (var kid in (string?[])[ended, act.Key?.Kid])
        {
            if (kid is not null)
            {
                directory.Forget(kid);
            }
        }
        signal.Raise();
        return null;
    }

    private async Task<(DeviceSigner? Signer, Organisation? Organisation, PublicKey? Key, long KeyEntry)> FindSignerAsync(StoredDevice device, string kid, CancellationToken cancellationToken)
    {
        if (await keys.FindAsync(kid, cancellationToken) is { Stored: { Custody: Custody.Self, RevokedAt: null, EntryIndex: { } entry } } own)
        {
            return (new DeviceSigner.ByOrganisation(own.Organisation.Code), own.Organisation, own.PublicKey, entry);
        }
        if (await directory.FindAsync(kid, cancellationToken) is { Stored: { EndedAt: null, EntryIndex: { } admitted } } known && known.Device.Id == device.Id)
        {
            return (new DeviceSigner.ByDevice(kid, admitted), known.Owner, known.PublicKey, admitted);
        }
        return default;
    }

    private async Task<SignedAct> SignAsync(Organisation organisation, DeviceAct act, CancellationToken cancellationToken)
    {
        var key = await custodial.GetAsync(organisation, cancellationToken);
        var compact = custodial.Sign(key, DeviceAct.Type, act.ToJcs());
        return Jws.TryParse(compact, out var jws, out var error)
            ? new SignedAct(act, new DeviceSigner.ByOrganisation(organisation.Code), Entry(organisation, Custody.Custodial, key.KeyEntry, jws))
            : throw new InvalidOperationException($"The statement made here cannot be read: {error}");
    }

    private NewPublicEntry Entry(Organisation organisation, Custody custody, long keyEntry, Jws jws)
    {
        var now = time.GetUtcNow();
        var entry = new PublicEntry(custody, keyEntry, jws.Kid!, jws.Payload, now, jws.ComputeDigest()); // Its key was found by kid.
        return new NewPublicEntry(EntryKind.Device, organisation.Id, entry.ToJcs(), jws.Compact, now);
    }

    private async Task<bool> IsTakenAsync(string kid, CancellationToken cancellationToken) =>
        await keys.FindAsync(kid, cancellationToken) is not null || await devices.FindKeyAsync(kid, cancellationToken) is not null;

    private static bool TryReadPayload(Jws jws, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out DeviceAct? act) => TryRead(jws.Payload, out act) && jws.Payload.Span.SequenceEqual(act.ToJcs());

    private static bool TryRead(ReadOnlyMemory<byte> utf8, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out DeviceAct? act)
    {
        act = null;
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            return DeviceAct.TryParse(document.RootElement, out act);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for what is no text
        {
            return false;
        }
    }

    private static Hash32? AttestationOf(StoredDevice device) => device.Attestation is null ? null : DeviceAttestation.DigestOf(device.Attestation);

    /// <summary>The problem of a change that has no leaf index yet.</summary>
    public static IResult NotYetLogged() => Problems.Create(409, ProblemCodes.KeyNotYetLogged, "The device's last change is not in the log yet; try again in a second.");

    private static IResult KeyInUse(string kid) => Problems.Create(409, ProblemCodes.AlreadyExists, $"The key {kid} is registered already: each device needs its own.");

    /// <summary>The problem of a URI that is taken.</summary>
    public static IResult Taken(string uri) => Problems.Create(409, ProblemCodes.AlreadyExists, $"There is a device {uri} already.");
}
