using System.Text.Json;
using TrustChain.Core.Log;

namespace TrustChain.Core.Verification;

public sealed partial class EvidenceVerifier
{
    // Revocations in the bundle, as step 6.6 takes them: those among the status entries first. Read once.
    private List<(KeyRevocation Revocation, long Index, bool Sound)>? _revocations;

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

    /// <summary>Step 6.6: no key entry of the bundle ends the key, or one that it descends from, for this record.</summary>
    private void VerifyKeyStatus(BundleRecord bundled, Record record, string subject)
    {
        var admitted = _keys.GetValueOrDefault(record.KeyEntry).Change as KeyEntry;
        var lineage = Lineage(record, bundled.Index, admitted);
        foreach (var (revocation, index, sound) in _revocations ??= ReadRevocations())
        {
            if (!lineage.TryGetValue((revocation.Kid, revocation.KeyEntry), out var used) || (admitted is not null && admitted.Organisation != revocation.Organisation))
            {
                continue;
            }
            var compromised = revocation.CompromisedSince <= used;
            var isOwn = (revocation.Kid, revocation.KeyEntry) == (record.Kid, record.KeyEntry);
            var ended = isOwn && bundled.Index > index;
            if (!compromised && !ended)
            {
                continue;
            }
            if (!sound)
            {
                Depends(CheckNames.KeyStatus, subject, CheckNames.Status);
            }
            else if (!compromised)
            {
                Fail(CheckNames.KeyStatus, subject, ReasonCodes.KeyRevoked, $"The key was revoked by entry {index}, before this record.");
            }
            else
            {
                Fail(CheckNames.KeyStatus, subject, ReasonCodes.KeyCompromised, isOwn
                    ? $"The key was reported compromised for entries from {revocation.CompromisedSince} on."
                    : $"The key was admitted by a key that was reported compromised for entries from {revocation.CompromisedSince} on.");
            }
            return;
        }
        Pass(CheckNames.KeyStatus, subject, $"The key is not revoked for this record as of size {_checkpoint?.Size ?? 0}.");
    }

    /// <summary>The record's key and those it descends from by authorization, each with the index of the entry for which it was used.</summary>
    private Dictionary<(string Kid, long Entry), long> Lineage(Record record, long recordIndex, KeyEntry? admitted)
    {
        _entryOfKey ??= _keys.Where(static k => k.Value.Change is KeyEntry)
            .GroupBy(static k => (((KeyEntry)k.Value.Change!).Key.Kid, k.Value.Change!.Organisation)) // Filtered before.
            .ToDictionary(static g => g.Key, static g => g.Min(static k => k.Key));
        var lineage = new Dictionary<(string, long), long> { [(record.Kid, record.KeyEntry)] = recordIndex };
        var index = record.KeyEntry;
        while (admitted?.AuthorizedBy() is { } kid && _entryOfKey.TryGetValue((kid, admitted.Organisation), out var authorizer) && authorizer < index)
        {
            lineage[(kid, authorizer)] = index;
            (admitted, index) = ((KeyEntry)_keys[authorizer].Change!, authorizer); // Only such entries are in the index.
        }
        return lineage;
    }

    private List<(KeyRevocation Revocation, long Index, bool Sound)> ReadRevocations()
    {
        var revocations = new List<(KeyRevocation, long, bool)>();
        foreach (var status in _bundle.Status.Where(static s => s.Kind == EntryKind.Key))
        {
            using var document = JsonDocument.Parse(status.Body);
            if (KeyRevocation.TryParse(document.RootElement, out var revocation))
            {
                revocations.Add((revocation, status.Index, IsPublicLeaf(status.Kind, status.Body, status.Leaf)));
            }
        }
        foreach (var key in _bundle.Keys)
        {
            if (_keys[key.Index] is { Change: KeyRevocation revocation } known)
            {
                revocations.Add((revocation, key.Index, known.Sound));
            }
        }
        return revocations;
    }
}
