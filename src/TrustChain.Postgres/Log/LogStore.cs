using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Log;

/// <summary>The log's size and root as committed.</summary>
public readonly record struct LogState(long Size, Hash32 Root);

/// <summary>A signed checkpoint.</summary>
/// <param name="Size">Leaves in the tree.</param>
/// <param name="Root">Its root.</param>
/// <param name="Note">The signed note; as it is read, with the cosignatures there are for it.</param>
/// <param name="SignedAt">When the log signed it.</param>
public sealed record StoredCheckpoint(long Size, Hash32 Root, string Note, DateTimeOffset SignedAt)
{
    /// <summary>How many cosignatures the note carries.</summary>
    public int Cosignatures { get; init; }
}

/// <summary>The public log: sequencing, tiles and checkpoints.</summary>
public sealed class LogStore(NpgsqlDataSource database)
{
    private const string CheckpointSql =
        "select c.size, c.root, c.note, c.signed_at, array(select line from cosignature where size = c.size order by cosigned_at, witness) from checkpoint c";

    /// <summary>
    /// How long a sequencer may keep the row of state without saying anything to the database, or in the middle of one statement. Only a halted process
    /// needs that long: a pass takes milliseconds.
    /// </summary>
    private const string Patience = "10s";

    // The limits end with the transaction. They would not help while COPY waits for its client, so nothing below uses it.
    private const string LockState = """
        select size, set_config('idle_in_transaction_session_timeout', $1, true), set_config('statement_timeout', $1, true) from log_state for update
        """;

    // From here on only the commit is left, which may have to wait for a standby.
    private const string WriteState = "update log_state set size = $1, root = $2 returning set_config('statement_timeout', '0', true)";

    /// <summary>Makes the one row of state if there is none; refuses another origin, since a log keeps its name.</summary>
    /// <exception cref="InvalidOperationException">The database holds the log of another origin.</exception>
    public async Task InitialiseAsync(string origin, CancellationToken cancellationToken)
    {
        await using var insert = database.CreateCommand("insert into log_state (origin, size, root) values ($1, 0, $2) on conflict do nothing");
        insert.Parameters.Add(new() { Value = origin });
        insert.Parameters.Add(new() { Value = MerkleTree.EmptyRoot.ToArray() });
        await insert.ExecuteNonQueryAsync(cancellationToken);
        await using var select = database.CreateCommand("select origin from log_state");
        var actual = (string?)await select.ExecuteScalarAsync(cancellationToken);
        if (actual != origin)
        {
            throw new WrongLogException($"This database holds the log \"{actual}\", not \"{origin}\".");
        }
    }

