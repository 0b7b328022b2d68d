using Npgsql;

namespace TrustChain.Postgres.Query;

/// <summary>A query under a name.</summary>
/// <param name="OrganisationId">Whose it is.</param>
/// <param name="Name">Unique within the organisation.</param>
/// <param name="Query">JSON object of parameters, as given.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record NamedQuery(int OrganisationId, string Name, string Query, DateTimeOffset CreatedAt);

/// <summary>Named queries. Each organisation has its own.</summary>
public sealed class NamedQueryStore(NpgsqlDataSource database)
{
    /// <summary>Most queries of one organisation.</summary>
    public const int MaxQueries = 1000;

    /// <summary>Adds a query; false when its name is taken.</summary>
    public async Task<bool> AddAsync(NamedQuery query, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("insert into named_query (organisation_id, name, query, created_at) values ($1, $2, $3, $4) on conflict do nothing");
        command.Parameters.Add(new() { Value = query.OrganisationId });
        command.Parameters.Add(new() { Value = query.Name });
        command.Parameters.Add(new() { Value = query.Query });
        command.Parameters.Add(new() { Value = query.CreatedAt.UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    public async Task<NamedQuery?> FindAsync(int organisationId, string name, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select organisation_id, name, query, created_at from named_query where organisation_id = $1 and name = $2");
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = name });
        return (await ReadAsync(command, cancellationToken)).FirstOrDefault();
    }

    /// <summary>How many queries an organisation has.</summary>
    public async Task<long> CountAsync(int organisationId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select count(*) from named_query where organisation_id = $1");
        command.Parameters.Add(new() { Value = organisationId });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!; // count(*) always answers.
    }

    /// <summary>An organisation's queries by name, after one.</summary>
    public async Task<IReadOnlyList<NamedQuery>> ListAsync(int organisationId, string after, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "select organisation_id, name, query, created_at from named_query where organisation_id = $1 and name > $2 order by name limit $3");
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Removes a query with its subscriptions; false when there is none.</summary>
    public async Task<bool> DeleteAsync(int organisationId, string name, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // The query first: whoever is about to subscribe to it holds its row, or finds it gone.
        await using var command = new NpgsqlCommand("delete from named_query where organisation_id = $1 and name = $2", connection);
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = name });
        if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return false;
        }
        await using (var subscriptions = new NpgsqlCommand("delete from subscription where organisation_id = $1 and query_name = $2", connection))
        {
            subscriptions.Parameters.Add(new() { Value = organisationId });
            subscriptions.Parameters.Add(new() { Value = name });
            await subscriptions.ExecuteNonQueryAsync(cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static async Task<List<NamedQuery>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var queries = new List<NamedQuery>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            queries.Add(new NamedQuery(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3)));
        }
        return queries;
    }
}
