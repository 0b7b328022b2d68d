using Npgsql;
using NpgsqlTypes;
using TrustChain.Postgres.Capture;

namespace TrustChain.Postgres.Devices;

/// <summary>Writes what telemetry statements add to their records, in the transaction of the capture and in one round trip.</summary>
internal static class TelemetryInsert
{
    private const string Statements = """
        insert into telemetry (device_id, key_number, sequence, digest, previous, boot, clock, received_at, day, record_id, imported, readings, summary, twin)
        select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict do nothing
        """;

    private const string Due = "insert into device_day_due (device_id, day) select * from unnest($1, $2)";

    // A statement that the device signed, earlier than all it signed before: from its day on, imports tell no figures any more.
    private const string DueAgain = """
        insert into device_day_due (device_id, day)
        select distinct t.device_id, t.day
        from unnest($1, $2) as w(device_id, first) join device_status s on s.device_id = w.device_id and (s.last_key_number < 0 or w.first < s.first_reading_at)
        join telemetry t on t.device_id = w.device_id and t.key_number = -1 and t.day > (w.first at time zone 'UTC')::date
        """;

    // What the device signed stands there once there is any; until then what was imported.
    private const string Replaces = "(excluded.last_key_number >= 0 and s.last_key_number < 0)";
    private const string Yields = "(excluded.last_key_number < 0 and s.last_key_number >= 0)";
    private const string IsNewer = $"({Replaces} or (not {Yields} and excluded.last_reading_at >= s.last_reading_at))";

    // In the order of the devices, so that two servers never wait for each other crosswise.
    private const string Status = $"""
        insert into device_status as s (device_id, last_key_number, last_sequence, last_record_id, first_reading_at, last_reading_at, last_seen_at, statements, readings, latest)
        select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb[])
        on conflict (device_id) do update set
            last_key_number = case when {IsNewer} then excluded.last_key_number else s.last_key_number end,
            last_sequence = case when {IsNewer} then excluded.last_sequence else s.last_sequence end,
            last_record_id = case when {IsNewer} then excluded.last_record_id else s.last_record_id end,
            latest = case when {IsNewer} then excluded.latest else s.latest end,
            first_reading_at = case when {Replaces} then excluded.first_reading_at when {Yields} then s.first_reading_at else least(excluded.first_reading_at, s.first_reading_at) end,
            last_reading_at = case when {IsNewer} then excluded.last_reading_at else s.last_reading_at end,
            last_seen_at = case when {Replaces} then excluded.last_seen_at when {Yields} then s.last_seen_at else greatest(excluded.last_seen_at, s.last_seen_at) end,
            statements = s.statements + excluded.statements,
            readings = s.readings + excluded.readings
        """;

    /// <summary>Adds the rows; <paramref name="rows"/> are new records alone.</summary>
    public static async Task WriteAsync(NpgsqlConnection connection, List<(long RecordId, NewStatement Statement, NewTelemetry Telemetry)> rows, CancellationToken cancellationToken)
    {
        var days = rows.Select(static r => (r.Telemetry.DeviceId, r.Telemetry.Day)).Distinct().Order().ToList();
        var newest = rows.GroupBy(static r => r.Telemetry.DeviceId).OrderBy(static g => g.Key).Select(static g =>
        {
            var counted = g.Any(static r => r.Telemetry.KeyNumber >= 0) ? g.Where(static r => r.Telemetry.KeyNumber >= 0) : g;
            return (
                First: counted.Min(static r => r.Telemetry.FirstReadingAt),
                Last: counted.MaxBy(static r => (r.Telemetry.LastReadingAt, r.Telemetry.Header.Sequence)),
                Statements: (long)g.Count(),
                Readings: g.Sum(static r => (long)r.Telemetry.Readings));
        }).ToList();
        var signed = newest.Where(static n => n.Last.Telemetry.KeyNumber >= 0).ToList();
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Command(
                    Statements,
                    Column(rows, NpgsqlDbType.Integer, static r => r.Telemetry.DeviceId),
                    Column(rows, NpgsqlDbType.Smallint, static r => (short)r.Telemetry.KeyNumber),
                    Column(rows, NpgsqlDbType.Bigint, static r => SequenceOf(r.RecordId, r.Telemetry)),
                    Column(rows, NpgsqlDbType.Bytea, static r => r.Statement.Digest.ToArray()),
                    Column(rows, NpgsqlDbType.Bytea, static r => r.Telemetry.Header.Previous?.ToArray()),
                    Column(rows, NpgsqlDbType.Bigint, static r => r.Telemetry.Header.Boot),
                    Column(rows, NpgsqlDbType.TimestampTz, static r => r.Telemetry.Header.Clock.UtcDateTime),
                    Column(rows, NpgsqlDbType.TimestampTz, static r => r.Statement.ReceivedAt.UtcDateTime),
                    Column(rows, NpgsqlDbType.Date, static r => r.Telemetry.Day),
                    Column(rows, NpgsqlDbType.Bigint, static r => r.RecordId),
                    Column(rows, NpgsqlDbType.Boolean, static r => r.Statement.Custody == Core.Log.Custody.Imported),
                    Column(rows, NpgsqlDbType.Integer, static r => r.Telemetry.Readings),
                    Column(rows, NpgsqlDbType.Bytea, static r => r.Telemetry.Summary),
                    Column(rows, NpgsqlDbType.Bytea, static r => r.Telemetry.Twin?.ToArray())),
                Command(Due, Column(days, NpgsqlDbType.Integer, static d => d.DeviceId), Column(days, NpgsqlDbType.Date, static d => d.Day)),
                Command(DueAgain, Column(signed, NpgsqlDbType.Integer, static n => n.Last.Telemetry.DeviceId), Column(signed, NpgsqlDbType.TimestampTz, static n => n.First.UtcDateTime)),
                Command(
                    Status,
                    Column(newest, NpgsqlDbType.Integer, static n => n.Last.Telemetry.DeviceId),
                    Column(newest, NpgsqlDbType.Smallint, static n => (short)n.Last.Telemetry.KeyNumber),
                    Column(newest, NpgsqlDbType.Bigint, static n => SequenceOf(n.Last.RecordId, n.Last.Telemetry)),
                    Column(newest, NpgsqlDbType.Bigint, static n => n.Last.RecordId),
                    Column(newest, NpgsqlDbType.TimestampTz, static n => n.First.UtcDateTime),
                    Column(newest, NpgsqlDbType.TimestampTz, static n => n.Last.Telemetry.LastReadingAt.UtcDateTime),
                    Column(newest, NpgsqlDbType.TimestampTz, static n => n.Last.Statement.ReceivedAt.UtcDateTime),
                    Column(newest, NpgsqlDbType.Bigint, static n => n.Statements),
                    Column(newest, NpgsqlDbType.Bigint, static n => n.Readings),
                    Column(newest, NpgsqlDbType.Text, static n => n.Last.Telemetry.Latest)),
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Imported statements have no numbers of their own; the record's id rises and is never given twice.</summary>
    private static long SequenceOf(long recordId, NewTelemetry telemetry) => telemetry.KeyNumber >= 0 ? telemetry.Header.Sequence : recordId;

    private static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> columns)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var column in columns)
        {
            command.Parameters.Add(column);
        }
        return command;
    }

    private static NpgsqlParameter Column<TRow, TValue>(List<TRow> rows, NpgsqlDbType type, Func<TRow, TValue> value) =>
        new NpgsqlParameter<TValue[]> { TypedValue = [.. rows.Select(value)], NpgsqlDbType = NpgsqlDbType.Array | type };
}
