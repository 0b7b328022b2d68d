using Npgsql;

namespace TrustChain.Postgres.Log;

/// <summary>A cosignature as it is kept.</summary>
/// <param name="Size">Size of the checkpoint.</param>
/// <param name="Witness">The witness's verifier key.</param>
/// <param name="Line">The signature line with its newline.</param>
/// <param name="CosignedAt">When the witness says it cosigned.</param>
public sealed record StoredCosignature(long Size, string Witness, string Line, DateTimeOffset CosignedAt);

/// <summary>Cosignatures under checkpoints. <see cref="LogStore"/> appends them to the notes it gives out.</summary>
public sealed class CosignatureStore(NpgsqlDataSource database)
{
    /// <summary>Keeps a cosignature; a witness's first one of a size stays.</summary>
    public async Task AddAsync(StoredCosignature cosignature, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("insert into cosignature (size, witness, line, cosigned_at) values ($1, $2, $3, $4) on conflict do nothing");
        command.Parameters.Add(new() { Value = cosignature.Size });
        command.Parameters.Add(new() { Value = cosignature.Witness });
        command.Parameters.Add(new() { Value = cosignature.Line });
        command.Parameters.Add(new() { Value = cosignature.CosignedAt.UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The largest checkpoint that a witness cosigned; null when there is none.</summary>
    public async Task<StoredCosignature?> FindLatestAsync(string witness, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select size, witness, line, cosigned_at from cosignature where witness = $1 order by size desc limit 1");
        command.Parameters.Add(new() { Value = witness });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new StoredCosignature(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3))
            : null;
    }

    /// <summary>The largest size that at least so many of these witnesses cosigned; null when there is none above <paramref name="above"/>.</summary>
    public async Task<long?> FindLargestSizeAsync(IReadOnlyCollection<string> witnesses, int quorum, long above, CancellationToken cancellationToken)
    {
        const string Sql = "select size from cosignature where size > $3 and witness = any($1) group by size having count(*) >= $2 order by size desc limit 1";
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. witnesses] });
        command.Parameters.Add(new() { Value = (long)quorum });
        command.Parameters.Add(new() { Value = above });
        return (long?)await command.ExecuteScalarAsync(cancellationToken);
    }
}
