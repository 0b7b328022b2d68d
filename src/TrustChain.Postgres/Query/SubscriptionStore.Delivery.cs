using Npgsql;
using NpgsqlTypes;

namespace TrustChain.Postgres.Query;

/// <summary>How far a subscription got in one step.</summary>
public sealed record SubscriptionProgress
{
    /// <summary>Where the step began; nothing is written when another server went on meanwhile.</summary>
    public required long FromLeaf { get; init; }

    /// <summary>The first entry that is still to be looked at.</summary>
    public required long NextLeaf { get; init; }

    /// <summary>Whether something was sent and taken.</summary>
    public required bool IsNotified { get; init; }

    /// <summary>When the query ran.</summary>
    public required DateTimeOffset RanAt { get; init; }

    /// <summary>The end of the scheduled run that is still under way; null: none is.</summary>
    public long? RunUntilLeaf { get; init; }

    /// <summary>When the next run is due; null: there is none.</summary>
    public DateTimeOffset? NextRunAt { get; init; }
}

/// <summary>Delivering: a subscription is worked at by one server at a time, which holds a lease on it and writes nothing once it has lost that.</summary>
public sealed partial class SubscriptionStore
{
    /// <summary>
    /// Takes subscriptions that have something to do and that nobody works at: those first that waited longest. A scheduled one that is due begins its run
    /// with what the log has now.
    /// </summary>
    /// <param name="owner">Who takes the lease.</param>
    /// <param name="now">The time.</param>
    /// <param name="leaseUntil">When the lease runs out.</param>
    /// <param name="logSize">Entries that may be delivered.</param>
    /// <param name="busy">Organisations that have enough under way.</param>
    /// <param name="limit">Most to take.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<Subscription>> TakeAsync(
        Guid owner, DateTimeOffset now, DateTimeOffset leaseUntil, long logSize, IReadOnlyCollection<int> busy, int limit, CancellationToken cancellationToken)
    {
        // Each of the first three conditions has an index of its own, so that what is not due is not read.
        await using var command = database.CreateCommand($"""
            with due as (
                select id from subscription
                where ((not is_stopped and schedule is null and next_leaf < $4)
                        or (not is_stopped and schedule is not null and run_until_leaf is not null)
                        or (not is_stopped and schedule is not null and next_run_at <= $2))
                    and (lease_owner is null or lease_until < $2) and (retry_at is null or retry_at <= $2) and organisation_id <> all($5)
                order by lease_until nulls first limit $6 for update skip locked)
            update subscription set lease_owner = $1, lease_until = $3, run_until_leaf = case when schedule is not null then coalesce(run_until_leaf, greatest(next_leaf, $4)) end
            where id in (select id from due)
            returning {Columns}
            """);
        command.Parameters.Add(new() { Value = owner });
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        command.Parameters.Add(new() { Value = leaseUntil.UtcDateTime });
        command.Parameters.Add(new() { Value = logSize });
        command.Parameters.Add(new() { Value = busy.ToArray() });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Holds on to a subscription; false when it is no longer there, or no longer held.</summary>
    public async Task<bool> HoldAsync(Guid id, Guid owner, DateTimeOffset leaseUntil, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("update subscription set lease_until = $3 where id = $1 and lease_owner = $2 and not is_stopped");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = owner });
        command.Parameters.Add(new() { Value = leaseUntil.UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Lets go of a subscription without having done anything.</summary>
    public async Task ReleaseAsync(Guid id, Guid owner, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("update subscription set lease_owner = null where id = $1 and lease_owner = $2");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = owner });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Writes that a step succeeded, and lets go. One statement: what was taken by the receiver is behind the subscription from then on.</summary>
    public async Task<bool> AdvanceAsync(Guid id, Guid owner, SubscriptionProgress progress, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            update subscription set next_leaf = $4, failures = 0, retry_at = null, last_error = null, min_record_time = $6,
                last_notified_at = case when $5 then $7 else last_notified_at end,
                run_reported = $8 is not null and (run_reported or $5), run_until_leaf = $8, next_run_at = $9, lease_owner = null, lease_until = $7
            where id = $1 and lease_owner = $2 and next_leaf = $3
            """);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = owner });
        command.Parameters.Add(new() { Value = progress.FromLeaf });
        command.Parameters.Add(new() { Value = progress.NextLeaf });
        command.Parameters.Add(new() { Value = progress.IsNotified });
        command.Parameters.Add(new() { Value = progress.RanAt.UtcDateTime });
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        command.Parameters.Add(new() { Value = (object?)progress.RunUntilLeaf ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(Time(progress.NextRunAt));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Writes that an attempt failed and when to try again, and lets go.</summary>
    public async Task FailAsync(Guid id, Guid owner, string error, int maxEvents, DateTimeOffset retryAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "update subscription set failures = failures + 1, last_error = $3, max_events = $4, retry_at = $5, lease_owner = null, lease_until = $6 where id = $1 and lease_owner = $2");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = owner });
        command.Parameters.Add(new() { Value = error });
        command.Parameters.Add(new() { Value = maxEvents });
        command.Parameters.Add(new() { Value = retryAt.UtcDateTime });
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Gives up: the entries are kept as a dead letter and the subscription is stopped where it is, in one transaction. False when the lease was lost.</summary>
    public async Task<bool> StopAsync(Guid id, Guid owner, DeadLetter letter, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            with stopped as (
                update subscription set failures = failures + 1, last_error = $5, is_stopped = true, retry_at = null, lease_owner = null, lease_until = $6
                where id = $1 and lease_owner = $2 returning id)
            insert into subscription_dead_letter (subscription_id, from_leaf, to_leaf, error, created_at) select id, $3, $4, $5, $6 from stopped
            """);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = owner });
        command.Parameters.Add(new() { Value = letter.FromLeaf });
        command.Parameters.Add(new() { Value = letter.ToLeaf });
        command.Parameters.Add(new() { Value = letter.Error });
        command.Parameters.Add(new() { Value = letter.CreatedAt.UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }
}
