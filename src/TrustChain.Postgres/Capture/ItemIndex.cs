using Npgsql;

namespace TrustChain.Postgres.Capture;

/// <summary>Which items have records.</summary>
public sealed class ItemIndex(NpgsqlDataSource database)
{
    /// <summary>Those of the keys that some record speaks of.</summary>
    public async Task<HashSet<long>> FindExistingAsync(IReadOnlyCollection<long> itemKeys, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "select wanted from unnest($1) as wanted where exists (select from record_item where item_key = wanted and role < 100)");
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. itemKeys] });
        var found = new HashSet<long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(reader.GetInt64(0));
        }
        return found;
    }
}
