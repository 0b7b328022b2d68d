using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Devices.Grants;

/// <summary>The service's own encryption key, derived from the custodial master key: the same on every server of the deployment. Opens day keys of service-readable devices.</summary>
internal sealed class ServiceKeys(KeyRing ring, DayKeyStore store, DeviceTemplates templates) : IDisposable
{
    private readonly DecryptionKey _key = DecryptionKey.FromSeed(ring.Derive("device data"));

    /// <summary>What devices and owners wrap day keys to.</summary>
    public EncryptionKey PublicKey => _key.PublicKey;

    /// <summary>Whether the service may have keys of a device.</summary>
    public bool MayRead(StoredDevice device) => templates.Find(device.Template) is { Privacy: DevicePrivacy.ServiceReadable };

    /// <summary>Opens a key that is wrapped to the service; null where it is not, or was altered.</summary>
    public DayKey? Open(string compact) => WrappedDayKey.TryParse(compact, out var wrapped, out _) && wrapped.TryUnwrap(_key, out var key) ? key : null;

    /// <summary>The day keys of a device that were brought to the service, by name; none of a device that it may not read.</summary>
    public async Task<IReadOnlyDictionary<DayKeyName, DayKey>> ListAsync(StoredDevice device, DateOnly day, CancellationToken cancellationToken)
    {
        var found = new Dictionary<DayKeyName, DayKey>();
        if (MayRead(device))
        {
            foreach (var stored in await store.ListAsync(device.Id, [PublicKey.Kid], day, day, 100, cancellationToken))
            {
                if (Open(stored.Jwe) is { } key && key.Device == device.Uri)
                {
                    found[key.Name] = key;
                }
            }
        }
        return found;
    }

    public void Dispose() => _key.Dispose();
}
