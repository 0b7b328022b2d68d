using System.Globalization;
using Npgsql;

namespace TrustChain.Postgres.Partitions;

/// <summary>How partitions are made.</summary>
/// <param name="Ids">Ids in a partition: one for each record and one for each statement. A multiple of 10,000.</param>
/// <param name="Ahead">How many partitions' worth of ids is to be ready before it is needed.</param>
public sealed record PartitionPlan(long Ids, int Ahead)
{
    /// <summary>Twenty million ids, which is ten million records where each has its own statement; two ahead.</summary>
    public static PartitionPlan Default { get; } = new(20_000_000, 2);
}

/// <summary>How far the partitions reach.</summary>
/// <param name="Count">How many there are, those in cold storage among them.</param>
/// <param name="Cold">Those of them whose content is in cold storage.</param>
/// <param name="Free">Ids that are still to be given out before the last one is full.</param>
/// <param name="OpenFrom">First id of the partition to which new ids belong.</param>
/// <param name="Before">Id at which the last one ends.</param>
public sealed record PartitionRoom(int Count, int Cold, long Free, long OpenFrom, long Before);

/// <summary>
/// Makes the partitions in which content goes before ids reach them. There is none by default that would fill unseen: a server that takes ids beyond the last
/// partition makes the next one first. Thread-safe; any number of servers may do it at once.
/// </summary>
public sealed class PartitionStore(NpgsqlDataSource database, PartitionPlan plan)
{
    private const long AdvisoryLock = 0x5472757374506172; // "TrustPar"

    private PartitionRoom? _room;

    /// <summary>As seen last; null before the first time.</summary>
    public PartitionRoom? Room => Volatile.Read(ref _room);

    /// <summary>Makes what is missing.</summary>
    public Task<PartitionRoom> EnsureAsync(CancellationToken cancellationToken) => EnsureAsync(0, cancellationToken);

    /// <summary>Makes sure that there is a partition for an id that was just taken; costs nothing as long as the last look tells that there is.</summary>
    internal async ValueTask CoverAsync(long id, CancellationToken cancellationToken)
    {
        if (Room is not { } room || id >= room.Before)
        {
            await EnsureAsync(id, cancellationToken);
        }
    }

    /// <summary>Whether a new row lost its partition: the range was taken out since its id was reserved, or is being taken out at this moment.</summary>
    internal static bool HasLostPartition(PostgresException exception) =>
        exception is { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: null, TableName: "statement_body" or "event_body" or "record_measure" }
        || exception.SqlState == PostgresErrorCodes.DeadlockDetected
        || (exception.SqlState == PostgresErrorCodes.InternalError && exception.MessageText.StartsWith("could not open relation with OID", StringComparison.Ordinal));

    private async Task<PartitionRoom> EnsureAsync(long id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, $"select pg_advisory_xact_lock({AdvisoryLock})", cancellationToken);
        var (number, before, last) = await ReadEndAsync(connection, cancellationToken);
        var wanted = Math.Max(last, id) + (plan.Ahead * plan.Ids);
        while (before <= wanted)
        {
            number++;
            await ExecuteAsync(connection, Make(number, before, before + plan.Ids), cancellationToken);
            before += plan.Ids;
        }
        await using var read = new NpgsqlCommand(
            "select count(*)::int, (select count(*)::int from content_archive where dropped_at is not null), max(before_id), coalesce(max(from_id) filter (where from_id <= $1), 1) from content_partition", connection)
        {
            Parameters = { new() { Value = last } },
        };
        PartitionRoom room;
        await using (var reader = await read.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken); // An aggregate has one row.
            room = new PartitionRoom(reader.GetInt32(0), reader.GetInt32(1), reader.GetInt64(2) - last, reader.GetInt64(3), reader.GetInt64(2));
        }
        await transaction.CommitAsync(cancellationToken);
        Volatile.Write(ref _room, room);
        return room;
    }

    private static async Task<(int Number, long Before, long LastId)> ReadEndAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "select p.number, p.before_id, s.last_value from capture_id s, content_partition p order by p.number desc limit 1", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken); // The migration made the first.
        return (reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    // Attaching takes a lock that lets reading and writing go on, which "create table ... partition of" would not.
    private static string Make(int number, long from, long before) => string.Create(CultureInfo.InvariantCulture, $"""
        {PartitionTables.Create(number)}
        {PartitionTables.Attach(number, from, before)}
        insert into content_partition (number, from_id, before_id) values ({number}, {from}, {before});
        """);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
