using System.Text.Json;
using TrustChain.Core.Log;

namespace TrustChain.Core.Verification;

public sealed partial class EvidenceVerifier
{
    private List<KeyEnding>? _endings;

    // The first entry in the bundle that admits a key for an organisation.
    private Dictionary<(string Kid, string Organisation), long>? _entryOfKey;

    /// <summary>Step 5: a key entry is what the log holds, and one of the known acts.</summary>
    private void VerifyKey(int i)
    {
        var key = _bundle.Keys[i];
        var subject = $"keys[{i}]";
        var intact = IsPublicLeaf(EntryKind.Key, key.Body, key.Leaf);
        KeyChange? change = intact ? _cache?.FindKey(key.Leaf) : null;
        if (change is null)
        {
            using var document = JsonDocument.Parse(key.Body);
            if (KeyChange.TryParse(document.RootElement, out change) && intact)
            {
                _cache?.KeepKey(key.Leaf, change);
            }
        }
        _keys[key.Index] = (change, intact && change is not null);
        if (!intact)
        {
            Fail(CheckNames.Key, subject, ReasonCodes.KeyAltered, $"The key entry {key.Index} is not what the log holds.");
        }
        else if (change is null)
        {
            Fail(CheckNames.Key, subject, ReasonCodes.KeyMalformed, $"Entry {key.Index} is no key entry of a known act.");
        }
        else
        {
            Pass(CheckNames.Key, subject, change switch
            {
                KeyEntry entry => $"Key {entry.Key.Kid} was admitted for {entry.Name} ({entry.Organisation}) by entry {key.Index}, vouched for by {entry.VouchedBy}.",
                KeyRevocation revocation => $"Key {revocation.Kid} of {revocation.Organisation} was ended by entry {key.Index}.",
                KeyRecovery recovery => $"Entry {key.Index} announces key {recovery.Key.Kid} for {recovery.Organisation}, which had lost its own.",
                _ => $"Entry {key.Index} is an objection of {change.Organisation} to a recovery.",
            });
        }
    }

    /// <summary>Step 5b: for each entry that admits a key, the organisation's entries up to it are all there and follow the rules of section 6.4.</summary>
    private void VerifyKeyHistories()
    {
        var answers = new Dictionary<long, Action<string>>();
        var byOrganisation = _bundle.Keys.Select(static k => k.Index).Distinct().Order()
            .Where(i => _keys[i].Change is not null)
            .GroupBy(i => _keys[i].Change!.Organisation, StringComparer.Ordinal); // Filtered above.
        foreach (var entries in byOrganisation)
        {
            ReplayHistory(entries.Key, [.. entries], answers);
        }
        for (var i = 0; i < _bundle.Keys.Count; i++)
        {
            if (_keys[_bundle.Keys[i].Index].Change is KeyEntry)
            {
                answers[_bundle.Keys[i].Index]($"keys[{i}]");
            }
        }
    }

    /// <summary>The first entry that does not come out right decides for all that admit a key at or after it.</summary>
    private void ReplayHistory(string organisation, long[] indices, Dictionary<long, Action<string>> answers)
    {
        var history = new KeyHistory(organisation, _bundle.Log.Origin);
        Action<string>? fault = null;
        foreach (var index in indices)
        {
            var (change, sound) = _keys[index];
            fault ??= !sound ? subject => Depends(CheckNames.KeyHistory, subject, CheckNames.Key) : FindHole(change!, index, history.Last, indices) ?? Apply(history, index, change!); // Only entries that were read are given.
            var answer = fault ?? Passed(history, index);
            answers[index] = answer;
        }
    }

    private Action<string>? FindHole(KeyChange change, long index, long? last, long[] indices) =>
        change.Previous != last && change.Previous is { } previous && previous < index && !indices.Contains(previous)
            ? subject => Unknown(CheckNames.KeyHistory, subject, ReasonCodes.KeyHistoryMissing, $"The bundle lacks the key entry {previous}, which entry {index} builds on.")
            : null;

