using Npgsql;

namespace TrustChain.Postgres.Query;

/// <summary>A key with an event that has it.</summary>
/// <param name="Key">The key.</param>
/// <param name="RecordId">The event's record.</param>
/// <param name="Event">The event; keys of one record share the bytes.</param>
public readonly record struct FoundKey(long Key, long RecordId, byte[] Event);

/// <summary>
/// The values that events a caller may read have in one place: EPCs, places, steps. An index holds keys only, so each key comes with one event that
/// has it, from which the caller takes the value: what was erased is not listed any more.
/// </summary>
public sealed class ResourceStore(NpgsqlDataSource database)
{
    /// <summary>Keys of the item index in these roles, in order, after one key, each with an event the reader may see.</summary>
    public Task<BoundedRows<FoundKey>> ListItemsAsync(
        EventReaderScope reader, IReadOnlyList<short> roles, long? after, int limit, CancellationToken cancellationToken) => ReadAsync(
        // A loose index scan: one step per key, whatever the number of its events.
        """
        with recursive keys(key) as (
            (select item_key from record_item where item_key > $1 order by item_key limit 1)
            union all
            select (select item_key from record_item where item_key > keys.key order by item_key limit 1) from keys where keys.key is not null)
        select keys.key, b.record_id, b.event from keys cross join lateral (
            select b.record_id, b.event from record_item i join event_body b on b.record_id = i.record_id
            where i.item_key = keys.key and i.role = any($5) and b.event is not null and
        """,
        reader,
        after,
        limit,
        new NpgsqlParameter<short[]> { TypedValue = [.. roles] },
        cancellationToken);

    /// <summary>The same for a column of the facts: <c>event_type</c>, <c>biz_step</c> or <c>disposition</c>.</summary>
    public Task<BoundedRows<FoundKey>> ListFactsAsync(
        EventReaderScope reader, EventFact fact, long? after, int limit, CancellationToken cancellationToken)
    {
        var column = fact switch { EventFact.EventType => "event_type", EventFact.BizStep => "biz_step", _ => "disposition" };
        return ReadAsync(
            $"""
            with recursive keys(key) as (
                (select {column} from event_body where {column} > $1 order by {column} limit 1)
                union all
                select (select {column} from event_body where {column} > keys.key order by {column} limit 1) from keys where keys.key is not null)
            select keys.key, b.record_id, b.event from keys cross join lateral (
                select b.record_id, b.event from event_body b where b.{column} = keys.key and $5 and b.event is not null and
            """,
            reader,
            after,
            limit,
            new NpgsqlParameter<bool> { TypedValue = true },
            cancellationToken);
    }

    private async Task<BoundedRows<FoundKey>> ReadAsync(
        string start, EventReaderScope reader, long? after, int limit, NpgsqlParameter own, CancellationToken cancellationToken)
    {
        // An event with many of the keys is sent and counted once, with the first of them.
        var select = start + """
             (b.is_public or b.organisation_id = $2 or (b.parties is not null and exists (select from unnest(b.parties) as party where party like any($3)))) limit 1) as b
            limit $4
            """;
        var firsts = $"""
            select key, record_id, case when row_number() over (partition by record_id order by key) = 1 then event else '' end as event from ({select}) as keyed
            """;
        await using var command = database.CreateCommand(BoundedEvents.Sql(firsts, "key", "$6"));
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after ?? long.MinValue });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = reader.OrganisationId ?? 0 }); // no organisation has this id
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. reader.PartyPatterns] });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(own);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BoundedEvents.MaxBytes });
        command.CommandTimeout = EventSearchStore.TimeoutSeconds;
        var keys = new List<FoundKey>();
        var events = new Dictionary<long, byte[]>();
        var found = 0L;
        try
        {
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                var record = rows.GetInt64(1);
                if (!events.TryGetValue(record, out var bytes))
                {
                    events.Add(record, bytes = rows.GetFieldValue<byte[]>(2));
                }
                keys.Add(new FoundKey(rows.GetInt64(0), record, bytes));
                found = rows.GetInt64(4);
            }
        }
        catch (NpgsqlException exception) when (exception.InnerException is TimeoutException)
        {
            throw new SearchTimeoutException(exception);
        }
        return BoundedEvents.Of(keys, found, limit);
    }
}

/// <summary>Facts that events are indexed by.</summary>
public enum EventFact
{
    /// <summary>The event type.</summary>
    EventType,

    /// <summary>The business step.</summary>
    BizStep,

    /// <summary>The disposition.</summary>
    Disposition,
}
