using Npgsql;
using TrustChain.Devnet;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Database;

/// <summary>A streaming standby that must have every commit before it counts, and that takes over when the primary is shot.</summary>
public sealed class StandbyTests(SharedStack stack)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Failover_ToSynchronousStandby_LosesNothingAcknowledged()
    {
        await using var primary = await PrivatePostgres.StartAsync(new Dictionary<string, string> { ["wal_keep_size"] = "256MB" });
        await using var trial = await Trial.StartAsync(primary.Process, stack.Anvil.RpcUrl);
        await using var standby = await AddStandbyAsync(primary);
        await trial.Site.UseBothAsync(primary.Process, standby.Process);
        trial.Load.Start(6, true);
        await trial.Load.WaitForAsync(50);

        await primary.StopAsync(Signal.Kill);
        await standby.ExecuteAsync("select pg_promote()");
        trial.Site.Database = trial.Site.DatabaseOn(standby.Process);

        await trial.Load.WaitForAsync(30);
        await trial.Audit.ExpectSoundAsync();
        Assert.True(trial.Site.IsRunning(0)); // The same process all the time.
    }

    [Fact]
    public async Task Standby_Away_NothingIsAcknowledgedOrSignedThatItDoesNotHave()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes long; TRUSTCHAIN_FAULTS=all runs it.");
        await using var primary = await PrivatePostgres.StartAsync(new Dictionary<string, string> { ["wal_keep_size"] = "256MB" });
        await using var trial = await Trial.StartAsync(primary.Process, stack.Anvil.RpcUrl);
        await using var standby = await AddStandbyAsync(primary);
        // A short limit for commands: what waits for the standby must outlast it.
        await trial.Site.UseBothAsync(primary.Process, standby.Process, ";Command Timeout=2");
        trial.Load.Start(6);
        await trial.Load.WaitForAsync(30);
        await trial.Load.DrainAsync();
        await trial.Audit.ExpectWithoutDrainingAsync();
        await standby.StopAsync(Signal.Kill);

        var before = trial.Load.Acknowledged.Count;
        trial.Load.Start(6);
        await trial.Load.WaitForUnansweredAsync(6); // Each client has waited for ten seconds and tried again.
        Assert.Equal(before, trial.Load.Acknowledged.Count);

        await primary.StopAsync(Signal.Kill);
        await standby.StartAgainAsync();
        await standby.ExecuteAsync("select pg_promote()");
        trial.Site.Database = trial.Site.DatabaseOn(standby.Process);
        await trial.Audit.ExpectSoundAsync();
    }

    /// <summary>Makes a standby by the low-level backup interface, since the packaged PostgreSQL has no pg_basebackup, and makes the primary wait for it from now on.</summary>
    private static async Task<PrivatePostgres> AddStandbyAsync(PrivatePostgres primary)
    {
        var place = primary.Process.DataFolder + "-standby";
        await using (var database = NpgsqlDataSource.Create(primary.Process.ConnectionString + ";Pooling=false"))
        await using (var connection = await database.OpenConnectionAsync(Cancel)) // A backup belongs to a session.
        {
            await using (var start = new NpgsqlCommand("select pg_backup_start('standby', true)", connection))
            {
                await start.ExecuteNonQueryAsync(Cancel);
            }
            await PrivatePostgres.CopyAsync(primary.Process.DataFolder, place);
            await using var stop = new NpgsqlCommand("select labelfile from pg_backup_stop(false)", connection);
            await AddFileAsync(place, "backup_label", (string)(await stop.ExecuteScalarAsync(Cancel))!); // A backup that was started has a label.
        }
        File.Delete(Path.Combine(place, "postmaster.pid"));
        await AddFileAsync(place, "standby.signal", "");
        var source = new NpgsqlConnectionStringBuilder(primary.Process.ConnectionString);
        var standby = await PrivatePostgres.StartCopyAsync(primary, place, new Dictionary<string, string>
        {
            ["primary_conninfo"] = $"host=127.0.0.1 port={primary.Process.Port} user={source.Username} password={source.Password} application_name=standby",
        });
        await primary.ExecuteAsync("alter system set synchronous_standby_names = 'standby'");
        await primary.ExecuteAsync("select pg_reload_conf()");
        await Eventually.TrueAsync("synchronous standby", async () =>
        {
            await using var database = NpgsqlDataSource.Create(primary.Process.ConnectionString + ";Pooling=false");
            await using var command = database.CreateCommand("select exists (select from pg_stat_replication where sync_state = 'sync')");
            return (bool)(await command.ExecuteScalarAsync(Cancel))!; // "exists" always answers.
        });
        return standby;
    }

    /// <summary>Adds a file that PostgreSQL can read and write, whoever it runs as; nobody else gets into its folder.</summary>
    private static async Task AddFileAsync(string place, string name, string text)
    {
        var path = Path.Combine(place, name);
        await File.WriteAllTextAsync(path, text, Cancel);
        File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);
    }
}
