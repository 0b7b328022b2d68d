using System.Net;
using System.Net.Sockets;
using TrustChain.Core.Query;

namespace TrustChain.Server.Hosting;

/// <summary>
/// Connects to addresses that strangers name. Where a host's name leads is checked when connecting, so that a name cannot be pointed elsewhere after a
/// check; unless the deployment allows it, nothing of its own network is reached.
/// </summary>
internal static class GuardedConnection
{
    /// <summary>A handler without redirects, proxy, cookies or decompression.</summary>
    public static SocketsHttpHandler CreateHandler(bool allowPrivateAddresses) => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context, allowPrivateAddresses, cancellationToken),
        MaxResponseDrainSize = 16 << 10,
        MaxResponseHeadersLength = 16,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
    };

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, bool allowPrivateAddresses, CancellationToken cancellationToken)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        }
        catch (SocketException)
        {
            addresses = [];
        }
        // A name that does not exist and one that leads inside are told apart nowhere, so that nobody can ask here for names of this network.
        SocketException? failure = null;
        foreach (var address in addresses.Where(a => allowPrivateAddresses || DestinationRules.IsPublic(a)))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, context.DnsEndPoint.Port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException exception)
            {
                failure = exception;
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        throw failure ?? (Exception)new DestinationRefusedException();
    }
}

/// <summary>No address of the host may be connected to.</summary>
internal sealed class DestinationRefusedException() : Exception("The host has no address that may be connected to.");
