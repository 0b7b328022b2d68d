using System.Data.Common;
using System.Numerics;
using Npgsql;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Anchoring;

/// <summary>
/// Reads anchors. Only those of a target's present chain and registry count: after a move to another contract the old ones stay stored, and prove nothing to
/// who trusts the new one. Changes are made under an <see cref="AnchorLease"/>.
/// </summary>
public sealed class AnchorStore(NpgsqlDataSource database)
{
    /// <summary>Name of the target of the section <c>Anchoring</c> itself: the one in evidence.</summary>
    public const string Primary = "primary";

    private const string Columns =
        "a.id, a.target, a.chain_id, a.registry, a.size, a.root, a.state, a.sender, a.nonce, a.transaction, a.block, a.block_hash, a.block_time, a.gas_used, "
        + "a.prepared_at, a.prepared_block, a.reason";

    private const string Present =
        "anchor a join anchor_target n on n.name = a.target and n.chain_id = a.chain_id and n.registry = a.registry";

    /// <summary>The primary target's final anchor with the largest size.</summary>
    public Task<StoredAnchor?> FindLatestFinalAsync(CancellationToken cancellationToken) => FindLatestFinalAsync(Primary, cancellationToken);

    /// <summary>A target's final anchor with the largest size.</summary>
    public async Task<StoredAnchor?> FindLatestFinalAsync(string target, CancellationToken cancellationToken) =>
        (await ListAsync($"select {Columns} from {Present} where a.target = $1 and a.state = 'final' order by a.size desc limit 1", [target], cancellationToken)).FirstOrDefault();

