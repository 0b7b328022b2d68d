using System.Globalization;
using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>Somebody finds a label on a tin, scans it, reads, and checks.</summary>
public sealed class ScanTests(TestSite site)
{
    private const int MaxPageBytes = 100_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Label_ReadFromItsPicture_LeadsToTheItem()
    {
        var address = await ScanAsync(Goods.Tea);

        Assert.Equal(site.BaseUrl + Goods.Tea, address);
        await using var visitor = await site.WelcomeAsync();
        var answer = await visitor.OpenAsync(address);
        Assert.Equal(200, answer.Status);
        Assert.Equal(Goods.Name, (await visitor.Page.Locator("h1").InnerTextAsync()).Trim());
    }

    [Theory]
    [InlineData("en", "Checked", "Journey", "Plucking", "Inspection", "Retail sale", "Third party", "Signed, in the log, anchored")]
    [InlineData("zh-CN", "已核验", "流转过程", "采摘", "检验", "零售", "第三方", "已签名、入日志、公链存证")]
    public async Task ItemPage_OnAPhone_TellsTheWholeStory(string language, params string[] words)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language });

        await visitor.OpenAsync(await ScanAsync(Goods.Tea));

        Assert.Equal(language, await visitor.Page.Locator("html").GetAttributeAsync("lang"));
        Assert.Equal(words[0], await visitor.ReadVerdictAsync());
        var text = await visitor.ReadAsync();
        Assert.All((string[])[Goods.Name, Goods.Origin, Goods.Producer, Goods.Shop, "龙井43 Longjing 43", .. words], word => Assert.Contains(word, text, StringComparison.Ordinal));
        Assert.Equal(4, await visitor.Page.Locator("ol.steps > li").CountAsync());
        Assert.Equal(0, await visitor.MeasureOverflowAsync());
        Assert.Empty(visitor.Complaints);
    }

    [Theory]
    [InlineData("en", "checks that a browser can do passed.", "Passed", "Could not check")]
    [InlineData("zh-CN", "项核验全部通过。", "通过", "无法核验")]
    public async Task Verify_InTheBrowser_PassesEveryCheckItCanDo(string language, string sentence, string passed, string couldNot)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language });
        await visitor.OpenAsync(Goods.Tea);

        await visitor.VerifyAsync();

        Assert.StartsWith($"✓ {passed}", await visitor.ReadResultAsync(), StringComparison.Ordinal);
        Assert.EndsWith(sentence, await visitor.ReadResultAsync(), StringComparison.Ordinal);
        var checks = await visitor.ReadChecksAsync();
        string[] expected = language == "en"
            ? ["Log, chain and contract", "Signature of the log", "Anchor on the public chain", "Entries in the log", "Signing keys", "How the keys came about", "Records", "Signatures of the statements",
                "Content of the steps", "Event hashes", "Keys not revoked", "Records under an anchor", "Certificates, recalls and devices"]
            : ["日志、公链与合约", "日志签名", "公链存证", "条目在日志中", "签名密钥", "密钥的由来", "记录", "陈述的签名", "环节内容", "事件哈希", "密钥未被撤销", "记录已被存证覆盖", "证书、召回与设备"];
        Assert.Equal(expected, checks.Select(static check => check.Name));
        foreach (var check in checks)
        {
            var isHash = check.Name is "Event hashes" or "事件哈希";
            Assert.StartsWith(isHash ? $"? {couldNot}" : $"✓ {passed}", check.Outcomes, StringComparison.Ordinal);
            Assert.DoesNotContain(",", check.Outcomes, StringComparison.Ordinal);
            Assert.Equal(isHash ? ["algorithm-not-available"] : [], check.Codes);
        }
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task ItemPage_UntilTheButtonIsPressed_AsksNobodyElse()
    {
        await using var visitor = await site.WelcomeAsync();

        await visitor.OpenAsync(Goods.Tea);
        await visitor.Page.WaitForLoadStateAsync(Microsoft.Playwright.LoadState.NetworkIdle);

        Assert.All(visitor.Requests, request => Assert.StartsWith(site.BaseUrl + "/", request, StringComparison.Ordinal));
        var before = visitor.Requests.Count;
        await visitor.VerifyAsync();
        var elsewhere = visitor.Requests.Skip(before).Where(request => !request.StartsWith(site.BaseUrl + "/", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(elsewhere);
        Assert.All(elsewhere, request => Assert.Equal(site.RpcUrl, request.TrimEnd('/')));
    }

    [Fact]
    public async Task Verify_ChainNodeDown_SaysCouldNotCheckAndNotFailed()
    {
        await using var visitor = await site.WelcomeAsync();
        await visitor.CutOffAsync(site.RpcUrl);
        await visitor.OpenAsync(Goods.Tea);

        await visitor.VerifyAsync();

        Assert.StartsWith("? Could not check", await visitor.ReadResultAsync(), StringComparison.Ordinal);
        var anchor = Assert.Single(await visitor.ReadChecksAsync(), static check => check.Name == "Anchor on the public chain");
        Assert.Equal("? Could not check", anchor.Outcomes);
        Assert.Equal(["chain-unreachable"], anchor.Codes);
    }

    [Fact]
    public async Task ItemPage_WithAllThatVerificationLoads_StaysLight()
    {
        await using var visitor = await site.WelcomeAsync();
        var weight = await visitor.WeighAsync();

        await visitor.OpenAsync(Goods.Tea);
        await visitor.VerifyAsync();

        Assert.True(weight.Count >= 5, $"Only {weight.Count} files were weighed.");
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{weight.Count} files, {weight.Bytes} bytes"));
        Assert.True(weight.Bytes < MaxPageBytes, string.Create(CultureInfo.InvariantCulture, $"The page takes {weight.Bytes} bytes on the wire; at most {MaxPageBytes} are allowed."));
    }

    [Theory]
    [InlineData("en", "Checked", "This button needs JavaScript")]
    [InlineData("zh-CN", "已核验", "此按钮需要 JavaScript")]
    public async Task ItemPage_WithoutScript_TellsTheSameAndSaysWhatNeedsIt(string language, string verdict, string notice)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language, Script = false });

        await visitor.OpenAsync(Goods.Tea);

        var text = await visitor.ReadAsync();
        Assert.All((string[])[Goods.Name, Goods.Origin, Goods.Shop, verdict, notice], word => Assert.Contains(word, text, StringComparison.Ordinal));
        Assert.Equal(4, await visitor.Page.Locator("ol.steps > li").CountAsync());
        Assert.True(await visitor.Page.Locator("#verify button.action").IsDisabledAsync());
        await visitor.Page.Locator("nav a", new() { HasTextString = language == "en" ? "中文" : "English" }).First.ClickAsync();
        Assert.Equal(language == "en" ? "zh-CN" : "en", await visitor.Page.Locator("html").GetAttributeAsync("lang"));
    }

    [Fact]
    public async Task RecalledItem_Scanned_SaysSoFirst()
    {
        await using var visitor = await site.WelcomeAsync();

        await visitor.OpenAsync(await ScanAsync(Goods.Recalled));

        Assert.Equal("Recalled", await visitor.ReadVerdictAsync());
        Assert.Contains("农药残留超标 Pesticide residues above the limit", await visitor.Page.Locator(".answer").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", "Not registered")]
    [InlineData("zh-CN", "未登记")]
    public async Task UnknownItem_Scanned_IsCalledNotRegistered(string language, string word)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language });

        var answer = await visitor.OpenAsync(Goods.Unknown);

        Assert.Equal(404, answer.Status);
        Assert.Equal(word, await visitor.ReadVerdictAsync());
    }

    [Theory]
    [InlineData("en", "The code as we read it")]
    [InlineData("zh-CN", "我们读到的编码")]
    public async Task MistypedItem_Opened_IsShownAsReadAndNotRegistered(string language, string heading)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language });

        var answer = await visitor.OpenAsync(Goods.Mistyped);

        Assert.Equal(404, answer.Status);
        Assert.Equal(heading, (await visitor.Page.Locator("h1").InnerTextAsync()).Trim());
        Assert.Equal(1, await visitor.Page.Locator(".note.warning").CountAsync());
    }

    private async Task<string> ScanAsync(string path)
    {
        using var client = new HttpClient { BaseAddress = new Uri(site.BaseUrl) };
        var png = await client.GetByteArrayAsync($"/api/qr?uri={Uri.EscapeDataString("https://id.gs1.org" + path)}&format=png", Cancellation);
        return await QrReader.ReadAsync(site, png, Cancellation) ?? throw new InvalidOperationException("The picture holds no QR code that can be read.");
    }
}