    private Action<string>? Apply(KeyHistory history, long index, KeyChange change) => history.Apply(index, change) switch
    {
        KeyChangeResult.Accepted => null,
        KeyChangeResult.CouldNotCheck missing => subject =>
            Unknown(CheckNames.KeyHistory, subject, ReasonCodes.AlgorithmNotAvailable, $"This machine cannot check {missing.Algorithm} signatures, which entry {index} rests on."),
        KeyChangeResult.Refused refused => subject => Fail(CheckNames.KeyHistory, subject, ReasonCodes.KeyUnauthorised, $"Entry {index} breaks the rules for keys: {refused.Rule}."),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private Action<string> Passed(KeyHistory history, long index) => history.Find(index) is { AfterRecovery: true }
        ? subject => Pass(CheckNames.KeyHistory, subject, "The organisation's key entries follow the rules; its keys were recovered by the operator, who vouches for the name since then.", ReasonCodes.KeyRecovered)
        : subject => Pass(CheckNames.KeyHistory, subject, "The organisation's key entries up to this one are all there and follow the rules.");

    /// <summary>Step 6.6: no entry of the bundle ends the key, or one that it descends from, for this record.</summary>
    private void VerifyKeyStatus(BundleRecord bundled, Record record, string subject)
    {
        var organisation = (_keys.GetValueOrDefault(record.KeyEntry).Change as KeyEntry)?.Organisation;
        var device = FindDeviceOfKey(record);
        var lineage = Lineage(record, bundled.Index);
        foreach (var ending in Endings)
        {
            // Of a device's keys that were in wrong hands the record's own decides, also where it had been given up before; those it descends from were used earlier still.
            var isOwn = (ending.CompromisedDevice is { } compromisedDevice && compromisedDevice == device && record.KeyEntry < ending.Index)
                || (ending.Kid, ending.KeyEntry) == (record.Kid, record.KeyEntry);
            var used = bundled.Index;
            if ((!isOwn && !lineage.TryGetValue((ending.Kid, ending.KeyEntry), out used)) || (organisation is not null && organisation != ending.Organisation))
            {
                continue;
            }
            var compromised = ending.CompromisedSince <= used;
            var ended = isOwn && bundled.Index > ending.Index;
            if (!compromised && !ended)
            {
                continue;
            }
            if (!ending.Sound)
            {
                Depends(CheckNames.KeyStatus, subject, CheckNames.Status);
            }
            else if (!compromised)
            {
                Fail(CheckNames.KeyStatus, subject, ReasonCodes.KeyRevoked, $"The key was ended by entry {ending.Index}, before this record.");
            }
            else
            {
                Fail(CheckNames.KeyStatus, subject, ReasonCodes.KeyCompromised, isOwn
                    ? $"The key was reported compromised for entries from {ending.CompromisedSince} on."
                    : $"The key was admitted by a key that was reported compromised for entries from {ending.CompromisedSince} on.");
            }
            return;
        }
        Pass(CheckNames.KeyStatus, subject, $"The key is not revoked for this record as of size {_checkpoint?.Size ?? 0}.");
    }

    /// <summary>
    /// The record's key and those it descends from, each with the index of the entry for which it was used: of a device's key those that signed the device entries,
    /// up to the organisation's, and of an organisation's those that authorized it.
    /// </summary>
    private Dictionary<(string Kid, long Entry), long> Lineage(Record record, long recordIndex)
    {
        _entryOfKey ??= _keys.Where(static k => k.Value.Change is KeyEntry)
            .GroupBy(static k => (((KeyEntry)k.Value.Change!).Key.Kid, k.Value.Change!.Organisation)) // Filtered before.
            .ToDictionary(static g => g.Key, static g => g.Min(static k => k.Key));
        var lineage = new Dictionary<(string, long), long> { [(record.Kid, record.KeyEntry)] = recordIndex };
        var index = record.KeyEntry;
        while (!_keys.ContainsKey(index) && _devices.GetValueOrDefault(index) is { Act.Key: not null, Entry: { } said } && said.KeyEntry < index)
        {
            lineage[(said.Kid, said.KeyEntry)] = index;
            index = said.KeyEntry;
        }
        var admitted = _keys.GetValueOrDefault(index).Change as KeyEntry;
        while (admitted?.AuthorizedBy() is { } kid && _entryOfKey.TryGetValue((kid, admitted.Organisation), out var authorizer) && authorizer < index)
        {
            lineage[(kid, authorizer)] = index;
            (admitted, index) = ((KeyEntry)_keys[authorizer].Change!, authorizer); // Only such entries are in the index.
        }
        return lineage;
    }

    /// <summary>The end of a key by an entry of the bundle.</summary>
    /// <param name="Kid">The key that ends.</param>
    /// <param name="KeyEntry">Leaf index of the entry that admitted it.</param>
    /// <param name="Organisation">Whose key it is said to be; null for a device's.</param>
    /// <param name="CompromisedSince">First leaf index that must not be believed; null when there is none.</param>
    /// <param name="Index">Leaf index of the entry that ends it.</param>
    /// <param name="Sound">Whether that entry passed its own check.</param>
    private sealed record KeyEnding(string Kid, long KeyEntry, string? Organisation, long? CompromisedSince, long Index, bool Sound)
    {
        /// <summary>The device of which no key that was admitted before must be believed from <see cref="CompromisedSince"/> on; null when only the one key is meant.</summary>
        public Hash32? CompromisedDevice { get; init; }
    }

    /// <summary>The ends of keys, as step 6.6 takes them: revocations among the status entries, those among the key entries, then device entries. Read once.</summary>
    private List<KeyEnding> Endings => _endings ??= [.. ReadRevocations(), .. ReadDeviceEndings()];

    private IEnumerable<KeyEnding> ReadRevocations()
    {
        foreach (var status in _bundle.Status.Where(static s => s.Kind == EntryKind.Key))
        {
            using var document = JsonDocument.Parse(status.Body);
            if (KeyRevocation.TryParse(document.RootElement, out var revocation))
            {
                yield return Ending(revocation, status.Index, IsPublicLeaf(status.Kind, status.Body, status.Leaf));
            }
        }
        foreach (var key in _bundle.Keys)
        {
            if (_keys[key.Index] is { Change: KeyRevocation revocation } known)
            {
                yield return Ending(revocation, key.Index, known.Sound);
            }
        }

        static KeyEnding Ending(KeyRevocation revocation, long index, bool sound) =>
            new(revocation.Kid, revocation.KeyEntry, revocation.Organisation, revocation.CompromisedSince, index, sound);
    }
}
