using TrustChain.Devnet;
using TrustChain.IntegrationTests.Devnet;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>A PostgreSQL or a chain that one test may take away and bring back.</summary>
internal sealed class PrivateStack : IAsyncDisposable
{
    private readonly TemporaryFolder _temporary = new();
    private readonly DevnetFolder _folder;

    public PrivateStack()
    {
        _folder = DevnetFolder.Open(_temporary.PathOf("stack"));
    }

    /// <summary>Starts PostgreSQL on the data it had before, if any.</summary>
    /// <param name="port">The same one again after a pause; 0 at first.</param>
    public async Task<PostgresProcess> StartPostgresAsync(int port = 0) => await PostgresProcess.StartAsync(
        new PostgresSettings { NodeModules = await DevnetPackages.GetAsync(TestContext.Current.CancellationToken), Folder = _folder, Port = port }, TestContext.Current.CancellationToken);

    /// <summary>Starts the chain on the state it had before, if any.</summary>
    /// <param name="port">The same one again after a pause; 0 at first.</param>
    /// <param name="chainId">EIP-155 id of the chain.</param>
    public async Task<AnvilProcess> StartAnvilAsync(int port = 0, long chainId = AnvilProcess.ChainId) => await AnvilProcess.StartAsync(
        new AnvilSettings
        {
            NodeModules = await DevnetPackages.GetAsync(TestContext.Current.CancellationToken),
            Folder = _folder,
            Port = port,
            ChainId = chainId,
            BlockTime = TimeSpan.FromSeconds(1),
        },
        TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        _temporary.Dispose();
        return ValueTask.CompletedTask;
    }
}
