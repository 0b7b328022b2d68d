using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Accounts;
using TrustChain.IntegrationTests.Devices;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Telemetry;

/// <summary>What people and programs show who they are with is in no span, no metric and no line of the log: right or wrong, typed, shown once or carried in a cookie.</summary>
[Collection(TelemetryServer.Name)]
public sealed partial class SignInSecretTests(TelemetryFixture fixture)
{
    private const string Password = "plucked correct horse";
    private const string NewPassword = "another plucked horse";
    private const string WrongPassword = "mistyped correct horse";
    private const string SignatureToken = "token-of-the-hook-that-signs-0001";

    private static readonly string[] Spans =
    [
        "POST /account/join", "POST /account/codes", "POST /account/sign-out", "POST /account/sign-in", "POST /account/sign-in/code", "POST /account/confirm", "POST /account/api-keys", "POST /account/password",
        "GET /account/join", "DELETE /api/organisations/{id}/api-keys", "POST /api/organisations/{id}/invitations", "POST /api/devices", "GET /api/devices/claim/{code}", "POST /api/devices/claim", "POST /api/device-alarms/hooks",
    ];

    private readonly List<string> _secrets = [Password, NewPassword, WrongPassword, SignatureToken];
    private readonly List<string> _codes = [];

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task SecretsOfSigningIn_AreInNoSpanAndNoLine()
    {
        using var browser = new Browser(Server.BaseUrl);
        await SignInAsync(browser);
        await ConfirmAndChangeAsync(browser);
        await UseKeysAsync(browser);
        await ClaimAsync();

        foreach (var span in Spans)
        {
            // A string of protobuf has its length before it.
            await Eventually.TrueAsync($"span {span}", () => Task.FromResult(Has(span) || Has(span + "/")));
        }
        await Eventually.TrueAsync("metrics of the route", () => Task.FromResult(fixture.Collector.Has("/v1/metrics", "/api/device-alarms/hooks")));
        var log = await File.ReadAllTextAsync(Server.LogFile, TestContext.Current.CancellationToken);
        Assert.Contains("/account", string.Concat(fixture.Collector.Received.Select(static r => Encoding.Latin1.GetString(r.Body))), StringComparison.Ordinal);
        Assert.True(_secrets.Count > 20 && _secrets.TrueForAll(static s => s.Length > 8) && _codes.TrueForAll(static c => c.Length == 6), "A secret was not found on its page.");
        var sent = fixture.Collector.Received.Select(static r => Encoding.Latin1.GetString(r.Body)).Append(log).ToList();
        foreach (var secret in _secrets.SelectMany(static s => (string[])[s, Uri.EscapeDataString(s), WebUtility.UrlEncode(s), WebUtility.HtmlEncode(s)]).Distinct())
        {
            Assert.False(sent.Exists(s => s.Contains(secret, StringComparison.OrdinalIgnoreCase)), $"\"{secret}\" left the server.");
        }
        foreach (var code in _codes)
        {
            Assert.False(sent.Exists(s => Regex.IsMatch(s, $"(?<![0-9A-Za-z.:-]){code}(?![0-9A-Za-z])")), $"The one-time code {code} left the server.");
        }
    }

