namespace TrustChain.UnitTests.Verification;

/// <summary>
/// The verifier of <c>tests/verifier</c>, written from <c>docs/evidence-format.md</c> alone, gives the published answers. It runs under python3;
/// where there is none, under CPython compiled for Node.js, which <c>npm ci</c> installs beside it.
/// </summary>
public sealed class PythonVerifierTests
{
    private const int LineLimit = 320;
    private static readonly string Tests = FindTests();
    private static readonly string Verifier = Path.Combine(Tests, "verifier");
    private static readonly string Evidence = Path.Combine(Tests, "vectors", "evidence");

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
        if (Programs.FindOnPath("python3") is { } python)
        {
            return await RunAsync(python, ["-B", path, .. arguments]);
        }
        var node = Programs.FindOnPath("node");
        var npm = Programs.FindOnPath("npm");
        Assert.True(node is not null && npm is not null, "The Python verifier needs python3 (3.9 or newer), or Node.js 20 with npm, on PATH; there is neither.");
        await Programs.InstallPackagesAsync(npm, Verifier);
        return await RunAsync(node, [Path.Combine(Verifier, "run-python.mjs"), path, .. arguments]);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, IEnumerable<string> arguments)
    {
        var (exitCode, output, errors) = await Programs.RunAsync(program, arguments, Verifier);
        return (exitCode, output + errors);
    }

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
