using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Devices;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Devices;

/// <summary>Something that was done to a device.</summary>
/// <param name="RecordId">The record that says so.</param>
/// <param name="Day">The day (UTC) of the event.</param>
/// <param name="At">The event's time.</param>
/// <param name="OrganisationId">Who states it.</param>
/// <param name="Organisation">That organisation's code.</param>
/// <param name="Name">That organisation's name.</param>
/// <param name="Step">The business step in a word: one of <see cref="MaintenanceSteps.Words"/>.</param>
public sealed record StoredMaintenance(long RecordId, DateOnly Day, DateTimeOffset At, int OrganisationId, string Organisation, string Name, string Step);

/// <summary>
/// What was done to devices, from ordinary events about them whose business step is one of <see cref="MaintenanceSteps"/>. An event counts where it is stated by who is the device's owner
/// when it is captured, or by an organisation that then has a grant of that owner for maintenance of the event's day; whoever else says something about the device says it on its own page alone.
/// </summary>
public sealed class DeviceMaintenanceStore(NpgsqlDataSource database)
{
    // Who owned the device when w was captured, by the device's own entries: before the first one, who enrolled it; without any, who registered it.
    private const string WithOwner = $"""
        cross join lateral (select coalesce(
            (select a.organisation_id from {DeviceStore.Acceptances} a where a.device_id = d.id and a.received_at <= w.received_at order by a.public_entry_id desc limit 1),
            (select p.organisation_id from device_entry e join public_entry p on p.id = e.public_entry_id where e.device_id = d.id order by e.public_entry_id limit 1),
            d.organisation_id) as id) o
        """;

    // All of it as at the capture: what was not given yet, or was revoked or had expired, gives no say, of earlier days neither.
    private const string IsAuthorised = """
        (o.id = w.organisation_id or exists (
            select from device_grant g
            where g.device_id = d.id and g.grantee_id = w.organisation_id and g.owner_id = o.id and g.terms ->> 'purpose' = 'maintenance'
              and w.day between (g.terms ->> 'from')::date and (g.terms ->> 'until')::date
              and g.granted_at <= w.received_at and (g.revoked_at is null or g.revoked_at > w.received_at)
              and (g.terms ->> 'expires' is null or (g.terms ->> 'expires')::timestamptz > w.received_at)))
        """;

