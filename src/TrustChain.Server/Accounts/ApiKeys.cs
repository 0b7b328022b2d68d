using System.Globalization;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Accounts;

/// <summary>A key, its successor, and when that one ends.</summary>
internal sealed record RotatedApiKey(ApiKey Old, NewApiKey Key, DateTimeOffset? ExpiresAt);

/// <summary>Makes, rotates and revokes API keys, for the API and the pages alike; each act is written down with it.</summary>
internal sealed class ApiKeys(ApiKeyStore store, AuditStore audit, CallerCache cache, TimeProvider time)
{
    /// <summary>How long a rotated key still opens the door unless told otherwise.</summary>
    public static readonly TimeSpan DefaultOverlap = TimeSpan.FromDays(1);

    /// <summary>How many are listed at a time.</summary>
    public const int PageSize = 100;

    public ApiKeyStore Store => store;

    /// <summary>Makes a key; null when the organisation has as many in force as it may have.</summary>
    public Task<NewApiKey?> MakeAsync(
        Organisation organisation, string label, OrganisationRole role, DateTimeOffset? expiresAt, string actor, string address, CancellationToken cancellationToken) =>
        audit.DoAsync(
            connection => store.AddAsync(connection, organisation.Id, label, role, expiresAt, actor, cancellationToken),
            key => new AuditAct(organisation.Id, actor, "api-key-made", Subject(key.Id, label), address),
            cancellationToken);

    /// <summary>
    /// Makes a successor with the same label and role, which lives as long as the old one was made for unless told otherwise; the old key ends after the overlap. Nothing is made when there is no such
    /// key in force, or when the organisation has as many as it may have.
    /// </summary>
    public async Task<(RotatedApiKey? Rotated, bool AreTooMany)> RotateAsync(
        Organisation organisation, int id, TimeSpan overlap, DateTimeOffset? expiresAt, string actor, string address, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (await store.FindAsync(organisation.Id, id, cancellationToken) is not { RevokedAt: null } old || old.ExpiresAt <= now)
        {
            return (null, false);
        }
        expiresAt ??= old.ExpiresAt is { } end ? now + (end - old.CreatedAt) : null;
        byte[]? ended = null;
        var added = await audit.DoAsync(
            async connection => (ended = await store.EndAsync(connection, organisation.Id, id, now + overlap, cancellationToken)) is null
                ? null
                : await store.AddAsync(connection, organisation.Id, old.Label, old.Role, expiresAt, actor, cancellationToken),
            key => new AuditAct(organisation.Id, actor, "api-key-rotated", string.Create(CultureInfo.InvariantCulture, $"{Subject(id, old.Label)}, succeeded by {key.Id}"), address),
            cancellationToken);
        if (added is null)
        {
            return (null, ended is not null);
        }
        cache.Forget(ended!); // It was ended, else nothing was made.
        return (new RotatedApiKey(old, added, expiresAt), false);
    }

    /// <summary>Revokes a key at once; false when there is no such key in force.</summary>
    public async Task<bool> RevokeAsync(Organisation organisation, int id, string actor, string address, CancellationToken cancellationToken)
    {
        var hash = await audit.DoAsync(
            connection => store.RevokeAsync(connection, organisation.Id, id, cancellationToken),
            _ => new AuditAct(organisation.Id, actor, "api-key-revoked", id.ToString(CultureInfo.InvariantCulture), address),
            cancellationToken);
        if (hash is null)
        {
            return false;
        }
        cache.Forget(hash);
        return true;
    }

    private static string Subject(int id, string label) => string.Create(CultureInfo.InvariantCulture, $"{id} \"{label}\"");
}
