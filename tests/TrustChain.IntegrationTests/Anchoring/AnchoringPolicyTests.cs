using System.Numerics;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>What the operator sets: when an anchor is final, what may be spent, how late it may be, and several servers at once.</summary>
public sealed class AnchoringPolicyTests(SharedStack stack)
{
    [Fact]
    public async Task FinalityByTag_WaitsForTheFinalizedBlock()
    {
        await using var stage = await ChainStage.StartAsync(stack.Postgres, new Dictionary<string, string?> { ["Anchoring__Finality"] = "finalized" });
        var size = await stage.LogAsync();
        var mined = await stage.AnchorAsync(size, "mined final");
        // An epoch has 32 blocks here and two must be on top; depth alone (1 in these tests) would have been enough at once.
        Assert.Equal("mined", mined.GetProperty("state").GetString());
        await stage.CallAsync("anvil_mine", 70);

        var final = await stage.FinalAsync(size);

        var finalized = System.Text.Json.JsonDocument.Parse((await stage.CallAsync("eth_getBlockByNumber", "finalized", false))!).RootElement.GetProperty("number").GetString();
        Assert.True(final.GetProperty("block").GetInt64() <= Convert.ToInt64(finalized, 16));
    }

    [Fact]
    public async Task SpendingCeiling_StopsForTheDay_WithAnAlarm()
    {
        // An anchor costs some 50,000 gas at one to two gwei, and reserves more: a few go into this.
        await using var stage = await ChainStage.StartAsync(stack.Postgres, new Dictionary<string, string?> { ["Anchoring__MaxSpendPerDay"] = "0.0003" });
        for (var i = 0; i < 20 && !await IsOpenAsync(stage); i++)
        {
            var next = await stage.LogAsync();
            await Eventually.GetAsync("anchor or alarm", async () => await IsOpenAsync(stage) || await IsFinalAsync(stage, next) ? "" : null, TimeSpan.FromMinutes(2));
        }
        await stage.AlarmAsync("spending-ceiling", open: true);
        var size = await stage.LogAsync();
        var target = await stage.GetTargetAsync();
        Assert.True(BigInteger.Parse(target.GetProperty("spentToday").GetString()!) <= BigInteger.Parse(target.GetProperty("maxSpendPerDay").GetString()!));
        Assert.False(await IsFinalAsync(stage, size));

        // The next day, in so far as what was spent is yesterday's.
        await stage.ScalarAsync("with moved as (update anchor_transaction set block_time = block_time - interval '1 day' returning 1) select count(*) from moved");
        await stage.FinalAsync(size);
        await stage.AlarmAsync("spending-ceiling", open: false);
    }

    private static async Task<bool> IsOpenAsync(ChainStage stage) =>
        await stage.ScalarAsync("select count(*) from anchor_failure where code = 'spending-ceiling' and ended_at is null") > 0;

    private static async Task<bool> IsFinalAsync(ChainStage stage, long size) => await stage.ScalarAsync($"select count(*) from anchor where state = 'final' and size >= {size}") > 0;

    [Fact]
    public async Task Latency_GathersWhatComesSlowly_AndStillAnchorsInTime()
    {
        await using var stage = await ChainStage.StartAsync(stack.Postgres, new Dictionary<string, string?> { ["Anchoring__Latency"] = "00:00:20" });
        var size = await stage.LogAndAnchorAsync();
        var before = await stage.ScalarAsync("select count(*) from anchor");
        size = await stage.LogAsync();
        await stage.FinalAsync(size);
        var waited = await stage.ScalarAsync("""
            select extract(epoch from a.prepared_at - (select min(signed_at) from checkpoint c where c.size > (select max(size) from anchor b where b.id < a.id))) * 1000
            from anchor a order by id desc limit 1
            """);
        Assert.Equal(before + 1, await stage.ScalarAsync("select count(*) from anchor"));
        Assert.True(waited >= 3_000, $"It was anchored after {waited} ms."); // Not at once, though the interval is a second; by when at the latest is for AnchorPaceTests.
    }

    [Fact]
    public async Task TwoServers_TakeTurns_AndNoNonceIsUsedTwice()
    {
        await using var stage = await ChainStage.StartAsync(stack.Postgres);
        await using var twin = await stage.Server.StartTwinAsync();
        long size = 0;
        for (var i = 0; i < 4; i++)
        {
            size = await stage.LogAndAnchorAsync();
        }
        Assert.Equal(0, await stage.ScalarAsync("select count(*) - count(distinct nonce) from anchor where state <> 'superseded'"));
        Assert.Equal(0, await stage.ScalarAsync("select count(*) - count(distinct size) from anchor"));
        await stage.RecoveredAsync();
        await stage.AssertChainAgreesAsync();
    }
}
