using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace TrustChain.Postgres.Database;

/// <summary>A migration that cannot be applied to this database; the message says what to do.</summary>
public sealed class MigrationException(string message) : Exception(message);

/// <summary>How a database's schema stands to this program.</summary>
/// <param name="Missing">Migrations that are still to be applied.</param>
/// <param name="Unknown">Migrations of a newer program.</param>
/// <param name="Changed">Migrations whose text is another than the one that was applied.</param>
/// <param name="Applied">How many were applied; 0: the database is empty.</param>
public sealed record SchemaState(IReadOnlyList<string> Missing, IReadOnlyList<string> Unknown, IReadOnlyList<string> Changed, int Applied);

/// <summary>
/// Applies the embedded scripts <c>NNNN_name.sql</c> in order, each in a transaction, under an advisory lock, and records the SHA-256 of each. A database
/// that has a script this program does not know, or another content under a known name, is refused.
/// </summary>
public static class Migrator
{
    private const long AdvisoryLock = 0x54727573744D6967; // "TrustMig"
    private const int LockPatienceMilliseconds = 900; // less than deadlock_timeout, so that it is never a server whose query is ended

    private static readonly TimeSpan LockPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Brings the schema up to date.</summary>
    /// <returns>Names of the scripts applied now.</returns>
    /// <exception cref="MigrationException">The schema is newer than this program, or a script was changed after it had been applied.</exception>
    public static async Task<IReadOnlyList<string>> ApplyAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var scripts = ReadScripts();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // Another server may be migrating for minutes.
        await ExecuteAsync(connection, $"set lock_timeout = 0; select pg_advisory_lock({AdvisoryLock})", cancellationToken);
        try
        {
            await ExecuteAsync(
                connection,
                "create table if not exists schema_migration (name text primary key, sha256 bytea not null, applied_at timestamptz not null default now())",
                cancellationToken);
            var applied = await ReadAppliedAsync(connection, cancellationToken);
            if (applied.Keys.Except(scripts.Keys).FirstOrDefault() is { } unknown)
            {
                throw new MigrationException($"The database has migration {unknown}, which this program does not know; run a newer server.");
            }
            var done = new List<string>();
            foreach (var (name, sql) in scripts)
            {
                var digest = SHA256.HashData(Encoding.UTF8.GetBytes(sql));
                if (applied.TryGetValue(name, out var known))
                {
                    if (!known.AsSpan().SequenceEqual(digest))
                    {
                        throw new MigrationException($"Migration {name} was changed after it had been applied to this database: run the program it belongs to. A migration that was released is never edited; a change is a new one.");
                    }
                    continue;
                }
                await ApplyPatientlyAsync(connection, name, sql, digest, cancellationToken);
                done.Add(name);
            }
            return done;
        }
        finally
        {
            await ExecuteAsync(connection, $"select pg_advisory_unlock({AdvisoryLock}); reset lock_timeout", CancellationToken.None);
        }
    }

    /// <summary>
    /// Applies a script while servers of the previous version work on its tables. Whoever waits for a table's lock makes everybody behind it wait, so it gives
    /// up after a moment, lets them through and tries again.
    /// </summary>
    private static async Task ApplyPatientlyAsync(NpgsqlConnection connection, string name, string sql, byte[] digest, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                await ExecuteAsync(connection, $"set local lock_timeout = '{LockPatienceMilliseconds}ms'", cancellationToken);
                await ExecuteAsync(connection, sql, cancellationToken);
                await using var record = new NpgsqlCommand("insert into schema_migration (name, sha256) values ($1, $2)", connection)
                {
                    Parameters = { new() { Value = name }, new() { Value = digest } },
                };
                await record.ExecuteNonQueryAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return;
            }
            catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                if (Stopwatch.GetElapsedTime(start) > Patience)
                {
                    throw new MigrationException(
                        $"Migration {name} did not get the lock of a table within {Patience.TotalMinutes:0} minutes: something uses it all the time, such as pg_dump. See pg_stat_activity for what it is, end it, and start again.");
                }
            }
            await Task.Delay(LockPause, cancellationToken);
        }
    }

    /// <summary>Compares the schema with what this program brings, changing nothing.</summary>
    public static async Task<SchemaState> ReadStateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var scripts = ReadScripts();
        await using var probe = new NpgsqlCommand("select to_regclass('schema_migration') is not null", connection);
        var applied = (bool)(await probe.ExecuteScalarAsync(cancellationToken))! ? await ReadAppliedAsync(connection, cancellationToken) : []; // An expression has a value.
        return new SchemaState(
            [.. scripts.Keys.Where(name => !applied.ContainsKey(name))],
            [.. applied.Keys.Except(scripts.Keys).Order(StringComparer.Ordinal)],
            [.. scripts.Where(s => applied.TryGetValue(s.Key, out var known) && !known.AsSpan().SequenceEqual(SHA256.HashData(Encoding.UTF8.GetBytes(s.Value)))).Select(static s => s.Key)],
            applied.Count);
    }

    private static SortedDictionary<string, string> ReadScripts()
    {
        var assembly = typeof(Migrator).Assembly;
        var scripts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(static n => n.EndsWith(".sql", StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!; // The name was just listed.
            using var reader = new StreamReader(stream);
            scripts.Add(name[..^4], reader.ReadToEnd().ReplaceLineEndings("\n"));
        }
        return scripts;
    }

    private static async Task<Dictionary<string, byte[]>> ReadAppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var applied = new Dictionary<string, byte[]>();
        await using var command = new NpgsqlCommand("select name, sha256 from schema_migration", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            applied.Add(reader.GetString(0), reader.GetFieldValue<byte[]>(1));
        }
        return applied;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 }; // A script may read whole tables.
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
