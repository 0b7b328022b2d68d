using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Devices;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Devices;

/// <summary>A finding as stored.</summary>
/// <param name="DeviceId">Whose.</param>
/// <param name="Day">The day it belongs to.</param>
/// <param name="Finding">What it says.</param>
/// <param name="Times">How often it was found, where it is counted instead of repeated.</param>
/// <param name="FoundAt">When first.</param>
/// <param name="EndedAt">When later data took it back.</param>
public sealed record StoredFinding(int DeviceId, DateOnly Day, Finding Finding, int Times, DateTimeOffset FoundAt, DateTimeOffset? EndedAt);

/// <summary>Computed days and findings of devices.</summary>
public sealed partial class DeviceDayStore(NpgsqlDataSource database)
{
    private const string SelectFindings =
        "select device_id, day, key, code, severity, from_time, until_time, measure, detail, records, times, found_at, ended_at from device_finding";

    private const string EndSilences = """
        update device_finding f set ended_at = $1 from device_status s
        where f.code = 'silence' and f.ended_at is null and s.device_id = f.device_id and s.last_reading_at > f.from_time
        """;

    /// <summary>Writes computed days with their findings; what was found before and is not any more ends now, and so does the silence of a device that speaks again.</summary>
    /// <param name="connection">With the transaction of the caller.</param>
    /// <param name="days">Each with its content as JSON and its findings.</param>
    /// <param name="now">When it was computed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task WriteAsync(
        NpgsqlConnection connection, IReadOnlyList<(DayOfDevice Day, byte[] Content, IReadOnlyList<Finding> Findings)> days, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string Days = """
            insert into device_day (device_id, day, content, computed_at) select *, $4 from unnest($1, $2, $3)
            on conflict (device_id, day) do update set content = excluded.content, computed_at = excluded.computed_at where device_day.content <> excluded.content
            """;
        const string End = """
            update device_finding f set ended_at = $5 from unnest($1, $2) as d(device_id, day)
            where f.device_id = d.device_id and f.day = d.day and f.ended_at is null and f.of_day
              and not exists (select from unnest($3, $4) as k(device_id, key) where k.device_id = f.device_id and k.key = f.key)
            """;
        var findings = days.SelectMany(static d => d.Findings.Select(f => (d.Day, Finding: f))).DistinctBy(static f => (f.Day.DeviceId, f.Finding.Key)).ToList();
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(Days)
        {
            Parameters =
            {
                Ids(days.Select(static d => d.Day.DeviceId)),
                Dates(days.Select(static d => d.Day.Day)),
                new NpgsqlParameter<byte[][]> { TypedValue = [.. days.Select(static d => d.Content)] },
                new() { Value = now.UtcDateTime },
            },
        });
        batch.BatchCommands.Add(new(End)
        {
            Parameters =
            {
                Ids(days.Select(static d => d.Day.DeviceId)),
                Dates(days.Select(static d => d.Day.Day)),
                Ids(findings.Select(static f => f.Day.DeviceId)),
                new NpgsqlParameter<string[]> { TypedValue = [.. findings.Select(static f => f.Finding.Key)] },
                new() { Value = now.UtcDateTime },
            },
        });
        batch.BatchCommands.Add(new(EndSilences + " and f.device_id = any ($2)") { Parameters = { new() { Value = now.UtcDateTime }, Ids(days.Select(static d => d.Day.DeviceId)) } });
        if (findings.Count > 0)
        {
            batch.BatchCommands.Add(DeviceAlarmStore.Raise([.. findings.Select(static f => (f.Day.DeviceId, f.Finding.Key, f.Finding))], now));
        }
        foreach (var (day, finding) in findings)
        {
            batch.BatchCommands.Add(Upsert(day, finding.Key, finding, now, isOfDay: true, counts: false));
        }
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Keeps that devices are silent, and ends the silence of those that were heard of since.</summary>
    /// <returns>How many have fallen silent.</returns>
    public async Task<int> WriteSilencesAsync(IReadOnlyList<(int DeviceId, Finding Finding)> silences, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(EndSilences) { Parameters = { new() { Value = now.UtcDateTime } } });
        if (silences.Count > 0)
        {
            batch.BatchCommands.Add(DeviceAlarmStore.Raise([.. silences.Select(static s => (s.DeviceId, s.Finding.Key, s.Finding))], now));
        }
        foreach (var (deviceId, finding) in silences)
        {
            batch.BatchCommands.Add(Upsert(new DayOfDevice(deviceId, DateOnly.FromDateTime(finding.From.UtcDateTime)), finding.Key, finding, now, isOfDay: false, counts: false));
        }
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return silences.Count;
    }

    /// <summary>Devices with a key in force whose last reading is older than a moment and that are not said to be silent yet, with when something last came from them; by id after a cursor.</summary>
    public async Task<IReadOnlyList<(int DeviceId, string Template, DateTimeOffset LastReadingAt, DateTimeOffset LastSeenAt)>> ListQuietAsync(
        DateTimeOffset before, int after, int limit, CancellationToken cancellationToken)
    {
        const string Sql = """
            select s.device_id, d.template, s.last_reading_at, s.last_seen_at from device_status s join device d on d.id = s.device_id
            where d.state = 1 and s.last_reading_at < $1 and s.last_key_number >= 0 and s.device_id > $2
              and not exists (select from device_finding f where f.device_id = s.device_id and f.code = 'silence' and f.ended_at is null)
            order by s.device_id limit $3
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = before.UtcDateTime });
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit });
        var list = new List<(int, string, DateTimeOffset, DateTimeOffset)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add((reader.GetInt32(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset>(3)));
        }
        return list;
    }

    /// <summary>Keeps that a statement with the device's signature was refused; the same on one day is counted.</summary>
    public async Task AddRefusalAsync(DayOfDevice day, Finding finding, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var key = string.Create(CultureInfo.InvariantCulture, $"refused:{finding.Code}/{day.Day:yyyy-MM-dd}");
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { DeviceAlarmStore.Raise([(day.DeviceId, key, finding)], now), Upsert(day, key, finding, now, isOfDay: false, counts: true) } };
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>Computed days of a device, in order.</summary>
    public async Task<IReadOnlyList<(DateOnly Day, byte[] Content)>> ListAsync(int deviceId, DateOnly from, DateOnly until, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand("select day, content from device_day where device_id = $1 and day between $2 and $3 order by day");
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        var list = new List<(DateOnly, byte[])>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add((reader.GetFieldValue<DateOnly>(0), reader.GetFieldValue<byte[]>(1)));
        }
        return list;
    }

    /// <summary>Findings of a device, in the order of the days.</summary>
    public async Task<IReadOnlyList<StoredFinding>> ListFindingsAsync(int deviceId, DateOnly from, DateOnly until, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand($"{SelectFindings} where device_id = $1 and day between $2 and $3 order by day, from_time, key limit $4");
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = limit });
        return await ReadFindingsAsync(command, cancellationToken);
    }

    /// <summary>Findings of a device with one of these codes, in the order of the days.</summary>
    public async Task<IReadOnlyList<StoredFinding>> ListFindingsAsync(int deviceId, DateOnly from, DateOnly until, IReadOnlyCollection<string> codes, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand($"{SelectFindings} where device_id = $1 and day between $2 and $3 and code = any($5) order by day, from_time, key limit $4");
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = limit });
        command.Parameters.Add(new() { Value = codes.ToArray() });
        return await ReadFindingsAsync(command, cancellationToken);
    }

    /// <summary>Findings in force of several devices at or above a severity, newest first.</summary>
    public async Task<IReadOnlyList<StoredFinding>> ListOpenAsync(IReadOnlyCollection<int> deviceIds, FindingSeverity atLeast, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand(
            $"{SelectFindings} where device_id = any($1) and severity >= $2 and ended_at is null order by until_time desc, key limit $3");
        command.Parameters.Add(new() { Value = deviceIds.ToArray() });
        command.Parameters.Add(new() { Value = (short)atLeast });
        command.Parameters.Add(new() { Value = limit });
        return await ReadFindingsAsync(command, cancellationToken);
    }

    private static NpgsqlBatchCommand Upsert(DayOfDevice day, string key, Finding finding, DateTimeOffset now, bool isOfDay, bool counts) => new($"""
        insert into device_finding as f (device_id, key, day, of_day, code, severity, from_time, until_time, measure, detail, records, found_at)
        values ($1, $2, $3, $12, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (device_id, key) do update set severity = excluded.severity, from_time = least(f.from_time, excluded.from_time), until_time = excluded.until_time,
            detail = excluded.detail, records = excluded.records, ended_at = null{(counts ? ", times = f.times + 1" : "")}
        """)
    {
        Parameters =
        {
            new() { Value = day.DeviceId },
            new() { Value = key },
            new() { Value = day.Day },
            new() { Value = finding.Code },
            new() { Value = (short)finding.Severity },
            new() { Value = finding.From.UtcDateTime },
            new() { Value = finding.Until.UtcDateTime },
            new() { Value = (object?)finding.Measure ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            new() { Value = finding.Detail },
            new() { Value = finding.Records.ToArray() },
            new() { Value = now.UtcDateTime },
            new() { Value = isOfDay },
        },
    };

    private static NpgsqlParameter Ids(IEnumerable<int> ids) => new NpgsqlParameter<int[]> { TypedValue = [.. ids] };

    private static NpgsqlParameter Dates(IEnumerable<DateOnly> days) =>
        new NpgsqlParameter<DateOnly[]> { TypedValue = [.. days], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date };

    private static async Task<List<StoredFinding>> ReadFindingsAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var list = new List<StoredFinding>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new StoredFinding(
                reader.GetInt32(0),
                reader.GetFieldValue<DateOnly>(1),
                new Finding(
                    reader.GetString(3),
                    (FindingSeverity)reader.GetInt16(4),
                    reader.GetFieldValue<DateTimeOffset>(5),
                    reader.GetFieldValue<DateTimeOffset>(6),
                    reader.IsDBNull(7) ? null : reader.GetString(7),
                    reader.GetString(8),
                    reader.GetFieldValue<long[]>(9)),
                reader.GetInt32(10),
                reader.GetFieldValue<DateTimeOffset>(11),
                reader.IsDBNull(12) ? null : reader.GetFieldValue<DateTimeOffset>(12)));
        }
        return list;
    }
}
