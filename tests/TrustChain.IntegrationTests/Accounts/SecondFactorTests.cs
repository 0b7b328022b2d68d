using System.Text.Json;
using System.Text.RegularExpressions;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Accounts;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>Whoever has a role on the deployment and signed in by a password alone does nothing with it until they have a second factor and have shown it.</summary>
public sealed partial class SecondFactorTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Password = "correct horse battery";
    private const string Closed = "/account/second-factor";

    private static readonly string[] Pages = ["/account", "/account/members", "/account/api-keys", "/account/audit", "/account/audit?all=true", "/account/devices", "/account/granted"];

    private RunningServer Server => fixture.Server;

    [Theory]
    [InlineData("admin", "admin")]
    [InlineData("auditor", "viewer")]
    public async Task DeploymentRole_ByPasswordAlone_OpensNothing_UntilCodesAreOn(string organisationRole, string role)
    {
        var organisation = organisationRole == "admin" ? "operator" : await AddAuditorAsync();
        var (browser, login) = await JoinAsync(Server, organisation, role);
        using var _ = browser;
        (await browser.GetAsync("/account")).Expect(200, Closed).Saying("Add a passkey, or turn one-time codes on.").Saying("Sign out");
        (await browser.GetAsync("/account/members?lang=zh")).Expect(200, Closed).Saying("请添加通行密钥，或开启一次性验证码。");
        await ExpectClosedAsync(Server, browser);
        (await browser.GetAsync("/status")).Expect(200, "/status"); // What is everybody's stays so.
        (await Server.GetAsync("/api/audit", Server.AdminKey)).Expect(200); // API keys are not concerned.

        (await browser.GetAsync("/account/codes")).Expect(200, "/account/codes").Saying("into the app");
        await ExpectClosedAsync(Server, browser); // The secret alone is no proof.
        await OneTimeCode.TurnOnAsync(browser);
        (await browser.GetAsync("/account")).Expect(200, "/account");
        (await browser.GetAsync(Closed)).Expect(200, "/account");
        (await browser.GetAsync("/account/audit?all=true")).Expect(200, "/account/audit");
        (await browser.GetAsync("/api/audit")).Expect(200, "/api/audit");

        using var second = new Browser(Server.BaseUrl);
        await second.GetAsync("/account/sign-in");
        (await second.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(200, "/account/sign-in/code");
        var recovery = RecoveryCode().Match((await RenewCodesAsync(browser)).Text).Groups[1].Value;
        (await second.PostAsync("/account/sign-in/code", ("code", recovery))).Expect(200, "/account");
        (await second.GetAsync("/account/audit?all=true")).Expect(200, "/account/audit");

        // Without codes both are at the beginning again.
        (await second.PostAsync("/account/codes/off")).Expect(200, Closed).Saying("turn one-time codes on");
        await ExpectClosedAsync(Server, second);
        await ExpectClosedAsync(Server, browser);
        await OneTimeCode.TurnOnAsync(second);
        (await second.GetAsync("/account/audit?all=true")).Expect(200, "/account/audit");
    }

    [Fact]
    public async Task WhoHasASecondFactor_AndSignsInByPasswordAlone_ShowsItAndSetsUpNoOther()
    {
        var (browser, login) = await JoinAsync(Server, "operator", "admin");
        using var _ = browser;
        var people = new PersonStore(Server.Database, TimeProvider.System);
        var person = (await people.FindAsync(login.ToUpperInvariant(), TestContext.Current.CancellationToken))!; // They have just joined.
        Assert.Equal(PasskeyResult.Kept, await people.PutPasskeyAsync(new Passkey([1, 2, 3], person.Id, "Phone", "{}", DateTimeOffset.UtcNow), TestContext.Current.CancellationToken));

        (await browser.GetAsync("/account")).Expect(200, Closed).Saying("You signed in by your password alone");
        (await browser.GetAsync("/account/codes")).Expect(200, Closed);
        foreach (var path in (string[])["codes", "passkeys/create", "passkeys/add", "passkeys/remove", "password", "password/passkey", "codes/off", "codes/renew"])
        {
            ExpectProblem(await browser.PostAsync("/account/" + path, ("code", "123456"), ("passkeyName", "Mine"), ("credentialId", "010203"), ("current", Password), ("password", "another correct horse")));
        }
        await ExpectClosedAsync(Server, browser);
        await browser.GetAsync(Closed);
        (await browser.PostAsync("/account/confirm", ("current", Password))).Expect(200, Closed); // The password again is no second factor.
        await ExpectClosedAsync(Server, browser);
        await browser.GetAsync(Closed);
        (await browser.PostAsync("/account/confirm/passkey", ("credential", "{}"))).Expect(400, "/account/confirm/passkey");
        await ExpectClosedAsync(Server, browser);
        Assert.Single(await people.ListPasskeysAsync(person.Id, TestContext.Current.CancellationToken));
        await browser.GetAsync(Closed);
        (await browser.PostAsync("/account/sign-out")).Expect(200, "/account/sign-in");
    }

    /// <summary>Each route of the account as the server has it: what is not in this list is closed, so that a new page is.</summary>
    [Fact]
    public async Task EveryRouteOfTheAccount_IsClosed_ButThoseOfThisList()
    {
        string[] open =
        [
            "GET /account/confirm", "GET /account/second-factor", "GET /account/sign-in", "GET /account/sign-in/code", "POST /account/confirm", "POST /account/confirm/passkey",
            "POST /account/passkeys/request", "POST /account/passkeys/sign-in", "POST /account/sign-in", "POST /account/sign-in/code", "POST /account/sign-out", "POST /account/sign-out-everywhere",
        ];
        string[] toSetUp = ["GET /account/codes", "POST /account/codes", "POST /account/passkeys/add", "POST /account/passkeys/create"];
        var (browser, login) = await JoinAsync(Server, "operator", "admin");
        using var _ = browser;
        var routes = (await Server.ListRoutesAsync()).Where(static r => r.IsAccountPage).ToList();
        Assert.Subset(routes.Select(static r => r.Name).ToHashSet(), open.Concat(toSetUp).ToHashSet());

        await ExpectClosedAsync(routes.Where(r => !open.Contains(r.Name) && !toSetUp.Contains(r.Name)));
        // A form that is refused does not show what is closed.
        await browser.GetAsync(Closed);
        Assert.DoesNotContain("/account/sessions/end", (await browser.PostAsync("/account/passkeys/add", ("passkeyName", ""), ("credential", "{}"))).Expect(400, "/account/passkeys/add").Text, StringComparison.Ordinal);

        var people = new PersonStore(Server.Database, TimeProvider.System);
        var person = (await people.FindAsync(login.ToUpperInvariant(), TestContext.Current.CancellationToken))!; // They have just joined.
        Assert.Equal(PasskeyResult.Kept, await people.PutPasskeyAsync(new Passkey([4, 5, 6], person.Id, "Phone", "{}", DateTimeOffset.UtcNow), TestContext.Current.CancellationToken));
        await ExpectClosedAsync(routes.Where(r => !open.Contains(r.Name)));

        async Task ExpectClosedAsync(IEnumerable<ServedRoute> closed)
        {
            foreach (var route in closed)
            {
                var path = Parameter().Replace(route.Path, "1");
                if (route.Method == "GET")
                {
                    (await browser.GetAsync(path)).Expect(200, Closed);
                }
                else
                {
                    Assert.Equal("POST", route.Method);
                    ExpectProblem(await browser.PostAsync(path));
                }
            }
        }
    }

    /// <summary>Who knows the password of somebody without a second factor, and looks at the page before them, has no part in the codes that they turn on.</summary>
    [Fact]
    public async Task SecretThatSomebodyElseWasShown_IsNeverTakenUp()
    {
        var company = await Server.AddOrganisationAsync();
        var (browser, login) = await JoinAsync(Server, company.Id, "viewer");
        using var owner = browser;
        using var thief = new Browser(Server.BaseUrl);
        await thief.GetAsync("/account/sign-in");
        (await thief.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(200, "/account");
        var seen = OneTimeCode.ReadSecret((await thief.GetAsync("/account/codes")).Expect(200, "/account/codes").Text);

        var own = OneTimeCode.ReadSecret((await owner.GetAsync("/account/codes")).Expect(200, "/account/codes").Text);
        Assert.NotEqual(seen, own);
        Assert.NotEqual(own, OneTimeCode.ReadSecret((await owner.GetAsync("/account/codes")).Text));
        (await owner.PostAsync("/account/codes", ("code", OneTimeCode.Now(seen)))).Expect(400, "/account/codes").Saying("This code is wrong");
        await OneTimeCode.TurnOnAsync(owner);

        using var later = new Browser(Server.BaseUrl);
        await later.GetAsync("/account/sign-in");
        (await later.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(200, "/account/sign-in/code");
        (await later.PostAsync("/account/sign-in/code", ("code", OneTimeCode.Now(seen)))).Expect(401, "/account/sign-in/code");
        await owner.PostAsync("/account/codes", ("code", OneTimeCode.Now(seen))); // They are on: another secret does not take their place.
        Assert.True((await new PersonStore(Server.Database, TimeProvider.System).FindAsync(login.ToUpperInvariant(), TestContext.Current.CancellationToken))!.TwoFactor); // They joined above.
    }

    [Fact]
    public async Task OtherPeople_NeedNone_ButWhoeverIsAlsoAnAdminOfTheDeploymentDoes()
    {
        var company = await Server.AddOrganisationAsync();
        var (browser, _) = await JoinAsync(Server, company.Id, "admin");
        using var owner = browser;
        (await browser.GetAsync("/account/members")).Expect(200, "/account/members");
        var (viewer, _) = await JoinAsync(Server, "operator", "viewer"); // Reads what the operator's organisation may read, and administers nothing.
        using var reader = viewer;
        (await viewer.GetAsync("/account")).Expect(200, "/account");

        await JoinFurtherAsync(Server, browser, "operator", "admin");
        (await browser.GetAsync("/account/members")).Expect(200, Closed); // They act for the company, and could act for the operator at any time.
    }

    [Fact]
    public async Task Setting_Everybody_AsksEveryone_AndNobody_AsksNoOne()
    {
        await using var server = await RunningServer.StartAsync(fixture.Stack.Postgres, fixture.Stack.Anvil, new Dictionary<string, string?> { ["TrustChain__SecondFactor"] = "Everybody" });
        var company = await server.AddOrganisationAsync();
        var (browser, _) = await JoinAsync(server, company.Id, "viewer");
        using var viewer = browser;
        (await browser.GetAsync("/account/devices")).Expect(200, Closed);
        await ExpectClosedAsync(server, browser);

        await server.StopAsync();
        server.Environment["TrustChain__SecondFactor"] = "Nobody";
        await server.StartAgainAsync();
        (await browser.GetAsync("/account/devices")).Expect(200, "/account/devices");
        var (other, _) = await JoinAsync(server, "operator", "admin");
        using var admin = other;
        (await admin.GetAsync("/account/audit?all=true")).Expect(200, "/account/audit");
        (await admin.GetAsync("/api/audit")).Expect(200, "/api/audit");
    }

    /// <summary>Pages lead to where a second factor is set up or shown, forms and what is read without pages are refused.</summary>
    private static async Task ExpectClosedAsync(RunningServer server, Browser browser)
    {
        foreach (var page in Pages)
        {
            (await browser.GetAsync(page)).Expect(200, Closed);
        }
        foreach (var form in (string[])["members/invite", "members/change", "api-keys", "api-keys/rotate", "organisation", "devices/new", "granted"])
        {
            ExpectProblem(await browser.PostAsync("/account/" + form, ("note", "nobody"), ("role", "admin"), ("label", "x"), ("days", "30")));
        }
        foreach (var read in (string[])["/api/audit", "/api/organisations", "/epcis/queries", "/epcis/capture", "/api/claims"])
        {
            ExpectProblem(await browser.GetAsync(read));
        }
        Assert.Equal(401, (await server.GetAsync("/api/audit")).Status); // Who is not signed in is told what was told before.
        await browser.GetAsync(Closed); // The form's hidden field of this session.
    }

    private static void ExpectProblem(Page page)
    {
        Assert.True(page.Status == 403, $"{page.Path} answered {page.Status}: {page.Text[..Math.Min(page.Text.Length, 500)]}");
        using var problem = JsonDocument.Parse(page.Text);
        Assert.Equal("second-factor-needed", problem.RootElement.GetProperty("code").GetString());
    }

    private static async Task<Page> RenewCodesAsync(Browser browser)
    {
        await browser.GetAsync("/account");
        return (await browser.PostAsync("/account/codes/renew")).Expect(200, "/account/codes/renew");
    }

    private async Task<string> AddAuditorAsync()
    {
        var id = $"auditor-{Guid.NewGuid():N}"[..20];
        (await Server.PostAsAdminAsync("/api/organisations", new { id, name = "Auditor", roles = new[] { "auditor" } })).Expect(201);
        return id;
    }

    private static async Task<(Browser Browser, string Login)> JoinAsync(RunningServer server, string organisation, string role)
    {
        var (token, login) = (await Invitations.AddAsync(server.Database, organisation, role), $"second-{Guid.NewGuid():N}");
        var browser = new Browser(server.BaseUrl);
        await browser.GetAsync($"/account/join?token={token}");
        Assert.Equal(200, (await browser.PostAsync("/account/join", ("token", token), ("name", "Somebody 某人"), ("login", login), ("password", Password))).Status);
        return (browser, login);
    }

    private static async Task JoinFurtherAsync(RunningServer server, Browser browser, string organisation, string role)
    {
        var token = await Invitations.AddAsync(server.Database, organisation, role);
        await browser.GetAsync($"/account/join?token={token}");
        Assert.Equal(200, (await browser.PostAsync("/account/join", ("token", token))).Status);
    }

    [GeneratedRegex("\\{[^}]+\\}")]
    private static partial Regex Parameter();

    [GeneratedRegex("<li><code>([^<]+)</code></li>")]
    private static partial Regex RecoveryCode();
}
