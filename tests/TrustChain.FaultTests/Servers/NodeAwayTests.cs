using System.Text.Json;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Servers;

/// <summary>The chain's node is away for minutes while captures go on: nothing is refused for it, and in the end all of it is anchored, no size twice.</summary>
public sealed class NodeAwayTests(SharedStack stack)
{
    private static readonly TimeSpan Away = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Node_AwayForMinutes_IsToldAndMadeUpFor()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes minutes; TRUSTCHAIN_FAULTS=all runs it.");
        await using var chain = new PrivateStack();
        var anvil = await chain.StartAnvilAsync();
        try
        {
            await using var trial = await Trial.StartAsync(stack.Postgres, anvil.RpcUrl);
            trial.Load.Start(2);
            await trial.Load.WaitForAsync(20);
            await anvil.DisposeAsync();

            await Eventually.TrueAsync("alarm that the chain is away", async () => (await ListAsync(trial)).Any(static f => f is ("chain-away", true)));
            await Task.Delay(Away, Site.Cancel); // This is what is tried.
            await trial.Load.WaitForAsync(20); // Captures are taken all the while.
            Assert.Contains(await ListAsync(trial), static f => f is ("chain-away", true));

            anvil = await chain.StartAnvilAsync(anvil.Port);
            await trial.Audit.ExpectSoundAsync();
            await trial.Audit.ExpectAnchoredAsync();
            await Eventually.TrueAsync("end of all alarms", async () => (await ListAsync(trial)).All(static f => !f.IsOpen));
        }
        finally
        {
            await anvil.DisposeAsync();
        }
    }

    private static async Task<IReadOnlyList<(string Code, bool IsOpen)>> ListAsync(Trial trial)
    {
        using var json = JsonDocument.Parse(await trial.Site.Client.GetStringAsync(trial.Site.BaseUrl(0) + "/log/anchors", Site.Cancel));
        return [.. json.RootElement.GetProperty("targets")[0].GetProperty("failures").EnumerateArray()
            .Select(static f => (f.GetProperty("code").GetString()!, f.GetProperty("endedAt").ValueKind == JsonValueKind.Null))]; // Each has its code.
    }
}
