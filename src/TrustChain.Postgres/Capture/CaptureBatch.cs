using Npgsql;
using NpgsqlTypes;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Partitions;

namespace TrustChain.Postgres.Capture;

/// <summary>Writes a batch of statements in one transaction. Used by one writer at a time.</summary>
internal sealed class CaptureBatch(NpgsqlDataSource database, PartitionStore partitions)
{
    private const int IdBlock = 10_000; // the increment of the sequence capture_id

    private long _nextId;
    private long _lastId = -1;

    /// <summary>
    /// Hopes first that nothing in the batch is known, which is the rule, and writes it by COPY alone. When the database finds an equal record or
    /// statement, the batch is looked up and what is known is left out; a second collision can only come from another server that just committed the
    /// same, so the look-up is repeated a few times.
    /// </summary>
    public async Task<CaptureResult[]> WriteAsync(NewStatement[] statements, CancellationToken cancellationToken)
    {
        const int Attempts = 5;
        var needsLookUp = HasRepeats(statements) || statements.Any(static s => s.Records.Any(static r => r.EventId is not null));
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryWriteAsync(statements, lookUp: needsLookUp || attempt > 1, cancellationToken);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation && attempt < Attempts)
            {
                // Another attempt with a look-up.
            }
            catch (ErasedMeanwhileException) when (attempt < Attempts)
            {
                // The look-up finds it now.
            }
            catch (PostgresException exception) when (PartitionStore.HasLostPartition(exception) && attempt < Attempts)
            {
                // The ids were taken long ago and their range has gone to cold storage since: newer ids have a place.
                _lastId = -1;
                await partitions.EnsureAsync(cancellationToken);
            }
        }
    }

    private static bool HasRepeats(NewStatement[] statements)
    {
        var digests = new HashSet<Hash32>();
        var identities = new HashSet<Guid>();
        return statements.Any(s => !digests.Add(s.Digest) || s.Records.Any(r => !identities.Add(r.Identity)));
    }

    private async Task<CaptureResult[]> TryWriteAsync(NewStatement[] statements, bool lookUp, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var results = await WriteInAsync(connection, statements, lookUp, cancellationToken);
        CrashPoint.Pass("capture.before-commit");
        await transaction.CommitWithoutLimitAsync(); // From here on the records are acknowledged, and nothing may lose them.
        CrashPoint.Pass("capture.after-commit");
        return results;
    }

    /// <summary>Writes statements within a transaction of the caller's; nothing of it counts before that commits.</summary>
    /// <param name="connection">With the transaction begun.</param>
    /// <param name="statements">What to write.</param>
    /// <param name="lookUp">Whether to look first for what is known; else a repeat fails with a unique violation.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<CaptureResult[]> WriteInAsync(NpgsqlConnection connection, NewStatement[] statements, bool lookUp, CancellationToken cancellationToken)
    {
        var refused = new Dictionary<NewStatement, CaptureResult.Refused>(ReferenceEqualityComparer.Instance);
        var known = lookUp ? await FindKnownAsync(connection, statements, refused, cancellationToken) : [];
        if (lookUp)
        {
            await ClaimEventIdsAsync(connection, statements, known, refused, cancellationToken);
        }
        var results = new CaptureResult[statements.Length];
        var newStatements = new List<(long Id, NewStatement Statement)>();
        var newRecords = new List<(long Id, long StatementId, NewStatement Statement, NewRecord Record)>();
        var repeats = new List<(long StatementId, long RecordId)>();
        for (var i = 0; i < statements.Length; i++)
        {
            var statement = statements[i];
            if (refused.TryGetValue(statement, out var conflict))
            {
                results[i] = conflict;
                continue;
            }
            var stored = new StoredRecord[statement.Records.Count];
            var statementId = 0L;
            for (var r = 0; r < stored.Length; r++)
            {
                var record = statement.Records[r];
                if (known.TryGetValue(record.Identity, out var first))
                {
                    stored[r] = first with { IsNew = false };
                    continue;
                }
                if (statementId == 0)
                {
                    statementId = await NextIdAsync(connection, cancellationToken);
                    newStatements.Add((statementId, statement));
                }
                var id = await NextIdAsync(connection, cancellationToken);
                newRecords.Add((id, statementId, statement, record));
                stored[r] = new StoredRecord(id, true, statement.Digest, statement.ReceivedAt);
                if (lookUp)
                {
                    known.Add(record.Identity, stored[r]); // for a repeat within the same batch
                }
            }
            if (statementId > 0 && statement.Form == StatementForm.Document)
            {
                repeats.AddRange(stored.Where(s => !s.IsNew && s.Statement != statement.Digest).Select(s => (statementId, s.Id)).Distinct());
            }
            results[i] = new CaptureResult.Stored(stored);
        }
        if (newRecords.Count > CaptureInsert.MaxRecords)
        {
            Copy(connection, newStatements, newRecords);
        }
        else if (newRecords.Count > 0)
        {
            await CaptureInsert.WriteAsync(connection, newStatements, newRecords, cancellationToken);
        }
        List<(long, NewStatement, NewTelemetry)> telemetry = [.. newRecords.Where(static r => r.Statement.Telemetry is not null).Select(static r => (r.Id, r.Statement, r.Statement.Telemetry!))]; // Filtered.
        if (telemetry.Count > 0)
        {
            await TelemetryInsert.WriteAsync(connection, telemetry, cancellationToken);
        }
        List<(long, NewStatement, NewRecord)> maintenance = [.. newRecords.Where(static r => r.Record.Index.Maintained.Count > 0).Select(static r => (r.Id, r.Statement, r.Record))];
        if (maintenance.Count > 0)
        {
            await DeviceMaintenanceStore.FoldAsync(connection, maintenance, cancellationToken);
        }
        if (repeats.Count > 0)
        {
            await WriteRepeatsAsync(connection, repeats, cancellationToken);
        }
        return results;
    }

    private static async Task WriteRepeatsAsync(NpgsqlConnection connection, List<(long StatementId, long RecordId)> repeats, CancellationToken cancellationToken)
    {
        // An erasure either waits for this, and finds what is noted here, or was first, and is found.
        await using var lockOut = new NpgsqlCommand("select pg_advisory_xact_lock_shared($1)", connection) { Parameters = { new() { Value = ErasureStore.AdvisoryLock } } };
        await lockOut.ExecuteNonQueryAsync(cancellationToken);
        const string Sql = """
            with noted as (insert into statement_repeat (statement_id, record_id) select * from unnest($1, $2))
            select exists (select from erasure where record_id = any ($2))
            """;
        await using var insert = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long[]> { TypedValue = [.. repeats.Select(static r => r.StatementId)] },
                new NpgsqlParameter<long[]> { TypedValue = [.. repeats.Select(static r => r.RecordId)] },
            },
        };
        if ((bool)(await insert.ExecuteScalarAsync(cancellationToken))!) // exists always answers.
        {
            throw new ErasedMeanwhileException();
        }
    }

    /// <summary>The records that are there already. A statement in document form that would bring one back which was erased, together with a new one, is refused.</summary>
    private static async Task<Dictionary<Guid, StoredRecord>> FindKnownAsync(
        NpgsqlConnection connection, NewStatement[] statements, Dictionary<NewStatement, CaptureResult.Refused> refused, CancellationToken cancellationToken)
    {
        const string Sql = """
            select r.identity, r.id, s.digest, s.received_at, x.record_id is not null
            from unnest($1) as wanted(identity)
            join record r on r.identity = wanted.identity
            join statement s on s.id = r.statement_id
            left join erasure x on x.record_id = r.id
            """;
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = [.. statements.SelectMany(static s => s.Records).Select(static r => r.Identity).Distinct()] } },
        };
        var known = new Dictionary<Guid, StoredRecord>();
        var erased = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var identity = reader.GetGuid(0);
            known.Add(identity, new StoredRecord(reader.GetInt64(1), false, new Hash32(reader.GetFieldValue<byte[]>(2)), reader.GetFieldValue<DateTimeOffset>(3)));
            if (reader.GetBoolean(4))
            {
                erased.Add(identity);
            }
        }
        foreach (var statement in statements.Where(s => erased.Count > 0 && s.Form == StatementForm.Document && !s.Records.All(r => known.ContainsKey(r.Identity))))
        {
            if (statement.Records.FirstOrDefault(r => erased.Contains(r.Identity)) is { } gone)
            {
                refused.TryAdd(statement, new CaptureResult.ContentErased(gone.Position));
            }
        }
        return known;
    }

    /// <summary>
    /// Reserves each eventID for its content. A statement with an eventID that stands for another content, in the database or in an earlier statement
    /// of the batch, is refused whole and reserves nothing. If another server reserves one of them meanwhile, the insert collides and the batch is tried again.
    /// </summary>
    private static async Task ClaimEventIdsAsync(
        NpgsqlConnection connection, NewStatement[] statements, Dictionary<Guid, StoredRecord> known, Dictionary<NewStatement, CaptureResult.Refused> refused, CancellationToken cancellationToken)
    {
        var wanted = statements
            .Where(s => !refused.ContainsKey(s))
            .SelectMany(s => s.Records.Where(r => r.EventId is not null && !known.ContainsKey(r.Identity)).Select(r => (Statement: s, Record: r)))
            .Select(w => (w.Statement, w.Record, Key: (w.Statement.OrganisationId, NewRecord.ComputeIdentity(w.Statement.OrganisationId, default, w.Record.EventId, []))))
            .ToList();
        if (wanted.Count == 0)
        {
            return;
        }
        var claims = await FindEventIdsAsync(connection, [.. wanted.Select(static w => w.Key).Distinct()], cancellationToken);
        var added = new List<((int Organisation, Guid Id) Key, Hash32 Hash)>();
        foreach (var group in wanted.GroupBy(static w => w.Statement))
        {
            var mine = new Dictionary<(int, Guid), Hash32>();
            foreach (var (_, record, key) in group)
            {
                if ((claims.TryGetValue(key, out var hash) || mine.TryGetValue(key, out hash)) && hash != record.EventHash)
                {
                    refused.TryAdd(group.Key, new CaptureResult.EventIdInUse(record.Position, record.EventId!)); // Filtered above.
                }
                mine.TryAdd(key, record.EventHash);
            }
            if (!refused.ContainsKey(group.Key))
            {
                added.AddRange(mine.Where(m => claims.TryAdd(m.Key, m.Value)).Select(static m => (m.Key, m.Value)));
            }
        }
        await using var insert = new NpgsqlCommand("insert into event_id_claim (organisation_id, event_id_key, event_hash) select * from unnest($1, $2, $3)", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int[]> { TypedValue = [.. added.Select(static a => a.Key.Organisation)] },
                new NpgsqlParameter<Guid[]> { TypedValue = [.. added.Select(static a => a.Key.Id)] },
                new NpgsqlParameter<byte[][]> { TypedValue = [.. added.Select(static a => a.Hash.ToArray())] },
            },
        };
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<Dictionary<(int Organisation, Guid Id), Hash32>> FindEventIdsAsync(
        NpgsqlConnection connection, (int Organisation, Guid Id)[] keys, CancellationToken cancellationToken)
    {
        const string Sql = """
            select c.organisation_id, c.event_id_key, c.event_hash
            from unnest($1, $2) as wanted(organisation_id, event_id_key)
            join event_id_claim c using (organisation_id, event_id_key)
            """;
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int[]> { TypedValue = [.. keys.Select(static k => k.Organisation)] },
                new NpgsqlParameter<Guid[]> { TypedValue = [.. keys.Select(static k => k.Id)] },
            },
        };
        var found = new Dictionary<(int, Guid), Hash32>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((reader.GetInt32(0), reader.GetGuid(1)), new Hash32(reader.GetFieldValue<byte[]>(2)));
        }
        return found;
    }

    private async ValueTask<long> NextIdAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Ids of a range that is full already are given up, so that the range rests and can be taken out.
        if (_lastId < _nextId || _nextId < partitions.Room?.OpenFrom)
        {
            await using var command = new NpgsqlCommand("select nextval('capture_id')", connection);
            var first = (long)(await command.ExecuteScalarAsync(cancellationToken))!; // nextval always answers.
            await partitions.CoverAsync(first + IdBlock - 1, cancellationToken);
            (_nextId, _lastId) = (first, first + IdBlock - 1);
        }
        return _nextId++;
    }

    // COPY is written synchronously: the rows are in memory, and an await per field would cost more than the field.
    private static void Copy(
        NpgsqlConnection connection, List<(long Id, NewStatement Statement)> statements, List<(long Id, long StatementId, NewStatement Statement, NewRecord Record)> records)
    {
        using (var copy = connection.BeginBinaryImport(
            "copy statement (id, digest, organisation_id, kid, key_entry, custody, form, event_count, received_at, job_id) from stdin (format binary)"))
        {
            foreach (var (id, s) in statements)
            {
                copy.StartRow();
                copy.Write(id, NpgsqlDbType.Bigint);
                copy.Write(s.Digest.ToArray(), NpgsqlDbType.Bytea);
                copy.Write(s.OrganisationId, NpgsqlDbType.Integer);
                copy.Write(s.Kid, NpgsqlDbType.Text);
                copy.Write(s.KeyEntry, NpgsqlDbType.Bigint);
                copy.Write((short)s.Custody, NpgsqlDbType.Smallint);
                copy.Write((short)s.Form, NpgsqlDbType.Smallint);
                copy.Write(s.Count, NpgsqlDbType.Integer);
                copy.Write(s.ReceivedAt.UtcDateTime, NpgsqlDbType.TimestampTz);
                WriteNullable(copy, s.JobId);
            }
            copy.Complete();
        }
        using (var copy = connection.BeginBinaryImport("copy statement_body (statement_id, jws, leaves) from stdin (format binary)"))
        {
            foreach (var (id, s) in statements)
            {
                copy.StartRow();
                copy.Write(id, NpgsqlDbType.Bigint);
                copy.Write(s.Jws, NpgsqlDbType.Bytea);
                WriteNullable(copy, s.Leaves);
            }
            copy.Complete();
        }
        using (var copy = connection.BeginBinaryImport(
            "copy record (id, statement_id, position, organisation_id, identity, event_hash, event_id, event_time, is_public, is_declaration, salt) from stdin (format binary)"))
        {
            foreach (var (id, statementId, s, r) in records)
            {
                copy.StartRow();
                copy.Write(id, NpgsqlDbType.Bigint);
                copy.Write(statementId, NpgsqlDbType.Bigint);
                copy.Write(r.Position, NpgsqlDbType.Integer);
                copy.Write(s.OrganisationId, NpgsqlDbType.Integer);
                copy.Write(r.Identity, NpgsqlDbType.Uuid);
                copy.Write(r.EventHash.ToArray(), NpgsqlDbType.Bytea);
                WriteNullable(copy, r.EventId);
                copy.Write(r.EventTime.UtcDateTime, NpgsqlDbType.TimestampTz);
                copy.Write(r.IsPublic, NpgsqlDbType.Boolean);
                copy.Write(r.IsDeclaration, NpgsqlDbType.Boolean);
                copy.Write(r.Salt, NpgsqlDbType.Bytea);
            }
            copy.Complete();
        }
        using (var copy = connection.BeginBinaryImport(
            "copy event_body (record_id, event, event_salt, organisation_id, is_public, event_time, record_time, event_type, biz_step, disposition, parties) from stdin (format binary)"))
        {
            foreach (var (id, _, s, r) in records)
            {
                copy.StartRow();
                copy.Write(id, NpgsqlDbType.Bigint);
                copy.Write(r.Event, NpgsqlDbType.Bytea);
                WriteNullable(copy, r.EventSalt);
                copy.Write(s.OrganisationId, NpgsqlDbType.Integer);
                copy.Write(r.IsPublic, NpgsqlDbType.Boolean);
                copy.Write(r.EventTime.UtcDateTime, NpgsqlDbType.TimestampTz);
                copy.Write(s.ReceivedAt.UtcDateTime, NpgsqlDbType.TimestampTz);
                copy.Write(r.Index.EventType, NpgsqlDbType.Bigint);
                WriteNullable(copy, r.Index.BizStep);
                WriteNullable(copy, r.Index.Disposition);
                if (r.Index.Parties is { } parties)
                {
                    copy.Write(parties, NpgsqlDbType.Array | NpgsqlDbType.Text);
                }
                else
                {
                    copy.WriteNull();
                }
            }
            copy.Complete();
        }
        using (var copy = connection.BeginBinaryImport("copy record_item (item_key, record_id, role) from stdin (format binary)"))
        {
            foreach (var (id, _, _, r) in records)
            {
                foreach (var (key, role) in r.Index.Items)
                {
                    copy.StartRow();
                    copy.Write(key, NpgsqlDbType.Bigint);
                    copy.Write(id, NpgsqlDbType.Bigint);
                    copy.Write(role, NpgsqlDbType.Smallint);
                }
            }
            copy.Complete();
        }
        if (records.Exists(static r => r.Record.Index.Measures.Count > 0))
        {
            using var copy = connection.BeginBinaryImport("copy record_measure (measure, value, record_id) from stdin (format binary)");
            foreach (var (id, _, _, r) in records)
            {
                foreach (var (measure, value) in r.Index.Measures)
                {
                    copy.StartRow();
                    copy.Write(measure, NpgsqlDbType.Bigint);
                    copy.Write(value, NpgsqlDbType.Double);
                    copy.Write(id, NpgsqlDbType.Bigint);
                }
            }
            copy.Complete();
        }
        using (var copy = connection.BeginBinaryImport("copy log_queue (record_id, entry) from stdin (format binary)"))
        {
            foreach (var (id, _, _, r) in records)
            {
                copy.StartRow();
                copy.Write(id, NpgsqlDbType.Bigint);
                copy.Write(r.Entry, NpgsqlDbType.Bytea);
            }
            copy.Complete();
        }
    }

    private static void WriteNullable(NpgsqlBinaryImporter copy, long? number)
    {
        if (number is { } value)
        {
            copy.Write(value, NpgsqlDbType.Bigint);
        }
        else
        {
            copy.WriteNull();
        }
    }

    private static void WriteNullable(NpgsqlBinaryImporter copy, string? text)
    {
        if (text is null)
        {
            copy.WriteNull();
        }
        else
        {
            copy.Write(text, NpgsqlDbType.Text);
        }
    }

    private static void WriteNullable(NpgsqlBinaryImporter copy, byte[]? bytes)
    {
        if (bytes is null)
        {
            copy.WriteNull();
        }
        else
        {
            copy.Write(bytes, NpgsqlDbType.Bytea);
        }
    }

    /// <summary>Something that a statement repeats was erased after it was looked up.</summary>
    private sealed class ErasedMeanwhileException : Exception;
}
