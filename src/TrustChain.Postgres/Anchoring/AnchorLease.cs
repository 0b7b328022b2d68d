using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Anchoring;

/// <summary>
/// The right to act for a target: an advisory lock of one database session, through which all changes go. Servers of one log take turns; while one
/// holds it no other prepares, hands out nonces or moves states. When the session is lost the lock is, and nothing can be written through it any more.
/// Each change is one statement, so that a restart finds either the state before or the one after. A holder that is halted, and so says nothing to the
/// database for long, loses its session.
/// </summary>
public sealed class AnchorLease : IAsyncDisposable
{
    /// <summary>How long a holder may say nothing: longer than a round waits for a chain between two signs of life.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(5);

    private readonly NpgsqlConnection _connection;
    private readonly string _target;

    private AnchorLease(NpgsqlConnection connection, string target) => (_connection, _target) = (connection, target);

    /// <summary>Takes the lease if no server holds it.</summary>
    /// <param name="database">The log's database.</param>
    /// <param name="target">The target's name.</param>
    /// <param name="silence">How long the holder may say nothing to the database before it loses the lease; null: five minutes.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<AnchorLease?> TryTakeAsync(NpgsqlDataSource database, string target, TimeSpan? silence, CancellationToken cancellationToken)
    {
        const string Sql = "select case when pg_try_advisory_lock(hashtextextended('trustchain anchor ' || $1, 0)) then set_config('idle_session_timeout', $2, false) end is not null";
        var milliseconds = ((long)(silence ?? LongestSilence).TotalMilliseconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var take = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = target }, new() { Value = milliseconds } } };
            if (await take.ExecuteScalarAsync(cancellationToken) is true)
            {
                return new AnchorLease(connection, target);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        await connection.DisposeAsync();
        return null;
    }

    /// <summary>A sign of life, for a round that asks a chain for long without writing.</summary>
    public Task KeepAsync(CancellationToken cancellationToken) => ExecuteAsync("select 1", cancellationToken);

    /// <summary>
    /// Keeps a prepared anchor with its first transaction, before it is sent: also where a standby has to have it, so that a failover finds what may be in a block.
    /// </summary>
    /// <returns>The ids of the anchor and of the transaction.</returns>
    public async Task<(long Anchor, long Transaction)> AddPreparedAsync(StoredAnchor anchor, StoredTransaction transaction, CancellationToken cancellationToken)
    {
        const string Sql = """
            with added as (
                insert into anchor (target, chain_id, registry, sender, size, root, state, nonce, transaction, prepared_block, prepared_at, changed_at)
                values ($1, $2, $3, $4, $5, $6, 'prepared', $7, $8, $9, $10, $10) returning id)
            insert into anchor_transaction (anchor_id, hash, raw, gas_limit, max_fee, priority_fee, prepared_at)
            select id, $8, $11, $12, $13, $14, $10 from added returning anchor_id, id
            """;
        await using var command = Create(
            Sql, _target, anchor.ChainId, anchor.Registry, anchor.Sender, anchor.Size, anchor.Root.ToArray(), anchor.Nonce, new NpgsqlParameter<string?> { TypedValue = transaction.Hash },
            new NpgsqlParameter<long?> { TypedValue = anchor.PreparedBlock }, anchor.PreparedAt.UtcDateTime, new NpgsqlParameter<byte[]?> { TypedValue = transaction.Raw },
            transaction.GasLimit, transaction.MaxFee, transaction.PriorityFee);
        await using var commit = await _connection.BeginTransactionAsync(cancellationToken);
        (long Anchor, long Transaction) ids;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken); // "returning" always answers.
            ids = (reader.GetInt64(0), reader.GetInt64(1));
        }
        await commit.CommitWithoutLimitAsync();
        return ids;
    }

    /// <summary>Keeps a transaction of the same nonce that pays more, before it is sent.</summary>
    /// <returns>The transaction's id.</returns>
    public async Task<long> AddReplacementAsync(long anchorId, StoredTransaction transaction, CancellationToken cancellationToken)
    {
        const string Sql = """
            with changed as (update anchor set transaction = coalesce($2, transaction), changed_at = $7 where id = $1)
            insert into anchor_transaction (anchor_id, hash, raw, gas_limit, max_fee, priority_fee, prepared_at) values ($1, $2, $3, $4, $5, $6, $7) returning id
            """;
        await using var command = Create(
            Sql, anchorId, new NpgsqlParameter<string?> { TypedValue = transaction.Hash }, new NpgsqlParameter<byte[]?> { TypedValue = transaction.Raw },
            transaction.GasLimit, transaction.MaxFee, transaction.PriorityFee, transaction.PreparedAt.UtcDateTime);
        await using var commit = await _connection.BeginTransactionAsync(cancellationToken);
        var id = (long)(await command.ExecuteScalarAsync(cancellationToken))!; // "returning" always answers.
        await commit.CommitWithoutLimitAsync();
        return id;
    }

    /// <summary>A node, or the signer before it, took the transaction.</summary>
    /// <param name="anchorId">The anchor.</param>
    /// <param name="transactionId">Its transaction.</param>
    /// <param name="hash">The hash, where an external signer told it; null: as it was.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task SetSentAsync(long anchorId, long transactionId, string? hash, DateTimeOffset now, CancellationToken cancellationToken) => ExecuteAsync(
        """
        with sent as (update anchor_transaction set sent_at = coalesce(sent_at, $4), hash = coalesce($3, hash) where id = $2)
        update anchor set state = 'sent', reason = null, changed_at = $4,
            transaction = coalesce($3, (select hash from anchor_transaction where id = $2), transaction) where id = $1
        """,
        cancellationToken,
        anchorId, transactionId, new NpgsqlParameter<string?> { TypedValue = hash }, now.UtcDateTime);

    /// <summary>A block holds a transaction of the anchor.</summary>
    /// <param name="anchorId">The anchor.</param>
    /// <param name="state">Mined or final.</param>
    /// <param name="found">Which transaction, and where.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task SetMinedAsync(long anchorId, AnchorState state, MinedTransaction found, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await _connection.BeginTransactionAsync(cancellationToken);
        await AddCostAsync(anchorId, found, now, cancellationToken);
        await ExecuteAsync(
            """
            update anchor set state = $2, reason = null, transaction = $3, block = $4, block_hash = $5, block_time = $6, gas_used = $7, changed_at = $8 where id = $1
            """,
            cancellationToken,
            anchorId, AnchorStore.Name(state), found.Hash, found.Block, found.BlockHash, found.BlockTime.UtcDateTime, found.GasUsed, now.UtcDateTime);
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>Its block is deep enough.</summary>
    public Task SetFinalAsync(long anchorId, DateTimeOffset now, CancellationToken cancellationToken) =>
        ExecuteAsync("update anchor set state = 'final', changed_at = $2 where id = $1 and state = 'mined'", cancellationToken, anchorId, now.UtcDateTime);

    /// <summary>Its block left the chain, and with it what it cost.</summary>
    public Task SetReorgedAsync(long anchorId, string reason, DateTimeOffset now, CancellationToken cancellationToken) => ExecuteAsync(
        """
        with free as (update anchor_transaction set gas_used = null, gas_price = null, block_time = null where anchor_id = $1)
        update anchor set state = 'reorged', reason = $2, block = null, block_hash = null, block_time = null, gas_used = null, changed_at = $3 where id = $1
        """,
        cancellationToken,
        anchorId, reason, now.UtcDateTime);

    /// <summary>It is not sent again.</summary>
    public Task SetSupersededAsync(long anchorId, string reason, DateTimeOffset now, CancellationToken cancellationToken) => ExecuteAsync(
        "update anchor set state = 'superseded', reason = $2, changed_at = $3 where id = $1", cancellationToken, anchorId, reason, now.UtcDateTime);

    /// <summary>A block holds a transaction of it that reverted: paid for, and the nonce is gone.</summary>
    public async Task SetRevertedAsync(long anchorId, string reason, MinedTransaction found, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await _connection.BeginTransactionAsync(cancellationToken);
        await AddCostAsync(anchorId, found, now, cancellationToken);
        await SetSupersededAsync(anchorId, reason, now, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
    }

    /// <summary>Keeps an anchor that is to be asked of a timestamp authority; an older one that waits is given up in favour of it.</summary>
    public async Task<long> AddTimestampAsync(long size, Hash32 root, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await _connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync("update timestamp_anchor set state = 'superseded', changed_at = $2 where target = $1 and state = 'prepared'", cancellationToken, _target, now.UtcDateTime);
        await using var command = Create(
            "insert into timestamp_anchor (target, size, root, state, prepared_at, changed_at) values ($1, $2, $3, 'prepared', $4, $4) returning id",
            _target, size, root.ToArray(), now.UtcDateTime);
        var id = (long)(await command.ExecuteScalarAsync(cancellationToken))!; // "returning" always answers.
        await transaction.CommitAsync(CancellationToken.None);
        return id;
    }

    /// <summary>Keeps the authority's token, which was verified.</summary>
    public Task SetTimestampAsync(long id, byte[] token, DateTimeOffset tokenTime, DateTimeOffset now, CancellationToken cancellationToken) => ExecuteAsync(
        "update timestamp_anchor set state = 'final', token = $2, token_time = $3, changed_at = $4 where id = $1", cancellationToken, id, token, tokenTime.UtcDateTime, now.UtcDateTime);

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_connection.State == System.Data.ConnectionState.Open)
            {
                // Closing only returns the session to the pool, where it would keep the lock, and lose its session while nobody uses it.
                await using var free = new NpgsqlCommand("select pg_advisory_unlock_all(); reset idle_session_timeout", _connection);
                await free.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
        finally
        {
            await _connection.DisposeAsync();
        }
    }

    /// <summary>Notes what a transaction in a block cost; one that is not known yet is added, and then is the one whose hash was not known, if there is one.</summary>
    private async Task AddCostAsync(long anchorId, MinedTransaction found, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string Update = """
            update anchor_transaction set hash = $3, sent_at = coalesce(sent_at, $6), gas_used = $4, gas_price = $5, block_time = $7
            where id = coalesce($2, (select id from anchor_transaction where anchor_id = $1 and (hash = $3 or hash is null) order by hash nulls last, id desc limit 1))
            """;
        var price = new NpgsqlParameter { Value = found.GasPrice is { } known ? known : DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Numeric };
        await using var update = Create(
            Update, anchorId, new NpgsqlParameter<long?> { TypedValue = found.TransactionId }, found.Hash, found.GasUsed, price, now.UtcDateTime, found.BlockTime.UtcDateTime);
        if (await update.ExecuteNonQueryAsync(cancellationToken) > 0)
        {
            return;
        }
        await ExecuteAsync(
            """
            insert into anchor_transaction (anchor_id, hash, gas_limit, max_fee, priority_fee, prepared_at, sent_at, gas_used, gas_price, block_time)
            values ($1, $2, $3, 0, 0, $5, $5, $3, $4, $6) on conflict do nothing
            """,
            cancellationToken,
            anchorId, found.Hash, found.GasUsed, new NpgsqlParameter { Value = price.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Numeric }, now.UtcDateTime, found.BlockTime.UtcDateTime);
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = Create(sql, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Create(string sql, params object[] parameters)
    {
        var command = new NpgsqlCommand(sql, _connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter as NpgsqlParameter ?? new NpgsqlParameter { Value = parameter });
        }
        return command;
    }
}
