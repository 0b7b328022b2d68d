using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authentication;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Server.Accounts;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>People: invited, signed in with password and one-time code, their sessions, and what admins do on the pages.</summary>
public sealed partial class AccountTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Password = "correct horse battery";

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Invitation_OpensAnAccountOnce_AndItsAdminInvitesOthers()
    {
        var company = await Server.AddOrganisationAsync();
        using var admin = await JoinAsync(company, "admin");
        using var stranger = new Browser(Server.BaseUrl);

        (await stranger.GetAsync("/account")).Expect(200, "/account/sign-in");
        (await stranger.GetAsync("/account/granted/" + string.Concat(Enumerable.Repeat("%EF%BF%BD", 6_000)))).Expect(200, "/account/sign-in"); // No header leads back there.
        (await stranger.GetAsync("/account/join?token=tci_nothing")).Expect(404, "/account/join").Saying("not open any more");
        await admin.GetAsync("/account/members");
        var link = Link((await admin.PostAsync("/account/members/invite", ("note", "Li Hua"), ("role", "viewer"))).Expect(200, "/account/members/invite").Text);
        (await stranger.GetAsync(link)).Expect(200, "/account/join").Saying("You are invited as viewer");
        (await stranger.PostAsync("/account/join", ("token", Token(link)), ("name", "Li Hua"), ("login", "li hua"), ("password", "short"))).Expect(400, "/account/join").Saying("without spaces");
        (await stranger.PostAsync("/account/join", ("token", Token(link)), ("name", "Li Hua"), ("login", Login("li")), ("password", "short"))).Expect(400, "/account/join").Saying("longer password");
        (await stranger.PostAsync("/account/join", ("token", Token(link)), ("name", "Li Hua"), ("login", Login("li")), ("password", Password))).Expect(200, "/account").Saying("viewer: reads");
        (await stranger.GetAsync(link)).Expect(404, "/account/join");
        (await stranger.GetAsync("/account/members")).Expect(403, "/account/members");

        (await admin.GetAsync("/account/members")).Saying("Li Hua").Saying("Used");
        var audit = (await Server.GetAsync($"/api/organisations/{company.Id}/audit", company.ApiKey)).Expect(200).Json.GetProperty("entries");
        Assert.Contains(audit.EnumerateArray(), static e => e.GetProperty("act").GetString() == "member-invited" && e.GetProperty("subject").GetString() == "\"Li Hua\" as viewer");
        Assert.Contains(audit.EnumerateArray(), static e => e.GetProperty("act").GetString() == "member-joined" && e.GetProperty("address").GetString() == "127.0.0.1");
    }

    [Fact]
    public async Task LastAdmin_CannotBeRemoved_AndARemovedMemberReadsNothingMore()
    {
        var company = await Server.AddOrganisationAsync();
        using var admin = await JoinAsync(company, "admin");
        using var member = await JoinAsync(company, "operator", admin);
        var members = (await admin.GetAsync("/account/members")).Text;
        var people = Person().Matches(members).Select(static m => m.Groups[1].Value).Distinct().ToList();
        Assert.Equal(2, people.Count);

        foreach (var person in people)
        {
            await admin.PostAsync("/account/members/remove", ("person", person));
            await admin.GetAsync("/account/members");
        }

        (await admin.GetAsync("/account/members")).Expect(200, "/account/members"); // Still there, and alone.
        Assert.Single(Person().Matches((await admin.GetAsync("/account/members")).Text).Select(static m => m.Groups[1].Value).Distinct());
        (await member.GetAsync("/account")).Saying("You belong to no organisation");
    }

    [Fact]
    public async Task Members_AreShownAHundredAtATime_AndFoundByNameOrLogin()
    {
        var company = await Server.AddOrganisationAsync();
        using var admin = await JoinAsync(company, "admin", login: Login("a-first")); // Before the others, in order of the logins.
        (await admin.GetAsync("/account/members")).NotSaying("Find members").NotSaying("Next page");
        var prefix = Login("member");
        await using (var command = Server.Database.CreateCommand("""
            with person as (insert into person (id, login, login_normalized, name, security_stamp, created_at)
                select gen_random_uuid(), login, upper(login), 'Number ' || n, '', now() from (select n, $1 || '-' || lpad(n::text, 3, '0') as login from generate_series(1, 230) n) l returning id)
            insert into membership (person_id, organisation_id, role, created_at) select id, (select id from organisation where code = $2), 0, now() from person
            """))
        {
            command.Parameters.Add(new() { Value = prefix });
            command.Parameters.Add(new() { Value = company.Id });
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var (found, address) = (new List<string>(), "/account/members");
        foreach (var count in (int[])[100, 100, 31])
        {
            var page = (await admin.GetAsync(address)).Expect(200, address.Split('?')[0]).Saying("Find members").Text;
            var people = Person().Matches(page).Select(static m => m.Groups[1].Value).Distinct().ToList();
            Assert.Equal(count, people.Count);
            found.AddRange(people);
            address = NextPage().Match(page) is { Success: true } next ? next.Groups[1].Value : "";
        }
        Assert.Equal("", address);
        Assert.Equal(231, found.Distinct().Count());
        (await admin.GetAsync("/account/members?search=NUMBER+230")).Saying($"{prefix}-230").NotSaying($"{prefix}-229").Saying("Show all members");
        (await admin.GetAsync($"/account/members?search={prefix.ToUpperInvariant()}-007")).Saying("Number 7").NotSaying("Number 8");
        (await admin.GetAsync("/account/members?search=nobody+is+called+so")).Saying("No member fits this search");

        var (logins, after) = (new List<string>(), "");
        while (after is not null)
        {
            var answer = (await Server.GetAsync($"/api/organisations/{company.Id}/members?after={Uri.EscapeDataString(after)}", company.ApiKey)).Expect(200).Json;
            logins.AddRange(answer.GetProperty("members").EnumerateArray().Select(static m => m.GetProperty("login").GetString()!));
            after = answer.GetProperty("next").GetString();
        }
        Assert.Equal((231, 231), (logins.Count, logins.Distinct().Count()));
        Assert.Equal(11, (await Server.GetAsync($"/api/organisations/{company.Id}/members?search=number+17", company.ApiKey)).Expect(200).Json.GetProperty("members").GetArrayLength()); // 17, 170 to 179
        (await Server.GetAsync($"/api/organisations/{company.Id}/members?after={Uri.EscapeDataString("𠮷田")}", company.ApiKey)).Expect(200);
        (await Server.GetAsync($"/api/organisations/{company.Id}/members?search=%00", company.ApiKey)).ExpectProblem(400, "invalid-request");
    }

    [Fact]
    public async Task SignIn_WithPasswordAndCode_LocksAfterFiveFailures()
    {
        var company = await Server.AddOrganisationAsync();
        var login = Login("zhang");
        using var first = await JoinAsync(company, "viewer", login: login);
        var secret = OneTimeCode.ReadSecret((await first.GetAsync("/account/codes")).Text);
        (await first.PostAsync("/account/codes", ("code", "000000"))).Expect(400, "/account/codes").Saying("This code is wrong");
        var shown = (await first.PostAsync("/account/codes", ("code", OneTimeCode.Now(secret)))).Expect(200, "/account/codes").Saying("recovery codes");
        var recovery = RecoveryCode().Matches(shown.Text).Select(static m => m.Groups[1].Value).ToList();
        Assert.Equal(10, recovery.Count);

        using var second = new Browser(Server.BaseUrl);
        await second.GetAsync("/account/sign-in?returnUrl=https://elsewhere.example/");
        (await second.PostAsync("/account/sign-in", ("login", login), ("password", "wrong"))).Expect(401, "/account/sign-in").Saying("Login or password is wrong");
        (await second.PostAsync("/account/sign-in", ("login", Login("nobody")), ("password", "wrong"))).Expect(401, "/account/sign-in").Saying("Login or password is wrong");
        (await second.PostAsync("/account/sign-in", ("login", login), ("password", Password), ("returnUrl", "//elsewhere.example/"))).Expect(200, "/account/sign-in/code");
        (await second.PostAsync("/account/sign-in/code", ("code", recovery[0]), ("returnUrl", "//elsewhere.example/"))).Expect(200, "/account").Saying("9 recovery codes are left");

        (await first.GetAsync("/account")).Saying("TestBrowser/1.0");
        (await first.PostAsync("/account/sign-out-everywhere")).Expect(200, "/account/sign-in").Saying("You are signed out");
        (await second.GetAsync("/account")).Expect(200, "/account/sign-in");
        for (var i = 0; i < 5; i++)
        {
            await second.PostAsync("/account/sign-in", ("login", login), ("password", "wrong again"));
        }
        (await second.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(401, "/account/sign-in").Saying("15 minutes");

        Assert.Equal(204, (await Server.PostAsAdminAsync($"/api/people/{login}/enable", new { })).Status);
        (await second.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(200, "/account/sign-in/code");
        (await second.PostAsync("/account/sign-in/code", ("code", recovery[0]))).Expect(401, "/account/sign-in/code"); // Each is good once.
        (await second.PostAsync("/account/sign-in/code", ("code", recovery[1]))).Expect(200, "/account");
        (await Server.PostAsync($"/api/people/{login}/disable", new { }, company.ApiKey)).ExpectProblem(403, "not-allowed");
        Assert.Equal(204, (await Server.PostAsAdminAsync($"/api/people/{login}/disable", new { })).Status);
        (await second.GetAsync("/account")).Expect(200, "/account/sign-in");
        (await second.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(401, "/account/sign-in");
    }

    [Fact]
    public async Task Password_Changed_SignsOutOtherBrowsersAndNotThisOne()
    {
        var company = await Server.AddOrganisationAsync();
        var login = Login("chen");
        using var first = await JoinAsync(company, "viewer", login: login);
        using var second = new Browser(Server.BaseUrl);
        using var third = new Browser(Server.BaseUrl);
        foreach (var other in (Browser[])[second, third])
        {
            await other.GetAsync("/account/sign-in");
            (await other.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(200, "/account");
        }

        var sessions = SessionId().Matches((await first.GetAsync("/account")).Text).Select(static m => m.Groups[1].Value).ToList();
        Assert.Equal(2, sessions.Count); // Its own cannot be ended there.
        (await first.PostAsync("/account/sessions/end", ("session", sessions[0]))).Expect(200, "/account").Saying("That browser is signed out");
        Assert.Single(new[] { (await second.GetAsync("/account")).Path, (await third.GetAsync("/account")).Path }, "/account");

        await first.GetAsync("/account");
        (await first.PostAsync("/account/password", ("current", "wrong"), ("password", "another correct horse"))).Expect(400, "/account/password").Saying("The current password is wrong");
        (await first.PostAsync("/account/password", ("current", Password), ("password", "another correct horse"))).Expect(200, "/account").Saying("Your password is changed");

        Assert.Equal(["/account/sign-in", "/account/sign-in"], new[] { (await second.GetAsync("/account")).Path, (await third.GetAsync("/account")).Path });
        (await second.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(401, "/account/sign-in");
        (await first.GetAsync("/account")).Expect(200, "/account");
    }

    [Fact]
    public async Task WhatOutlastsASession_AfterAWhile_AsksWhoItIs()
    {
        var company = await Server.AddOrganisationAsync();
        var login = Login("wu");
        using var browser = await JoinAsync(company, "admin", login: login);
        (await browser.GetAsync("/account")).Expect(200, "/account").Saying("Add a passkey");
        await AgeConfirmationAsync(login);

        Assert.DoesNotContain("Add a passkey", (await browser.GetAsync("/account")).Expect(200, "/account").Saying("Show that it is you").Text, StringComparison.Ordinal);
        (await browser.GetAsync("/account/devices/new")).Expect(200, "/account/confirm");
        foreach (var path in (string[])["devices/new", "devices/claim", "passkeys/create", "passkeys/add", "passkeys/remove", "codes", "codes/renew", "codes/off", "members/invite", "members/change", "api-keys", "api-keys/rotate"])
        {
            (await browser.PostAsync($"/account/{path}", ("note", "nobody"), ("role", "admin"), ("label", "x"), ("days", "30"))).Expect(200, "/account/confirm").Saying("Show that it is you");
        }
        (await browser.GetAsync("/account/codes")).Expect(200, "/account/confirm");
        (await browser.PostAsync("/account/members/remove", ("person", Guid.NewGuid().ToString()))).Expect(409, "/account/members/remove"); // What takes access away does not ask.

        await browser.GetAsync("/account/confirm?returnUrl=/account/api-keys");
        (await browser.PostAsync("/account/confirm", ("current", "wrong"), ("returnUrl", "/account/api-keys"))).Expect(400, "/account/confirm").Saying("The current password is wrong");
        (await browser.PostAsync("/account/confirm/passkey", ("credential", "{}"))).Expect(400, "/account/confirm/passkey").Saying("did not confirm");
        (await browser.GetAsync("/account/codes")).Expect(200, "/account/confirm");
        (await browser.PostAsync("/account/confirm", ("current", Password), ("returnUrl", "/account/api-keys"))).Expect(200, "/account/api-keys").Saying("Confirmed.");
        (await browser.PostAsync("/account/api-keys", ("label", "ERP"), ("role", "viewer"), ("days", "30"))).Expect(200, "/account/api-keys").Saying("tck_");
        (await browser.GetAsync("/account/codes")).Expect(200, "/account/codes");
        (await browser.GetAsync("/account")).Saying("Add a passkey");

        await AgeConfirmationAsync(login);
        await browser.GetAsync("/account/confirm");
        foreach (var elsewhere in (string[])["//elsewhere.example/", "https://elsewhere.example/", "/account?done=password", "/account/\u0001", "/account/茶", "/" + new string('a', 3_000)])
        {
            (await browser.PostAsync("/account/confirm", ("current", Password), ("returnUrl", elsewhere))).Expect(200, "/account");
            await browser.GetAsync("/account/confirm");
        }
        for (var i = 0; i < 5; i++)
        {
            await browser.PostAsync("/account/password", ("current", "wrong"), ("password", "another correct horse"));
        }
        (await browser.PostAsync("/account/password", ("current", Password), ("password", "another correct horse"))).Expect(400, "/account/password").Saying("15 minutes"); // Guessing at an open browser ends as it does at the door.
        (await browser.PostAsync("/account/confirm", ("current", Password))).Expect(400, "/account/confirm").Saying("15 minutes");
        var acts = await ReadActsAsync(login);
        Assert.Contains("confirmed password", acts);
        Assert.Contains("confirmation-refused password", acts);
        Assert.Contains("confirmation-refused passkey", acts);
        Assert.Contains("confirmation-refused password, locked out", acts);
    }

    [Fact]
    public async Task Session_IsOnePersonsOnly_AndACopyOfItEndsWhenItIsConfirmed()
    {
        var company = await Server.AddOrganisationAsync();
        var (login, other) = (Login("sun"), Login("qian"));
        using var browser = await JoinAsync(company, "viewer", login: login);
        using var second = await JoinAsync(company, "viewer", login: other);
        using var copy = new Browser(Server.BaseUrl);
        foreach (System.Net.Cookie cookie in browser.Cookies.GetAllCookies())
        {
            copy.Cookies.Add(cookie);
        }
        (await copy.GetAsync("/account")).Expect(200, "/account");

        // Who sits down at a browser where somebody is signed in has to sign them out first.
        (await browser.GetAsync("/account/sign-in")).Expect(200, "/account");
        (await browser.PostAsync("/account/sign-in", ("login", other), ("password", Password))).Expect(200, "/account");
        Assert.DoesNotContain(await ReadActsAsync(other), static a => a.StartsWith("sign", StringComparison.Ordinal));

        await browser.GetAsync("/account/confirm");
        (await browser.PostAsync("/account/confirm", ("current", Password))).Expect(200, "/account").Saying("Confirmed.");
        (await copy.GetAsync("/account")).Expect(200, "/account/sign-in");
        Assert.Equal(401, (await copy.GetAsync("/epcis/queries")).Status);
        (await browser.GetAsync("/account")).Expect(200, "/account");
        (await browser.GetAsync("/epcis/queries")).Expect(200, "/epcis/queries");
    }

    [Fact]
    public async Task Invitation_Withdrawn_OpensNothing_AndAMemberOfTwoChoosesForWhomToAct()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        using var admin = await JoinAsync(company, "admin");
        await admin.GetAsync("/account/members");
        var link = Link((await admin.PostAsync("/account/members/invite", ("note", "nobody"), ("role", "admin"))).Text);
        var id = InvitationId().Match((await admin.GetAsync("/account/members")).Text).Groups[1].Value;
        (await admin.PostAsync("/account/members/withdraw", ("invitation", id))).Expect(200, "/account/members").Saying("The invitation is withdrawn");
        using var stranger = new Browser(Server.BaseUrl);
        (await stranger.GetAsync(link)).Expect(404, "/account/join");

        var token = await Invitations.AddAsync(Server.Database, other.Id, "viewer");
        (await admin.GetAsync($"/account/join?token={token}")).Expect(200, "/account/join");
        (await admin.PostAsync("/account/join", ("token", token))).Expect(200, "/account").Saying("viewer: reads");
        (await admin.PostAsync("/account/organisation", ("organisation", other.Id))).Expect(200, "/account");
        (await admin.GetAsync("/account/members")).Expect(403, "/account/members"); // There they are no admin.
        await admin.GetAsync("/account");
        (await admin.PostAsync("/account/organisation", ("organisation", "operator"))).Expect(200, "/account"); // Not one of theirs: nothing changes.
        (await admin.PostAsync("/account/organisation", ("organisation", company.Id))).Expect(200, "/account");
        (await admin.GetAsync("/account/members")).Expect(200, "/account/members");
    }

    [Fact]
    public async Task ApiKey_MadeRotatedAndRevokedOnThePage_OpensWhatItsRoleSays()
    {
        var company = await Server.AddOrganisationAsync();
        using var admin = await JoinAsync(company, "admin");
        await admin.GetAsync("/account/api-keys");
        (await admin.PostAsync("/account/api-keys", ("label", "ERP"), ("role", "viewer"), ("days", "0"))).Expect(400, "/account/api-keys").Saying("whole number of days");

        var key = Key((await admin.PostAsync("/account/api-keys", ("label", "ERP"), ("role", "viewer"), ("days", "30"))).Expect(200, "/account/api-keys").Text);

        (await Server.GetAsync("/epcis/queries", key)).Expect(200);
        (await Server.PostAsync("/api/batches", new { }, key)).ExpectProblem(403, "not-allowed");
        var id = KeyId().Match((await admin.GetAsync("/account/api-keys")).Saying("Last used").Text).Groups[1].Value;
        var successor = Key((await admin.PostAsync("/account/api-keys/rotate", ("key", id))).Expect(200, "/account/api-keys/rotate").Text);
        Assert.NotEqual(key, successor);
        (await Server.GetAsync("/epcis/queries", key)).Expect(200); // Both open the door for a day.
        (await Server.GetAsync("/epcis/queries", successor)).Expect(200);
        (await admin.PostAsync("/account/api-keys/revoke", ("key", id))).Expect(200, "/account/api-keys").Saying("The key is revoked");
        (await Server.GetAsync("/epcis/queries", key)).ExpectProblem(401, "not-authenticated");
        (await admin.GetAsync("/account/audit")).Saying("api-key-rotated").Saying("api-key-revoked");
    }

    [Fact]
    public async Task Cookie_OpensWhatCanBeReadAndNothingElse_AndFormsNeedTheirPage()
    {
        var company = await Server.AddOrganisationAsync();
        using var operating = await JoinAsync(company, "operator");

        (await operating.GetAsync("/epcis/queries")).Expect(200, "/epcis/queries");
        (await operating.PostAsync("/epcis/queries")).Expect(401, "/epcis/queries"); // A form of another site could send the cookie.
        (await operating.PostWithAsync("forged", "/account/sign-out")).Expect(400, "/account/sign-out");
        (await operating.GetAsync("/account")).Expect(200, "/account");
        (await operating.GetAsync("/account/audit")).Expect(403, "/account/audit");
        (await operating.GetAsync("/account/audit?all=true")).Expect(403, "/account/audit");
    }

    /// <summary>Lets the time for which somebody has shown who they are pass.</summary>
    private async Task AgeConfirmationAsync(string login)
    {
        await using var select = Server.Database.CreateCommand("select s.hash, s.ticket from session s join person p on p.id = s.person_id where p.login = $1");
        select.Parameters.Add(new() { Value = login });
        var tickets = new List<(byte[] Hash, byte[] Ticket)>();
        await using (var reader = await select.ExecuteReaderAsync(TestContext.Current.CancellationToken))
        {
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            {
                tickets.Add(((byte[])reader[0], (byte[])reader[1]));
            }
        }
        var (hash, bytes) = Assert.Single(tickets);
        var ticket = TicketSerializer.Default.Deserialize(bytes)!; // The server wrote it.
        Confirmation.Note(ticket.Properties, DateTimeOffset.UtcNow - Confirmation.Lifetime);
        await using var update = Server.Database.CreateCommand("update session set ticket = $2 where hash = $1");
        update.Parameters.Add(new() { Value = hash });
        update.Parameters.Add(new() { Value = TicketSerializer.Default.Serialize(ticket) });
        Assert.Equal(1, await update.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }

    private async Task<List<string>> ReadActsAsync(string login)
    {
        await using var select = Server.Database.CreateCommand("select act || ' ' || subject from audit_entry where actor = $1");
        select.Parameters.Add(new() { Value = "person:" + login });
        var acts = new List<string>();
        await using var reader = await select.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            acts.Add(reader.GetString(0));
        }
        return acts;
    }

    /// <summary>Somebody new, signed in as a member.</summary>
    private async Task<Browser> JoinAsync(TestOrganisation company, string role, Browser? inviting = null, string? login = null)
    {
        string token;
        if (inviting is null)
        {
            token = await Invitations.AddAsync(Server.Database, company.Id, role);
        }
        else
        {
            await inviting.GetAsync("/account/members");
            token = Token(Link((await inviting.PostAsync("/account/members/invite", ("note", "somebody"), ("role", role))).Text));
        }
        var browser = new Browser(Server.BaseUrl);
        await browser.GetAsync($"/account/join?token={token}");
        (await browser.PostAsync("/account/join", ("token", token), ("name", "Somebody 某人"), ("login", login ?? Login(role)), ("password", Password))).Expect(200, "/account");
        return browser;
    }

    private static string Login(string start) => $"{start}-{Guid.NewGuid():N}";

    private static string Link(string text) => new Uri(InvitationLink().Match(text).Value).PathAndQuery;

    private static string Token(string link) => link[(link.IndexOf("token=", StringComparison.Ordinal) + 6)..];

    private static string Key(string text) => ApiKey().Match(text).Value;

    [GeneratedRegex("http[^<\"\\s]+/account/join\\?token=tci_[0-9a-f]+")]
    private static partial Regex InvitationLink();

    [GeneratedRegex("name=\"person\" value=\"([0-9a-f-]{36})\"")]
    private static partial Regex Person();

    [GeneratedRegex("href=\"([^\"]+)\">Next page")]
    private static partial Regex NextPage();

    [GeneratedRegex("name=\"session\" value=\"([0-9a-f-]{36})\"")]
    private static partial Regex SessionId();

    [GeneratedRegex("name=\"invitation\" value=\"([0-9a-f-]{36})\"")]
    private static partial Regex InvitationId();

    [GeneratedRegex("<li><code>([^<]+)</code></li>")]
    private static partial Regex RecoveryCode();

    [GeneratedRegex("tck_[0-9a-f]{64}")]
    private static partial Regex ApiKey();

    [GeneratedRegex("name=\"key\" value=\"(\\d+)\"")]
    private static partial Regex KeyId();
}
