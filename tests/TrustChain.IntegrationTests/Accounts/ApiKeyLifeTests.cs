using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>When API keys end.</summary>
public sealed class ApiKeyLifeTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Key_IsRefusedOnceItHasExpired()
    {
        var organisation = await Server.AddOrganisationAsync();
        var made = (await Server.PostAsync(PathOf(organisation), new { label = "short", role = "viewer", expiresAt = DateTimeOffset.UtcNow.AddSeconds(3) }, organisation.ApiKey)).Expect(201);

        (await Server.GetAsync($"/api/organisations/{organisation.Id}/api-keys", organisation.ApiKey)).Expect(200);
        await Eventually.TrueAsync("refusal of the expired key", async () => (await Server.GetAsync("/api/claims", made.Text("apiKey"))).Status == 401);
    }

    [Fact]
    public async Task Successor_LivesAsLong_AndTheOldOneEndsAfterTheOverlap()
    {
        var organisation = await Server.AddOrganisationAsync();
        var first = (await Server.PostAsync(PathOf(organisation), new { label = "month", role = "viewer", expiresAt = DateTimeOffset.UtcNow.AddDays(30) }, organisation.ApiKey)).Expect(201);

        var second = (await Server.PostAsync($"{PathOf(organisation)}/{first.Json.GetProperty("keyId").GetInt32()}/rotate", new { overlapHours = 1 }, organisation.ApiKey)).Expect(201);
        Assert.InRange(second.Json.GetProperty("expiresAt").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddDays(29.9), DateTimeOffset.UtcNow.AddDays(30.1));
        (await Server.GetAsync("/api/claims", first.Text("apiKey"))).Expect(200);
        (await Server.GetAsync("/api/claims", second.Text("apiKey"))).Expect(200);

        var third = (await Server.PostAsync($"{PathOf(organisation)}/{second.Json.GetProperty("keyId").GetInt32()}/rotate", new { overlapHours = 0 }, organisation.ApiKey)).Expect(201);
        (await Server.GetAsync("/api/claims", second.Text("apiKey"))).Expect(401);
        (await Server.GetAsync("/api/claims", third.Text("apiKey"))).Expect(200);
    }

    private static string PathOf(TestOrganisation organisation) => $"/api/organisations/{organisation.Id}/api-keys";
}
