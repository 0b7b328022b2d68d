using TrustChain.Devnet;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Database;

/// <summary>PostgreSQL restarted under load: cleanly, at once, and with its postmaster shot.</summary>
public sealed class RestartTests(SharedStack stack)
{
    [Fact]
    public async Task Database_RestartedInEveryWay_LosesNothingAcknowledged()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes long; TRUSTCHAIN_FAULTS=all runs it.");
        await using var postgres = await PrivatePostgres.StartAsync();
        await using var trial = await Trial.StartAsync(postgres.Process, stack.Anvil.RpcUrl);
        foreach (var signal in (Signal[])[Signal.Interrupt, Signal.Quit, Signal.Kill])
        {
            trial.Load.Start(6, true);
            await trial.Load.WaitForAsync(30);
            await postgres.StopAsync(signal);
            await postgres.StartAgainAsync();
            await trial.Load.WaitForAsync(30);
            await trial.Audit.ExpectSoundAsync();
        }
        Assert.True(trial.Site.IsRunning(0)); // The server lived through all of it.
    }
}
