using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;

namespace TrustChain.IntegrationTests.Installation;

/// <summary>How a program ended.</summary>
internal sealed record ProgramResult(string Command, int ExitCode, string Output, string Errors)
{
    public string Expect(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"\"{Command}\" ended with {ExitCode} and not {exitCode}: {Output} {Errors}");
        return Output;
    }
}

/// <summary>The output of <c>dotnet publish</c>, and its two programs run as an operator runs them: nothing else of the repository is used.</summary>
internal sealed partial class Publication(string folder)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly string Dotnet = Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : Tools.FindOnPath("dotnet") ?? "dotnet";

    // What stays behind to serve the next build would keep the output open, and nobody would know that this one has ended.
    private static readonly string[] Alone = ["--property:UseSharedCompilation=false", "-nodeReuse:false"];

    public string Server => Path.Combine(folder, "server", "trustchain-server");

    public string Cli => Path.Combine(folder, "cli", "trustchain");

    /// <summary>Publishes what is built already, in the configuration of the tests.</summary>
    public static async Task<Publication> MakeAsync(string folder)
    {
        var configuration = ServerProcess.PathOf("TrustChain.Server", "trustchain-server").Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        foreach (var (project, name) in new[] { ("TrustChain.Server", "server"), ("TrustChain.Cli", "cli") })
        {
            (await RunAsync(Dotnet, "publish", Repository.PathOf($"src/{project}"), "--no-build", "--configuration", configuration, "--output", Path.Combine(folder, name), "--nologo")).Expect(0);
        }
        return new Publication(folder);
    }

    /// <summary>Builds and publishes the server with the runtime of this platform, from a copy of the sources: its restore adds the platform to lock files.</summary>
    /// <returns>Null, with the reason, where no registry has the runtime.</returns>
    public static async Task<(Publication? Published, string Reason)> MakeSelfContainedAsync(string folder)
    {
        var source = Path.Combine(folder, "source");
        CopySources(Repository.PathOf(""), source, static _ => false);
        CopySources(Repository.PathOf("src"), Path.Combine(source, "src"), static name => name is not ("bin" or "obj"));
        CopySources(Repository.PathOf("docs/api"), Path.Combine(source, "docs", "api"), static _ => true);
        foreach (var (project, name) in new[] { ("TrustChain.Server", "server"), ("TrustChain.Cli", "cli") })
        {
            var made = await RunAsync(Dotnet, ["publish", Path.Combine(source, "src", project), "--configuration", "Release", "--runtime", RuntimeInformation.RuntimeIdentifier, "--self-contained", "--output", Path.Combine(folder, name), "--nologo", .. Alone]);
            if (made.ExitCode != 0 && MissingPack().Match(made.Output) is { Success: true } missing)
            {
                return (null, missing.Value);
            }
            made.Expect(0);
        }
        return (new Publication(folder), "");
    }

    /// <summary>Builds and publishes what a commit of this repository holds.</summary>
    /// <param name="commit">Its digest.</param>
    /// <param name="folder">Where sources and programs go.</param>
    /// <returns>Null, with the reason, where the commit is not known, as in a shallow clone.</returns>
    public static async Task<(Publication? Published, string Reason)> MakeFromCommitAsync(string commit, string folder)
    {
        var root = Repository.PathOf("");
        if (Tools.FindOnPath("git") is not { } git)
        {
            return (null, "git is not installed");
        }
        Directory.CreateDirectory(folder);
        var archive = Path.Combine(folder, "source.tar");
        if (await RunAsync(git, "-C", root, "archive", "--output", archive, commit) is { ExitCode: not 0 } refused)
        {
            return (null, refused.Errors);
        }
        var source = Directory.CreateDirectory(Path.Combine(folder, "source")).FullName;
        await System.Formats.Tar.TarFile.ExtractToDirectoryAsync(archive, source, overwriteFiles: false, TestContext.Current.CancellationToken);
        foreach (var (project, name) in new[] { ("TrustChain.Server", "server"), ("TrustChain.Cli", "cli") })
        {
            (await RunAsync(Dotnet, ["publish", Path.Combine(source, "src", project), "--configuration", "Release", "--output", Path.Combine(folder, name), "--nologo", .. Alone])).Expect(0);
        }
        return (new Publication(folder), "");
    }

    public static async Task<ProgramResult> RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Patience);
        var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return new ProgramResult($"{Path.GetFileName(program)} {string.Join(' ', arguments)}", process.ExitCode, (await output).Trim(), (await errors).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"\"{program} {string.Join(' ', arguments)}\" did not end within {Patience.TotalSeconds:0} s.");
        }
    }

    /// <summary>Starts a program with nothing on its standard input; the caller ends it.</summary>
    public static Process Start(string program, params string[] arguments)
    {
        var startInfo = new ProcessStartInfo(program)
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            startInfo.ArgumentList.Add(argument);
        }
        if (BringsRuntime(program))
        {
            HideRuntimes(startInfo);
            return Start(startInfo);
        }
        startInfo.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Path.GetFullPath(new FileInfo(Dotnet).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Dotnet));
        return Start(startInfo);
    }

    /// <summary>Whether the runtime is beside the program: such a program is started as if there were no other.</summary>
    public static bool BringsRuntime(string program) => File.Exists(Path.Combine(Path.GetDirectoryName(program)!, "libcoreclr.so")); // A file has a folder.

    /// <summary>Has a process find no runtime and no <c>dotnet</c>: an empty folder is where it looks.</summary>
    public static void HideRuntimes(ProcessStartInfo startInfo)
    {
        foreach (var name in startInfo.Environment.Keys.Where(static k => k.StartsWith("DOTNET_", StringComparison.Ordinal)).ToList())
        {
            startInfo.Environment.Remove(name);
        }
        startInfo.Environment["PATH"] = startInfo.Environment["DOTNET_ROOT"] = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "trustchain-no-runtime")).FullName;
    }

    private static Process Start(ProcessStartInfo startInfo)
    {
        var process = Process.Start(startInfo)!; // Never null: UseShellExecute is off.
        process.StandardInput.Close();
        return process;
    }

    private static void CopySources(string from, string to, Func<string, bool> isSource)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
        foreach (var folder in Directory.GetDirectories(from).Where(f => isSource(Path.GetFileName(f))))
        {
            CopySources(folder, Path.Combine(to, Path.GetFileName(folder)), isSource);
        }
    }

    // The restore's own words where a package is nowhere, or no registry answers.
    [GeneratedRegex(@"error NU1(101|102|301): .*")]
    private static partial Regex MissingPack();
}
