using Npgsql;

namespace TrustChain.Postgres.Limits;

/// <summary>The table <c>server</c>: which servers work on the database. Times are the database's own, so the servers' clocks do not matter.</summary>
public sealed class ServerStore(NpgsqlDataSource database)
{
    /// <summary>Says that a server lives, and takes away rows of servers that have been silent for an hour.</summary>
    /// <param name="id">Its id, new at each start.</param>
    /// <param name="name">Its machine.</param>
    /// <param name="lifetime">A server that was seen within this time counts as living.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>How many live, this one included.</returns>
    public async Task<int> BeatAsync(Guid id, string name, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        // One statement and so one snapshot, in which this server's own row may not be yet: it is counted apart.
        const string Sql = """
            with beat as (
                insert into server (id, name) values ($1, $2) on conflict (id) do update set seen_at = now()
            ), gone as (
                delete from server where seen_at < now() - interval '1 hour' and id <> $1
            )
            select 1 + count(*)::int from server where id <> $1 and seen_at > now() - $3
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        command.Parameters.Add(new NpgsqlParameter { Value = name });
        command.Parameters.Add(new NpgsqlParameter { Value = lifetime });
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!; // A count is never null.
    }

    /// <summary>A server stops: its share is the others' from their next heartbeat on.</summary>
    public async Task RemoveAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("delete from server where id = $1");
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
