using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Query;

namespace TrustChain.Postgres.Capture;

/// <summary>A record as stored, with its statement and, unless erased, its content.</summary>
public sealed record StoredEvent
{
    public required long RecordId { get; init; }

    /// <summary>Null until the record is in the log.</summary>
    public required long? LeafIndex { get; init; }

    public required int OrganisationId { get; init; }

    public required bool IsPublic { get; init; }

    public required string? EventId { get; init; }

    /// <summary>What the log commits to.</summary>
    public required Record Record { get; init; }

    public required byte[] Salt { get; init; }

    public required StatementForm Form { get; init; }

    /// <summary>Null when erased.</summary>
    public required byte[]? Jws { get; init; }

    /// <summary>In root form with several events: the leaf hashes under the signed root.</summary>
    public required byte[]? Leaves { get; init; }

    /// <summary>Null when erased.</summary>
    public required byte[]? Event { get; init; }

    /// <summary>In root form, unless erased.</summary>
    public required byte[]? EventSalt { get; init; }

    public required DateTimeOffset? ErasedAt { get; init; }

    /// <summary>
    /// Whether every event of the statement is known to be public; asked for document-form statements only. One that holds events of other statements' records, or
    /// events that were not taken, is not.
    /// </summary>
    public required bool StatementIsPublic { get; init; }

    /// <summary>The eventID, or the event hash where the client gave none.</summary>
    public string EffectiveEventId => EventId ?? Record.EventHash;
}

/// <summary>An entry in the clear as stored.</summary>
public sealed record StoredPublicEntry(long Id, long? LeafIndex, EntryKind Kind, int OrganisationId, byte[] Body, string? Jws, DateTimeOffset ReceivedAt);

/// <summary>Some records with what the reader may read of them: of others, event and statement are null as if they were not there.</summary>
/// <param name="Records">In the order of their ids. Those of one statement share its bytes.</param>
/// <param name="Next">The record after which there may be more; null when there is none to be read.</param>
/// <param name="Bytes">Of events and statements that were read.</param>
public sealed record RecordPage(IReadOnlyList<StoredEvent> Records, long? Next, long Bytes);

/// <summary>Where strangers find a record.</summary>
/// <param name="LeafIndex">Its leaf index; null until it is in the log.</param>
/// <param name="EventHash">The event hash as a URI.</param>
public readonly record struct RecordPlace(long? LeafIndex, string EventHash);

/// <summary>
/// Reads records and entries. Who may see them is the caller's business; lists for a reader leave out the content that they may not see, and end early, after at
/// least one record, where events and statements have more bytes than the caller wants to hold.
/// </summary>
public sealed class RecordStore(NpgsqlDataSource database)
{
    /// <summary>Records by event hash or client's eventID, oldest first, after a record id.</summary>
    public async Task<RecordPage> ListByEventIdAsync(string eventId, EventReaderScope reader, long afterRecordId, int limit, long maxBytes, CancellationToken cancellationToken)
    {
        // Two index look-ups; a hash URI may also be some client's own eventID.
        await using var command = Command(
            "r.id in (select id from record where event_id = $7 union select id from record where event_hash = $8 and event_id is null) and r.id > $6 order by r.id limit $1 + 1",
            reader, afterRecordId, limit, maxBytes);
        command.Parameters.Add(new() { Value = eventId });
        command.Parameters.Add(new() { Value = Record.TryParseEventHash(eventId, out var hash) ? hash.ToArray() : [] });
        return await ReadAsync(command, limit, cancellationToken);
    }

    /// <summary>Records by event hash, whatever their eventID, oldest first, after a record id.</summary>
    public async Task<RecordPage> ListByEventHashAsync(Hash32 eventHash, EventReaderScope reader, long afterRecordId, int limit, long maxBytes, CancellationToken cancellationToken)
    {
        await using var command = Command("r.event_hash = $7 and r.id > $6 order by r.id limit $1 + 1", reader, afterRecordId, limit, maxBytes);
        command.Parameters.Add(new() { Value = eventHash.ToArray() });
        return await ReadAsync(command, limit, cancellationToken);
    }

