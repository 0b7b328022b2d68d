using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Limits;

/// <summary>Tests that share one such server.</summary>
[CollectionDefinition(Name)]
public sealed class LimitedServerTests : ICollectionFixture<LimitedServer>
{
    public const string Name = "limited server";
}

/// <summary>A server whose limits are low, and hold for this machine too. Each test is a stranger at an address of its own.</summary>
public sealed class LimitedServer(SharedStack stack) : IAsyncLifetime
{
    private RunningServer? _server;

    internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?>
    {
        // What is exhausted here comes back so slowly that no test can be slow enough to see it back; 127.0.0.1 is the operator.
        ["Limits__Exempt"] = "127.0.0.1/32",
        ["Limits__PerAddress__PerSecond"] = "0.5",
        ["Limits__PerAddress__Burst"] = "500",
        ["Limits__PerKey__PerSecond"] = "0.5",
        ["Limits__PerKey__Burst"] = "500",
        ["Limits__PerOrganisation__PerSecond"] = "0.5",
        ["Limits__PerOrganisation__Burst"] = "1800",
        ["Limits__FailedAuthentication__PerSecond"] = "0.002",
        ["Limits__FailedAuthentication__Burst"] = "3",
        ["Limits__MaxConnectionsPerAddress"] = "20",
        ["Limits__HeadersTimeout"] = "00:00:02",
        ["Limits__MinBodyBytesPerSecond"] = "10000",
        ["Limits__QueryConcurrency"] = "1",
        ["Limits__WaitingPerPlace"] = "0",
        ["Limits__MaxWaitingAge"] = "00:00:00.2",
    });

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
