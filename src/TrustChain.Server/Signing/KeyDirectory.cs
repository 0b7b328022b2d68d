using System.Collections.Concurrent;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Server.Signing;

/// <summary>A registered key with its imported public key object.</summary>
internal sealed record KnownKey(StoredKey Stored, PublicKey PublicKey, Organisation Organisation);

/// <summary>
/// Keys by kid, cached with their imported objects: importing costs three times a verification. An entry is read again after five seconds, so that a
/// revocation on another server is seen; the object is kept.
/// </summary>
internal sealed class KeyDirectory(SigningKeyStore keys, OrganisationStore organisations, TimeProvider time)
{
    private const int MaxEntries = 50_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, (KnownKey Key, long Expires)> _known = new();

    public async ValueTask<KnownKey?> FindAsync(string kid, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        if (_known.TryGetValue(kid, out var cached) && now < cached.Expires)
        {
            return cached.Key;
        }
        var stored = await keys.FindAsync(kid, cancellationToken);
        if (stored is null || await organisations.FindAsync(stored.OrganisationId, cancellationToken) is not { } organisation)
        {
            return null;
        }
        var publicKey = cached.Key?.PublicKey;
        if (publicKey is null && !PublicKey.TryParse(stored.Jwk, out publicKey, out var error))
        {
            throw new InvalidOperationException($"The key {kid} is malformed in the database: {error}");
        }
        var key = new KnownKey(stored, publicKey, organisation);
        if (stored.EntryIndex is not null)
        {
            if (_known.Count >= MaxEntries)
            {
                _known.Clear();
            }
            _known[kid] = (key, now + (long)(Lifetime.TotalSeconds * time.TimestampFrequency));
        }
        return key;
    }

    /// <summary>Reads the key again next time.</summary>
    public void Forget(string kid) => _known.TryRemove(kid, out _);
}
