using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Devices.Grants;

/// <summary>
/// The service's own encryption key, derived from the custodial master key: the same on every server of the deployment. Opens day keys of service-readable devices, also those
/// that were wrapped to it under a former master key.
/// </summary>
internal sealed class ServiceKeys(KeyRing ring, DayKeyStore store, DeviceTemplates templates) : IDisposable
{
    private const int MaxPerDay = 100;
    private const string Purpose = "device data";

    private readonly DecryptionKey _key = DecryptionKey.FromSeed(ring.Derive(Purpose));
    private readonly List<DecryptionKey> _former = [.. ring.DeriveFormer(Purpose).Select(static seed => DecryptionKey.FromSeed(seed))];

    /// <summary>What devices and owners wrap day keys to.</summary>
    public EncryptionKey PublicKey => _key.PublicKey;

    /// <summary>Thumbprints of all keys that the service opens.</summary>
    public IReadOnlyList<string> Kids => [PublicKey.Kid, .. _former.Select(static k => k.PublicKey.Kid)];

    /// <summary>Whether the service may have keys of a device.</summary>
    public bool MayRead(StoredDevice device) => templates.Find(device.Template) is { Privacy: DevicePrivacy.ServiceReadable };

    /// <summary>Opens a key that is wrapped to the service; null where it is not, or was altered.</summary>
    public DayKey? Open(string compact) =>
        WrappedDayKey.TryParse(compact, out var wrapped, out _) && wrapped.TryUnwrap(_former.Find(k => k.PublicKey.Kid == wrapped.Recipient) ?? _key, out var key) ? key : null;

    /// <summary>The day keys of a device that were brought to the service, by name; none of a device that it may not read.</summary>
    public async Task<IReadOnlyDictionary<DayKeyName, DayKey>> ListAsync(StoredDevice device, DateOnly day, CancellationToken cancellationToken) =>
        (await ListAsync([(device, day)], cancellationToken))[new DayOfDevice(device.Id, day)];

    /// <summary>The same of days of devices, asked for at once. Every day is in the answer.</summary>
    public async Task<IReadOnlyDictionary<DayOfDevice, IReadOnlyDictionary<DayKeyName, DayKey>>> ListAsync(IReadOnlyCollection<(StoredDevice Device, DateOnly Day)> days, CancellationToken cancellationToken)
    {
        var wanted = days.Where(d => MayRead(d.Device)).Select(static d => new DayOfDevice(d.Device.Id, d.Day)).Distinct().ToList();
        var stored = wanted.Count == 0 ? null : await store.ListAsync(wanted, Kids, MaxPerDay, cancellationToken);
        var found = days.Select(static d => new DayOfDevice(d.Device.Id, d.Day)).Distinct().ToDictionary(static d => d, static _ => new Dictionary<DayKeyName, DayKey>());
        foreach (var device in days.Select(static d => d.Device).DistinctBy(static d => d.Id))
        {
            // One that was brought to the present key counts before one from earlier.
            foreach (var wrapped in (stored?[device.Id] ?? []).OrderBy(k => k.Recipient != PublicKey.Kid))
            {
                if (Open(wrapped.Jwe) is { } key && key.Device == device.Uri)
                {
                    found[new DayOfDevice(device.Id, wrapped.Day)].TryAdd(key.Name, key);
                }
            }
        }
        return found.ToDictionary(static f => f.Key, static f => (IReadOnlyDictionary<DayKeyName, DayKey>)f.Value);
    }

    public void Dispose()
    {
        _key.Dispose();
        _former.ForEach(static k => k.Dispose());
    }
}
