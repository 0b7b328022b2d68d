using Npgsql;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Log;

/// <summary>What the database itself refuses, even to its owner.</summary>
public sealed class AppendOnlyTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    public static TheoryData<string, string> Tables => new()
    {
        { "statement", "received_at" },
        { "record", "event_time" },
        { "record_item", "role" },
        { "event_id_claim", "event_hash" },
        { "public_entry", "body" },
        { "log_entry", "leaf_index" },
        { "checkpoint", "note" },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task Table_UpdateDeleteAndTruncate_AreRefused(string table, string column)
    {
        var company = await fixture.Server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem()).WithId($"urn:test:{table}")))).Expect(202);
        await fixture.Server.GetCoveringCheckpointAsync();
        var before = await ScalarAsync($"select count(*) from {table}");
        Assert.True(before > 0, $"{table} is empty: the test would prove nothing.");

        foreach (var sql in (string[])[$"update {table} set {column} = {column}", $"delete from {table}", $"delete from {table} where false", $"truncate {table}"])
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync($"{sql}; select 0::bigint"));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
            Assert.Contains("append-only", refusal.MessageText, StringComparison.Ordinal);
        }

        Assert.Equal(before, await ScalarAsync($"select count(*) from {table}"));
    }

    private async Task<long> ScalarAsync(string sql)
    {
        await using var command = fixture.Server.Database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // A count.
    }
}
