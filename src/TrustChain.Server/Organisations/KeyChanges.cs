using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Organisations;

/// <summary>An organisation's key history as the log has it, and its entries.</summary>
/// <param name="History">All entries applied.</param>
/// <param name="Entries">The entries, oldest first.</param>
internal sealed record KnownHistory(KeyHistory History, IReadOnlyList<StoredKeyChange> Entries)
{
    /// <summary>When the entry with a leaf index was taken in.</summary>
    public DateTimeOffset ReceivedAt(long index) => Entries.Single(e => e.LeafIndex == index).ReceivedAt;
}

/// <summary>Checks key changes against the organisation's history, and stores them.</summary>
internal sealed class KeyChanges(
    KeyHistoryStore store, SigningKeyStore keys, KeyDirectory directory, LogHead head, LogSignal signal, IOptions<ServerOptions> options, TimeProvider time)
{
    /// <summary>Most key entries of one organisation: a bundle holds all of them.</summary>
    private const int MaxEntries = 300;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The history of an organisation once none of its changes waits for a leaf index; null when one still does after five seconds.</summary>
    public async Task<KnownHistory?> FindSettledAsync(Organisation organisation, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var entries = await store.ListAsync(organisation.Id, cancellationToken);
            if (entries.All(static e => e.LeafIndex is not null))
            {
                return new KnownHistory(Replay(organisation, entries), entries);
            }
            if (time.GetElapsedTime(started) > Patience)
            {
                return null;
            }
            signal.Raise();
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }
    }

    /// <summary>Entries of an organisation that have a leaf index, and what they come to.</summary>
    public async Task<KnownHistory> GetLoggedAsync(Organisation organisation, CancellationToken cancellationToken)
    {
        var entries = (await store.ListAsync(organisation.Id, cancellationToken)).Where(static e => e.LeafIndex is not null).ToList();
        return new KnownHistory(Replay(organisation, entries), entries);
    }

    /// <summary>The problem when no key of the organisation's own agreed to a change that needs it.</summary>
    public IResult? FindAuthorizationFault(KeyHistory history, KeyChange change) =>
        history.Keys.Any(k => KeyHistory.MayAuthorize(k, change) && change.VerifyAuthorization(k.Key, options.Value.Origin) == SignatureCheck.Valid)
            ? null
            : Problems.Create(
                403,
                ProblemCodes.SignatureInvalid,
                $"\"authorization\" must be a JWS with typ \"{KeyChange.AuthorizationType}\" and aud \"{options.Value.Origin}\" over {System.Text.Encoding.UTF8.GetString(change.ToAuthorizationPayload())}, "
                + "signed by a key of your own that is in force: after the first self-held key, changes need one of your own.");

    /// <summary>Stores a key and waits for its leaf index.</summary>
    public async Task<IResult> RegisterAsync(Organisation organisation, KeyHistory history, KeyEntry entry, string? secret, CancellationToken cancellationToken)
    {
        if (history.Keys.Any(k => k.Key.Kid == entry.Key.Kid))
        {
            return AlreadyThere();
        }
        if (FindFault(history, entry) is { } broken)
        {
            return broken;
        }
        var kid = entry.Key.Kid;
        var stored = new StoredKey { Kid = kid, OrganisationId = organisation.Id, Jwk = entry.Key.Jwk, Custody = entry.Custody, Secret = secret };
        switch (await store.RegisterAsync(stored, entry.Previous, Entry(organisation, entry), cancellationToken))
        {
            case KeyChangeOutcome.HistoryMoved:
                return Moved();
            case KeyChangeOutcome.AlreadyThere:
                return AlreadyThere();
        }
        var index = await WaitForEntryAsync(kid, cancellationToken);
        return Results.Json(
            new { kid, organisation = organisation.Code, custody = Record.Name(entry.Custody), keyEntry = index },
            statusCode: index is null ? StatusCodes.Status202Accepted : StatusCodes.Status201Created);
    }

    /// <summary>Ends a key as the body asks: members <c>compromisedSince</c> or <c>compromisedAt</c>, and <c>authorization</c>.</summary>
    public async Task<IResult> RevokeAsync(Organisation organisation, string kid, string by, JsonFields fields, CancellationToken cancellationToken)
    {
        var (since, at) = (fields.Number("compromisedSince", required: false), fields.Time("compromisedAt", required: false));
        var authorization = fields.Text("authorization", required: false, max: 4096);
        if (since is { } number && (number < 0 || number != decimal.Truncate(number) || number > long.MaxValue))
        {
            fields.Fault("compromisedSince", "must be a leaf index.");
        }
        if (since is not null && at is not null)
        {
            fields.Fault("compromisedAt", "and \"compromisedSince\" exclude each other.");
        }
        if (at > time.GetUtcNow())
        {
            fields.Fault("compromisedAt", "lies in the future.");
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await FindSettledAsync(organisation, cancellationToken) is not { History: var history })
        {
            return Moved();
        }
        if (history.Keys.FirstOrDefault(k => k.Key.Kid == kid) is not { } key)
        {
            return Problems.NotFound("key of yours");
        }
        if (key.RevokedBy is not null && (key.CompromisedSince is not null || (since is null && at is null)))
        {
            return Problems.Create(409, ProblemCodes.KeyRevoked, "This key was revoked before.");
        }
        var from = at is { } moment ? await store.GetAnchoredSizeAsync(moment, cancellationToken) : (long?)since;
        var revocation = new KeyRevocation(
            organisation.Code, kid, key.Entry, by, from, history.Last, authorization, at is { } claimed ? Record.FormatTime(claimed.ToUniversalTime()) : null);
        var needsOwnKey = by == KeyRevocation.ByOrganisation && key.Custody == Custody.Self;
        if (needsOwnKey && FindAuthorizationFault(history, revocation) is { } unauthorized)
        {
            return unauthorized;
        }
        if (FindFault(history, revocation) is { } broken)
        {
            return broken;
        }
        var entry = Entry(organisation, revocation);
        switch (await store.RevokeAsync(kid, from, history.Keys.Count == 0 ? null : revocation.Previous, entry, cancellationToken))
        {
            case KeyChangeOutcome.HistoryMoved:
                return Moved();
            case KeyChangeOutcome.AlreadyThere:
                return Problems.Create(409, ProblemCodes.KeyRevoked, "This key was revoked before.");
        }
        directory.Forget(kid);
        signal.Raise();
        return Results.Json(new { kid, revokedAt = entry.ReceivedAt, compromisedSince = from });
    }

    /// <summary>Stores an entry that only counts as one.</summary>
    public async Task<IResult> AddAsync(Organisation organisation, KeyHistory history, KeyChange change, Func<IResult> answer, CancellationToken cancellationToken)
    {
        if (FindFault(history, change) is { } broken)
        {
            return broken;
        }
        if (await store.AddAsync(change.Previous, Entry(organisation, change), cancellationToken) != KeyChangeOutcome.Added)
        {
            return Moved();
        }
        signal.Raise();
        return answer();
    }

    /// <summary>The key is admitted, for this organisation or another.</summary>
    public static IResult AlreadyThere() => Problems.Create(409, ProblemCodes.AlreadyExists, "This key is registered already.");

    /// <summary>Another change of the same organisation came first.</summary>
    public static IResult Moved() =>
        Problems.Create(409, ProblemCodes.KeyHistoryMoved, "Another key change of this organisation is on its way into the log; read the keys again and repeat.");

    private NewPublicEntry Entry(Organisation organisation, KeyChange change) => new(EntryKind.Key, organisation.Id, change.ToJcs(), null, time.GetUtcNow());

    /// <summary>The problem when the rules do not allow a change as the next one.</summary>
    private IResult? FindFault(KeyHistory history, KeyChange change)
    {
        if (history.Count >= MaxEntries)
        {
            return Problems.Create(409, ProblemCodes.KeyChangeRefused, $"An organisation has at most {MaxEntries} key entries.");
        }
        // The leaf index is not known yet; it will be at least this.
        var index = Math.Max((history.Last ?? -1) + 1, head.Checkpoint?.Size ?? 0);
        return history.Apply(index, change) switch
        {
            KeyChangeResult.Accepted => null,
            KeyChangeResult.Refused refused => Problems.Create(409, ProblemCodes.KeyChangeRefused, $"The rules for keys do not allow this: {refused.Rule}."),
            KeyChangeResult.CouldNotCheck missing => Problems.Create(503, ProblemCodes.Unavailable, $"This server cannot check {missing.Algorithm} signatures."),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private KeyHistory Replay(Organisation organisation, IReadOnlyList<StoredKeyChange> entries)
    {
        var history = new KeyHistory(organisation.Code, options.Value.Origin);
        foreach (var entry in entries)
        {
            using var document = JsonDocument.Parse(entry.Body);
            if (!KeyChange.TryParse(document.RootElement, out var change) || history.Apply(entry.LeafIndex!.Value, change) is not KeyChangeResult.Accepted) // Only logged ones are given.
            {
                throw new InvalidOperationException($"Entry {entry.LeafIndex} in the database breaks the rules for keys of {organisation.Code}; run fsck.");
            }
        }
        return history;
    }

    /// <summary>Leaf index of the key's entry, or null when it is not in the log within five seconds; then it will be soon.</summary>
    private async Task<long?> WaitForEntryAsync(string kid, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < Patience)
        {
            if ((await keys.FindAsync(kid, cancellationToken))?.EntryIndex is { } index)
            {
                return index;
            }
            signal.Raise();
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }
        return null;
    }
}
