using System.Text.RegularExpressions;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>Every route that changes something, and what it leaves behind: acts of the audit, an entry of the public log, or the stored thing itself, which says whose it is.</summary>
public sealed partial class AuditedRoutesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    /// <summary>An entry of the public log, which says more than an audit entry could.</summary>
    private const string Log = "(log)";

    /// <summary>What was sent is kept with its sender: events, telemetry, documents, keys of days.</summary>
    private const string Content = "(content)";

    /// <summary>Nothing that anybody else could see is changed.</summary>
    private const string Nothing = "(nothing)";

    /// <summary>What the operator does on the command line.</summary>
    private static readonly string[] Commands = ["archive-exported", "archive-dropped", "archive-restored", "device-days-recomputed", "content-erased"];

    private static readonly Dictionary<string, string[]> Traces = new(StringComparer.Ordinal)
    {
        ["DELETE /api/device-alarms/hooks/{id}"] = ["hook-removed"],
        ["DELETE /api/organisations/{id}/api-keys"] = ["api-key-revoked"],
        ["DELETE /api/organisations/{id}/api-keys/{keyId}"] = ["api-key-revoked"],
        ["DELETE /epcis/nextPageToken/{token}"] = [Nothing],
        ["DELETE /epcis/queries/{queryName}"] = ["query-removed"],
        ["DELETE /epcis/queries/{queryName}/subscriptions/{subscriptionID}"] = ["subscription-removed"],
        ["POST /account/api-keys"] = ["api-key-made"],
        ["POST /account/api-keys/revoke"] = ["api-key-revoked"],
        ["POST /account/api-keys/rotate"] = ["api-key-rotated"],
        ["POST /account/codes"] = ["codes-turned-on"],
        ["POST /account/codes/off"] = ["codes-turned-off"],
        ["POST /account/codes/renew"] = ["recovery-codes-made"],
        ["POST /account/confirm"] = ["confirmed", "confirmation-refused"],
        ["POST /account/confirm/passkey"] = ["confirmed", "confirmation-refused"],
        ["POST /account/devices/claim"] = ["claim-code-made"],
        ["POST /account/devices/new"] = ["device-registered"],
        ["POST /account/devices/{id}/grants"] = [Log, "grant-refused"],
        ["POST /account/granted"] = [Log],
        ["POST /account/join"] = ["account-made", "member-joined"],
        ["POST /account/members/change"] = ["member-changed"],
        ["POST /account/members/invite"] = ["member-invited"],
        ["POST /account/members/remove"] = ["member-removed"],
        ["POST /account/members/withdraw"] = ["invitation-withdrawn"],
        ["POST /account/organisation"] = [Nothing], // For whom one acts is a matter of one's own session.
        ["POST /account/passkeys/add"] = ["passkey-added"],
        ["POST /account/passkeys/create"] = [Nothing],
        ["POST /account/passkeys/remove"] = ["passkey-removed"],
        ["POST /account/passkeys/request"] = [Nothing],
        ["POST /account/passkeys/sign-in"] = ["signed-in", "sign-in-failed"],
        ["POST /account/password"] = ["password-changed"],
        ["POST /account/password/passkey"] = ["password-changed", "password-refused"],
        ["POST /account/sessions/end"] = ["signed-out"],
        ["POST /account/sign-in"] = ["signed-in", "sign-in-failed"],
        ["POST /account/sign-in/code"] = ["signed-in", "sign-in-failed"],
        ["POST /account/sign-out"] = ["signed-out"],
        ["POST /account/sign-out-everywhere"] = ["signed-out"],
        ["POST /api/batches"] = [Content],
        ["POST /api/certificates"] = [Log],
        ["POST /api/certificates/{id}/revoke"] = [Log],
        ["POST /api/claims"] = ["claim-made"],
        ["POST /api/claims/{id}/verify"] = ["claim-verified"],
        ["POST /api/device-alarms/hooks"] = ["hook-made"],
        ["POST /api/devices"] = ["device-registered"],
        ["POST /api/devices/batch"] = [Log],
        ["POST /api/devices/claim"] = [Log],
        ["POST /api/devices/imports"] = [Content],
        ["POST /api/devices/statements"] = [Content],
        ["POST /api/devices/{id}/acts"] = [Log],
        ["POST /api/devices/{id}/claim"] = ["claim-code-made"],
        ["POST /api/devices/{id}/day-keys"] = [Content],
        ["POST /api/devices/{id}/grants"] = [Log],
        ["POST /api/devices/{id}/grants/{grant}/approve"] = [Log],
        ["POST /api/devices/{id}/grants/{grant}/refuse"] = ["grant-refused"],
        ["POST /api/devices/{id}/grants/{grant}/revoke"] = [Log],
        ["POST /api/devices/{id}/imports"] = [Content],
        ["POST /api/documents"] = [Content],
        ["POST /api/encryption-keys"] = ["encryption-key-published"],
        ["POST /api/grants"] = [Log],
        ["POST /api/keys"] = [Log, "key-admitted"],
        ["POST /api/keys/recoveries/{index}/object"] = [Log, "key-recovery-stopped"],
        ["POST /api/keys/{kid}/revoke"] = [Log, "key-ended"],
        ["POST /api/organisations"] = ["organisation-added"],
        ["POST /api/organisations/{id}/api-keys"] = ["api-key-made"],
        ["POST /api/organisations/{id}/api-keys/{keyId}/rotate"] = ["api-key-rotated"],
        ["POST /api/organisations/{id}/invitations"] = ["member-invited"],
        ["POST /api/organisations/{id}/keys/recoveries"] = [Log, "key-recovery-announced"],
        ["POST /api/organisations/{id}/keys/recoveries/{index}/complete"] = [Log, "key-recovered"],
        ["POST /api/organisations/{id}/keys/{kid}/revoke"] = [Log, "key-ended"],
        ["POST /api/people/{login}/codes-off"] = ["person-codes-off"],
        ["POST /api/people/{login}/disable"] = ["person-disabled"],
        ["POST /api/people/{login}/enable"] = ["person-enabled"],
        ["POST /api/recalls"] = [Log],
        ["POST /api/recalls/{id}/lift"] = [Log],
        ["POST /epcis/capture"] = [Content],
        ["POST /epcis/events"] = [Content],
        ["POST /epcis/queries"] = ["query-made"],
        ["POST /epcis/queries/{queryName}/subscriptions"] = ["subscription-made"],
        ["POST /epcis/queries/{queryName}/subscriptions/{subscriptionID}/resume"] = ["subscription-resumed"],
        ["POST /epcis/soap"] = [Nothing],
    };

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task EveryRouteThatIsNoRead_LeavesATraceThatIsToldOf()
    {
        var routes = (await Server.ListRoutesAsync()).Where(static r => r.Method is not ("GET" or "HEAD" or "OPTIONS")).Select(static r => r.Name).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(routes, Traces.Keys.Order(StringComparer.Ordinal));

        var section = (await File.ReadAllTextAsync(Repository.PathOf("docs/accounts.md"), TestContext.Current.CancellationToken)).Split("## What was done")[1].Split("\n## ")[0];
        var told = Row().Matches(section).SelectMany(static row => Word().Matches(row.Groups[1].Value)).Select(static m => m.Groups[1].Value).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(Traces.Values.SelectMany(static t => t).Where(static t => t[0] != '(').Concat(Commands).Distinct().Order(StringComparer.Ordinal), told);
    }

    [Fact]
    public async Task WhatAnOrganisationDoes_IsWrittenDown_ToTheLastAct()
    {
        var company = await Server.AddOrganisationAsync();
        var claim = (await Server.PostAsync("/api/claims", new { kind = "namespace", value = $"https://{company.Id}.example/" }, company.ApiKey)).Expect(201).Json.GetProperty("id").GetInt32();
        (await Server.PostAsAdminAsync($"/api/claims/{claim}/verify", new { })).Expect(200);
        using var encryption = Core.Encryption.DecryptionKey.Generate();
        (await Server.PostAsync("/api/encryption-keys", new { jwk = System.Text.Json.JsonDocument.Parse(encryption.PublicKey.Jwk).RootElement }, company.ApiKey)).Expect(201);
        (await Server.PostAsync("/epcis/queries", new { name = "steps", query = new Dictionary<string, string[]> { ["EQ_bizStep"] = ["packing"] } }, company.ApiKey)).Expect(201);
        var subscription = (await Server.PostAsync("/epcis/queries/steps/subscriptions", new { dest = "https://receiver.example.org/told?key=secret", stream = true }, company.ApiKey)).Expect(201).Text("subscriptionID");
        (await Server.PostAsync($"/epcis/queries/steps/subscriptions/{subscription}/resume", new { }, company.ApiKey)).Expect(204);
        (await Server.SendAsync(HttpMethod.Delete, $"/epcis/queries/steps/subscriptions/{subscription}", company.ApiKey)).Expect(204);
        (await Server.SendAsync(HttpMethod.Delete, $"/epcis/queries/steps/subscriptions/{subscription}", company.ApiKey)).Expect(404); // What was refused is not written down.
        var key = (await Server.PostAsync($"/api/organisations/{company.Id}/api-keys", new { label = "ERP", role = "viewer" }, company.ApiKey)).Expect(201).Text("apiKey");
        (await Server.SendAsync(HttpMethod.Delete, $"/api/organisations/{company.Id}/api-keys", company.ApiKey, System.Net.Http.Json.JsonContent.Create(new { apiKey = key }))).Expect(204);
        (await Server.PostAsync($"/api/organisations/{company.Id}/invitations", new { note = "Li Hua", role = "viewer" }, company.ApiKey)).Expect(201);

        var audit = (await Server.GetAsync($"/api/organisations/{company.Id}/audit", company.ApiKey)).Expect(200);

        Assert.Equal(
            ["organisation-added", "claim-made", "claim-made", "encryption-key-published", "query-made", "subscription-made", "subscription-resumed", "subscription-removed", "api-key-made", "api-key-revoked", "member-invited"],
            audit.Json.GetProperty("entries").EnumerateArray().Select(static e => e.GetProperty("act").GetString()).Where(static a => a != "key-admitted").Reverse());
        Assert.DoesNotContain("secret", audit.Body, StringComparison.Ordinal);
        Assert.Equal(["claim-verified"], await ReadActsAsync("act = 'claim-verified' and subject = $1", $"https://{company.Id}.example/")); // On the operator's account.
    }

    [Fact]
    public async Task WhatPeopleDo_IsWrittenDown_ToTheLastAct()
    {
        const string Password = "correct horse battery";
        var company = await Server.AddOrganisationAsync();
        var (login, other) = ($"auditee-{Guid.NewGuid():N}", $"other-{Guid.NewGuid():N}");
        using var browser = await JoinAsync(company, "admin", login, Password);
        using var second = await JoinAsync(company, "viewer", other, Password);

        var members = (await browser.GetAsync("/account/members")).Text;
        var person = Persons().Matches(members).Select(static m => m.Groups[1].Value).Distinct().Last(); // In the order of the logins.
        (await browser.PostAsync("/account/members/invite", ("note", "nobody"), ("role", "admin"))).Expect(200, "/account/members/invite");
        var invitation = Invitation().Match((await browser.GetAsync("/account/members")).Text).Groups[1].Value;
        (await browser.PostAsync("/account/members/withdraw", ("invitation", invitation))).Expect(200, "/account/members");
        (await browser.PostAsync("/account/members/change", ("person", person), ("role", "operator"))).Expect(200, "/account/members");
        (await browser.PostAsync("/account/members/remove", ("person", person))).Expect(200, "/account/members");
        await browser.GetAsync("/account/api-keys");
        (await browser.PostAsync("/account/api-keys", ("label", "ERP"), ("role", "viewer"), ("days", "30"))).Expect(200, "/account/api-keys");
        await OneTimeCode.TurnOnAsync(browser);
        await browser.GetAsync("/account");
        (await browser.PostAsync("/account/codes/renew")).Expect(200, "/account/codes/renew");
        (await browser.PostAsync("/account/codes/off")).Expect(200, "/account");
        (await browser.PostAsync("/account/password/passkey", ("credential", "{}"), ("newPassword", "another correct horse"), ("password", "another correct horse"))).Expect(400, "/account/password/passkey");
        await browser.GetAsync("/account");
        (await browser.PostAsync("/account/password", ("current", Password), ("password", "another correct horse"))).Expect(200, "/account");
        (await browser.PostAsync("/account/sign-out")).Expect(200, "/account/sign-in");
        (await browser.PostAsync("/account/sign-in", ("login", login), ("password", "wrong"))).Expect(401, "/account/sign-in");
        (await browser.PostAsync("/account/sign-in", ("login", login), ("password", "another correct horse"))).Expect(200, "/account");
        (await browser.PostAsync("/account/sign-out-everywhere")).Expect(200, "/account/sign-in");
        foreach (var act in (string[])["codes-off", "disable", "enable"])
        {
            Assert.Equal(204, (await Server.PostAsAdminAsync($"/api/people/{login}/{act}", new { })).Status);
        }

        Assert.Equal(
            ["account-made", "member-joined", "member-invited", "invitation-withdrawn", "member-changed", "member-removed", "api-key-made", "codes-turned-on", "recovery-codes-made", "codes-turned-off",
                "password-refused", "password-changed", "signed-out", "sign-in-failed", "signed-in", "signed-out"],
            await ReadActsAsync("actor = $1", "person:" + login));
        Assert.Equal(["person-codes-off", "person-disabled", "person-enabled"], await ReadActsAsync("subject = $1 and act like 'person-%'", login));
    }

    private async Task<Browser> JoinAsync(TestOrganisation company, string role, string login, string password)
    {
        var token = await Invitations.AddAsync(Server.Database, company.Id, role);
        var browser = new Browser(Server.BaseUrl);
        await browser.GetAsync($"/account/join?token={token}");
        (await browser.PostAsync("/account/join", ("token", token), ("name", "Somebody"), ("login", login), ("password", password))).Expect(200, "/account");
        return browser;
    }

    private async Task<List<string>> ReadActsAsync(string where, string value)
    {
        await using var select = Server.Database.CreateCommand($"select act from audit_entry where {where} order by id");
        select.Parameters.Add(new() { Value = value });
        var acts = new List<string>();
        await using var reader = await select.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            acts.Add(reader.GetString(0));
        }
        return acts;
    }

    [GeneratedRegex(@"^\| (`.+?) \| ", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([a-z-]+)`")]
    private static partial Regex Word();

    [GeneratedRegex("name=\"person\" value=\"([0-9a-f-]{36})\"")]
    private static partial Regex Persons();

    [GeneratedRegex("name=\"invitation\" value=\"([0-9a-f-]{36})\"")]
    private static partial Regex Invitation();
}
