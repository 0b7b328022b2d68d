using System.Diagnostics;
using System.Text.RegularExpressions;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;

namespace TrustChain.EndToEndTests.Stage;

/// <summary>How a run of the command-line program ended.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Errors);

/// <summary>The built command-line program, run as a process of its own in a folder of its own, as somebody does who follows the page.</summary>
internal sealed partial class CommandLine : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The folder it runs in.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("trustchain-e2e-cli-").FullName;

    /// <summary>Runs a line as a shell would: words, some of them in double quotes; the first must be the program's name.</summary>
    public async Task<CommandResult> RunAsync(string line, CancellationToken cancellationToken)
    {
        List<string> words = [.. Word().Matches(line).Select(static match => match.Groups[1].Success ? match.Groups[1].Value : match.Value)];
        Assert.Equal("trustchain", words[0]);
        var startInfo = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : Tools.FindOnPath("dotnet") ?? "dotnet")
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        startInfo.ArgumentList.Add(ServerProcess.PathOf("TrustChain.Cli", "trustchain"));
        words.Skip(1).ToList().ForEach(startInfo.ArgumentList.Add);
        using var process = Process.Start(startInfo)!; // never null: UseShellExecute is off
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return new CommandResult(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    [GeneratedRegex("\"([^\"]*)\"|\\S+")]
    private static partial Regex Word();
}
