namespace TrustChain.IntegrationTests.Serving;

/// <summary>A server with an empty log for one test class: for those that list everything there is.</summary>
public sealed class FreshServerFixture(SharedStack stack) : IAsyncLifetime
{
    private RunningServer? _server;

    internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
