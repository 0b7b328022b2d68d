using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Devices;

/// <summary>A day of a device.</summary>
public readonly record struct DayOfDevice(int DeviceId, DateOnly Day);

/// <summary>A telemetry statement as stored.</summary>
public sealed record StoredTelemetry(int DeviceId, DateOnly Day, int Readings, StatementFacts Facts);

/// <summary>That there is a telemetry statement, and how much it says.</summary>
/// <param name="RecordId">Its record.</param>
/// <param name="Day">The day of its readings.</param>
/// <param name="Readings">How many they are.</param>
/// <param name="LeafIndex">Its place in the log; null while it waits for one.</param>
public readonly record struct ListedTelemetry(long RecordId, DateOnly Day, int Readings, long? LeafIndex);

/// <summary>The newest of a device.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="KeyNumber">Key of the newest statement.</param>
/// <param name="Sequence">Its number.</param>
/// <param name="FirstReadingAt">The oldest reading there is.</param>
/// <param name="LastReadingAt">Its last reading.</param>
/// <param name="LastSeenAt">When it came.</param>
/// <param name="Statements">Statements in all.</param>
/// <param name="Readings">Readings in all.</param>
/// <param name="Latest">JSON of the newest values by measure.</param>
public sealed record DeviceNewest(int DeviceId, int KeyNumber, long Sequence, DateTimeOffset FirstReadingAt, DateTimeOffset LastReadingAt, DateTimeOffset LastSeenAt, long Statements, long Readings, string? Latest)
{
    /// <summary>The oldest reading that the device signed; null while there are imports alone, from which nothing is expected.</summary>
    public DateTimeOffset? FirstSignedAt => KeyNumber >= 0 ? FirstReadingAt : null;
}

/// <summary>Reads telemetry statements, and hands out the days that have to be computed.</summary>
public sealed class TelemetryStore(NpgsqlDataSource database)
{
    private const string Columns = "t.device_id, t.day, t.readings, t.record_id, t.key_number, t.sequence, t.digest, t.previous, t.boot, t.clock, t.received_at, t.imported, t.summary, t.twin";

    /// <summary>One computer of days at a time on the deployment, so that an older result never overwrites a newer one.</summary>
    private const long DaysLock = 0x54727573744461;

