using Npgsql;

namespace TrustChain.Postgres.Database;

/// <summary>Commits that something is promised on.</summary>
internal static class Commits
{
    /// <summary>
    /// Commits, however long the database waits for a synchronous standby. A limit on the command would be sent to it as a cancellation, and a commit whose wait is
    /// cancelled succeeds with a mere warning: it would be acknowledged without being where it must be. Returns when it is there, throws when the connection breaks;
    /// then the outcome is unknown.
    /// </summary>
    public static async Task CommitWithoutLimitAsync(this NpgsqlTransaction transaction)
    {
        await using var commit = new NpgsqlCommand("commit", transaction.Connection) { CommandTimeout = 0 };
        await commit.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
