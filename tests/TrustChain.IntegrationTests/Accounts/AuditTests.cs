using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>Acts that leave no entry in the log are written down with who did them; what was refused is not.</summary>
public sealed class AuditTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task QueriesHooksAndDevices_AreWrittenDown()
    {
        var company = await Server.AddOrganisationAsync();
        (await Server.PostAsync("/epcis/queries", new { name = "tea-steps", query = new Dictionary<string, string[]> { ["EQ_bizStep"] = ["packing"] } }, company.ApiKey)).Expect(201);
        (await Server.PostAsync("/epcis/queries", new { name = "tea-steps", query = new Dictionary<string, string[]> { ["EQ_bizStep"] = ["packing"] } }, company.ApiKey)).ExpectProblem(409, "already-exists");
        (await Server.SendAsync(HttpMethod.Delete, "/epcis/queries/tea-steps", company.ApiKey, null)).Expect(204);
        (await Server.SendAsync(HttpMethod.Delete, "/epcis/queries/tea-steps", company.ApiKey, null)).Expect(404);
        var hook = (await Server.PostAsync("/api/device-alarms/hooks", new { dest = "https://alarms.example.org/told?key=secret" }, company.ApiKey)).Expect(201).Json.GetProperty("id").GetString();
        (await Server.SendAsync(HttpMethod.Delete, $"/api/device-alarms/hooks/{hook}", company.ApiKey, null)).Expect(204);
        var uri = $"https://id.gs1.org/8004/{company.Prefix}LOOM1";
        var id = (await Server.PostAsync("/api/devices", new { device = uri, name = "Loom 1", template = "loom" }, company.ApiKey)).Expect(201).Json.GetProperty("id").GetString();
        (await Server.PostAsync($"/api/devices/{id}/claim", new { }, company.ApiKey)).Expect(201);

        var audit = (await Server.GetAsync($"/api/organisations/{company.Id}/audit", company.ApiKey)).Expect(200).Json.GetProperty("entries");

        var acts = audit.EnumerateArray().Where(static e => e.GetProperty("actor").GetString()!.StartsWith("api-key:", StringComparison.Ordinal) && e.GetProperty("address").GetString() == "127.0.0.1")
            .Select(static e => $"{e.GetProperty("act").GetString()} {e.GetProperty("subject").GetString()}").Reverse().Where(static a => !a.StartsWith("organisation-added ", StringComparison.Ordinal) && !a.StartsWith("claim-", StringComparison.Ordinal) || a.StartsWith("claim-code", StringComparison.Ordinal));
        Assert.Equal(
            ["query-made tea-steps", "query-removed tea-steps", "hook-made alarms.example.org", $"hook-removed {hook}", $"device-registered {uri}", $"claim-code-made {id}"], acts);
    }
}
