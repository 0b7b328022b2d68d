using Npgsql;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Servers;

/// <summary>Several servers on one database, any of which may be killed or halted: one tree, whoever leads.</summary>
public sealed class SeveralServersTests(SharedStack stack)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TwoServers_OneKilledThenTheOther_KeepOneTree()
    {
        await using var trial = await Trial.StartAsync(stack.Postgres, stack.Anvil.RpcUrl, servers: 2);
        trial.Load.Start(6, true);
        for (var round = 0; round < 2; round++)
        {
            await trial.Load.WaitForAsync(30);
            await trial.Site.KillAsync(round);
            await trial.Load.WaitForAsync(30); // The other one goes on alone.
            await trial.Site.StartServerAsync(round);
        }
        await trial.Audit.ExpectSoundAsync();
    }

    [Fact]
    public async Task ThreeServers_LeaderHaltedWithTheLockAndAnotherKilled_KeepOneTree()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes minutes; TRUSTCHAIN_FAULTS=all runs it.");
        await using var trial = await Trial.StartAsync(stack.Postgres, stack.Anvil.RpcUrl, servers: 3);
        trial.Load.Start(9, true);
        await trial.Load.WaitForAsync(30);

        var leader = await HaltLeaderAsync(trial.Site);
        var before = await GetSizeAsync(trial.Site);
        // Captures go on all the time; the log does so once the database has taken the halted server's lock away.
        await trial.Load.WaitForAsync(30);
        await Eventually.GetAsync("log that grows while its leader is halted", async () => await GetSizeAsync(trial.Site) > before ? "" : null, TimeSpan.FromSeconds(60));
        await trial.Site.KillAsync((leader + 1) % 3);
        await trial.Load.WaitForAsync(30);

        trial.Site.Wake(leader);
        await trial.Load.WaitForAsync(30);
        await trial.Site.StartServerAsync((leader + 1) % 3);
        await trial.Audit.ExpectSoundAsync();
    }

    [Fact]
    public async Task Leader_HaltedAndWokenAtRandom_SignsNothingThatContradicts()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes long; TRUSTCHAIN_FAULTS=all runs it.");
        await using var trial = await Trial.StartAsync(stack.Postgres, stack.Anvil.RpcUrl, servers: 2);
        var random = new Random(7);
        trial.Load.Start(6);
        for (var round = 0; round < 20; round++)
        {
            var server = random.Next(2);
            await Task.Delay(random.Next(50, 300), Cancel);
            trial.Site.Halt(server);
            await Task.Delay(random.Next(50, 300), Cancel); // The moments are what is random here; nothing is concluded from them.
            trial.Site.Wake(server);
        }
        await trial.Load.WaitForAsync(30);
        await trial.Audit.ExpectSoundAsync();
    }

    [Fact]
    public async Task Server_HaltedInsideACapture_DoesNotHoldUpTheSameCaptureElsewhere()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes minutes; TRUSTCHAIN_FAULTS=all runs it.");
        await using var trial = await Trial.StartAsync(stack.Postgres, stack.Anvil.RpcUrl, servers: 2);
        var capture = trial.Load.MakeOne();
        await trial.Load.RememberAsync(trial.Load.MakeOne(), server: 1); // The log has its keys, and nothing waits in it.
        await using (var database = trial.Site.OpenDatabase())
        await using (var connection = await database.OpenConnectionAsync(Cancel))
        {
            await using var transaction = await connection.BeginTransactionAsync(Cancel);
            await ExecuteAsync(connection, "lock table log_queue in share mode");
            _ = trial.Load.SendAsync(capture, trial.Site.BaseUrl(0), Cancel).ContinueWith(static _ => { }, TaskScheduler.Default); // It is never answered.
            await Eventually.TrueAsync("capture that waits with its record written", () => IsSessionAsync(database, 0, "wait_event_type = 'Lock' and query like '%insert into log_queue%'"));
            trial.Site.Halt(0);
            await transaction.RollbackAsync(Cancel);
            await Eventually.TrueAsync("halted server's session idle in its transaction", () => IsSessionAsync(database, 0, "state = 'idle in transaction' and query like '%insert into log_queue%'"));
        }

        await trial.Load.RememberAsync(capture, server: 1);

        trial.Site.Wake(0);
        await trial.Audit.ExpectSoundAsync();
    }

    /// <summary>
    /// Halts the server that has the log's row lock, while it has it. The test holds back one queue row, on which whoever sequences must wait with the lock in
    /// hand; that one is halted, and then the row is let go.
    /// </summary>
    private static async Task<int> HaltLeaderAsync(Site site)
    {
        await using var database = site.OpenDatabase();
        await using var connection = await database.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await ExecuteAsync(connection, "lock table log_queue in share mode"); // Captures that come now wait too, for a moment.
        var name = await Eventually.GetAsync("server that sequences", async () =>
        {
            await using var command = database.CreateCommand("""
                select application_name from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock' and query like '%delete from log_queue%' and pid <> pg_backend_pid()
                """);
            return (string?)await command.ExecuteScalarAsync(Cancel);
        });
        var leader = Enumerable.Range(0, site.ServerCount).Single(i => Site.SessionName(i) == name);
        site.Halt(leader);
        await transaction.RollbackAsync(Cancel);
        // Idle, or with more to say than a halted server's socket takes.
        await Eventually.TrueAsync(
            "halted server's session that waits for it in its transaction",
            () => IsSessionAsync(database, leader, "(state = 'idle in transaction' or wait_event = 'ClientWrite') and query like '%delete from log_queue%'"));
        return leader;
    }

    private static async Task<bool> IsSessionAsync(NpgsqlDataSource database, int server, string condition)
    {
        await using var command = database.CreateCommand(
            $"select exists (select from pg_stat_activity where datname = current_database() and application_name = $1 and {condition})");
        command.Parameters.Add(new() { Value = Site.SessionName(server) });
        return (bool)(await command.ExecuteScalarAsync(Cancel))!; // "exists" always answers.
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task<long> GetSizeAsync(Site site)
    {
        await using var database = site.OpenDatabase();
        await using var command = database.CreateCommand("select size from log_state");
        return (long)(await command.ExecuteScalarAsync(Cancel))!; // The log is there.
    }
}
