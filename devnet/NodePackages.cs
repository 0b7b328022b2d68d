using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace TrustChain.Devnet;

/// <summary>Installs what a folder's <c>package-lock.json</c> pins, once per lock file.</summary>
public sealed class NodePackages
{
    private const int OldestNode = 20;
    private const string Needed = "Node.js 20 or newer with npm is needed (https://nodejs.org)";
    private readonly string _source;
    private readonly TextWriter _output;

    private NodePackages(string source, TextWriter output)
    {
        _source = source;
        _output = output;
    }

    /// <summary>
    /// Makes sure that the packages of <paramref name="source"/> are installed and match its lock file; starters that run at once wait for each
    /// other.
    /// Install scripts never run; <paramref name="complete"/> does what they would have done.
    /// </summary>
    /// <param name="source">Folder with <c>package.json</c> and <c>package-lock.json</c>; the packages go there too.</param>
    /// <param name="fallback">Folder to install in when <paramref name="source"/> cannot be written.</param>
    /// <param name="complete">Called with the <c>node_modules</c> folder after an installation.</param>
    /// <param name="output">Gets lines of progress.</param>
    /// <param name="cancellationToken">Stops npm too.</param>
    /// <returns>Absolute path of the <c>node_modules</c> folder.</returns>
    /// <exception cref="DevnetException">Node.js is missing or too old, or the installation failed.</exception>
    public static async Task<string> EnsureAsync(
        string source, string fallback, Action<string> complete, TextWriter output, CancellationToken cancellationToken)
    {
        var packages = new NodePackages(Path.GetFullPath(source), output);
        var npm = await FindNpmAsync(cancellationToken);
        var stamp = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(packages._source, "package-lock.json"), cancellationToken)));
        foreach (var folder in (string[])[packages._source, Path.GetFullPath(fallback)])
        {
            if (IsInstalled(folder, stamp))
            {
                return ModulesOf(folder);
            }
        }
        var target = IsWritable(packages._source) ? packages._source : Path.GetFullPath(fallback);
        await packages.InstallAsync(npm, target, stamp, complete, cancellationToken);
        return ModulesOf(target);
    }

    private static string ModulesOf(string folder) => Path.Combine(folder, "node_modules");

    // Where builds keep what is not source; npm wipes node_modules.
    private static string WorkOf(string folder) => Path.Combine(folder, "obj");

    private static string StampOf(string folder) => Path.Combine(folder, "node_modules", ".installed-for-lock");

    private static bool IsInstalled(string folder, string stamp) => File.Exists(StampOf(folder)) && File.ReadAllText(StampOf(folder)) == stamp;

    private async Task InstallAsync(string npm, string target, string stamp, Action<string> complete, CancellationToken cancellationToken)
    {
        var work = WorkOf(target);
        Directory.CreateDirectory(work);
        using var _ = await TakeLockAsync(Path.Combine(work, "npm.lock"), cancellationToken);
        if (IsInstalled(target, stamp))
        {
            return;
        }
        if (target != _source)
        {
            foreach (var file in (string[])["package.json", "package-lock.json"])
            {
                File.Copy(Path.Combine(_source, file), Path.Combine(target, file), overwrite: true);
            }
        }
        await RunNpmAsync(npm, target, work, cancellationToken);
        complete(ModulesOf(target));
        await File.WriteAllTextAsync(StampOf(target), stamp, cancellationToken);
    }

    private async Task RunNpmAsync(string npm, string target, string work, CancellationToken cancellationToken)
    {
        await _output.WriteLineAsync($"Installing npm packages in {target} (npm ci; only on the first start)");
        var clock = Stopwatch.StartNew();
        await using var child = await ChildProcess.StartAsync(
            new ChildCommand
            {
                Name = "npm",
                Program = npm,
                Arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--no-update-notifier"],
                WorkingDirectory = target,
                LogFile = Path.Combine(work, "npm.log"),
            },
            cancellationToken);
        var ended = child.WaitForExitAsync(cancellationToken);
        while (await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(3), cancellationToken)) != ended)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await _output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  still installing, {clock.Elapsed.TotalSeconds:0} s"));
        }
        await ended;
        if (child.ExitCode != 0)
        {
            throw new DevnetException($"npm ci failed in {target}: {child.ReadReason("npm error network", "npm error syscall", "npm error code", "npm error")} "
                + $"(all of it is in {Path.Combine(work, "npm.log")}).");
        }
        await _output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Installed npm packages in {clock.Elapsed.TotalSeconds:0.0} s"));
    }

    private static async Task<string> FindNpmAsync(CancellationToken cancellationToken)
    {
        var node = Tools.FindOnPath("node") ?? throw new DevnetException($"{Needed}, but no node is on PATH.");
        var npm = Tools.FindOnPath("npm") ?? throw new DevnetException($"{Needed}, but no npm is on PATH.");
        var startInfo = new ProcessStartInfo(node, "--version") { RedirectStandardOutput = true };
        using var process = Process.Start(startInfo)!; // never null: UseShellExecute is off
        var version = (await process.StandardOutput.ReadToEndAsync(cancellationToken)).Trim();
        await process.WaitForExitAsync(cancellationToken);
        var isKnown = int.TryParse(version.TrimStart('v').Split('.')[0], CultureInfo.InvariantCulture, out var major);
        return isKnown && major >= OldestNode ? npm : throw new DevnetException($"{Needed}, but {node} is {(version.Length == 0 ? "broken" : version)}.");
    }

    private static bool IsWritable(string folder)
    {
        try
        {
            Directory.CreateDirectory(WorkOf(folder));
            var probe = Path.Combine(folder, $".probe-{Guid.NewGuid():N}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return true;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            return false;
        }
    }

    private async Task<FileStream> TakeLockAsync(string path, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException exception) when (exception.HResult == LinuxProcess.WouldBlock)
            {
                if (isFirst)
                {
                    await _output.WriteLineAsync("Waiting for another start that installs npm packages");
                }
                await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
            }
        }
    }
}
