using System.Numerics;
using TrustChain.Core.Log;
using TrustChain.Devnet;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>Makes a registry hold another history than the database, as after a restored backup or a second operator with the same key.</summary>
internal static class ForgedAnchor
{
    /// <summary>A log that is anchored and has nothing open on the chain.</summary>
    public static async Task<(TestOrganisation Company, Checkpoint Signed)> PrepareAsync(RunningServer server)
    {
        var company = await server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        var signed = await server.GetCoveringCheckpointAsync();
        await server.GetFinalAnchorAsync(signed.Size);
        return (company, signed);
    }

    /// <summary>Gives the server something to sign, and waits until it says that it will not.</summary>
    public static async Task RaiseAlarmAsync(RunningServer server, TestOrganisation company, int events = 1)
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

    public static Task AnchorByHandAsync(RunningServer server, long size) => AnchorByHandAsync(server.RpcUrl, server.Keys.Publisher, server.Registry.Address, size);

    public static async Task AnchorByHandAsync(string rpcUrl, Secp256k1Key publisher, Address registry, long size)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var chain = new ChainWitness(rpcUrl);
        var fees = new FeePolicy { MaxFeePerGasCeiling = BigInteger.Pow(10, 12), MaxPriorityFeePerGasCeiling = BigInteger.Pow(10, 11) };
        var sender = new TransactionSender(chain.Node, publisher, (ulong)AnvilProcess.ChainId, fees);
        var nonce = await chain.Node.GetTransactionCountAsync(sender.Sender, BlockTag.Pending, cancellationToken);
        var data = AnchorRegistry.EncodeAnchor((ulong)size, Hash32.Compute("another history"u8));
        var prepared = Assert.IsType<PrepareResult.Ready>(await sender.PrepareAsync(registry, data, nonce, null, cancellationToken));
        Assert.IsType<SendResult.Accepted>(await sender.SendAsync(prepared.Transaction, cancellationToken));
        await Eventually.TrueAsync("forged anchor on the chain", async () => (await chain.Registry(registry).GetLatestAsync(BlockTag.Latest, cancellationToken)).Size == (ulong)size);
    }
}
