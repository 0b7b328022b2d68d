using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>
/// Every page at the widths of a phone and of a desk. The pictures are for people to look at: they are written where the environment variable
/// <c>TRUSTCHAIN_SCREENSHOTS</c> names a folder. In either case the page must fit its window and break no rule of accessibility.
/// </summary>
public sealed class ScreenshotTests(TestSite site)
{
    internal static readonly string? Folder = Environment.GetEnvironmentVariable("TRUSTCHAIN_SCREENSHOTS");

    public static TheoryData<string, string, string, int> Pages()
    {
        var pages = new TheoryData<string, string, string, int>();
        foreach (var (name, path) in ((string, string)[])[("home", "/"), ("anchors", "/anchors"), ("status", "/status"), ("tea", Goods.Tea), ("recalled", Goods.Recalled), ("unknown", Goods.Unknown), ("mistyped", Goods.Mistyped)])
        {
            foreach (var language in (string[])["en", "zh-CN"])
            {
                pages.Add(name, path, language, 390);
                pages.Add(name, path, language, 1280);
            }
        }
        return pages;
    }

    /// <summary>A desk at night, a phone by day: each language in either scheme.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Page_AtEitherWidth_FitsTheWindowAndHasNoViolation(string name, string path, string language, int width)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language, Width = width, Dark = width == 1280 });
        await visitor.OpenAsync(path);
        await TakeAsync(visitor, $"{name}-{language}-{width}");
        Assert.Equal(0, await visitor.MeasureOverflowAsync());
        if (path == Goods.Tea)
        {
            await visitor.VerifyAsync();
        }
        await visitor.Page.EvaluateAsync("for (const folded of document.querySelectorAll('details')) { folded.open = true; }");
        if (path == Goods.Tea)
        {
            await TakeAsync(visitor, $"{name}-verified-{language}-{width}");
            Assert.Equal(0, await visitor.MeasureOverflowAsync());
        }
        await AccessibilityTests.AssertAccessibleAsync(site, visitor);
    }

    /// <summary>Writes a picture of the whole page, or of one part of it, if pictures are wanted.</summary>
    internal static async Task TakeAsync(Visitor visitor, string name, string? part = null)
    {
        if (Folder is null)
        {
            return;
        }
        var path = Path.Combine(Folder, name + ".png");
        if (part is null)
        {
            await visitor.Page.ScreenshotAsync(new() { FullPage = true, Path = path });
        }
        else
        {
            await visitor.Page.Locator(part).ScreenshotAsync(new() { Path = path });
        }
    }

    [Fact]
    public async Task Page_InTheDark_FitsTheWindow()
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = "zh-CN", Dark = true });
        await visitor.OpenAsync(Goods.Tea);
        await TakeAsync(visitor, "tea-dark-zh-CN-390");
        Assert.Equal(0, await visitor.MeasureOverflowAsync());
    }

    [Theory]
    [InlineData("en", 390)]
    [InlineData("en", 1280)]
    [InlineData("zh-CN", 390)]
    [InlineData("zh-CN", 1280)]
    public async Task DemoTin_AtEitherWidth_FitsTheWindow(string language, int width)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language, Width = width });
        await visitor.OpenAsync(site.TinAddress);
        await TakeAsync(visitor, $"tin-{language}-{width}");
        Assert.Equal(0, await visitor.MeasureOverflowAsync());
    }

    [Fact]
    public async Task Page_OnPaper_FitsTheSheet()
    {
        const int sheetWidth = 794; // A4 at 96 pixels an inch
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = "zh-CN", Width = sheetWidth });
        await visitor.OpenAsync(Goods.Tea);
        await visitor.Page.EmulateMediaAsync(new() { Media = Microsoft.Playwright.Media.Print });
        await TakeAsync(visitor, "tea-print-zh-CN");
        Assert.Equal(0, await visitor.MeasureOverflowAsync());
    }

    [Theory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Verification_FailedOrUnable_FitsTheWindow(string language)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language });
        await visitor.CutOffAsync(site.RpcUrl);
        await visitor.OpenAsync(Goods.Tea);
        await visitor.VerifyAsync();
        await TakeAsync(visitor, $"tea-node-down-{language}-390", "#verify");
        Assert.Equal(0, await visitor.MeasureOverflowAsync());

        await visitor.AlterAsync("/evidence", static text => text.Replace("Tea Cooperative", "Tea Corporation", StringComparison.Ordinal));
        await visitor.OpenAsync(Goods.Tea);
        await visitor.VerifyAsync();
        await TakeAsync(visitor, $"tea-altered-{language}-390", "#verify");
        Assert.Equal(0, await visitor.MeasureOverflowAsync());
    }
}
