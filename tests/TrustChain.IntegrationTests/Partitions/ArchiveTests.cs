using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Verification;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Installation;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Partitions;

/// <summary>The content of a full partition goes to a file and comes back: proofs stay, nothing is forgotten, and what was erased stays erased.</summary>
public sealed class ArchiveTests(SharedStack stack)
{
    private const long FirstId = 59_990_001;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Content_TakenOutAndBroughtBack_GivesTheSameEvidence()
    {
        using var temporary = new TemporaryFolder();
        var archive = temporary.PathOf("archive-3.jsonl");
        await using var server = await StartAsync();
        var company = await server.AddOrganisationAsync("tea");
        var sent = await CaptureAsync(server, company);
        await CloseAsync(server);
        await server.GetFinalAnchorAsync((await server.GetCoveringCheckpointAsync()).Size);
        var before = await ReadEvidenceAsync(server, company, sent);
        var events = (await server.GetAsync(sent.Query, company.ApiKey)).Expect(200).EventList.Select(static e => e.GetRawText()).ToList();
        Assert.Equal(5, events.Count);

        // Only a full partition, and only with the file that holds it.
        Assert.Contains("is not full", (await RunAsync(server, temporary, "export", "4", "--out", temporary.PathOf("4"))).Errors, StringComparison.Ordinal);
        var exported = (await RunAsync(server, temporary, "export", "3", "--out", archive, "--location", "shelf 7")).Expect(0);
        var digest = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(archive, Cancellation)));
        Assert.StartsWith(digest, exported, StringComparison.Ordinal);
        await File.WriteAllTextAsync(temporary.PathOf("changed"), (await File.ReadAllTextAsync(archive, Cancellation)).Replace("\"recordTime\":\"20", "\"recordTime\":\"19", StringComparison.Ordinal), Cancellation);
        Assert.Contains("is not the file", (await RunAsync(server, temporary, "drop", "3", "--file", temporary.PathOf("changed"))).Errors, StringComparison.Ordinal);
        await OldSchema.ExecuteAsync(server.Database, $"insert into record_measure (measure, value, record_id) values (7, 7, {FirstId + 1})");
        Assert.Contains("is another than when", (await RunAsync(server, temporary, "drop", "3", "--file", archive)).Errors, StringComparison.Ordinal);
        await OldSchema.ExecuteAsync(server.Database, "delete from record_measure where measure = 7");
        (await RunAsync(server, temporary, "drop", "3", "--file", archive)).Expect(0);

        // The content is away and said to be; the log, its proofs and files given out before are as they were.
        Assert.Equal("", await OldSchema.ReadAsync(server.Database, "select to_regclass('event_body_p3')::text"));
        foreach (var path in sent.Evidence)
        {
            var problem = (await server.GetAsync(path, company.ApiKey)).ExpectProblem(409, "in-cold-storage");
            Assert.Contains("shelf 7", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
            Assert.Equal(digest, problem.GetProperty("archives")[0].GetProperty("sha256").GetString());
            var proof = Verify(server, (await server.GetAsync(path + "&withoutContent=true", company.ApiKey)).Expect(200).Bytes);
            Assert.Contains(proof.Checks, static c => c is { Name: CheckNames.Inclusion, Outcome: Outcome.Passed });
            Assert.Contains(proof.Checks, static c => c is { Code: ReasonCodes.StatementMissing, Outcome: Outcome.CouldNotCheck });
            Assert.DoesNotContain(proof.Checks, static c => c.Outcome == Outcome.Failed);
        }
        (await server.GetAsync("/epcis/events/urn:test:cold:1", company.ApiKey)).ExpectProblem(409, "in-cold-storage");
        (await server.GetAsync(sent.Evidence[2])).ExpectProblem(404, "not-found"); // Who may not see the record learns nothing.
        Assert.Empty((await server.GetAsync(sent.Query, company.ApiKey)).Expect(200).EventList);
        Assert.Contains("cold storage", (await server.GetAsync(sent.Page, company.ApiKey, "text/html")).Expect(200).Body, StringComparison.Ordinal);
        (await server.GetAsync("/log/inclusion?index=0")).Expect(200);
        await FsckAsync(server);
        Assert.All(before, bundle => AssertSound(server, bundle));
        // What is known is known: the same statement again is the same record, and gives its receipt.
        Assert.Equal(sent.Answer, (await company.SendStatementAsync(sent.Statement)).Expect(202).Body);
        Assert.Contains("in cold storage since", (await RunAsync(server, temporary, "list")).Expect(0), StringComparison.Ordinal);

        Assert.Contains("is damaged", (await RunAsync(server, temporary, "restore", await DamageAsync(temporary, archive))).Errors, StringComparison.Ordinal);
        Assert.Contains("has the digest", (await RunAsync(server, temporary, "restore", temporary.PathOf("changed"))).Errors, StringComparison.Ordinal);
        (await RunAsync(server, temporary, "restore", archive)).Expect(0);

        Assert.Equal(before, await ReadEvidenceAsync(server, company, sent));
        Assert.Equal(events, (await server.GetAsync(sent.Query, company.ApiKey)).Expect(200).EventList.Select(static e => e.GetRawText()));
        Assert.Equal("0", await OldSchema.ReadAsync(server.Database, "select count(*) from pg_index where not indisvalid"));
        Assert.Equal(
            "archive-exported archive-dropped archive-restored",
            await OldSchema.ReadAsync(server.Database, "select string_agg(act, ' ' order by id) from audit_entry where act like 'archive%' and subject = 'partition 3' and actor = 'operator'"));
        await FsckAsync(server);
    }

    [Fact]
    public async Task Content_ErasedWhileAway_IsNotBroughtBack()
    {
        using var temporary = new TemporaryFolder();
        var archive = temporary.PathOf("archive-3.jsonl");
        await using var server = await StartAsync();
        var company = await server.AddOrganisationAsync("tea");
        var sent = await CaptureAsync(server, company);
        await CloseAsync(server);
        await server.GetCoveringCheckpointAsync();
        (await RunAsync(server, temporary, "export", "3", "--out", archive)).Expect(0);
        (await RunAsync(server, temporary, "drop", "3", "--file", archive)).Expect(0);

        // One of two events in root form, and the one event of a statement in document form.
        await OldSchema.ExecuteAsync(server.Database, """
            insert into erasure (record_id, erased_at, reason)
            select id, now(), 'asked for' from record where event_id in ('urn:test:cold:1', 'urn:test:cold:2')
            """);
        Assert.Contains("\"erased\"", Reasons(server, (await server.GetAsync(sent.Evidence[0], company.ApiKey)).Expect(200).Bytes), StringComparison.Ordinal);
        Assert.Contains("2 records erased since", (await RunAsync(server, temporary, "list")).Expect(0), StringComparison.Ordinal);
        // A server that has ids of the range left takes others.
        (await company.CaptureAsync(Events.Document(Events.Observation(sent.Item).WithId("urn:test:cold:later")))).Expect(202);
        Assert.NotEqual("0", await OldSchema.ReadAsync(server.Database, "select count(*) from event_body where record_id > 60000000"));

        Assert.Contains("3 events and statements that were erased", (await RunAsync(server, temporary, "restore", archive)).Expect(0), StringComparison.Ordinal);

        await server.GetCoveringCheckpointAsync();
        Assert.Contains("\"erased\"", Reasons(server, (await server.GetAsync(sent.Evidence[0], company.ApiKey)).Expect(200).Bytes), StringComparison.Ordinal);
        var root = Verify(server, (await server.GetAsync(sent.Evidence[2], company.ApiKey)).Expect(200).Bytes);
        Assert.DoesNotContain(root.Checks, static c => c.Outcome == Outcome.Failed);
        Assert.Contains(root.Checks, static c => c is { Name: CheckNames.Event, Outcome: Outcome.Passed }); // the other event under the root
        Assert.DoesNotContain("urn:test:cold:1\"", (await server.GetAsync(sent.Query, company.ApiKey)).Expect(200).Body, StringComparison.Ordinal);
        // The file still has it; written anew it has not.
        var anew = temporary.PathOf("anew");
        (await RunAsync(server, temporary, "export", "3", "--out", anew)).Expect(0);
        Assert.True(new FileInfo(anew).Length < new FileInfo(archive).Length);
        await FsckAsync(server);
    }

    [Fact]
    public async Task Export_WhileSomethingIsBeingErased_WaitsAndHasItNoMore()
    {
        using var temporary = new TemporaryFolder();
        var (early, archive) = (temporary.PathOf("early.jsonl"), temporary.PathOf("archive-3.jsonl"));
        await using var server = await StartAsync();
        var company = await server.AddOrganisationAsync("tea");
        await CaptureAsync(server, company);
        await CloseAsync(server);
        await server.GetCoveringCheckpointAsync();
        (await RunAsync(server, temporary, "export", "3", "--out", early)).Expect(0);
        var index = await OldSchema.ReadAsync(server.Database, "select e.leaf_index from log_entry e join record r on r.id = e.record_id where r.event_id = 'urn:test:cold:2'");

        // The erasure is held before its first row, and so does not end.
        await using var connection = await server.Database.OpenConnectionAsync(Cancellation);
        await using var hold = await connection.BeginTransactionAsync(Cancellation);
        await using (var table = new Npgsql.NpgsqlCommand("lock table erasure in share mode", connection, hold))
        {
            await table.ExecuteNonQueryAsync(Cancellation);
        }
        var erasing = RunVerbAsync(server, temporary, "erase", index, "--reason", "asked for");
        await WaitingAsync("erasure", "relation");
        var exporting = RunAsync(server, temporary, "export", "3", "--out", archive);
        await WaitingAsync("export", "advisory");
        Assert.False(exporting.IsCompleted);
        await hold.RollbackAsync(Cancellation);

        (await erasing).Expect(0);
        (await exporting).Expect(0);
        Assert.True(new FileInfo(archive).Length < new FileInfo(early).Length);
        (await RunAsync(server, temporary, "drop", "3", "--file", archive)).Expect(0); // It is what the tables hold.

        Task WaitingAsync(string who, string lockType) => Eventually.TrueAsync($"{who} that waits for a lock", async () =>
            await OldSchema.ReadAsync(server.Database, $"select count(*) from pg_locks where not granted and locktype = '{lockType}' and database = (select oid from pg_database where datname = current_database())") == "1");
    }

    /// <summary>What was captured, and where to ask for it.</summary>
    private sealed record Sent(string Item, string Statement, string Answer, IReadOnlyList<string> Evidence, string Query, string Page);

    private Task<RunningServer> StartAsync() =>
        RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?> { ["Storage__PartitionIds"] = "10000", ["Storage__PartitionsAhead"] = "1" });

    /// <summary>A statement in document form, one in root form with two events, and a custodial one with a measurement.</summary>
    private static async Task<Sent> CaptureAsync(RunningServer server, TestOrganisation company)
    {
        var item = company.NewItem();
        var key = await company.RegisterKeyAsync();
        // The first custodial capture takes a block of ids, the rest of which the server gives up when it stops.
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        await server.GetCoveringCheckpointAsync();
        await server.StopAsync();
        await OldSchema.ExecuteAsync(server.Database, $"select setval('capture_id', {FirstId}, false)");
        await server.StartAgainAsync();
        var statement = TestOrganisation.SignDocument(key, Events.Document(Events.Commissioning(item).WithId("urn:test:cold:1")));
        var answer = (await company.SendStatementAsync(statement)).Expect(202);
        var root = (await company.CaptureRootAsync(key, Events.Observation(item, "packing").WithId("urn:test:cold:2").ToJsonString(), Events.Observation(item, Events.PrivateStep).ToJsonString())).Expect(202);
        var measured = Events.Observation(item, "sensor_reporting").With(
            "sensorElementList", """[{"sensorMetadata":{"time":"2026-04-05T00:00:00Z"},"sensorReport":[{"type":"Temperature","value":21.5,"uom":"CEL"}]}]""");
        var custodial = (await company.CaptureAsync(Events.Document(measured, Events.Shipment(item, $"https://id.gs1.org/414/952100000000{CheckDigit.Compute("952100000000")}")))).Expect(202);
        return new Sent(
            item,
            statement,
            answer.Body,
            [.. new[] { answer, root, custodial }.SelectMany(static a => a.Json.GetProperty("events").EnumerateArray()).Select(static e => $"/evidence?event={Uri.EscapeDataString(e.GetProperty("eventHash").GetString()!)}"),
                $"/evidence?item={Uri.EscapeDataString(item)}"], // Each line has one.
            $"/epcis/events?MATCH_anyEPCClass={Uri.EscapeDataString(item)}",
            new Uri(item).AbsolutePath);
    }

    /// <summary>Has the sequence at the next partition, so that the one with the content is full.</summary>
    private static Task CloseAsync(RunningServer server) => OldSchema.ExecuteAsync(server.Database, "select setval('capture_id', 60000001, false)");

    private static async Task<List<byte[]>> ReadEvidenceAsync(RunningServer server, TestOrganisation company, Sent sent)
    {
        var bundles = new List<byte[]>();
        foreach (var path in sent.Evidence)
        {
            bundles.Add((await server.GetAsync(path, company.ApiKey)).Expect(200).Bytes);
        }
        return bundles;
    }

    private static VerificationReport Verify(RunningServer server, byte[] bytes)
    {
        Assert.True(EvidenceBundle.TryParse(bytes, out var bundle, out var error), error);
        return EvidenceVerifier.Verify(bundle, server.Registry.Trust, null, new VerifierCache());
    }

    private static void AssertSound(RunningServer server, byte[] bundle) => Assert.DoesNotContain(
        Verify(server, bundle).Checks, static c => c.Outcome != Outcome.Passed && c.Name is not (CheckNames.Anchor or CheckNames.Anchored));

    private static string Reasons(RunningServer server, byte[] bundle) => JsonSerializer.Serialize(Verify(server, bundle).Checks.Select(static c => c.Code));

    private static async Task FsckAsync(RunningServer server)
    {
        using var cli = new CliProcess();
        cli.Write("trust.json", Encoding.UTF8.GetString(server.Registry.Trust.ToUtf8()));
        (await cli.RunAsync("fsck", "--server", server.BaseUrl, "--trust", "trust.json", "--rpc", server.RpcUrl)).Expect(0);
    }

    private static async Task<string> DamageAsync(TemporaryFolder temporary, string archive)
    {
        var bytes = await File.ReadAllBytesAsync(archive, Cancellation);
        await File.WriteAllBytesAsync(temporary.PathOf("damaged"), bytes[..(bytes.Length / 2)], Cancellation);
        return temporary.PathOf("damaged");
    }

    private static Task<ProgramResult> RunAsync(RunningServer server, TemporaryFolder temporary, params string[] arguments) => RunVerbAsync(server, temporary, ["archive", .. arguments]);

    private static async Task<ProgramResult> RunVerbAsync(RunningServer server, TemporaryFolder temporary, params string[] arguments)
    {
        var config = temporary.PathOf("trustchain.json");
        await File.WriteAllTextAsync(config, new JsonObject { ["TrustChain"] = new JsonObject { ["Database"] = server.ConnectionString } }.ToJsonString(), Cancellation);
        return await Publication.RunAsync("dotnet", [ServerProcess.PathOf("TrustChain.Server", "trustchain-server"), .. arguments, "--config", config]);
    }
}
