using TrustChain.Core.Log;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

public sealed class DatabaseAwayTests(SharedStack stack)
{
    [Fact]
    public async Task Database_AwayForAWhile_IsAnsweredWith503AndForgivenByItself()
    {
        await using var own = new PrivateStack();
        var postgres = await own.StartPostgresAsync();
        try
        {
            await using var server = await RunningServer.StartAsync(postgres, stack.Anvil);
            var company = await server.AddOrganisationAsync();
            using var key = await company.RegisterKeyAsync();
            var document = Events.Document(Events.Commissioning(company.NewItem()));
            (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
            var before = await server.CountAsync();

            await postgres.DisposeAsync();

            foreach (var answer in (Answer[])[await company.CaptureAsync(document), await company.CaptureDocumentAsync(key, document), await server.GetAsync("/epcis/events/urn%3Atest", company.ApiKey)])
            {
                answer.ExpectProblem(503, "unavailable");
                Assert.NotNull(answer.RetryAfter?.Delta);
                Assert.DoesNotContain("Npgsql", answer.Body, StringComparison.OrdinalIgnoreCase);
            }
            (await server.GetAsync("/health/ready")).Expect(503);
            (await server.GetAsync("/health/live")).Expect(200);

            postgres = await own.StartPostgresAsync(postgres.Port);
            await Eventually.TrueAsync("readiness after the database came back", async () => (await server.GetAsync("/health/ready")).Status == 200);
            Assert.Equal(before, await server.CountAsync()); // What was answered with 503 was not stored.
            (await company.CaptureAsync(document)).Expect(202);
            var checkpoint = await server.GetCoveringCheckpointAsync();
            Assert.Equal(before.Entries + 1, checkpoint.Size);
            Assert.Equal(checkpoint.Root, MerkleTree.ComputeRoot((await LogCopy.FetchAsync(server, checkpoint)).Leaves));
        }
        finally
        {
            await postgres.DisposeAsync();
        }
    }
}
