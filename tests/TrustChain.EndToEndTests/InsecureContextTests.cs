using System.Globalization;
using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>The page over plain http under a name of the network: browsers give it no cryptography there.</summary>
public sealed class InsecureContextTests(TestSite site)
{
    [Theory]
    [InlineData("en", "This browser offers no cryptography to this page, because the address does not begin with https. Nothing was checked.")]
    [InlineData("zh-CN", "由于地址不是 https，浏览器未向本页提供密码学功能，未做任何核验。")]
    public async Task Verify_WithoutSecureContext_SaysThatNothingWasChecked(string language, string sentence)
    {
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language });
        var port = new Uri(site.BaseUrl).Port;
        await visitor.OpenAsync(string.Create(CultureInfo.InvariantCulture, $"http://{TestSite.OtherHost}:{port}{Goods.Tea}"));
        Assert.False(await visitor.Page.EvaluateAsync<bool>("isSecureContext"));

        await visitor.VerifyAsync();

        Assert.StartsWith(sentence, await visitor.ReadResultAsync(), StringComparison.Ordinal);
        Assert.Empty(await visitor.ReadChecksAsync());
        Assert.Empty(visitor.Complaints);
    }
}
