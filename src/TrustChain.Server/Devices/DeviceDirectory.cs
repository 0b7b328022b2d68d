using System.Collections.Concurrent;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Server.Devices;

/// <summary>A device's key with its imported public key object, the device and its owner.</summary>
internal sealed record KnownDevice(StoredDevice Device, StoredDeviceKey Stored, PublicKey PublicKey, Organisation Owner);

/// <summary>
/// Devices by the kid of their key, cached with the imported objects. An entry is read again after five seconds, so that what another server changed is seen; the object is
/// kept.
/// </summary>
internal sealed class DeviceDirectory(DeviceStore devices, TimeProvider time)
{
    private const int MaxEntries = 50_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, (KnownDevice Known, long Expires)> _known = new();

    public async ValueTask<KnownDevice?> FindAsync(string kid, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        if (_known.TryGetValue(kid, out var cached) && now < cached.Expires)
        {
            return cached.Known;
        }
        if (await devices.FindByKeyAsync(kid, cancellationToken) is not { } found)
        {
            return null;
        }
        var stored = found.Key;
        var key = cached.Known?.PublicKey;
        if (key is null && !PublicKey.TryParse(stored.Jwk, out key, out var error))
        {
            throw new InvalidOperationException($"The key {kid} is malformed in the database: {error}");
        }
        var known = new KnownDevice(found.Device, stored, key, found.Owner);
        if (stored.EntryIndex is not null)
        {
            if (_known.Count >= MaxEntries)
            {
                _known.Clear();
            }
            _known[kid] = (known, now + (long)(Lifetime.TotalSeconds * time.TimestampFrequency));
        }
        return known;
    }

    /// <summary>Reads the key again next time.</summary>
    public void Forget(string kid) => _known.TryRemove(kid, out _);
}
