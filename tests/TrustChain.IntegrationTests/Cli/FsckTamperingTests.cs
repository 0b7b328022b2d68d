using System.Text;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>An operator with all power over the database, and a stranger with the command line.</summary>
public sealed class FsckTamperingTests(SharedStack stack)
{
    [Theory]
    [InlineData("log_bundle", "entries")]
    [InlineData("log_tile", "hashes")]
    public async Task Fsck_DatabaseAltered_IsBad(string table, string column)
    {
        using var cli = new CliProcess();
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var company = await server.AddOrganisationAsync();
        cli.Write("trust.json", Encoding.UTF8.GetString(server.Registry.Trust.ToUtf8()));
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem()), Events.Observation(company.NewItem())))).Expect(202);
        await server.GetFinalAnchorAsync((await server.GetCoveringCheckpointAsync()).Size);
        string[] fsck = ["fsck", "--server", server.BaseUrl, "--trust", "trust.json", "--rpc", server.RpcUrl];
        (await cli.RunAsync(fsck)).Expect(0);

        // The last byte: of the newest entry's digest, or of the newest leaf hash.
        await using (var alter = server.Database.CreateCommand($"update {table} set {column} = set_byte({column}, length({column}) - 1, get_byte({column}, length({column}) - 1) # 1)"))
        {
            Assert.True(await alter.ExecuteNonQueryAsync(TestContext.Current.CancellationToken) > 0);
        }

        Assert.StartsWith("bad:", (await cli.RunAsync(fsck)).Expect(1).Output, StringComparison.Ordinal);
    }
}
