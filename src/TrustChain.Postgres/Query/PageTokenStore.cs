using Npgsql;

namespace TrustChain.Postgres.Query;

/// <summary>Page tokens that were given back before they ran out.</summary>
public sealed class PageTokenStore(NpgsqlDataSource database)
{
    /// <summary>Whether a token was given back.</summary>
    public async Task<bool> IsRevokedAsync(byte[] digest, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select exists (select from revoked_page_token where digest = $1)");
        command.Parameters.Add(new() { Value = digest });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!; // "exists" always answers.
    }

    /// <summary>Remembers a token until it would have run out, and forgets those that have.</summary>
    public async Task RevokeAsync(byte[] digest, DateTimeOffset expires, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("insert into revoked_page_token (digest, expires_at) values ($1, $2) on conflict do nothing")
        {
            Parameters = { new() { Value = digest }, new() { Value = expires.UtcDateTime } },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("delete from revoked_page_token where expires_at < $1") { Parameters = { new() { Value = now.UtcDateTime } } });
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
