using Npgsql;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Query;

namespace TrustChain.IntegrationTests.Subscriptions;

/// <summary>What subscriptions read and how many there may be.</summary>
public sealed class SubscriptionBoundsTests(SubscriptionFixture fixture, SharedStack stack) : IClassFixture<SubscriptionFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Stream_AmongLargeEvents_MissesNone()
    {
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        await using var receiver = await Receiver.StartAsync();
        var id = await Server.SubscribeAsync(company, query, new { dest = receiver.Url, stream = true });
        var expected = new List<string>();
        // A read of the log ends by its bytes among events that do not match.
        for (var round = 0; round < 3; round++)
        {
            for (var large = 0; large < 6; large++)
            {
                await company.CaptureAsync(1, "shipping", static e => WithNote(e));
            }
            expected.AddRange(await company.CaptureAsync(1));
            expected.AddRange(await company.CaptureAsync(1, alter: static e => WithNote(e)));
        }

        // All at once, from the beginning of the log on, not one by one as they came. A step under way would not let go of what was changed below it.
        await Eventually.TrueAsync("subscription that nobody works at", async () => await SetAsync(
            "update subscription set next_leaf = 0, initial_record_time = '2000-01-01', max_events = 2 where id = $1 and lease_owner is null", id) == 1);
        await receiver.AwaitTakenAsync(expected.Count);
        await Eventually.TrueAsync("delivery of all from the beginning", () => Task.FromResult(expected.All(e => receiver.Taken.Contains(e))));

        static System.Text.Json.Nodes.JsonObject WithNote(System.Text.Json.Nodes.JsonObject e)
        {
            e["@context"] = new System.Text.Json.Nodes.JsonArray(Events.Context, new System.Text.Json.Nodes.JsonObject { ["ex"] = "http://example.org/ns#" });
            e["ex:note"] = new string('n', 900_000);
            return e;
        }
    }

    [Fact]
    public async Task Subscriptions_AddedAtOnce_StayWithinTheirNumber()
    {
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        await using var receiver = await Receiver.StartAsync();
        var first = await Server.SubscribeAsync(company, query, new { dest = receiver.Url, stream = true });
        await SetAsync($"""
            insert into subscription (id, organisation_id, query_name, destination, extensions, report_if_empty, epc_format, initial_record_time, min_record_time, max_events,
                next_leaf, run_reported, failures, is_stopped, created_at)
            select gen_random_uuid(), organisation_id, query_name, destination, extensions, report_if_empty, epc_format, initial_record_time, min_record_time, max_events,
                next_leaf, run_reported, failures, true, created_at from subscription, generate_series(1, {SubscriptionStore.MaxSubscriptions - 2}) where id = $1
            """, first);

        // They all wait for one that holds the organisation, so each has looked before any has added.
        await using var connection = await Server.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand("select from organisation where code = $1 for no key update", connection) { Parameters = { new() { Value = company.Id } } })
        {
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        var posts = Enumerable.Range(0, 8).Select(_ => Server.PostAsync(Subscribing.PathOf(query), new { dest = receiver.Url, stream = true }, company.ApiKey)).ToList();
        await Eventually.TrueAsync("eight that wait or are answered", async () =>
        {
            await using var waiting = Server.Database.CreateCommand("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
            return (long)(await waiting.ExecuteScalarAsync(TestContext.Current.CancellationToken))! + posts.Count(static p => p.IsCompleted) >= 8; // count(*) always answers.
        });
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        var answers = await Task.WhenAll(posts);

        Assert.Equal(1, answers.Count(static a => a.Status == 201));
        Assert.Equal(7, answers.Count(static a => a.Status == 400));
        Assert.Contains("1000 subscriptions", answers.First(static a => a.Status == 400).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsDue_IsFoundByIndexes()
    {
        // A database that no server looks at, on one connection, which writes its statistics out when told.
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("due"));
        var connection = await FreshDatabase.CreateAsync(stack.Postgres, folder, $"test_{Guid.NewGuid():N}");
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { MaxPoolSize = 1 });
        await ExecuteAsync(database, """
            insert into subscription (id, organisation_id, query_name, destination, extensions, schedule, report_if_empty, epc_format, initial_record_time, min_record_time, max_events,
                next_leaf, next_run_at, run_until_leaf, run_reported, failures, is_stopped, created_at)
            select gen_random_uuid(), (select min(id) from organisation), 'q', 'https://receiver.example/', '', case when n % 2 = 0 then '{"second":"0"}'::jsonb end, false, 'No_Preference', now(), now(), 1,
                case when n = 1 then 5 else 1000 end, case when n % 2 = 0 then '2100-01-01'::timestamptz - case when n = 2 then '99 years'::interval else '0' end end,
                case when n = 4 then 1000 end, false, 0, n % 3 = 0, now() from generate_series(1, 20000) n
            """);
        await ExecuteAsync(database, "analyze subscription");
        var store = new SubscriptionStore(database);
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddYears(1);
        var before = await CountScansAsync(database);

        var taken = await store.TakeAsync(Guid.NewGuid(), now, now, 1000, [], 10, TestContext.Current.CancellationToken);

        // One stream that is behind, one schedule whose time has come, one run under way.
        Assert.Equal([5L, 1000L, 1000L], taken.Select(static s => s.NextLeaf).Order());
        Assert.Equal(before, await CountScansAsync(database));
    }

    private static async Task<long> CountScansAsync(NpgsqlDataSource database)
    {
        await ExecuteAsync(database, "select pg_stat_force_next_flush()");
        await using var command = database.CreateCommand("select seq_scan from pg_stat_user_tables where relname = 'subscription'");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // The table is there.
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private async Task<int> SetAsync(string sql, string id)
    {
        await using var command = Server.Database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = Guid.Parse(id) });
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
