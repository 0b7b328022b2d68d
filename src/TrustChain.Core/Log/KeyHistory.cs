using System.Text.Json;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>How a key stands after the entries read so far.</summary>
/// <param name="Key">The key.</param>
/// <param name="Entry">Leaf index of the entry that admitted it.</param>
/// <param name="Custody">Who holds it.</param>
/// <param name="AfterRecovery">Whether the operator recovered the organisation's keys, with this one or before it.</param>
/// <param name="RevokedBy">Leaf index of the entry that ended it; null while none has.</param>
/// <param name="CompromisedSince">First leaf index that must not be believed; null when there is none.</param>
/// <param name="EndedByOperator">Whether the operator alone ended it: it can still object to a recovery.</param>
/// <param name="CompromisedBy">Leaf index of the entry that says so.</param>
/// <param name="CompromisedAt">The moment that <paramref name="CompromisedSince"/> stands for; null where a leaf index was named.</param>
public sealed record KeyStanding(
    PublicKey Key, long Entry, Custody Custody, bool AfterRecovery, long? RevokedBy = null, long? CompromisedSince = null, bool EndedByOperator = false,
    long? CompromisedBy = null, string? CompromisedAt = null);

/// <summary>How an announced recovery stands after the entries read so far: open, or ended by one of two entries.</summary>
/// <param name="Entry">Leaf index of the announcement.</param>
/// <param name="Recovery">What is announced.</param>
/// <param name="CompletedBy">Leaf index of the entry that admitted the key.</param>
/// <param name="ObjectedBy">Leaf index of the objection.</param>
public sealed record RecoveryStanding(long Entry, KeyRecovery Recovery, long? CompletedBy = null, long? ObjectedBy = null)
{
    /// <summary>Whether neither has happened.</summary>
    public bool IsOpen => CompletedBy is null && ObjectedBy is null;
}

/// <summary>What a key entry does to the history of its organisation.</summary>
public abstract record KeyChangeResult
{
    private KeyChangeResult()
    {
    }

    /// <summary>It follows the rules and now counts.</summary>
    public sealed record Accepted : KeyChangeResult;

    /// <summary>It breaks a rule: no honest log holds it. It does not count.</summary>
    /// <param name="Rule">One sentence.</param>
    public sealed record Refused(string Rule) : KeyChangeResult;

    /// <summary>Whether a key of the organisation agreed cannot be checked on this machine. It does not count.</summary>
    /// <param name="Algorithm">The algorithm that is missing.</param>
    public sealed record CouldNotCheck(string Algorithm) : KeyChangeResult;
}

/// <summary>
/// The rules for the key entries of one organisation, in the order of the log (<c>docs/evidence-format.md</c> section 6.4). The server asks before it logs an
/// entry, <c>fsck</c> and <c>monitor</c> ask about every entry they read, and a verifier about those in a bundle; so there is one answer. Not safe for
/// concurrent use.
/// </summary>
/// <param name="organisation">Whose entries these are.</param>
/// <param name="origin">The log's origin: authorizations name it as their audience.</param>
public sealed class KeyHistory(string organisation, string origin)
{
    private readonly List<KeyStanding> _keys = [];
    private readonly Dictionary<long, RecoveryStanding> _recoveries = [];
    private bool _hasRecovered;

    /// <summary>Entries that count.</summary>
    public int Count { get; private set; }

    /// <summary>Leaf index of the newest entry that counts: what the next one must name as <c>previous</c>. Null before the first.</summary>
    public long? Last { get; private set; }

    /// <summary>Every key that was admitted, in the order of admission.</summary>
    public IReadOnlyList<KeyStanding> Keys => _keys;

    /// <summary>Every recovery that was announced, in the order of the log.</summary>
    public IEnumerable<RecoveryStanding> Recoveries => _recoveries.Values;

    /// <summary>Announced recoveries that were neither carried out nor objected to, by the leaf index of their entry.</summary>
    public IEnumerable<KeyValuePair<long, KeyRecovery>> OpenRecoveries =>
        _recoveries.Values.Where(static r => r.IsOpen).Select(static r => KeyValuePair.Create(r.Entry, r.Recovery));

