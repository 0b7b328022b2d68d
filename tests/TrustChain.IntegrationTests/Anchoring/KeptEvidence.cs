using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests.Verification;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>Bundles as a consumer keeps them, and what verifiers say of them later.</summary>
internal sealed class KeptEvidence : IDisposable
{
    private readonly CliProcess _cli = new();

    /// <summary>The evidence of an item once an anchor covers all of it.</summary>
    public static Task<string> GetAnchoredAsync(RunningServer server, TestOrganisation company, string item) => Eventually.GetAsync($"anchored bundle of {item}", async () =>
    {
        var answer = await server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}", company.ApiKey);
        if (answer.Status == 409)
        {
            return null; // Not under a checkpoint yet.
        }
        answer.Expect(200);
        var last = answer.Json.GetProperty("records").EnumerateArray().Max(static r => r.GetProperty("index").GetInt64());
        return answer.Json.GetProperty("anchors").EnumerateArray().Any(a => a.GetProperty("size").GetInt64() > last) ? answer.Body : null;
    });

    public static async Task<TrustFile> GetTrustAsync(RunningServer server)
    {
        var text = (await server.GetAsync("/log/trust")).Expect(200).Body;
        Assert.True(TrustFile.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out var trust, out var error), error);
        return trust;
    }

    /// <summary>An array of trust files.</summary>
    public static string TrustBoth(params TrustFile[] trusted) => $"[{string.Join(',', trusted.Select(static t => System.Text.Encoding.UTF8.GetString(t.ToUtf8())))}]";

    /// <summary>Every check of the verifier passes, with the chain asked.</summary>
    public static async Task ExpectPassesAsync(string bundle, TrustFile trust, string rpcUrl)
    {
        Assert.True(EvidenceBundle.TryParse(System.Text.Encoding.UTF8.GetBytes(bundle), out var parsed, out var error), error);
        var report = EvidenceVerifier.Verify(parsed, trust, await ChainWitness.ObserveAsync(rpcUrl, parsed.Anchors));
        Assert.Empty(report.Checks.Where(static c => c.Outcome != Outcome.Passed).Select(static c => $"{c.Name} {c.Subject} {c.Code}: {c.Message}"));
        Assert.Contains(report.Checks, static c => c.Name == CheckNames.Anchor);
    }

    /// <summary>The same by the command line and by the verifier in Python, which computes no event hash.</summary>
    public async Task ExpectPassesByAllAsync(string bundle, string trust, string rpcUrl)
    {
        _cli.Write("bundle.json", bundle);
        _cli.Write("trust.json", trust);
        Assert.EndsWith("verdict: passed", (await _cli.RunAsync("verify", "bundle.json", "--trust", "trust.json", "--rpc", rpcUrl)).Expect(0).Output, StringComparison.Ordinal);
        var (_, said) = await OtherVerifiers.RunPythonAsync("verify.py", _cli.PathOf("bundle.json"), "--trust", _cli.PathOf("trust.json"), "--rpc", rpcUrl);
        var lines = said.TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
        Assert.Contains("identity bundle passed", lines);
        Assert.Contains("anchor anchors[0] passed", lines);
        Assert.All(lines[..^1], static line => Assert.True(line.EndsWith(" passed", StringComparison.Ordinal) || line.StartsWith("eventHash ", StringComparison.Ordinal), line));
    }

    /// <summary>What the command line says where it refuses a bundle.</summary>
    public async Task<string> RefuseAsync(string bundle, TrustFile trust, string rpcUrl)
    {
        _cli.Write("bundle.json", bundle);
        _cli.Write("trust.json", System.Text.Encoding.UTF8.GetString(trust.ToUtf8()));
        return (await _cli.RunAsync("verify", "bundle.json", "--trust", "trust.json", "--rpc", rpcUrl)).Expect(1).Output;
    }

    public async Task<CliResult> FsckAsync(RunningServer server, TrustFile trust)
    {
        _cli.Write("trust.json", System.Text.Encoding.UTF8.GetString(trust.ToUtf8()));
        return await _cli.RunAsync("fsck", "--server", server.BaseUrl, "--trust", "trust.json", "--rpc", server.RpcUrl);
    }

    public void Dispose() => _cli.Dispose();
}
