using System.Collections.Concurrent;
using Npgsql;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

[assembly: AssemblyFixture(typeof(SharedStack))]

namespace TrustChain.IntegrationTests.Serving;

/// <summary>One PostgreSQL and one chain for all tests, on which servers with databases, keys and contracts of their own run.</summary>
public sealed class SharedStack : IAsyncLifetime
{
    private static PostgresProcess? _shared;

    private readonly TemporaryFolder _temporary = new();
    private readonly ConcurrentBag<IAsyncDisposable> _dependents = [];
    private DevnetFolder? _folder;
    private PostgresProcess? _postgres;
    private AnvilProcess? _anvil;

    public PostgresProcess Postgres => _postgres ?? throw new InvalidOperationException("The stack has not started.");

    public AnvilProcess Anvil => _anvil ?? throw new InvalidOperationException("The stack has not started.");

    /// <summary>
    /// A test's own way to a database. A new session costs a tenth of a second of a processor, so they are kept, but where a test may take PostgreSQL away: there a
    /// kept one would fail.
    /// </summary>
    public static NpgsqlDataSource Open(PostgresProcess postgres, string connection) => NpgsqlDataSource.Create(
        connection + (postgres == _shared ? ";Maximum Pool Size=20;Connection Idle Lifetime=5;Connection Pruning Interval=2" : ";Pooling=false;Timeout=5"));

    public async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var packages = await DevnetPackages.GetAsync(cancellationToken);
        _folder = DevnetFolder.Open(_temporary.PathOf("stack"));
        _postgres = await PostgresProcess.StartAsync(new PostgresSettings { NodeModules = packages, Folder = _folder }, cancellationToken);
        _shared = _postgres;
        // Blocks by themselves, so that anchors get deep enough to be final.
        _anvil = await AnvilProcess.StartAsync(new AnvilSettings { NodeModules = packages, Folder = _folder, BlockTime = TimeSpan.FromSeconds(1) }, cancellationToken);
    }

    /// <summary>Ends something that runs on the stack before the stack itself.</summary>
    public void DisposeFirst(IAsyncDisposable dependent) => _dependents.Add(dependent);

    public async ValueTask DisposeAsync()
    {
        foreach (var dependent in _dependents)
        {
            await dependent.DisposeAsync();
        }
        if (_anvil is not null)
        {
            await _anvil.DisposeAsync();
        }
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }
        _folder?.Dispose();
        _temporary.Dispose();
    }
}
