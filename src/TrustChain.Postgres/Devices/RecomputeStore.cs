using Npgsql;
using NpgsqlTypes;

namespace TrustChain.Postgres.Devices;

/// <summary>A telemetry statement whose summary may be made again.</summary>
/// <param name="RecordId">Its record.</param>
/// <param name="ReceivedAt">When it was taken.</param>
/// <param name="Summary">The summary that is kept.</param>
/// <param name="Event">Its event; null where the content is in a file.</param>
public sealed record SummarisedStatement(long RecordId, DateTimeOffset ReceivedAt, byte[] Summary, byte[]? Event);

/// <summary>Marks days that are there already as to be computed again. Any server computes them, after those that have something new.</summary>
public sealed class RecomputeStore(NpgsqlDataSource database)
{
    /// <summary>Devices by id after a cursor.</summary>
    public async Task<IReadOnlyList<(int Id, string Uri, string Template)>> ListDevicesAsync(int after, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select id, uri, template from device where id > $1 order by id limit $2");
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit });
        var list = new List<(int, string, string)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add((reader.GetInt32(0), reader.GetString(1), reader.GetString(2)));
        }
        return list;
    }

    /// <summary>
    /// Marks the days of devices that have statements, takes away stored days that have none, with their places and what was found in them, and looks again for what records say was done to the
    /// devices; all in one transaction. A day that waits already is not marked twice.
    /// </summary>
    /// <returns>How many days were marked, how many were taken away, and how many records of maintenance were found anew and taken away.</returns>
    public async Task<(int Marked, int Removed, int Maintenance, int Dismissed)> MarkAsync(IReadOnlyList<(int Id, string Uri)> devices, DateOnly from, DateOnly until, CancellationToken cancellationToken)
    {
        const string Mark = """
            insert into device_day_due (device_id, day, later)
            select t.device_id, t.day, true from (select distinct device_id, day from telemetry where device_id = any($1) and day between $2 and $3) t
            where not exists (select from device_day_due w where w.device_id = t.device_id and w.day = t.day and w.later)
            order by t.device_id, t.day
            """;
        // Nothing computes a day without statements, so nothing would put it right.
        const string Remove = """
            delete from device_day y where y.device_id = any($1) and y.day between $2 and $3
              and not exists (select from telemetry t where t.device_id = y.device_id and t.day = y.day)
            """;
        const string RemovePlaces = """
            delete from device_day_place y where y.device_id = any($1) and y.day between $2 and $3
              and not exists (select from telemetry t where t.device_id = y.device_id and t.day = y.day)
            """;
        // Not what tells of silence, or of what was refused: that is not computed from statements of the day.
        const string RemoveFindings = """
            delete from device_finding y where y.device_id = any($1) and y.day between $2 and $3 and y.of_day
              and not exists (select from telemetry t where t.device_id = y.device_id and t.day = y.day)
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var counts = new List<int>();
        foreach (var sql in (string[])[Mark, Remove, RemovePlaces, RemoveFindings])
        {
            await using var command = new NpgsqlCommand(sql, connection)
            {
                CommandTimeout = 0,
                Parameters = { new NpgsqlParameter<int[]> { TypedValue = [.. devices.Select(static d => d.Id)] }, new() { Value = from }, new() { Value = until } },
            };
            counts.Add(await command.ExecuteNonQueryAsync(cancellationToken));
        }
        var (found, dismissed) = await DeviceMaintenanceStore.FoldAgainAsync(connection, devices, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return (counts[0], counts[1], found, dismissed);
    }

    /// <summary>Statements of a device by record id after a cursor, with what summaries are made of.</summary>
    public async Task<IReadOnlyList<SummarisedStatement>> ListStatementsAsync(int deviceId, DateOnly from, DateOnly until, long after, int limit, CancellationToken cancellationToken)
    {
        const string Sql = """
            select t.record_id, t.received_at, t.summary, b.event
            from (select record_id, received_at, summary from telemetry where device_id = $1 and day between $2 and $3 and record_id > $4 order by record_id limit $5) t
            left join event_body b on b.record_id = t.record_id order by t.record_id
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit });
        var list = new List<SummarisedStatement>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new SummarisedStatement(reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<byte[]>(2), reader.IsDBNull(3) ? null : reader.GetFieldValue<byte[]>(3)));
        }
        return list;
    }

    /// <summary>Puts other summaries in the place of those that are kept.</summary>
    public async Task ReplaceAsync(IReadOnlyList<(long RecordId, byte[] Summary)> summaries, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("update telemetry t set summary = n.summary from unnest($1, $2) as n(record_id, summary) where t.record_id = n.record_id");
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. summaries.Select(static s => s.RecordId)] });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. summaries.Select(static s => s.Summary)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
