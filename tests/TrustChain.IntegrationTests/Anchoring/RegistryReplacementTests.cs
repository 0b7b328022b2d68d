using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>"A lost publisher key without an admin" of the runbook: the same log goes on in another contract.</summary>
public sealed class RegistryReplacementTests(SharedStack stack)
{
    [Fact]
    public async Task AnotherContractForTheSameLog_TakesTheWholeLog_AndWhatTheFirstOneHoldsStaysProven()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        using var next = await OperatorFolder.OpenAsync(server.RpcUrl);
        using var evidence = new KeptEvidence();
        var company = await server.AddOrganisationAsync();
        var item = await CaptureAsync(company);
        var anchored = await server.GetFinalAnchorAsync((await server.GetCoveringCheckpointAsync()).Size);
        var (oldTrust, old) = (await KeptEvidence.GetTrustAsync(server), await KeptEvidence.GetAnchoredAsync(server, company, item));
        await server.StopAsync();

        // The key is gone: another account is not let in, and nobody can let it in.
        Set(server, next.Settings);
        var said = Assert.Single(await server.ExamineAsync(), static f => f.StartsWith("fault contract", StringComparison.Ordinal));
        Assert.Contains($"takes anchors from {server.Keys.Publisher.Address}, but ours is {next.Account} -> nobody can name another", said, StringComparison.Ordinal);
        var registry = await next.DeployAsync(server.RpcUrl, OperatorKeys.Origin);
        Set(server, new Dictionary<string, string?> { ["Anchoring__Registry"] = registry });
        Assert.Contains($"ok contract: {registry} is this log's and takes anchors from {next.Account} -> ", await server.ExamineAsync());
        await server.StartAgainAsync();
        var newer = await CaptureAsync(company);
        await server.GetFinalAnchorAsync((await server.GetCoveringCheckpointAsync()).Size);
        var trust = await KeptEvidence.GetTrustAsync(server);
        var (again, fresh) = (await KeptEvidence.GetAnchoredAsync(server, company, item), await KeptEvidence.GetAnchoredAsync(server, company, newer));

        Assert.Equal((oldTrust.Origin, oldTrust.LogKey, oldTrust.Genesis), (trust.Origin, trust.LogKey, trust.Genesis));
        Assert.Equal(registry, trust.Registry, ignoreCase: true);
        await KeptEvidence.ExpectPassesAsync(old, oldTrust, server.RpcUrl); // What a consumer kept proves what it proved.
        await KeptEvidence.ExpectPassesAsync(again, trust, server.RpcUrl);
        await KeptEvidence.ExpectPassesAsync(fresh, trust, server.RpcUrl);
        Assert.Contains("foreign-log", await evidence.RefuseAsync(old, trust, server.RpcUrl), StringComparison.Ordinal);
        Assert.Contains("foreign-log", await evidence.RefuseAsync(again, oldTrust, server.RpcUrl), StringComparison.Ordinal);
        foreach (var bundle in (string[])[old, again, fresh])
        {
            await evidence.ExpectPassesByAllAsync(bundle, KeptEvidence.TrustBoth(trust, oldTrust), server.RpcUrl);
        }
        // Made anew, the evidence of an old record is anchored only since the new contract; the first anchor is still where it was.
        var since = System.Text.Json.JsonDocument.Parse(again).RootElement.GetProperty("anchors").EnumerateArray().Min(static a => a.GetProperty("time").GetDateTimeOffset());
        Assert.True(since > anchored.GetProperty("time").GetDateTimeOffset());
        (await evidence.FsckAsync(server, trust)).Expect(0);
        Assert.StartsWith("bad: No anchoring target that the server lists is the trusted contract", (await evidence.FsckAsync(server, oldTrust)).Expect(1).Output, StringComparison.Ordinal);
        using var chain = new Log.ChainWitness(server.RpcUrl);
        var first = (ulong)anchored.GetProperty("size").GetInt64();
        Assert.False((await chain.Registry(server.Registry.Address).GetRootAtAsync(first, Evm.Rpc.BlockTag.Latest, TestContext.Current.CancellationToken)).IsDefault);
        Assert.Empty((await server.GetAsync("/log/anchors")).Json.GetProperty("targets")[0].GetProperty("failures").EnumerateArray());
    }

    /// <summary>A thief anchors something else: the log is halted where that is, and goes on in a contract that he cannot write to.</summary>
    [Fact]
    public async Task WrongRootOfAThief_HaltsTheLogThere_AndItGoesOnInAnotherContract()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        using var next = await OperatorFolder.OpenAsync(server.RpcUrl);
        var (company, signed) = await ForgedAnchor.PrepareAsync(server);
        var item = await CaptureAsync(company);
        await server.GetFinalAnchorAsync((await server.GetCoveringCheckpointAsync()).Size);
        var (oldTrust, old) = (await KeptEvidence.GetTrustAsync(server), await KeptEvidence.GetAnchoredAsync(server, company, item));
        await ForgedAnchor.AnchorByHandAsync(server, signed.Size + 1000);
        await ForgedAnchor.RaiseAlarmAsync(server, company);
        await server.StopAsync();
        Assert.Contains(await server.ExamineAsync(), static f => f.StartsWith("fault contract: it holds an anchor of ", StringComparison.Ordinal));

        Set(server, next.Settings);
        Set(server, new Dictionary<string, string?> { ["Anchoring__Registry"] = await next.DeployAsync(server.RpcUrl, OperatorKeys.Origin, "--admin", next.Account) });
        await server.StartAgainAsync();
        var newer = await CaptureAsync(company);
        await server.GetFinalAnchorAsync((await server.GetCoveringCheckpointAsync()).Size);

        await KeptEvidence.ExpectPassesAsync(await KeptEvidence.GetAnchoredAsync(server, company, newer), await KeptEvidence.GetTrustAsync(server), server.RpcUrl);
        await KeptEvidence.ExpectPassesAsync(old, oldTrust, server.RpcUrl); // What was anchored before him stays.
    }

    private static async Task<string> CaptureAsync(TestOrganisation company)
    {
        var item = company.NewItem();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(item)))).Expect(202);
        return item;
    }

    private static void Set(RunningServer server, IReadOnlyDictionary<string, string?> settings)
    {
        foreach (var (name, value) in settings)
        {
            server.Environment[name] = value;
        }
    }
}
