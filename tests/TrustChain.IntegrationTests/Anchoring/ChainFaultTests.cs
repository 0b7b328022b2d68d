using System.Text.Json;
using TrustChain.Evm.Transactions;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>What a chain can do to a server that anchors in it, one after the other on one chain; each ends with everything anchored and no alarm open.</summary>
public sealed class ChainFaultTests(ChainFaultTests.Fixture fixture) : IClassFixture<ChainFaultTests.Fixture>
{
    private ChainStage Stage => fixture.Stage;

    [Fact]
    public async Task Stuck_IsReplacedByDearerOnes_AndWhicheverIsMinedCounts()
    {
        await Stage.LogAndAnchorAsync();
        await Stage.StopMiningAsync();
        var size = await Stage.LogAsync();
        var sent = await Stage.AnchorAsync(size, "sent");
        await Eventually.GetAsync("second replacement", async () => await TransactionsOfAsync(size) >= 3 ? "" : null, TimeSpan.FromMinutes(2));
        Assert.Equal(1, await Stage.ScalarAsync($"select count(distinct nonce) from anchor where size = {size}"));
        Assert.Equal(1, await Stage.ScalarAsync($"select count(*) from anchor where size = {size}"));
        await Stage.MineEverySecondAsync();

        var final = await Stage.FinalAsync(size);

        Assert.NotEqual(sent.GetProperty("transaction").GetString(), final.GetProperty("transaction").GetString());
        Assert.Equal(1, await Stage.ScalarAsync($"select count(*) from anchor_transaction t join anchor a on a.id = t.anchor_id where a.size = {size} and t.gas_used is not null"));
        await Stage.RecoveredAsync();
        await Stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task Dropped_IsSentAgain()
    {
        await Stage.LogAndAnchorAsync();
        await Stage.StopMiningAsync();
        var size = await Stage.LogAsync();
        var sent = await Stage.AnchorAsync(size, "sent");
        await Stage.CallAsync("anvil_dropTransaction", sent.GetProperty("transaction").GetString()!);
        await Stage.MineEverySecondAsync();

        await Stage.FinalAsync(size);

        await Stage.RecoveredAsync();
        await Stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task PriceSpike_IsWaitedOutWithAnAlarm()
    {
        await Stage.LogAndAnchorAsync();
        await Stage.StopMiningAsync();
        await Stage.CallAsync("anvil_setNextBlockBaseFeePerGas", "0x4a817c8000"); // 320 gwei; the ceiling is 100
        await Stage.CallAsync("anvil_mine", 1);
        var size = await Stage.LogAsync();
        await Stage.AlarmAsync("fee-ceiling", open: true);
        Assert.Equal(0, await Stage.ScalarAsync($"select count(*) from anchor where size >= {size}"));
        await Stage.CallAsync("anvil_setNextBlockBaseFeePerGas", "0x3b9aca00");
        await Stage.MineEverySecondAsync();

        await Stage.FinalAsync(size);

        await Stage.AlarmAsync("fee-ceiling", open: false);
        await Stage.RecoveredAsync();
        await Stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task PriceSpikeWhileWaiting_RaisesTheFee()
    {
        await Stage.LogAndAnchorAsync();
        await Stage.StopMiningAsync();
        var size = await Stage.LogAsync();
        await Stage.AnchorAsync(size, "sent");
        await Stage.CallAsync("anvil_setNextBlockBaseFeePerGas", "0x9502f9000"); // 40 gwei: above what the transaction pays, below the ceiling
        await Stage.CallAsync("anvil_mine", 1);
        await Eventually.GetAsync("dearer transaction", async () => await TransactionsOfAsync(size) >= 2 ? "" : null, TimeSpan.FromMinutes(2));
        await Stage.MineEverySecondAsync();

        await Stage.FinalAsync(size);

        await Stage.RecoveredAsync();
        await Stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task OutOfFunds_IsWaitedOutWithAnAlarm()
    {
        var publisher = Stage.Server.Keys.Publisher.Address.ToString();
        await Stage.LogAndAnchorAsync();
        await Stage.CallAsync("anvil_setBalance", publisher, "0x0");
        var size = await Stage.LogAsync();
        await Stage.AlarmAsync("out-of-funds", open: true);
        Assert.Contains("out-of-funds", (await Stage.Server.GetAsync("/metrics")).Body, StringComparison.Ordinal);
        await Stage.CallAsync("anvil_setBalance", publisher, "0x3635c9adc5dea00000");

        await Stage.FinalAsync(size);

        await Stage.AlarmAsync("out-of-funds", open: false);
        await Stage.RecoveredAsync();
        await Stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task AnotherChainId_StopsAnchoringUntilItIsRightAgain()
    {
        await Stage.LogAndAnchorAsync();
        await Stage.CallAsync("anvil_setChainId", 999);
        var size = await Stage.LogAsync();
        await Stage.AlarmAsync("wrong-chain", open: true);
        Assert.Equal(0, await Stage.ScalarAsync($"select count(*) from anchor where size >= {size}"));
        await Stage.CallAsync("anvil_setChainId", 31337);

        await Stage.FinalAsync(size);

        await Stage.AlarmAsync("wrong-chain", open: false);
        await Stage.RecoveredAsync();
        await Stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task ChainGoneBackBehindFinalAnchors_AnchorsAnew()
    {
        await Stage.LogAndAnchorAsync();
        var snapshot = await Stage.CallAsync("evm_snapshot");
        await Stage.LogAndAnchorAsync();
        var size = await Stage.LogAndAnchorAsync();
        var before = await AlarmsAsync("deep-reorg");
        Assert.Equal("True", await Stage.CallAsync("evm_revert", snapshot!));

        await Eventually.GetAsync("alarm deep-reorg", async () => await AlarmsAsync("deep-reorg") > before ? "" : null, TimeSpan.FromMinutes(2));
        await Stage.FinalAsync(size);

        await Stage.AlarmAsync("deep-reorg", open: false);
        await Stage.RecoveredAsync();
        await Stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task ReorganisationDeeperThanTheDepth_AnchorsAnew()
    {
        await Stage.LogAndAnchorAsync();
        var size = await Stage.LogAndAnchorAsync();
        var block = (await Stage.FinalAsync(size)).GetProperty("block").GetInt64();
        var head = Convert.ToInt64(await Stage.CallAsync("eth_blockNumber"), 16);
        var before = await AlarmsAsync("deep-reorg");
        await Stage.CallAsync("anvil_reorg", head - block + 1, Array.Empty<object>());
        await Eventually.GetAsync("alarm deep-reorg", async () => await AlarmsAsync("deep-reorg") > before ? "" : null, TimeSpan.FromMinutes(2));

        var final = await Eventually.GetAsync<object>(
            "anchor in a block of the new fork",
            async () => await Stage.FinalAsync(size) is var anchor && await HashAtAsync(anchor.GetProperty("block").GetInt64()) == anchor.GetProperty("blockHash").GetString() ? anchor : null,
            TimeSpan.FromMinutes(2));

        Assert.NotNull(final);
        await Stage.RecoveredAsync();
        await Stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task NonceTakenBySomebodyElse_RaisesAnAlarm_AndTheEntriesAreAnchoredAnew()
    {
        await Stage.LogAndAnchorAsync();
        await Stage.StopMiningAsync();
        var size = await Stage.LogAsync();
        await Stage.AnchorAsync(size, "sent");
        var nonce = await Stage.ScalarAsync($"select nonce from anchor where size = {size}");
        using (var chain = new ChainWitness(Stage.Anvil.RpcUrl))
        {
            var other = new Eip1559Transaction
            {
                ChainId = 31337,
                Nonce = (ulong)nonce,
                MaxFeePerGas = 900_000_000_000,
                MaxPriorityFeePerGas = 800_000_000_000,
                GasLimit = 21_000,
                To = Stage.Server.Keys.Publisher.Address,
            };
            await chain.Node.SendRawTransactionAsync(other.Sign(Stage.Server.Keys.Publisher).Raw, TestContext.Current.CancellationToken);
        }
        await Stage.MineEverySecondAsync();

        await Stage.AlarmAsync("nonce-taken");
        await Stage.FinalAsync(size);

        await Stage.AlarmAsync("nonce-taken", open: false);
        await Stage.RecoveredAsync();
        await Stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task ChainAwayForAWhile_RaisesAnAlarm_AndCatchesUp()
    {
        await Stage.LogAndAnchorAsync();
        long size = 0;
        await Stage.RestartChainAsync(async () =>
        {
            size = await Stage.LogAsync();
            await Stage.AlarmAsync("chain-away", open: true);
            await Stage.AlarmAsync("late", open: true);
        });

        await Stage.FinalAsync(size);

        await Stage.AlarmAsync("chain-away", open: false);
        await Stage.AlarmAsync("late", open: false);
        await Stage.RecoveredAsync();
        await Stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task NothingNew_NoTransaction()
    {
        await Stage.LogAndAnchorAsync();
        await Stage.RecoveredAsync();
        var before = await Stage.ScalarAsync("select count(*) from anchor_transaction");
        var head = Convert.ToInt64(await Stage.CallAsync("eth_blockNumber"), 16);
        await Eventually.GetAsync("ten more blocks", async () => Convert.ToInt64(await Stage.CallAsync("eth_blockNumber"), 16) >= head + 10 ? "" : null, TimeSpan.FromMinutes(2));
        Assert.Equal(before, await Stage.ScalarAsync("select count(*) from anchor_transaction"));
    }

    private Task<long> AlarmsAsync(string code) => Stage.ScalarAsync($"select count(*) from anchor_failure where code = '{code}'");

    private Task<long> TransactionsOfAsync(long size) =>
        Stage.ScalarAsync($"select count(*) from anchor_transaction t join anchor a on a.id = t.anchor_id where a.size = {size}");

    private async Task<string?> HashAtAsync(long block)
    {
        var json = await Stage.CallAsync("eth_getBlockByNumber", "0x" + block.ToString("x"), false);
        return json is null or "" ? null : JsonDocument.Parse(json).RootElement.GetProperty("hash").GetString();
    }

    /// <summary>One chain and server for all; settings short, so that nothing has to wait for minutes.</summary>
    public sealed class Fixture(SharedStack stack) : IAsyncLifetime
    {
        private ChainStage? _stage;

        internal ChainStage Stage => _stage ?? throw new InvalidOperationException("The stage has not started.");

        public async ValueTask InitializeAsync() => _stage = await ChainStage.StartAsync(stack.Postgres, new Dictionary<string, string?>
        {
            ["Anchoring__ReplaceAfter"] = "00:00:02",
            ["Anchoring__LateAfter"] = "00:00:03",
            ["Anchoring__MaxFeeGwei"] = "100",
        });

        public async ValueTask DisposeAsync()
        {
            if (_stage is not null)
            {
                await _stage.DisposeAsync();
            }
        }
    }
}
