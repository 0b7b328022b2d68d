using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;

namespace TrustChain.Server.Signing;

/// <summary>A custodial key ready to sign.</summary>
internal sealed record CustodialKey(SigningKey Key, long KeyEntry);

/// <summary>A key that the service holds for an organisation does not open: the custodial master key is not the one it was made under.</summary>
internal sealed class CustodialKeyClosedException(string kid, Exception inner) : Exception($"The custodial key {kid} does not open under the present custodial master key.", inner);

/// <summary>
/// Signs on behalf of organisations that only hold an API key. Each has one P-256 key, made when first needed, kept encrypted under the custodial master
/// key and admitted to the log as custodial: nobody is shown such a signature as the organisation's own. What is imported from another system is signed with a
/// second one, admitted as imported, so that the log tells the two apart.
/// </summary>
internal sealed class CustodialSigner(
    SigningKeyStore keys, KeyHistoryStore histories, KeyDirectory directory, KeyRing ring, AuditStore audit, LogSignal signal, IOptions<ServerOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<(int OrganisationId, Custody Custody), CustodialKey> _ready = new();
    private readonly SemaphoreSlim _making = new(1);

    /// <summary>The organisation's custodial key; waits until its entry is in the log.</summary>
    public Task<CustodialKey> GetAsync(Organisation organisation, CancellationToken cancellationToken) => GetAsync(organisation, Custody.Custodial, cancellationToken);

    /// <summary>A key that the service holds for the organisation; waits until its entry is in the log.</summary>
    /// <param name="organisation">For whom.</param>
    /// <param name="custody"><see cref="Custody.Custodial"/>, or <see cref="Custody.Imported"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <remarks>A key that was revoked is replaced by a new one: at once where it was revoked on this server, else within five seconds.</remarks>
    /// <exception cref="CustodialKeyClosedException">It is there but does not open. It has to be revoked first; the next call makes a new one.</exception>
    public async Task<CustodialKey> GetAsync(Organisation organisation, Custody custody, CancellationToken cancellationToken)
    {
        var slot = (organisation.Id, custody);
        if (_ready.TryGetValue(slot, out var ready))
        {
            if ((await directory.FindAsync(ready.Key.PublicKey.Kid, cancellationToken))?.Stored is { RevokedAt: null })
            {
                return ready;
            }
            _ready.TryRemove(KeyValuePair.Create(slot, ready)); // Not disposed: another request may be signing with it.
        }
        await _making.WaitAsync(cancellationToken);
        try
        {
            var stored = await FindAsync(organisation.Id, custody, cancellationToken) ?? await MakeAsync(organisation, custody, cancellationToken);
            while (stored.EntryIndex is null)
            {
                signal.Raise();
                await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
                stored = await keys.FindAsync(stored.Kid, cancellationToken) ?? throw new InvalidOperationException($"The key {stored.Kid} is gone.");
            }
            return _ready.GetOrAdd(slot, new CustodialKey(Open(stored), stored.EntryIndex.Value));
        }
        finally
        {
            _making.Release();
        }
    }

    /// <summary>Signs a payload for this log.</summary>
    public string Sign(CustodialKey key, string type, ReadOnlySpan<byte> payload) => Jws.Sign(key.Key, type, options.Value.Origin, payload);

    private SigningKey Open(StoredKey stored)
    {
        try
        {
            return ring.Unwrap(stored.Secret!, stored.Kid); // The rows of keys that the service holds have a secret.
        }
        catch (CryptographicException exception)
        {
            throw new CustodialKeyClosedException(stored.Kid, exception);
        }
    }

    private async Task<StoredKey?> FindAsync(int organisationId, Custody custody, CancellationToken cancellationToken) =>
        (await keys.ListAsync(organisationId, cancellationToken)).LastOrDefault(k => k.Custody == custody && k.RevokedAt is null);

    private async Task<StoredKey> MakeAsync(Organisation organisation, Custody custody, CancellationToken cancellationToken)
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        var stored = new StoredKey
        {
            Kid = key.PublicKey.Kid,
            OrganisationId = organisation.Id,
            Jwk = key.PublicKey.Jwk,
            Custody = custody,
            Secret = ring.Wrap(key),
        };
        while (true)
        {
            var changes = await histories.ListAsync(organisation.Id, cancellationToken);
            var previous = changes.LastOrDefault(static c => c.LeafIndex is not null)?.LeafIndex;
            var entry = new KeyEntry(
                organisation.Code, organisation.Name, key.PublicKey, custody, KeyEntry.StatementsPurpose, previous, KeyEntry.VouchedByOperator, null);
            var added = new NewPublicEntry(EntryKind.Key, organisation.Id, entry.ToJcs(), null, time.GetUtcNow());
            if (await histories.RegisterAsync(stored, previous, added, cancellationToken) == KeyChangeOutcome.Added)
            {
                await audit.AddAsync(new AuditAct(organisation.Id, "service", "key-admitted", stored.Kid, ""), CancellationToken.None);
                return stored;
            }
            // Another key of the organisation waits for its leaf index, or another server made this key just now.
            if (await FindAsync(organisation.Id, custody, cancellationToken) is { } made)
            {
                return made;
            }
            signal.Raise();
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }
    }
}
