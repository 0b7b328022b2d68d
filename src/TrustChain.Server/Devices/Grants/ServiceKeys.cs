using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Devices.Grants;

/// <summary>The service's own encryption key, derived from the custodial master key: the same on every server of the deployment. Opens day keys of service-readable devices.</summary>
internal sealed class ServiceKeys(KeyRing ring, DayKeyStore store, DeviceTemplates templates) : IDisposable
{
    private const int MaxPerDay = 100;

    private readonly DecryptionKey _key = DecryptionKey.FromSeed(ring.Derive("device data"));

    /// <summary>What devices and owners wrap day keys to.</summary>
    public EncryptionKey PublicKey => _key.PublicKey;

    /// <summary>Whether the service may have keys of a device.</summary>
    public bool MayRead(StoredDevice device) => templates.Find(device.Template) is { Privacy: DevicePrivacy.ServiceReadable };

    /// <summary>Opens a key that is wrapped to the service; null where it is not, or was altered.</summary>
    public DayKey? Open(string compact) => WrappedDayKey.TryParse(compact, out var wrapped, out _) && wrapped.TryUnwrap(_key, out var key) ? key : null;

    /// <summary>The day keys of a device that were brought to the service, by name; none of a device that it may not read.</summary>
    public async Task<IReadOnlyDictionary<DayKeyName, DayKey>> ListAsync(StoredDevice device, DateOnly day, CancellationToken cancellationToken) =>
        (await ListAsync([(device, day)], cancellationToken))[new DayOfDevice(device.Id, day)];

    /// <summary>The same of days of devices, asked for at once. Every day is in the answer.</summary>
    public async Task<IReadOnlyDictionary<DayOfDevice, IReadOnlyDictionary<DayKeyName, DayKey>>> ListAsync(IReadOnlyCollection<(StoredDevice Device, DateOnly Day)> days, CancellationToken cancellationToken)
    {
        var wanted = days.Where(d => MayRead(d.Device)).Select(static d => new DayOfDevice(d.Device.Id, d.Day)).Distinct().ToList();
        var stored = wanted.Count == 0 ? null : await store.ListAsync(wanted, PublicKey.Kid, MaxPerDay, cancellationToken);
        var found = days.Select(static d => new DayOfDevice(d.Device.Id, d.Day)).Distinct().ToDictionary(static d => d, static _ => new Dictionary<DayKeyName, DayKey>());
        foreach (var device in days.Select(static d => d.Device).DistinctBy(static d => d.Id))
        {
            foreach (var wrapped in stored?[device.Id] ?? [])
            {
                if (Open(wrapped.Jwe) is { } key && key.Device == device.Uri)
                {
                    found[new DayOfDevice(device.Id, wrapped.Day)][key.Name] = key;
                }
            }
        }
        return found.ToDictionary(static f => f.Key, static f => (IReadOnlyDictionary<DayKeyName, DayKey>)f.Value);
    }

    public void Dispose() => _key.Dispose();
}
