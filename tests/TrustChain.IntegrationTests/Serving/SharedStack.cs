using TrustChain.Devnet;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

[assembly: AssemblyFixture(typeof(SharedStack))]

namespace TrustChain.IntegrationTests.Serving;

/// <summary>One PostgreSQL and one chain for all tests; each test class makes its own database, keys and contract on them.</summary>
public sealed class SharedStack : IAsyncLifetime
{
    private readonly TemporaryFolder _temporary = new();
    private DevnetFolder? _folder;
    private PostgresProcess? _postgres;
    private AnvilProcess? _anvil;

    public PostgresProcess Postgres => _postgres ?? throw new InvalidOperationException("The stack has not started.");

    public AnvilProcess Anvil => _anvil ?? throw new InvalidOperationException("The stack has not started.");

    public async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var packages = await DevnetPackages.GetAsync(cancellationToken);
        _folder = DevnetFolder.Open(_temporary.PathOf("stack"));
        _postgres = await PostgresProcess.StartAsync(new PostgresSettings { NodeModules = packages, Folder = _folder }, cancellationToken);
        // Blocks by themselves, so that anchors get deep enough to be final.
        _anvil = await AnvilProcess.StartAsync(new AnvilSettings { NodeModules = packages, Folder = _folder, BlockTime = TimeSpan.FromSeconds(1) }, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
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
