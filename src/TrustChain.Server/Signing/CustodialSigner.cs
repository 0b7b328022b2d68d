using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;

namespace TrustChain.Server.Signing;

/// <summary>A custodial key ready to sign.</summary>
internal sealed record CustodialKey(SigningKey Key, long KeyEntry);

/// <summary>
/// Signs on behalf of organisations that only hold an API key. Each has one P-256 key, made when first needed, kept encrypted under the custodial master
/// key and admitted to the log as custodial: nobody is shown such a signature as the organisation's own.
/// </summary>
internal sealed class CustodialSigner(
    SigningKeyStore keys, KeyHistoryStore histories, KeyRing ring, LogSignal signal, IOptions<ServerOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<int, CustodialKey> _ready = new();
    private readonly SemaphoreSlim _making = new(1);

    /// <summary>The organisation's custodial key; waits until its entry is in the log.</summary>
    public async Task<CustodialKey> GetAsync(Organisation organisation, CancellationToken cancellationToken)
    {
        if (_ready.TryGetValue(organisation.Id, out var ready))
        {
            return ready;
        }
        await _making.WaitAsync(cancellationToken);
        try
        {
            var stored = await FindAsync(organisation.Id, cancellationToken) ?? await MakeAsync(organisation, cancellationToken);
            while (stored.EntryIndex is null)
            {
                signal.Raise();
                await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
                stored = await keys.FindAsync(stored.Kid, cancellationToken) ?? throw new InvalidOperationException($"The key {stored.Kid} is gone.");
            }
            var key = new CustodialKey(ring.Unwrap(stored.Secret!, stored.Kid), stored.EntryIndex.Value); // Custodial rows have a secret.
            return _ready.GetOrAdd(organisation.Id, key);
        }
        finally
        {
            _making.Release();
        }
    }

    /// <summary>Signs a payload for this log.</summary>
    public string Sign(CustodialKey key, string type, ReadOnlySpan<byte> payload) => Jws.Sign(key.Key, type, options.Value.Origin, payload);

    private async Task<StoredKey?> FindAsync(int organisationId, CancellationToken cancellationToken) =>
        (await keys.ListAsync(organisationId, cancellationToken)).LastOrDefault(static k => k.Custody == Custody.Custodial && k.RevokedAt is null);

    private async Task<StoredKey> MakeAsync(Organisation organisation, CancellationToken cancellationToken)
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        var stored = new StoredKey
        {
            Kid = key.PublicKey.Kid,
            OrganisationId = organisation.Id,
            Jwk = key.PublicKey.Jwk,
            Custody = Custody.Custodial,
            Secret = ring.Wrap(key),
        };
        while (true)
        {
            var changes = await histories.ListAsync(organisation.Id, cancellationToken);
            var previous = changes.LastOrDefault(static c => c.LeafIndex is not null)?.LeafIndex;
            var entry = new KeyEntry(
                organisation.Code, organisation.Name, key.PublicKey, Custody.Custodial, KeyEntry.StatementsPurpose, previous, KeyEntry.VouchedByOperator, null);
            var added = new NewPublicEntry(EntryKind.Key, organisation.Id, entry.ToJcs(), null, time.GetUtcNow());
            if (await histories.RegisterAsync(stored, previous, added, cancellationToken) == KeyChangeOutcome.Added)
            {
                return stored;
            }
            // Another key of the organisation waits for its leaf index, or another server made the custodial key just now.
            if (await FindAsync(organisation.Id, cancellationToken) is { } made)
            {
                return made;
            }
            signal.Raise();
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }
    }
}
