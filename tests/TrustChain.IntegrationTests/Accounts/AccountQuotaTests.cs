using System.Globalization;
using System.Text.RegularExpressions;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Accounts;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>How much of everything an account may have.</summary>
public sealed partial class AccountQuotaTests(ServerFixture fixture) : IClassFixture<ServerFixture>
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

    [Fact]
    public async Task ApiKeys_BeyondTheMost_AreRefusedOnThePage_WhichShowsAHundred()
    {
        var company = await Server.AddOrganisationAsync();
        using var browser = await JoinAsync(company, "admin", $"keys-{company.Id}");
        (await browser.GetAsync("/account/api-keys")).Expect(200, "/account/api-keys").NotSaying(">Older<");
        await using (var command = Server.Database.CreateCommand("""
            insert into api_key (hash, organisation_id, label, role, created_by, created_at)
            select sha256(gen_random_uuid()::text::bytea), (select id from organisation where code = $1), 'key', 0, 'operator', now() from generate_series(1, $2) n
            """))
        {
            command.Parameters.Add(new() { Value = company.Id });
            command.Parameters.Add(new() { Value = ApiKeyStore.MaxInForce - 1 });
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        var (keys, pages, address) = (new List<int>(), 0, "/account/api-keys");
        while (address.Length > 0)
        {
            var page = (await browser.GetAsync(address)).Expect(200, "/account/api-keys").Text;
            var shown = KeyId().Matches(page).Select(static m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).Distinct().ToList();
            Assert.InRange(shown.Count, 0, 100);
            keys.AddRange(shown);
            pages++;
            address = Older().Match(page) is { Success: true } older ? older.Groups[1].Value : "";
        }
        Assert.Equal(ApiKeyStore.MaxInForce, keys.Distinct().Count());
        Assert.InRange(pages, 10, 11);

        await browser.GetAsync("/account/api-keys");
        var newest = keys[0].ToString(CultureInfo.InvariantCulture);
        (await browser.PostAsync("/account/api-keys", ("label", "ERP"), ("role", "viewer"), ("days", ""))).Expect(409, "/account/api-keys").Saying("1,000 API keys in force");
        (await browser.PostAsync("/account/api-keys?lang=zh", ("label", "ERP"), ("role", "viewer"), ("days", ""))).Expect(409, "/account/api-keys").Saying("1,000 个上限");
        (await browser.PostAsync("/account/api-keys/rotate?lang=en", ("key", newest))).Expect(409, "/account/api-keys/rotate").Saying("1,000 API keys in force");
        (await browser.PostAsync("/account/api-keys/revoke", ("key", newest))).Expect(200, "/account/api-keys").Saying("The key is revoked");
        (await browser.PostAsync("/account/api-keys", ("label", "ERP"), ("role", "viewer"), ("days", ""))).Expect(200, "/account/api-keys").Saying("tck_");
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

    [GeneratedRegex("name=\"key\" value=\"([0-9]+)\"")]
    private static partial Regex KeyId();

    [GeneratedRegex("href=\"([^\"]+)\">Older<")]
    private static partial Regex Older();
}
