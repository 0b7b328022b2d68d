using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Organisations;

/// <summary>A server whose recoveries are due after three seconds, and which asks vouchers on loopback.</summary>
public sealed class KeyFixture(SharedStack stack) : IAsyncLifetime
{
    private RunningServer? _server;

    /// <summary>What it runs on, for tests that need a server of their own.</summary>
    public SharedStack Stack => stack;

    public Voucher Voucher { get; } = new();

    internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?>
    {
        ["Keys__RecoveryDelay"] = "00:00:03",
        ["Keys__AllowInsecureDidWeb"] = "true",
        ["Keys__DnsServer"] = Voucher.DnsServer,
    });

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
        Voucher.Dispose();
    }
}
