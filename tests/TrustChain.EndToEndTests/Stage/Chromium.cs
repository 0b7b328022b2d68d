using System.Formats.Tar;
using System.IO.Compression;
using TrustChain.Devnet;

namespace TrustChain.EndToEndTests.Stage;

/// <summary>
/// The browser, unpacked from an npm package that holds all of it as Brotli files. It lies beside the packages, so a new version of the package, for
/// which they are installed afresh, is unpacked afresh; the installer's lock makes starts that run at once wait for each other.
/// </summary>
internal sealed class Chromium
{
    private const string FolderName = ".chromium";
    private readonly string _folder;

    private Chromium(string nodeModules)
    {
        NodeModules = nodeModules;
        _folder = Path.Combine(nodeModules, FolderName);
    }

    /// <summary>The <c>node_modules</c> folder with the other packages of these tests.</summary>
    public string NodeModules { get; }

    public string ExecutablePath => Path.Combine(_folder, "chromium");

    /// <summary>
    /// What the browser needs besides the tests' own environment: libraries that a small system lacks, and fonts where the system has no font settings.
    /// </summary>
    public IEnumerable<KeyValuePair<string, string>> Environment()
    {
        foreach (var (name, value) in System.Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Select(static e => ((string)e.Key, (string?)e.Value ?? "")))
        {
            if (name is not ("LD_LIBRARY_PATH" or "FONTCONFIG_PATH"))
            {
                yield return new(name, value);
            }
        }
        yield return new("LD_LIBRARY_PATH", Path.Combine(_folder, "lib"));
        if (!File.Exists("/etc/fonts/fonts.conf"))
        {
            yield return new("FONTCONFIG_PATH", Path.Combine(_folder, "fonts"));
        }
    }

    /// <summary>Installs the packages of these tests and unpacks the browser, unless that is done.</summary>
    public static async Task<Chromium> EnsureAsync(CancellationToken cancellationToken)
    {
        var nodeModules = await NodePackages.EnsureAsync(
            Repository.PathOf("tests/TrustChain.EndToEndTests"),
            Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.LocalApplicationData, System.Environment.SpecialFolderOption.Create), "trustchain-end-to-end-tests"),
            Unpack,
            TextWriter.Null,
            cancellationToken);
        return new Chromium(nodeModules);
    }

    private static void Unpack(string nodeModules)
    {
        var packed = Path.Combine(nodeModules, "@sparticuz/chromium/bin");
        var folder = Path.Combine(nodeModules, FolderName);
        Directory.CreateDirectory(Path.Combine(folder, "fonts"));
        using (var source = OpenBrotli(Path.Combine(packed, "chromium.br")))
        using (var target = File.Create(Path.Combine(folder, "chromium")))
        {
            source.CopyTo(target);
        }
        const UnixFileMode everybodyReads = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        File.SetUnixFileMode(Path.Combine(folder, "chromium"), everybodyReads | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        foreach (var (archive, target) in ((string, string)[])[("al2023", "."), ("swiftshader", "."), ("fonts", "fonts")])
        {
            using var source = OpenBrotli(Path.Combine(packed, archive + ".tar.br"));
            TarFile.ExtractToDirectory(source, Path.Combine(folder, target), overwriteFiles: true);
        }
    }

    private static BrotliStream OpenBrotli(string path) => new(File.OpenRead(path), CompressionMode.Decompress);
}
