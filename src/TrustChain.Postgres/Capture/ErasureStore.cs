using Npgsql;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Partitions;

namespace TrustChain.Postgres.Capture;

/// <summary>What came of asking for an erasure.</summary>
public abstract record ErasureResult
{
    private ErasureResult()
    {
    }

    /// <summary>The content is gone from the database.</summary>
    /// <param name="Records">Records without content now: more than one where the statement itself was the content.</param>
    /// <param name="Files">Partitions whose content was written to a file, which has it still.</param>
    public sealed record Erased(int Records, IReadOnlyList<int> Files) : ErasureResult;

    /// <summary>There is no record under this leaf index.</summary>
    public sealed record NotFound : ErasureResult;

    /// <summary>It was erased before.</summary>
    public sealed record AlreadyErased(DateTimeOffset At) : ErasureResult;

    /// <summary>
    /// In document form the statement is the content of all its records, also of those that were recorded before and that it repeats: erasing one erases all. So many records would go.
    /// </summary>
    public sealed record NeedsWholeStatement(int Records) : ErasureResult;

    /// <summary>The record is telemetry: what was computed from it would remain.</summary>
    public sealed record IsTelemetry : ErasureResult;
}

/// <summary>Erases the content of records: digests, salts of records and their place in the log stay, so that what can be proven without the content still is.</summary>
public sealed class ErasureStore(NpgsqlDataSource database, TimeProvider time)
{
    internal const long AdvisoryLock = 0x5472757374457261; // "TrustEra": taken shared by who writes a statement that repeats records

    private sealed record Found(long RecordId, int OrganisationId, bool IsTelemetry, DateTimeOffset? ErasedAt);

    /// <summary>The records that lose their content, and the statements in document form that hold it.</summary>
    private sealed record Scope(long[] Records, long[] Statements);

    /// <summary>Erases what the record at a leaf index holds, and writes an audit entry of the operator; all or nothing.</summary>
    /// <param name="leafIndex">The record's place in the log.</param>
    /// <param name="reason">Kept with the erasure, for the operator.</param>
    /// <param name="wholeStatement">Whether the other records of a statement in document form may go with it.</param>
    /// <param name="cancellationToken">Cancels before anything is committed.</param>
    public async Task<ErasureResult> EraseAsync(long leafIndex, string reason, bool wholeStatement, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // An archive that is being brought back has read what was erased before, and would bring this back; one that is being written would have it still, and nobody would be told.
        // For that it waits as long as it takes; for captures no longer than others do, since further ones wait behind it.
        var locks = $"set local lock_timeout = 0; select pg_advisory_xact_lock({ArchiveStore.AdvisoryLock}); set local lock_timeout to default; select pg_advisory_xact_lock({AdvisoryLock})";
        await using (var alone = new NpgsqlCommand(locks, connection) { CommandTimeout = 0 })
        {
            await alone.ExecuteNonQueryAsync(cancellationToken);
        }
        if (await FindAsync(connection, leafIndex, cancellationToken) is not { } found)
        {
            return new ErasureResult.NotFound();
        }
        if (found.ErasedAt is { } at)
        {
            return new ErasureResult.AlreadyErased(at);
        }
        if (found.IsTelemetry)
        {
            return new ErasureResult.IsTelemetry();
        }
        var scope = await FindScopeAsync(connection, found.RecordId, cancellationToken);
        if (scope.Records.Length > 1 && !wholeStatement)
        {
            return new ErasureResult.NeedsWholeStatement(scope.Records.Length);
        }
        var count = await EraseAsync(connection, scope, reason, cancellationToken);
        var files = await ListFilesAsync(connection, scope, cancellationToken);
        await new AuditStore(database, time).AddAsync(
            connection, new AuditAct(found.OrganisationId, "operator", "content-erased", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"entry {leafIndex}, {count} records"), ""), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ErasureResult.Erased(count, files);
    }

    private static async Task<Found?> FindAsync(NpgsqlConnection connection, long leafIndex, CancellationToken cancellationToken)
    {
        const string Sql = """
            select r.id, r.organisation_id, exists (select from telemetry t where t.record_id = r.id), x.erased_at
            from log_entry e join record r on r.id = e.record_id left join erasure x on x.record_id = r.id
            where e.leaf_index = $1
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = leafIndex } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new Found(reader.GetInt64(0), reader.GetInt32(1), reader.GetBoolean(2), reader.IsDBNull(3) ? null : reader.GetFieldValue<DateTimeOffset>(3))
            : null;
    }

    /// <summary>The record, and those of every statement in document form that holds it or one of those.</summary>
    private static async Task<Scope> FindScopeAsync(NpgsqlConnection connection, long recordId, CancellationToken cancellationToken)
    {
        const string Sql = """
            with recursive gone as (
                select $1 as id
                union
                select o.id from gone g cross join lateral (
                    select s.id from record r join statement s on s.id = r.statement_id where r.id = g.id and s.form = $2
                    union all
                    select p.statement_id from statement_repeat p where p.record_id = g.id
                ) as holder (statement_id) join record o using (statement_id)
            )
            select r.id, r.statement_id, s.form = $2 from gone join record r using (id) join statement s on s.id = r.statement_id
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = recordId }, new() { Value = (short)StatementForm.Document } } };
        var (records, statements) = (new List<long>(), new HashSet<long>());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            records.Add(reader.GetInt64(0));
            if (reader.GetBoolean(2))
            {
                statements.Add(reader.GetInt64(1));
            }
        }
        return new Scope([.. records], [.. statements]);
    }

    private async Task<int> EraseAsync(NpgsqlConnection connection, Scope scope, string reason, CancellationToken cancellationToken)
    {
        // In root form the signed root and the leaf hashes stay: they prove the other events of the statement.
        const string Sql = """
            with gone as (
                insert into erasure (record_id, erased_at, reason) select id, $3, $4 from unnest($1) as id
                on conflict (record_id) do nothing returning record_id
            ), events as (delete from event_body where record_id = any ($1)
            ), measures as (delete from record_measure where record_id = any ($1)
            ), maintenance as (delete from device_maintenance where record_id = any ($1)
            ), statements as (delete from statement_body where statement_id = any ($2))
            select count(*)::int from gone
            """;
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long[]> { TypedValue = scope.Records }, new NpgsqlParameter<long[]> { TypedValue = scope.Statements },
                new() { Value = time.GetUtcNow().UtcDateTime }, new() { Value = reason },
            },
        };
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!; // A count has a value.
    }

    private static async Task<IReadOnlyList<int>> ListFilesAsync(NpgsqlConnection connection, Scope scope, CancellationToken cancellationToken)
    {
        const string Sql = """
            select p.number from content_partition p join content_archive a on a.partition = p.number
            where exists (select from unnest($1) as id where id >= p.from_id and id < p.before_id)
            order by p.number
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. scope.Records, .. scope.Statements] } } };
        var numbers = new List<int>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            numbers.Add(reader.GetInt32(0));
        }
        return numbers;
    }
}
