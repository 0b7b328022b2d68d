using System.Net;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Anchoring;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Log;

/// <summary>"A lost log key" of the runbook: the old log is only read, a new one takes over, and evidence of both is verified with one trust file.</summary>
public sealed class ReadOnlyLogTests(SharedStack stack)
{
    private const string NewOrigin = "second.trustchain.example/log";

    [Fact]
    public async Task WithoutItsKey_ALogIsRead_AndANewOneTakesWhatComes()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var company = await server.AddOrganisationAsync();
        var first = await CaptureAsync(company);
        await server.GetFinalAnchorAsync((await server.GetCoveringCheckpointAsync()).Size);
        var kept = await KeptEvidence.GetAnchoredAsync(server, company, first);
        await server.StopAsync();
        server.Environment["Anchoring__Interval"] = "12:00:00"; // So that the newest entries are not anchored when the key is lost.
        await server.StartAgainAsync();
        var last = await CaptureAsync(company);
        var job = await CaptureAsJobAsync(server, company);
        var signed = (await server.GetCoveringCheckpointAsync()).Size;
        var oldTrust = await KeptEvidence.GetTrustAsync(server);
        await server.StopAsync();
        await LoseOneAsync(server, company);
        File.Delete(server.Keys.LogKeyFile);

        await ExpectRefusedAsync(server);
        server.Environment["Anchoring__Interval"] = "00:00:01";
        server.Environment["TrustChain__LogKeyFile"] = "";
        server.Environment["TrustChain__LogKey"] = server.Keys.LogVerifier.Text;
        var report = await server.ExamineAsync();
        Assert.Contains(report, static f => f.StartsWith("warning keys: only the public half of the log key", StringComparison.Ordinal));
        Assert.Contains(report, static f => f.StartsWith("warning log: 1 entries were taken in and never came under a checkpoint", StringComparison.Ordinal));
        Assert.DoesNotContain(report, static f => f.StartsWith("fault ", StringComparison.Ordinal) && !f.StartsWith("fault disk", StringComparison.Ordinal));
        await server.StartAgainAsync();

