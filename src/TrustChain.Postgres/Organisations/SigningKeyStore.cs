using Npgsql;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Organisations;

/// <summary>A registered signing key.</summary>
public sealed record StoredKey
{
    public required string Kid { get; init; }

    public required int OrganisationId { get; init; }

    /// <summary>Public JWK.</summary>
    public required string Jwk { get; init; }

    public required Custody Custody { get; init; }

    /// <summary>Custodial keys only: the encrypted private JWK.</summary>
    public string? Secret { get; init; }

    /// <summary>Leaf index of its entry; null until the entry is in the log, and until then it may not sign.</summary>
    public long? EntryIndex { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    public long? CompromisedSince { get; init; }
}

/// <summary>An entry whose content is canonical JSON, to be appended to the log: in the clear unless it has a salt.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="OrganisationId">Whose act it is.</param>
/// <param name="Body">Canonical JSON.</param>
/// <param name="Jws">The signed statement, where there is one.</param>
/// <param name="ReceivedAt">When it was taken in.</param>
public sealed record NewPublicEntry(EntryKind Kind, int OrganisationId, byte[] Body, string? Jws, DateTimeOffset ReceivedAt)
{
    /// <summary>32 random bytes that hide the body: the log then holds a digest of both. The caller keeps them.</summary>
    public byte[]? Salt { get; init; }
}

/// <summary>Writes public entries: row and queue row together, within the caller's transaction.</summary>
public static class PublicEntries
{
    /// <summary>Adds an entry and queues it for the log; returns its id.</summary>
    public static async Task<long> AddAsync(NpgsqlConnection connection, NewPublicEntry entry, CancellationToken cancellationToken)
    {
        const string Sql = """
            with new_id as (select nextval('public_entry_id') as id),
                 added as (insert into public_entry (id, kind, organisation_id, body, jws, received_at) select id, $1, $2, $3, $4, $5 from new_id returning id)
            insert into log_queue (public_entry_id, entry) select id, $6 from added returning public_entry_id
            """;
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new() { Value = (short)entry.Kind },
                new() { Value = entry.OrganisationId },
                new() { Value = entry.Body },
                new() { Value = (object?)entry.Jws ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text },
                new() { Value = entry.ReceivedAt.UtcDateTime },
                new() { Value = entry.Salt is { } salt ? LogEntry.ForSalted(entry.Kind, salt, entry.Body) : LogEntry.ForPublic(entry.Kind, entry.Body) },
            },
        };
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!; // "returning" always answers.
    }
}

/// <summary>Reads signing keys; <see cref="KeyHistoryStore"/> changes them.</summary>
public sealed class SigningKeyStore(NpgsqlDataSource database)
{
    private const string Select = """
        select k.kid, k.organisation_id, k.jwk, k.custody, k.secret, e.leaf_index, k.revoked_at, k.compromised_since
        from signing_key k left join log_entry e on e.public_entry_id = k.public_entry_id
        """;

    public async Task<StoredKey?> FindAsync(string kid, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} where k.kid = $1");
        command.Parameters.Add(new() { Value = kid });
        return (await ReadAsync(command, cancellationToken)).FirstOrDefault();
    }

    /// <summary>Keys of an organisation in the order of registration.</summary>
    public async Task<IReadOnlyList<StoredKey>> ListAsync(int organisationId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} where k.organisation_id = $1 order by k.created_at, k.public_entry_id");
        command.Parameters.Add(new() { Value = organisationId });
        return await ReadAsync(command, cancellationToken);
    }

    private static async Task<List<StoredKey>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var keys = new List<StoredKey>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add(new StoredKey
            {
                Kid = reader.GetString(0),
                OrganisationId = reader.GetInt32(1),
                Jwk = reader.GetString(2),
                Custody = (Custody)reader.GetInt16(3),
                Secret = reader.IsDBNull(4) ? null : reader.GetString(4),
                EntryIndex = reader.IsDBNull(5) ? null : reader.GetInt64(5),
                RevokedAt = reader.IsDBNull(6) ? null : reader.GetFieldValue<DateTimeOffset>(6),
                CompromisedSince = reader.IsDBNull(7) ? null : reader.GetInt64(7),
            });
        }
        return keys;
    }
}
