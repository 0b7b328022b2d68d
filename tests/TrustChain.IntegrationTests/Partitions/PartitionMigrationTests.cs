using Npgsql;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Partitions;

namespace TrustChain.IntegrationTests.Partitions;

/// <summary>A database with content of the version before becomes partitioned without a row copied, while others work on it.</summary>
public sealed class PartitionMigrationTests(SharedStack stack)
{
    private const string Content = """
        select md5((select string_agg(s::text, '' order by statement_id) from statement_body s) || (select string_agg(e::text, '' order by record_id) from event_body e)
            || (select string_agg(m::text, '' order by record_id) from record_measure m))
        """;

    // A partition has the indexes that the whole table has, so what tells them apart is only the table's name.
    private const string Files = """
        select string_agg(pg_relation_filenode(i.indexrelid)::text, ' ' order by i.indexrelid) || ' ' || pg_relation_filenode('{0}') from pg_index i where i.indrelid = '{0}'::regclass
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Database_WithContent_IsPartitionedWithoutCopying()
    {
        await using var database = await OldSchema.CreateAsync(stack, statements: 5_000);
        var role = $"reader_{Guid.NewGuid():N}";
        await OldSchema.ExecuteAsync(database, $"create role {role}; grant select on event_body to {role}");
        var content = await OldSchema.ReadAsync(database, Content);
        var files = await ReadFilesAsync("");

        var applied = await Migrator.ApplyAsync(database, Cancellation);
        await new PartitionStore(database, PartitionPlan.Default).EnsureAsync(Cancellation);

        Assert.Equal(["0010_content_ranges", "0011_content_checked", "0012_content_partitions"], applied.Take(3));
        Assert.Equal(content, await OldSchema.ReadAsync(database, Content));
        Assert.Equal(files, await ReadFilesAsync("_p1"));
        Assert.Equal("5000", await OldSchema.ReadAsync(database, "select count(*) from event_body_p1"));
        Assert.Equal("0", await OldSchema.ReadAsync(database, "select count(*) from pg_index where not indisvalid"));
        Assert.Equal("", await OldSchema.ReadAsync(database, "select string_agg(conname, ' ') from pg_constraint where conname like 'content_partition_1%'"));
        Assert.Equal("True", await OldSchema.ReadAsync(database, $"select has_table_privilege('{role}', 'event_body', 'select')"));
        // There is a place for ids far ahead, of which servers of the version before may hold blocks.
        Assert.Equal("1 20000001 40000001", await OldSchema.ReadAsync(database, "select string_agg(from_id::text, ' ' order by number) from content_partition where number <= 3"));
        await OldSchema.ExecuteAsync(database, "insert into event_body (record_id, event) values (30000000, '')");
        Assert.Equal("1", await OldSchema.ReadAsync(database, "select count(*) from event_body_p2"));
        foreach (var table in (string[])["record_measure", "record_measure_p1", "record_measure_p2"])
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => OldSchema.ExecuteAsync(database, $"update {table} set value = 0"));
            Assert.Contains("append-only", refusal.MessageText, StringComparison.Ordinal);
        }
        Assert.Empty(await Migrator.ApplyAsync(database, Cancellation));

        async Task<string> ReadFilesAsync(string suffix) =>
            await OldSchema.ReadAsync(database, Files.Replace("{0}", "statement_body" + suffix, StringComparison.Ordinal))
            + await OldSchema.ReadAsync(database, Files.Replace("{0}", "event_body" + suffix, StringComparison.Ordinal))
            + await OldSchema.ReadAsync(database, Files.Replace("{0}", "record_measure" + suffix, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Migration_WhileALongTransactionHoldsATable_LetsOthersThroughAndWaits()
    {
        await using var database = await OldSchema.CreateAsync(stack, statements: 10);
        await using var dump = await database.OpenConnectionAsync(Cancellation);
        await using var transaction = await dump.BeginTransactionAsync(Cancellation);
        await using (var command = new NpgsqlCommand("lock table event_body in access share mode", dump))
        {
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        var migrating = Migrator.ApplyAsync(database, Cancellation);
        await Eventually.TrueAsync("migration that waits for the table", async () => await OldSchema.ReadAsync(
            database, "select count(*) from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() and not l.granted and l.relation = 'event_body'::regclass") == "1");
        await OldSchema.ExecuteAsync(database, "insert into event_body (record_id, event) values (1000, '')"); // It waits behind the migration, which gives way.
        Assert.False(migrating.IsCompleted);
        await transaction.RollbackAsync(Cancellation);

        Assert.Contains("0012_content_partitions", await migrating);
        Assert.Equal("11", await OldSchema.ReadAsync(database, "select count(*) from event_body_p1"));
    }

    [Fact]
    public async Task Database_OfAnotherProgram_IsRefusedWithTheReason()
    {
        await using var database = await OldSchema.CreateAsync(stack, statements: 10);

        await OldSchema.ExecuteAsync(database, "update schema_migration set sha256 = sha256('edited') where name = '0003_log'");
        var changed = await Assert.ThrowsAsync<MigrationException>(() => Migrator.ApplyAsync(database, Cancellation));
        Assert.Contains("0003_log was changed after it had been applied", changed.Message, StringComparison.Ordinal);
        Assert.Equal("9", await OldSchema.ReadAsync(database, "select count(*) from schema_migration")); // Nothing was applied on top.

        await OldSchema.ExecuteAsync(database, "insert into schema_migration (name, sha256) values ('9999_later', '')");
        var newer = await Assert.ThrowsAsync<MigrationException>(() => Migrator.ApplyAsync(database, Cancellation));
        Assert.Contains("9999_later, which this program does not know; run a newer server", newer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Partitions_MadeBySeveralAtOnce_AreMadeOnce()
    {
        await using var database = await OldSchema.CreateAsync(stack, statements: 10);
        await Migrator.ApplyAsync(database, Cancellation);
        await OldSchema.ExecuteAsync(database, "select setval('capture_id', 19990001)");

        var rooms = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => new PartitionStore(database, new PartitionPlan(10_000, 3)).EnsureAsync(Cancellation)));

        Assert.All(rooms, static room => Assert.Equal(20_030_001, room.Before));
        Assert.Equal("0", await OldSchema.ReadAsync(database, "select count(*) from content_partition a join content_partition b on b.number = a.number + 1 where a.before_id <> b.from_id"));
    }
}
