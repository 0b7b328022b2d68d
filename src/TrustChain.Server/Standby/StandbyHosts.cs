using Microsoft.Extensions.Options;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Standby;

/// <summary>The hosts among which standbys may be: those of a connection string that names several, and none where it names one.</summary>
internal sealed class StandbyHosts : IAsyncDisposable
{
    private int _turn;

    public StandbyHosts(IOptions<ServerOptions> server, IOptions<StandbyOptions> options, TimeProvider time)
    {
        MaxLag = options.Value.MaxLag;
        var connection = server.Value.ConnectionString;
        var hosts = DatabaseSources.HostsOf(connection);
        All = hosts.Count > 1 && MaxLag > TimeSpan.Zero ? [.. hosts.Select(host => new StandbyHost(host, DatabaseSources.CreateStandby(connection, host), time))] : [];
    }

    /// <summary>All of them, the primary too: which one that is may change.</summary>
    public IReadOnlyList<StandbyHost> All { get; }

    public TimeSpan MaxLag { get; }

    /// <summary>A standby, of several each in turn, that shows everything up to a position; null when the primary has to be asked.</summary>
    public StandbyHost? Find(ulong position)
    {
        var first = All.Count > 1 ? (Interlocked.Increment(ref _turn) & int.MaxValue) % All.Count : 0;
        for (var i = 0; i < All.Count; i++)
        {
            if (All[(first + i) % All.Count] is var host && host.Shows(position, MaxLag))
            {
                return host;
            }
        }
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in All)
        {
            await host.DisposeAsync();
        }
    }
}
