using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Organisations;

/// <summary>A key entry of an organisation as it is stored.</summary>
/// <param name="LeafIndex">Its leaf index; null while it waits for the sequencer.</param>
/// <param name="Body">Canonical JSON.</param>
/// <param name="ReceivedAt">When it was taken in.</param>
public sealed record StoredKeyChange(long? LeafIndex, byte[] Body, DateTimeOffset ReceivedAt);

/// <summary>Whether a key change was stored.</summary>
public enum KeyChangeOutcome
{
    /// <summary>It is stored and queued for the log.</summary>
    Added,

    /// <summary>Another change of the same organisation came first: its entry must be named as the previous one.</summary>
    HistoryMoved,

    /// <summary>The key is registered already, or was ended before.</summary>
    AlreadyThere,
}

/// <summary>
/// The chain of key entries of each organisation. A change is stored only while the entry it names as previous is the newest one and none waits for its leaf
/// index, under a lock on the organisation's row; so the chain never forks, whatever the number of servers.
/// </summary>
public sealed class KeyHistoryStore(NpgsqlDataSource database)
{
    /// <summary>All key entries of an organisation, in the order of the log; those that wait come last.</summary>
    public async Task<IReadOnlyList<StoredKeyChange>> ListAsync(int organisationId, CancellationToken cancellationToken)
    {
        const string Sql = """
            select e.leaf_index, p.body, p.received_at
            from public_entry p left join log_entry e on e.public_entry_id = p.id
            where p.organisation_id = $1 and p.kind = 2
            order by e.leaf_index nulls last, p.id
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = organisationId });
        var changes = new List<StoredKeyChange>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            changes.Add(new StoredKeyChange(reader.IsDBNull(0) ? null : reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<DateTimeOffset>(2)));
        }
        return changes;
    }

    /// <summary>Stores a key with the entry that admits it.</summary>
    public Task<KeyChangeOutcome> RegisterAsync(StoredKey key, long? previous, NewPublicEntry entry, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into signing_key (kid, organisation_id, jwk, custody, secret, public_entry_id, created_at)
            values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
            """;
        return AddAsync(previous, entry, (connection, entryId) => new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new() { Value = key.Kid },
                new() { Value = key.OrganisationId },
                new() { Value = key.Jwk },
                new() { Value = (short)key.Custody },
                new() { Value = (object?)key.Secret ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text },
                new() { Value = entryId },
                new() { Value = entry.ReceivedAt.UtcDateTime },
            },
        }, cancellationToken);
    }

    /// <summary>Stores the entry that ends a key, and marks the key. A key that was merely retired may still be marked as compromised.</summary>
    public Task<KeyChangeOutcome> RevokeAsync(string kid, long? compromisedSince, long? previous, NewPublicEntry entry, CancellationToken cancellationToken)
    {
        const string Sql = """
            update signing_key set revoked_at = coalesce(revoked_at, $2), compromised_since = $3
            where kid = $1 and (revoked_at is null or (compromised_since is null and $3 is not null))
            """;
        return AddAsync(previous, entry, (connection, _) => new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new() { Value = kid },
                new() { Value = entry.ReceivedAt.UtcDateTime },
                new() { Value = (object?)compromisedSince ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint },
            },
        }, cancellationToken);
    }

    /// <summary>Stores an entry that only counts as one: an announced recovery or an objection.</summary>
    public Task<KeyChangeOutcome> AddAsync(long? previous, NewPublicEntry entry, CancellationToken cancellationToken) => AddAsync(previous, entry, null, cancellationToken);

    /// <summary>Size of the last final anchor at or before a moment: entries at or above it cannot be shown to be older. 0 when there is none.</summary>
    public async Task<long> GetAnchoredSizeAsync(DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select coalesce(max(size), 0) from anchor where target = 'primary' and state = 'final' and block_time <= $1");
        command.Parameters.Add(new() { Value = at.UtcDateTime });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!; // coalesce always answers.
    }

    private async Task<KeyChangeOutcome> AddAsync(
        long? previous, NewPublicEntry entry, Func<NpgsqlConnection, long, NpgsqlCommand>? apply, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await IsNewestAsync(connection, entry.OrganisationId, previous, cancellationToken))
        {
            return KeyChangeOutcome.HistoryMoved;
        }
        var entryId = await PublicEntries.AddAsync(connection, entry, cancellationToken);
        if (apply is not null)
        {
            await using var command = apply(connection, entryId);
            if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return KeyChangeOutcome.AlreadyThere; // the transaction is rolled back with its entry
            }
        }
        CrashPoint.Pass("key.before-commit");
        await transaction.CommitWithoutLimitAsync(); // A started commit is not broken off.
        CrashPoint.Pass("key.after-commit");
        return KeyChangeOutcome.Added;
    }

    /// <summary>Locks the organisation and compares the newest entry with the one a change names.</summary>
    private static async Task<bool> IsNewestAsync(NpgsqlConnection connection, int organisationId, long? previous, CancellationToken cancellationToken)
    {
        await using (var lockRow = new NpgsqlCommand("select 1 from organisation where id = $1 for update", connection) { Parameters = { new() { Value = organisationId } } })
        {
            await lockRow.ExecuteScalarAsync(cancellationToken);
        }
        const string Sql = """
            select max(e.leaf_index), count(*) filter (where e.leaf_index is null)
            from public_entry p left join log_entry e on e.public_entry_id = p.id
            where p.organisation_id = $1 and p.kind = 2
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = organisationId } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            && reader.GetInt64(1) == 0
            && (reader.IsDBNull(0) ? null : reader.GetInt64(0)) == previous;
    }
}
