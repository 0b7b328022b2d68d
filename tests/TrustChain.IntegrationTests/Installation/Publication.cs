using System.Diagnostics;
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
internal sealed class Publication(string folder)
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
        startInfo.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Path.GetFullPath(new FileInfo(Dotnet).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Dotnet));
        var process = Process.Start(startInfo)!; // Never null: UseShellExecute is off.
        process.StandardInput.Close();
        return process;
    }
}
