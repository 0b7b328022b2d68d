using Npgsql;

namespace TrustChain.Postgres.Log;

/// <summary>What can be seen of the log from outside of its work.</summary>
/// <param name="Now">The database's clock.</param>
/// <param name="IsReadOnly">Whether the database refuses writes, as a standby does.</param>
/// <param name="Size">Entries that have their place.</param>
/// <param name="Queued">
/// Entries that wait for theirs, counted by their numbers: never too few; too many by those of captures that were called off.
/// </param>
/// <param name="OldestQueued">When the oldest of them was received; null when none waits.</param>
public sealed record LogWatch(DateTimeOffset Now, bool IsReadOnly, long Size, long Queued, DateTimeOffset? OldestQueued);

/// <summary>An alarm of anchoring that has not ended.</summary>
public sealed record OpenAlarm(string Target, string Code, DateTimeOffset BeganAt);

/// <summary>Looks at the log and its anchoring for those who watch them; a few index look-ups, however much is stored.</summary>
public sealed class LogWatchStore(NpgsqlDataSource database)
{
    private const int TimeoutSeconds = 5;

    /// <summary>Reads the state of now, in one round trip.</summary>
    public async Task<(LogWatch Log, IReadOnlyList<OpenAlarm> Alarms)> ReadAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection)
        {
            Timeout = TimeoutSeconds,
            BatchCommands =
            {
                // A plan that was made while the queue was empty would read all of it once it is long. Holds for this batch, which is one transaction.
                new("select set_config('enable_seqscan', 'off', true)"),
                new("""
                    select clock_timestamp(), current_setting('transaction_read_only') = 'on', s.size, oldest.id, newest.id, coalesce(st.received_at, p.received_at)
                    from log_state s
                    left join lateral (select id, record_id, public_entry_id from log_queue order by id limit 1) oldest on true
                    left join lateral (select id from log_queue order by id desc limit 1) newest on true
                    left join record r on r.id = oldest.record_id
                    left join statement st on st.id = r.statement_id
                    left join public_entry p on p.id = oldest.public_entry_id
                    """),
                new("select target, code, began_at from anchor_failure where ended_at is null order by id"),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            throw new InvalidOperationException("The log has not been initialised.");
        }
        var isEmpty = reader.IsDBNull(3) || reader.IsDBNull(4);
        var log = new LogWatch(
            reader.GetFieldValue<DateTimeOffset>(0),
            reader.GetBoolean(1),
            reader.GetInt64(2),
            isEmpty ? 0 : reader.GetInt64(4) - reader.GetInt64(3) + 1,
            isEmpty || reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5));
        await reader.NextResultAsync(cancellationToken);
        var alarms = new List<OpenAlarm>();
        while (await reader.ReadAsync(cancellationToken))
        {
            alarms.Add(new OpenAlarm(reader.GetString(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)));
        }
        return (log, alarms);
    }
}
