using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Log;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Postgres.Devices;

/// <summary>What came of giving a grant.</summary>
public enum GrantOutcome
{
    /// <summary>It is stored.</summary>
    Given,

    /// <summary>Its id is taken, it was answered meanwhile, or the device has another owner.</summary>
    Moved,

    /// <summary>The device has as many grants in force as it may.</summary>
    TooMany,
}

/// <summary>Grants and reads under them. What makes an entry of the log is stored together with it.</summary>
public sealed class GrantStore(NpgsqlDataSource database)
{
    // Ids of entries about one device are in the order in which they were stored, for each is made under the lock of the device's row; times of several servers need not be.
    private const string Select = $"""
        select g.id, g.uri, g.device_id, g.owner_id, o.code, g.grantee_id, g.request, g.terms::text, g.requested_at, g.refused_at, g.granted_at, g.revoked_at, w.since, w.until
        from device_grant g join organisation o on o.id = g.grantee_id
        left join lateral (
            select max(a.received_at) filter (where a.public_entry_id < c.id) as since, min(a.received_at) filter (where a.public_entry_id > c.id) as until
            from (select min(public_entry_id) as id from device_grant_entry where grant_id = g.id) c, {DeviceStore.Acceptances} a
            where a.device_id = g.device_id) w on g.granted_at is not null
        """;

    private const string IsOfOwner = "g.owner_id = (select organisation_id from device where id = g.device_id)";

