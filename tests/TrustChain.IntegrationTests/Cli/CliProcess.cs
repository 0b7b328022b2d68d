using System.Diagnostics;
using System.Text.Json;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Devnet;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>The built <c>trustchain</c> program, run as a person runs it, in a folder of its own.</summary>
internal sealed class CliProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();

    public string PathOf(string file) => _folder.PathOf(file);

    public string Write(string file, string text)
    {
        File.WriteAllText(PathOf(file), text);
        return file;
    }

    public string Read(string file) => File.ReadAllText(PathOf(file));

    /// <summary>Runs one command to its end.</summary>
    public async Task<CliResult> RunAsync(params string[] arguments)
    {
        using var process = Start(_folder.Path, arguments);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Patience);
        var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return new CliResult(string.Join(' ', arguments), process.ExitCode, (await output).Trim(), (await errors).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"\"trustchain {string.Join(' ', arguments)}\" did not end within {Patience.TotalSeconds:0} s.");
        }
    }

    /// <summary>Starts one command with nothing on its standard input; the caller ends it.</summary>
    /// <param name="folder">Where it runs; here when null.</param>
    /// <param name="arguments">The command line.</param>
    public static Process Start(string? folder, params string[] arguments)
    {
        var startInfo = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : Tools.FindOnPath("dotnet") ?? "dotnet")
        {
            WorkingDirectory = folder ?? Environment.CurrentDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[ServerProcess.PathOf("TrustChain.Cli", "trustchain"), .. arguments])
        {
            startInfo.ArgumentList.Add(argument);
        }
        var process = Process.Start(startInfo)!; // Never null: UseShellExecute is off.
        process.StandardInput.Close();
        return process;
    }

    public void Dispose() => _folder.Dispose();
}

/// <summary>How a command ended.</summary>
internal sealed record CliResult(string Command, int ExitCode, string Output, string Errors)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public CliResult Expect(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"\"trustchain {Command}\" ended with {ExitCode} and not {exitCode}: {Output} {Errors}");
        return this;
    }
}
