using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace TrustChain.Devnet;

/// <summary>Signal numbers of Linux on x64.</summary>
public enum Signal
{
    /// <summary>Nothing is sent; tells whether the process is there.</summary>
    None = 0,
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,

    /// <summary>Goes on after <see cref="Stop"/>.</summary>
    Continue = 18,

    /// <summary>Halts every thread where it is; the process cannot refuse.</summary>
    Stop = 19,
}

/// <summary>What .NET does not offer about processes on Linux: signals by number, and telling a process from a later one with the same id.</summary>
public static class LinuxProcess
{
    /// <summary>The error code of an I/O exception when another process holds the lock of the file.</summary>
    public const int WouldBlock = 11;

    private const int NoSuchProcess = 3;

    /// <summary>The short name programs know a signal by.</summary>
    public static string NameOf(Signal signal) => signal switch
    {
        Signal.Interrupt => "INT",
        Signal.Quit => "QUIT",
        Signal.Kill => "KILL",
        Signal.Terminate => "TERM",
        Signal.Continue => "CONT",
        Signal.Stop => "STOP",
        _ => throw new ArgumentOutOfRangeException(nameof(signal)),
    };

    /// <summary>Sends <paramref name="signal"/>. False: there is no such process any more.</summary>
    /// <param name="processId">A process id, or a negative process group id for every process of that group.</param>
    /// <exception cref="Win32Exception">The process is another user's.</exception>
    public static bool Send(int processId, Signal signal)
    {
        // 0 and -1 address every process of this group or of the user.
        ArgumentOutOfRangeException.ThrowIfZero(processId);
        ArgumentOutOfRangeException.ThrowIfEqual(processId, -1);
        if (Kill(processId, (int)signal) == 0)
        {
            return true;
        }
        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    /// <summary>
    /// Boot id and start time of a running process: together with its id this names one process for good, since ids are used again.
    /// Null: no such process, or one that has ended and only waits to be collected.
    /// </summary>
    public static string? FindIdentity(int processId)
    {
        try
        {
            // "pid (name) state ppid ...": the name may hold blanks and brackets, so fields are counted from the last bracket.
            var stat = File.ReadAllText($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var ended = fields[0] is "Z" or "X";
            return ended ? null : $"{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}/{fields[19]}";
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The ids of running processes whose working folder is <paramref name="folder"/> and whose program is called
    /// <paramref name="program"/>.</summary>
    /// <param name="folder">A path without symbolic links.</param>
    /// <param name="program">File name of the program.</param>
    public static IReadOnlyList<int> FindWorkingIn(string folder, string program) =>
        [.. Directory.EnumerateDirectories("/proc")
            .Where(process => new DirectoryInfo(Path.Combine(process, "cwd")).LinkTarget == folder
                && Path.GetFileName(new FileInfo(Path.Combine(process, "exe")).LinkTarget) == program)
            .Select(process => int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 1)];

    /// <summary>The path without symbolic links, as the kernel shows it; the path itself when there is nothing there.</summary>
    public static string RealPathOf(string path)
    {
        const int longestPath = 4096;
        var answer = new byte[longestPath];
        return RealPath(path, answer) == 0 ? path : Encoding.UTF8.GetString(answer.AsSpan(0, answer.AsSpan().IndexOf((byte)0)));
    }

    /// <summary>The group of user nobody: <c>nogroup</c> or <c>nobody</c>, depending on the distribution.</summary>
    /// <exception cref="DevnetException">There is no user nobody.</exception>
    public static string FindGroupOfNobody()
    {
        var line = File.ReadLines("/etc/passwd").FirstOrDefault(line => line.StartsWith("nobody:", StringComparison.Ordinal));
        return line?.Split(':') is [_, _, _, var group, ..]
            ? group
            : throw new DevnetException("There is no user nobody to run PostgreSQL as; start the devnet as a user other than root.");
    }

    /// <summary>True for root, as whom PostgreSQL refuses to run.</summary>
    public static bool IsRoot => Environment.IsPrivilegedProcess;

    [DllImport("libc", EntryPoint = "realpath")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint RealPath([MarshalAs(UnmanagedType.LPUTF8Str)] string path, byte[] answer);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
