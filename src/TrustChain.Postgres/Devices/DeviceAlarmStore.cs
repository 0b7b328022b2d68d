using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Devices;

/// <summary>Where an organisation is told of findings about its devices.</summary>
/// <param name="Id">Its id.</param>
/// <param name="OrganisationId">Whose it is.</param>
/// <param name="Destination">URL.</param>
/// <param name="Secret">Key of signatures, sealed; null: unsigned.</param>
/// <param name="Severity">Least severity that is told.</param>
/// <param name="Codes">The codes that are told; null: all.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Failures">Attempts that failed in a row.</param>
/// <param name="LastError">Why the last of them did.</param>
/// <param name="StoppedAt">When it was given up.</param>
public sealed record DeviceHook(
    Guid Id, int OrganisationId, string Destination, string? Secret, FindingSeverity Severity, IReadOnlyList<string>? Codes, DateTimeOffset CreatedAt, int Failures, string? LastError, DateTimeOffset? StoppedAt);

/// <summary>A finding that was new.</summary>
/// <param name="Id">Number of the alarm.</param>
/// <param name="Device">The device's URI.</param>
/// <param name="Pseudonym">Its id in addresses.</param>
/// <param name="Name">Its name.</param>
/// <param name="Finding">What was found.</param>
/// <param name="RaisedAt">When.</param>
public sealed record DeviceAlarm(long Id, string Device, Hash32 Pseudonym, string Name, Finding Finding, DateTimeOffset RaisedAt);

/// <summary>An alarm on its way to a hook.</summary>
public sealed record AlarmDelivery(DeviceAlarm Alarm, DeviceHook Hook, int Attempts);

/// <summary>Alarms about devices and the hooks that hear of them.</summary>
public sealed class DeviceAlarmStore(NpgsqlDataSource database)
{
    private const string SelectHook = "select h.id, h.organisation_id, h.destination, h.secret, h.severity, h.codes, h.created_at, h.failures, h.last_error, h.stopped_at from device_hook h";
    private const string AlarmColumns = "a.id, d.uri, d.pseudonym, d.name, a.code, a.severity, a.from_time, a.until_time, a.measure, a.detail, a.raised_at";

