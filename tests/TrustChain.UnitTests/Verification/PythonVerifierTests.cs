using System.Diagnostics;

namespace TrustChain.UnitTests.Verification;

/// <summary>
/// The verifier of <c>tests/verifier</c>, written from <c>docs/evidence-format.md</c> alone, gives the published answers. It runs under python3;
/// where there is none, under CPython compiled for Node.js, which <c>npm ci</c> installs beside it.
/// </summary>
public sealed class PythonVerifierTests
{
    private const int LineLimit = 240;
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(5);
    private static readonly string Tests = FindTests();
    private static readonly string Verifier = Path.Combine(Tests, "verifier");
    private static readonly string Evidence = Path.Combine(Tests, "vectors", "evidence");
    private static readonly SemaphoreSlim Installing = new(1, 1);

    [Fact]
    public async Task Gives_the_expected_answer_to_every_check_of_every_vector()
    {
        var bundles = Directory.GetFiles(Evidence, "good-*.json").Length + Directory.GetFiles(Evidence, "bad-*.json").Length;

        var (exitCode, output) = await RunPythonAsync("run_vectors.py", Path.Combine(Evidence, "expected.json"));

        Assert.True(exitCode == 0, output);
        Assert.StartsWith($"{bundles} bundles, ", output, StringComparison.Ordinal);
        Assert.EndsWith(" 0 differences", output.TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("good-root-es256.json", true, 2, "could-not-check", "eventHash records[0] could-not-check algorithm-not-available")]
    [InlineData("bad-event.json", true, 1, "failed", "event records[0] failed event-altered")]
    [InlineData("bad-member.json", true, 1, "failed", "bundle bundle failed bundle-malformed")]
    [InlineData("good-document.json", false, 2, "could-not-check", "anchor anchors[0] could-not-check chain-unreachable")]
    public async Task Says_its_verdict_on_the_command_line(string bundle, bool hasChain, int expectedCode, string verdict, string line)
    {
        string[] chain = hasChain ? ["--chain", Path.Combine(Evidence, "chain.json")] : [];

        var (exitCode, output) = await RunPythonAsync(
            "verify.py", [Path.Combine(Evidence, bundle), "--trust", Path.Combine(Evidence, "trust.json"), .. chain]);

        var lines = output.TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
        Assert.True(exitCode == expectedCode, output);
        Assert.Equal(verdict, lines[^1]);
        Assert.Contains(line, lines);
    }

    [Fact]
    public void Stays_short()
    {
        Assert.True(File.ReadLines(Path.Combine(Verifier, "short.py")).Count() < LineLimit);
    }

    private static async Task<(int ExitCode, string Output)> RunPythonAsync(string script, params string[] arguments)
    {
        var path = Path.Combine(Verifier, script);
        if (FindOnPath("python3") is { } python)
        {
            return await RunAsync(python, ["-B", path, .. arguments]);
        }
        var node = FindOnPath("node");
        var npm = FindOnPath("npm");
        Assert.True(node is not null && npm is not null, "The Python verifier needs python3 (3.9 or newer), or Node.js 20 with npm, on PATH; there is neither.");
        await InstallAsync(npm);
        return await RunAsync(node, [Path.Combine(Verifier, "run-python.mjs"), path, .. arguments]);
    }

    private static async Task InstallAsync(string npm)
    {
        await Installing.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            var installed = Path.Combine(Verifier, "node_modules", ".package-lock.json");
            if (File.Exists(installed) && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(Path.Combine(Verifier, "package-lock.json")))
            {
                return;
            }
            var (exitCode, output) = await RunAsync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--no-update-notifier"]);
            Assert.True(exitCode == 0, $"There is no python3 on PATH, and npm ci failed in {Verifier}: {output}");
        }
        finally
        {
            Installing.Release();
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeLimit);
        var startInfo = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Verifier,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(startInfo)!; // never null: UseShellExecute is off
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static string? FindOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    private static string FindTests()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "TrustChain.sln")))
            {
                return Path.Combine(folder.FullName, "tests");
            }
        }
        throw new DirectoryNotFoundException($"No TrustChain.sln above {AppContext.BaseDirectory}.");
    }
}
