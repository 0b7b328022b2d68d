using System.Diagnostics;

namespace TrustChain.UnitTests;

/// <summary>Other programs that tests run: what is on PATH, and packages that npm installs beside a test.</summary>
internal static class Programs
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(5);
    private static readonly SemaphoreSlim Installing = new(1, 1);

    public static string? FindOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Makes sure that the packages of the folder's lock file are installed.</summary>
    public static async Task InstallPackagesAsync(string npm, string folder)
    {
        await Installing.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            var installed = Path.Combine(folder, "node_modules", ".package-lock.json");
            if (File.Exists(installed) && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(Path.Combine(folder, "package-lock.json")))
            {
                return;
            }
            var (exitCode, output, errors) = await RunAsync(
                npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--no-update-notifier"], folder);
            Assert.True(exitCode == 0, $"npm ci failed in {folder}: {output}{errors}");
        }
        finally
        {
            Installing.Release();
        }
    }

    /// <summary>Runs a program to its end, at most five minutes.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string program, IEnumerable<string> arguments, string folder)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeLimit);
        var startInfo = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(startInfo)!; // never null: UseShellExecute is off
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
