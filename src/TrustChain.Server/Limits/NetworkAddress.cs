using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TrustChain.Server.Limits;

/// <summary>Who an address stands for: an IPv4 address for itself, an IPv6 address for its /64, which is the least that one customer is given.</summary>
internal static class NetworkAddress
{
    /// <summary>One number for each; IPv4 inside of IPv6 is IPv4. Addresses without one (a Unix socket's) are all 0.</summary>
    public static ulong ToKey(IPAddress? address)
    {
        if (address is null)
        {
            return 0;
        }
        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }
        if (!address.TryWriteBytes(bytes, out _))
        {
            return 0;
        }
        return address.AddressFamily == AddressFamily.InterNetwork
            ? 0x0000_FFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(bytes) // no /64 of a global address looks like this
            : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    /// <summary>Whether an address is in one of the networks; one without an address is a process on this machine and counts as 127.0.0.1.</summary>
    public static bool IsIn(IPAddress? address, IReadOnlyList<IPNetwork> networks)
    {
        var plain = address is null ? IPAddress.Loopback : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var network in networks)
        {
            if (network.Contains(plain))
            {
                return true;
            }
        }
        return false;
    }
}