    /// <summary>By invitation, then with codes, wrong ones among them.</summary>
    private async Task SignInAsync(Browser browser)
    {
        var token = Secret(await Invitations.AddAsync(Server.Database, fixture.Company.Id, "admin"));
        var login = $"secretive-{Guid.NewGuid():N}";
        await browser.GetAsync($"/account/join?token={token}");
        (await browser.PostAsync("/account/join", ("token", token), ("name", "Secretive"), ("login", login), ("password", Password))).Expect(200, "/account");
        Keep(browser);
        var key = Secret(AuthenticatorKey().Match((await browser.GetAsync("/account/codes")).Text).Groups[1].Value);
        (await browser.PostAsync("/account/codes", ("code", Code("271828")))).Expect(400, "/account/codes");
        var shown = (await browser.PostAsync("/account/codes", ("code", Code(OneTimeCode.Now(key))))).Expect(200, "/account/codes").Text;
        Keep(browser);
        var recovery = RecoveryCode().Matches(shown).Select(static m => m.Groups[1].Value).ToList();
        recovery.ForEach(c => Secret(c));
        await browser.GetAsync("/account");
        (await browser.PostAsync("/account/sign-out")).Expect(200, "/account/sign-in");
        (await browser.PostAsync("/account/sign-in", ("login", login), ("password", WrongPassword))).Expect(401, "/account/sign-in");
        (await browser.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(200, "/account/sign-in/code");
        Keep(browser);
        (await browser.PostAsync("/account/sign-in/code", ("code", Code("314159")))).Expect(401, "/account/sign-in/code");
        (await browser.PostAsync("/account/sign-in/code", ("code", Secret("wrong-recovery-code")))).Expect(401, "/account/sign-in/code");
        (await browser.PostAsync("/account/sign-in/code", ("code", recovery[0]))).Expect(200, "/account");
        Keep(browser);
    }

    private async Task ConfirmAndChangeAsync(Browser browser)
    {
        await browser.GetAsync("/account/confirm");
        (await browser.PostAsync("/account/confirm", ("current", WrongPassword))).Expect(400, "/account/confirm");
        (await browser.PostAsync("/account/confirm", ("current", Password))).Expect(200, "/account");
        Keep(browser);
        (await browser.PostAsync("/account/password", ("current", WrongPassword), ("password", NewPassword))).Expect(400, "/account/password");
        (await browser.PostAsync("/account/password", ("current", Password), ("password", NewPassword))).Expect(200, "/account");
        Keep(browser);
    }

    private async Task UseKeysAsync(Browser browser)
    {
        await browser.GetAsync("/account/api-keys");
        var key = Secret(ApiKey().Match((await browser.PostAsync("/account/api-keys", ("label", "ERP"), ("role", "viewer"), ("days", ""))).Text).Value);
        (await Server.GetAsync("/epcis/queries", key)).Expect(200);
        (await Server.GetAsync("/epcis/queries", Secret("tck_" + new string('7', 64)))).ExpectProblem(401, "not-authenticated");
        (await Server.SendAsync(HttpMethod.Delete, $"/api/organisations/{fixture.Company.Id}/api-keys", key, System.Net.Http.Json.JsonContent.Create(new { apiKey = key }))).ExpectProblem(403, "not-allowed");
        (await Server.SendAsync(HttpMethod.Delete, $"/api/organisations/{fixture.Company.Id}/api-keys", fixture.Company.ApiKey, System.Net.Http.Json.JsonContent.Create(new { apiKey = key }))).Expect(204);
        var link = (await Server.PostAsync($"/api/organisations/{fixture.Company.Id}/invitations", new { note = "nobody", role = "viewer" }, fixture.Company.ApiKey)).Expect(201).Text("link");
        Secret(link[(link.IndexOf("token=", StringComparison.Ordinal) + 6)..]);
        (await Server.GetAsync(new Uri(link).PathAndQuery)).Expect(200);
        (await Server.PostAsync("/api/device-alarms/hooks", new { dest = "https://client.example.com/alarms", signatureToken = SignatureToken, codes = new[] { "meter-rollback" } }, fixture.Company.ApiKey)).Expect(201);
    }

    /// <summary>A device's claim code, right and wrong, in a path and in a body.</summary>
    private async Task ClaimAsync()
    {
        using var device = TestDevice.Make(Server, fixture.Company);
        var made = (await Server.PostAsync("/api/devices", new { device = device.Uri, name = "Scissor lift 7", template = TestDevice.Template, maker = "Liftworks", model = "S-10", serial = "0007" }, fixture.Company.ApiKey)).Expect(201);
        var code = Secret(made.Text("claim"));
        (await Server.GetAsync($"/api/devices/claim/{code}")).Expect(200);
        var wrong = Secret(code[..^1] + (code[^1] == 'A' ? 'B' : 'A'));
        (await Server.GetAsync($"/api/devices/claim/{wrong}")).ExpectProblem(404, "not-found");
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        var jwk = System.Text.Json.JsonDocument.Parse(key.PublicKey.Jwk).RootElement;
        Assert.InRange((await Server.PostAsync("/api/devices/claim", new { claim = code, jwk, proof = "no proof" }, null)).Status, 400, 499);
    }

    private bool Has(string span) => fixture.Collector.Has("/v1/traces", $"{(char)span.Length}{span}");

    private string Secret(string text)
    {
        _secrets.Add(text);
        return text;
    }

    private string Code(string code)
    {
        _codes.Add(code);
        return code;
    }

    /// <summary>What the browser carries now: the cookies of session, its binding, forms and the second step, and the hidden field.</summary>
    private void Keep(Browser browser)
    {
        foreach (Cookie cookie in browser.Cookies.GetAllCookies())
        {
            if (cookie.Name != "tc-organisation" && cookie.Value.Length > 0)
            {
                Secret(cookie.Value);
            }
        }
        Secret(browser.Token);
    }

    [GeneratedRegex("into the app: <code>([A-Z2-7]+)</code>")]
    private static partial Regex AuthenticatorKey();

    [GeneratedRegex("<li><code>([^<]+)</code></li>")]
    private static partial Regex RecoveryCode();

    [GeneratedRegex("tck_[0-9a-f]{64}")]
    private static partial Regex ApiKey();
}