    /// <summary>Whether the organisation ever had a key of its own: from then on its changes need one of its own.</summary>
    public bool HasSelfHeld => _keys.Any(static k => k.Custody == Custody.Self);

    /// <summary>The key admitted by an entry, if one was.</summary>
    public KeyStanding? Find(long entry) => _keys.Find(k => k.Entry == entry);

    /// <summary>Adds the next entry if it follows the rules.</summary>
    /// <param name="index">Its leaf index; above that of the entry before.</param>
    /// <param name="change">The entry.</param>
    public KeyChangeResult Apply(long index, KeyChange change)
    {
        if (change.Organisation != organisation)
        {
            return Refuse($"it is of {change.Organisation}, not of {organisation}");
        }
        if (change.Previous != Last || index <= Last)
        {
            return Refuse($"it names {change.Previous?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "nothing"} as the previous key entry of {organisation}, which is {Last?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}");
        }
        var result = change switch
        {
            KeyEntry entry => Register(index, entry),
            KeyRevocation revocation => Revoke(index, revocation),
            KeyRecovery recovery => Announce(index, recovery),
            KeyObjection objection => Object(index, objection),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (result is KeyChangeResult.Accepted)
        {
            Last = index;
            Count++;
        }
        return result;
    }

    private KeyChangeResult Register(long index, KeyEntry entry)
    {
        if (_keys.Any(k => k.Key.Kid == entry.Key.Kid))
        {
            return Refuse($"the key {entry.Key.Kid} was admitted before");
        }
        if (entry.Custody != Custody.Self)
        {
            if (entry.Recovery is not null || entry.Authorization is not null)
            {
                return Refuse("a key that the service holds is neither recovered nor authorized");
            }
        }
        else if (entry.Recovery is { } recovery)
        {
            if (entry.Authorization is not null || !_recoveries.TryGetValue(recovery, out var announced) || !announced.IsOpen || announced.Recovery.Key.Kid != entry.Key.Kid)
            {
                return Refuse($"entry {recovery} does not announce the recovery with this key, or it was objected to");
            }
            _recoveries[recovery] = announced with { CompletedBy = index };
            _hasRecovered = true;
        }
        else if (HasSelfHeld)
        {
            if (FindFault(entry) is { } fault)
            {
                return fault;
            }
        }
        else if (entry.Authorization is not null)
        {
            return Refuse("there is no earlier key of its own that could have authorized it");
        }
        _keys.Add(new KeyStanding(entry.Key, index, entry.Custody, _hasRecovered));
        return new KeyChangeResult.Accepted();
    }

    private KeyChangeResult Revoke(long index, KeyRevocation revocation)
    {
        var place = _keys.FindIndex(k => k.Entry == revocation.KeyEntry && k.Key.Kid == revocation.Kid);
        if (place < 0)
        {
            return Refuse($"entry {revocation.KeyEntry} does not admit the key {revocation.Kid}");
        }
        var key = _keys[place];
        // A key that was merely retired may later turn out to have been in wrong hands; nothing else is said twice.
        if (key.RevokedBy is not null && (key.CompromisedSince is not null || revocation.CompromisedSince is null))
        {
            return Refuse($"the key {revocation.Kid} was ended before");
        }
        if (revocation.CompromisedSince > index)
        {
            return Refuse($"it says that the key was in wrong hands from entry {revocation.CompromisedSince} on, which is not in the log yet");
        }
        switch (revocation.By)
        {
            case KeyRevocation.ByOperator when revocation.Authorization is null:
                break;
            case KeyRevocation.ByOrganisation when key.Custody != Custody.Self && revocation.Authorization is null:
                break;
            case KeyRevocation.ByOrganisation:
                if (FindFault(revocation) is { } fault)
                {
                    return fault;
                }
                break;
            default:
                return Refuse($"\"{revocation.By}\" does not end keys, or needs no authorization");
        }
        _keys[place] = key with
        {
            RevokedBy = key.RevokedBy ?? index,
            CompromisedSince = revocation.CompromisedSince,
            CompromisedBy = revocation.CompromisedSince is null ? null : index,
            CompromisedAt = revocation.CompromisedAt,
            EndedByOperator = revocation.By == KeyRevocation.ByOperator && (key.RevokedBy is null || key.EndedByOperator),
        };
        return new KeyChangeResult.Accepted();
    }

    private KeyChangeResult Announce(long index, KeyRecovery recovery)
    {
        if (!HasSelfHeld)
        {
            return Refuse("there is no key of its own that could have been lost");
        }
        if (_keys.Any(k => k.Key.Kid == recovery.Key.Kid))
        {
            return Refuse($"the key {recovery.Key.Kid} was admitted before");
        }
        _recoveries.Add(index, new RecoveryStanding(index, recovery));
        return new KeyChangeResult.Accepted();
    }

    private KeyChangeResult Object(long index, KeyObjection objection)
    {
        if (!_recoveries.TryGetValue(objection.Recovery, out var announced) || !announced.IsOpen)
        {
            return Refuse($"entry {objection.Recovery} announces no recovery that is still open");
        }
        if (FindFault(objection) is { } fault)
        {
            return fault;
        }
        _recoveries[objection.Recovery] = announced with { ObjectedBy = index };
        return new KeyChangeResult.Accepted();
    }

    /// <summary>
    /// Whether a key may agree to a change: a self-held one that no earlier entry ended. An operator that ends keys must not thereby silence those who could object to its recovery, so for an
    /// objection those count too.
    /// </summary>
    public static bool MayAuthorize(KeyStanding key, KeyChange change) =>
        key.Custody == Custody.Self && (key.RevokedBy is null || (change is KeyObjection && key.EndedByOperator));

    /// <summary>Looks for what is wrong with a change's authorization: it must be by a key that may agree to it.</summary>
    private KeyChangeResult? FindFault(KeyChange change)
    {
        var kid = change.AuthorizedBy();
        var key = _keys.Find(k => k.Key.Kid == kid && MayAuthorize(k, change));
        if (key is null)
        {
            return Refuse("no key of the organisation's own, admitted and not ended, agreed to it");
        }
        return change.VerifyAuthorization(key.Key, origin) switch
        {
            SignatureCheck.Valid => null,
            SignatureCheck.CouldNotCheck => new KeyChangeResult.CouldNotCheck(key.Key.Algorithm),
            _ => Refuse($"its authorization is not what the key {kid} must have signed"),
        };
    }

    private static KeyChangeResult.Refused Refuse(string rule) => new(rule);
}

/// <summary>The histories of all organisations of a log, for whoever reads every entry. Not safe for concurrent use.</summary>
/// <param name="origin">The log's origin.</param>
public sealed class KeyHistories(string origin)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private readonly Dictionary<string, KeyHistory> _histories = [];
    private readonly Dictionary<string, string> _owners = [];

