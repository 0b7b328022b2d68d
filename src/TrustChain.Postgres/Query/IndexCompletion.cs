using Npgsql;
using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;

namespace TrustChain.Postgres.Query;

/// <summary>Completes the index for events that a version before it wrote.</summary>
public sealed class IndexCompletion(NpgsqlDataSource database)
{
    private const int BatchSize = 500;

    /// <summary>Indexes every event that is not yet; several servers may do it at once.</summary>
    /// <returns>How many were indexed.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var done = 0;
        while (await RunBatchAsync(cancellationToken) is > 0 and var count)
        {
            done += count;
        }
        return done;
    }

    private async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var rows = new List<(long Id, byte[] Event, int Organisation, bool IsPublic, DateTime EventTime, DateTime RecordTime)>();
        const string Take = """
            select b.record_id, b.event, r.organisation_id, r.is_public, r.event_time, s.received_at
            from event_body b join record r on r.id = b.record_id join statement s on s.id = r.statement_id
            where b.event is not null and b.event_type is null order by b.record_id limit $1 for update of b skip locked
            """;
        await using (var select = new NpgsqlCommand(Take, connection) { Parameters = { new() { Value = BatchSize } } })
        await using (var reader = await select.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add((reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetInt32(2), reader.GetBoolean(3), reader.GetDateTime(4), reader.GetDateTime(5)));
            }
        }
        foreach (var row in rows)
        {
            using var read = QueryableEvent.Read(row.Event, null, row.RecordTime);
            await WriteAsync(connection, row.Id, row.Organisation, row.IsPublic, row.EventTime, row.RecordTime, RecordIndex.Of(read.Event), cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        return rows.Count;
    }

    private static async Task WriteAsync(
        NpgsqlConnection connection, long id, int organisation, bool isPublic, DateTime eventTime, DateTime recordTime, RecordIndex index, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("""
                    update event_body set organisation_id = $2, is_public = $3, event_time = $4, record_time = $5, event_type = $6, biz_step = $7, disposition = $8, parties = $9
                    where record_id = $1
                    """)
                {
                    Parameters =
                    {
                        new() { Value = id }, new() { Value = organisation }, new() { Value = isPublic }, new() { Value = eventTime }, new() { Value = recordTime },
                        new() { Value = index.EventType }, Nullable(index.BizStep), Nullable(index.Disposition),
                        new() { Value = (object?)index.Parties ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Text },
                    },
                },
                new NpgsqlBatchCommand("insert into record_item (item_key, record_id, role) select k, $2, r from unnest($1, $3) as new(k, r) on conflict do nothing")
                {
                    Parameters =
                    {
                        new() { Value = index.Items.Select(static i => i.Key).ToArray() }, new() { Value = id }, new() { Value = index.Items.Select(static i => i.Role).ToArray() },
                    },
                },
                new NpgsqlBatchCommand("insert into record_measure (measure, value, record_id) select m, v, $2 from unnest($1, $3) as new(m, v) on conflict do nothing")
                {
                    Parameters =
                    {
                        new() { Value = index.Measures.Select(static m => m.Measure).ToArray() }, new() { Value = id }, new() { Value = index.Measures.Select(static m => m.Value).ToArray() },
                    },
                },
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Nullable(long? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint };
}
