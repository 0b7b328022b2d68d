using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Log;
using TrustChain.Postgres.Accounts;

namespace TrustChain.Postgres.Partitions;

/// <summary>
/// Takes the content of full partitions out to files and brings it back. What the log, its proofs and the search for known records need stays: digests, salts,
/// and which records speak of an item.
/// </summary>
public sealed class ArchiveStore(NpgsqlDataSource database, TimeProvider time)
{
    internal const long AdvisoryLock = 0x5472757374417263; // "TrustArc": one export, drop, restore or erasure at a time

    // While a file is written or read the transaction says nothing, for minutes.
    private const string LetFilesTakeTheirTime = "set local idle_in_transaction_session_timeout = 0";

    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LockPatience = TimeSpan.FromMinutes(5);

    /// <summary>All partitions, oldest first.</summary>
    public async Task<IReadOnlyList<ArchivedPartition>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await ListAsync(connection, cancellationToken);
    }

    /// <summary>Which archives hold the content of these records or of their statements.</summary>
    public async Task<IReadOnlyList<ColdArchive>> FindColdAsync(IReadOnlyCollection<long> recordIds, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            select distinct p.number, a.location, a.sha256, a.dropped_at
            from record r
            join content_partition p on (r.id >= p.from_id and r.id < p.before_id) or (r.statement_id >= p.from_id and r.statement_id < p.before_id)
            join content_archive a on a.partition = p.number and a.dropped_at is not null
            where r.id = any($1) order by p.number
            """);
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. recordIds] });
        var found = new List<ColdArchive>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new ColdArchive(reader.GetInt32(0), reader.GetString(1), new Hash32(reader.GetFieldValue<byte[]>(2)), reader.GetFieldValue<DateTimeOffset>(3)));
        }
        return found;
    }

    /// <summary>Writes a partition's content to a file, reads the file back, and remembers it. The database keeps the content.</summary>
    /// <exception cref="ArchiveException">It is not full, is in cold storage already, or the file does not say what was written.</exception>
    public async Task<ArchiveFile> ExportAsync(int number, string path, string location, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // Before the transaction, which sees what was when it began; and as long as it takes.
        await ExecuteAsync(connection, $"set lock_timeout = 0; select pg_advisory_lock({AdvisoryLock}); reset lock_timeout", cancellationToken);
        try
        {
            return await ExportCoreAsync(connection, number, path, location, cancellationToken);
        }
        finally
        {
            if (connection.FullState == System.Data.ConnectionState.Open) // Else the session is gone, and its locks with it.
            {
                await ExecuteAsync(connection, $"select pg_advisory_unlock({AdvisoryLock})", CancellationToken.None);
            }
        }
    }

    private async Task<ArchiveFile> ExportCoreAsync(NpgsqlConnection connection, int number, string path, string location, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        await ExecuteAsync(connection, LetFilesTakeTheirTime, cancellationToken);
        var (_, header) = await GetFullAsync(connection, number, cancellationToken);
        var written = await WriteFileAsync(connection, header, path, location, cancellationToken);
        var (digest, size, counts) = (written.Sha256, written.SizeBytes, written.Counts);
        await using var remember = new NpgsqlCommand("""
            insert into content_archive (partition, location, sha256, size_bytes, statements, events, measures, exported_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (partition) do update set location = $2, sha256 = $3, size_bytes = $4, statements = $5, events = $6, measures = $7, exported_at = $8
            """, connection)
        {
            Parameters =
            {
                new() { Value = number }, new() { Value = location }, new() { Value = digest.ToArray() }, new() { Value = size }, new() { Value = counts.Statements },
                new() { Value = counts.Events }, new() { Value = counts.Measures }, new() { Value = written.ExportedAt.UtcDateTime },
            },
        };
        await remember.ExecuteNonQueryAsync(cancellationToken);
        await WriteAuditAsync(connection, "archive-exported", number, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return written;
    }

    /// <summary>
    /// Takes the content out of the database, if a file has all of it. Whether it has is seen from the content itself, under a lock that lets reading go on; then
    /// the tables go in one transaction.
    /// </summary>
    /// <exception cref="ArchiveException">The file is another than the newest, or the content changed since it was written; nothing was dropped.</exception>
    public async Task<ArchivedPartition> DropAsync(int number, string path, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockArchivesAsync(connection, cancellationToken);
        var (partition, header) = await GetFullAsync(connection, number, cancellationToken);
        var (digest, _, _) = ReadBack(path);
        if (partition.File is not { } file || file.Sha256 != digest)
        {
            throw new ArchiveException($"{path} is not the file that was written last of partition {number}; export it again.");
        }
        await EnsureDeliveredAsync(connection, partition, cancellationToken);
        // Whoever still has ids of this range, or erases something, waits from here on.
        await ExecuteAsync(connection, $"set local lock_timeout = 0; lock table {Tables(number)} in share mode", cancellationToken);
        if ((await ArchiveWriter.WriteAsync(connection, header, Stream.Null, cancellationToken)).Sha256 != digest)
        {
            throw new ArchiveException($"The content of partition {number} is another than when {path} was written; export it again.");
        }
        await LockWholeTablesAsync(connection, transaction, cancellationToken);
        await ExecuteAsync(connection, $"drop table {Tables(number)}", cancellationToken);
        await using var mark = new NpgsqlCommand("update content_archive set dropped_at = $2 where partition = $1", connection)
        {
            Parameters = { new() { Value = number }, new() { Value = time.GetUtcNow().UtcDateTime } },
        };
        await mark.ExecuteNonQueryAsync(cancellationToken);
        await WriteAuditAsync(connection, "archive-dropped", number, cancellationToken);
        await transaction.CommitAsync(cancellationToken); // From here on the file alone has the content.
        return partition;
    }

    /// <summary>Brings the content of a file back, without what was erased meanwhile.</summary>
    /// <returns>The partition, and how many of its events and statements were left out because they were erased.</returns>
    /// <exception cref="ArchiveException">The file is damaged, another's, or the database has the content.</exception>
    public async Task<(int Number, long LeftOut)> RestoreAsync(string path, CancellationToken cancellationToken)
    {
        var (digest, _, header) = ReadBack(path);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockArchivesAsync(connection, cancellationToken);
        var partition = (await ListAsync(connection, cancellationToken)).SingleOrDefault(p => p.Number == header.Partition);
        if (partition is null || partition.From != header.From || partition.Before != header.Before || partition.File is null || header.Origin != await GetOriginAsync(connection, cancellationToken))
        {
            throw new ArchiveException($"{path} is of the log {header.Origin}, partition {header.Partition}, ids {header.From} to {header.Before}: this database has no such archive.");
        }
        if (partition.DroppedAt is null)
        {
            throw new ArchiveException($"The database has the content of partition {header.Partition}; nothing is to be brought back.");
        }
        if (partition.File.Sha256 != digest)
        {
            throw new ArchiveException($"{path} has the digest {digest.ToHex()}, but the content was dropped for the file with {partition.File.Sha256.ToHex()}.");
        }
        await ExecuteAsync(connection, PartitionTables.CreateToFill(header.Partition, header.From, header.Before), cancellationToken);
        var leftOut = await LoadAsync(connection, header, path, cancellationToken);
        await ExecuteAsync(connection, PartitionTables.Attach(header.Partition, header.From, header.Before) + PartitionTables.DropConstraints(header.Partition), cancellationToken);
        await ExecuteAsync(connection, $"update content_archive set dropped_at = null where partition = {Text(header.Partition)}", cancellationToken);
        await WriteAuditAsync(connection, "archive-restored", header.Partition, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (header.Partition, leftOut);
    }

    private async Task<ArchiveFile> WriteFileAsync(NpgsqlConnection connection, ArchiveHeader header, string path, string location, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        try
        {
            var (digest, size, counts) = await ArchiveWriter.WriteAsync(connection, header, file, cancellationToken);
            file.Flush(flushToDisk: true);
            var (read, seen, _) = ReadBack(path);
            return read == digest && seen == counts
                ? new ArchiveFile(location, digest, size, counts, time.GetUtcNow())
                : throw new ArchiveException($"{path} does not hold what was written to it; the disk may be damaged. Write it elsewhere.");
        }
        catch
        {
            File.Delete(path); // It was made here.
            throw;
        }
    }

    private static (Hash32 Sha256, ArchiveCounts Counts, ArchiveHeader Header) ReadBack(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 20, FileOptions.SequentialScan);
        var (reader, header) = ArchiveReader.Open(file);
        using (reader)
        {
            var (statements, events, measures) = (0L, 0L, 0L);
            ArchiveCounts? told = null;
            foreach (var row in reader.Rows())
            {
                switch (row)
                {
                    case ArchivedStatement:
                        statements++;
                        break;
                    case ArchivedEvent:
                        events++;
                        break;
                    case ArchivedMeasure:
                        measures++;
                        break;
                    default:
                        told = (ArchiveCounts)row; // The only other kind.
                        break;
                }
            }
            var counts = new ArchiveCounts(statements, events, measures);
            return told == counts ? (reader.Digest(), counts, header) : throw new ArchiveException($"{path} does not hold as many rows as it says.");
        }
    }

    private static async Task<long> LoadAsync(NpgsqlConnection connection, ArchiveHeader header, string path, CancellationToken cancellationToken)
    {
        var records = await ReadIdsAsync(connection, "select record_id from erasure where record_id >= $1 and record_id < $2", header, cancellationToken);
        // In document form the statement is the content of all its events.
        var statements = await ReadIdsAsync(
            connection, "select r.statement_id from erasure x join record r on r.id = x.record_id join statement s on s.id = r.statement_id where s.form = 0 and s.id >= $1 and s.id < $2", header, cancellationToken);
        var leftOut = 0L;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        var (reader, _) = ArchiveReader.Open(file);
        using (reader)
        {
            using var rows = reader.Rows().GetEnumerator();
            rows.MoveNext(); // The file was read to its end before: its last row is of another kind than those below.
            using (var copy = Begin(connection, $"copy statement_body_p{Text(header.Partition)} (statement_id, jws, leaves) from stdin (format binary)"))
            {
                for (; rows.Current is ArchivedStatement s; rows.MoveNext())
                {
                    if (statements.Contains(s.Id))
                    {
                        leftOut++;
                        continue;
                    }
                    copy.StartRow();
                    copy.Write(s.Id, NpgsqlDbType.Bigint);
                    copy.Write(s.Jws, NpgsqlDbType.Bytea);
                    Write(copy, s.Leaves, NpgsqlDbType.Bytea);
                }
                copy.Complete();
            }
            using (var copy = Begin(
                connection,
                $"copy event_body_p{Text(header.Partition)} (record_id, event, event_salt, organisation_id, is_public, event_time, record_time, event_type, biz_step, disposition, parties) from stdin (format binary)"))
            {
                for (; rows.Current is ArchivedEvent e; rows.MoveNext())
                {
                    if (records.Contains(e.Id))
                    {
                        leftOut++;
                        continue;
                    }
                    copy.StartRow();
                    copy.Write(e.Id, NpgsqlDbType.Bigint);
                    copy.Write(e.Event, NpgsqlDbType.Bytea);
                    Write(copy, e.Salt, NpgsqlDbType.Bytea);
                    Write(copy, e.Organisation, NpgsqlDbType.Integer);
                    Write(copy, e.IsPublic, NpgsqlDbType.Boolean);
                    Write(copy, e.EventTime, NpgsqlDbType.TimestampTz);
                    Write(copy, e.RecordTime, NpgsqlDbType.TimestampTz);
                    Write(copy, e.Type, NpgsqlDbType.Bigint);
                    Write(copy, e.Step, NpgsqlDbType.Bigint);
                    Write(copy, e.Disposition, NpgsqlDbType.Bigint);
                    Write(copy, e.Parties, NpgsqlDbType.Array | NpgsqlDbType.Text);
                }
                copy.Complete();
            }
            using (var copy = Begin(connection, $"copy record_measure_p{Text(header.Partition)} (measure, value, record_id) from stdin (format binary)"))
            {
                for (; rows.Current is ArchivedMeasure m; rows.MoveNext())
                {
                    if (records.Contains(m.RecordId))
                    {
                        continue;
                    }
                    copy.StartRow();
                    copy.Write(m.Measure, NpgsqlDbType.Bigint);
                    copy.Write(m.Value, NpgsqlDbType.Double);
                    copy.Write(m.RecordId, NpgsqlDbType.Bigint);
                }
                copy.Complete();
            }
        }
        return leftOut;
    }

    private static NpgsqlBinaryImporter Begin(NpgsqlConnection connection, string sql)
    {
        var copy = connection.BeginBinaryImport(sql);
        copy.Timeout = TimeSpan.Zero;
        return copy;
    }

    private static void Write<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type)
    {
        if (value is null)
        {
            copy.WriteNull();
        }
        else
        {
            copy.Write(value, type);
        }
    }

    private static async Task<HashSet<long>> ReadIdsAsync(NpgsqlConnection connection, string sql, ArchiveHeader header, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0, Parameters = { new() { Value = header.From }, new() { Value = header.Before } } };
        var ids = new HashSet<long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add(reader.GetInt64(0));
        }
        return ids;
    }

    private static async Task<IReadOnlyList<ArchivedPartition>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string Sql = """
            select p.number, p.from_id, p.before_id, p.before_id <= s.last_value and not exists (select from log_queue q where q.record_id >= p.from_id and q.record_id < p.before_id),
                coalesce((select sum(pg_total_relation_size(to_regclass(name || '_p' || p.number))) from unnest($1) as name), 0)::bigint,
                a.location, a.sha256, a.size_bytes, a.statements, a.events, a.measures, a.exported_at, a.dropped_at,
                (select count(*) from erasure x where a.partition is not null and x.record_id >= p.from_id and x.record_id < p.before_id and x.erased_at > a.exported_at)
            from capture_id s, content_partition p left join content_archive a on a.partition = p.number order by p.number
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { CommandTimeout = 0, Parameters = { new NpgsqlParameter<string[]> { TypedValue = [.. PartitionTables.Names] } } };
        var partitions = new List<ArchivedPartition>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            partitions.Add(new ArchivedPartition
            {
                Number = reader.GetInt32(0),
                From = reader.GetInt64(1),
                Before = reader.GetInt64(2),
                IsFull = reader.GetBoolean(3),
                SizeBytes = reader.GetInt64(4),
                File = reader.IsDBNull(5) ? null : new ArchiveFile(
                    reader.GetString(5),
                    new Hash32(reader.GetFieldValue<byte[]>(6)),
                    reader.GetInt64(7),
                    new ArchiveCounts(reader.GetInt64(8), reader.GetInt64(9), reader.GetInt64(10)),
                    reader.GetFieldValue<DateTimeOffset>(11)),
                DroppedAt = reader.IsDBNull(12) ? null : reader.GetFieldValue<DateTimeOffset>(12),
                ErasedSince = reader.GetInt64(13),
            });
        }
        return partitions;
    }

    /// <summary>A partition whose content may be written out, and the header of its file.</summary>
    private static async Task<(ArchivedPartition Partition, ArchiveHeader Header)> GetFullAsync(NpgsqlConnection connection, int number, CancellationToken cancellationToken)
    {
        var partition = (await ListAsync(connection, cancellationToken)).SingleOrDefault(p => p.Number == number)
            ?? throw new ArchiveException($"There is no partition {number}.");
        if (partition.DroppedAt is { } since)
        {
            throw new ArchiveException(string.Create(CultureInfo.InvariantCulture, $"Partition {number} is in cold storage since {since:u}: {partition.File?.Location}."));
        }
        if (!partition.IsFull)
        {
            throw new ArchiveException($"Partition {number} is not full, or something of it waits for its place in the log.");
        }
        return (partition, new ArchiveHeader(await GetOriginAsync(connection, cancellationToken), number, partition.From, partition.Before));
    }

    private static async Task<string> GetOriginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select origin from log_state", connection);
        return await command.ExecuteScalarAsync(cancellationToken) as string ?? throw new ArchiveException("The database holds no log yet.");
    }

    /// <summary>Subscriptions read content in the order of the log: what one has not come to must stay.</summary>
    private static async Task EnsureDeliveredAsync(NpgsqlConnection connection, ArchivedPartition partition, CancellationToken cancellationToken)
    {
        const string Sql = """
            with last as (select max(leaf_index) as leaf from log_entry where record_id >= $1 and record_id < $2)
            select (select count(*) from subscription, last where next_leaf <= leaf) + (select count(*) from subscription_dead_letter, last where from_leaf <= leaf)
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { CommandTimeout = 0, Parameters = { new() { Value = partition.From }, new() { Value = partition.Before } } };
        if ((long)(await command.ExecuteScalarAsync(cancellationToken))! is > 0 and var behind) // count always answers.
        {
            throw new ArchiveException($"{behind} subscriptions or undelivered parts of them have not come so far as the end of partition {partition.Number}: events would be missing. Resume or delete them first.");
        }
    }

    private static Task LockArchivesAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"{LetFilesTakeTheirTime}; set local lock_timeout = 0; select pg_advisory_xact_lock({AdvisoryLock}); set local lock_timeout to default", cancellationToken);

    /// <summary>Whoever waits for these locks makes everybody wait, so it is for less than a second, again and again.</summary>
    private static async Task LockWholeTablesAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        await ExecuteAsync(connection, "set local lock_timeout = '300ms'", cancellationToken);
        while (true)
        {
            await transaction.SaveAsync("before_locks", cancellationToken);
            try
            {
                await ExecuteAsync(connection, $"lock table {string.Join(", ", PartitionTables.Names)} in access exclusive mode", cancellationToken);
                return;
            }
            catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                if (System.Diagnostics.Stopwatch.GetElapsedTime(start) > LockPatience)
                {
                    throw new ArchiveException("Something uses the tables all the time, such as pg_dump; try again when it has ended.");
                }
                await transaction.RollbackAsync("before_locks", cancellationToken);
            }
            await Task.Delay(LockPause, cancellationToken);
        }
    }

    private Task WriteAuditAsync(NpgsqlConnection connection, string act, int number, CancellationToken cancellationToken) =>
        new AuditStore(database, time).AddAsync(connection, new AuditAct(null, "operator", act, $"partition {Text(number)}", ""), cancellationToken);

    private static string Tables(int number) => string.Join(", ", PartitionTables.Names.Select(name => $"{name}_p{Text(number)}"));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
