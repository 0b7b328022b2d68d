namespace TrustChain.UnitTests.Verification;

/// <summary>
/// The verifier of <c>tests/verifier</c>, written from <c>docs/evidence-format.md</c> alone, gives the published answers. It runs under python3;
/// where there is none, under CPython compiled for Node.js, which <c>npm ci</c> installs beside it.
/// </summary>
public sealed class PythonVerifierTests
{
    private const int LineLimit = 375;
    private static readonly string Verifier = OtherVerifiers.Folder;
    private static readonly string Evidence = VectorFiles.PathOf("evidence");

    [Fact]
    public async Task Gives_the_expected_answer_to_every_check_of_every_vector()
    {
        var bundles = Directory.GetFiles(Evidence, "good-*.json").Length + Directory.GetFiles(Evidence, "bad-*.json").Length;

        var (exitCode, output) = await OtherVerifiers.RunPythonAsync("run_vectors.py", Path.Combine(Evidence, "expected.json"));

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

        var (exitCode, output) = await OtherVerifiers.RunPythonAsync(
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
}
