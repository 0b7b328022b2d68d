using System.Diagnostics;

namespace TrustChain.UnitTests.Verification;

/// <summary>The browser's verifier, run by Node.js over the vectors that the C# one is tested with.</summary>
public sealed class BrowserVerifierTests
{
    [Fact]
    public async Task BrowserVerifier_OverAllVectors_AnswersAsExpected()
    {
        var root = VectorFiles.Repository;
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["tests/verifier/browser-vectors.mjs", "src/TrustChain.Server/wwwroot/verify.js", "tests/vectors/evidence"])
        {
            start.ArgumentList.Add(Path.Combine(root, argument));
        }
        using var node = Process.Start(start) ?? throw new InvalidOperationException("Node.js could not be started.");
        var output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0, output + errors);
        Assert.Contains(" 0 differences", output, StringComparison.Ordinal);
    }
}
