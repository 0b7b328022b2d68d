using Npgsql;
using NpgsqlTypes;

namespace TrustChain.Postgres.Query;

/// <summary>What became of a new subscription.</summary>
public enum AddSubscriptionResult
{
    /// <summary>It is there.</summary>
    Added,

    /// <summary>Its query is gone.</summary>
    NoSuchQuery,

    /// <summary>The organisation has <see cref="SubscriptionStore.MaxSubscriptions"/>.</summary>
    TooMany,
}

/// <summary>Subscriptions as their organisations see them. Delivering is in the other part.</summary>
public sealed partial class SubscriptionStore(NpgsqlDataSource database)
{
    /// <summary>Most subscriptions of one organisation.</summary>
    public const int MaxSubscriptions = 1000;

    private const string Columns = """
        id, organisation_id, query_name, destination, signature_token, extensions, schedule::text, report_if_empty, epc_format, initial_record_time, min_record_time,
        max_events, next_leaf, next_run_at, run_until_leaf, run_reported, failures, retry_at, last_error, is_stopped, created_at, last_notified_at
        """;

    /// <summary>Adds a subscription.</summary>
    /// <param name="subscription">With nothing delivered yet.</param>
    /// <param name="isBuiltIn">Whether the query is one that nobody can delete.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<AddSubscriptionResult> AddAsync(Subscription subscription, bool isBuiltIn, CancellationToken cancellationToken)
    {
        // The lock keeps the query until this subscription is written, so that deleting the query finds it.
        const string Sql = """
            with query as (select from named_query where organisation_id = $2 and name = $3 for share)
            insert into subscription (id, organisation_id, query_name, destination, signature_token, extensions, schedule, report_if_empty, epc_format, initial_record_time,
                min_record_time, max_events, next_leaf, next_run_at, run_reported, failures, is_stopped, created_at)
            select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13, false, 0, false, $14
            where $15 or exists (select from query)
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // One at a time of an organisation, so that none counts while another adds.
        await using (var own = new NpgsqlCommand("select from organisation where id = $1 for no key update", connection) { Parameters = { new() { Value = subscription.OrganisationId } } })
        {
            await own.ExecuteNonQueryAsync(cancellationToken);
        }
        await using (var count = new NpgsqlCommand("select count(*) from subscription where organisation_id = $1", connection) { Parameters = { new() { Value = subscription.OrganisationId } } })
        {
            if ((long)(await count.ExecuteScalarAsync(cancellationToken))! >= MaxSubscriptions) // count(*) always answers.
            {
                return AddSubscriptionResult.TooMany;
            }
        }
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new() { Value = subscription.Id });
        command.Parameters.Add(new() { Value = subscription.OrganisationId });
        command.Parameters.Add(new() { Value = subscription.QueryName });
        command.Parameters.Add(new() { Value = subscription.Destination });
        command.Parameters.Add(new() { Value = (object?)subscription.SignatureToken ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = subscription.Extensions });
        command.Parameters.Add(new() { Value = (object?)subscription.Schedule ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = subscription.ReportIfEmpty });
        command.Parameters.Add(new() { Value = subscription.EpcFormat });
        command.Parameters.Add(new() { Value = subscription.InitialRecordTime.UtcDateTime });
        command.Parameters.Add(new() { Value = subscription.MaxEvents });
        command.Parameters.Add(new() { Value = subscription.NextLeaf });
        command.Parameters.Add(Time(subscription.NextRunAt));
        command.Parameters.Add(new() { Value = subscription.CreatedAt.UtcDateTime });
        command.Parameters.Add(new() { Value = isBuiltIn });
        var added = await command.ExecuteNonQueryAsync(cancellationToken) == 1;
        await transaction.CommitAsync(cancellationToken);
        return added ? AddSubscriptionResult.Added : AddSubscriptionResult.NoSuchQuery;
    }

    public async Task<Subscription?> FindAsync(int organisationId, string queryName, Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select {Columns} from subscription where id = $1 and organisation_id = $2 and query_name = $3");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = queryName });
        return (await ReadAsync(command, cancellationToken)).FirstOrDefault();
    }

    /// <summary>The subscriptions to a query, oldest first, after one.</summary>
    public async Task<IReadOnlyList<Subscription>> ListAsync(
        int organisationId, string queryName, (DateTimeOffset CreatedAt, Guid Id) after, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"select {Columns} from subscription where organisation_id = $1 and query_name = $2 and (created_at, id) > ($3, $4) order by created_at, id limit $5");
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = queryName });
        command.Parameters.Add(new() { Value = after.CreatedAt.UtcDateTime });
        command.Parameters.Add(new() { Value = after.Id });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Ends a subscription; false when there is none.</summary>
    public async Task<bool> DeleteAsync(int organisationId, string queryName, Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("delete from subscription where id = $1 and organisation_id = $2 and query_name = $3");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = queryName });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Goes on delivering from where it stopped, at once; what is waiting for another attempt gets it now. False when there is no such subscription.</summary>
    /// <param name="organisationId">Whose it is.</param>
    /// <param name="queryName">To which query.</param>
    /// <param name="id">Which one.</param>
    /// <param name="maxEvents">Most events of one delivery from now on.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<bool> ResumeAsync(int organisationId, string queryName, Guid id, int maxEvents, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var update = new NpgsqlCommand(
            "update subscription set is_stopped = false, failures = 0, retry_at = null, last_error = null, max_events = $4 where id = $1 and organisation_id = $2 and query_name = $3", connection))
        {
            update.Parameters.Add(new() { Value = id });
            update.Parameters.Add(new() { Value = organisationId });
            update.Parameters.Add(new() { Value = queryName });
            update.Parameters.Add(new() { Value = maxEvents });
            if (await update.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }
        }
        await using (var delete = new NpgsqlCommand("delete from subscription_dead_letter where subscription_id = $1", connection))
        {
            delete.Parameters.Add(new() { Value = id });
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>The newest of what could not be delivered, and how much there is in all.</summary>
    public async Task<(long Count, IReadOnlyList<DeadLetter> Newest)> ListDeadLettersAsync(Guid id, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "select from_leaf, to_leaf, error, created_at, count(*) over () from subscription_dead_letter where subscription_id = $1 order by id desc limit $2");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = limit });
        var newest = new List<DeadLetter>();
        var count = 0L;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            newest.Add(new DeadLetter(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3)));
            count = reader.GetInt64(4);
        }
        return (count, newest);
    }

    /// <summary>How all subscriptions are doing.</summary>
    /// <param name="logSize">Entries that could be delivered.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<SubscriptionState> GetStateAsync(long logSize, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "select count(*) filter (where is_stopped), coalesce(max($1 - next_leaf) filter (where schedule is null and not is_stopped), 0) from subscription");
        command.Parameters.Add(new() { Value = logSize });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new SubscriptionState(reader.GetInt64(0), Math.Max(0, reader.GetInt64(1))) : default;
    }

    private static NpgsqlParameter Time(DateTimeOffset? time) => new() { Value = (object?)time?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private static async Task<List<Subscription>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var found = new List<Subscription>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new Subscription
            {
                Id = reader.GetGuid(0),
                OrganisationId = reader.GetInt32(1),
                QueryName = reader.GetString(2),
                Destination = reader.GetString(3),
                SignatureToken = reader.IsDBNull(4) ? null : reader.GetString(4),
                Extensions = reader.GetString(5),
                Schedule = reader.IsDBNull(6) ? null : reader.GetString(6),
                ReportIfEmpty = reader.GetBoolean(7),
                EpcFormat = reader.GetString(8),
                InitialRecordTime = reader.GetFieldValue<DateTimeOffset>(9),
                MinRecordTime = reader.GetFieldValue<DateTimeOffset>(10),
                MaxEvents = reader.GetInt32(11),
                NextLeaf = reader.GetInt64(12),
                NextRunAt = ReadTime(reader, 13),
                RunUntilLeaf = reader.IsDBNull(14) ? null : reader.GetInt64(14),
                RunReported = reader.GetBoolean(15),
                Failures = reader.GetInt32(16),
                RetryAt = ReadTime(reader, 17),
                LastError = reader.IsDBNull(18) ? null : reader.GetString(18),
                IsStopped = reader.GetBoolean(19),
                CreatedAt = reader.GetFieldValue<DateTimeOffset>(20),
                LastNotifiedAt = ReadTime(reader, 21),
            });
        }
        return found;

        static DateTimeOffset? ReadTime(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
    }
}
