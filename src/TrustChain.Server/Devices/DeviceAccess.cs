using TrustChain.Core.Log;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Devices;

/// <summary>A device as a caller may see it.</summary>
/// <param name="Device">The device.</param>
/// <param name="IsOwner">Whether the caller owns it.</param>
internal sealed record SeenDevice(StoredDevice Device, bool IsOwner);

/// <summary>What a caller may see of a device. Whoever may see nothing learns nothing, not even whether there is one.</summary>
internal sealed class DeviceAccess(DeviceStore devices)
{
    /// <summary>The device of an address, or null.</summary>
    /// <param name="id">The pseudonym in base64url.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<SeenDevice?> FindAsync(string id, Caller caller, CancellationToken cancellationToken)
    {
        var device = Hash32.TryParseBase64Url(id, out var pseudonym) ? await devices.FindAsync(pseudonym, cancellationToken) : null;
        return device is not null && caller.Organisation?.Id == device.OrganisationId ? new SeenDevice(device, true) : null;
    }
}
