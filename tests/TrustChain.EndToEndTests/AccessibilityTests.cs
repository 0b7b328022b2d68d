using System.Text.Json;
using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>WCAG 2.2, levels A and AA, as far as a program can judge them. The rules are tried wherever a page is looked at.</summary>
public sealed class AccessibilityTests(TestSite site)
{
    private const string Run = """
        async () => {
          const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
          const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
          return {
            rules: found.passes.length,
            violations: found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html} ${n.failureSummary}`)),
          };
        }
        """;

    [Theory]
    [InlineData("/")]
    [InlineData("/status")]
    [InlineData(Goods.Tea)]
    [InlineData(Goods.Recalled)]
    [InlineData(Goods.Unknown)]
    [InlineData(Goods.Mistyped)]
    public async Task Page_At320Pixels_NeedsNoSidewaysScrolling(string path)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Width = 320 });

        await visitor.OpenAsync(path);

        Assert.Equal(0, await visitor.MeasureOverflowAsync());
    }

    [Fact]
    public async Task Verify_ByKeyboardAlone_Answers()
    {
        await using var visitor = await site.WelcomeAsync();
        await visitor.OpenAsync(Goods.Tea);

        for (var presses = 0; presses < 100 && !await visitor.Page.EvaluateAsync<bool>("document.activeElement?.matches('#verify button.action') ?? false"); presses++)
        {
            await visitor.Page.Keyboard.PressAsync("Tab");
        }
        await visitor.Page.Keyboard.PressAsync("Enter");

        await visitor.Page.Locator("#verify-result .result").WaitForAsync();
        Assert.Equal("polite", await visitor.Page.Locator("#verify-result").GetAttributeAsync("aria-live"));
    }

    internal static async Task AssertAccessibleAsync(TestSite site, Visitor visitor)
    {
        await visitor.Page.EvaluateAsync(await site.ReadPackageAsync("axe-core/axe.min.js", TestContext.Current.CancellationToken));
        var found = await visitor.Page.EvaluateAsync<JsonElement>(Run);
        Assert.True(found.GetProperty("rules").GetInt32() > 10, "The checker applied hardly any rule.");
        Assert.Equal([], found.GetProperty("violations").EnumerateArray().Select(static v => v.GetString()));
    }
}
