using TrustChain.Devnet;
using TrustChain.Evm.Keys;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Log;

/// <summary>A log is signed by one key: with another nothing is.</summary>
public sealed class LogKeyTests(SharedStack stack)
{
    [Fact]
    public async Task AnotherKey_SignsNothing_AndTheLogsOwnGoesOn()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var company = await server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        var before = (await server.GetCoveringCheckpointAsync()).Size;
        await server.StopAsync();
        File.Move(server.Keys.LogKeyFile, server.Keys.LogKeyFile + ".away");
        var files = new OperatorKeyFiles { PassPhrase = server.Keys.PassPhraseFile, LogKey = server.Keys.LogKeyFile, CustodialKey = server.Keys.CustodialKeyFile, Publisher = null };
        Assert.Equal([server.Keys.LogKeyFile], OperatorKeySet.OpenOrCreate(files, iterations: 1_000).Made); // As "keys" does after a move that forgot it.

        await Assert.ThrowsAsync<DevnetException>(server.StartAgainAsync);

        Assert.Contains(
            $"was not signed by the key in {server.Keys.LogKeyFile}; bring this log's own key back.", await File.ReadAllTextAsync(server.LogFile, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        File.Move(server.Keys.LogKeyFile + ".away", server.Keys.LogKeyFile, overwrite: true);
        await server.StartAgainAsync();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        Assert.True((await server.GetCoveringCheckpointAsync()).Size > before);
    }
}
