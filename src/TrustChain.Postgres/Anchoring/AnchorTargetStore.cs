using Npgsql;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Anchoring;

/// <summary>What is remembered of each target beside its anchors in contracts: which chain it is, its timestamps, and what failed.</summary>
public sealed class AnchorTargetStore(NpgsqlDataSource database)
{
    /// <summary>The lease of a target, if no server holds it.</summary>
    public Task<AnchorLease?> TryLeaseAsync(string target, CancellationToken cancellationToken) => AnchorLease.TryTakeAsync(database, target, silence: null, cancellationToken);

    /// <summary>Notes that a target is now this contract. The first block is forgotten when chain or contract are others than before.</summary>
    public Task SetEvmAsync(string target, long chainId, string registry, CancellationToken cancellationToken) => ExecuteAsync(
        """
        insert into anchor_target as t (name, kind, chain_id, registry) values ($1, 'evm', $2, $3)
        on conflict (name) do update set kind = 'evm', chain_id = $2, registry = $3,
            genesis = case when t.chain_id = $2 and t.registry = $3 then t.genesis end
        """,
        cancellationToken,
        target, chainId, registry);

    /// <summary>Notes that a target is a timestamp authority.</summary>
    public Task SetTimestampAuthorityAsync(string target, CancellationToken cancellationToken) => ExecuteAsync(
        """
        insert into anchor_target (name, kind) values ($1, 'rfc3161')
        on conflict (name) do update set kind = 'rfc3161', chain_id = null, registry = null, genesis = null
        """,
        cancellationToken,
        target);

    /// <summary>The hash of the chain's first block: the one seen first, or the one given.</summary>
    /// <param name="target">The target.</param>
    /// <param name="genesis">0x and 64 digits.</param>
    /// <param name="replace">Whether the one given takes the place of the one seen first.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What is remembered now.</returns>
    public async Task<string> RememberGenesisAsync(string target, string genesis, bool replace, CancellationToken cancellationToken)
    {
        await using var command = Create(
            "update anchor_target set genesis = case when $3 then $2 else coalesce(genesis, $2) end where name = $1 returning genesis", target, genesis, replace);
        return (string?)await command.ExecuteScalarAsync(cancellationToken) ?? throw new InvalidOperationException($"The anchoring target \"{target}\" is not in the database.");
    }

    /// <summary>A target's newest timestamps, newest first.</summary>
    public Task<List<StoredTimestamp>> ListNewestTimestampsAsync(string target, int limit, CancellationToken cancellationToken) =>
        ListTimestampsAsync("target = $1 order by id desc limit $2", cancellationToken, target, limit);

    /// <summary>A target's final timestamp with the largest size.</summary>
    public async Task<StoredTimestamp?> FindLatestFinalTimestampAsync(string target, CancellationToken cancellationToken) =>
        (await ListTimestampsAsync("target = $1 and state = 'final' order by size desc limit 1", cancellationToken, target)).FirstOrDefault();

    /// <summary>A target's final timestamp of exactly this size.</summary>
    public async Task<StoredTimestamp?> FindTimestampAsync(string target, long size, CancellationToken cancellationToken) =>
        (await ListTimestampsAsync("target = $1 and size = $2 and state = 'final' order by id limit 1", cancellationToken, target, size)).FirstOrDefault();

    /// <summary>Of every target the final timestamp with the largest size that is not above the one given: what a bundle up to that size can hold.</summary>
    public Task<List<StoredTimestamp>> ListLatestFinalTimestampsAsync(long size, CancellationToken cancellationToken) => ListTimestampsAsync(
        "id in (select distinct on (target) id from timestamp_anchor where state = 'final' and size <= $1 order by target, size desc) order by target", cancellationToken, size);

    /// <summary>The timestamp of a target that waits for the authority's answer; there is at most one.</summary>
    public async Task<StoredTimestamp?> FindPreparedTimestampAsync(string target, CancellationToken cancellationToken) =>
        (await ListTimestampsAsync("target = $1 and state = 'prepared'", cancellationToken, target)).FirstOrDefault();

    /// <summary>When the newest timestamp of a target was prepared; null when none was.</summary>
    public async Task<DateTimeOffset?> FindLastPreparedTimestampAsync(string target, CancellationToken cancellationToken) =>
        (await ListNewestTimestampsAsync(target, 1, cancellationToken)).FirstOrDefault()?.PreparedAt;

    /// <summary>Notes that something fails.</summary>
    /// <returns>True when it did not fail before.</returns>
    public async Task<bool> RaiseAsync(string target, string code, string detail, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into anchor_failure as f (target, code, detail, began_at, last_at) values ($1, $2, $3, $4, $4)
            on conflict (target, code) where ended_at is null do update set detail = $3, last_at = $4, times = f.times + 1
            returning times
            """;
        await using var command = Create(Sql, target, code, detail, now.UtcDateTime);
        return await command.ExecuteScalarAsync(cancellationToken) is 1L;
    }

    /// <summary>Ends the failures of a target with these codes.</summary>
    /// <returns>The codes of those that had been open.</returns>
    public async Task<List<string>> EndAsync(string target, IEnumerable<string> codes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = Create(
            "update anchor_failure set ended_at = $3 where target = $1 and code = any ($2) and ended_at is null returning code", target, codes.ToArray(), now.UtcDateTime);
        var ended = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            ended.Add(reader.GetString(0));
        }
        return ended;
    }

    /// <summary>Failures of all targets: all open ones, and the newest of those that ended. Newest first.</summary>
    public async Task<List<StoredFailure>> ListFailuresAsync(int limit, CancellationToken cancellationToken)
    {
        const string Sql = """
            select target, code, detail, times, began_at, last_at, ended_at from anchor_failure
            where ended_at is null or id in (select id from anchor_failure order by id desc limit $1) order by ended_at is null desc, id desc
            """;
        await using var command = Create(Sql, limit);
        var failures = new List<StoredFailure>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            failures.Add(new StoredFailure(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetFieldValue<DateTimeOffset>(4),
                reader.GetFieldValue<DateTimeOffset>(5), reader.IsDBNull(6) ? null : reader.GetFieldValue<DateTimeOffset>(6)));
        }
        return failures;
    }

    private async Task<List<StoredTimestamp>> ListTimestampsAsync(string condition, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = Create($"select id, target, size, root, state, token, token_time, prepared_at from timestamp_anchor where {condition}", parameters);
        var timestamps = new List<StoredTimestamp>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            timestamps.Add(new StoredTimestamp
            {
                Id = reader.GetInt64(0),
                Target = reader.GetString(1),
                Size = reader.GetInt64(2),
                Root = new Hash32(reader.GetFieldValue<byte[]>(3)),
                State = Enum.Parse<AnchorState>(reader.GetString(4), ignoreCase: true),
                Token = reader.IsDBNull(5) ? null : reader.GetFieldValue<byte[]>(5),
                TokenTime = reader.IsDBNull(6) ? null : reader.GetFieldValue<DateTimeOffset>(6),
                PreparedAt = reader.GetFieldValue<DateTimeOffset>(7),
            });
        }
        return timestamps;
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = Create(sql, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Create(string sql, params object[] parameters)
    {
        var command = database.CreateCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new() { Value = parameter });
        }
        return command;
    }
}
