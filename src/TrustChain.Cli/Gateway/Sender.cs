using System.Net;
using System.Net.Sockets;

namespace TrustChain.Cli.Gateway;

/// <summary>Everything that comes from one address: how many connections and large packets it has, and how fast it may publish. Safe for concurrent use.</summary>
/// <param name="perSecond">Statements in a second; ten seconds' worth at once.</param>
internal sealed class Sender(int perSecond) : IDisposable
{
    private const int LargePackets = 8;
    private const int BytesPerToken = 16 << 10; // a long statement costs as several

    private readonly Lock _lock = new();
    private double _tokens = perSecond * 10.0;
    private long _filledAt = Environment.TickCount64;

    /// <summary>Open connections; counted by whoever has all senders.</summary>
    public int Connections { get; set; }

    /// <summary>Places for its large packets.</summary>
    public SemaphoreSlim Large { get; } = new(LargePackets);

    /// <summary>Takes a statement into account.</summary>
    /// <returns>False when it comes too soon.</returns>
    public bool TryPublish(long bytes)
    {
        lock (_lock)
        {
            var now = Environment.TickCount64;
            _tokens = Math.Min(perSecond * 10.0, _tokens + ((now - _filledAt) / 1000.0 * perSecond));
            _filledAt = now;
            var cost = 1 + (bytes / BytesPerToken);
            if (_tokens < cost)
            {
                return false;
            }
            _tokens -= cost;
            return true;
        }
    }

    /// <summary>What counts as one address: an IPv4 address, or the first 64 bits of another, which one customer has to itself.</summary>
    public static IPAddress KeyOf(EndPoint? endPoint)
    {
        var address = (endPoint as IPEndPoint)?.Address ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => Large.Dispose();
}
