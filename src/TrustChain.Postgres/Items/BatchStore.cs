using Npgsql;
using NpgsqlTypes;

namespace TrustChain.Postgres.Items;

/// <summary>A registered batch as stored.</summary>
/// <param name="Item">Canonical Digital Link with GTIN and lot.</param>
/// <param name="OrganisationId">Who registered it.</param>
/// <param name="Template">Name of its template.</param>
/// <param name="Name">Product name.</param>
/// <param name="State">State of its machine.</param>
/// <param name="Version">Rises by one with each change: the single writer's guard.</param>
/// <param name="Details">JSON with origin, variety, quantity.</param>
/// <param name="CreatedAt">When it was registered.</param>
public sealed record StoredBatch(string Item, int OrganisationId, string Template, string Name, string State, int Version, string Details, DateTimeOffset CreatedAt);

/// <summary>Batches.</summary>
public sealed class BatchStore(NpgsqlDataSource database)
{
    private const string Select = "select item, organisation_id, template, name, state, version, details::text, created_at from batch";

    /// <summary>Adds a batch; false when the item is registered already.</summary>
    public async Task<bool> AddAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into batch (item, organisation_id, template, name, state, version, details, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict do nothing
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = batch.Item });
        command.Parameters.Add(new() { Value = batch.OrganisationId });
        command.Parameters.Add(new() { Value = batch.Template });
        command.Parameters.Add(new() { Value = batch.Name });
        command.Parameters.Add(new() { Value = batch.State });
        command.Parameters.Add(new() { Value = batch.Version });
        command.Parameters.Add(new() { Value = batch.Details, NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = batch.CreatedAt.UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Writes a new state if nobody else has written since <paramref name="expectedVersion"/>.</summary>
    public async Task<bool> UpdateAsync(string item, string state, int expectedVersion, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("update batch set state = $2, version = version + 1 where item = $1 and version = $3");
        command.Parameters.Add(new() { Value = item });
        command.Parameters.Add(new() { Value = state });
        command.Parameters.Add(new() { Value = expectedVersion });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    public async Task<StoredBatch?> FindAsync(string item, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} where item = $1");
        command.Parameters.Add(new() { Value = item });
        return (await ReadAsync(command, cancellationToken)).FirstOrDefault();
    }

    /// <summary>Batches of the given items that are registered.</summary>
    public async Task<IReadOnlyList<StoredBatch>> FindAsync(IReadOnlyCollection<string> items, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} where item = any($1)");
        command.Parameters.Add(new() { Value = items.ToArray() });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>An organisation's batches, newest first.</summary>
    public async Task<IReadOnlyList<StoredBatch>> ListAsync(int organisationId, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} where organisation_id = $1 order by created_at desc limit $2");
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>The newest batches of all organisations.</summary>
    public async Task<IReadOnlyList<StoredBatch>> ListNewestAsync(int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} order by created_at desc limit $1");
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    private static async Task<List<StoredBatch>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var list = new List<StoredBatch>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(new StoredBatch(
                reader.GetString(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetInt32(5), reader.GetString(6), reader.GetFieldValue<DateTimeOffset>(7)));
        }
        return list;
    }
}
