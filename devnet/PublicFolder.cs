using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace TrustChain.Devnet;

/// <summary>
/// A folder owned by root that every user can pass through, for what user nobody must reach when the repository or the data folder lies below a
/// private one.
/// It must be root's alone to write: otherwise another user could put programs there for root's devnet to run.
/// </summary>
public sealed class PublicFolder
{
    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private readonly IReadOnlyList<string> _parents;

    /// <param name="parents">Where it may be, best first. Folders that others can write, such as /var/tmp, are allowed: what is found in them is
    /// checked.</param>
    public PublicFolder(params IReadOnlyList<string> parents) => _parents = parents;

    /// <summary>/var/lib, which is kept; else /var/tmp, which is at least kept over a restart of the machine.</summary>
    public static PublicFolder Default { get; } = new("/var/lib", "/var/tmp");

    /// <summary>The folder <paramref name="name"/> in it, filled by <paramref name="fill"/> when it is new: complete or not there at all.</summary>
    /// <exception cref="DevnetException">No parent has room for it.</exception>
    public string Place(string name, Action<string> fill)
    {
        var root = Open();
        var path = Path.Combine(root, name);
        if (!Directory.Exists(path))
        {
            var unfinished = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"{name}.{Environment.ProcessId}.new"));
            if (Directory.Exists(unfinished))
            {
                Directory.Delete(unfinished, recursive: true);
            }
            fill(unfinished);
            try
            {
                Directory.Move(unfinished, path);
            }
            catch (IOException) when (Directory.Exists(path))
            {
                // Another start placed the same content first.
                Directory.Delete(unfinished, recursive: true);
            }
        }
        return path;
    }

    /// <summary>A new folder of its own. A file <c>owner</c> in it tells people what it belongs to, and so when it may be deleted.</summary>
    public string Create(string prefix, string owner)
    {
        var path = Path.Combine(Open(), $"{prefix}-{Guid.NewGuid():N}");
        CreatePassable(path);
        File.WriteAllText(Path.Combine(path, "owner"), owner + "\n");
        return path;
    }

    private string Open()
    {
        foreach (var parent in _parents)
        {
            var path = Path.Combine(parent, "trustchain-devnet");
            try
            {
                CreatePassable(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                continue;
            }
            if (IsRootsAlone(path))
            {
                return path;
            }
        }
        throw new DevnetException(
            $"User nobody needs a folder of its own, but none of {string.Join(", ", _parents)} can be used; start the devnet as a user other than root.");
    }

    private static void CreatePassable(string path)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, Passable);
            // What was asked for is subject to the umask.
            File.SetUnixFileMode(path, Passable);
        }
    }

    /// <summary>True when the path itself, not what a link there points to, is a directory of root's that no other user can write.</summary>
    private static bool IsRootsAlone(string path)
    {
        const int relativeToWorkingFolder = -100;
        const int noFollow = 0x100;
        const uint basicStats = 0x7FF;
        // struct statx: stx_uid is the four bytes at 20, stx_mode the two bytes at 28.
        var answer = new byte[256];
        if (Statx(relativeToWorkingFolder, path, noFollow, basicStats, answer) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
        var owner = BitConverter.ToUInt32(answer, 20);
        var mode = BitConverter.ToUInt16(answer, 28);
        const int fileType = 0xF000;
        const int directory = 0x4000;
        const int writableByOthers = 0x12;
        return owner == 0 && (mode & fileType) == directory && (mode & writableByOthers) == 0;
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] answer);
}
