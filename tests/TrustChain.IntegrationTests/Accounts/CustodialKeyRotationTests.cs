using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using TrustChain.Evm.Keys;
using TrustChain.IntegrationTests.Serving;
using TrustChain.IntegrationTests.Subscriptions;
using TrustChain.Postgres.Database;
using TrustChain.Server.Doctor;
using TrustChain.Server.Hosting;
using TrustChain.Server.Signing;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>"A new custodial master key" of the runbook, step by step, and what it says of captures, sessions, one-time codes and tokens of subscriptions.</summary>
public sealed partial class CustodialKeyRotationTests(SharedStack stack)
{
    private const string Password = "correct horse battery";

    [Fact]
    public async Task NewKey_TakesOverAsTheRunbookSays()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, SubscriptionFixture.Settings);
        var (company, self) = (await server.AddOrganisationAsync(), await server.AddOrganisationAsync());
        using var key = await self.RegisterKeyAsync();
        var before = (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        var query = await server.AddQueryAsync(company);
        var subscription = await server.SubscribeAsync(company, query, new { dest = "http://127.0.0.1:9/", stream = true, signatureToken = "ours" });
        var people = new[] { await JoinAsync(server, company), await JoinAsync(server, company) };
        Assert.Empty(await ExamineAsync(server));

        await server.StopAsync();
        Replace(server);
        await server.StartAgainAsync();

        // Nothing is signed under a key that does not open; what is signed elsewhere is taken, and doctor says what is amiss.
        (await company.CaptureAsync(Events.Document(Events.Observation(company.NewItem())))).ExpectProblem(503, "custodial-key-closed");
        (await self.CaptureDocumentAsync(key, Events.Document(Events.Commissioning(self.NewItem())))).Expect(202);
        var findings = await ExamineAsync(server);
        Assert.Contains(findings, f => f.Level == FindingLevel.Fault && f.Text.Contains($" of {company.Id}", StringComparison.Ordinal));
        Assert.Contains(findings, static f => f.Level == FindingLevel.Warning && f.Text.Contains("one-time codes of 2 people", StringComparison.Ordinal));

        // The operator ends the key; the service makes another one when it is next needed, and what came before stays good.
        var ended = (await server.GetAsync("/api/keys", company.ApiKey)).Json.GetProperty("keys")[0].GetProperty("kid").GetString();
        (await server.PostAsAdminAsync($"/api/organisations/{company.Id}/keys/{ended}/revoke", new { })).Expect(200);
        var after = (await company.CaptureAsync(Events.Document(Events.Observation(company.NewItem(), Subscribing.Step)))).Expect(202);
        foreach (var answer in (Answer[])[before, after])
        {
            var id = answer.Json.GetProperty("events")[0].GetProperty("eventID").GetString()!; // Every event has one.
            Assert.Single((await server.GetAsync($"/epcis/events/{Uri.EscapeDataString(id)}", company.ApiKey)).Expect(200).EventList);
        }
        Assert.NotEqual(ended, (await server.GetAsync("/api/keys", company.ApiKey)).Json.GetProperty("keys")[1].GetProperty("kid").GetString());
        Assert.DoesNotContain(await ExamineAsync(server), static f => f.Level == FindingLevel.Fault);
        Assert.Contains("signature token does not open", (await server.AwaitStateAsync(company, query, subscription, "stopped")).GetProperty("lastError").GetString(), StringComparison.Ordinal);

        await ExpectSignInAsync(server, people);
        Assert.Contains("The secret of one-time codes of person", await File.ReadAllTextAsync(server.LogFile, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    /// <summary>Sessions are over; the password alone opens nothing, codes are not valid; a recovery code does, and so does an admin.</summary>
    private static async Task ExpectSignInAsync(RunningServer server, IReadOnlyList<Member> people)
    {
        foreach (var (browser, login, secret, recovery) in people)
        {
            (await browser.GetAsync("/account")).Expect(200, "/account/sign-in");
            (await browser.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(200, "/account/sign-in/code").Saying("can no longer read the secret");
            (await browser.PostAsync("/account/sign-in/code", ("code", OneTimeCode.Now(secret)))).Expect(401, "/account/sign-in/code").Saying("can no longer read the secret");
        }
        var first = people[0].Browser;
        (await first.PostAsync("/account/sign-in/code", ("code", people[0].Recovery))).Expect(200, "/account");
        (await first.PostAsync("/account/codes/off")).Expect(200, "/account");
        var again = SecretText().Match((await first.GetAsync("/account/codes")).Text).Groups[1].Value;
        (await first.PostAsync("/account/codes", ("code", OneTimeCode.Now(again)))).Expect(200, "/account/codes").Saying("recovery codes");

        var second = people[1];
        Assert.Equal(204, (await server.PostAsAdminAsync($"/api/people/{second.Login}/codes-off", new { })).Status);
        await second.Browser.GetAsync("/account/sign-in");
        (await second.Browser.PostAsync("/account/sign-in", ("login", second.Login), ("password", Password))).Expect(200, "/account");
        foreach (var person in people)
        {
            person.Browser.Dispose();
        }
    }

    /// <summary>Somebody with one-time codes.</summary>
    private static async Task<Member> JoinAsync(RunningServer server, TestOrganisation company)
    {
        var (token, login) = (await Invitations.AddAsync(server.Database, company.Id, "viewer"), $"wu-{Guid.NewGuid():N}");
        var browser = new Browser(server.BaseUrl);
        await browser.GetAsync($"/account/join?token={token}");
        (await browser.PostAsync("/account/join", ("token", token), ("name", "Wu"), ("login", login), ("password", Password))).Expect(200, "/account");
        var secret = SecretText().Match((await browser.GetAsync("/account/codes")).Text).Groups[1].Value;
        var shown = (await browser.PostAsync("/account/codes", ("code", OneTimeCode.Now(secret)))).Expect(200, "/account/codes");
        return new Member(browser, login, secret, RecoveryText().Match(shown.Text).Groups[1].Value);
    }

    private static void Replace(RunningServer server)
    {
        File.Delete(server.Keys.CustodialKeyFile);
        var files = new OperatorKeyFiles { PassPhrase = server.Keys.PassPhraseFile, LogKey = server.Keys.LogKeyFile, CustodialKey = server.Keys.CustodialKeyFile, Publisher = null };
        Assert.Equal([server.Keys.CustodialKeyFile], OperatorKeySet.OpenOrCreate(files, iterations: 1_000).Made);
    }

    /// <summary>What doctor has to say of what is sealed, but for what is well.</summary>
    private static async Task<IReadOnlyList<Finding>> ExamineAsync(RunningServer server)
    {
        var options = new ServerOptions { Origin = server.Keys.LogVerifier.Name, LogKeyFile = server.Keys.LogKeyFile, CustodialKeyFile = server.Keys.CustodialKeyFile, PassPhraseFile = server.Keys.PassPhraseFile };
        using var ring = new KeyRing(Options.Create(options));
        await using var connection = await server.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var report = new DoctorReport();
        SealedCheck.Run(report, ring, await DatabaseInspection.ReadSealedAsync(connection, TestContext.Current.CancellationToken));
        return [.. report.Findings.Where(static f => f.Level != FindingLevel.Ok)];
    }

    [GeneratedRegex("into the app: <code>([A-Z2-7]+)</code>")]
    private static partial Regex SecretText();

    [GeneratedRegex("<li><code>([^<]+)</code></li>")]
    private static partial Regex RecoveryText();

    private sealed record Member(Browser Browser, string Login, string Secret, string Recovery);
}