        await ExpectReadOnlyAsync(server, company, signed);
        Assert.DoesNotContain("receipt", (await server.GetAsync(job, company.ApiKey)).Expect(200).Json.GetProperty("statements")[0].GetRawText(), StringComparison.Ordinal); // Nothing signs one.
        await ExpectListedAsync(server, company);
        await server.GetFinalAnchorAsync(signed); // What was signed is anchored all the same.
        Assert.Equal(signed, (await server.FindCheckpointAsync())?.Size);
        var (old, lastOld) = (await KeptEvidence.GetAnchoredAsync(server, company, first), await KeptEvidence.GetAnchoredAsync(server, company, last));
        foreach (var bundle in (string[])[kept, old, lastOld])
        {
            await KeptEvidence.ExpectPassesAsync(bundle, oldTrust, server.RpcUrl);
        }
        using (var evidence = new KeptEvidence())
        {
            (await evidence.FsckAsync(server, oldTrust)).Expect(0);
        }
        await ExpectNewLogAsync(server, oldTrust, [kept, old, lastOld]);
    }

    /// <summary>A capture that was acknowledged and had no place in the log yet when the key was lost.</summary>
    private static async Task LoseOneAsync(RunningServer server, TestOrganisation company)
    {
        server.Environment["TRUSTCHAIN_CRASH_AT"] = "sequence.taken";
        await server.StartAgainAsync();
        try
        {
            await CaptureAsync(company);
        }
        catch (HttpRequestException)
        {
            // Killed between the commit and the answer: it waits all the same.
        }
        await server.WaitUntilKilledAsync();
        server.Environment.Remove("TRUSTCHAIN_CRASH_AT");
    }

    /// <summary>A capture that is worked at as a job, to its end; the address of the job.</summary>
    private static async Task<string> CaptureAsJobAsync(RunningServer server, TestOrganisation company)
    {
        using var content = TestOrganisation.Content("application/json", System.Text.Encoding.UTF8.GetBytes(Events.Document(Events.Commissioning(company.NewItem()))));
        var answer = (await server.SendAsync(HttpMethod.Post, "/epcis/capture", company.ApiKey, content, headers: [("GS1-Capture-Error-Behaviour", "proceed")])).Expect(202);
        Assert.NotEmpty((await Jobs.FinishAsync(server, company, answer)).GetProperty("statements")[0].GetProperty("receipt").GetString()!);
        return answer.Location!; // A job has an address.
    }

    /// <summary>Neither another log's public key nor both settings at once start anything, and the missing file is named.</summary>
    private static async Task ExpectRefusedAsync(RunningServer server)
    {
        await RefusedAsync($"TrustChain:LogKeyFile must be the path of an existing file; it is \"{server.Keys.LogKeyFile}\"");
        server.Environment["TrustChain__LogKey"] = server.Keys.LogVerifier.Text;
        await RefusedAsync("TrustChain:LogKey and TrustChain:LogKeyFile exclude each other");
        server.Environment["TrustChain__LogKeyFile"] = "";
        using var other = Core.Signing.SigningKey.Generate(Core.Signing.SignatureAlgorithms.EdDsa);
        server.Environment["TrustChain__LogKey"] = NoteVerifier.Create(NewOrigin, other.PublicKey).Text;
        await RefusedAsync("TrustChain:LogKey must be logKey of the trust file of \"devnet.trustchain.example/log\"");
        server.Environment["TrustChain__LogKey"] = NoteVerifier.Create(OperatorKeys.Origin, other.PublicKey).Text;
        await RefusedAsync("was not signed by the key that TrustChain:LogKey names");

        async Task RefusedAsync(string reason)
        {
            await Assert.ThrowsAsync<DevnetException>(server.StartAgainAsync);
            Assert.Contains(reason, await File.ReadAllTextAsync(server.LogFile, TestContext.Current.CancellationToken), StringComparison.Ordinal);
            await server.StopAsync();
        }
    }

    /// <summary>The statement in the runbook that lists what was acknowledged and is under no checkpoint.</summary>
    private static async Task ExpectListedAsync(RunningServer server, TestOrganisation company)
    {
        var section = (await File.ReadAllTextAsync(Repository.PathOf("docs/operations.md"), TestContext.Current.CancellationToken)).Split("### A lost log key")[1];
        await using var command = server.Database.CreateCommand(section.Split("```sql")[1].Split("```")[0]);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        Assert.True(await reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(company.Id, reader.GetString(1));
        Assert.False(await reader.ReadAsync(TestContext.Current.CancellationToken));
    }

    private static async Task ExpectReadOnlyAsync(RunningServer server, TestOrganisation company, long signed)
    {
        var ready = (await server.GetAsync("/health/ready")).Expect(200);
        Assert.StartsWith("read-only: ", ready.Json.GetProperty("checks").GetProperty("log").GetProperty("detail").GetString(), StringComparison.Ordinal);
        var before = await server.CountAsync();
        var item = company.NewItem();
        Answer[] answers =
        [
            await company.CaptureAsync(Events.Document(Events.Commissioning(item))),
            await company.CaptureAsync(Events.Observation(item).ToJsonString(), "/epcis/events"),
            await server.PostAsync("/api/batches", new { gtin = company.Gtin, lot = "LATE", name = "Spring tea", template = "tea" }, company.ApiKey),
            await server.PostAsync("/api/recalls", new { item, reason = "mould", instructions = "return it" }, company.ApiKey),
            await company.RegisterKeyAsync(Core.Signing.SigningKey.Generate(Core.Signing.SignatureAlgorithms.ES256)),
            await server.PostAsync("/api/encryption-keys", new { jwk = new { kty = "EC" } }, company.ApiKey), // The service would make a key to sign it with.
        ];
        Assert.All(answers, static answer => answer.ExpectProblem(503, "read-only"));
        Assert.Equal(before, await server.CountAsync());
        Assert.Equal(1, await server.GetMetricAsync("trustchain_log_read_only"));
        Assert.Equal(0, await server.GetMetricAsync("trustchain_log_halted"));
        await Eventually.TrueAsync("the one entry that waits, counted", async () => await server.GetMetricAsync("trustchain_log_queue_depth") == 1);
        Assert.Equal(signed, (await server.FindCheckpointAsync())?.Size);
        Assert.Contains("This log takes nothing new any more", WebUtility.HtmlDecode((await server.GetAsync("/status?lang=en")).Expect(200).Body), StringComparison.Ordinal);
        Assert.Contains("本日志不再接受新记录", WebUtility.HtmlDecode((await server.GetAsync("/status?lang=zh")).Expect(200).Body), StringComparison.Ordinal);
        Assert.Contains("READ-ONLY: TrustChain:LogKey is set", await File.ReadAllTextAsync(server.LogFile, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        (await server.GetAsync("/.well-known/did.json")).Expect(200);
    }

    /// <summary>Another database, name, key and contract; the two logs know nothing of each other, and a verifier trusts both.</summary>
    private async Task ExpectNewLogAsync(RunningServer old, TrustFile oldTrust, IReadOnlyList<string> oldEvidence)
    {
        using var keys = await OperatorFolder.OpenAsync(old.RpcUrl);
        var logKey = NoteVerifier.Create(NewOrigin, keys.Keys.LogVerifier.Key).Text;
        var registry = await keys.DeployAsync(old.RpcUrl, NewOrigin);
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?>(keys.Settings)
        {
            ["Anchoring__Registry"] = registry,
            ["TrustChain__Origin"] = NewOrigin,
            ["TrustChain__LogKeyFile"] = keys.Keys.LogKeyFile,
            ["TrustChain__CustodialKeyFile"] = keys.Keys.CustodialKeyFile,
            ["TrustChain__PassPhraseFile"] = keys.Keys.PassPhraseFile,
        });
        var company = await server.AddOrganisationAsync();
        var item = await CaptureAsync(company);
        var fresh = await KeptEvidence.GetAnchoredAsync(server, company, item);
        var trust = await KeptEvidence.GetTrustAsync(server);
        using var evidence = new KeptEvidence();

        Assert.Equal((NewOrigin, logKey, oldTrust.Genesis), (trust.Origin, trust.LogKey, trust.Genesis));
        Assert.Equal(registry, trust.Registry, ignoreCase: true);
        await KeptEvidence.ExpectPassesAsync(fresh, trust, server.RpcUrl);
        foreach (var bundle in (string[])[fresh, .. oldEvidence])
        {
            await evidence.ExpectPassesByAllAsync(bundle, KeptEvidence.TrustBoth(trust, oldTrust), server.RpcUrl);
            await evidence.ExpectPassesByAllAsync(bundle, KeptEvidence.TrustBoth(oldTrust, trust), server.RpcUrl);
        }
        Assert.Contains("foreign-log", await evidence.RefuseAsync(oldEvidence[0], trust, server.RpcUrl), StringComparison.Ordinal);
        Assert.Contains("foreign-log", await evidence.RefuseAsync(fresh, oldTrust, server.RpcUrl), StringComparison.Ordinal);
        (await evidence.FsckAsync(server, trust)).Expect(0);
    }

    private static async Task<string> CaptureAsync(TestOrganisation company)
    {
        var item = company.NewItem();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(item)))).Expect(202);
        return item;
    }
}
