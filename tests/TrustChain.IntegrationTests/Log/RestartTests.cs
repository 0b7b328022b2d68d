using TrustChain.Core.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Log;

public sealed class RestartTests(SharedStack stack)
{
    [Fact]
    public async Task Server_KilledBetweenCaptureAndSequencing_SequencesAfterRestart()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var company = await server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var signed = await server.GetCoveringCheckpointAsync();
        string eventId;
        await using (var connection = await server.Database.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            // Who holds this row holds up the sequencer.
            await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using (var hold = connection.CreateCommand())
            {
                hold.CommandText = "select 1 from log_state for update";
                await hold.ExecuteScalarAsync(TestContext.Current.CancellationToken);
            }
            var answer = (await company.CaptureDocumentAsync(key, Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
            eventId = answer.Json.GetProperty("events")[0].GetProperty("eventID").GetString()!;
            var early = await server.GetAsync($"/evidence?event={Uri.EscapeDataString(eventId)}", company.ApiKey);
            early.ExpectProblem(409, "not-yet-logged");
            Assert.NotNull(early.RetryAfter);
            await server.KillAsync();
            await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        }

        await server.StartAgainAsync();

        var checkpoint = await server.GetCoveringCheckpointAsync();
        Assert.Equal(signed.Size + 1, checkpoint.Size);
        await ExpectSoundAsync(server, checkpoint, signed);
        (await server.GetAsync($"/evidence?event={Uri.EscapeDataString(eventId)}", company.ApiKey)).Expect(200);
    }

    /// <summary>The log is one tree, continues what was signed before, and holds every record once.</summary>
    private static async Task ExpectSoundAsync(RunningServer server, Checkpoint checkpoint, Checkpoint signed)
    {
        var copy = await LogCopy.FetchAsync(server, checkpoint);
        Assert.Equal(checkpoint.Root, MerkleTree.ComputeRoot(copy.Leaves));
        Assert.Equal(signed.Root, MerkleTree.ComputeRoot(copy.Leaves.AsSpan(0, (int)signed.Size)));
        Assert.Equal(copy.Leaves.Length, copy.Leaves.Distinct().Count());
        Assert.Equal((await server.CountAsync()).Records, copy.Entries.LongCount(static e => e[1] == (byte)EntryKind.Event));
    }
}
