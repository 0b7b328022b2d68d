using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Postgres.Devices;

/// <summary>Devices, their keys and claim codes. Each act is stored together with its log entry.</summary>
public sealed class DeviceStore(NpgsqlDataSource database)
{
    /// <summary>
    /// Entries by which devices went to other owners: who owns it from then on, and since when. A body is canonical JSON, where <c>act</c> is the first member of the payload and a text's
    /// quotation marks are escaped, so nothing else looks like this.
    /// </summary>
    internal const string Acceptances = """
        (select e.device_id, e.public_entry_id, p.organisation_id, p.received_at from device_entry e join public_entry p on p.id = e.public_entry_id
         where position('"payload":{"act":"accept",'::bytea in p.body) > 0)
        """;

    private const string Columns =
        "d.id, d.uri, d.pseudonym, d.salt, d.organisation_id, d.template, d.name, d.maker, d.model, d.serial, d.attestation::text, d.state, d.offered_to, d.version, d.created_at";

    private const string KeyColumns = "k.kid, k.device_id, k.number, k.jwk, e.leaf_index, k.admitted_at, k.ended_at, k.compromised_since";
    private const string Select = $"select {Columns} from device d";
    private const string SelectKey = $"select {KeyColumns} from device_key k left join log_entry e on e.public_entry_id = k.public_entry_id";

