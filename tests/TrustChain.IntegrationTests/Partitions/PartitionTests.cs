using System.Text.Json;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Partitions;

/// <summary>Captures and queries over partitions so small that a few thousand events fill several.</summary>
public sealed class PartitionTests(SharedStack stack)
{
    private static readonly Dictionary<string, string?> Small = new() { ["Storage__PartitionIds"] = "10000", ["Storage__PartitionsAhead"] = "1" };

    /// <summary>Ends just before the partitions that the migration and the first start of a server with other settings made.</summary>
    private const long LastLargeBlock = 59_990_001;

    [Fact]
    public async Task Captures_OverSeveralPartitions_AreFoundAndProven()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, Small);
        await OldSchema.ExecuteAsync(server.Database, $"select setval('capture_id', {LastLargeBlock}, false)");
        var company = await server.AddOrganisationAsync();
        var items = new List<string>();
        for (var i = 0; i < 25; i++) // 25 times 901 ids, from blocks of 10,000: the twelfth and the twenty-third have some of each of two
        {
            var item = company.NewItem();
            items.Add(item);
            var events = Enumerable.Range(0, 900).Select(n => (n == 0 ? Events.Commissioning(item) : Events.Observation(item))
                .With("eventTime", JsonSerializer.Serialize(Time(i + (n * 25)))).ToJsonString());
            (await company.CaptureAsync(Events.Document([.. events]))).Expect(202);
        }
        await server.GetCoveringCheckpointAsync();

        Assert.Equal("22500", await OldSchema.ReadAsync(server.Database, "select count(*) from event_body"));
        Assert.Equal("3", await OldSchema.ReadAsync(server.Database, "select count(distinct tableoid) from event_body"));
        // Some statement has records in two partitions.
        Assert.NotEqual("0", await OldSchema.ReadAsync(server.Database, """
            select count(*) from (select from record r join event_body b on b.record_id = r.id group by r.statement_id having count(distinct b.tableoid) > 1) s
            """));
        foreach (var item in (string[])[items[0], items[11], items[22], items[24]])
        {
            var bundle = await GetBundleAsync(server, company, item);
            Assert.Equal(100, bundle.Records.Count);
            Assert.DoesNotContain(
                EvidenceVerifier.Verify(bundle, server.Registry.Trust, null, new VerifierCache()).Checks,
                static c => c.Outcome != Outcome.Passed && c.Name is not (CheckNames.Anchor or CheckNames.Anchored));
        }
        // Event times go across all partitions; a page is in their order and none is missing.
        var page = (await server.GetAsync("/epcis/events?GE_eventTime=2026-04-05T00:00:00Z&orderBy=eventTime&orderDirection=ASC&perPage=1000", company.ApiKey)).Expect(200);
        var times = page.Json.GetProperty("epcisBody").GetProperty("queryResults").GetProperty("resultsBody").GetProperty("eventList").EnumerateArray()
            .Select(static e => e.GetProperty("eventTime").GetDateTimeOffset()).ToList();
        Assert.Equal(Enumerable.Range(0, 1000).Select(Moment), times);

        // The next partitions are there after a restart as well, and what was sent is not written twice.
        await server.StopAsync();
        await server.StartAgainAsync();
        (await company.CaptureAsync(Events.Document(Events.Observation(items[0])))).Expect(202);
        Assert.True(await server.GetMetricAsync("trustchain_partitions_free") > 0);
    }

    [Fact]
    public async Task Capture_WhoseIdsHaveNoPartition_MakesOneOrTakesOthers()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, Small);
        var company = await server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);

        // The server has a block of ids whose partition is gone, and the next block is beyond the last partition.
        await OldSchema.ExecuteAsync(server.Database, $"select setval('capture_id', {LastLargeBlock + 40_000}, false)");
        foreach (var table in (string[])["statement_body", "event_body", "record_measure"])
        {
            await OldSchema.ExecuteAsync(server.Database, $"alter table {table} detach partition {table}_p1");
        }
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);

        Assert.Equal("1", await OldSchema.ReadAsync(server.Database, $"select count(*) from event_body where record_id > {LastLargeBlock}"));
    }

    private static string Time(int number) => Core.Log.Record.FormatTime(Moment(number));

    private static DateTimeOffset Moment(int number) => new DateTimeOffset(2026, 4, 5, 0, 0, 0, TimeSpan.Zero).AddSeconds(number);

    private static async Task<EvidenceBundle> GetBundleAsync(RunningServer server, TestOrganisation company, string item)
    {
        var answer = (await server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}", company.ApiKey)).Expect(200);
        Assert.True(EvidenceBundle.TryParse(System.Text.Encoding.UTF8.GetBytes(answer.Body), out var bundle, out var error), error);
        return bundle;
    }
}
