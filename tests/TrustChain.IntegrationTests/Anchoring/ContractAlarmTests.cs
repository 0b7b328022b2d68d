using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Devnet.Serving;
using TrustChain.Evm.Wire;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>A contract that is another log's or refuses, a node of another chain, and one that has fallen behind: each raises its alarm, and ends with everything anchored.</summary>
public sealed class ContractAlarmTests(SharedStack stack)
{
    [Fact]
    public async Task EachRefusal_RaisesItsAlarm_AndIsRecoveredFrom()
    {
        await using var http = await TestHttp.StartAsync();
        using var forward = new HttpClient();
        string? refused = null;
        var isForeign = false;
        ChainStage? started = null;
        http.Answer = async body =>
        {
            var call = JsonNode.Parse(body)!;
            if (call is JsonObject && call["method"]!.GetValue<string>() == refused)
            {
                var error = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = call["id"]?.DeepClone(), ["error"] = new JsonObject { ["code"] = 3, ["message"] = "execution reverted: not today" } };
                return (200, "application/json", Encoding.UTF8.GetBytes(error.ToJsonString()));
            }
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var answer = await forward.PostAsync(new Uri(started!.Anvil.RpcUrl), content); // The server is told of the proxy once there is a chain.
            var said = await answer.Content.ReadAsByteArrayAsync();
            if (isForeign && call is JsonObject && call["method"]!.GetValue<string>() == "eth_getBlockByNumber" && call["params"]![0]!.GetValue<string>() == "0x0")
            {
                var block = JsonNode.Parse(said)!;
                block["result"]!["hash"] = "0x" + new string('7', 64);
                said = Encoding.UTF8.GetBytes(block.ToJsonString());
            }
            return ((int)answer.StatusCode, "application/json", said);
        };
        await using var stage = started = await ChainStage.StartAsync(stack.Postgres);
        await stage.LogAndAnchorAsync();
        var settings = stage.Server.Environment;

        await RestartAsync(settings, stage, ("Anchoring__RpcUrl", http.Url));
        refused = "eth_estimateGas";
        var size = await stage.LogAsync();
        await stage.AlarmAsync("would-revert", open: true);
        refused = null;
        await stage.FinalAsync(size);
        await stage.AlarmAsync("would-revert", open: false);

        isForeign = true; // Another node behind the same address, of a chain with the same id.
        size = await stage.LogAsync();
        await stage.AlarmAsync("wrong-chain", open: true);
        Assert.Equal(0, await stage.ScalarAsync($"select count(*) from anchor where size >= {size}"));
        isForeign = false;
        await stage.FinalAsync(size);
        await stage.AlarmAsync("wrong-chain", open: false);

        await stage.StopMiningAsync();
        size = await stage.LogAsync();
        await stage.AnchorAsync(size, "sent");
        var registry = stage.Server.Registry.Address.ToString();
        var stored = await stage.CallAsync("eth_getStorageAt", registry, "0x0", "latest"); // The publisher stands beside the newest size.
        var publisher = stage.Server.Keys.Publisher.Address.ToString()[2..];
        Assert.Contains(publisher, stored, StringComparison.OrdinalIgnoreCase);
        await stage.CallAsync("anvil_setStorageAt", registry, "0x" + new string('0', 64), stored!.Replace(publisher, new string('1', 40), StringComparison.OrdinalIgnoreCase));
        await stage.CallAsync("anvil_mine", 1);
        await stage.AlarmAsync("reverted");
        await stage.CallAsync("anvil_setStorageAt", registry, "0x" + new string('0', 64), stored);
        await stage.MineEverySecondAsync();
        await stage.FinalAsync(size);

        using (var chain = new ChainWitness(stage.Anvil.RpcUrl))
        {
            var foreign = await Registry.DeployAsync(chain.Node, stage.Server.Keys.Publisher, "another.example/log", TestContext.Current.CancellationToken);
            await RestartAsync(settings, stage, ("Anchoring__Registry", foreign.ToString()));
        }
        size = await stage.LogAsync();
        await stage.AlarmAsync("wrong-registry", open: true);
        await RestartAsync(settings, stage, ("Anchoring__Registry", registry));
        await stage.FinalAsync(size);
        await stage.AlarmAsync("wrong-registry", open: false);

        var snapshot = await stage.CallAsync("evm_snapshot");
        await stage.CallAsync("anvil_mine", 10); // A block that is mined in the very moment of the return does not make up for so many.
        size = await stage.LogAndAnchorAsync();
        await stage.StopMiningAsync();
        Assert.Equal("True", await stage.CallAsync("evm_revert", snapshot!));
        await stage.AlarmAsync("node-behind");
        await stage.MineEverySecondAsync();
        await stage.FinalAsync(size);
        await stage.RecoveredAsync();
        await stage.AssertChainAgreesAsync();
    }

    private static async Task RestartAsync(Dictionary<string, string?> settings, ChainStage stage, (string Name, string Value) setting)
    {
        await stage.Server.StopAsync();
        settings[setting.Name] = setting.Value;
        await stage.Server.StartAgainAsync();
    }
}
