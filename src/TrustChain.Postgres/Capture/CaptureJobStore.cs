using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Log;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Partitions;

namespace TrustChain.Postgres.Capture;

/// <summary>A capture job as its sender sees it.</summary>
public sealed record CaptureJob
{
    /// <summary>64 hexadecimal digits: the digest of its one statement, or of its body.</summary>
    public required string Id { get; init; }

    public required int OrganisationId { get; init; }

    /// <summary>Where its body lies in parts; null once it is done.</summary>
    public long? UploadId { get; init; }

    public string MediaType { get; init; } = "";

    /// <summary>Goes on past errors instead of rejecting everything.</summary>
    public required bool Proceeds { get; init; }

    public required bool IsRunning { get; init; }

    public required bool IsSuccess { get; init; }

    /// <summary>Events of the document; null until they were counted.</summary>
    public int? EventsTotal { get; init; }

    public int EventsDone { get; init; }

    /// <summary>JSON array of problems.</summary>
    public string Errors { get; init; } = "[]";

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>Capture jobs with the bodies they still need. A job is worked at by one server at a time, which holds a lease on it.</summary>
public sealed class CaptureJobStore(NpgsqlDataSource database, PartitionStore partitions)
{
    private const string Columns = "id, organisation_id, upload_id, media_type, behaviour = 'proceed', is_running, is_success, events_total, events_done, errors::text, created_at, finished_at";

    /// <summary>A number under which to add the parts of a body.</summary>
    public async Task<long> BeginUploadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select nextval('capture_upload_id')");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!; // nextval always answers.
    }

