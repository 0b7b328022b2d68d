using TrustChain.Devnet;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Database;

/// <summary>A streaming standby that must have every commit before it counts, and that takes over when the primary is shot.</summary>
public sealed class StandbyTests(SharedStack stack)
{
    [Fact]
    public async Task Failover_ToSynchronousStandby_LosesNothingAcknowledged()
    {
        await using var primary = await PrivatePostgres.StartAsync(new Dictionary<string, string> { ["wal_keep_size"] = "256MB" });
        await using var trial = await Trial.StartAsync(primary.Process, stack.Anvil.RpcUrl);
        await using var standby = await primary.AddStandbyAsync(isSynchronous: true);
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
        await using var standby = await primary.AddStandbyAsync(isSynchronous: true);
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
}
