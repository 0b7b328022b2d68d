using Npgsql;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Anchoring;

/// <summary>State of an anchor, from preparing its transaction to finality.</summary>
public enum AnchorState
{
    /// <summary>Signed and stored; maybe sent.</summary>
    Prepared,

    /// <summary>A node took it.</summary>
    Sent,

    /// <summary>It is in a block.</summary>
    Mined,

    /// <summary>It is in a block deep enough.</summary>
    Final,

    /// <summary>Its block left the chain.</summary>
    Reorged,

    /// <summary>A larger anchor covers it, so it is not sent again.</summary>
    Superseded,
}

/// <summary>An anchor with its transaction.</summary>
public sealed record StoredAnchor
{
    public required long Id { get; init; }

    public required long ChainId { get; init; }

    public required string Registry { get; init; }

    public required long Size { get; init; }

    public required Hash32 Root { get; init; }

    public required AnchorState State { get; init; }

    public required long Nonce { get; init; }

    public required byte[] RawTransaction { get; init; }

    public required string Transaction { get; init; }

    public long? Block { get; init; }

    public string? BlockHash { get; init; }

    public DateTimeOffset? BlockTime { get; init; }

    public long? GasUsed { get; init; }

    public required DateTimeOffset PreparedAt { get; init; }
}

/// <summary>Anchors and their states. Each change is one statement, so that a restart finds either the old state or the new.</summary>
public sealed class AnchorStore(NpgsqlDataSource database)
{
    private const string Columns =
        "id, chain_id, registry, size, root, state, nonce, raw_transaction, transaction, block, block_hash, block_time, gas_used, prepared_at";

    /// <summary>Keeps a signed transaction before it is sent.</summary>
    public async Task<long> AddPreparedAsync(StoredAnchor anchor, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into anchor (chain_id, registry, size, root, state, nonce, raw_transaction, transaction, prepared_at, changed_at)
            values ($1, $2, $3, $4, 'prepared', $5, $6, $7, $8, $8) returning id
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = anchor.ChainId });
        command.Parameters.Add(new() { Value = anchor.Registry });
        command.Parameters.Add(new() { Value = anchor.Size });
        command.Parameters.Add(new() { Value = anchor.Root.ToArray() });
        command.Parameters.Add(new() { Value = anchor.Nonce });
        command.Parameters.Add(new() { Value = anchor.RawTransaction });
        command.Parameters.Add(new() { Value = anchor.Transaction });
        command.Parameters.Add(new() { Value = anchor.PreparedAt.UtcDateTime });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!; // "returning" always answers.
    }

    /// <summary>Moves an anchor to another state.</summary>
    public async Task SetStateAsync(long id, AnchorState state, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("update anchor set state = $2, changed_at = $3 where id = $1");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = Name(state) });
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Records the block that holds the transaction.</summary>
    public async Task SetMinedAsync(
        long id, AnchorState state, long block, string blockHash, DateTimeOffset blockTime, long gasUsed, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string Sql = "update anchor set state = $2, block = $3, block_hash = $4, block_time = $5, gas_used = $6, changed_at = $7 where id = $1";
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = Name(state) });
        command.Parameters.Add(new() { Value = block });
        command.Parameters.Add(new() { Value = blockHash });
        command.Parameters.Add(new() { Value = blockTime.UtcDateTime });
        command.Parameters.Add(new() { Value = gasUsed });
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Anchors that are neither final nor given up, oldest first.</summary>
    public Task<List<StoredAnchor>> ListOpenAsync(CancellationToken cancellationToken) =>
        ListAsync($"select {Columns} from anchor where state in ('prepared', 'sent', 'mined') order by id", cancellationToken);

    /// <summary>The newest anchors, newest first.</summary>
    public Task<List<StoredAnchor>> ListNewestAsync(int limit, CancellationToken cancellationToken) =>
        ListAsync(FormattableString.Invariant($"select {Columns} from anchor order by id desc limit {limit}"), cancellationToken);

    /// <summary>The final anchor with the largest size.</summary>
    public async Task<StoredAnchor?> FindLatestFinalAsync(CancellationToken cancellationToken) =>
        (await ListAsync($"select {Columns} from anchor where state = 'final' order by size desc limit 1", cancellationToken)).FirstOrDefault();

    /// <summary>For each leaf index the smallest final anchor that covers it; leaves that none covers are left out.</summary>
    public async Task<IReadOnlyDictionary<long, StoredAnchor>> FindEarliestFinalAsync(IReadOnlyCollection<long> leaves, CancellationToken cancellationToken)
    {
        var sizes = new Dictionary<long, long>();
        if (leaves.Count == 0)
        {
            return new Dictionary<long, StoredAnchor>();
        }
        await using (var command = database.CreateCommand("""
            select leaf, a.id from unnest($1) as wanted(leaf)
            cross join lateral (select id from anchor where state = 'final' and size > leaf order by size limit 1) a
            """))
        {
            command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. leaves] });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                sizes.Add(reader.GetInt64(0), reader.GetInt64(1));
            }
        }
        var ids = string.Join(',', sizes.Values.Distinct());
        var found = ids.Length == 0 ? [] : (await ListAsync($"select {Columns} from anchor where id in ({ids})", cancellationToken)).ToDictionary(static a => a.Id);
        return sizes.ToDictionary(static s => s.Key, s => found[s.Value]);
    }

    /// <summary>The largest size for which a transaction was prepared and not given up; 0 when none.</summary>
    public async Task<long> GetLargestSizeAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select coalesce(max(size), 0) from anchor where state not in ('reorged', 'superseded')");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!; // coalesce always answers.
    }

    private async Task<List<StoredAnchor>> ListAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        var anchors = new List<StoredAnchor>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            anchors.Add(new StoredAnchor
            {
                Id = reader.GetInt64(0),
                ChainId = reader.GetInt64(1),
                Registry = reader.GetString(2),
                Size = reader.GetInt64(3),
                Root = new Hash32(reader.GetFieldValue<byte[]>(4)),
                State = Enum.Parse<AnchorState>(reader.GetString(5), ignoreCase: true),
                Nonce = reader.GetInt64(6),
                RawTransaction = reader.GetFieldValue<byte[]>(7),
                Transaction = reader.GetString(8),
                Block = reader.IsDBNull(9) ? null : reader.GetInt64(9),
                BlockHash = reader.IsDBNull(10) ? null : reader.GetString(10),
                BlockTime = reader.IsDBNull(11) ? null : reader.GetFieldValue<DateTimeOffset>(11),
                GasUsed = reader.IsDBNull(12) ? null : reader.GetInt64(12),
                PreparedAt = reader.GetFieldValue<DateTimeOffset>(13),
            });
        }
        return anchors;
    }

    /// <summary>Name of a state in the database and in the API.</summary>
    public static string Name(AnchorState state) => state switch
    {
        AnchorState.Prepared => "prepared",
        AnchorState.Sent => "sent",
        AnchorState.Mined => "mined",
        AnchorState.Final => "final",
        AnchorState.Reorged => "reorged",
        _ => "superseded",
    };
}
