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

    /// <summary>In document form the statement is the content of all its records: erasing one erases all.</summary>
    public sealed record NeedsWholeStatement(int Records) : ErasureResult;

    /// <summary>The record is telemetry: what was computed from it would remain.</summary>
    public sealed record IsTelemetry : ErasureResult;
}

/// <summary>Erases the content of records: digests, salts of records and their place in the log stay, so that what can be proven without the content still is.</summary>
public sealed class ErasureStore(NpgsqlDataSource database, TimeProvider time)
{
    private sealed record Found(long RecordId, long StatementId, int OrganisationId, StatementForm Form, int Records, DateTimeOffset? ErasedAt);

    /// <summary>Erases what the record at a leaf index holds, and writes an audit entry of the operator; all or nothing.</summary>
    /// <param name="leafIndex">The record's place in the log.</param>
    /// <param name="reason">Kept with the erasure, for the operator.</param>
    /// <param name="wholeStatement">Whether the other records of a statement in document form may go with it.</param>
    /// <param name="cancellationToken">Cancels before anything is committed.</param>
    public async Task<ErasureResult> EraseAsync(long leafIndex, string reason, bool wholeStatement, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // An archive that is being brought back has read what was erased before, and would bring this back.
        await using (var alone = new NpgsqlCommand("select pg_advisory_xact_lock($1)", connection) { CommandTimeout = 0, Parameters = { new() { Value = ArchiveStore.AdvisoryLock } } })
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
        if (found.Form == StatementForm.Telemetry)
        {
            return new ErasureResult.IsTelemetry();
        }
        var isDocument = found.Form == StatementForm.Document;
        if (isDocument && found.Records > 1 && !wholeStatement)
        {
            return new ErasureResult.NeedsWholeStatement(found.Records);
        }
        var count = await EraseAsync(connection, found, reason, isDocument, cancellationToken);
        var files = await ListFilesAsync(connection, found, isDocument, cancellationToken);
        await new AuditStore(database, time).AddAsync(
            connection, new AuditAct(found.OrganisationId, "operator", "content-erased", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"entry {leafIndex}, {count} records"), ""), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ErasureResult.Erased(count, files);
    }

    private static async Task<Found?> FindAsync(NpgsqlConnection connection, long leafIndex, CancellationToken cancellationToken)
    {
        const string Sql = """
            select r.id, r.statement_id, r.organisation_id, case when exists (select from telemetry t where t.record_id = r.id) then $2 else s.form end,
                (select count(*)::int from record o where o.statement_id = r.statement_id), x.erased_at
            from log_entry e join record r on r.id = e.record_id join statement s on s.id = r.statement_id left join erasure x on x.record_id = r.id
            where e.leaf_index = $1
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = leafIndex }, new() { Value = (short)StatementForm.Telemetry } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new Found(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), (StatementForm)reader.GetInt16(3), reader.GetInt32(4), reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5))
            : null;
    }

    private async Task<int> EraseAsync(NpgsqlConnection connection, Found found, string reason, bool isDocument, CancellationToken cancellationToken)
    {
        // In root form the signed root and the leaf hashes stay: they prove the other events of the statement.
        const string Sql = """
            with gone as (
                insert into erasure (record_id, erased_at, reason) select id, $3, $4 from record where case when $5 then statement_id = $2 else id = $1 end
                on conflict (record_id) do nothing returning record_id
            ), events as (delete from event_body where record_id in (select record_id from gone)
            ), measures as (delete from record_measure where record_id in (select record_id from gone)
            ), statements as (delete from statement_body where $5 and statement_id = $2)
            select count(*)::int from gone
            """;
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new() { Value = found.RecordId }, new() { Value = found.StatementId }, new() { Value = time.GetUtcNow().UtcDateTime }, new() { Value = reason }, new() { Value = isDocument },
            },
        };
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!; // A count has a value.
    }

    private static async Task<IReadOnlyList<int>> ListFilesAsync(NpgsqlConnection connection, Found found, bool isDocument, CancellationToken cancellationToken)
    {
        const string Sql = """
            select p.number from content_partition p join content_archive a on a.partition = p.number
            where exists (select from record r where case when $3 then r.statement_id = $2 else r.id = $1 end and r.id >= p.from_id and r.id < p.before_id) or ($3 and $2 >= p.from_id and $2 < p.before_id)
            order by p.number
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = found.RecordId }, new() { Value = found.StatementId }, new() { Value = isDocument } } };
        var numbers = new List<int>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            numbers.Add(reader.GetInt32(0));
        }
        return numbers;
    }
}
