using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

public sealed class ChainAwayTests(SharedStack stack)
{
    [Fact]
    public async Task Chain_AwayForAWhile_DelaysAnchorsAndNothingElse()
    {
        await using var own = new PrivateStack();
        var anvil = await own.StartAnvilAsync();
        try
        {
            await using var server = await RunningServer.StartAsync(stack.Postgres, anvil);
            var company = await server.AddOrganisationAsync();
            (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
            await server.GetFinalAnchorAsync((await server.GetCoveringCheckpointAsync()).Size);

            await anvil.DisposeAsync();
            var item = company.NewItem();
            (await company.CaptureAsync(Events.Document(Events.Commissioning(item)))).Expect(202);

            var checkpoint = await server.GetCoveringCheckpointAsync();
            (await server.GetAsync("/health/ready")).Expect(200);
            var pending = (await server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}", company.ApiKey)).Expect(200);
            Assert.True(EvidenceBundle.TryParse(pending.Bytes, out var bundle, out _));
            Assert.All(bundle.Anchors, a => Assert.True(a.Size <= bundle.Records[0].Index));

            anvil = await own.StartAnvilAsync(anvil.Port);
            await server.GetFinalAnchorAsync(checkpoint.Size);
            var report = EvidenceVerifier.Verify(pending.Bytes, server.Registry.Trust, await ChainWitness.ObserveAsync(server.RpcUrl, bundle.Anchors));
            Assert.Equal(Outcome.CouldNotCheck, report.Outcome);
            var open = Assert.Single(report.Checks, static c => c.Outcome != Outcome.Passed);
            Assert.Equal((CheckNames.Anchored, ReasonCodes.AnchorPending), (open.Name, open.Code));
        }
        finally
        {
            await anvil.DisposeAsync();
        }
    }

    [Fact]
    public async Task Server_StartedWhileChainIsAway_AcceptsAndSignsOnceItIsBack()
    {
        await using var own = new PrivateStack();
        var anvil = await own.StartAnvilAsync();
        try
        {
            await using var server = await RunningServer.StartAsync(stack.Postgres, anvil);
            var company = await server.AddOrganisationAsync();
            (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
            var signed = await server.GetCoveringCheckpointAsync();
            await server.StopAsync();
            await anvil.DisposeAsync();
            await server.StartAgainAsync();

            (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
            await Eventually.TrueAsync("sequenced record", async () => await ScalarAsync(server, "select size from log_state") > signed.Size);
            Assert.Equal(signed.Size, (await server.FindCheckpointAsync())?.Size); // Whether the registry agrees could not be asked yet.

            anvil = await own.StartAnvilAsync(anvil.Port);
            var checkpoint = await server.GetCoveringCheckpointAsync();
            await server.GetFinalAnchorAsync(checkpoint.Size);
            var copy = await LogCopy.FetchAsync(server, checkpoint);
            Assert.Equal(checkpoint.Root, MerkleTree.ComputeRoot(copy.Leaves));
            Assert.Equal(signed.Root, MerkleTree.ComputeRoot(copy.Leaves.AsSpan(0, (int)signed.Size)));
        }
        finally
        {
            await anvil.DisposeAsync();
        }
    }

    private static async Task<long> ScalarAsync(RunningServer server, string sql)
    {
        await using var command = server.Database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // The one row is always there.
    }
}
