using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests.Log;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>One log in two chains and at a timestamp authority at once.</summary>
public sealed class SeveralTargetsTests(SharedStack stack)
{
    private const long SecondChain = 31338;

    [Fact]
    public async Task EachTarget_HasItsOwnState_AndOneThatFailsHoldsUpNoOther()
    {
        using var authority = new TestTimestampAuthority();
        using var forger = new TestTimestampAuthority();
        await using var http = await TestHttp.StartAsync();
        var stamps = authority;
        http.Answer = request => Task.FromResult<(int, string, byte[])?>((200, "application/timestamp-reply", stamps.Answer(request, DateTimeOffset.UtcNow)));
        await using var stage = await ChainStage.StartAsync(stack.Postgres);
        var certificate = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await File.WriteAllTextAsync(certificate, authority.Root.ExportCertificatePem(), TestContext.Current.CancellationToken);
        try
        {
            await using var secondStack = new PrivateStack();
            await using var second = await secondStack.StartAnvilAsync(chainId: SecondChain);
            using var other = new ChainWitness(second.RpcUrl);
            using var funding = new HttpClient();
            await Registry.FundAsync(
                new Evm.Rpc.JsonRpcClient(funding, new Uri(second.RpcUrl), new Evm.Rpc.JsonRpcOptions(), TimeProvider.System), stage.Server.Keys.Publisher.Address, TestContext.Current.CancellationToken);
            await Registry.DeployAsync(other.Node, stage.Server.Keys.Publisher, OperatorKeys.Origin, TestContext.Current.CancellationToken); // So that the next one has another address than the first chain's.
            var registry = await Registry.DeployAsync(other.Node, stage.Server.Keys.Publisher, OperatorKeys.Origin, TestContext.Current.CancellationToken);
            Assert.NotEqual(stage.Server.Registry.Address, registry);
            await stage.Server.StopAsync();
            var settings = stage.Server.Environment;
            settings["Anchoring__Targets__second__RpcUrl"] = second.RpcUrl;
            settings["Anchoring__Targets__second__ChainId"] = SecondChain.ToString(System.Globalization.CultureInfo.InvariantCulture);
            settings["Anchoring__Targets__second__Registry"] = registry.ToString();
            settings["Anchoring__Targets__second__KeystoreFile"] = stage.Server.Keys.PublisherFile;
            settings["Anchoring__Targets__second__PassPhraseFile"] = stage.Server.Keys.PassPhraseFile;
            settings["Anchoring__Targets__second__ConfirmationDepth"] = "1";
            settings["Anchoring__Targets__authority__Kind"] = "rfc3161";
            settings["Anchoring__Targets__authority__Url"] = http.Url + "/tsa";
            settings["Anchoring__Targets__authority__TrustedCertificate"] = certificate;
            foreach (var name in (string[])["second", "authority"])
            {
                settings[$"Anchoring__Targets__{name}__Interval"] = "00:00:01";
                settings[$"Anchoring__Targets__{name}__PollInterval"] = "00:00:00.2";
            }
            await stage.Server.StartAgainAsync();

            var size = await stage.LogAsync();
            await stage.FinalAsync(size);
            await stage.FinalAsync(size, "second");
            var stamped = await stage.FinalAsync(size, "authority");
            await AssertStampedAsync(stage, stamped.GetProperty("size").GetInt64(), stamped.GetProperty("token").GetString()!, authority);
            Assert.Equal(["primary", "authority", "second"], (await stage.Server.GetAsync("/log/anchors")).Json.GetProperty("targets").EnumerateArray().Select(static t => t.GetProperty("name").GetString()));
            Assert.All((await stage.Server.GetAsync("/log/anchors")).Json.GetProperty("anchors").EnumerateArray(), static a => Assert.Equal("primary", a.GetProperty("target").GetString()));
            Assert.Contains(registry.ToString(), (await stage.Server.GetAsync("/log/trust?target=second")).Expect(200).Body, StringComparison.OrdinalIgnoreCase);
            Assert.Contains(stage.Server.Registry.Address.ToString(), (await stage.Server.GetAsync("/log/trust")).Expect(200).Body, StringComparison.OrdinalIgnoreCase);
            (await stage.Server.GetAsync("/log/trust?target=authority")).Expect(404);
            (await stage.Server.GetAsync("/log/anchors?target=nobody")).Expect(404);
            (await stage.Server.GetAsync("/anchors")).Expect(200);
            await AssertEvidenceAsync(stage, second.RpcUrl, authority);

            // The chain of the first goes away, and the authority is not the one that is trusted: the second goes on.
            long later = 0;
            await stage.RestartChainAsync(async () =>
            {
                stamps = forger;
                later = await stage.LogAsync();
                await stage.FinalAsync(later, "second");
                var (behind, ahead) = (await stage.GetTargetAsync(), await stage.GetTargetAsync("second"));
                Assert.True(behind.GetProperty("lagEntries").GetInt64() > 0 && behind.GetProperty("lagSeconds").GetDouble() > 0);
                Assert.Equal((0L, 0.0), (ahead.GetProperty("lagEntries").GetInt64(), ahead.GetProperty("lagSeconds").GetDouble()));
                Assert.InRange(decimal.Parse(ahead.GetProperty("costPerRecord").GetString()!, System.Globalization.CultureInfo.InvariantCulture), 1, decimal.MaxValue); // of whichever two seconds, so not always a whole number
                await stage.AlarmAsync("authority-untrusted", open: true, "authority");
                await stage.AlarmAsync("chain-away", open: true);
                http.Answer = static _ => Task.FromResult<(int, string, byte[])?>((200, "application/timestamp-reply", TestTimestampAuthority.WriteResponse(2, null)));
                await stage.AlarmAsync("authority-refused", target: "authority");
                http.Answer = static _ => Task.FromResult<(int, string, byte[])?>(null);
                await stage.AlarmAsync("authority-away", target: "authority");
            });
            http.Answer = request => Task.FromResult<(int, string, byte[])?>((200, "application/timestamp-reply", authority.Answer(request, DateTimeOffset.UtcNow)));
            await stage.FinalAsync(later);
            await stage.FinalAsync(later, "authority");
            foreach (var name in (string[])["primary", "second", "authority"])
            {
                await stage.RecoveredAsync(name);
            }
            await stage.AssertChainAgreesAsync();

            // Two targets that would take each other's nonces.
            await stage.Server.StopAsync();
            foreach (var setting in settings.Where(static s => s.Key.StartsWith("Anchoring__Targets__second__", StringComparison.Ordinal)).ToList())
            {
                settings[setting.Key.Replace("second", "third", StringComparison.Ordinal)] = setting.Value;
            }
            var refused = await Assert.ThrowsAsync<DevnetException>(stage.Server.StartAgainAsync);
            Assert.Contains("third sends from the account", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(certificate);
        }
    }

    /// <summary>Evidence names the contract asked for, carries the timestamp, and passes against that contract alone; so does the whole log.</summary>
    private async Task AssertEvidenceAsync(ChainStage stage, string secondUrl, TestTimestampAuthority authority)
    {
        using var cli = new AuditCli();
        var item = stage.Company.NewItem();
        (await stage.Company.CaptureAsync(Events.Document(Events.Observation(item)))).Expect(202);
        var size = (await stage.Server.GetCoveringCheckpointAsync()).Size;
        foreach (var name in (string[])["primary", "second", "authority"])
        {
            await stage.FinalAsync(size, name);
        }
        var evidence = $"/evidence?item={Uri.EscapeDataString(item)}";
        (await stage.Server.GetAsync($"{evidence}&target=authority", stage.Company.ApiKey)).ExpectProblem(404, "not-found");
        (await stage.Server.GetAsync($"{evidence}&target=nobody", stage.Company.ApiKey)).ExpectProblem(404, "not-found");
        foreach (var (target, rpcUrl, stranger) in ((string, string, string)[])[("primary", stage.Server.RpcUrl, "second"), ("second", secondUrl, "primary")])
        {
            await File.WriteAllBytesAsync(cli.PathOf("bundle.json"), (await stage.Server.GetAsync($"{evidence}&target={target}", stage.Company.ApiKey)).Expect(200).Bytes, TestContext.Current.CancellationToken);
            await WriteTrustAsync(target);
            var checks = (await cli.RunAsync("verify", cli.PathOf("bundle.json"), "--trust", cli.TrustFile, "--rpc", rpcUrl, "--json")).Expect(0).Json.GetProperty("checks");
            foreach (var check in (string[])[CheckNames.Anchor, CheckNames.Timestamp])
            {
                Assert.Equal("passed", Assert.Single(checks.EnumerateArray(), c => c.GetProperty("name").GetString() == check).GetProperty("outcome").GetString());
            }
            (await cli.RunAsync("fsck", "--server", stage.Server.BaseUrl, "--trust", cli.TrustFile, "--rpc", rpcUrl)).Expect(0);
            await WriteTrustAsync(stranger);
            Assert.Contains(ReasonCodes.ForeignLog, (await cli.RunAsync("verify", cli.PathOf("bundle.json"), "--trust", cli.TrustFile, "--rpc", rpcUrl)).Expect(1).Output, StringComparison.Ordinal);
        }

        async Task WriteTrustAsync(string target)
        {
            Assert.True(TrustFile.TryParse((await stage.Server.GetAsync($"/log/trust?target={target}")).Expect(200).Bytes, out var trust, out _));
            await File.WriteAllBytesAsync(cli.TrustFile, (trust with { TimestampAuthorities = [authority.Root] }).ToUtf8(), TestContext.Current.CancellationToken);
        }
    }

    private static async Task AssertStampedAsync(ChainStage stage, long size, string path, TestTimestampAuthority authority)
    {
        var token = (await stage.Server.GetAsync(path)).Expect(200).Bytes;
        await using var command = stage.Server.Database.CreateCommand($"select root from checkpoint where size = {size}");
        var root = (byte[])(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // Only checkpoints are stamped.
        var check = TimestampToken.Verify(token, new Checkpoint(OperatorKeys.Origin, size, new Hash32(root)).ToText(), authority.Root);
        Assert.Equal(SignatureCheck.Valid, check.Signature);
    }
}