    /// <summary>Every organisation's history.</summary>
    public IReadOnlyDictionary<string, KeyHistory> ByOrganisation => _histories;

    /// <summary>Adds the next entry of kind 0x02.</summary>
    /// <param name="index">Its leaf index.</param>
    /// <param name="body">Its body.</param>
    public KeyChangeResult Apply(long index, ReadOnlyMemory<byte> body)
    {
        KeyChange? change;
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            if (!KeyChange.TryParse(document.RootElement, out change))
            {
                return new KeyChangeResult.Refused("it is no key entry of a known act");
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for names that are no text
        {
            return new KeyChangeResult.Refused("it is not well-formed JSON");
        }
        if (change is KeyEntry { Key.Kid: var kid } && _owners.TryGetValue(kid, out var owner) && owner != change.Organisation)
        {
            return new KeyChangeResult.Refused($"the key {kid} belongs to {owner}");
        }
        if (!_histories.TryGetValue(change.Organisation, out var history))
        {
            _histories.Add(change.Organisation, history = new KeyHistory(change.Organisation, origin));
        }
        var result = history.Apply(index, change);
        if (result is KeyChangeResult.Accepted && change is KeyEntry admitted)
        {
            _owners.Add(admitted.Key.Kid, admitted.Organisation);
        }
        return result;
    }
}
