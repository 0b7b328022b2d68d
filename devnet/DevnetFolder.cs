using System.Text.Json;

namespace TrustChain.Devnet;

/// <summary>
/// The folder a devnet keeps everything in, held exclusively while this object lives. Its layout:
/// <c>devnet.json</c> (there while the devnet is ready), <c>logs/</c>, <c>run/</c> (process ids), <c>postgres/</c>, <c>postgres.password</c>,
/// <c>chain/</c>, <c>packages/</c>
/// (only when the repository cannot be written).
/// </summary>
public sealed class DevnetFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly FileStream _lock;

    private DevnetFolder(string path, FileStream @lock)
    {
        Root = path;
        _lock = @lock;
    }

    /// <summary>Absolute path.</summary>
    public string Root { get; }

    public string DescriptionFile => PathOf("devnet.json");

    /// <summary>Creates the folder if need be and takes its lock.</summary>
    /// <exception cref="DevnetException">Another devnet holds it, or it cannot be written.</exception>
    public static DevnetFolder Open(string path)
    {
        var root = Path.GetFullPath(path);
        try
        {
            Prepare(root);
            foreach (var name in (string[])["logs", "run", "chain"])
            {
                Directory.CreateDirectory(Path.Combine(root, name), OwnerOnly);
            }
            // A folder that was made read-only later still opens; better told now than when the first file is due.
            using var probe = File.Create(Path.Combine(root, $".probe-{Guid.NewGuid():N}"), 1, FileOptions.DeleteOnClose);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw Unwritable(root, exception);
        }
        var folder = new DevnetFolder(root, TakeLock(root));
        File.Delete(folder.DescriptionFile);
        return folder;
    }

    public string PathOf(string name) => Path.Combine(Root, name);

    public string LogFile(string name) => Path.Combine(Root, "logs", name + ".log");

    public string PidFile(string name) => Path.Combine(Root, "run", name + ".pid");

    /// <summary>Says that the devnet is ready: writes <c>devnet.json</c> in one step, mode 600, since it holds keys.</summary>
    public void WriteDescription(DevnetDescription description)
    {
        WriteSecret("devnet.json", JsonSerializer.Serialize(description, DevnetJson.Readable.DevnetDescription) + "\n");
    }

    /// <summary>Writes a file that only its owner may read, complete or not at all.</summary>
    public void WriteSecret(string name, string text)
    {
        var path = PathOf(name);
        var unfinished = path + ".new";
        File.Delete(unfinished);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var stream = new FileStream(unfinished, options))
        using (var writer = new StreamWriter(stream))
        {
            writer.Write(text);
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }
        File.Move(unfinished, path, overwrite: true);
    }

    public void Dispose()
    {
        File.Delete(DescriptionFile);
        _lock.Dispose();
    }

    private static void Prepare(string root)
    {
        var isOurs = !Directory.Exists(root) || File.Exists(Path.Combine(root, ".lock")) || !Directory.EnumerateFileSystemEntries(root).Any();
        Directory.CreateDirectory(root, OwnerOnly);
        if (LinuxProcess.IsRoot && isOurs)
        {
            // User nobody, as whom PostgreSQL runs, must get through to its folder; it may not list this one.
            File.SetUnixFileMode(root, OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }

    private static FileStream TakeLock(string root)
    {
        var path = Path.Combine(root, ".lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception.HResult == LinuxProcess.WouldBlock)
        {
            throw new DevnetException($"Another devnet uses the data folder {root}; stop it or choose another with --data DIR.", exception);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw Unwritable(root, exception);
        }
    }

    private static DevnetException Unwritable(string root, Exception exception) =>
        new($"Cannot write to the data folder {root} ({exception.Message.TrimEnd('.')}); choose another with --data DIR.", exception);
}
