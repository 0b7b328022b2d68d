using Npgsql;
using NpgsqlTypes;

namespace TrustChain.Postgres.Database;

/// <summary>How far PostgreSQL's write-ahead log has come: on the primary, and on a standby that repeats it.</summary>
public sealed class WalStore(NpgsqlDataSource database)
{
    /// <summary>The end of what is durable on the primary. What was committed before this is asked for lies before it.</summary>
    public async Task<NpgsqlLogSequenceNumber> GetPositionAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select pg_current_wal_flush_lsn()");
        return (NpgsqlLogSequenceNumber)(await command.ExecuteScalarAsync(cancellationToken))!; // A primary has one.
    }

    /// <summary>What a standby has repeated, and so shows; null when the host is no standby.</summary>
    public static async Task<NpgsqlLogSequenceNumber?> FindReplayedAsync(NpgsqlDataSource host, CancellationToken cancellationToken)
    {
        await using var command = host.CreateCommand("select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() end");
        return await command.ExecuteScalarAsync(cancellationToken) as NpgsqlLogSequenceNumber?;
    }

    /// <summary>Number of the cluster to which a host belongs: a standby has its primary's.</summary>
    public static async Task<long> GetSystemIdAsync(NpgsqlDataSource host, CancellationToken cancellationToken)
    {
        await using var command = host.CreateCommand("select system_identifier from pg_control_system()");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!; // Every cluster has one.
    }
}
