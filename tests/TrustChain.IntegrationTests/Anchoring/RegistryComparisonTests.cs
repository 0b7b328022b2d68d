using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>When the database is compared with the registry.</summary>
public sealed class RegistryComparisonTests(SharedStack stack)
{
    [Fact]
    public async Task Registry_AheadAtStart_IsNoticedBeforeAnythingIsCaptured()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var (_, signed) = await ForgedAnchor.PrepareAsync(server);
        await server.StopAsync();
        await ForgedAnchor.AnchorByHandAsync(server, signed.Size + 1000);

        await server.StartUnreadyAsync();

        await Eventually.TrueAsync("alarm of a server that started behind its registry", async () => (await server.GetAsync("/health/ready")).Status == 503);
    }

    [Fact]
    public async Task Registry_WithAnotherRootForAKnownSize_StopsSigning()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var (company, signed) = await ForgedAnchor.PrepareAsync(server);
        await ForgedAnchor.AnchorByHandAsync(server, signed.Size + 1);

        await ForgedAnchor.RaiseAlarmAsync(server, company, events: 5); // More entries than the forged anchor has: only the root tells.

        Assert.Contains("root", (await server.GetAsync("/health/ready")).Expect(503).Body, StringComparison.Ordinal);
    }
}