    /// <summary>
    /// Takes days that are due, has them computed, and writes the result, all in one transaction: what was taken is done or still due. 0 also while another server is at it.
    /// </summary>
    /// <param name="limit">Most rows to look at.</param>
    /// <param name="maxStatements">Days are taken, in their order, up to as many statements as these, together with those of the days beside them that are read with them; one day is taken however many it has.</param>
    /// <param name="compute">Computes the days; the connection holds the transaction.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>How many rows were taken, and whether others were left.</returns>
    public async Task<(int Taken, bool HasMore)> TakeDueAsync(
        int limit, int maxStatements, Func<NpgsqlConnection, IReadOnlyList<DayOfDevice>, Task> compute, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var tryLock = new NpgsqlCommand("select pg_try_advisory_xact_lock($1)", connection) { Parameters = { new() { Value = DaysLock } } })
        {
            if (await tryLock.ExecuteScalarAsync(cancellationToken) is not true)
            {
                return (0, false);
            }
        }
        // Reading places asks on other connections, for longer than this one may else say nothing.
        await using (var patience = new NpgsqlCommand("set local idle_in_transaction_session_timeout = '2min'", connection))
        {
            await patience.ExecuteNonQueryAsync(cancellationToken);
        }
        // Read committed: the rows of statements are looked for after these, so whoever added one of these has its statement there. Nobody else takes any meanwhile.
        var due = new List<(long Id, DayOfDevice Day)>();
        await using (var look = new NpgsqlCommand("select id, device_id, day from device_day_due order by later, id limit $1", connection) { Parameters = { new() { Value = limit } } })
        {
            await using var reader = await look.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                due.Add((reader.GetInt64(0), new DayOfDevice(reader.GetInt32(1), reader.GetFieldValue<DateOnly>(2))));
            }
        }
        if (due.Count == 0)
        {
            return (0, false);
        }
        List<DayOfDevice> distinct = [.. due.Select(static d => d.Day).Distinct()];
        List<DayOfDevice> days = [.. distinct.Take(await CountFittingAsync(connection, distinct, maxStatements, cancellationToken))];
        var isTaken = days.ToHashSet();
        long[] ids = [.. due.Where(d => isTaken.Contains(d.Day)).Select(static d => d.Id)];
        await using (var take = new NpgsqlCommand("delete from device_day_due where id = any($1)", connection) { Parameters = { new NpgsqlParameter<long[]> { TypedValue = ids } } })
        {
            await take.ExecuteNonQueryAsync(cancellationToken);
        }
        await compute(connection, days);
        CrashPoint.Pass("days.before-commit");
        await transaction.CommitWithoutLimitAsync();
        return (ids.Length, ids.Length < due.Count || due.Count == limit);
    }

    /// <summary>How many of the first days have at most so many statements together; at least one. A summary is mostly some 300 bytes; a statement counts once more for each KiB of it.</summary>
    private static async Task<int> CountFittingAsync(NpgsqlConnection connection, IReadOnlyList<DayOfDevice> days, int maxStatements, CancellationToken cancellationToken)
    {
        // Counted day after day, and no further than what fits: of each day what is read with it, which are the days after it and the imports before it.
        const string Sql = """
            with recursive fit as (
                select 0 as place, 0::bigint as total
                union all
                select f.place + 1, f.total + n.statements from fit f
                cross join lateral (select ($1)[f.place + 1] as device_id, ($2)[f.place + 1] as day) w
                cross join lateral (
                    select coalesce(sum(weight), 0)::bigint as statements from (
                        select 1 + octet_length(t.summary) / 1024 as weight from telemetry t where t.device_id = w.device_id and t.day = any(array[
                            w.day,
                            (select a.day from telemetry a where a.device_id = w.device_id and a.day > w.day order by a.day limit 1),
                            (select a.day from telemetry a where a.device_id = w.device_id and a.day > w.day and a.key_number >= 0 order by a.day limit 1),
                            (select l.day from (select b.day, b.key_number from telemetry b where b.device_id = w.device_id and b.day < w.day order by b.day desc, b.key_number desc limit 1) l where l.key_number < 0)])
                        limit $3 + 1) counted) n
                where f.place < cardinality($1) and f.total < $3)
            select greatest(1, max(place) filter (where total <= $3)) from fit
            """;
        await using var command = Wanted(Sql, connection, days);
        command.Parameters.Add(new() { Value = maxStatements });
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!; // An aggregate always answers.
    }

    /// <summary>For each day the next one of its device that has statements, and the next one that has signed ones: what comes first there is compared with what came last here.</summary>
    public static async Task<IReadOnlyList<DayOfDevice>> ListNextAsync(NpgsqlConnection connection, IReadOnlyList<DayOfDevice> days, CancellationToken cancellationToken)
    {
        const string Sql = """
            select w.device_id, n.day from unnest($1, $2) as w(device_id, day)
            cross join lateral (
                (select t.day from telemetry t where t.device_id = w.device_id and t.day > w.day order by t.day limit 1)
                union
                (select t.day from telemetry t where t.device_id = w.device_id and t.day > w.day and t.key_number >= 0 order by t.day limit 1)) n
            """;
        await using var command = Wanted(Sql, connection, days);
        var list = new List<DayOfDevice>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new DayOfDevice(reader.GetInt32(0), reader.GetFieldValue<DateOnly>(1)));
        }
        return list;
    }

    /// <summary>The statements of days.</summary>
    public static async Task<ILookup<DayOfDevice, StoredTelemetry>> ListAsync(NpgsqlConnection connection, IReadOnlyList<DayOfDevice> days, CancellationToken cancellationToken)
    {
        const string Sql = $"select {Columns} from unnest($1, $2) as w(device_id, day) join telemetry t on t.device_id = w.device_id and t.day = w.day";
        await using var command = Wanted(Sql, connection, days);
        return (await ReadAsync(command, cancellationToken)).ToLookup(static t => new DayOfDevice(t.DeviceId, t.Day));
    }

    /// <summary>The events of some records, each as it stands on its own, as far as the database has them: content may be in a file instead.</summary>
    public static async Task<IReadOnlyList<(long RecordId, byte[] Event)>> ListEventsAsync(NpgsqlConnection connection, IReadOnlyCollection<long> recordIds, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select record_id, event from event_body where record_id = any($1)", connection);
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. recordIds] });
        var list = new List<(long, byte[])>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add((reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)));
        }
        return list;
    }

    /// <summary>What came before each day.</summary>
    public static async Task<IReadOnlyDictionary<DayOfDevice, StatementsBefore>> ListBeforeAsync(
        NpgsqlConnection connection, IReadOnlyList<DayOfDevice> days, CancellationToken cancellationToken)
    {
        var newest = await ListLastAsync(connection, days, "", cancellationToken);
        var found = newest.ToDictionary(static n => n.Key, static n => new StatementsBefore(n.Value.Facts));
        // Few devices have imports, and only for those it is looked further back for what the device signed.
        List<DayOfDevice> imported = [.. newest.Where(static n => n.Value.Facts.Imported).Select(static n => n.Key)];
        if (imported.Count > 0)
        {
            var signed = await ListLastAsync(connection, imported, "and b.key_number >= 0", cancellationToken);
            var imports = await ListAsync(connection, [.. imported.Select(d => new DayOfDevice(d.DeviceId, newest[d].Day)).Distinct()], cancellationToken);
            foreach (var day in imported)
            {
                found[day] = new StatementsBefore(signed.GetValueOrDefault(day)?.Facts).After([.. imports[new DayOfDevice(day.DeviceId, newest[day].Day)].Select(static t => t.Facts)]);
            }
        }
        return found;
    }

    private static async Task<Dictionary<DayOfDevice, StoredTelemetry>> ListLastAsync(NpgsqlConnection connection, IReadOnlyList<DayOfDevice> days, string and, CancellationToken cancellationToken)
    {
        var sql = $"""
            select {Columns}, w.day from unnest($1, $2) as w(device_id, day)
            cross join lateral (
                select * from telemetry b where b.device_id = w.device_id and b.day < w.day {and} order by b.day desc, b.key_number desc, b.sequence desc limit 1) t
            """;
        await using var command = Wanted(sql, connection, days);
        var found = new Dictionary<DayOfDevice, StoredTelemetry>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var statement = ReadOne(reader);
            found[new DayOfDevice(statement.DeviceId, reader.GetFieldValue<DateOnly>(14))] = statement;
        }
        return found;
    }

    /// <summary>Statements of a device by day and number.</summary>
    public async Task<IReadOnlyList<StoredTelemetry>> ListAsync(int deviceId, DateOnly from, DateOnly until, int offset, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand(
            $"select {Columns} from telemetry t where t.device_id = $1 and t.day between $2 and $3 order by t.day, t.key_number, t.sequence, t.digest offset $4 limit $5");
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = offset });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>
    /// Which statements a device's period has, by day and number, and in front of them what came before it: the last one that the device signed, and the imported ones of the
    /// newest day where that is later. Without their summaries, which are a hundred times as large.
    /// </summary>
    public async Task<IReadOnlyList<ListedTelemetry>> ListPeriodAsync(int deviceId, DateOnly from, DateOnly until, int limit, CancellationToken cancellationToken)
    {
        const string Columns = "t.record_id, t.day, t.readings, (select e.leaf_index from log_entry e where e.record_id = t.record_id)";
        const string Sql = $"""
            with newest as (
                    select t.day, t.key_number from telemetry t where t.device_id = $1 and t.day < $2 order by t.day desc, t.key_number desc limit 1),
                 signed as (
                    select t.* from telemetry t where t.device_id = $1 and t.day < $2 and t.key_number >= 0 order by t.day desc, t.key_number desc, t.sequence desc limit 1)
            select {Columns} from signed t
            union all
            (select {Columns} from newest n join telemetry t on t.device_id = $1 and t.day = n.day where n.key_number < 0 order by t.sequence, t.digest)
            union all
            (select {Columns} from telemetry t where t.device_id = $1 and t.day between $2 and $3 order by t.day, t.key_number, t.sequence, t.digest)
            limit $4
            """;
        await using var command = database.ForReading().CreateCommand(Sql);
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = limit });
        var list = new List<ListedTelemetry>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new ListedTelemetry(reader.GetInt64(0), reader.GetFieldValue<DateOnly>(1), reader.GetInt32(2), reader.IsDBNull(3) ? null : reader.GetInt64(3)));
        }
        return list;
    }

    /// <summary>The newest of each device that has said something.</summary>
    public async Task<IReadOnlyDictionary<int, DeviceNewest>> ListNewestAsync(IReadOnlyCollection<int> deviceIds, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand(
            "select device_id, last_key_number, last_sequence, first_reading_at, last_reading_at, last_seen_at, statements, readings, latest::text from device_status where device_id = any($1)");
        command.Parameters.Add(new() { Value = deviceIds.ToArray() });
        var found = new Dictionary<int, DeviceNewest>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(reader.GetInt32(0), new DeviceNewest(
                reader.GetInt32(0),
                reader.GetInt16(1),
                reader.GetInt64(2),
                reader.GetFieldValue<DateTimeOffset>(3),
                reader.GetFieldValue<DateTimeOffset>(4),
                reader.GetFieldValue<DateTimeOffset>(5),
                reader.GetInt64(6),
                reader.GetInt64(7),
                reader.IsDBNull(8) ? null : reader.GetString(8)));
        }
        return found;
    }

    /// <summary>How many days that have something new wait to be computed, and whether any day waits at all.</summary>
    public async Task<(long New, bool Any)> CountDueAsync(CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand("select (select count(*) from (select 1 from device_day_due where not later limit 100000) due), exists (select from device_day_due)");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken); // One row always.
        return (reader.GetInt64(0), reader.GetBoolean(1));
    }

    private static NpgsqlCommand Wanted(string sql, NpgsqlConnection connection, IReadOnlyList<DayOfDevice> days) => new(sql, connection)
    {
        Parameters =
        {
            new NpgsqlParameter<int[]> { TypedValue = [.. days.Select(static d => d.DeviceId)] },
            new NpgsqlParameter<DateOnly[]> { TypedValue = [.. days.Select(static d => d.Day)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date },
        },
    };

    private static async Task<List<StoredTelemetry>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var list = new List<StoredTelemetry>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(ReadOne(reader));
        }
        return list;
    }

    private static StoredTelemetry ReadOne(NpgsqlDataReader reader) => new(
        reader.GetInt32(0),
        reader.GetFieldValue<DateOnly>(1),
        reader.GetInt32(2),
        new StatementFacts(
            reader.GetInt64(3),
            reader.GetInt16(4),
            reader.GetInt64(5),
            new Hash32(reader.GetFieldValue<byte[]>(6)),
            reader.IsDBNull(7) ? null : new Hash32(reader.GetFieldValue<byte[]>(7)),
            reader.GetInt64(8),
            reader.GetFieldValue<DateTimeOffset>(9),
            reader.GetFieldValue<DateTimeOffset>(10),
            reader.GetBoolean(11),
            TelemetrySummary.Parse(reader.GetFieldValue<byte[]>(12)))
        {
            Twin = reader.IsDBNull(13) ? null : new Hash32(reader.GetFieldValue<byte[]>(13)),
        });
}
