using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Crash;

/// <summary>SIGKILL before and after the commit of a key's registration.</summary>
public sealed class KeyCrashTests(CrashFixture fixture) : IClassFixture<CrashFixture>
{
    [Theory]
    [InlineData("key.before-commit", HttpStatusCode.Created)]
    [InlineData("key.after-commit", HttpStatusCode.Conflict)]
    public async Task Server_KilledWhileAKeyIsRegistered_HasItOnceOrNotAtAll(string step, HttpStatusCode repeated)
    {
        var site = fixture.Trial.Site;
        var organisation = step.Replace('.', '-');
        var apiKey = await site.AddOrganisationAsync(organisation);
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        using var client = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", apiKey) } };
        fixture.Trial.Load.Start(clients: 2);
        site.CrashAt(0, step);

        await Assert.ThrowsAsync<HttpRequestException>(() => RegisterAsync(client, site, organisation, key));
        await site.WaitUntilKilledAsync(0);
        await site.StartServerAsync(0);
        using var answer = await RegisterAsync(client, site, organisation, key);

        Assert.Equal(repeated, answer.StatusCode);
        await Eventually.TrueAsync("one entry of the key in the log", async () =>
        {
            using var history = await client.GetFromJsonAsync<JsonDocument>($"{site.BaseUrl(0)}/api/organisations/{organisation}/keys/history", Site.Cancel);
            return history!.RootElement.GetProperty("entries").GetArrayLength() == 1; // It is a document.
        });
        await fixture.Trial.Audit.ExpectSoundAsync();
    }

    private static async Task<HttpResponseMessage> RegisterAsync(HttpClient client, Site site, string organisation, SigningKey key)
    {
        using var jwk = JsonDocument.Parse(key.PublicKey.Jwk);
        var proof = Jws.Sign(key, KeyChange.AuthorizationType, null, KeyEntry.ToAuthorizationPayload(organisation, key.PublicKey.Kid, null));
        return await client.PostAsJsonAsync($"{site.BaseUrl(0)}/api/keys", new { jwk = jwk.RootElement, proof }, Site.Cancel);
    }
}