    /// <summary>Keeps a request; what it is for is looked up in the same statement, so that a device that is there takes no other way than one that is not.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="uri">The device that is asked for.</param>
    /// <param name="granteeId">Who asks.</param>
    /// <param name="terms">For what.</param>
    /// <param name="jws">The statement.</param>
    /// <param name="at">When.</param>
    /// <param name="maxOpen">How many requests of one organisation may wait.</param>
    /// <param name="openSince">Those since then wait.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False when the id is taken, or too many wait.</returns>
    public async Task<bool> AddRequestAsync(
        string id, string uri, int granteeId, GrantTerms terms, string jws, DateTimeOffset at, int maxOpen, DateTimeOffset openSince, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into device_grant (id, uri, device_id, grantee_id, terms, request, requested_at)
            select $1, $2, (select id from device where uri = $2 and organisation_id <> $3), $3, $4, $5, $6
            where (select count(*) from device_grant where grantee_id = $3 and granted_at is null and requested_at > $8) < $7
            on conflict (id) do nothing
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = uri });
        command.Parameters.Add(new() { Value = granteeId });
        command.Parameters.Add(Json(terms));
        command.Parameters.Add(new() { Value = jws });
        command.Parameters.Add(new() { Value = at.UtcDateTime });
        command.Parameters.Add(new() { Value = maxOpen });
        command.Parameters.Add(new() { Value = openSince.UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Stores a grant that was given unasked.</summary>
    public Task<GrantOutcome> AddOfferAsync(StoredDevice device, string id, int granteeId, GrantTerms terms, NewPublicEntry entry, int maxInForce, CancellationToken cancellationToken) => GiveAsync(
        device,
        id,
        entry,
        maxInForce,
        """
        insert into device_grant (id, uri, device_id, owner_id, grantee_id, terms, granted_at) values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (id) do nothing
        """,
        [new() { Value = device.Uri }, new() { Value = device.Id }, new() { Value = device.OrganisationId }, new() { Value = granteeId }, Json(terms), new() { Value = entry.ReceivedAt.UtcDateTime }],
        cancellationToken);

    /// <summary>Gives what was asked for.</summary>
    public Task<GrantOutcome> ApproveAsync(StoredGrant grant, StoredDevice device, GrantTerms terms, NewPublicEntry entry, int maxInForce, CancellationToken cancellationToken) => GiveAsync(
        device,
        grant.Id,
        entry,
        maxInForce,
        "update device_grant set owner_id = $3, terms = $4, granted_at = $5 where id = $1 and device_id = $2 and granted_at is null and refused_at is null",
        [new() { Value = device.Id }, new() { Value = device.OrganisationId }, Json(terms), new() { Value = entry.ReceivedAt.UtcDateTime }],
        cancellationToken);

    /// <summary>Ends a grant; false when it has ended meanwhile.</summary>
    public async Task<bool> RevokeAsync(StoredGrant grant, NewPublicEntry entry, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        return await ChangeAsync(
            connection,
            transaction,
            grant.Id,
            entry,
            "update device_grant set revoked_at = $2 where id = $1 and granted_at is not null and revoked_at is null",
            [new() { Value = entry.ReceivedAt.UtcDateTime }],
            cancellationToken);
    }

    /// <summary>Says no; false when it was answered meanwhile.</summary>
    public async Task<bool> RefuseAsync(StoredGrant grant, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("update device_grant set refused_at = $2 where id = $1 and granted_at is null and refused_at is null");
        command.Parameters.Add(new() { Value = grant.Id });
        command.Parameters.Add(new() { Value = at.UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    public async Task<StoredGrant?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await ListAsync($"{Select} where g.id = $1", [new() { Value = id }], cancellationToken)).FirstOrDefault();

    /// <summary>Requests for a device and what its present owner gave, by id after a cursor: an earlier owner's dealings are not the new one's to see.</summary>
    public Task<List<StoredGrant>> ListOfDeviceAsync(int deviceId, string after, int limit, CancellationToken cancellationToken) =>
        ListAsync($"{Select} where g.device_id = $1 and g.id > $2 and (g.granted_at is null or {IsOfOwner}) order by g.id limit $3", [new() { Value = deviceId }, new() { Value = after }, new() { Value = limit }], cancellationToken);

    /// <summary>Grants to an organisation and its requests, by id after a cursor.</summary>
    public Task<List<StoredGrant>> ListOfGranteeAsync(int granteeId, string after, int limit, CancellationToken cancellationToken) =>
        ListAsync($"{Select} where g.grantee_id = $1 and g.id > $2 order by g.id limit $3", [new() { Value = granteeId }, new() { Value = after }, new() { Value = limit }], cancellationToken);

    /// <summary>What was given to an organisation of a device, the newest first.</summary>
    public Task<List<StoredGrant>> ListGivenAsync(int deviceId, int granteeId, CancellationToken cancellationToken) => ListAsync(
        $"{Select} where g.device_id = $1 and g.grantee_id = $2 and g.granted_at is not null and (g.revoked_at is not null or {IsOfOwner}) order by g.granted_at desc limit 100", [new() { Value = deviceId }, new() { Value = granteeId }], cancellationToken);

    /// <summary>What was given of a device to whoever has an encryption key of this thumbprint, the newest first: as many as <see cref="ListGivenAsync"/> lets it read under.</summary>
    public Task<List<StoredGrant>> ListGivenToKeyAsync(int deviceId, string kid, CancellationToken cancellationToken) => ListAsync(
        $"{Select} where g.device_id = $1 and g.granted_at is not null and (g.revoked_at is not null or {IsOfOwner}) and g.grantee_id in (select organisation_id from encryption_key where kid = $2) order by g.granted_at desc limit 100",
        [new() { Value = deviceId }, new() { Value = kid }],
        cancellationToken);

    /// <summary>Entries of a grant, in the order in which they were made.</summary>
    public async Task<IReadOnlyList<HiddenEntry>> ListEntriesAsync(string grantId, CancellationToken cancellationToken)
    {
        const string Sql = """
            select p.kind, e.leaf_index, g.salt, p.body, p.jws, p.received_at
            from device_grant_entry g join public_entry p on p.id = g.public_entry_id left join log_entry e on e.public_entry_id = p.id
            where g.grant_id = $1 order by p.id
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = grantId });
        var list = new List<HiddenEntry>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(ReadEntry(reader, 0));
        }
        return list;
    }

    /// <summary>Stores a read with its entry, unless one like it is there for the hour.</summary>
    public async Task AddAccessAsync(StoredDevice device, int readerId, AccessEntry access, byte[] salt, DateTimeOffset at, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into device_access (grant_id, device_id, hour, kind, from_day, until_day, at, public_entry_id, salt, reader_id, owner_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            on conflict do nothing
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var entryId = await PublicEntries.AddAsync(connection, new NewPublicEntry(EntryKind.Access, readerId, access.ToJcs(), null, at) { Salt = salt }, cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new() { Value = (object?)access.Grant ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = device.Id });
        command.Parameters.Add(new() { Value = access.Hour.UtcDateTime });
        command.Parameters.Add(new() { Value = (short)access.Kind });
        command.Parameters.Add(new() { Value = access.Days.From });
        command.Parameters.Add(new() { Value = access.Days.Until });
        command.Parameters.Add(new() { Value = at.UtcDateTime });
        command.Parameters.Add(new() { Value = entryId });
        command.Parameters.Add(new() { Value = salt });
        command.Parameters.Add(new() { Value = access.Grant is null ? readerId : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = access.Grant is null ? device.OrganisationId : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        if (await command.ExecuteNonQueryAsync(cancellationToken) == 1)
        {
            await transaction.CommitWithoutLimitAsync(); // A started commit is not broken off.
        }
    }

    /// <summary>Whether a read like this one is stored for its hour.</summary>
    public async Task<bool> HasAccessAsync(StoredDevice device, int readerId, AccessEntry access, CancellationToken cancellationToken)
    {
        const string Same = "hour = $1 and kind = $2 and from_day = $3 and until_day = $4";
        await using var command = database.CreateCommand(access.Grant is null
            ? $"select exists (select from device_access where grant_id is null and device_id = $5 and reader_id = $6 and owner_id = $7 and {Same})"
            : $"select exists (select from device_access where grant_id = $5 and {Same})");
        command.Parameters.Add(new() { Value = access.Hour.UtcDateTime });
        command.Parameters.Add(new() { Value = (short)access.Kind });
        command.Parameters.Add(new() { Value = access.Days.From });
        command.Parameters.Add(new() { Value = access.Days.Until });
        if (access.Grant is { } grant)
        {
            command.Parameters.Add(new() { Value = grant });
        }
        else
        {
            command.Parameters.Add(new() { Value = device.Id });
            command.Parameters.Add(new() { Value = readerId });
            command.Parameters.Add(new() { Value = device.OrganisationId });
        }
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!; // "exists" always answers.
    }

    /// <summary>Reads of a device while it was its present owner's, the newest first.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="before">Only those older than this id.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<StoredAccess>> ListAccessesAsync(int deviceId, long before, int limit, CancellationToken cancellationToken)
    {
        const string Sql = """
            select a.id, p.kind, e.leaf_index, a.salt, p.body, p.jws, p.received_at
            from device_access a left join device_grant g on g.id = a.grant_id join public_entry p on p.id = a.public_entry_id left join log_entry e on e.public_entry_id = p.id
            where a.device_id = $1 and a.id < $2 and coalesce(g.owner_id, a.owner_id) = (select organisation_id from device where id = $1) order by a.id desc limit $3
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = deviceId });
        command.Parameters.Add(new() { Value = before });
        command.Parameters.Add(new() { Value = limit });
        var list = new List<StoredAccess>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var entry = ReadEntry(reader, 1);
            using var document = JsonDocument.Parse(entry.Content);
            list.Add(new StoredAccess(
                reader.GetInt64(0), AccessEntry.TryParse(document.RootElement, out var access) ? access : throw new InvalidOperationException("An access in the database is malformed."), entry));
        }
        return list;
    }

    /// <summary>Makes a grant one in force, under the lock of the device's row: so they are counted one after the other, and the device keeps its owner.</summary>
    private async Task<GrantOutcome> GiveAsync(
        StoredDevice device, string id, NewPublicEntry entry, int maxInForce, string sql, IEnumerable<NpgsqlParameter> parameters, CancellationToken cancellationToken)
    {
        // Counted by a statement of its own: one that had waited for the lock would not see what was given meanwhile.
        const string Count = """
            select count(*) from (
                select from device_grant where device_id = $1 and owner_id = $2 and granted_at is not null and revoked_at is null
                  and (terms->>'expires' is null or (terms->>'expires')::timestamptz > $3) limit $4) in_force
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var own = new NpgsqlCommand("select 1 from device where id = $1 and organisation_id = $2 for no key update", connection))
        {
            own.Parameters.Add(new() { Value = device.Id });
            own.Parameters.Add(new() { Value = device.OrganisationId });
            if (await own.ExecuteScalarAsync(cancellationToken) is null)
            {
                return GrantOutcome.Moved;
            }
        }
        await using (var count = new NpgsqlCommand(Count, connection))
        {
            count.Parameters.Add(new() { Value = device.Id });
            count.Parameters.Add(new() { Value = device.OrganisationId });
            count.Parameters.Add(new() { Value = entry.ReceivedAt.UtcDateTime });
            count.Parameters.Add(new() { Value = maxInForce });
            if ((long)(await count.ExecuteScalarAsync(cancellationToken))! >= maxInForce) // count always answers.
            {
                return GrantOutcome.TooMany;
            }
        }
        return await ChangeAsync(connection, transaction, id, entry, sql, parameters, cancellationToken) ? GrantOutcome.Given : GrantOutcome.Moved;
    }

    /// <summary>A change of a grant with its entry, and the commit; $1 is the grant's id, the other parameters follow. False when nothing was changed.</summary>
    private static async Task<bool> ChangeAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string id, NewPublicEntry entry, string sql, IEnumerable<NpgsqlParameter> parameters, CancellationToken cancellationToken)
    {
        await using (var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = id } } })
        {
            command.Parameters.AddRange(parameters.ToArray());
            if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }
        }
        var entryId = await PublicEntries.AddAsync(connection, entry, cancellationToken);
        await using (var command = new NpgsqlCommand("insert into device_grant_entry (grant_id, public_entry_id, salt) values ($1, $2, $3)", connection))
        {
            command.Parameters.Add(new() { Value = id });
            command.Parameters.Add(new() { Value = entryId });
            command.Parameters.Add(new() { Value = entry.Salt ?? throw new ArgumentException("The entry of a grant has a salt.", nameof(entry)) });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        await transaction.CommitWithoutLimitAsync(); // A started commit is not broken off.
        return true;
    }

    private async Task<List<StoredGrant>> ListAsync(string sql, IEnumerable<NpgsqlParameter> parameters, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddRange(parameters.ToArray());
        var list = new List<StoredGrant>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            using var document = JsonDocument.Parse(reader.GetString(7));
            if (!GrantTerms.TryParse(document.RootElement, out var terms, out var error))
            {
                throw new InvalidOperationException($"The terms of the grant {reader.GetString(0)} are malformed in the database: {error}");
            }
            list.Add(new StoredGrant(
                reader.GetString(0),
                reader.GetString(1),
                reader.IsDBNull(2) ? null : reader.GetInt32(2),
                reader.IsDBNull(3) ? null : reader.GetInt32(3),
                reader.GetString(4),
                reader.GetInt32(5),
                reader.IsDBNull(6) ? null : reader.GetString(6),
                Grant.Restore(terms, Time(reader, 8), Time(reader, 9), Time(reader, 10), Time(reader, 11)).InOwnership(Time(reader, 12), Time(reader, 13))));
        }
        return list;
    }

    private static HiddenEntry ReadEntry(NpgsqlDataReader reader, int first) => new(
        (EntryKind)reader.GetInt16(first),
        reader.IsDBNull(first + 1) ? null : reader.GetInt64(first + 1),
        reader.GetFieldValue<byte[]>(first + 2),
        reader.GetFieldValue<byte[]>(first + 3),
        reader.IsDBNull(first + 4) ? null : reader.GetString(first + 4),
        reader.GetFieldValue<DateTimeOffset>(first + 5));

    private static DateTimeOffset? Time(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);

    private static NpgsqlParameter Json(GrantTerms terms) => new() { Value = Encoding.UTF8.GetString(terms.ToJcs()), NpgsqlDbType = NpgsqlDbType.Jsonb };
}
