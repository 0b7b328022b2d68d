using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Query;

/// <summary>Finds events by the index beside them. What is found is a candidate: keys may stand for several URIs, so the caller compares the event.</summary>
public sealed class EventSearchStore(NpgsqlDataSource database)
{
    /// <summary>How long a search may take.</summary>
    public const int TimeoutSeconds = 10;

    /// <summary>Most bytes of events that one search gives, beyond the first event.</summary>
    public const int MaxBytes = BoundedEvents.MaxBytes;

    /// <summary>The first rows in the order of the search, up to a number and to <see cref="MaxBytes"/> of events.</summary>
    /// <exception cref="SearchTimeoutException">It took longer than <see cref="TimeoutSeconds"/>.</exception>
    public async Task<BoundedRows<FoundEvent>> ListAsync(EventSearch search, int limit, CancellationToken cancellationToken)
    {
        await using var command = new EventSearchSql(search).List(database.ForReading(), limit, MaxBytes);
        command.CommandTimeout = TimeoutSeconds;
        try
        {
            return await ReadAsync(command, limit, Read, 8, cancellationToken);
        }
        catch (NpgsqlException exception) when (exception.InnerException is TimeoutException)
        {
            throw new SearchTimeoutException(exception);
        }
    }

    /// <summary>How many rows there are, counted up to a limit.</summary>
    /// <exception cref="SearchTimeoutException">It took longer than <see cref="TimeoutSeconds"/>.</exception>
    public async Task<int> CountAsync(EventSearch search, int limit, CancellationToken cancellationToken)
    {
        await using var command = new EventSearchSql(search).Count(database.ForReading(), limit);
        command.CommandTimeout = TimeoutSeconds;
        try
        {
            return (int)(long)(await command.ExecuteScalarAsync(cancellationToken))!; // count(*) always answers.
        }
        catch (NpgsqlException exception) when (exception.InnerException is TimeoutException)
        {
            throw new SearchTimeoutException(exception);
        }
    }

    /// <summary>
    /// Events by their place in the log, from one index to before another, in its order, up to a number and a number of bytes; erased ones are left out. The
    /// reader is checked.
    /// </summary>
    public async Task<BoundedRows<(long LeafIndex, FoundEvent Event)>> ListByLeafAsync(
        EventReaderScope reader, long from, long before, DateTimeOffset? notRecordedBefore, int limit, int maxBytes, CancellationToken cancellationToken)
    {
        var conditions = "b.is_public";
        await using var command = database.CreateCommand();
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = (notRecordedBefore ?? DateTimeOffset.UnixEpoch).UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = maxBytes });
        if (reader.OrganisationId is { } organisation)
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = organisation });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. reader.PartyPatterns] });
            conditions = "(b.is_public or b.organisation_id = $6 or (b.parties is not null and exists (select from unnest(b.parties) as party where party like any($7))))";
        }
        var select = $"""
            select b.record_id, b.organisation_id, r.event_id, r.event_hash, b.event_time, b.record_time, b.event, e.leaf_index
            from log_entry e join record r on r.id = e.record_id join event_body b on b.record_id = r.id
            where e.leaf_index >= $1 and e.leaf_index < $2 and b.record_time >= $4 and b.event is not null and {conditions}
            order by e.leaf_index limit $3
            """;
        command.CommandText = BoundedEvents.Sql(select, "leaf_index", "$5");
        return await ReadAsync(command, limit, static rows => (rows.GetInt64(7), Read(rows)), 9, cancellationToken);
    }

    /// <summary>The log's size as committed.</summary>
    public async Task<long> GetLogSizeAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select size from log_state");
        return (long)(await command.ExecuteScalarAsync(cancellationToken) ?? 0L);
    }

    private static async Task<BoundedRows<T>> ReadAsync<T>(
        NpgsqlCommand command, int limit, Func<NpgsqlDataReader, T> read, int countColumn, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        var found = 0L;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
            found = reader.GetInt64(countColumn);
        }
        return BoundedEvents.Of(rows, found, limit);
    }

    private static FoundEvent Read(NpgsqlDataReader reader) => new(
        reader.GetInt64(0),
        reader.GetInt32(1),
        reader.IsDBNull(2) ? null : reader.GetString(2),
        new Hash32(reader.GetFieldValue<byte[]>(3)),
        reader.GetFieldValue<DateTimeOffset>(4),
        reader.GetFieldValue<DateTimeOffset>(5),
        reader.GetFieldValue<byte[]>(6));
}
