using System.Globalization;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Accounts;

/// <summary>Makes, rotates and revokes API keys, for the API and the pages alike; each act is written down with it.</summary>
internal sealed class ApiKeys(ApiKeyStore store, AuditStore audit, CallerCache cache, TimeProvider time)
{
    /// <summary>How long a rotated key still opens the door unless told otherwise.</summary>
    public static readonly TimeSpan DefaultOverlap = TimeSpan.FromDays(1);

    public ApiKeyStore Store => store;

    public async Task<NewApiKey> MakeAsync(
        Organisation organisation, string label, OrganisationRole role, DateTimeOffset? expiresAt, string actor, string address, CancellationToken cancellationToken) =>
        (await audit.DoAsync(
            connection => store.AddAsync(connection, organisation.Id, label, role, expiresAt, actor, cancellationToken),
            key => new AuditAct(organisation.Id, actor, "api-key-made", Subject(key.Id, label), address),
            cancellationToken))!; // The store always makes one.

    /// <summary>
    /// Makes a successor with the same label and role, which lives as long as the old one was made for unless told otherwise; the old key ends after the overlap. Null when there is no such key
    /// in force.
    /// </summary>
    public async Task<(ApiKey Old, NewApiKey Key, DateTimeOffset? ExpiresAt)?> RotateAsync(
        Organisation organisation, int id, TimeSpan overlap, DateTimeOffset? expiresAt, string actor, string address, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if ((await store.ListAsync(organisation.Id, cancellationToken)).FirstOrDefault(k => k.Id == id && k.RevokedAt is null && !(k.ExpiresAt <= now)) is not { } old)
        {
            return null;
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
            return null;
        }
        cache.Forget(ended!); // It was ended, else nothing was made.
        return (old, added, expiresAt);
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
