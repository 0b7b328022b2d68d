using System.Diagnostics;
using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>Somebody scans a label minutes after the batch was registered, and again when its anchor is final.</summary>
public sealed class FreshBatchTests(TestSite site)
{
    private const string Lot = "FRESH";
    private static readonly TimeSpan AnchorTimeout = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItemPage_BeforeAndAfterTheAnchor_SaysWhichAndTheButtonAgrees()
    {
        var path = $"/01/09520123456788/10/{Lot}";
        await using var visitor = await site.WelcomeAsync();
        await using (await site.HaltChainAsync(Cancellation))
        {
            await site.Goods.RegisterBatchAsync(Lot, Cancellation);

            await visitor.OpenAsync(path);

            Assert.Equal("Recorded", await visitor.ReadVerdictAsync());
            await visitor.VerifyAsync();
            await ScreenshotTests.TakeAsync(visitor, "fresh-en-390");
            Assert.StartsWith("? Could not check", await visitor.ReadResultAsync(), StringComparison.Ordinal);
            var checks = await visitor.ReadChecksAsync();
            var anchored = Assert.Single(checks, static check => check.Name == "Records under an anchor");
            Assert.Equal(["anchor-pending"], anchored.Codes);
            Assert.DoesNotContain(checks, static check => check.Outcomes.Contains("Failed", StringComparison.Ordinal));
        }

        await OpenUntilAsync(visitor, path, "Checked");
        await visitor.VerifyAsync();
        Assert.StartsWith("✓ Passed", await visitor.ReadResultAsync(), StringComparison.Ordinal);
    }

    private static async Task OpenUntilAsync(Visitor visitor, string path, string verdict)
    {
        var clock = Stopwatch.StartNew();
        do
        {
            Assert.True(clock.Elapsed < AnchorTimeout, $"{path} did not become \"{verdict}\" within {AnchorTimeout.TotalSeconds} s: {await visitor.ReadVerdictAsync()}.");
            await Task.Delay(300, Cancellation);
            await visitor.OpenAsync(path);
        }
        while (await visitor.ReadVerdictAsync() != verdict);
    }
}
