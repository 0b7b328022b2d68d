using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace TrustChain.Postgres.Accounts;

/// <summary>A signed-in browser, as its person sees it.</summary>
public sealed record Session(Guid Id, string Address, string Client, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt);

/// <summary>Sessions on all servers: a browser's cookie holds a key, whose digest leads to the ticket here. So ending one here ends it everywhere.</summary>
public sealed class SessionStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Keeps a ticket; removes those that have expired.</summary>
    public async Task AddAsync(string key, Guid id, Guid personId, byte[] ticket, string address, string client, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        const string Sql = """
            with expired as (delete from session where expires_at < $7)
            insert into session (hash, id, person_id, ticket, address, client, created_at, last_seen_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $7, $8)
            """;
        await using var command = database.CreateCommand(Sql);
        foreach (var value in (object[])[Hash(key), id, personId, ticket, address, client, time.GetUtcNow().UtcDateTime, expiresAt.UtcDateTime])
        {
            command.Parameters.Add(new() { Value = value });
        }
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Replaces the ticket of a session; nothing when it was ended, or is another person's.</summary>
    public async Task RenewAsync(string key, Guid personId, byte[] ticket, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("update session set ticket = $2, expires_at = $3, last_seen_at = $4 where hash = $1 and person_id = $5");
        foreach (var value in (object[])[Hash(key), ticket, expiresAt.UtcDateTime, time.GetUtcNow().UtcDateTime, personId])
        {
            command.Parameters.Add(new() { Value = value });
        }
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The ticket of a key, unless it has expired or was ended; notes that it was seen, once a minute.</summary>
    public async Task<byte[]?> FindAsync(string key, CancellationToken cancellationToken)
    {
        const string Sql = """
            with seen as (update session set last_seen_at = $2 where hash = $1 and last_seen_at < $2 - interval '1 minute')
            select ticket from session where hash = $1 and expires_at > $2
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = Hash(key) });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        return await command.ExecuteScalarAsync(cancellationToken) as byte[];
    }

    /// <summary>A person's sessions, the one seen last first.</summary>
    public async Task<IReadOnlyList<Session>> ListAsync(Guid personId, CancellationToken cancellationToken)
    {
        const string Sql = """
            select id, address, client, created_at, last_seen_at, expires_at from session where person_id = $1 and expires_at > $2 order by last_seen_at desc limit 100
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = personId });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        var sessions = new List<Session>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            sessions.Add(new Session(
                reader.GetGuid(0),
                reader.GetString(1),
                reader.GetString(2),
                reader.GetFieldValue<DateTimeOffset>(3),
                reader.GetFieldValue<DateTimeOffset>(4),
                reader.GetFieldValue<DateTimeOffset>(5)));
        }
        return sessions;
    }

    /// <summary>Ends the session of a key.</summary>
    public Task<int> EndAsync(string key, CancellationToken cancellationToken) => DeleteAsync("hash = $1", Hash(key), null, cancellationToken);

    /// <summary>Ends one session of a person.</summary>
    public Task<int> EndAsync(Guid personId, Guid id, CancellationToken cancellationToken) => DeleteAsync("person_id = $1 and id = $2", personId, id, cancellationToken);

    /// <summary>Ends all sessions of a person, but perhaps one.</summary>
    public Task<int> EndAllAsync(Guid personId, Guid? except, CancellationToken cancellationToken) =>
        except is { } kept ? DeleteAsync("person_id = $1 and id <> $2", personId, kept, cancellationToken) : DeleteAsync("person_id = $1", personId, null, cancellationToken);

    private async Task<int> DeleteAsync(string where, object first, object? second, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"delete from session where {where}");
        command.Parameters.Add(new() { Value = first });
        if (second is not null)
        {
            command.Parameters.Add(new() { Value = second });
        }
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