    /// <summary>Records that speak of an item or happened there, oldest first, after a record id. Compare the URI: keys may collide.</summary>
    public async Task<RecordPage> ListByItemAsync(long itemKey, EventReaderScope reader, long afterRecordId, int limit, long maxBytes, CancellationToken cancellationToken)
    {
        await using var command = Command(
            "r.id in (select distinct record_id from record_item where item_key = $7 and record_id > $6 and role <= 101 order by record_id limit $1 + 1)",
            reader, afterRecordId, limit, maxBytes);
        command.Parameters.Add(new() { Value = itemKey });
        return await ReadAsync(command, limit, cancellationToken);
    }

    /// <summary>Which records speak of each of some items or happened there, the oldest first, by item key. Compare the URI: keys may collide.</summary>
    /// <param name="itemKeys">Each once.</param>
    /// <param name="limit">Most records of each.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<ILookup<long, long>> ListIdsByItemAsync(IReadOnlyCollection<long> itemKeys, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand("""
            select k.item_key, i.record_id from unnest($1) as k (item_key)
            cross join lateral (select distinct record_id from record_item where item_key = k.item_key and role <= 101 order by record_id limit $2) i
            order by k.item_key, i.record_id
            """);
        command.Parameters.Add(new() { Value = itemKeys.ToArray() });
        command.Parameters.Add(new() { Value = limit });
        var found = new List<(long Key, long RecordId)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((reader.GetInt64(0), reader.GetInt64(1)));
        }
        return found.ToLookup(static f => f.Key, static f => f.RecordId);
    }

    /// <summary>Records by id, oldest first, after a record id.</summary>
    public async Task<RecordPage> ListByIdAsync(IReadOnlyCollection<long> recordIds, EventReaderScope reader, long afterRecordId, long maxBytes, CancellationToken cancellationToken)
    {
        await using var command = Command("r.id = any($7) and r.id > $6", reader, afterRecordId, recordIds.Count, maxBytes);
        command.Parameters.Add(new() { Value = recordIds.ToArray() });
        return await ReadAsync(command, recordIds.Count, cancellationToken);
    }

    /// <summary>Records by id with their content, in the order of their ids: as many as the caller asks for, whoever may read them.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ListByIdAsync(IReadOnlyCollection<long> recordIds, CancellationToken cancellationToken)
    {
        await using var command = Command("r.id = any($7) and r.id > $6", null, 0, recordIds.Count, long.MaxValue);
        command.Parameters.Add(new() { Value = recordIds.ToArray() });
        return (await ReadAsync(command, recordIds.Count, cancellationToken)).Records;
    }

    /// <summary>Where records are found by strangers, by their ids.</summary>
    public async Task<IReadOnlyDictionary<long, RecordPlace>> ListLeavesAsync(IReadOnlyCollection<long> recordIds, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand("select r.id, e.leaf_index, r.event_hash from record r left join log_entry e on e.record_id = r.id where r.id = any($1)");
        command.Parameters.Add(new() { Value = recordIds.ToArray() });
        var places = new Dictionary<long, RecordPlace>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            places.Add(reader.GetInt64(0), new RecordPlace(reader.IsDBNull(1) ? null : reader.GetInt64(1), Core.Epcis.EventHash.ToUri(new Hash32(reader.GetFieldValue<byte[]>(2)))));
        }
        return places;
    }

    /// <summary>All key entries, as far as they are in the log, of the organisations to which those with the given leaf indices belong.</summary>
    public async Task<IReadOnlyList<StoredPublicEntry>> ListKeyEntriesAsync(IReadOnlyCollection<long> leafIndices, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            select p.id, e.leaf_index, p.kind, p.organisation_id, p.body, p.jws, p.received_at
            from public_entry p join log_entry e on e.public_entry_id = p.id
            where p.kind = 2 and p.organisation_id in (
                select n.organisation_id from log_entry i join public_entry n on n.id = i.public_entry_id where i.leaf_index = any($1))
            """);
        command.Parameters.Add(new() { Value = leafIndices.ToArray() });
        return await ReadEntriesAsync(command, cancellationToken);
    }

    /// <summary>Public entries by id.</summary>
    public async Task<IReadOnlyList<StoredPublicEntry>> ListEntriesByIdAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            select p.id, e.leaf_index, p.kind, p.organisation_id, p.body, p.jws, p.received_at
            from public_entry p left join log_entry e on e.public_entry_id = p.id where p.id = any($1) order by p.id
            """);
        command.Parameters.Add(new() { Value = ids.ToArray() });
        return await ReadEntriesAsync(command, cancellationToken);
    }

    /// <summary>Entries that revoke one of these keys.</summary>
    public async Task<IReadOnlyList<StoredPublicEntry>> ListRevocationsAsync(IReadOnlyCollection<string> kids, CancellationToken cancellationToken)
    {
        // Few keys are ever revoked; the organisation of each narrows the search to a handful of entries.
        await using var command = database.CreateCommand("""
            select p.id, e.leaf_index, p.kind, p.organisation_id, p.body, p.jws, p.received_at
            from signing_key k
            join public_entry p on p.organisation_id = k.organisation_id and p.kind = 2
            left join log_entry e on e.public_entry_id = p.id
            where k.kid = any($1) and k.revoked_at is not null
              and convert_from(p.body, 'UTF8')::jsonb @> jsonb_build_object('act', 'revoke', 'kid', k.kid)
            order by p.id
            """);
        command.Parameters.Add(new() { Value = kids.ToArray() });
        return await ReadEntriesAsync(command, cancellationToken);
    }

    /// <summary>
    /// A query of records, in which a statement's bytes are read once, with its first record, and content only for who may read it. Sizes are summed before
    /// anything large is read.
    /// </summary>
    /// <param name="where">Which records; its own parameters begin at the seventh.</param>
    /// <param name="reader">Null for everything.</param>
    /// <param name="afterRecordId">The record before the first.</param>
    /// <param name="limit">Most records.</param>
    /// <param name="maxBytes">The record that passes it is the last.</param>
    private NpgsqlCommand Command(string where, EventReaderScope? reader, long afterRecordId, int limit, long maxBytes)
    {
        var command = database.ForReading().CreateCommand($"""
            select p.id, p.leaf_index, p.organisation_id, p.is_public, p.event_id, p.event_count, p.custody, p.event_hash, p.key_entry, p.kid, p.position,
                   p.received_at, p.digest, p.salt, p.form, case when p.is_readable and p.is_first then p.jws end, case when p.is_readable then p.event end,
                   case when p.is_readable then p.event_salt end, p.erased_at,
                   p.form = 1 or (not exists (select from record o where o.statement_id = p.statement_id and not o.is_public)
                       and p.event_count = (select count(*) from record o where o.statement_id = p.statement_id)),
                   case when p.is_readable and p.is_first then p.leaves end, p.statement_id, p.is_readable, p.is_first, p.bytes, p.found, p.found_readable
            from (
                select w.*, sum(w.bytes) over (order by w.id) as total, row_number() over (order by w.id) as number,
                       count(*) over () as found, count(*) filter (where w.is_readable) over () as found_readable
                from (
                    select f.*, case when f.is_readable then coalesce(octet_length(f.event), 0)
                               + case when f.is_first then coalesce(octet_length(f.jws), 0) + coalesce(octet_length(f.leaves), 0) else 0 end else 0 end as bytes
                    from (
                        select r.id, r.statement_id, e.leaf_index, r.organisation_id, r.is_public, r.event_id, s.event_count, s.custody, r.event_hash, s.key_entry, s.kid,
                               r.position, s.received_at, s.digest, r.salt, s.form, sb.jws, sb.leaves, b.event, b.event_salt, x.erased_at, m.is_readable,
                               row_number() over (partition by r.statement_id, m.is_readable order by r.id) = 1 as is_first
                        from record r
                        join statement s on s.id = r.statement_id
                        left join statement_body sb on sb.statement_id = s.id
                        left join event_body b on b.record_id = r.id
                        left join log_entry e on e.record_id = r.id
                        left join erasure x on x.record_id = r.id
                        cross join lateral (select $3 or r.is_public or r.organisation_id is not distinct from $4
                            or (cardinality($5) > 0 and b.parties is not null and exists (select from unnest(b.parties) as party where party like any($5))) as is_readable) m
                        where {where}) f) w) p
            where p.number <= $1 and p.total - p.bytes < $2
            order by p.id
            """);
        command.Parameters.Add(new() { Value = limit });
        command.Parameters.Add(new() { Value = maxBytes });
        command.Parameters.Add(new() { Value = reader is null });
        command.Parameters.Add(new() { Value = (object?)reader?.OrganisationId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = (string[])[.. reader?.PartyPatterns ?? []] });
        command.Parameters.Add(new() { Value = afterRecordId });
        return command;
    }

    private static async Task<RecordPage> ReadAsync(NpgsqlCommand command, int limit, CancellationToken cancellationToken)
    {
        var events = new List<StoredEvent>();
        var statements = new Dictionary<long, (byte[]? Jws, byte[]? Leaves)>();
        var (bytes, readable, found, foundReadable) = (0L, 0L, 0L, 0L);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var isReadable = reader.GetBoolean(22);
            var statement = reader.GetInt64(21);
            if (isReadable && reader.GetBoolean(23))
            {
                statements[statement] = (reader.IsDBNull(15) ? null : reader.GetFieldValue<byte[]>(15), reader.IsDBNull(20) ? null : reader.GetFieldValue<byte[]>(20));
            }
            var (jws, leaves) = isReadable ? statements[statement] : default;
            bytes += reader.GetInt32(24);
            (found, foundReadable) = (reader.GetInt64(25), reader.GetInt64(26));
            readable += isReadable ? 1 : 0;
            var hash = new Hash32(reader.GetFieldValue<byte[]>(7));
            events.Add(new StoredEvent
            {
                RecordId = reader.GetInt64(0),
                LeafIndex = reader.IsDBNull(1) ? null : reader.GetInt64(1),
                OrganisationId = reader.GetInt32(2),
                IsPublic = reader.GetBoolean(3),
                EventId = reader.IsDBNull(4) ? null : reader.GetString(4),
                Record = new Record(
                    reader.GetInt32(5),
                    (Custody)reader.GetInt16(6),
                    Core.Epcis.EventHash.ToUri(hash),
                    reader.GetInt64(8),
                    reader.GetString(9),
                    reader.GetInt32(10),
                    reader.GetFieldValue<DateTimeOffset>(11),
                    new Hash32(reader.GetFieldValue<byte[]>(12))),
                Salt = reader.GetFieldValue<byte[]>(13),
                Form = (StatementForm)reader.GetInt16(14),
                Jws = jws,
                Event = reader.IsDBNull(16) ? null : reader.GetFieldValue<byte[]>(16),
                EventSalt = reader.IsDBNull(17) ? null : reader.GetFieldValue<byte[]>(17),
                ErasedAt = reader.IsDBNull(18) ? null : reader.GetFieldValue<DateTimeOffset>(18),
                StatementIsPublic = reader.GetBoolean(19),
                Leaves = leaves,
            });
        }
        return new RecordPage(events, events.Count > 0 && (found > limit || foundReadable > readable) ? events[^1].RecordId : null, bytes);
    }

    private static async Task<List<StoredPublicEntry>> ReadEntriesAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var entries = new List<StoredPublicEntry>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            entries.Add(new StoredPublicEntry(
                reader.GetInt64(0),
                reader.IsDBNull(1) ? null : reader.GetInt64(1),
                (EntryKind)reader.GetInt16(2),
                reader.GetInt32(3),
                reader.GetFieldValue<byte[]>(4),
                reader.IsDBNull(5) ? null : reader.GetString(5),
                reader.GetFieldValue<DateTimeOffset>(6)));
        }
        return entries;
    }
}
