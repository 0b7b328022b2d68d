namespace TrustChain.IntegrationTests.Serving;

/// <summary>A server for one test class, on the shared stack.</summary>
public sealed class ServerFixture(SharedStack stack) : IAsyncLifetime
{
    private RunningServer? _server;

    /// <summary>What it runs on, for tests that need a server of their own.</summary>
    public SharedStack Stack => stack;

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
