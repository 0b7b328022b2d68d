using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace TrustChain.Postgres.Capture;

/// <summary>
/// Writes a small batch by inserts from arrays, all in one round trip. COPY needs two round trips a table, which a batch of a few records never earns back.
/// </summary>
internal static class CaptureInsert
{
    /// <summary>Batches up to this many records are written this way.</summary>
    public const int MaxRecords = 100;

    public static async Task WriteAsync(
        NpgsqlConnection connection,
        List<(long Id, NewStatement Statement)> statements,
        List<(long Id, long StatementId, NewStatement Statement, NewRecord Record)> records,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Command(
                    """
                    insert into statement (id, digest, organisation_id, kid, key_entry, custody, form, event_count, received_at, job_id)
                    select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                    """,
                    Column(statements, NpgsqlDbType.Bigint, static s => s.Id),
                    Column(statements, NpgsqlDbType.Bytea, static s => s.Statement.Digest.ToArray()),
                    Column(statements, NpgsqlDbType.Integer, static s => s.Statement.OrganisationId),
                    Column(statements, NpgsqlDbType.Text, static s => s.Statement.Kid),
                    Column(statements, NpgsqlDbType.Bigint, static s => s.Statement.KeyEntry),
                    Column(statements, NpgsqlDbType.Smallint, static s => (short)s.Statement.Custody),
                    Column(statements, NpgsqlDbType.Smallint, static s => (short)s.Statement.Form),
                    Column(statements, NpgsqlDbType.Integer, static s => s.Statement.Count),
                    Column(statements, NpgsqlDbType.TimestampTz, static s => s.Statement.ReceivedAt.UtcDateTime),
                    Column<(long, NewStatement Statement), string?>(statements, NpgsqlDbType.Text, static s => s.Statement.JobId)),
                Command(
                    "insert into statement_body (statement_id, jws, leaves) select * from unnest($1, $2, $3)",
                    Column(statements, NpgsqlDbType.Bigint, static s => s.Id),
                    Column(statements, NpgsqlDbType.Bytea, static s => s.Statement.Jws),
                    Column<(long, NewStatement Statement), byte[]?>(statements, NpgsqlDbType.Bytea, static s => s.Statement.Leaves)),
                Command(
                    """
                    insert into record (id, statement_id, position, organisation_id, identity, event_hash, event_id, event_time, is_public, is_declaration, salt)
                    select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                    """,
                    Column(records, NpgsqlDbType.Bigint, static r => r.Id),
                    Column(records, NpgsqlDbType.Bigint, static r => r.StatementId),
                    Column(records, NpgsqlDbType.Integer, static r => r.Record.Position),
                    Column(records, NpgsqlDbType.Integer, static r => r.Statement.OrganisationId),
                    Column(records, NpgsqlDbType.Uuid, static r => r.Record.Identity),
                    Column(records, NpgsqlDbType.Bytea, static r => r.Record.EventHash.ToArray()),
                    Column<(long, long, NewStatement, NewRecord Record), string?>(records, NpgsqlDbType.Text, static r => r.Record.EventId),
                    Column(records, NpgsqlDbType.TimestampTz, static r => r.Record.EventTime.UtcDateTime),
                    Column(records, NpgsqlDbType.Boolean, static r => r.Record.IsPublic),
                    Column(records, NpgsqlDbType.Boolean, static r => r.Record.IsDeclaration),
                    Column(records, NpgsqlDbType.Bytea, static r => r.Record.Salt)),
                Command(
                    // Arrays of arrays are rectangular in PostgreSQL, so the parties travel as JSON.
                    """
                    insert into event_body (record_id, event, event_salt, organisation_id, is_public, event_time, record_time, event_type, biz_step, disposition, parties)
                    select id, event, salt, organisation, public, happened, recorded, type, step, disposition,
                           case when parties is not null then array(select jsonb_array_elements_text(parties::jsonb)) end
                    from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                        as new(id, event, salt, organisation, public, happened, recorded, type, step, disposition, parties)
                    """,
                    Column(records, NpgsqlDbType.Bigint, static r => r.Id),
                    Column(records, NpgsqlDbType.Bytea, static r => r.Record.Event.ToArray()),
                    Column<(long, long, NewStatement, NewRecord Record), byte[]?>(records, NpgsqlDbType.Bytea, static r => r.Record.EventSalt),
                    Column(records, NpgsqlDbType.Integer, static r => r.Statement.OrganisationId),
                    Column(records, NpgsqlDbType.Boolean, static r => r.Record.IsPublic),
                    Column(records, NpgsqlDbType.TimestampTz, static r => r.Record.EventTime.UtcDateTime),
                    Column(records, NpgsqlDbType.TimestampTz, static r => r.Statement.ReceivedAt.UtcDateTime),
                    Column(records, NpgsqlDbType.Bigint, static r => r.Record.Index.EventType),
                    Column<(long, long, NewStatement, NewRecord Record), long?>(records, NpgsqlDbType.Bigint, static r => r.Record.Index.BizStep),
                    Column<(long, long, NewStatement, NewRecord Record), long?>(records, NpgsqlDbType.Bigint, static r => r.Record.Index.Disposition),
                    Column<(long, long, NewStatement, NewRecord Record), string?>(
                        records, NpgsqlDbType.Text, static r => r.Record.Index.Parties is { } parties ? JsonSerializer.Serialize(parties) : null)),
                Items([.. records.SelectMany(static r => r.Record.Index.Items.Select(i => (i.Key, r.Id, i.Role)))]),
                Command(
                    "insert into log_queue (record_id, entry) select * from unnest($1, $2)",
                    Column(records, NpgsqlDbType.Bigint, static r => r.Id),
                    Column(records, NpgsqlDbType.Bytea, static r => r.Record.Entry)),
            },
        };
        if (records.Exists(static r => r.Record.Index.Measures.Count > 0))
        {
            batch.BatchCommands.Add(Measures([.. records.SelectMany(static r => r.Record.Index.Measures.Select(m => (m.Measure, m.Value, r.Id)))]));
        }
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlBatchCommand Measures(List<(long Measure, double Value, long RecordId)> measures) => Command(
        "insert into record_measure (measure, value, record_id) select * from unnest($1, $2, $3)",
        Column(measures, NpgsqlDbType.Bigint, static m => m.Measure),
        Column(measures, NpgsqlDbType.Double, static m => m.Value),
        Column(measures, NpgsqlDbType.Bigint, static m => m.RecordId));

    private static NpgsqlBatchCommand Items(List<(long Key, long RecordId, short Role)> items) => Command(
        "insert into record_item (item_key, record_id, role) select * from unnest($1, $2, $3)",
        Column(items, NpgsqlDbType.Bigint, static i => i.Key),
        Column(items, NpgsqlDbType.Bigint, static i => i.RecordId),
        Column(items, NpgsqlDbType.Smallint, static i => i.Role));

    private static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> columns)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var column in columns)
        {
            command.Parameters.Add(column);
        }
        return command;
    }

    private static NpgsqlParameter Column<TRow, TValue>(List<TRow> rows, NpgsqlDbType type, Func<TRow, TValue> value)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(rows[i]);
        }
        return new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };
    }
}
