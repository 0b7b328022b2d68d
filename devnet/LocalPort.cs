using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TrustChain.Devnet;

/// <summary>Ports on 127.0.0.1.</summary>
public static class LocalPort
{
    /// <summary>A port nobody listens on at this moment. Another process may take it before it is used, so the user of it must be ready to try
    /// again.</summary>
    public static int FindFree()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>
    /// The port on 127.0.0.1 that a process of this user listens on; null while it listens on none. Unlike an answer on the port,
    /// this cannot come from somebody else who took the port first.
    /// </summary>
    public static int? FindListening(int processId)
    {
        const string loopback = "0100007F";
        const string listening = "0A";
        var sockets = FindSockets(processId);
        foreach (var line in File.ReadLines("/proc/net/tcp").Skip(1))
        {
            // "sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode ...", addresses as hex "IP:PORT".
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var local = fields[1].Split(':');
            if (local[0] == loopback && fields[3] == listening && sockets.Contains($"socket:[{fields[9]}]"))
            {
                return int.Parse(local[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
        }
        return null;
    }

    /// <summary>Makes sure that <paramref name="port"/> can be listened on; 0, any free port, always can.</summary>
    /// <param name="port">0 to 65535.</param>
    /// <param name="purpose">Who wants it: <c>PostgreSQL</c>.</param>
    /// <param name="option">The option that names another one: <c>--pg</c>.</param>
    /// <exception cref="DevnetException">It is in use, or not allowed to this user.</exception>
    public static void EnsureFree(int port, string purpose, string option)
    {
        if (port == 0)
        {
            return;
        }
        var shown = port.ToString(CultureInfo.InvariantCulture);
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new DevnetException($"Port {shown} for {purpose} needs root; choose one above 1023 with {option} PORT (0 = any free port).", exception);
        }
        catch (SocketException exception)
        {
            throw new DevnetException($"Port {shown} for {purpose} is in use; choose another with {option} PORT (0 = any free port).", exception);
        }
    }

    private static HashSet<string?> FindSockets(int processId)
    {
        try
        {
            var descriptors = new DirectoryInfo($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/fd");
            return [.. descriptors.EnumerateFileSystemInfos().Select(descriptor => descriptor.LinkTarget)];
        }
        catch (IOException)
        {
            return []; // it ended, or closed one while they were listed; the caller asks again
        }
    }
}
