using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Devices;

/// <summary>An organisation's encryption key with the statement that says so.</summary>
/// <param name="OrganisationId">Whose.</param>
/// <param name="Kid">Thumbprint.</param>
/// <param name="Jwk">Public JWK.</param>
/// <param name="Statement">The JWS.</param>
/// <param name="Custody">How the key that signed it is held.</param>
public sealed record StoredEncryptionKey(int OrganisationId, string Kid, string Jwk, string Statement, Custody Custody);

/// <summary>Wrapped day keys, and the keys of those they are wrapped to.</summary>
public sealed class DayKeyStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Keeps an organisation's encryption key: from now on the one that counts.</summary>
    /// <returns>False when it was published before, and nothing changed.</returns>
    public async Task<bool> AddEncryptionKeyAsync(StoredEncryptionKey key, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("insert into encryption_key (organisation_id, kid, jwk, statement, custody, created_at) values ($1, $2, $3, $4, $5, $6) on conflict (organisation_id, kid) do nothing");
        command.Parameters.Add(new() { Value = key.OrganisationId });
        command.Parameters.Add(new() { Value = key.Kid });
        command.Parameters.Add(new() { Value = key.Jwk });
        command.Parameters.Add(new() { Value = key.Statement });
        command.Parameters.Add(new() { Value = (short)key.Custody });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>An organisation's encryption keys, the one that counts first.</summary>
    public async Task<IReadOnlyList<StoredEncryptionKey>> ListEncryptionKeysAsync(int organisationId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select organisation_id, kid, jwk, statement, custody from encryption_key where organisation_id = $1 order by id desc limit 100");
        command.Parameters.Add(new() { Value = organisationId });
        var list = new List<StoredEncryptionKey>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new StoredEncryptionKey(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), (Custody)reader.GetInt16(4)));
        }
        return list;
    }

    /// <summary>Keeps wrapped keys of a device; one for the same recipient and day takes the place of an earlier one.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="due">Days that have to be computed again because of them: due from the moment on at which the keys are there.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task AddAsync(int deviceId, IReadOnlyCollection<StoredDayKey> keys, IReadOnlyCollection<DateOnly> due, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into device_day_key (device_id, name, day, recipient, jwe, added_at) select $1, name, day, recipient, jwe, $6 from unnest($2, $3, $4, $5) as k(name, day, recipient, jwe)
            on conflict (device_id, recipient, name) do update set jwe = excluded.jwe, added_at = excluded.added_at
            """;
        await using var batch = database.CreateBatch(); // One transaction.
        batch.BatchCommands.Add(new(Sql)
        {
            Parameters =
            {
                new() { Value = deviceId },
                new NpgsqlParameter<string[]> { TypedValue = [.. keys.Select(static k => k.Name)] },
                Dates(keys.Select(static k => k.Day)),
                new NpgsqlParameter<string[]> { TypedValue = [.. keys.Select(static k => k.Recipient)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. keys.Select(static k => k.Jwe)] },
                new() { Value = time.GetUtcNow().UtcDateTime },
            },
        });
        if (due.Count > 0)
        {
            // Also days without a statement: one may be on its way, and may have been computed without the key before this is there.
            batch.BatchCommands.Add(new("insert into device_day_due (device_id, day) select $1, day from unnest($2) as d(day)") { Parameters = { new() { Value = deviceId }, Dates(due) } });
        }
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Dates(IEnumerable<DateOnly> days) => new NpgsqlParameter<DateOnly[]> { TypedValue = [.. days], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date };

    /// <summary>Keys of days of devices wrapped to any of some recipients, by device: of each day at most a number, by name.</summary>
    public async Task<ILookup<int, StoredDayKey>> ListAsync(IReadOnlyCollection<DayOfDevice> days, IReadOnlyCollection<string> recipients, int perDay, CancellationToken cancellationToken)
    {
        const string Sql = """
            select w.device_id, k.name, k.day, k.recipient, k.jwe from unnest($1, $2) as w(device_id, day)
            cross join lateral (select * from device_day_key d where d.device_id = w.device_id and d.recipient = any($3) and d.day = w.day order by d.name limit $4) k
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. days.Select(static d => d.DeviceId)] });
        command.Parameters.Add(Dates(days.Select(static d => d.Day)));
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. recipients] });
        command.Parameters.Add(new() { Value = perDay });
        var list = new List<(int DeviceId, StoredDayKey Key)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add((reader.GetInt32(0), new StoredDayKey(reader.GetString(1), reader.GetFieldValue<DateOnly>(2), reader.GetString(3), reader.GetString(4))));
        }
        return list.ToLookup(static k => k.DeviceId, static k => k.Key);
    }

    /// <summary>Keys of some days wrapped to any of some recipients, by day and name.</summary>
    public async Task<IReadOnlyList<StoredDayKey>> ListAsync(
        int deviceId, IReadOnlyCollection<string> recipients, DateOnly from, DateOnly until, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "select name, day, recipient, jwe from device_day_key where device_id = $1 and recipient = any($2) and day between $3 and $4 order by day, name, recipient limit $5");
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. recipients] });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = limit });
        var list = new List<StoredDayKey>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new StoredDayKey(reader.GetString(0), reader.GetFieldValue<DateOnly>(1), reader.GetString(2), reader.GetString(3)));
        }
        return list;
    }
}
