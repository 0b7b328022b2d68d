using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Devices;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Devices;

/// <summary>Order of a list of devices.</summary>
public enum FleetOrder
{
    /// <summary>By name.</summary>
    Name,

    /// <summary>Those not heard of for longest first.</summary>
    Seen,

    /// <summary>Those with most alarms first.</summary>
    Alarms,

    /// <summary>Those registered last first.</summary>
    Newest,
}

/// <summary>Which devices of an organisation to list.</summary>
public sealed record FleetQuery
{
    /// <summary>Name of a template; null for all.</summary>
    public string? Template { get; init; }

    /// <summary>A state; null for all.</summary>
    public DeviceState? State { get; init; }

    /// <summary>Only devices with alarms.</summary>
    public bool AlarmsOnly { get; init; }

    /// <summary>Part of the name or URI, in any case; null for all.</summary>
    public string? Search { get; init; }

    /// <summary>Order.</summary>
    public FleetOrder Order { get; init; }
}

/// <summary>A page of a list of devices.</summary>
/// <param name="Rows">Ids in order, each with its number of alarms in force.</param>
/// <param name="Total">How many devices there are on all pages.</param>
public sealed record FleetSlice(IReadOnlyList<(int DeviceId, int Alarms)> Rows, int Total);

/// <summary>Lists an organisation's devices as people look through them.</summary>
public sealed class DeviceFleetStore(NpgsqlDataSource database)
{
    /// <summary>One page.</summary>
    /// <param name="organisationId">The owner.</param>
    /// <param name="query">Which and in which order.</param>
    /// <param name="since">Alarms of earlier days are not counted.</param>
    /// <param name="offset">How many to leave out.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<FleetSlice> ListAsync(int organisationId, FleetQuery query, DateOnly since, int offset, int limit, CancellationToken cancellationToken)
    {
        var order = query.Order switch
        {
            FleetOrder.Seen => "last_seen_at nulls first, id",
            FleetOrder.Alarms => "alarms desc, lower(name), id",
            FleetOrder.Newest => "id desc",
            _ => "lower(name), id",
        };
        const string Alarms = "(select count(*) from device_finding f where f.device_id = d.id and f.day >= $2 and f.severity = $3 and f.ended_at is null)";
        // All devices' alarms are counted only where they say which devices are listed, or in what order.
        var needsAlarms = query.AlarmsOnly || query.Order == FleetOrder.Alarms;
        // The total is counted beside the page, so that a page beyond the last one has it too.
        await using var command = database.ForReading().CreateCommand($"""
            with fleet as materialized (
                select d.id, d.name, s.last_seen_at{(needsAlarms ? $", {Alarms} as alarms" : "")}
                from device d left join device_status s on s.device_id = d.id
                where d.organisation_id = $1 and ($4 is null or d.template = $4) and ($5 is null or d.state = $5)
                  and ($6 is null or strpos(lower(d.name), lower($6)) > 0 or strpos(lower(d.uri), lower($6)) > 0)
            ), wanted as (select * from fleet{(query.AlarmsOnly ? " where alarms > 0" : "")})
            select t.total, d.id, {(needsAlarms ? "d.alarms" : Alarms)} from (select count(*) as total from wanted) t
            left join (select row_number() over (order by {order}) as place, * from wanted order by place offset $7 limit $8) d on true order by d.place
            """);
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = since });
        command.Parameters.Add(new() { Value = (short)FindingSeverity.Alarm });
        command.Parameters.Add(new() { Value = (object?)query.Template ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = query.State is { } state ? (short)state : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Smallint });
        command.Parameters.Add(new() { Value = (object?)query.Search ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = offset });
        command.Parameters.Add(new() { Value = limit });
        var rows = new List<(int, int)>();
        var total = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            total = (int)reader.GetInt64(0);
            if (!reader.IsDBNull(1))
            {
                rows.Add((reader.GetInt32(1), (int)reader.GetInt64(2)));
            }
        }
        return new FleetSlice(rows, total);
    }

    /// <summary>Computed days of several devices.</summary>
    public async Task<ILookup<int, byte[]>> ListDaysAsync(IReadOnlyCollection<int> deviceIds, DateOnly from, DateOnly until, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand("select device_id, content from device_day where device_id = any($1) and day between $2 and $3 order by device_id, day");
        command.Parameters.Add(new() { Value = deviceIds.ToArray() });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        var list = new List<(int Id, byte[] Content)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add((reader.GetInt32(0), reader.GetFieldValue<byte[]>(1)));
        }
        return list.ToLookup(static d => d.Id, static d => d.Content);
    }
}
