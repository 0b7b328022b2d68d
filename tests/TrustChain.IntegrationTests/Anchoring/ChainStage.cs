using System.Globalization;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Devnet;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Wire;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>A chain of its own that a test may disturb, and a server that anchors in it.</summary>
internal sealed class ChainStage : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly PrivateStack _stack;

    private ChainStage(PrivateStack stack, AnvilProcess anvil, RunningServer server, TestOrganisation company) =>
        (_stack, Anvil, Server, Company) = (stack, anvil, server, company);

    public AnvilProcess Anvil { get; private set; }

    public RunningServer Server { get; }

    public TestOrganisation Company { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The contract that the server anchors in at present.</summary>
    public Evm.Keys.Address Registry => Server.Environment.GetValueOrDefault("Anchoring__Registry") is { } other ? Evm.Keys.Address.Parse(other) : Server.Registry.Address;

    public static async Task<ChainStage> StartAsync(PostgresProcess postgres, IReadOnlyDictionary<string, string?>? settings = null) => await StartAsync(postgres, _ => Task.FromResult(settings));

    /// <summary>The same, with settings that need the chain to be there.</summary>
    public static async Task<ChainStage> StartAsync(PostgresProcess postgres, Func<AnvilProcess, Task<IReadOnlyDictionary<string, string?>?>> prepare)
    {
        var stack = new PrivateStack();
        var anvil = await stack.StartAnvilAsync();
        var server = await RunningServer.StartAsync(postgres, anvil, await prepare(anvil));
        return new ChainStage(stack, anvil, server, await server.AddOrganisationAsync());
    }

    /// <summary>Logs something new.</summary>
    /// <returns>The size of a checkpoint that covers it.</returns>
    public async Task<long> LogAsync()
    {
        (await Company.CaptureAsync(Events.Document(Events.Observation(Company.NewItem())))).Expect(202);
        return (await Server.GetCoveringCheckpointAsync()).Size;
    }

    /// <summary>Logs something new and waits until it is anchored for good.</summary>
    public async Task<long> LogAndAnchorAsync()
    {
        var size = await LogAsync();
        await FinalAsync(size);
        return size;
    }

    public Task<string?> CallAsync(string method, params object[] parameters) => ChainClient.CallAsync(Anvil.RpcUrl, method, parameters, Cancellation);

    /// <summary>Ends mining, and waits until a block that was being mined is there: going back beside it would leave a chain that is neither.</summary>
    public async Task StopMiningAsync()
    {
        await CallAsync("evm_setIntervalMining", 0);
        string? newest = null;
        await Eventually.TrueAsync("chain that stands still", async () =>
        {
            var before = newest;
            newest = await CallAsync("eth_blockNumber");
            await Task.Delay(TimeSpan.FromMilliseconds(500), Cancellation);
            return newest == before;
        });
    }

    public Task MineEverySecondAsync() => CallAsync("evm_setIntervalMining", 1);

    /// <summary>Takes the chain away and brings it back with its state.</summary>
    public async Task RestartChainAsync(Func<Task> meanwhile)
    {
        var port = Anvil.Port;
        await Anvil.DisposeAsync();
        await meanwhile();
        Anvil = await _stack.StartAnvilAsync(port);
    }

    public async Task<JsonElement> GetTargetAsync(string name = "primary") =>
        (await Server.GetAsync($"/log/anchors?target={name}")).Expect(200).Json.GetProperty("targets")[0];

    /// <summary>Waits for an anchor that covers the size to be in one of the states.</summary>
    public async Task<JsonElement> AnchorAsync(long size, string states, string target = "primary") => (JsonElement)await Eventually.GetAsync<object>(
        $"anchor of {size} entries in {target} that is {states}",
        async () =>
        {
            foreach (var anchor in (await GetTargetAsync(target)).GetProperty("anchors").EnumerateArray())
            {
                if (anchor.GetProperty("size").GetInt64() >= size && states.Split(' ').Contains(anchor.GetProperty("state").GetString()))
                {
                    return anchor;
                }
            }
            return null;
        },
        Patience);

    public Task<JsonElement> FinalAsync(long size, string target = "primary") => AnchorAsync(size, "final", target);

    /// <summary>Waits for an alarm, open or over; where it does not come, says what there is instead.</summary>
    public async Task<object> AlarmAsync(string code, bool? open = null, string target = "primary")
    {
        try
        {
            return await FindAlarmAsync(code, open, target);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message} Block {await CallAsync("eth_blockNumber")}; {await GetTargetAsync(target)}", exception);
        }
    }

    private Task<object> FindAlarmAsync(string code, bool? open, string target) => Eventually.GetAsync<object>(
        $"alarm {code} of {target}{(open switch { true => " that is open", false => " that is over", _ => "" })}",
        async () =>
        {
            foreach (var failure in (await GetTargetAsync(target)).GetProperty("failures").EnumerateArray())
            {
                var isOpen = failure.GetProperty("endedAt").ValueKind == JsonValueKind.Null;
                if (failure.GetProperty("code").GetString() == code && (open is null || open == isOpen))
                {
                    return failure;
                }
            }
            return null;
        },
        Patience);

    /// <summary>Waits until the target has no open alarm and nothing under way.</summary>
    public Task RecoveredAsync(string target = "primary") => Eventually.GetAsync(
        $"recovery of {target}", async () => (await GetTargetAsync(target)).GetProperty("state").GetString() == "current" ? "" : null, Patience);

    /// <summary>Every final anchor is in the contract with its root, and no size was paid for twice.</summary>
    public async Task AssertChainAgreesAsync()
    {
        using var chain = new ChainWitness(Anvil.RpcUrl);
        var registry = chain.Registry(Registry);
        foreach (var anchor in (await Server.GetAsync("/log/anchors")).Json.GetProperty("anchors").EnumerateArray().Where(static a => a.GetProperty("state").GetString() == "final"))
        {
            Assert.True(Hash32.TryParseBase64Url(anchor.GetProperty("root").GetString(), out var root));
            Assert.Equal(root, await registry.GetRootAtAsync((ulong)anchor.GetProperty("size").GetInt64(), Evm.Rpc.BlockTag.Latest, Cancellation));
            Assert.True(Hex.TryDecodeHash(System.Text.Encoding.ASCII.GetBytes(anchor.GetProperty("transaction").GetString()!), out var hash));
            var receipt = await chain.Node.GetReceiptAsync(hash, Cancellation);
            Assert.Equal(anchor.GetProperty("blockHash").GetString(), receipt is null ? null : Hex.Encode(receipt.BlockHash));
        }
        var topic = Hex.Encode(Keccak256.Compute("Anchored(uint64,bytes32,address)"u8));
        var events = JsonDocument.Parse((await CallAsync("eth_getLogs", new { address = Registry.ToString(), fromBlock = "0x0", topics = new[] { topic } }))!).RootElement;
        var sizes = events.EnumerateArray().Select(static e => e.GetProperty("topics")[1].GetString()).ToList();
        Assert.Equal(sizes.Distinct(), sizes);
    }

    public async Task<long> ScalarAsync(string sql)
    {
        await using var command = Server.Database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancellation), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Anvil.DisposeAsync();
        await _stack.DisposeAsync();
    }
}
