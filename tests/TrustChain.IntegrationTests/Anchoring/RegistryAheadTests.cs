using System.Numerics;
using TrustChain.Core.Log;
using TrustChain.Devnet;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>A registry that holds more than the database: the database is an old copy, and whatever it signs now would be a second history.</summary>
public sealed class RegistryAheadTests(SharedStack stack)
{
    [Fact]
    public async Task Registry_AheadOfRunningServer_StopsSigning()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var (company, signed) = await PrepareAsync(server);
        await AnchorByHandAsync(server, signed.Size + 1000);

        await RaiseAlarmAsync(server, company);

        var ready = (await server.GetAsync("/health/ready")).Expect(503);
        Assert.Contains((signed.Size + 1000).ToString(System.Globalization.CultureInfo.InvariantCulture), ready.Body, StringComparison.Ordinal);
        (await server.GetAsync("/health/live")).Expect(200);
        var last = await server.FindCheckpointAsync();
        Assert.Equal(await ScalarAsync(server, "select max(size) from checkpoint"), last!.Size);
        Assert.True(last.Size < await ScalarAsync(server, "select size from log_state"), "What was captured last must not be under a signed checkpoint.");
    }

    [Fact]
    public async Task Registry_AheadOfRunningServer_StopsCaptures()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var (company, signed) = await PrepareAsync(server);
        using var key = await company.RegisterKeyAsync();
        await server.GetCoveringCheckpointAsync();
        await AnchorByHandAsync(server, signed.Size + 1000);
        await RaiseAlarmAsync(server, company);
        var before = await server.CountAsync();

        var plain = await company.CaptureAsync(Events.Document(Events.Observation(company.NewItem())));
        var signedAnswer = await company.CaptureRootAsync(key, Events.Observation(company.NewItem()).ToJsonString());

        plain.ExpectProblem(503, null);
        signedAnswer.ExpectProblem(503, null);
        Assert.Equal(before, await server.CountAsync());
    }

    [Fact]
    public async Task Registry_AheadAtStart_IsNoticedBeforeAnythingIsCaptured()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var (_, signed) = await PrepareAsync(server);
        await server.StopAsync();
        await AnchorByHandAsync(server, signed.Size + 1000);

        await server.StartUnreadyAsync();

        await Eventually.TrueAsync("alarm of a server that started behind its registry", async () => (await server.GetAsync("/health/ready")).Status == 503);
    }

    [Fact]
    public async Task Registry_WithAnotherRootForAKnownSize_StopsSigning()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var (company, signed) = await PrepareAsync(server);
        await AnchorByHandAsync(server, signed.Size + 1);

        await RaiseAlarmAsync(server, company, events: 5); // More entries than the forged anchor has: only the root tells.

        Assert.Contains("root", (await server.GetAsync("/health/ready")).Expect(503).Body, StringComparison.Ordinal);
    }

    /// <summary>A log that is anchored and has nothing open on the chain.</summary>
    private static async Task<(TestOrganisation Company, Checkpoint Signed)> PrepareAsync(RunningServer server)
    {
        var company = await server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        var signed = await server.GetCoveringCheckpointAsync();
        await server.GetFinalAnchorAsync(signed.Size);
        return (company, signed);
    }

    /// <summary>Gives the server something to sign, and waits until it says that it will not.</summary>
    private static async Task RaiseAlarmAsync(RunningServer server, TestOrganisation company, int events = 1)
    {
        var item = company.NewItem();
        await company.CaptureAsync(Events.Document([.. Enumerable.Range(0, events).Select(i => Events.Observation(item, $"urn:test:step:{i}"))])); // Taken or not: it may know already.
        await Eventually.TrueAsync("alarm of a server behind its registry", async () =>
        {
            // The registry is asked at most every few seconds: until then there must be more to sign.
            await company.CaptureAsync(Events.Document(Events.Observation(company.NewItem())));
            return (await server.GetAsync("/health/ready")).Status == 503;
        });
    }

    private static async Task AnchorByHandAsync(RunningServer server, long size)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var chain = new ChainWitness(server.RpcUrl);
        var fees = new FeePolicy { MaxFeePerGasCeiling = BigInteger.Pow(10, 12), MaxPriorityFeePerGasCeiling = BigInteger.Pow(10, 11) };
        var sender = new TransactionSender(chain.Node, server.Keys.Publisher, (ulong)AnvilProcess.ChainId, fees);
        var nonce = await chain.Node.GetTransactionCountAsync(sender.Sender, BlockTag.Pending, cancellationToken);
        var data = AnchorRegistry.EncodeAnchor((ulong)size, Hash32.Compute("another history"u8));
        var prepared = Assert.IsType<PrepareResult.Ready>(await sender.PrepareAsync(server.Registry.Address, data, nonce, null, cancellationToken));
        Assert.IsType<SendResult.Accepted>(await sender.SendAsync(prepared.Transaction, cancellationToken));
        await Eventually.TrueAsync("forged anchor on the chain", async () => (await chain.Registry(server.Registry.Address).GetLatestAsync(BlockTag.Latest, cancellationToken)).Size == (ulong)size);
    }

    private static async Task<long> ScalarAsync(RunningServer server, string sql)
    {
        await using var command = server.Database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // Neither query answers null here.
    }
}
