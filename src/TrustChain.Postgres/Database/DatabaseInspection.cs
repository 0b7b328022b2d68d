using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Postgres.Log;

namespace TrustChain.Postgres.Database;

/// <summary>What an operator should know of the database server; read without changing anything.</summary>
public sealed record DatabaseServer
{
    /// <summary>As <c>server_version_num</c>: 150004 is 15.4.</summary>
    public required int Version { get; init; }

    /// <summary>The database's encoding; must be UTF8.</summary>
    public required string Encoding { get; init; }

    /// <summary>A standby takes no writes.</summary>
    public required bool IsStandby { get; init; }

    public required bool Fsync { get; init; }

    public required bool FullPageWrites { get; init; }

    /// <summary>As this session has it.</summary>
    public required string SynchronousCommit { get; init; }

    /// <summary>Connections that ordinary roles may have.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>Connections that are open now, to any database.</summary>
    public required int OpenConnections { get; init; }

    /// <summary>Bytes that the database takes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Whether this role may make tables, which migrating needs.</summary>
    public required bool MayCreate { get; init; }

    /// <summary>Path on the database's own machine; null where this role may not know it.</summary>
    public required string? DataFolder { get; init; }

    /// <summary>What is wrong with archiving WAL; null when segments are archived.</summary>
    public required string? ArchiveFault { get; init; }
}

/// <summary>What in the database opens only under the custodial master key it was sealed with.</summary>
/// <param name="Keys">Kid, organisation and sealed secret of every key that the service holds and that was not revoked.</param>
/// <param name="ProtectionKeys">The elements of the keys that protect cookies and the secrets of one-time codes.</param>
/// <param name="CodeSecrets">Protected secrets of those who sign in with one-time codes.</param>
public sealed record SealedContent(IReadOnlyList<(string Kid, string Organisation, string Secret)> Keys, IReadOnlyList<string> ProtectionKeys, IReadOnlyList<string> CodeSecrets);

/// <summary>What the database says of the log; every part null where there is none yet.</summary>
/// <param name="Origin">The log's name.</param>
/// <param name="State">Its size and root.</param>
/// <param name="Checkpoint">The newest signed checkpoint.</param>
public sealed record LogInspection(string? Origin, LogState? State, StoredCheckpoint? Checkpoint, long Queued);

/// <summary>Reads what an operator should know of a database. Changes nothing.</summary>
public static class DatabaseInspection
{
    public static async Task<DatabaseServer> ReadServerAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string Sql = """
            select current_setting('server_version_num')::int, pg_encoding_to_char(encoding), pg_is_in_recovery(),
                current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on', current_setting('synchronous_commit'),
                current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
                (select coalesce(sum(numbackends), 0)::int from pg_stat_database), pg_database_size(oid),
                coalesce(has_schema_privilege(current_schema(), 'create'), false),
                case when pg_has_role('pg_read_all_settings', 'usage') then current_setting('data_directory') end,
                case when current_setting('archive_mode') = 'off' then 'archive_mode is off'
                    when current_setting('archive_command') = '' and coalesce(current_setting('archive_library', true), '') = '' then 'archive_mode is on, but archive_command is empty'
                    when a.last_failed_time > coalesce(a.last_archived_time, '-infinity') then 'archiving fails since ' || a.last_failed_time || ' at ' || a.last_failed_wal end
            from pg_database, pg_stat_archiver a where datname = current_database()
            """;
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken); // One row: the database of the connection.
        return new DatabaseServer
        {
            Version = reader.GetInt32(0),
            Encoding = reader.GetString(1),
            IsStandby = reader.GetBoolean(2),
            Fsync = reader.GetBoolean(3),
            FullPageWrites = reader.GetBoolean(4),
            SynchronousCommit = reader.GetString(5),
            MaxConnections = reader.GetInt32(6),
            OpenConnections = reader.GetInt32(7),
            SizeBytes = reader.GetInt64(8),
            MayCreate = reader.GetBoolean(9),
            DataFolder = reader.IsDBNull(10) ? null : reader.GetString(10),
            ArchiveFault = reader.IsDBNull(11) ? null : reader.GetString(11),
        };
    }

    /// <summary>The database's clock.</summary>
    public static async Task<DateTimeOffset> ReadClockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select clock_timestamp()", connection);
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!); // A function has a value.
    }

    /// <summary>The log, in a database whose schema is up to date.</summary>
    public static async Task<LogInspection> ReadLogAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string Sql = """
            select s.origin, s.size, s.root, c.size, c.root, c.note, c.signed_at, (select count(*) from log_queue)
            from (select 1) one
            left join log_state s on true
            left join lateral (select * from checkpoint order by size desc limit 1) c on true
            """;
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken); // One row, whatever the tables hold.
        return new LogInspection(
            reader.IsDBNull(0) ? null : reader.GetString(0),
            reader.IsDBNull(0) ? null : new LogState(reader.GetInt64(1), new Hash32(reader.GetFieldValue<byte[]>(2))),
            reader.IsDBNull(3) ? null : new StoredCheckpoint(reader.GetInt64(3), new Hash32(reader.GetFieldValue<byte[]>(4)), reader.GetString(5), reader.GetFieldValue<DateTimeOffset>(6)),
            reader.GetInt64(7));
    }

    /// <summary>What was sealed under the custodial master key, in a database whose schema is up to date.</summary>
    public static async Task<SealedContent> ReadSealedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string Sql = """
            select k.kid, o.code, k.secret from signing_key k join organisation o on o.id = k.organisation_id where k.secret is not null and k.revoked_at is null;
            select element from protection_key;
            select authenticator_key from person where authenticator_key is not null and two_factor and disabled_at is null
            """;
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var keys = new List<(string, string, string)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        }
        return new SealedContent(keys, await ReadTextsAsync(), await ReadTextsAsync());

        async Task<IReadOnlyList<string>> ReadTextsAsync()
        {
            var texts = new List<string>();
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                texts.Add(reader.GetString(0));
            }
            return texts;
        }
    }

    /// <summary>The root that was signed under exactly this size; null when none was.</summary>
    public static async Task<Hash32?> FindSignedRootAsync(NpgsqlConnection connection, long size, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select root from checkpoint where size = $1", connection) { Parameters = { new() { Value = size } } };
        return await command.ExecuteScalarAsync(cancellationToken) is byte[] root ? new Hash32(root) : null;
    }

    /// <summary>The hash of the first block that is remembered for an anchoring target; null when none is.</summary>
    public static async Task<string?> FindGenesisAsync(NpgsqlConnection connection, string target, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select genesis from anchor_target where name = $1", connection) { Parameters = { new() { Value = target } } };
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }
}
