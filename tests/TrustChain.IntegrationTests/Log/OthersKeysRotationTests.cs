using System.Text;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Anchoring;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests.Log;

namespace TrustChain.IntegrationTests.Log;

/// <summary>Witness and timestamp authority each take another key: evidence from before and after verifies, each under its own trust file and both under one that has both keys.</summary>
public sealed class OthersKeysRotationTests(SharedStack stack)
{
    [Fact]
    public async Task WitnessAndAuthority_WithNewKeys_LeaveOldEvidenceGood()
    {
        using var temporary = new TemporaryFolder();
        using var before = new TestTimestampAuthority("Before");
        using var after = new TestTimestampAuthority("After");
        await using var first = new WitnessProcess("witness.example/one");
        await using var second = new WitnessProcess("witness.example/two");
        await using var http = await TestHttp.StartAsync();
        var stamps = before;
        http.Answer = request => Task.FromResult<(int, string, byte[])?>((200, "application/timestamp-reply", stamps.Answer(request, DateTimeOffset.UtcNow)));
        var certificate = temporary.PathOf("authority.pem");
        await File.WriteAllTextAsync(certificate, before.Root.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?>
        {
            ["Witnesses__0__Url"] = first.Url,
            ["Witnesses__0__Key"] = first.Key.Text,
            ["Witnessing__Interval"] = "00:00:00.2",
            ["Anchoring__Targets__authority__Kind"] = "rfc3161",
            ["Anchoring__Targets__authority__Url"] = http.Url + "/tsa",
            ["Anchoring__Targets__authority__TrustedCertificate"] = certificate,
            ["Anchoring__Targets__authority__Interval"] = "00:00:01",
            ["Anchoring__Targets__authority__PollInterval"] = "00:00:00.2",
        });
        await first.StartAsync(server.Keys.LogVerifier);
        await second.StartAsync(server.Keys.LogVerifier);
        var company = await server.AddOrganisationAsync();
        var plain = server.Registry.Trust;
        var oldTrust = plain with { Witnesses = [first.Key], Quorum = 1, TimestampAuthorities = [before.Root] };
        var newTrust = plain with { Witnesses = [second.Key], Quorum = 1, TimestampAuthorities = [after.Root] };
        var bothTrust = plain with { Witnesses = [first.Key, second.Key], Quorum = 1, TimestampAuthorities = [before.Root, after.Root] };
        var item = await CaptureAsync(company);
        var old = await WholeAsync(server, company, item, oldTrust);

        // The authority signs under another root: nothing is taken of it until that is configured. The witness gives way to another.
        stamps = after;
        var later = await CaptureAsync(company);
        await Eventually.TrueAsync("alarm about the authority", async () => (await server.GetAsync("/log/anchors?target=authority")).Body.Contains("authority-untrusted", StringComparison.Ordinal));
        await server.StopAsync();
        await File.WriteAllTextAsync(certificate, after.Root.ExportCertificatePem(), TestContext.Current.CancellationToken);
        server.Environment["Witnesses__0__Url"] = second.Url;
        server.Environment["Witnesses__0__Key"] = second.Key.Text;
        await server.StartAgainAsync();
        var again = await CaptureAsync(company);
        var (fresh, made) = (await WholeAsync(server, company, again, newTrust), await WholeAsync(server, company, later, newTrust));

        foreach (var (bundle, trust) in ((string, TrustFile)[])[(old, oldTrust), (old, bothTrust), (fresh, newTrust), (fresh, bothTrust), (made, newTrust), (made, bothTrust)])
        {
            Assert.Empty(await RefusedAsync(bundle, trust, server.RpcUrl));
        }
        Assert.Equal(["timestamp-invalid", "witness-missing"], (await RefusedAsync(fresh, oldTrust, server.RpcUrl)).Order(StringComparer.Ordinal));
        Assert.Equal(["timestamp-invalid", "witness-missing"], (await RefusedAsync(old, newTrust, server.RpcUrl)).Order(StringComparer.Ordinal));
    }

    private static async Task<string> CaptureAsync(TestOrganisation company)
    {
        var item = company.NewItem();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(item)))).Expect(202);
        return item;
    }

    /// <summary>The evidence of an item once anchor, timestamp and cosignature are all there.</summary>
    private static Task<string> WholeAsync(RunningServer server, TestOrganisation company, string item, TrustFile trust) => Eventually.GetAsync($"whole bundle of {item}", async () =>
        await KeptEvidence.GetAnchoredAsync(server, company, item) is var bundle && (await RefusedAsync(bundle, trust, server.RpcUrl)).Count == 0 ? bundle : null);

    /// <summary>Codes of all that did not pass; a bundle without a timestamp counts too.</summary>
    private static async Task<IReadOnlyList<string>> RefusedAsync(string text, TrustFile trust, string rpcUrl)
    {
        Assert.True(EvidenceBundle.TryParse(Encoding.UTF8.GetBytes(text), out var bundle, out var error), error);
        var checks = EvidenceVerifier.Verify(bundle, trust, await ChainWitness.ObserveAsync(rpcUrl, bundle.Anchors)).Checks;
        return [.. checks.Where(static c => c.Outcome != Outcome.Passed).Select(static c => c.Code ?? ""), .. bundle.Timestamps.Count == 0 ? (string[])["no-timestamp"] : []];
    }
}
