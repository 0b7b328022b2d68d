using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Database;

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

/// <summary>Where strangers find a record.</summary>
/// <param name="LeafIndex">Its leaf index; null until it is in the log.</param>
/// <param name="EventHash">The event hash as a URI.</param>
public readonly record struct RecordPlace(long? LeafIndex, string EventHash);

/// <summary>Reads records and entries. Who may see them is the caller's business.</summary>
public sealed class RecordStore(NpgsqlDataSource database)
{
    private const string Select = """
        select r.id, e.leaf_index, r.organisation_id, r.is_public, r.event_id, s.event_count, s.custody, r.event_hash, s.key_entry, s.kid, r.position,
               s.received_at, s.digest, r.salt, s.form, sb.jws, b.event, b.event_salt, x.erased_at,
               s.form = 1 or (not exists (select from record o where o.statement_id = s.id and not o.is_public)
                   and s.event_count = (select count(*) from record o where o.statement_id = s.id)), sb.leaves
        from record r
        join statement s on s.id = r.statement_id
        left join statement_body sb on sb.statement_id = s.id
        left join event_body b on b.record_id = r.id
        left join log_entry e on e.record_id = r.id
        left join erasure x on x.record_id = r.id
        """;

    /// <summary>Records by event hash or client's eventID, oldest first.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ListByEventIdAsync(string eventId, int limit, CancellationToken cancellationToken)
    {
        // Two index look-ups; a hash URI may also be some client's own eventID.
        await using var command = database.ForReading().CreateCommand($"{Select} where r.id in (select id from record where event_id = $1 union select id from record where event_hash = $2 and event_id is null) order by r.id limit $3");
        command.Parameters.Add(new() { Value = eventId });
        command.Parameters.Add(new() { Value = Record.TryParseEventHash(eventId, out var hash) ? hash.ToArray() : [] });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Records by event hash, whatever their eventID, oldest first.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ListByEventHashAsync(Hash32 eventHash, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand($"{Select} where r.event_hash = $1 order by r.id limit $2");
        command.Parameters.Add(new() { Value = eventHash.ToArray() });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Records that speak of an item or happened there, oldest first, after a record id. Compare the URI: keys may collide.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ListByItemAsync(long itemKey, long afterRecordId, int limit, CancellationToken cancellationToken)
    {
        const string Where = " where r.id in (select distinct record_id from record_item where item_key = $1 and record_id > $2 and role <= 101 order by record_id limit $3) order by r.id";
        await using var command = database.ForReading().CreateCommand(Select + Where);
        command.Parameters.Add(new() { Value = itemKey });
        command.Parameters.Add(new() { Value = afterRecordId });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
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

    /// <summary>Records by id, in the order of their ids.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ListByIdAsync(IReadOnlyCollection<long> recordIds, CancellationToken cancellationToken)
    {
        await using var command = database.ForReading().CreateCommand($"{Select} where r.id = any($1) order by r.id");
        command.Parameters.Add(new() { Value = recordIds.ToArray() });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Records of a statement in its order.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ListByStatementAsync(Hash32 digest, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} where s.digest = $1 order by r.position");
        command.Parameters.Add(new() { Value = digest.ToArray() });
        return await ReadAsync(command, cancellationToken);
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

    private static async Task<List<StoredEvent>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var events = new List<StoredEvent>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
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
                Jws = reader.IsDBNull(15) ? null : reader.GetFieldValue<byte[]>(15),
                Event = reader.IsDBNull(16) ? null : reader.GetFieldValue<byte[]>(16),
                EventSalt = reader.IsDBNull(17) ? null : reader.GetFieldValue<byte[]>(17),
                ErasedAt = reader.IsDBNull(18) ? null : reader.GetFieldValue<DateTimeOffset>(18),
                StatementIsPublic = reader.GetBoolean(19),
                Leaves = reader.IsDBNull(20) ? null : reader.GetFieldValue<byte[]>(20),
            });
        }
        return events;
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
