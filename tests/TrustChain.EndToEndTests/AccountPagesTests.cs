using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>Somebody follows an invitation, adds a passkey, signs out, and comes back with the passkey alone.</summary>
public sealed class AccountPagesTests(TestSite site)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // WebAuthn takes a name, not an address in figures.
    private string Address => site.BaseUrl.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    [Theory]
    [InlineData("en", 390, false, "Sign in with a passkey", "What was done")]
    [InlineData("zh-CN", 1280, true, "使用通行密钥登录", "操作记录")]
    public async Task Member_JoinsAddsAPasskeyAndComesBackWithIt(string language, int width, bool dark, string signIn, string audit)
    {
        var link = (await InviteAsync()).Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language, Width = width, Dark = dark });
        var page = visitor.Page;
        await GiveAuthenticatorAsync(page);

        await visitor.OpenAsync(link);
        await LookAsync(visitor, $"join-{language}-{width}");
        await page.FillAsync("#name", "王芳");
        await page.FillAsync("#login", $"fang-{Guid.NewGuid():N}");
        await page.FillAsync("#password", "correct horse battery");
        await visitor.PressAsync("main button[type=submit]", "**/account*");
        await page.FillAsync("#passkeyName", "Phone");
        await visitor.PressAsync("[data-passkey=create]", "**done=passkey*");
        Assert.Contains("Phone", await visitor.ReadAsync(), StringComparison.Ordinal);
        await LookAsync(visitor, $"account-{language}-{width}");

        await page.FillAsync("#newPassword", "another correct horse");
        await visitor.PressAsync("form[action^='/account/password/passkey'] [data-passkey=request]", "**done=password*");

        await visitor.OpenAsync(Address + "/account/confirm?returnUrl=/account/members");
        await LookAsync(visitor, $"confirm-{language}-{width}");
        await visitor.PressAsync("form[action^='/account/confirm/passkey'] [data-passkey=request]", "**/account/members?done=confirmed*");

        foreach (var path in (string[])["members", "api-keys", "audit", "codes"])
        {
            await visitor.OpenAsync($"{Address}/account/{path}");
            await LookAsync(visitor, $"{path}-{language}-{width}");
        }
        await visitor.OpenAsync(Address + "/account");
        await visitor.PressAsync("form[action^='/account/sign-out?'] button", "**/account/sign-in*");
        await LookAsync(visitor, $"sign-in-{language}-{width}");
        await visitor.PressAsync($"role=button[name='{signIn}']", "**/account?lang=*");

        await page.GetByRole(AriaRole.Link, new() { Name = audit, Exact = true }).ClickAsync();
        Assert.Contains("passkey-added", await visitor.ReadAsync() + await SignedActsAsync(), StringComparison.Ordinal);
        Assert.Empty(visitor.Complaints);
    }

    /// <summary>The deployment's admin is led to a second factor, and after signing in by the password alone shows the passkey before anything opens.</summary>
    [Theory]
    [InlineData("en", 390, true, "Confirm with a passkey", "What was done on this service")]
    [InlineData("zh-CN", 1280, false, "用通行密钥确认", "本平台的全部操作记录")]
    public async Task DeploymentAdmin_IsLedToASecondFactor_AndShowsItAfterAPasswordAlone(string language, int width, bool dark, string confirm, string everything)
    {
        var link = (await InviteAsync("operator", "admin")).Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language, Width = width, Dark = dark });
        var (page, login) = (visitor.Page, $"admin-{Guid.NewGuid():N}");
        await GiveAuthenticatorAsync(page);

        await visitor.OpenAsync(link);
        await page.FillAsync("#name", "王芳");
        await page.FillAsync("#login", login);
        await page.FillAsync("#password", "correct horse battery");
        await visitor.PressAsync("main button[type=submit]", "**/account/second-factor*");
        await LookAsync(visitor, $"second-factor-{language}-{width}");
        await page.FillAsync("#passkeyName", "Phone");
        await visitor.PressAsync("[data-passkey=create]", "**/account?done=passkey*");
        Assert.Contains(everything, await visitor.ReadAsync(), StringComparison.Ordinal);

        await visitor.PressAsync("form[action^='/account/sign-out?'] button", "**/account/sign-in*");
        await page.FillAsync("#login", login);
        await page.FillAsync("#password", "correct horse battery");
        await visitor.PressAsync("main form[action^='/account/sign-in'] button[type=submit]", "**/account/second-factor*");
        await LookAsync(visitor, $"second-factor-shown-{language}-{width}");
        await visitor.OpenAsync(Address + "/account/codes"); // Another way in is not set up by who knows the password alone.
        Assert.EndsWith("/account/second-factor", new Uri(page.Url).AbsolutePath, StringComparison.Ordinal);
        await visitor.PressAsync($"role=button[name='{confirm}']", "**/account?done=confirmed*");
        await visitor.OpenAsync(Address + "/account/audit?all=true");
        Assert.EndsWith("/account/audit", new Uri(page.Url).AbsolutePath, StringComparison.Ordinal);
        Assert.Empty(visitor.Complaints);
    }

    /// <summary>An authenticator that knows its person and answers by itself.</summary>
    private static async Task GiveAuthenticatorAsync(IPage page)
    {
        var session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("WebAuthn.enable");
        await session.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2",
                ["transport"] = "internal",
                ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
    }

    private async Task LookAsync(Visitor visitor, string name)
    {
        await ScreenshotTests.TakeAsync(visitor, "account-" + name);
        Assert.Equal(0, await visitor.MeasureOverflowAsync());
        await AccessibilityTests.AssertAccessibleAsync(site, visitor);
    }

    private async Task<string> SignedActsAsync()
    {
        using var client = NewClient();
        return await client.GetStringAsync(new Uri("/api/audit", UriKind.Relative), Cancellation);
    }

    /// <summary>The operator's admin adds an organisation and invites its first admin.</summary>
    private async Task<string> InviteAsync()
    {
        using var client = NewClient();
        var id = $"members-{Guid.NewGuid():N}"[..20];
        using var added = await client.PostAsJsonAsync("/api/organisations", new { id, name = "West Lake Garden 西湖茶园", roles = new[] { "producer" } }, Cancellation);
        added.EnsureSuccessStatusCode();
        return await InviteAsync(id, "admin");
    }

    private async Task<string> InviteAsync(string organisation, string role)
    {
        using var client = NewClient();
        using var invited = await client.PostAsJsonAsync($"/api/organisations/{organisation}/invitations", new { note = "王芳", role }, Cancellation);
        invited.EnsureSuccessStatusCode();
        using var json = await invited.Content.ReadFromJsonAsync<JsonDocument>(Cancellation);
        return json!.RootElement.GetProperty("link").GetString()!; // A created invitation has one.
    }

    private HttpClient NewClient() => new() { BaseAddress = new Uri(site.BaseUrl), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", site.AdminKey) } };
}