    /// <summary>The committed state.</summary>
    public async Task<LogState> GetStateAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select size, root from log_state");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new LogState(reader.GetInt64(0), new Hash32(reader.GetFieldValue<byte[]>(1)))
            : throw new InvalidOperationException("The log has not been initialised.");
    }

    /// <summary>The committed state, and whether any entry waits for its place.</summary>
    public async Task<(LogState State, bool IsWaiting)> GetStateAndQueueAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select size, root, exists (select from log_queue order by id limit 1) from log_state");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? (new LogState(reader.GetInt64(0), new Hash32(reader.GetFieldValue<byte[]>(1))), reader.GetBoolean(2))
            : throw new InvalidOperationException("The log has not been initialised.");
    }

    /// <summary>
    /// Gives queued entries their leaf index: one transaction that locks the row of state, takes the visible queue rows by id, and writes leaf indices,
    /// tiles, size and root. Whatever fails before the commit leaves no trace; after it the entries are in the log for good. A server that is halted while
    /// it holds the row loses its transaction after <see cref="Patience"/>, so that others go on; woken, it finds nothing it could still commit.
    /// </summary>
    /// <param name="limit">Most entries to take.</param>
    /// <param name="cancellationToken">Honoured until the commit.</param>
    /// <returns>How many were taken.</returns>
    public async Task<int> SequenceAsync(int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        long size;
        await using (var lockState = new NpgsqlCommand(LockState, connection) { Parameters = { new() { Value = Patience } } })
        {
            size = (long)(await lockState.ExecuteScalarAsync(cancellationToken) ?? throw new InvalidOperationException("The log has not been initialised."));
        }
        var queued = await TakeAsync(connection, limit, cancellationToken);
        if (queued.Count == 0)
        {
            return 0;
        }
        CrashPoint.Pass("sequence.taken");
        var edge = await LoadEdgeAsync(connection, size, cancellationToken);
        foreach (var row in queued)
        {
            edge.Append(row.Entry);
        }
        await edge.SaveAsync(connection, cancellationToken);
        CrashPoint.Pass("sequence.tiles-written");
        await AddEntriesAsync(connection, size, queued, cancellationToken);
        await using var update = new NpgsqlCommand(WriteState, connection)
        {
            Parameters = { new() { Value = edge.Size }, new() { Value = edge.ComputeRoot().ToArray() } },
        };
        await update.ExecuteNonQueryAsync(cancellationToken);
        CrashPoint.Pass("sequence.before-commit");
        await transaction.CommitWithoutLimitAsync(); // The commit point: a started commit is not broken off.
        CrashPoint.Pass("sequence.after-commit");
        return queued.Count;
    }

    /// <summary>A tile's hashes, or null when there are fewer than <paramref name="width"/>.</summary>
    public async Task<byte[]?> FindTileAsync(TileCoordinate tile, int width, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand("select substring(hashes from 1 for $4) from log_tile where level = $1 and tile_index = $2 and width >= $3");
        command.Parameters.Add(new() { Value = (short)tile.Level });
        command.Parameters.Add(new() { Value = tile.Index });
        command.Parameters.Add(new() { Value = (short)width });
        command.Parameters.Add(new() { Value = width * Hash32.Size });
        return (byte[]?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Tiles as they are stored now, which may be wider than a caller needs. Missing ones are left out.</summary>
    public async Task<Dictionary<TileCoordinate, Tile>> GetTilesAsync(IReadOnlyCollection<TileCoordinate> tiles, CancellationToken cancellationToken)
    {
        const string Sql = "select level, tile_index, hashes from unnest($1, $2) as wanted(level, tile_index) join log_tile using (level, tile_index)";
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. tiles.Select(static t => (short)t.Level)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. tiles.Select(static t => t.Index)] });
        var found = new Dictionary<TileCoordinate, Tile>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new TileCoordinate(reader.GetInt16(0), reader.GetInt64(1)), Tile.Parse(reader.GetFieldValue<byte[]>(2)));
        }
        return found;
    }

    /// <summary>An entry bundle cut to <paramref name="width"/> entries, or null when it has fewer.</summary>
    public async Task<byte[]?> FindBundleAsync(long index, int width, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand("select entries, width from log_bundle where tile_index = $1 and width >= $2");
        command.Parameters.Add(new() { Value = index });
        command.Parameters.Add(new() { Value = (short)width });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }
        var bytes = reader.GetFieldValue<byte[]>(0);
        if (reader.GetInt16(1) == width)
        {
            return bytes;
        }
        var length = EntryBundle.Parse(bytes).Take(width).Sum(static entry => 2 + entry.Length);
        return bytes[..length];
    }

    /// <summary>The checkpoint with the largest size, if any was signed.</summary>
    public Task<StoredCheckpoint?> FindLatestCheckpointAsync(CancellationToken cancellationToken) =>
        FindCheckpointAsync($"{CheckpointSql} order by c.size desc limit 1", null, cancellationToken);

    /// <summary>The checkpoint of exactly this size.</summary>
    public Task<StoredCheckpoint?> FindCheckpointAsync(long size, CancellationToken cancellationToken) =>
        FindCheckpointAsync($"{CheckpointSql} where c.size = $1", size, cancellationToken);

    /// <summary>Keeps a signed checkpoint; the first one of a size stays.</summary>
    public async Task AddCheckpointAsync(StoredCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("insert into checkpoint (size, root, note, signed_at) values ($1, $2, $3, $4) on conflict do nothing");
        command.CommandTimeout = 0; // It is served to everybody: a limit would break off its wait for a standby.
        command.Parameters.Add(new() { Value = checkpoint.Size });
        command.Parameters.Add(new() { Value = checkpoint.Root.ToArray() });
        command.Parameters.Add(new() { Value = checkpoint.Note });
        command.Parameters.Add(new() { Value = checkpoint.SignedAt.UtcDateTime });
        CrashPoint.Pass("checkpoint.before-insert");
        await command.ExecuteNonQueryAsync(cancellationToken);
        CrashPoint.Pass("checkpoint.after-insert");
    }

    private async Task<StoredCheckpoint?> FindCheckpointAsync(string sql, long? size, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        if (size is not null)
        {
            command.Parameters.Add(new() { Value = size });
        }
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }
        var lines = reader.GetFieldValue<string[]>(4);
        var note = SignedNote.Append(reader.GetString(2), lines);
        return new StoredCheckpoint(reader.GetInt64(0), new Hash32(reader.GetFieldValue<byte[]>(1)), note, reader.GetFieldValue<DateTimeOffset>(3)) { Cosignatures = lines.Length };
    }

    private static async Task<List<(long? RecordId, long? PublicEntryId, byte[] Entry)>> TakeAsync(NpgsqlConnection connection, int limit, CancellationToken cancellationToken)
    {
        // One statement is one snapshot: it sees every row whose capture was acknowledged before, and ids rise in the order in which captures began.
        // All rows up to an id, not those in a list of ids: the table is empty whenever statistics are taken, and a join planned for that compares each with each.
        const string Sql = """
            with taken as (
                delete from log_queue where id <= (select max(id) from (select id from log_queue order by id limit $1) as first)
                returning id, record_id, public_entry_id, entry)
            select record_id, public_entry_id, entry from taken order by id
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = limit } } };
        var rows = new List<(long?, long?, byte[])>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add((reader.IsDBNull(0) ? null : reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetInt64(1), reader.GetFieldValue<byte[]>(2)));
        }
        return rows;
    }

    private static async Task<RightEdge> LoadEdgeAsync(NpgsqlConnection connection, long size, CancellationToken cancellationToken)
    {
        var partial = new Dictionary<int, byte[]>();
        for (var level = 0; size >> (8 * level) > 0; level++)
        {
            var hashes = size >> (8 * level);
            if (hashes % TileCoordinate.FullWidth == 0)
            {
                continue;
            }
            await using var command = new NpgsqlCommand("select hashes from log_tile where level = $1 and tile_index = $2", connection)
            {
                Parameters = { new() { Value = (short)level }, new() { Value = hashes / TileCoordinate.FullWidth } },
            };
            partial[level] = (byte[]?)await command.ExecuteScalarAsync(cancellationToken)
                ?? throw new InvalidOperationException($"The log of {size} entries lacks tile {level}/{hashes / TileCoordinate.FullWidth}.");
        }
        byte[] bundle = [];
        if (size % TileCoordinate.FullWidth != 0)
        {
            await using var command = new NpgsqlCommand("select entries from log_bundle where tile_index = $1", connection)
            {
                Parameters = { new() { Value = size / TileCoordinate.FullWidth } },
            };
            bundle = (byte[]?)await command.ExecuteScalarAsync(cancellationToken)
                ?? throw new InvalidOperationException($"The log of {size} entries lacks entry bundle {size / TileCoordinate.FullWidth}.");
        }
        return new RightEdge(size, partial, bundle);
    }

    private static async Task AddEntriesAsync(
        NpgsqlConnection connection, long size, List<(long? RecordId, long? PublicEntryId, byte[] Entry)> queued, CancellationToken cancellationToken)
    {
        await using var insert = new NpgsqlCommand("insert into log_entry (leaf_index, record_id, public_entry_id) select * from unnest($1, $2, $3)", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long[]> { TypedValue = [.. queued.Select((_, i) => size + i)] },
                new NpgsqlParameter<long?[]> { TypedValue = [.. queued.Select(static q => q.RecordId)] },
                new NpgsqlParameter<long?[]> { TypedValue = [.. queued.Select(static q => q.PublicEntryId)] },
            },
        };
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }
}
