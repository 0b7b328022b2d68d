using System.Globalization;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Accounts;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>How much of everything an account may have.</summary>
public sealed class AccountQuotaTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Passkeys_BeyondTheMost_AreRefused_UntilOneIsRemoved()
    {
        var company = await Server.AddOrganisationAsync();
        var login = $"passkeys-{company.Id}";
        using var browser = await JoinAsync(company, "viewer", login);
        var people = new PersonStore(Server.Database, TimeProvider.System);
        var person = (await people.FindAsync(login.ToUpperInvariant(), Cancellation))!.Id; // They have just joined.

        var results = await Task.WhenAll(Enumerable.Range(1, 30).Select(n => people.PutPasskeyAsync(Numbered(person, n), Cancellation)));

        Assert.Equal(PersonStore.MaxPasskeys, results.Count(static r => r == PasskeyResult.Kept));
        Assert.All(results, static r => Assert.NotEqual(PasskeyResult.OfAnother, r));
        Assert.Equal(PersonStore.MaxPasskeys, await people.CountPasskeysAsync(person, Cancellation));
        var kept = Array.IndexOf(results, PasskeyResult.Kept) + 1;
        Assert.Equal(PasskeyResult.Kept, await people.PutPasskeyAsync(Numbered(person, kept), Cancellation)); // As at signing in.

        await browser.GetAsync("/account");
        (await browser.PostAsync("/account/passkeys/add", ("passkeyName", "One more"), ("credential", "{}"))).Expect(409, "/account/passkeys/add").Saying("You have 20 passkeys");
        (await browser.PostAsync("/account/passkeys/add?lang=zh", ("passkeyName", "One more"), ("credential", "{}"))).Expect(409, "/account/passkeys/add").Saying("20 个通行密钥");
        await browser.GetAsync("/account?lang=en");
        (await browser.PostAsync("/account/passkeys/remove", ("credentialId", "no number"))).Expect(200, "/account").NotSaying("The passkey is removed");
        (await browser.PostAsync("/account/passkeys/remove", ("credentialId", Convert.ToHexStringLower(Numbered(person, kept).CredentialId)))).Expect(200, "/account").Saying("The passkey is removed");
        (await browser.GetAsync("/account")).NotSaying($"Passkey {kept}<").Saying("passkeys/remove");
        (await browser.PostAsync("/account/passkeys/add", ("passkeyName", "One more"), ("credential", "{}"))).Expect(400, "/account/passkeys/add").Saying("The browser gave no passkey");
    }

    private async Task<Browser> JoinAsync(TestOrganisation company, string role, string login)
    {
        var token = await Invitations.AddAsync(Server.Database, company.Id, role);
        var browser = new Browser(Server.BaseUrl);
        await browser.GetAsync($"/account/join?token={token}");
        (await browser.PostAsync("/account/join", ("token", token), ("name", "Somebody 某人"), ("login", login), ("password", "correct horse battery"))).Expect(200, "/account");
        return browser;
    }

    private static Passkey Numbered(Guid person, int number) => new([.. person.ToByteArray(), (byte)number], person, string.Create(CultureInfo.InvariantCulture, $"Passkey {number}"), "{}", DateTimeOffset.UtcNow);
}
