using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Accounts;

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

    [Fact]
    public async Task Keys_BeyondTheMostInForce_AreRefused_UntilOneEnds()
    {
        var organisation = await Server.AddOrganisationAsync();
        await AddAsync(organisation, ApiKeyStore.MaxInForce - 3); // The first one is there too.
        await AddAsync(organisation, 5, "now(), null");
        await AddAsync(organisation, 5, "null, now()");

        var answers = await Task.WhenAll(Enumerable.Range(1, 6).Select(n => Server.PostAsync(PathOf(organisation), new { label = $"key {n}", role = "viewer" }, organisation.ApiKey)));

        var made = answers.Where(static a => a.Status == 201).ToList();
        Assert.Equal(2, made.Count);
        Assert.All(answers.Except(made), static a => a.ExpectProblem(409, "too-many-api-keys"));
        var (first, second) = (made[0].Json.GetProperty("keyId").GetInt32(), made[1].Json.GetProperty("keyId").GetInt32());
        (await Server.PostAsync($"{PathOf(organisation)}/{first}/rotate", new { overlapHours = 1 }, organisation.ApiKey)).ExpectProblem(409, "too-many-api-keys");
        (await Server.GetAsync("/api/claims", made[0].Text("apiKey"))).Expect(200);
        (await Server.PostAsync($"{PathOf(organisation)}/{first}/rotate", new { overlapHours = 0 }, organisation.ApiKey)).Expect(201); // The old one ends with it.
        (await Server.PostAsync(PathOf(organisation), new { label = "one more", role = "viewer" }, organisation.ApiKey)).ExpectProblem(409, "too-many-api-keys");
        (await Server.SendAsync(HttpMethod.Delete, $"{PathOf(organisation)}/{second}", organisation.ApiKey)).Expect(204);
        (await Server.PostAsync(PathOf(organisation), new { label = "one more", role = "viewer" }, organisation.ApiKey)).Expect(201);
    }

    [Fact]
    public async Task Keys_AreListedAHundredAtATime_NewestFirst()
    {
        var organisation = await Server.AddOrganisationAsync();
        await AddAsync(organisation, 230, "now(), null"); // Revoked ones are listed too.

        Assert.Equal(100, (await Server.GetAsync(PathOf(organisation), organisation.ApiKey)).Expect(200).Json.GetProperty("apiKeys").GetArrayLength());
        var ids = (await Server.ListAsync(PathOf(organisation), "apiKeys", organisation.ApiKey, "before")).Select(static k => k.GetProperty("keyId").GetInt32()).ToList();
        Assert.Equal(231, ids.Distinct().Count());
        Assert.Equal(ids.OrderDescending(), ids);

        // The first one is the last that is listed, and is found all the same.
        (await Server.PostAsync($"{PathOf(organisation)}/{ids[^1]}/rotate", new { }, organisation.ApiKey)).Expect(201);
    }

    private async Task AddAsync(TestOrganisation organisation, int count, string revokedAndExpires = "null, null")
    {
        await using var command = Server.Database.CreateCommand($"""
            insert into api_key (hash, organisation_id, label, role, created_by, created_at, revoked_at, expires_at)
            select sha256(gen_random_uuid()::text::bytea), (select id from organisation where code = $1), 'key ' || n, 0, 'operator', now(), {revokedAndExpires} from generate_series(1, $2) n
            """);
        command.Parameters.Add(new() { Value = organisation.Id });
        command.Parameters.Add(new() { Value = count });
        Assert.Equal(count, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }

    private static string PathOf(TestOrganisation organisation) => $"/api/organisations/{organisation.Id}/api-keys";
}
