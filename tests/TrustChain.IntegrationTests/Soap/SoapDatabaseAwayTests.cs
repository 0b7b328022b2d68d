using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Soap;

public sealed class SoapDatabaseAwayTests(SharedStack stack)
{
    [Fact]
    public async Task Poll_WhileTheDatabaseIsAway_IsAnImplementationException()
    {
        await using var own = new PrivateStack();
        var postgres = await own.StartPostgresAsync();
        var isAway = false;
        try
        {
            await using var server = await RunningServer.StartAsync(postgres, stack.Anvil);
            using var client = new SoapClient(server.BaseUrl);
            await postgres.DisposeAsync();
            isAway = true;

            foreach (var version in (int[])[11, 12])
            {
                var answer = (await client.SendAsync(SoapClient.Poll("SimpleEventQuery"), version: version)).Expect(500);

                SoapClient.FaultOf(answer, version, version == 11 ? "Server" : "Receiver");
                var exception = SoapClient.DetailOf(answer, version);
                Assert.Equal(SoapClient.Query + "ImplementationException", exception.Name);
                Assert.Equal("ERROR", exception.Element("severity")!.Value);
                Assert.DoesNotContain("Npgsql", answer.Body, StringComparison.OrdinalIgnoreCase);
            }
        }
        finally
        {
            if (!isAway)
            {
                await postgres.DisposeAsync();
            }
        }
    }
}
