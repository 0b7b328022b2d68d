using Npgsql;
using NpgsqlTypes;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Postgres.Items;

/// <summary>A certificate about an item.</summary>
public sealed record StoredCertificate
{
    public required string Id { get; init; }

    public required int OrganisationId { get; init; }

    public required string Item { get; init; }

    public required long ItemKey { get; init; }

    /// <summary>The signed payload: JSON.</summary>
    public required string Details { get; init; }

    public required DateTimeOffset ValidFrom { get; init; }

    public required DateTimeOffset ValidUntil { get; init; }

    public long IssueEntryId { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    public string? RevokeReason { get; init; }

    public long? RevokeEntryId { get; init; }
}

/// <summary>A recall of an item.</summary>
public sealed record StoredRecall
{
    public required string Id { get; init; }

    public required int OrganisationId { get; init; }

    public required string Item { get; init; }

    public required long ItemKey { get; init; }

    public required string Reason { get; init; }

    public required string Instructions { get; init; }

    public required DateTimeOffset SetAt { get; init; }

    public long SetEntryId { get; init; }

    public DateTimeOffset? LiftedAt { get; init; }

    public string? LiftReason { get; init; }

    public long? LiftEntryId { get; init; }
}

/// <summary>Certificates and recalls, each change together with its log entry in one transaction.</summary>
public sealed class StatusStore(NpgsqlDataSource database)
{
    private const string CertificateColumns =
        "id, organisation_id, item, item_key, details::text, valid_from, valid_until, issue_entry_id, revoked_at, revoke_reason, revoke_entry_id";

    private const string RecallColumns =
        "id, organisation_id, item, item_key, reason, instructions, set_at, set_entry_id, lifted_at, lift_reason, lift_entry_id";

    /// <summary>Adds a certificate; false when its id is taken.</summary>
    public Task<bool> AddCertificateAsync(StoredCertificate certificate, NewPublicEntry entry, CancellationToken cancellationToken) => WithEntryAsync(
        entry,
        """
        insert into certificate (id, organisation_id, item, item_key, details, valid_from, valid_until, issue_entry_id)
        values ($2, $3, $4, $5, $6, $7, $8, $1) on conflict do nothing
        """,
        [
            new() { Value = certificate.Id },
            new() { Value = certificate.OrganisationId },
            new() { Value = certificate.Item },
            new() { Value = certificate.ItemKey },
            new() { Value = certificate.Details, NpgsqlDbType = NpgsqlDbType.Jsonb },
            new() { Value = certificate.ValidFrom.UtcDateTime },
            new() { Value = certificate.ValidUntil.UtcDateTime },
        ],
        cancellationToken);

    /// <summary>Revokes a certificate of its issuer; false when there is no such certificate in force.</summary>
    public Task<bool> RevokeCertificateAsync(string id, int organisationId, string reason, NewPublicEntry entry, CancellationToken cancellationToken) => WithEntryAsync(
        entry,
        "update certificate set revoked_at = $5, revoke_reason = $4, revoke_entry_id = $1 where id = $2 and organisation_id = $3 and revoked_at is null",
        [new() { Value = id }, new() { Value = organisationId }, new() { Value = reason }, new() { Value = entry.ReceivedAt.UtcDateTime }],
        cancellationToken);

    /// <summary>Sets a recall; false when its id is taken.</summary>
    public Task<bool> AddRecallAsync(StoredRecall recall, NewPublicEntry entry, CancellationToken cancellationToken) => WithEntryAsync(
        entry,
        """
        insert into recall (id, organisation_id, item, item_key, reason, instructions, set_at, set_entry_id)
        values ($2, $3, $4, $5, $6, $7, $8, $1) on conflict do nothing
        """,
        [
            new() { Value = recall.Id },
            new() { Value = recall.OrganisationId },
            new() { Value = recall.Item },
            new() { Value = recall.ItemKey },
            new() { Value = recall.Reason },
            new() { Value = recall.Instructions },
            new() { Value = recall.SetAt.UtcDateTime },
        ],
        cancellationToken);

    /// <summary>Lifts a recall of the organisation that set it; false when there is no such recall in force.</summary>
    public Task<bool> LiftRecallAsync(string id, int organisationId, string reason, NewPublicEntry entry, CancellationToken cancellationToken) => WithEntryAsync(
        entry,
        "update recall set lifted_at = $5, lift_reason = $4, lift_entry_id = $1 where id = $2 and organisation_id = $3 and lifted_at is null",
        [new() { Value = id }, new() { Value = organisationId }, new() { Value = reason }, new() { Value = entry.ReceivedAt.UtcDateTime }],
        cancellationToken);