    /// <summary>Keeps the next part of a body.</summary>
    public async Task AddPartAsync(long uploadId, int part, ReadOnlyMemory<byte> bytes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("insert into capture_job_part (upload_id, part, bytes, created_at) values ($1, $2, $3, $4)");
        command.Parameters.Add(new() { Value = uploadId });
        command.Parameters.Add(new() { Value = part });
        command.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = bytes, NpgsqlDbType = NpgsqlDbType.Bytea });
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        CrashPoint.Pass("job.before-part");
        await command.ExecuteNonQueryAsync(cancellationToken);
        CrashPoint.Pass("job.after-part");
    }

    /// <summary>Forgets a body, and those of uploads that broke off more than a day ago.</summary>
    public async Task DropUploadAsync(long uploadId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            delete from capture_job_part p
            where p.upload_id = $1 or (p.created_at < $2 and not exists (select from capture_job j where j.upload_id = p.upload_id))
            """);
        command.Parameters.Add(new() { Value = uploadId });
        command.Parameters.Add(new() { Value = (now - TimeSpan.FromDays(1)).UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Adds a job. The same body sent again is the same job: it is returned as it is, or, if it failed, begins anew with the new upload. False when the new
    /// upload is not needed.
    /// </summary>
    public async Task<(CaptureJob Job, bool UsesUpload)> AddAsync(CaptureJob job, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            insert into capture_job (id, organisation_id, upload_id, media_type, behaviour, is_running, is_success, events_total, events_done, errors, created_at, finished_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            on conflict (id) do update set upload_id = excluded.upload_id, is_running = true, is_success = true, events_total = null, events_done = 0, errors = '[]',
                created_at = excluded.created_at, finished_at = null, lease_owner = null, lease_until = null
            where not capture_job.is_running and not capture_job.is_success
            returning {Columns}
            """;
        await using var command = database.CreateCommand(Sql);
        command.CommandTimeout = 0; // The job is acknowledged: as with every such commit, a limit would break off its wait for a standby.
        command.Parameters.Add(new() { Value = job.Id });
        command.Parameters.Add(new() { Value = job.OrganisationId });
        command.Parameters.Add(new() { Value = (object?)job.UploadId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = job.MediaType });
        command.Parameters.Add(new() { Value = job.Proceeds ? "proceed" : "rollback" });
        command.Parameters.Add(new() { Value = job.IsRunning });
        command.Parameters.Add(new() { Value = job.IsSuccess });
        command.Parameters.Add(new() { Value = (object?)job.EventsTotal ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = job.EventsDone });
        command.Parameters.Add(new() { Value = job.Errors, NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = job.CreatedAt.UtcDateTime });
        command.Parameters.Add(new() { Value = (object?)job.FinishedAt?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        CrashPoint.Pass("job.before-add");
        var added = (await ReadAsync(command, cancellationToken)).FirstOrDefault();
        CrashPoint.Pass("job.after-add");
        if (added is not null)
        {
            return (added, true);
        }
        return (await FindAsync(job.Id, cancellationToken) ?? throw new InvalidOperationException($"The capture job {job.Id} is gone."), false);
    }

    public async Task<CaptureJob?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select {Columns} from capture_job where id = $1");
        command.Parameters.Add(new() { Value = id });
        return (await ReadAsync(command, cancellationToken)).FirstOrDefault();
    }

    /// <summary>The job of a capture of one statement of the organisation, which is done when it is answered: always finished. Null when it has no record.</summary>
    public async Task<CaptureJob?> FindOfStatementAsync(Hash32 digest, int organisationId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            select encode(s.digest, 'hex'), s.organisation_id, null, '', false, false, true, s.event_count, count(r.id)::integer, '[]', s.received_at, s.received_at
            from statement s join record r on r.statement_id = s.id
            where s.digest = $1 and s.organisation_id = $2
            group by s.id
            """);
        command.Parameters.Add(new() { Value = digest.ToArray() });
        command.Parameters.Add(new() { Value = organisationId });
        return (await ReadAsync(command, cancellationToken)).FirstOrDefault();
    }

    /// <summary>An organisation's jobs, newest first, those before a place: staged ones, and statements that are their own.</summary>
    public async Task<IReadOnlyList<CaptureJob>> ListAsync(int organisationId, (DateTimeOffset CreatedAt, string Id)? before, int limit, CancellationToken cancellationToken)
    {
        var place = before ?? (new DateTimeOffset(9999, 1, 1, 0, 0, 0, TimeSpan.Zero), "");
        await using var command = database.CreateCommand($"""
            select * from (
                (select {Columns} from capture_job where organisation_id = $1 and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4)
                union all
                (select encode(digest, 'hex'), organisation_id, null, '', false, false, true, event_count, event_count, '[]', received_at, received_at
                 from statement s where organisation_id = $1 and job_id is null and (received_at, encode(digest, 'hex')) < ($2, $3)
                   and not exists (select from capture_job j where j.id = encode(s.digest, 'hex'))
                 order by received_at desc, encode(digest, 'hex') desc limit $4)) as jobs
            order by created_at desc, id desc limit $4
            """);
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = place.CreatedAt.UtcDateTime });
        command.Parameters.Add(new() { Value = place.Id });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>How many jobs of an organisation wait or are worked at.</summary>
    public async Task<int> CountRunningAsync(int organisationId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select count(*)::integer from capture_job where organisation_id = $1 and is_running");
        command.Parameters.Add(new() { Value = organisationId });
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!; // count(*) always answers.
    }

    /// <summary>Takes a job that nobody works at: the oldest waiting one. Null when there is none.</summary>
    public async Task<CaptureJob?> TakeAsync(Guid owner, DateTimeOffset now, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            update capture_job set lease_owner = $1, lease_until = $3
            where id = (select id from capture_job where is_running and (lease_until is null or lease_until < $2) order by created_at limit 1 for update skip locked)
            returning {Columns}
            """);
        command.Parameters.Add(new() { Value = owner });
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        command.Parameters.Add(new() { Value = (now + lease).UtcDateTime });
        var taken = (await ReadAsync(command, cancellationToken)).FirstOrDefault();
        if (taken is not null)
        {
            CrashPoint.Pass("job.after-take");
        }
        return taken;
    }

    /// <summary>Tells how far a job is and holds on to it; false when the lease was lost.</summary>
    public async Task<bool> ProgressAsync(CaptureJob job, Guid owner, DateTimeOffset leaseUntil, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "update capture_job set events_total = $3, events_done = $4, is_success = $5, errors = $6, lease_until = $7 where id = $1 and lease_owner = $2 and is_running");
        command.Parameters.Add(new() { Value = job.Id });
        command.Parameters.Add(new() { Value = owner });
        command.Parameters.Add(new() { Value = (object?)job.EventsTotal ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = job.EventsDone });
        command.Parameters.Add(new() { Value = job.IsSuccess });
        command.Parameters.Add(new() { Value = job.Errors, NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = leaseUntil.UtcDateTime });
        CrashPoint.Pass("job.before-progress");
        var held = await command.ExecuteNonQueryAsync(cancellationToken) == 1;
        CrashPoint.Pass("job.after-progress");
        return held;
    }

    /// <summary>Ends a job and forgets its body; false when the lease was lost.</summary>
    public async Task<bool> FinishAsync(CaptureJob job, Guid owner, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await FinishInAsync(connection, job, owner, now, cancellationToken))
        {
            return false;
        }
        CrashPoint.Pass("job.before-finish");
        await transaction.CommitWithoutLimitAsync();
        CrashPoint.Pass("job.after-finish");
        return true;
    }

    /// <summary>
    /// Writes all statements of a job and ends it, in one transaction: either all of its events are there, or none.
    /// </summary>
    /// <param name="job">The job as it is when done.</param>
    /// <param name="owner">Who holds the lease.</param>
    /// <param name="statements">One after the other; memory is bounded by one.</param>
    /// <param name="now">When it ended.</param>
    /// <param name="cancellationToken">Honoured until the commit.</param>
    /// <returns>The refusal that rolled it back; null when all is written.</returns>
    /// <exception cref="InvalidOperationException">The lease was lost; nothing was written.</exception>
    public async Task<CaptureResult.Refused?> WriteAllAsync(
        CaptureJob job, Guid owner, IAsyncEnumerable<(int FirstEvent, NewStatement Statement)> statements, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var batch = new CaptureBatch(database, partitions);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await foreach (var (first, statement) in statements.WithCancellation(cancellationToken))
        {
            if ((await batch.WriteInAsync(connection, [statement], lookUp: true, cancellationToken))[0] is CaptureResult.Refused refused)
            {
                return refused with { Position = first + refused.Position }; // rolled back
            }
            CrashPoint.Pass("job.statement-written");
        }
        if (!await FinishInAsync(connection, job, owner, now, cancellationToken))
        {
            throw new InvalidOperationException($"The lease on the capture job {job.Id} was lost.");
        }
        CrashPoint.Pass("job.before-commit");
        await transaction.CommitWithoutLimitAsync(); // The commit point: the events are there and the job is done.
        CrashPoint.Pass("job.after-commit");
        return null;
    }

    /// <summary>The body of an upload from its beginning. Reading blocks; dispose it.</summary>
    public Stream OpenUpload(long uploadId) => new UploadStream(database, uploadId);

    private static async Task<bool> FinishInAsync(NpgsqlConnection connection, CaptureJob job, Guid owner, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using (var update = new NpgsqlCommand("""
            update capture_job set is_running = false, is_success = $3, events_total = $4, events_done = $5, errors = $6, finished_at = $7, upload_id = null, lease_owner = null, lease_until = null
            where id = $1 and lease_owner = $2 and is_running
            """, connection))
        {
            update.Parameters.Add(new() { Value = job.Id });
            update.Parameters.Add(new() { Value = owner });
            update.Parameters.Add(new() { Value = job.IsSuccess });
            update.Parameters.Add(new() { Value = (object?)job.EventsTotal ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
            update.Parameters.Add(new() { Value = job.EventsDone });
            update.Parameters.Add(new() { Value = job.Errors, NpgsqlDbType = NpgsqlDbType.Jsonb });
            update.Parameters.Add(new() { Value = now.UtcDateTime });
            if (await update.ExecuteNonQueryAsync(cancellationToken) != 1)
            {
                return false;
            }
        }
        await using var delete = new NpgsqlCommand("delete from capture_job_part where upload_id = $1", connection);
        delete.Parameters.Add(new() { Value = (object?)job.UploadId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        await delete.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }

    /// <summary>The statements of a job with when they were received, oldest first.</summary>
    public async Task<IReadOnlyList<(Hash32 Digest, DateTimeOffset ReceivedAt)>> ListStatementsAsync(string jobId, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select digest, received_at from statement where job_id = $1 order by id limit $2");
        command.Parameters.Add(new() { Value = jobId });
        command.Parameters.Add(new() { Value = limit });
        var statements = new List<(Hash32, DateTimeOffset)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            statements.Add((new Hash32(reader.GetFieldValue<byte[]>(0)), reader.GetFieldValue<DateTimeOffset>(1)));
        }
        return statements;
    }

    private static async Task<List<CaptureJob>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var jobs = new List<CaptureJob>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            jobs.Add(new CaptureJob
            {
                Id = reader.GetString(0),
                OrganisationId = reader.GetInt32(1),
                UploadId = reader.IsDBNull(2) ? null : reader.GetInt64(2),
                MediaType = reader.GetString(3),
                Proceeds = reader.GetBoolean(4),
                IsRunning = reader.GetBoolean(5),
                IsSuccess = reader.GetBoolean(6),
                EventsTotal = reader.IsDBNull(7) ? null : reader.GetInt32(7),
                EventsDone = reader.GetInt32(8),
                Errors = reader.GetString(9),
                CreatedAt = reader.GetFieldValue<DateTimeOffset>(10),
                FinishedAt = reader.IsDBNull(11) ? null : reader.GetFieldValue<DateTimeOffset>(11),
            });
        }
        return jobs;
    }
}