    /// <summary>Adds a device without a key; null when its URI is taken.</summary>
    /// <param name="device">The device.</param>
    /// <param name="claim">Digest of its claim code and when that expires, if it is to bring its key itself.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<StoredDevice?> AddAsync(StoredDevice device, (byte[] Hash, DateTimeOffset ExpiresAt)? claim, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await AddAsync(connection, device, cancellationToken) is not { } id)
        {
            return null;
        }
        if (claim is { } code)
        {
            await AddClaimAsync(connection, id, code.Hash, device.CreatedAt, code.ExpiresAt, cancellationToken);
        }
        await transaction.CommitAsync(CancellationToken.None);
        return device with { Id = id };
    }

    /// <summary>Adds devices that are enrolled at once, all or none of them; the answer has the first that cannot be, or null.</summary>
    public async Task<(StoredDevice Device, DeviceActOutcome Why)?> AddEnrolledAsync(
        IReadOnlyList<(StoredDevice Device, DeviceChange Change, NewPublicEntry Entry)> devices, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        foreach (var (device, change, entry) in devices)
        {
            if (await AddAsync(connection, device, cancellationToken) is not { } id)
            {
                return (device, DeviceActOutcome.Moved);
            }
            if (!await ApplyAsync(connection, id, change, entry, cancellationToken))
            {
                return (device, DeviceActOutcome.KeyInUse);
            }
        }
        await transaction.CommitWithoutLimitAsync();
        return null;
    }

    /// <summary>Stores an act with its entry, if nothing else has changed the device since it was read and no entry of it waits for its leaf index.</summary>
    /// <param name="device">As it was read.</param>
    /// <param name="change">What it becomes.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="claim">Digest of the claim code that is used up by it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<DeviceActOutcome> ApplyAsync(StoredDevice device, DeviceChange change, NewPublicEntry entry, byte[]? claim, CancellationToken cancellationToken)
    {
        const string Lock = """
            select version, (select count(*) from device_entry d left join log_entry e on e.public_entry_id = d.public_entry_id where d.device_id = device.id and e.leaf_index is null)
            from device where id = $1 for update
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var command = new NpgsqlCommand(Lock, connection) { Parameters = { new() { Value = device.Id } } })
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken) || reader.GetInt32(0) != device.Version || reader.GetInt64(1) > 0)
            {
                return DeviceActOutcome.Moved;
            }
        }
        if (claim is not null)
        {
            await using var use = new NpgsqlCommand("update device_claim set used_at = $2 where hash = $1 and used_at is null and expires_at > $2", connection);
            use.Parameters.Add(new() { Value = claim });
            use.Parameters.Add(new() { Value = entry.ReceivedAt.UtcDateTime });
            if (await use.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return DeviceActOutcome.Moved;
            }
        }
        if (!await ApplyAsync(connection, device.Id, change, entry, cancellationToken))
        {
            return DeviceActOutcome.KeyInUse;
        }
        await transaction.CommitWithoutLimitAsync(); // A started commit is not broken off.
        return DeviceActOutcome.Added;
    }

    /// <summary>Replaces a device's unused claim codes by a new one.</summary>
    public async Task RenewClaimAsync(int deviceId, byte[] hash, DateTimeOffset now, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var end = new NpgsqlCommand("update device_claim set expires_at = $2 where device_id = $1 and used_at is null and expires_at > $2", connection))
        {
            end.Parameters.Add(new() { Value = deviceId });
            end.Parameters.Add(new() { Value = now.UtcDateTime });
            await end.ExecuteNonQueryAsync(cancellationToken);
        }
        await AddClaimAsync(connection, deviceId, hash, now, expiresAt, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>Keeps a maker's word that came with the device's first key.</summary>
    public async Task SetAttestationAsync(int deviceId, string attestation, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("update device set attestation = $2 where id = $1");
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = attestation, NpgsqlDbType = NpgsqlDbType.Jsonb });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public Task<StoredDevice?> FindAsync(int id, CancellationToken cancellationToken) => FindOneAsync("where id = $1", id, cancellationToken);

    public Task<StoredDevice?> FindAsync(Hash32 pseudonym, CancellationToken cancellationToken) => FindOneAsync("where pseudonym = $1", pseudonym.ToArray(), cancellationToken);

    public Task<StoredDevice?> FindByUriAsync(string uri, CancellationToken cancellationToken) => FindOneAsync("where uri = $1", uri, cancellationToken);

    /// <summary>The device that a claim code in force belongs to.</summary>
    public Task<StoredDevice?> FindByClaimAsync(byte[] hash, CancellationToken cancellationToken) =>
        FindOneAsync("where id = (select device_id from device_claim where hash = $1 and used_at is null and expires_at > now())", hash, cancellationToken);

    /// <summary>When the device's owner became it; null where it is the first one.</summary>
    public async Task<DateTimeOffset?> FindOwnedSinceAsync(int id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select received_at from {Acceptances} a where device_id = $1 order by public_entry_id desc limit 1");
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? reader.GetFieldValue<DateTimeOffset>(0) : null;
    }

    /// <summary>Devices of an organisation, and those offered to it, by id after a cursor.</summary>
    public async Task<IReadOnlyList<StoredDevice>> ListAsync(int organisationId, int after, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} where id > $2 and id in (select id from device where organisation_id = $1 union all select id from device where offered_to = $1) order by id limit $3");
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Devices of an organisation whose URI or serial number is among names, without regard to the case of serial numbers.</summary>
    /// <param name="organisationId">The owner.</param>
    /// <param name="names">URIs and serial numbers.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<StoredDevice>> ListByNamesAsync(int organisationId, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} where organisation_id = $1 and (uri = any($2) or lower(serial) = any($3)) order by id");
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = names.ToArray() });
        command.Parameters.Add(new() { Value = names.Select(static n => n.ToLowerInvariant()).ToArray() });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Devices by id.</summary>
    public async Task<IReadOnlyList<StoredDevice>> ListAsync(IReadOnlyCollection<int> ids, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} where id = any($1)");
        command.Parameters.Add(new() { Value = ids.ToArray() });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Template of devices, and when their first key was admitted: null before.</summary>
    public async Task<IReadOnlyList<(int DeviceId, (string Template, DateTimeOffset? EnrolledAt) Enrolment)>> ListEnrolmentsAsync(IReadOnlyCollection<int> ids, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "select d.id, d.template, k.admitted_at from device d left join device_key k on k.device_id = d.id and k.number = 0 where d.id = any($1)");
        command.Parameters.Add(new() { Value = ids.ToArray() });
        var list = new List<(int, (string, DateTimeOffset?))>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add((reader.GetInt32(0), (reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetFieldValue<DateTimeOffset>(2))));
        }
        return list;
    }

    public async Task<StoredDeviceKey?> FindKeyAsync(string kid, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{SelectKey} where k.kid = $1");
        command.Parameters.Add(new() { Value = kid });
        return (await ReadKeysAsync(command, cancellationToken)).FirstOrDefault();
    }

    /// <summary>The key with its device and the device's owner, at once: this is asked for nearly every statement of a large fleet.</summary>
    public async Task<(StoredDeviceKey Key, StoredDevice Device, Organisation Owner)?> FindByKeyAsync(string kid, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            select o.id, o.code, o.name, o.roles, o.template, {Columns}, {KeyColumns}
            from device_key k join device d on d.id = k.device_id join organisation o on o.id = d.organisation_id left join log_entry e on e.public_entry_id = k.public_entry_id
            where k.kid = $1
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = kid });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (ReadKey(reader, 20), Read(reader, 5), OrganisationStore.Read(reader)) : null;
    }

    /// <summary>Keys of a device in the order of admission.</summary>
    public async Task<IReadOnlyList<StoredDeviceKey>> ListKeysAsync(int deviceId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{SelectKey} where k.device_id = $1 order by k.number");
        command.Parameters.Add(new() { Value = deviceId });
        return await ReadKeysAsync(command, cancellationToken);
    }

    /// <summary>Entries of devices in the order of the log; those that wait come last.</summary>
    public async Task<IReadOnlyList<(int DeviceId, StoredPublicEntry Entry)>> ListEntriesAsync(IReadOnlyCollection<int> deviceIds, CancellationToken cancellationToken)
    {
        const string Sql = """
            select d.device_id, p.id, e.leaf_index, p.kind, p.organisation_id, p.body, p.jws, p.received_at
            from device_entry d join public_entry p on p.id = d.public_entry_id left join log_entry e on e.public_entry_id = p.id
            where d.device_id = any($1) order by e.leaf_index nulls last, p.id
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = deviceIds.ToArray() });
        var list = new List<(int, StoredPublicEntry)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add((reader.GetInt32(0), ReadEntry(reader)));
        }
        return list;
    }

    /// <summary>All entries in the log of the devices to which those with the given leaf indices belong, each with its device's salt, in the order of the log.</summary>
    public async Task<IReadOnlyList<(StoredPublicEntry Entry, Hash32 Salt)>> ListEntriesOfAsync(IReadOnlyCollection<long> leafIndices, CancellationToken cancellationToken)
    {
        const string Sql = """
            select v.salt, p.id, e.leaf_index, p.kind, p.organisation_id, p.body, p.jws, p.received_at
            from device v join device_entry d on d.device_id = v.id join public_entry p on p.id = d.public_entry_id join log_entry e on e.public_entry_id = p.id
            where v.id in (select n.device_id from log_entry i join device_entry n on n.public_entry_id = i.public_entry_id where i.leaf_index = any($1))
            order by e.leaf_index
            """;
        await using var command = database.ForReading().CreateCommand(Sql);
        command.Parameters.Add(new() { Value = leafIndices.ToArray() });
        var list = new List<(StoredPublicEntry, Hash32)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add((ReadEntry(reader), new Hash32(reader.GetFieldValue<byte[]>(0))));
        }
        return list;
    }

    private static StoredPublicEntry ReadEntry(NpgsqlDataReader reader) => new(
        reader.GetInt64(1),
        reader.IsDBNull(2) ? null : reader.GetInt64(2),
        (EntryKind)reader.GetInt16(3),
        reader.GetInt32(4),
        reader.GetFieldValue<byte[]>(5),
        reader.IsDBNull(6) ? null : reader.GetString(6),
        reader.GetFieldValue<DateTimeOffset>(7));

    private static async Task<int?> AddAsync(NpgsqlConnection connection, StoredDevice device, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into device (uri, pseudonym, salt, organisation_id, template, name, maker, model, serial, attestation, state, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict on constraint device_uri_unique do nothing returning id
            """;
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new() { Value = device.Uri },
                new() { Value = device.Pseudonym.ToArray() },
                new() { Value = device.Salt },
                new() { Value = device.OrganisationId },
                new() { Value = device.Template },
                new() { Value = device.Name },
                Text(device.Maker),
                Text(device.Model),
                Text(device.Serial),
                new() { Value = (object?)device.Attestation ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb },
                new() { Value = (short)device.State },
                new() { Value = device.CreatedAt.UtcDateTime },
            },
        };
        return await command.ExecuteScalarAsync(cancellationToken) is int id ? id : null;
    }

    private static async Task AddClaimAsync(NpgsqlConnection connection, int deviceId, byte[] hash, DateTimeOffset now, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("insert into device_claim (hash, device_id, created_at, expires_at) values ($1, $2, $3, $4)", connection);
        command.Parameters.Add(new() { Value = hash });
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        command.Parameters.Add(new() { Value = expiresAt.UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Entry, keys and row within the caller's transaction; false when the key is some device's already.</summary>
    private static async Task<bool> ApplyAsync(NpgsqlConnection connection, int deviceId, DeviceChange change, NewPublicEntry entry, CancellationToken cancellationToken)
    {
        const string End = """
            update device_key set ended_at = coalesce(ended_at, case when number = newest then $2 end), compromised_since = least(compromised_since, $3)
            from (select max(number) as newest from device_key where device_id = $1) as device
            where device_id = $1 and (number = newest or $3 is not null)
            """;
        const string Admit = """
            insert into device_key (kid, device_id, number, jwk, public_entry_id, admitted_at)
            select $1, $2, (select coalesce(max(number) + 1, 0) from device_key where device_id = $2), $3, $4, $5 on conflict (kid) do nothing
            """;
        var entryId = await PublicEntries.AddAsync(connection, entry, cancellationToken);
        var at = entry.ReceivedAt.UtcDateTime;
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new("insert into device_entry (device_id, public_entry_id) values ($1, $2)") { Parameters = { new() { Value = deviceId }, new() { Value = entryId } } });
        batch.BatchCommands.Add(new("update device set state = $2, organisation_id = $3, offered_to = $4, version = version + 1 where id = $1")
        {
            Parameters =
            {
                new() { Value = deviceId },
                new() { Value = (short)change.State },
                new() { Value = change.OrganisationId },
                new() { Value = (object?)change.OfferedTo ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer },
            },
        });
        // What another owner granted ends with its ownership.
        batch.BatchCommands.Add(new("update device_grant set revoked_at = $2 where device_id = $1 and owner_id <> $3 and granted_at is not null and revoked_at is null")
        {
            Parameters = { new() { Value = deviceId }, new() { Value = at }, new() { Value = change.OrganisationId } },
        });
        if (change.EndsKey)
        {
            batch.BatchCommands.Add(new(End)
            {
                Parameters =
                {
                    new() { Value = deviceId },
                    new() { Value = at },
                    new() { Value = (object?)change.CompromisedSince ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint },
                },
            });
        }
        await batch.ExecuteNonQueryAsync(cancellationToken);
        if (change.Key is not { } key)
        {
            return true;
        }
        await using var admit = new NpgsqlCommand(Admit, connection)
        {
            Parameters = { new() { Value = key.Kid }, new() { Value = deviceId }, new() { Value = key.Jwk }, new() { Value = entryId }, new() { Value = at } },
        };
        return await admit.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private async Task<StoredDevice?> FindOneAsync(string where, object value, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} {where}");
        command.Parameters.Add(new() { Value = value });
        return (await ReadAsync(command, cancellationToken)).FirstOrDefault();
    }

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private static async Task<List<StoredDevice>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var list = new List<StoredDevice>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(Read(reader, 0));
        }
        return list;
    }

    private static async Task<List<StoredDeviceKey>> ReadKeysAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var keys = new List<StoredDeviceKey>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add(ReadKey(reader, 0));
        }
        return keys;
    }

    /// <summary>A device from the columns that begin at <paramref name="first"/>.</summary>
    private static StoredDevice Read(NpgsqlDataReader reader, int first) => new()
    {
        Id = reader.GetInt32(first),
        Uri = reader.GetString(first + 1),
        Pseudonym = new Hash32(reader.GetFieldValue<byte[]>(first + 2)),
        Salt = reader.GetFieldValue<byte[]>(first + 3),
        OrganisationId = reader.GetInt32(first + 4),
        Template = reader.GetString(first + 5),
        Name = reader.GetString(first + 6),
        Maker = Text(reader, first + 7),
        Model = Text(reader, first + 8),
        Serial = Text(reader, first + 9),
        Attestation = Text(reader, first + 10),
        State = (DeviceState)reader.GetInt16(first + 11),
        OfferedTo = reader.IsDBNull(first + 12) ? null : reader.GetInt32(first + 12),
        Version = reader.GetInt32(first + 13),
        CreatedAt = reader.GetFieldValue<DateTimeOffset>(first + 14),
    };

    /// <summary>A key from the columns that begin at <paramref name="first"/>.</summary>
    private static StoredDeviceKey ReadKey(NpgsqlDataReader reader, int first) => new(
        reader.GetString(first),
        reader.GetInt32(first + 1),
        reader.GetInt16(first + 2),
        reader.GetString(first + 3),
        reader.IsDBNull(first + 4) ? null : reader.GetInt64(first + 4),
        reader.GetFieldValue<DateTimeOffset>(first + 5),
        reader.IsDBNull(first + 6) ? null : reader.GetFieldValue<DateTimeOffset>(first + 6),
        reader.IsDBNull(first + 7) ? null : reader.GetInt64(first + 7));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
