using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace TrustChain.Server.Hosting;

/// <summary>
/// The sockets on which the web server listens. Closing such a socket resets the connections that the kernel has made and the server has not yet taken, and a proxy does not repeat a
/// POST that it has sent. So before closing, a filter drops the packets that ask for a new connection (SYN without ACK), and no others.
/// </summary>
internal sealed class Listeners
{
    private const int SolSocket = 1;
    private const int SoAttachFilter = 26;

    private static readonly byte[] Program = MakeProgram();

    private readonly Lock _lock = new();
    private readonly List<Socket> _sockets = [];

    public void Add(Socket socket)
    {
        lock (_lock)
        {
            _sockets.Add(socket);
        }
    }

    /// <summary>Lets no new connection come to be; those there are stay, also the ones that nobody has taken yet.</summary>
    public bool TryTurnAway(out string reason)
    {
        reason = "only 64-bit Linux can do it";
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess || !BitConverter.IsLittleEndian)
        {
            return false;
        }
        lock (_lock)
        {
            try
            {
                _sockets.ForEach(Attach);
                return _sockets.Count > 0;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                reason = exception.Message;
                return false;
            }
        }
    }

    private static void Attach(Socket socket)
    {
        if (socket.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
        {
            return; // A socket in the file system: only a proxy on this machine knows it.
        }
        // The kernel's struct sock_fprog: a count, and after padding the address of the instructions.
        Span<byte> filter = stackalloc byte[16];
        filter.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(filter, 4);
        BinaryPrimitives.WriteInt64LittleEndian(filter[8..], Marshal.UnsafeAddrOfPinnedArrayElement(Program, 0));
        socket.SetRawSocketOption(SolSocket, SoAttachFilter, filter);
    }

    /// <summary>Classic BPF, eight bytes an instruction (code, two jumps, value), in memory that stays where it is.</summary>
    private static byte[] MakeProgram()
    {
        ReadOnlySpan<byte> text =
        [
            0x30, 0, 0, 0, 13, 0, 0, 0, // load the byte at 13 of the TCP header: the flags
            0x45, 0, 0, 1, 0x10, 0, 0, 0, // with ACK go on, else leave one out
            0x06, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, // pass the packet whole
            0x06, 0, 0, 0, 0, 0, 0, 0, // drop it
        ];
        var program = GC.AllocateUninitializedArray<byte>(text.Length, pinned: true);
        text.CopyTo(program);
        return program;
    }
}