    /// <summary>Takes up what new records say was done to devices, in the transaction that stores them.</summary>
    internal static async Task FoldAsync(NpgsqlConnection connection, IReadOnlyList<(long Id, NewStatement Statement, NewRecord Record)> records, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            insert into device_maintenance (device_id, day, record_id, event_time, organisation_id, step)
            select d.id, w.day, w.record_id, w.event_time, w.organisation_id, w.step
            from (select *, (event_time at time zone 'UTC')::date as day from unnest($1, $2, $3, $4, $5, $6) as n(uri, record_id, event_time, received_at, organisation_id, step)) w
            join device d on d.uri = w.uri {WithOwner}
            where {IsAuthorised}
            on conflict do nothing
            """;
        var rows = records.SelectMany(static r => r.Record.Index.Maintained.Select(uri => (Uri: uri, r.Id, r.Statement, r.Record))).ToList();
        if (rows.Count == 0)
        {
            return;
        }
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(static r => r.Uri)] },
                new NpgsqlParameter<long[]> { TypedValue = [.. rows.Select(static r => r.Id)] },
                new NpgsqlParameter<DateTime[]> { TypedValue = [.. rows.Select(static r => r.Record.EventTime.UtcDateTime)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz },
                new NpgsqlParameter<DateTime[]> { TypedValue = [.. rows.Select(static r => r.Statement.ReceivedAt.UtcDateTime)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz },
                new NpgsqlParameter<int[]> { TypedValue = [.. rows.Select(static r => r.Statement.OrganisationId)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(static r => r.Record.Index.MaintenanceStep!)] }, // A record that maintained something has one.
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Takes up what records that are there already say was done to devices: those captured before the device was registered, or by a server of a version without this. Takes away what was taken up
    /// by a rule that is none any more. Both as at the moment of capture. What is in an archive is not found, and not taken away for that.
    /// </summary>
    /// <param name="connection">With the transaction of the caller, if there is one.</param>
    /// <param name="devices">Ids and URIs of the devices.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>How many were found anew, and how many taken away.</returns>
    public static async Task<(int Found, int Dismissed)> FoldAgainAsync(NpgsqlConnection connection, IReadOnlyList<(int Id, string Uri)> devices, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            insert into device_maintenance (device_id, day, record_id, event_time, organisation_id, step)
            select distinct w.device_id, w.day, w.record_id, w.event_time, w.organisation_id, w.step
            from (
                select k.device_id, r.id as record_id, r.event_time, (r.event_time at time zone 'UTC')::date as day, s.received_at, r.organisation_id, n.step
                from unnest($1, $2) as k(device_id, item_key) cross join unnest($3, $4) as n(biz_step, step)
                join event_body b on b.biz_step = n.biz_step
                join record_item i on i.item_key = k.item_key and i.record_id = b.record_id and i.role < 100 -- what the event is about, not where
                join record r on r.id = b.record_id and not r.is_declaration
                join statement s on s.id = r.statement_id
                where not exists (select from telemetry t where t.record_id = r.id)) w
            join device d on d.id = w.device_id {WithOwner}
            where {IsAuthorised}
            on conflict do nothing
            """;
        const string Dismiss = $"""
            delete from device_maintenance m using (
                select w.device_id, w.record_id from (
                    select k.device_id, k.record_id, k.day, k.organisation_id, s.received_at
                    from device_maintenance k join record r on r.id = k.record_id join statement s on s.id = r.statement_id where k.device_id = any($1)) w
                join device d on d.id = w.device_id {WithOwner}
                where not {IsAuthorised}) x
            where m.device_id = x.device_id and m.record_id = x.record_id
            """;
        await using var dismiss = new NpgsqlCommand(Dismiss, connection) { CommandTimeout = 0, Parameters = { new NpgsqlParameter<int[]> { TypedValue = [.. devices.Select(static d => d.Id)] } } };
        var dismissed = await dismiss.ExecuteNonQueryAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            CommandTimeout = 0,
            Parameters =
            {
                new NpgsqlParameter<int[]> { TypedValue = [.. devices.Select(static d => d.Id)] },
                new NpgsqlParameter<long[]> { TypedValue = [.. devices.Select(static d => ItemKey.Compute(d.Uri))] },
                new NpgsqlParameter<long[]> { TypedValue = [.. MaintenanceSteps.Words.Keys.Select(ItemKey.Compute)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. MaintenanceSteps.Words.Values] },
            },
        };
        return (await command.ExecuteNonQueryAsync(cancellationToken), dismissed);
    }

    /// <summary>What was done to a device in a period, in the order of time. Left out is what its own author has declared wrong since.</summary>
    public async Task<IReadOnlyList<StoredMaintenance>> ListAsync(int deviceId, DateOnly from, DateOnly until, int limit, CancellationToken cancellationToken)
    {
        // What was declared wrong is asked for row by row: there are few, and no plan for all of them at once may read the table of records.
        const string Sql = """
            select m.record_id, m.day, m.event_time, m.organisation_id, o.code, o.name, m.step
            from device_maintenance m join organisation o on o.id = m.organisation_id
            where m.device_id = $1 and m.day between $2 and $3
              and (select count(*) from record r join record x on x.event_hash = r.event_hash and x.organisation_id = r.organisation_id and x.is_declaration where r.id = m.record_id) = 0
              and (select count(*) from record r join record x on x.event_id = r.event_id and x.organisation_id = r.organisation_id and x.is_declaration where r.id = m.record_id) = 0
            order by m.event_time, m.record_id limit $4
            """;
        await using var command = database.ForReading().CreateCommand(Sql);
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = limit });
        var list = new List<StoredMaintenance>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new StoredMaintenance(
                reader.GetInt64(0), reader.GetFieldValue<DateOnly>(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetInt32(3), reader.GetString(4), reader.GetString(5), reader.GetString(6)));
        }
        return list;
    }
}
