using TrustChain.Devnet;

namespace TrustChain.FaultTests.Stage;

/// <summary>A site with its load, the stranger who watches it, and the audit: what each of these tests needs.</summary>
internal sealed class Trial : IAsyncDisposable
{
    private Trial(Site site, Load load)
    {
        (Site, Load, Watcher) = (site, load, new CheckpointWatcher(site));
        Audit = new Audit(site, load, Watcher, load.ApiKey);
    }

    public Site Site { get; }

    public Load Load { get; }

    public CheckpointWatcher Watcher { get; }

    public Audit Audit { get; }

    public static async Task<Trial> StartAsync(
        PostgresProcess postgres,
        string rpcUrl,
        int servers = 1,
        int seed = 1,
        IReadOnlyDictionary<string, string?>? settings = null,
        string? assembly = null,
        PostgresProcess? standby = null)
    {
        var site = await Site.StartAsync(postgres, rpcUrl, servers, settings, assembly, standby);
        try
        {
            return new Trial(site, await Load.PrepareAsync(site, seed));
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Audit.Dispose();
        await Load.DisposeAsync();
        await Watcher.DisposeAsync();
        await Site.DisposeAsync();
    }
}
