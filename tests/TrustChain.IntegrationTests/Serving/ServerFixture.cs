using System.Collections.Concurrent;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>
/// A server on the shared stack that one test class has for itself as long as it runs; another class may have had it before and left its records in the log. A class
/// that stops its server, or needs an empty log or other settings, starts its own.
/// </summary>
public sealed class ServerFixture(SharedStack stack) : IAsyncLifetime
{
    private static readonly ConcurrentBag<RunningServer> Idle = [];

    private RunningServer? _server;

    /// <summary>What it runs on, for tests that need a server of their own.</summary>
    public SharedStack Stack => stack;

    internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    public async ValueTask InitializeAsync()
    {
        if (Idle.TryTake(out _server))
        {
            return;
        }
        _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        stack.DisposeFirst(_server);
    }

    public ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            Idle.Add(_server);
        }
        return ValueTask.CompletedTask;
    }
}
