using System.Globalization;
using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>Somebody starts the devnet and follows the address it prints: a tin of tea, back to the leaf.</summary>
public sealed class DemoTests(TestSite site)
{
    private const int MaxPageBytes = 100_000;

    [Theory]
    [InlineData("en", "Plucking", "Withering", "Fixing", "Rolling", "Drying", "Inspection", "Packing", "Shipping", "Receiving", "Retail sale")]
    [InlineData("zh-CN", "采摘", "萎凋", "杀青", "揉捻", "干燥", "检验", "包装", "发货", "收货", "零售")]
    public async Task Tin_Scanned_TellsItsWayFromTheLeaf(string language, params string[] steps)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language });

        await visitor.OpenAsync(site.TinAddress);

        Assert.Equal(language == "en" ? "Checked" : "已核验", await visitor.ReadVerdictAsync());
        Assert.Contains("云雾山明前绿茶", await visitor.Page.Locator("h1").InnerTextAsync(), StringComparison.Ordinal);
        var titles = string.Join('\n', await visitor.Page.Locator("ol.steps > li > h3").AllInnerTextsAsync());
        Assert.All(steps, step => Assert.Contains(step, titles, StringComparison.Ordinal));
        Assert.Contains("云雾县云雾山", await visitor.ReadAsync(), StringComparison.Ordinal);
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Tin_VerifiedInTheBrowser_PassesEveryCheckItCanDo()
    {
        await using var visitor = await site.WelcomeAsync();
        await visitor.OpenAsync(site.TinAddress);

        await visitor.VerifyAsync();

        Assert.StartsWith("✓ Passed", await visitor.ReadResultAsync(), StringComparison.Ordinal);
        Assert.All(
            await visitor.ReadChecksAsync(),
            static check => Assert.StartsWith(check.Name == "Event hashes" ? "? Could not check" : "✓ Passed", check.Outcomes, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tin_PageWithItsStyleAndScripts_StaysLight()
    {
        await using var visitor = await site.WelcomeAsync();
        var weight = await visitor.WeighAsync();

        await visitor.OpenAsync(site.TinAddress);
        await visitor.Page.WaitForLoadStateAsync(Microsoft.Playwright.LoadState.NetworkIdle);

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{weight.Count} files, {weight.Bytes} bytes"));
        Assert.True(weight.Count >= 3, $"Only {weight.Count} files were weighed.");
        Assert.True(weight.Bytes < MaxPageBytes, string.Create(CultureInfo.InvariantCulture, $"The page takes {weight.Bytes} bytes on the wire; at most {MaxPageBytes} are allowed."));
    }
}
