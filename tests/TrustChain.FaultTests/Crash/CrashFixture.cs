using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Crash;

/// <summary>One site for all crashes of a class: each case goes on with the log that the ones before it left.</summary>
public sealed class CrashFixture(SharedStack stack) : IAsyncLifetime
{
    private Trial? _trial;

    internal Trial Trial => _trial ?? throw new InvalidOperationException("The site has not started.");

    public async ValueTask InitializeAsync() => _trial = await Trial.StartAsync(stack.Postgres, stack.Anvil.RpcUrl);

    public async ValueTask DisposeAsync()
    {
        if (_trial is not null)
        {
            await _trial.DisposeAsync();
        }
    }

    /// <summary>Sends until the server is killed at a step, starts it again, and checks everything.</summary>
    /// <param name="step">The crash point, and after a colon at which pass.</param>
    /// <param name="jobs">Clients that send jobs: those that proceed and those that do not.</param>
    internal async Task CrashAtAsync(string step, params bool[] jobs)
    {
        var (site, load) = (Trial.Site, Trial.Load);
        if (!site.IsRunning(0))
        {
            await site.StartServerAsync(0); // The case before this one failed.
        }
        site.CrashAt(0, step);
        load.Start(clients: jobs.Length == 0 ? 6 : 1, jobs);
        await site.WaitUntilKilledAsync(0);
        await site.StartServerAsync(0);
        await Trial.Audit.ExpectSoundAsync();
    }
}