    public async Task<StoredCertificate?> FindCertificateAsync(string id, CancellationToken cancellationToken) =>
        (await ListCertificatesAsync("where id = $1", new() { Value = id }, cancellationToken)).FirstOrDefault();

    public async Task<StoredRecall?> FindRecallAsync(string id, CancellationToken cancellationToken) =>
        (await ListRecallsAsync("where id = $1", new() { Value = id }, cancellationToken)).FirstOrDefault();

    /// <summary>Certificates about items, by their keys, in the order of their validity: of more than 200 those that are not revoked go first, then the newest. Compare the URI, keys may collide.</summary>
    public Task<List<StoredCertificate>> ListCertificatesAsync(IReadOnlyCollection<long> itemKeys, CancellationToken cancellationToken) =>
        ListCertificatesAsync("where id in (select id from certificate where item_key = any($1) order by revoked_at is not null, valid_from desc, id limit 200) order by valid_from, id", new() { Value = itemKeys.ToArray() }, cancellationToken);

    /// <summary>Recalls of items, by their keys, in the order in which they were set: of more than 200 those in force go first, then the newest. Compare the URI, keys may collide.</summary>
    public Task<List<StoredRecall>> ListRecallsAsync(IReadOnlyCollection<long> itemKeys, CancellationToken cancellationToken) =>
        ListRecallsAsync("where id in (select id from recall where item_key = any($1) order by lifted_at is not null, set_at desc, id limit 200) order by set_at, id", new() { Value = itemKeys.ToArray() }, cancellationToken);

    /// <summary>Certificates issued by an organisation, newest first.</summary>
    public Task<List<StoredCertificate>> ListCertificatesOfAsync(int organisationId, CancellationToken cancellationToken) =>
        ListCertificatesAsync("where organisation_id = $1 order by valid_from desc, id limit 500", new() { Value = organisationId }, cancellationToken);

    /// <summary>Recalls set by an organisation, newest first.</summary>
    public Task<List<StoredRecall>> ListRecallsOfAsync(int organisationId, CancellationToken cancellationToken) =>
        ListRecallsAsync("where organisation_id = $1 order by set_at desc, id limit 500", new() { Value = organisationId }, cancellationToken);

    /// <summary>Adds the entry, then runs the statement with the entry's id as $1; without effect when the statement changes no row.</summary>
    private async Task<bool> WithEntryAsync(NewPublicEntry entry, string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var entryId = await PublicEntries.AddAsync(connection, entry, cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = entryId } } };
        command.Parameters.AddRange(parameters);
        if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return false; // rolled back with its entry
        }
        await transaction.CommitWithoutLimitAsync();
        return true;
    }

    private async Task<List<StoredCertificate>> ListCertificatesAsync(string where, NpgsqlParameter parameter, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select {CertificateColumns} from certificate {where}");
        command.Parameters.Add(parameter);
        var list = new List<StoredCertificate>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new StoredCertificate
            {
                Id = reader.GetString(0),
                OrganisationId = reader.GetInt32(1),
                Item = reader.GetString(2),
                ItemKey = reader.GetInt64(3),
                Details = reader.GetString(4),
                ValidFrom = reader.GetFieldValue<DateTimeOffset>(5),
                ValidUntil = reader.GetFieldValue<DateTimeOffset>(6),
                IssueEntryId = reader.GetInt64(7),
                RevokedAt = reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8),
                RevokeReason = reader.IsDBNull(9) ? null : reader.GetString(9),
                RevokeEntryId = reader.IsDBNull(10) ? null : reader.GetInt64(10),
            });
        }
        return list;
    }

    private async Task<List<StoredRecall>> ListRecallsAsync(string where, NpgsqlParameter parameter, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select {RecallColumns} from recall {where}");
        command.Parameters.Add(parameter);
        var list = new List<StoredRecall>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new StoredRecall
            {
                Id = reader.GetString(0),
                OrganisationId = reader.GetInt32(1),
                Item = reader.GetString(2),
                ItemKey = reader.GetInt64(3),
                Reason = reader.GetString(4),
                Instructions = reader.GetString(5),
                SetAt = reader.GetFieldValue<DateTimeOffset>(6),
                SetEntryId = reader.GetInt64(7),
                LiftedAt = reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8),
                LiftReason = reader.IsDBNull(9) ? null : reader.GetString(9),
                LiftEntryId = reader.IsDBNull(10) ? null : reader.GetInt64(10),
            });
        }
        return list;
    }
}