    /// <summary>
    /// Makes alarms of those findings that are not there or had ended, with a delivery for each hook of the owner's that wants them. To be run before the findings are
    /// written, in one transaction with it.
    /// </summary>
    internal static NpgsqlBatchCommand Raise(IReadOnlyList<(int DeviceId, string Key, Finding Finding)> findings, DateTimeOffset now) => new("""
        with given as (
            select * from unnest($1, $2, $3, $4, $5, $6, $7, $8) as g(device_id, key, code, severity, from_time, until_time, measure, detail)),
        fresh as (
            insert into device_alarm (device_id, organisation_id, key, code, severity, from_time, until_time, measure, detail, raised_at)
            select g.device_id, d.organisation_id, g.key, g.code, g.severity, g.from_time, g.until_time, g.measure, g.detail, $9
            from given g join device d on d.id = g.device_id
            where g.severity > 0 and not exists (select from device_finding f where f.device_id = g.device_id and f.key = g.key and f.ended_at is null)
            returning id, organisation_id, code, severity)
        insert into device_alarm_delivery (alarm_id, hook_id, next_at)
        select a.id, h.id, $9 from fresh a join device_hook h on h.organisation_id = a.organisation_id
        where h.stopped_at is null and a.severity >= h.severity and (h.codes is null or a.code = any(h.codes))
        """)
    {
        Parameters =
        {
            new NpgsqlParameter<int[]> { TypedValue = [.. findings.Select(static f => f.DeviceId)] },
            new NpgsqlParameter<string[]> { TypedValue = [.. findings.Select(static f => f.Key)] },
            new NpgsqlParameter<string[]> { TypedValue = [.. findings.Select(static f => f.Finding.Code)] },
            new NpgsqlParameter<short[]> { TypedValue = [.. findings.Select(static f => (short)f.Finding.Severity)] },
            new NpgsqlParameter<DateTime[]> { TypedValue = [.. findings.Select(static f => f.Finding.From.UtcDateTime)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz },
            new NpgsqlParameter<DateTime[]> { TypedValue = [.. findings.Select(static f => f.Finding.Until.UtcDateTime)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz },
            new NpgsqlParameter<string?[]> { TypedValue = [.. findings.Select(static f => f.Finding.Measure)] },
            new NpgsqlParameter<string[]> { TypedValue = [.. findings.Select(static f => f.Finding.Detail)] },
            new() { Value = now.UtcDateTime },
        },
    };

    /// <summary>The same of one finding about the device of a URI, if there is one.</summary>
    internal static NpgsqlBatchCommand Raise(string uri, string key, Finding finding, DateTimeOffset now) => new("""
        with fresh as (
            insert into device_alarm (device_id, organisation_id, key, code, severity, from_time, until_time, measure, detail, raised_at)
            select d.id, d.organisation_id, $2, $3, $4, $5, $6, null, $7, $8 from device d
            where d.uri = $1 and not exists (select from device_finding f where f.device_id = d.id and f.key = $2 and f.ended_at is null)
            returning id, organisation_id, code, severity)
        insert into device_alarm_delivery (alarm_id, hook_id, next_at)
        select a.id, h.id, $8 from fresh a join device_hook h on h.organisation_id = a.organisation_id
        where h.stopped_at is null and a.severity >= h.severity and (h.codes is null or a.code = any(h.codes))
        """)
    {
        Parameters =
        {
            new() { Value = uri },
            new() { Value = key },
            new() { Value = finding.Code },
            new() { Value = (short)finding.Severity },
            new() { Value = finding.From.UtcDateTime },
            new() { Value = finding.Until.UtcDateTime },
            new() { Value = finding.Detail },
            new() { Value = now.UtcDateTime },
        },
    };

    /// <summary>Adds a hook; false when the organisation has as many as it may.</summary>
    public async Task<bool> AddHookAsync(DeviceHook hook, int max, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into device_hook (id, organisation_id, destination, secret, severity, codes, created_at)
            select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from device_hook where organisation_id = $2) < $8
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = hook.Id });
        command.Parameters.Add(new() { Value = hook.OrganisationId });
        command.Parameters.Add(new() { Value = hook.Destination });
        command.Parameters.Add(new() { Value = (object?)hook.Secret ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = (short)hook.Severity });
        command.Parameters.Add(new() { Value = (object?)hook.Codes?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = hook.CreatedAt.UtcDateTime });
        command.Parameters.Add(new() { Value = max });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Takes a hook away with what was on its way to it; false when the organisation has none of this id.</summary>
    public async Task<bool> RemoveHookAsync(int organisationId, Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("delete from device_hook where organisation_id = $1 and id = $2");
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = id });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Hooks of an organisation.</summary>
    public async Task<IReadOnlyList<DeviceHook>> ListHooksAsync(int organisationId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{SelectHook} where h.organisation_id = $1 order by h.created_at, h.id");
        command.Parameters.Add(new() { Value = organisationId });
        var list = new List<DeviceHook>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(ReadHook(reader, 0));
        }
        return list;
    }

    /// <summary>Alarms of an organisation's devices, newest first.</summary>
    public async Task<IReadOnlyList<DeviceAlarm>> ListAsync(int organisationId, long? before, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand(
            $"select {AlarmColumns} from device_alarm a join device d on d.id = a.device_id where a.organisation_id = $1 and ($2::bigint is null or a.id < $2) order by a.id desc limit $3");
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = (object?)before ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = limit });
        var list = new List<DeviceAlarm>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(ReadAlarm(reader));
        }
        return list;
    }

    /// <summary>Takes deliveries that are due; whoever takes them has them until <paramref name="lease"/> runs out.</summary>
    public async Task<IReadOnlyList<AlarmDelivery>> TakeAsync(DateTimeOffset now, DateTimeOffset lease, int limit, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            with due as (
                select alarm_id, hook_id from device_alarm_delivery where next_at <= $1 order by next_at limit $3 for update skip locked),
            taken as (
                update device_alarm_delivery t set next_at = $2 from due where t.alarm_id = due.alarm_id and t.hook_id = due.hook_id returning t.alarm_id, t.hook_id, t.attempts)
            select {AlarmColumns}, h.id, h.organisation_id, h.destination, h.secret, h.severity, h.codes, h.created_at, h.failures, h.last_error, h.stopped_at, t.attempts
            from taken t join device_alarm a on a.id = t.alarm_id join device d on d.id = a.device_id join device_hook h on h.id = t.hook_id
            order by a.id
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        command.Parameters.Add(new() { Value = lease.UtcDateTime });
        command.Parameters.Add(new() { Value = limit });
        var list = new List<AlarmDelivery>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new AlarmDelivery(ReadAlarm(reader), ReadHook(reader, 11), reader.GetInt32(21)));
        }
        return list;
    }

    /// <summary>An alarm was taken by its receiver.</summary>
    public async Task DeliveredAsync(AlarmDelivery delivery, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("delete from device_alarm_delivery where alarm_id = $1 and hook_id = $2") { Parameters = { new() { Value = delivery.Alarm.Id }, new() { Value = delivery.Hook.Id } } },
                new("update device_hook set failures = 0, last_error = null where id = $1 and failures > 0") { Parameters = { new() { Value = delivery.Hook.Id } } },
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>An attempt failed: the next one follows, or the hook is given up and what was on its way to it goes.</summary>
    public async Task FailedAsync(AlarmDelivery delivery, string error, DateTimeOffset? nextAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new("update device_hook set failures = failures + 1, last_error = $2, stopped_at = coalesce(stopped_at, $3) where id = $1")
        {
            Parameters =
            {
                new() { Value = delivery.Hook.Id },
                new() { Value = error },
                new() { Value = nextAt is null ? now.UtcDateTime : DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz },
            },
        });
        batch.BatchCommands.Add(nextAt is { } at
            ? new("update device_alarm_delivery set attempts = attempts + 1, next_at = $3 where alarm_id = $1 and hook_id = $2")
            {
                Parameters = { new() { Value = delivery.Alarm.Id }, new() { Value = delivery.Hook.Id }, new() { Value = at.UtcDateTime } },
            }
            : new("delete from device_alarm_delivery where hook_id = $1") { Parameters = { new() { Value = delivery.Hook.Id } } });
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
    }

    private static DeviceAlarm ReadAlarm(NpgsqlDataReader reader) => new(
        reader.GetInt64(0),
        reader.GetString(1),
        new Hash32(reader.GetFieldValue<byte[]>(2)),
        reader.GetString(3),
        new Finding(
            reader.GetString(4),
            (FindingSeverity)reader.GetInt16(5),
            reader.GetFieldValue<DateTimeOffset>(6),
            reader.GetFieldValue<DateTimeOffset>(7),
            reader.IsDBNull(8) ? null : reader.GetString(8),
            reader.GetString(9),
            []),
        reader.GetFieldValue<DateTimeOffset>(10));

    private static DeviceHook ReadHook(NpgsqlDataReader reader, int at) => new(
        reader.GetGuid(at),
        reader.GetInt32(at + 1),
        reader.GetString(at + 2),
        reader.IsDBNull(at + 3) ? null : reader.GetString(at + 3),
        (FindingSeverity)reader.GetInt16(at + 4),
        reader.IsDBNull(at + 5) ? null : reader.GetFieldValue<string[]>(at + 5),
        reader.GetFieldValue<DateTimeOffset>(at + 6),
        reader.GetInt32(at + 7),
        reader.IsDBNull(at + 8) ? null : reader.GetString(at + 8),
        reader.IsDBNull(at + 9) ? null : reader.GetFieldValue<DateTimeOffset>(at + 9));
}
