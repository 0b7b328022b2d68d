using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>What pages may do in a browser: all they need, and nothing that somebody's text brings along.</summary>
public sealed class ContentPolicyTests(TestSite site)
{
    private const string Injected = "<script>window.ran = 1</script><img src=x onerror=\"window.ran = 1\"><style>body{display:none}</style>";

    [Fact]
    public async Task Pages_BreakNoPolicy()
    {
        await using var visitor = await site.WelcomeAsync();
        foreach (var path in (string[])["/", "/anchors", Goods.Tea, Goods.Recalled, "/item?uri=urn:a:b", Goods.Unknown, Goods.Mistyped])
        {
            var status = (await visitor.OpenAsync(path)).Status;
            await visitor.Page.WaitForLoadStateAsync(Microsoft.Playwright.LoadState.NetworkIdle);
            // That a page is not there is an error to the browser too.
            Assert.DoesNotContain(visitor.Complaints, complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal));
            Assert.True(status is 200 or 404, $"{path}: {status}");
        }
        await visitor.OpenAsync(Goods.Tea);
        await visitor.VerifyAsync(); // asks the chain's node
        Assert.DoesNotContain(visitor.Complaints, complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task StoredText_ThatHoldsScript_IsShownAsText()
    {
        await site.Goods.RegisterBatchOfTextAsync("INJECTED", Injected, TestContext.Current.CancellationToken);
        await using var visitor = await site.WelcomeAsync();

        await visitor.OpenAsync("/01/09520123456788/10/INJECTED");

        Assert.Contains(Injected, await visitor.ReadAsync(), StringComparison.Ordinal);
        Assert.False(await visitor.Page.EvaluateAsync<bool>("'ran' in window"));
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task InlineScript_ThatGotIntoAPage_DoesNotRun()
    {
        await using var visitor = await site.WelcomeAsync();
        await visitor.AlterAsync(Goods.Tea, static html => html.Replace("<main id=\"main\">", "<main id=\"main\">" + Injected, StringComparison.Ordinal));

        await visitor.OpenAsync(Goods.Tea);
        await visitor.Page.WaitForLoadStateAsync(Microsoft.Playwright.LoadState.NetworkIdle);

        Assert.False(await visitor.Page.EvaluateAsync<bool>("'ran' in window"));
        Assert.True(await visitor.Page.Locator("h1").IsVisibleAsync());
        Assert.Contains(visitor.Complaints, static complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal));
    }
}
