using System.Security.Cryptography;
using System.Text;
using Npgsql;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Partitions;

/// <summary>A database as a version before partitions left it: its schema, made by the same scripts, and content.</summary>
internal static class OldSchema
{
    private const string Newest = "0009_servers";

    public static async Task<NpgsqlDataSource> CreateAsync(SharedStack stack, int statements)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var name = $"old_{Guid.NewGuid():N}";
        await using (var maintenance = NpgsqlDataSource.Create(stack.Postgres.ConnectionString + ";Pooling=false"))
        await using (var create = maintenance.CreateCommand($"create database {name}"))
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        var database = NpgsqlDataSource.Create(stack.Postgres.ConnectionStringTo(name) + ";Pooling=false");
        await ExecuteAsync(database, "create table schema_migration (name text primary key, sha256 bytea not null, applied_at timestamptz not null default now())");
        foreach (var path in Directory.GetFiles(Repository.PathOf("src/TrustChain.Postgres/Migrations"), "*.sql").Order(StringComparer.Ordinal))
        {
            var script = Path.GetFileNameWithoutExtension(path);
            if (string.CompareOrdinal(script, Newest) > 0)
            {
                continue;
            }
            var sql = (await File.ReadAllTextAsync(path, cancellationToken)).ReplaceLineEndings("\n");
            await ExecuteAsync(database, sql);
            await using var record = database.CreateCommand("insert into schema_migration (name, sha256) values ($1, $2)");
            record.Parameters.Add(new() { Value = script });
            record.Parameters.Add(new() { Value = SHA256.HashData(Encoding.UTF8.GetBytes(sql)) });
            await record.ExecuteNonQueryAsync(cancellationToken);
        }
        // As captures write them: ids of statements and of their records from one sequence, in blocks.
        await ExecuteAsync(database, $"""
            select setval('capture_id', {((statements * 2) / 10_000 * 10_000) + 1});
            insert into statement_body select i * 2, sha256(i::text::bytea), null from generate_series(1, {statements}) i;
            insert into event_body select i * 2 + 1, sha256(i::text::bytea), null, 1, true, now(), now(), i % 7, i % 5, null, null from generate_series(1, {statements}) i;
            insert into record_measure select i % 3, i, i * 2 + 1 from generate_series(1, {statements}) i;
            """);
        return database;
    }

    public static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public static async Task<string> ReadAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return Convert.ToString(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture) ?? "";
    }
}
