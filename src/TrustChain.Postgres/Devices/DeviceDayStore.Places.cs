using Npgsql;
using TrustChain.Core.Devices;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Devices;

/// <summary>What the service found in places that it decrypted, beside the days.</summary>
public sealed partial class DeviceDayStore
{
    private const int MaxFindings = 10_000;

    private const string OpenOfPlaces = $"{SelectFindings} where device_id = $1 and day between $2 and $3 and code = any($4) and of_day and ended_at is null order by day, from_time, key limit $5";

    /// <summary>Keeps how far the encrypted positions of days could be read, and where that was, sealed: null leaves what was there.</summary>
    public static async Task WritePlacesAsync(NpgsqlConnection connection, IReadOnlyList<(int DeviceId, PlacesOfDay Places, string? Sealed)> days, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into device_day_place as p (device_id, day, encrypted, read, more_findings, places) select * from unnest($1, $2, $3, $4, $5, $6)
            on conflict (device_id, day) do update set encrypted = excluded.encrypted, read = excluded.read, more_findings = excluded.more_findings, places = coalesce(excluded.places, p.places)
            """;
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                Ids(days.Select(static d => d.DeviceId)), Dates(days.Select(static d => d.Places.Day)),
                Ids(days.Select(static d => d.Places.Encrypted)), Ids(days.Select(static d => d.Places.Read)), Ids(days.Select(static d => d.Places.MoreFindings)),
                new NpgsqlParameter<string?[]> { TypedValue = [.. days.Select(static d => d.Sealed)] },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What was found about the places of a day and has not ended.</summary>
    public static async Task<IReadOnlyList<Finding>> ListPlaceFindingsAsync(NpgsqlConnection connection, DayOfDevice day, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OpenOfPlaces, connection);
        return await ReadOpenAsync(command, day.DeviceId, day.Day, day.Day, cancellationToken);
    }

    /// <summary>The sealed places of a day; null where there are none.</summary>
    public static async Task<string?> FindSealedPlacesAsync(NpgsqlConnection connection, DayOfDevice day, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select places from device_day_place where device_id = $1 and day = $2", connection)
        {
            Parameters = { new() { Value = day.DeviceId }, new() { Value = day.Day } },
        };
        return await command.ExecuteScalarAsync(cancellationToken) as string; // DBNull is none.
    }

    /// <summary>The sealed places of a device by day, as far as there are any.</summary>
    public async Task<IReadOnlyList<(DateOnly Day, string Sealed)>> ListSealedPlacesAsync(int deviceId, DateOnly from, DateOnly until, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand("select day, places from device_day_place where device_id = $1 and day between $2 and $3 and places is not null order by day");
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        var list = new List<(DateOnly, string)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add((reader.GetFieldValue<DateOnly>(0), reader.GetString(1)));
        }
        return list;
    }

    /// <summary>What the service says of the encrypted places of a device.</summary>
    public async Task<ServicePlaces> FindPlacesAsync(int deviceId, DateOnly from, DateOnly until, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand("select day, encrypted, read, more_findings from device_day_place where device_id = $1 and day between $2 and $3 order by day");
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        var days = new List<PlacesOfDay>();
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                days.Add(new PlacesOfDay(reader.GetFieldValue<DateOnly>(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetInt32(3)));
            }
        }
        // Afterwards: what is found meanwhile in a day that was read in full is then there too.
        await using var open = database.ForReading().CreateCommand(OpenOfPlaces);
        return new ServicePlaces(days, await ReadOpenAsync(open, deviceId, from, until, cancellationToken));
    }

    private static async Task<IReadOnlyList<Finding>> ReadOpenAsync(NpgsqlCommand command, int deviceId, DateOnly from, DateOnly until, CancellationToken cancellationToken)
    {
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. FindingCodes.OfPlaces] });
        command.Parameters.Add(new() { Value = MaxFindings });
        return [.. (await ReadFindingsAsync(command, cancellationToken)).Select(static f => f.Finding)];
    }
}
