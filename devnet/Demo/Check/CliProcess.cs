using System.Diagnostics;
using System.Text.Json;
using TrustChain.Core.Verification;
using TrustChain.Devnet.Serving;

namespace TrustChain.Devnet.Demo.Check;

/// <summary>One check as the command-line verifier tells it.</summary>
internal sealed record CliCheck(string Name, string Subject, string Outcome, string? Code)
{
    public bool IsPassed => Outcome == "passed";

    /// <summary>Could not be told, and only because of a check that failed itself.</summary>
    public bool IsConsequence => Outcome == "could-not-check" && Code == ReasonCodes.DependsOn;

    public override string ToString() => $"{Name} {Subject} {Outcome} {Code}".TrimEnd();
}

/// <summary>What a run of the command line gave.</summary>
internal sealed record CliResult(int ExitCode, string Output, string Error)
{
    /// <summary>The checks that <c>verify --json</c> lists; empty when it did not come to that.</summary>
    public IReadOnlyList<CliCheck> Checks()
    {
        if (!Output.StartsWith('{'))
        {
            return [];
        }
        using var document = JsonDocument.Parse(Output);
        return [.. document.RootElement.GetProperty("checks").EnumerateArray().Select(static c => new CliCheck(
            Text(c, "name")!, Text(c, "subject")!, Text(c, "outcome")!, Text(c, "code")))]; // The first three are always there.
    }

    /// <summary>Null when every check passed, else what did not.</summary>
    public string? Fault()
    {
        var checks = Checks();
        return ExitCode == 0 && checks.Count > 0 && checks.All(static c => c.IsPassed)
            ? null
            : $"exit code {ExitCode}: {(checks.FirstOrDefault(static c => !c.IsPassed)?.ToString() ?? Words)}";
    }

    /// <summary>The last line it wrote.</summary>
    public string Words => (Error + Output).TrimEnd().Split('\n')[^1];

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}

/// <summary>Runs the built command-line program as anybody would.</summary>
internal sealed class CliProcess(DevnetHost devnet)
{
    private static readonly string Program = ServerProcess.PathOf("TrustChain.Cli", "trustchain");

    /// <summary>Verifies a bundle against the trust file and the chain.</summary>
    public async Task<CliResult> VerifyAsync(byte[] bundle, IEnumerable<string> receipts, CancellationToken cancellationToken)
    {
        var file = Path.Combine(Path.GetTempPath(), $"trustchain-check-{Guid.NewGuid():N}");
        try
        {
            await File.WriteAllBytesAsync(file, bundle, cancellationToken);
            await File.WriteAllLinesAsync(file + ".receipts", receipts, cancellationToken);
            return await RunAsync(["verify", file, "--receipt", file + ".receipts", "--json", .. Common()], cancellationToken);
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".receipts");
        }
    }

    /// <summary>Checks the whole log of the server.</summary>
    public Task<CliResult> FsckAsync(CancellationToken cancellationToken) => RunAsync(["fsck", "--server", devnet.Server.BaseUrl, .. Common()], cancellationToken);

    /// <summary>Verifies a file against the trust file and the chain.</summary>
    public Task<CliResult> VerifyFileAsync(string file, CancellationToken cancellationToken) => RunAsync(["verify", file, .. Common()], cancellationToken);

    /// <summary>Runs any verb.</summary>
    public Task<CliResult> RunOnAsync(IEnumerable<string> arguments, CancellationToken cancellationToken) => RunAsync(arguments, cancellationToken);

    private string[] Common() => ["--trust", devnet.Folder.PathOf("trust.json"), "--rpc", devnet.Anvil.RpcUrl];

    private static async Task<CliResult> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!; // Never null: UseShellExecute is off.
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new CliResult(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