    /// <summary>A target's final anchors from the newest block down, page by page.</summary>
    /// <param name="target">The target.</param>
    /// <param name="below">Only blocks below this one.</param>
    /// <param name="limit">Most to give.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<List<StoredAnchor>> ListFinalBelowAsync(string target, long below, int limit, CancellationToken cancellationToken) => ListAsync(
        $"select {Columns} from {Present} where a.target = $1 and a.state = 'final' and a.block < $2 order by a.block desc limit $3", [target, below, limit], cancellationToken);

    /// <summary>
    /// What has to be looked at on the chain, oldest first: anchors that are neither final nor given up, and those given up not long ago, because a
    /// transaction of theirs may be mined after all.
    /// </summary>
    public Task<List<StoredAnchor>> ListWatchedAsync(string target, DateTimeOffset supersededSince, CancellationToken cancellationToken) => ListAsync(
        $"""
        select {Columns} from {Present} where a.target = $1
            and (a.state in ('prepared', 'sent', 'mined', 'reorged') or (a.state = 'superseded' and a.changed_at > $2)) order by a.id
        """,
        [target, supersededSince.UtcDateTime],
        cancellationToken);

    /// <summary>The primary target's newest anchors, newest first.</summary>
    public Task<List<StoredAnchor>> ListNewestAsync(int limit, CancellationToken cancellationToken) => ListNewestAsync(Primary, limit, cancellationToken);

    /// <summary>A target's newest anchors, newest first.</summary>
    public Task<List<StoredAnchor>> ListNewestAsync(string target, int limit, CancellationToken cancellationToken) =>
        ListAsync($"select {Columns} from {Present} where a.target = $1 order by a.id desc limit $2", [target, limit], cancellationToken);

    /// <summary>The transactions of these anchors, oldest first.</summary>
    public async Task<ILookup<long, StoredTransaction>> GetTransactionsAsync(IEnumerable<long> anchors, CancellationToken cancellationToken)
    {
        const string Sql = """
            select id, anchor_id, hash, raw, gas_limit, max_fee, priority_fee, prepared_at, sent_at from anchor_transaction where anchor_id = any ($1) order by id
            """;
        await using var command = Create(Sql, [anchors.ToArray()]);
        var found = new List<StoredTransaction>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new StoredTransaction
            {
                Id = reader.GetInt64(0),
                AnchorId = reader.GetInt64(1),
                Hash = reader.IsDBNull(2) ? null : reader.GetString(2),
                Raw = reader.IsDBNull(3) ? null : reader.GetFieldValue<byte[]>(3),
                GasLimit = reader.GetInt64(4),
                MaxFee = reader.GetFieldValue<BigInteger>(5),
                PriorityFee = reader.GetFieldValue<BigInteger>(6),
                PreparedAt = reader.GetFieldValue<DateTimeOffset>(7),
                SentAt = reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8),
            });
        }
        return found.ToLookup(static t => t.AnchorId);
    }

    /// <summary>For each leaf index the primary target's smallest final anchor that covers it; leaves that none covers are left out.</summary>
    public async Task<IReadOnlyDictionary<long, StoredAnchor>> FindEarliestFinalAsync(IReadOnlyCollection<long> leaves, CancellationToken cancellationToken)
    {
        if (leaves.Count == 0)
        {
            return new Dictionary<long, StoredAnchor>();
        }
        var ids = new Dictionary<long, long>();
        const string Sql = $"""
            select leaf, first.id from unnest($1) as wanted(leaf)
            cross join lateral (select a.id from {Present} where a.target = '{Primary}' and a.state = 'final' and a.size > leaf order by a.size limit 1) first
            """;
        await using (var command = Create(Sql, [leaves.ToArray()]))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                ids.Add(reader.GetInt64(0), reader.GetInt64(1));
            }
        }
        var found = (await ListAsync($"select {Columns} from anchor a where a.id = any ($1)", [ids.Values.Distinct().ToArray()], cancellationToken)).ToDictionary(static a => a.Id);
        return ids.ToDictionary(static i => i.Key, i => found[i.Value]);
    }

    /// <summary>The largest size that a block of the target's chain holds or will: 0 when none.</summary>
    public Task<long> GetLargestMinedSizeAsync(string target, CancellationToken cancellationToken) => ScalarAsync<long>(
        $"select coalesce(max(a.size), 0) from {Present} where a.target = $1 and a.state in ('mined', 'final')", [target], cancellationToken);

    /// <summary>The highest nonce of this sender that a block holds; -1 when none.</summary>
    public Task<long> GetHighestMinedNonceAsync(string target, string sender, CancellationToken cancellationToken) => ScalarAsync<long>(
        $"select coalesce(max(a.nonce), -1) from {Present} where a.target = $1 and a.sender = $2 and a.state in ('mined', 'final')", [target, sender], cancellationToken);

    /// <summary>When the target's newest anchor was prepared; null when none was.</summary>
    public async Task<DateTimeOffset?> FindLastPreparedAsync(string target, CancellationToken cancellationToken) => await ScalarAsync<DateTime?>(
        $"select max(a.prepared_at) from {Present} where a.target = $1", [target], cancellationToken) is { } time ? new DateTimeOffset(time) : null;

    /// <summary>How long the last ten anchors took from being prepared into a block, on average; null when there are none.</summary>
    public Task<TimeSpan?> FindTimeToBlockAsync(string target, CancellationToken cancellationToken) => ScalarAsync<TimeSpan?>(
        $"""
        select avg(greatest(block_time - prepared_at, interval '0')) from (
            select a.block_time, a.prepared_at from {Present} where a.target = $1 and a.state in ('mined', 'final') order by a.id desc limit 10) newest
        """,
        [target],
        cancellationToken);

    /// <summary>When the first checkpoint above this size was signed: since when entries wait that it does not cover. Null: there is none.</summary>
    public async Task<DateTimeOffset?> FindWaitingSinceAsync(long size, CancellationToken cancellationToken) => await ScalarAsync<DateTime?>(
        "select min(signed_at) from (select signed_at from checkpoint where size > $1 order by size limit 1) first", [size], cancellationToken) is { } time
        ? new DateTimeOffset(time)
        : null;

    /// <summary>What was paid in blocks since a time, and what waiting transactions may still cost. Reverted transactions cost too.</summary>
    public async Task<AnchorSpending> GetSpendingAsync(string target, DateTimeOffset since, CancellationToken cancellationToken)
    {
        const string Sql = """
            select
                (select coalesce(sum(t.gas_used * t.gas_price), 0) from anchor_transaction t join anchor a on a.id = t.anchor_id
                    where a.target = $1 and t.block_time >= $2),
                (select coalesce(sum(most), 0) from (
                    select max(t.gas_limit * t.max_fee) as most from anchor_transaction t join anchor a on a.id = t.anchor_id
                    where a.target = $1 and a.state in ('prepared', 'sent', 'reorged') group by a.id) waiting)
            """;
        await using var command = Create(Sql, [target, since.UtcDateTime]);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new AnchorSpending(reader.GetFieldValue<BigInteger>(0), reader.GetFieldValue<BigInteger>(1));
    }

    /// <summary>What the target's anchors in blocks since a time cost, and how many entries they newly covered.</summary>
    public async Task<AnchorCost> GetCostAsync(string target, DateTimeOffset since, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            select
                (select coalesce(sum(t.gas_used * t.gas_price), 0) from anchor_transaction t join anchor a on a.id = t.anchor_id where a.target = $1 and t.block_time >= $2),
                coalesce(max(a.size), 0) - coalesce((select a.size from {Present} where a.target = $1 and a.state in ('mined', 'final') and a.block_time < $2 order by a.block_time desc, a.size desc limit 1), 0),
                count(*)
            from {Present} where a.target = $1 and a.state in ('mined', 'final') and a.block_time >= $2
            """;
        await using var command = Create(Sql, [target, since.UtcDateTime]);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new AnchorCost(reader.GetFieldValue<BigInteger>(0), Math.Max(0, reader.GetInt64(1)), reader.GetInt64(2));
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

    private async Task<List<StoredAnchor>> ListAsync(string sql, object[] parameters, CancellationToken cancellationToken)
    {
        await using var command = Create(sql, parameters);
        var anchors = new List<StoredAnchor>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            anchors.Add(Read(reader));
        }
        return anchors;
    }

    private static StoredAnchor Read(DbDataReader reader) => new()
    {
        Id = reader.GetInt64(0),
        Target = reader.GetString(1),
        ChainId = reader.GetInt64(2),
        Registry = reader.GetString(3),
        Size = reader.GetInt64(4),
        Root = new Hash32(reader.GetFieldValue<byte[]>(5)),
        State = Enum.Parse<AnchorState>(reader.GetString(6), ignoreCase: true),
        Sender = reader.IsDBNull(7) ? "" : reader.GetString(7),
        Nonce = reader.GetInt64(8),
        Transaction = reader.IsDBNull(9) ? "" : reader.GetString(9),
        Block = reader.IsDBNull(10) ? null : reader.GetInt64(10),
        BlockHash = reader.IsDBNull(11) ? null : reader.GetString(11),
        BlockTime = reader.IsDBNull(12) ? null : reader.GetFieldValue<DateTimeOffset>(12),
        GasUsed = reader.IsDBNull(13) ? null : reader.GetInt64(13),
        PreparedAt = reader.GetFieldValue<DateTimeOffset>(14),
        PreparedBlock = reader.IsDBNull(15) ? null : reader.GetInt64(15),
        Reason = reader.IsDBNull(16) ? null : reader.GetString(16),
    };

    private async Task<T> ScalarAsync<T>(string sql, object[] parameters, CancellationToken cancellationToken)
    {
        await using var command = Create(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken); // An aggregate without groups has one row.
        return reader.IsDBNull(0) ? default! : reader.GetFieldValue<T>(0); // Null only where T allows it.
    }

    private NpgsqlCommand Create(string sql, object[] parameters)
    {
        var command = database.CreateCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new() { Value = parameter });
        }
        return command;
    }
}
