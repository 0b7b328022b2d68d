using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Postgres.Database;

namespace TrustChain.Postgres.Query;

/// <summary>Finds events by the index beside them. What is found is a candidate: keys may stand for several URIs, so the caller compares the event.</summary>
public sealed class EventSearchStore(NpgsqlDataSource database)
{
    /// <summary>How long a search may take.</summary>
    public const int TimeoutSeconds = 10;

    /// <summary>The first rows in the order of the search.</summary>
    /// <exception cref="SearchTimeoutException">It took longer than <see cref="TimeoutSeconds"/>.</exception>
    public async Task<IReadOnlyList<FoundEvent>> ListAsync(EventSearch search, int limit, CancellationToken cancellationToken)
    {
        await using var command = new EventSearchSql(search).List(database.ForReading(), limit);
        command.CommandTimeout = TimeoutSeconds;
        try
        {
            return await ReadAsync(command, cancellationToken);
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

    /// <summary>Events by their place in the log, from one index to before another, in its order; erased ones are left out. The reader is checked.</summary>
    public async Task<IReadOnlyList<(long LeafIndex, FoundEvent Event)>> ListByLeafAsync(
        EventReaderScope reader, long from, long before, DateTimeOffset? notRecordedBefore, int limit, CancellationToken cancellationToken)
    {
        var conditions = "b.is_public";
        await using var command = database.CreateCommand();
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = (notRecordedBefore ?? DateTimeOffset.UnixEpoch).UtcDateTime });
        if (reader.OrganisationId is { } organisation)
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = organisation });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. reader.PartyPatterns] });
            conditions = "(b.is_public or b.organisation_id = $5 or (b.parties is not null and exists (select from unnest(b.parties) as party where party like any($6))))";
        }
        command.CommandText = $"""
            select b.record_id, b.organisation_id, r.event_id, r.event_hash, b.event_time, b.record_time, b.event, e.leaf_index
            from log_entry e join record r on r.id = e.record_id join event_body b on b.record_id = r.id
            where e.leaf_index >= $1 and e.leaf_index < $2 and b.record_time >= $4 and b.event is not null and {conditions}
            order by e.leaf_index limit $3
            """;
        var found = new List<(long, FoundEvent)>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            found.Add((rows.GetInt64(7), Read(rows)));
        }
        return found;
    }

    /// <summary>The log's size as committed.</summary>
    public async Task<long> GetLogSizeAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select size from log_state");
        return (long)(await command.ExecuteScalarAsync(cancellationToken) ?? 0L);
    }

    private static async Task<List<FoundEvent>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var found = new List<FoundEvent>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(Read(reader));
        }
        return found;
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
