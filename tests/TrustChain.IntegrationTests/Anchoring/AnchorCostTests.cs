using Npgsql;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Anchoring;
using TrustChain.Server.Anchoring;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>What anchors cost is added up once for everybody who asks in the same two seconds.</summary>
public sealed class AnchorCostTests(FreshServerFixture fixture) : IClassFixture<FreshServerFixture>
{
    private NpgsqlDataSource Database => fixture.Server.Database;

    [Fact]
    public async Task Cost_AskedForByMany_IsAddedUpOnce()
    {
        var company = await fixture.Server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        await Eventually.TrueAsync("an anchor that cost something", async () =>
            (await fixture.Server.GetAsync("/log/anchors")).Expect(200).Json.GetProperty("targets")[0].TryGetProperty("costPerRecord", out var cost) && cost.ValueKind == System.Text.Json.JsonValueKind.String);
        await fixture.Server.StopAsync(); // It would anchor on.
        var clock = new SetTime();
        var costs = new AnchorCosts(new AnchorStore(Database), clock);
        var first = await costs.GetAsync(AnchorStore.Primary, TestContext.Current.CancellationToken);
        Assert.True(first.Cost > 0 && first.Entries > 0 && first.Anchors > 0);

        await ExecuteAsync("update anchor_transaction set gas_price = gas_price * 2");

        clock.Seconds = 1;
        Assert.Equal(first, await costs.GetAsync(AnchorStore.Primary, TestContext.Current.CancellationToken));
        clock.Seconds = 3;
        Assert.Equal(first.Cost * 2, (await costs.GetAsync(AnchorStore.Primary, TestContext.Current.CancellationToken)).Cost);

        // Of many who ask while it is added up, one reads.
        clock.Seconds = 10;
        await using var connection = await Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand("lock table anchor_transaction in access exclusive mode", connection))
        {
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        var asked = Enumerable.Range(0, 8).Select(_ => costs.GetAsync(AnchorStore.Primary, TestContext.Current.CancellationToken)).ToList();
        await Eventually.TrueAsync("the one that waits for the table", async () => await WaitingAsync() > 0);
        Assert.All(asked, static a => Assert.False(a.IsCompleted));
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        var answers = await Task.WhenAll(asked);

        Assert.All(answers, answer => Assert.Same(answers[0], answer));
    }

    [Fact]
    public async Task AnchorsOfASpanOfTime_AreFoundByAnIndex()
    {
        await using var connection = await Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var explain = new NpgsqlCommand(
            "set enable_seqscan = off; set enable_sort = off; explain select size from anchor where target = 'primary' and block_time < now() - interval '30 days' order by block_time desc, size desc limit 1", connection);
        var plan = new List<string>();
        await using var reader = await explain.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            plan.Add(reader.GetString(0));
        }

        Assert.Contains("anchor_block_time", string.Join('\n', plan), StringComparison.Ordinal);
    }

    private async Task<long> WaitingAsync()
    {
        await using var command = Database.CreateCommand("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // count(*) always answers.
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private sealed class SetTime : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
