using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Postgres.Accounts;

/// <summary>An API key without what opens the door.</summary>
/// <param name="Id">Names it in the API and in audit entries.</param>
/// <param name="Label">What its maker called it.</param>
/// <param name="Role">What it may do.</param>
/// <param name="CreatedBy">Who made it, as audit entries name them.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="ExpiresAt">From when on it is refused, if ever.</param>
/// <param name="LastUsedAt">When it was last used, to the minute.</param>
/// <param name="RevokedAt">When it was revoked, if it was.</param>
public sealed record ApiKey(
    int Id, string Label, OrganisationRole Role, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt);

/// <summary>A key just made: its id, and the text that is shown this once.</summary>
public sealed record NewApiKey(int Id, string Key);

/// <summary>Whose key it is, and what it may do.</summary>
public sealed record ApiKeyHolder(Organisation Organisation, int KeyId, OrganisationRole Role, DateTimeOffset? ExpiresAt);

/// <summary>API keys: 32 random bytes shown once, of which the database keeps the SHA-256.</summary>
public sealed class ApiKeyStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Keys in force that an organisation may have.</summary>
    public const int MaxInForce = 1000;

    private const string Columns = "id, label, role, created_by, created_at, expires_at, last_used_at, revoked_at";

    /// <summary>Makes a key within a transaction of the caller's; null when the organisation has as many in force as it may have.</summary>
    public async Task<NewApiKey?> AddAsync(
        NpgsqlConnection connection, int organisationId, string label, OrganisationRole role, DateTimeOffset? expiresAt, string createdBy, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into api_key (hash, organisation_id, label, role, created_by, created_at, expires_at) select $1, $2, $3, $4, $5, $6, $7
            where (select count(*) from api_key where organisation_id = $2 and revoked_at is null and (expires_at is null or expires_at > $6)) < $8 returning id
            """;
        // One at a time, so that none slips in beside the last one.
        await using (var hold = new NpgsqlCommand("select from organisation where id = $1 for no key update", connection) { Parameters = { new() { Value = organisationId } } })
        {
            await hold.ExecuteNonQueryAsync(cancellationToken);
        }
        var key = $"tck_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new() { Value = Hash(key) },
                new() { Value = organisationId },
                new() { Value = label },
                new() { Value = (short)role },
                new() { Value = createdBy },
                new() { Value = time.GetUtcNow().UtcDateTime },
                new() { Value = (object?)expiresAt?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new() { Value = MaxInForce },
            },
        };
        return await command.ExecuteScalarAsync(cancellationToken) is int id ? new NewApiKey(id, key) : null;
    }

    /// <summary>Whose key has this SHA-256, unless it is revoked or has expired; notes that it was used.</summary>
    public async Task<ApiKeyHolder?> FindAsync(byte[] hash, CancellationToken cancellationToken)
    {
        // Once a minute is often enough to see that a key is in use, and seldom enough not to write with every request.
        const string Sql = """
            with used as (
                update api_key set last_used_at = $2
                where hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2) and (last_used_at is null or last_used_at < $2 - interval '1 minute'))
            select o.id, o.code, o.name, o.roles, o.template, k.id, k.role, k.expires_at
            from api_key k join organisation o on o.id = k.organisation_id
            where k.hash = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = hash });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new ApiKeyHolder(OrganisationStore.Read(reader), reader.GetInt32(5), (OrganisationRole)reader.GetInt16(6), ReadTime(reader, 7))
            : null;
    }

    /// <summary>Some of an organisation's keys, newest first.</summary>
    /// <param name="organisationId">The organisation.</param>
    /// <param name="before">Only those older than this id.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(int organisationId, int? before, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select {Columns} from api_key where organisation_id = $1 and id < $2 order by id desc limit $3");
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = before ?? int.MaxValue });
        command.Parameters.Add(new() { Value = limit });
        var keys = new List<ApiKey>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add(Read(reader));
        }
        return keys;
    }

    /// <summary>One of an organisation's keys.</summary>
    public async Task<ApiKey?> FindAsync(int organisationId, int id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select {Columns} from api_key where id = $1 and organisation_id = $2");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = organisationId });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    /// <summary>The id of an organisation's key in force with this SHA-256.</summary>
    public async Task<int?> FindIdAsync(int organisationId, byte[] hash, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select id from api_key where hash = $1 and organisation_id = $2 and revoked_at is null");
        command.Parameters.Add(new() { Value = hash });
        command.Parameters.Add(new() { Value = organisationId });
        return await command.ExecuteScalarAsync(cancellationToken) as int?;
    }

    /// <summary>Revokes a key; null when the organisation has no such key in force.</summary>
    /// <returns>Its SHA-256, for those who remember it.</returns>
    public Task<byte[]?> RevokeAsync(NpgsqlConnection connection, int organisationId, int id, CancellationToken cancellationToken) =>
        UpdateAsync(connection, "set revoked_at = $3", organisationId, id, time.GetUtcNow(), cancellationToken);

    /// <summary>Lets a key end at a time, unless it ends before; null when the organisation has no such key in force.</summary>
    public Task<byte[]?> EndAsync(NpgsqlConnection connection, int organisationId, int id, DateTimeOffset at, CancellationToken cancellationToken) =>
        UpdateAsync(connection, "set expires_at = least(expires_at, $3)", organisationId, id, at, cancellationToken);

    /// <summary>The digest under which a key is kept.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static async Task<byte[]?> UpdateAsync(NpgsqlConnection connection, string set, int organisationId, int id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"update api_key {set} where id = $1 and organisation_id = $2 and revoked_at is null returning hash", connection)
        {
            Parameters = { new() { Value = id }, new() { Value = organisationId }, new() { Value = at.UtcDateTime } },
        };
        return await command.ExecuteScalarAsync(cancellationToken) as byte[];
    }

    private static ApiKey Read(NpgsqlDataReader reader) => new(
        reader.GetInt32(0),
        reader.GetString(1),
        (OrganisationRole)reader.GetInt16(2),
        reader.GetString(3),
        reader.GetFieldValue<DateTimeOffset>(4),
        ReadTime(reader, 5),
        ReadTime(reader, 6),
        ReadTime(reader, 7));

    private static DateTimeOffset? ReadTime(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
