using TrustChain.Core.Log;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Log;

/// <summary>A copy of the database that went on by itself and is larger than what this machine keeps: its checkpoint convicts it, at every start, and is not replaced by the copy's.</summary>
public sealed class KeptCheckpointTests(SharedStack stack)
{
    [Fact]
    public async Task Fork_IsRefusedAtEveryStart_AndTheCheckpointThatTellsItIsKept()
    {
        using var temporary = new TemporaryFolder();
        var file = temporary.PathOf("checkpoint");
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?>
        {
            ["Anchoring__Interval"] = "12:00:00", // No anchor tells: only what this machine keeps.
            ["TrustChain__CheckpointFile"] = file,
        });
        var company = await server.AddOrganisationAsync();
        await CaptureAsync(company, 3);
        var common = await server.GetCoveringCheckpointAsync();
        await server.StopAsync();
        var copy = await CopyAsync(server);
        await server.StartAgainAsync();
        await CaptureAsync(company, 3);
        var kept = await server.GetCoveringCheckpointAsync();
        await server.StopAsync();
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(kept, Read(text));

        server.Environment["TrustChain__Database"] = copy;
        server.Environment["TrustChain__CheckpointFile"] = "";
        await server.StartAgainAsync();
        await CaptureAsync(company, 8);
        // Of everything, so that none follows it when the server stops.
        var fork = await Eventually.GetAsync("larger fork", async () => await server.FindCheckpointAsync() is { } checkpoint && checkpoint.Size >= common.Size + 8 ? checkpoint : null);
        await server.StopAsync();

        server.Environment["TrustChain__CheckpointFile"] = file;
        foreach (var _ in (int[])[1, 2])
        {
            await server.StartUnreadyAsync();
            var said = await Eventually.GetAsync("refusal to be ready", async () => await server.GetAsync("/health/ready") is { Status: 503 } answer ? answer.Body : null);
            Assert.Contains($"another root for {kept.Size} entries than the checkpoint that this machine keeps", said, StringComparison.Ordinal);
            (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).ExpectProblem(503, "read-only");
            Assert.Equal(fork.Size, (await server.FindCheckpointAsync())!.Size); // It shows what it has, and signs no more.
            await server.StopAsync();
            Assert.Equal(text, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        }

        server.Environment.Remove("TrustChain__Database");
        await server.StartAgainAsync();
        await CaptureAsync(company, 1);
        Assert.True((await server.GetCoveringCheckpointAsync()).Size > kept.Size);
    }

    private static async Task CaptureAsync(TestOrganisation company, int count)
    {
        for (var i = 0; i < count; i++)
        {
            (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        }
    }

    /// <summary>Copies the database of a server that is stopped.</summary>
    private async Task<string> CopyAsync(RunningServer server)
    {
        var name = new Npgsql.NpgsqlConnectionStringBuilder(server.ConnectionString).Database;
        server.Database.Clear(); // A database that somebody is connected to is not copied.
        await using var maintenance = SharedStack.Open(stack.Postgres, stack.Postgres.ConnectionString);
        await using var command = maintenance.CreateCommand($"create database {name}_copy template {name}");
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return stack.Postgres.ConnectionStringTo(name + "_copy");
    }

    private static Checkpoint? Read(string note) => SignedNote.TryParse(note, out var parsed) && Checkpoint.TryParse(parsed.Text, out var checkpoint) ? checkpoint : null;
}
