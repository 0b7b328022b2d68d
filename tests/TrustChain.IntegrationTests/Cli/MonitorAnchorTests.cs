using System.Text;
using TrustChain.IntegrationTests.Anchoring;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>A contract that holds a root to which the log does not lead.</summary>
public sealed class MonitorAnchorTests(SharedStack stack)
{
    [Theory]
    [InlineData(0)] // Of a size that the log has with another root.
    [InlineData(5)] // Of a size that the log does not have.
    public async Task Anchor_ThatTheLogDoesNotLeadTo_IsAnAlarmAndBad(int beyond)
    {
        // No anchor of the server's own for an hour.
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?> { ["Anchoring__Interval"] = "01:00:00" });
        var company = await server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Observation(company.NewItem()), Events.Observation(company.NewItem())))).Expect(202);
        var size = (await server.GetCoveringCheckpointAsync()).Size;
        await using var stand = await MonitorStand.StartAsync(server);
        (await stand.RoundAsync()).Expect(0);
        using var cli = new AuditCli();
        File.WriteAllBytes(cli.TrustFile, server.Registry.Trust.ToUtf8());
        (await cli.FsckAsync(server.BaseUrl, "state.json", "--rpc", server.RpcUrl)).Expect(0);

        await ForgedAnchor.AnchorByHandAsync(server, size + beyond);

        (await stand.RoundAsync()).Expect(1);
        (await stand.RoundAsync()).Expect(1);
        Assert.Equal(["raised anchor-mismatch"], stand.Told);
        var evidence = File.ReadAllText(stand.StateFile(stand.Alarms[0].GetProperty("evidence").GetString()!));
        Assert.Contains("\"checkpoints\"", evidence, StringComparison.Ordinal);
        foreach (var state in (string?[])["state.json", null])
        {
            var bad = (await cli.FsckAsync(server.BaseUrl, state, "--rpc", server.RpcUrl)).Expect(1).Json;
            Assert.Equal(("anchor-mismatch", $"anchor {size + beyond}"), (bad.GetProperty("code").GetString(), bad.GetProperty("subject").GetString()));
        }
        Assert.Contains("\"result\":\"good\"", (await cli.FsckAsync(server.BaseUrl, "state.json")).Expect(0).Output, StringComparison.Ordinal); // Without the chain nobody sees it.
    }
}
