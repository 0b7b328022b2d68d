using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>Receipts in a monitor's folder: kept promises are settled for good, and broken ones are alarms.</summary>
public sealed class MonitorReceiptTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Receipt_WithTheCapturesAnswer_IsAskedForOnceItIsDue()
    {
        await using var stand = await MonitorStand.StartAsync(Server);
        var company = await CaptureAsync(stand, "one", Events.PublicStep, "tea");
        stand.ApiKey = company.ApiKey;
        HideEvidence(stand);
        (await stand.RoundAsync()).Expect(0); // The log still has time.

        stand.Clock.Offset = TimeSpan.FromMinutes(5);
        var broken = (await stand.RoundAsync()).Expect(1);
        Assert.Contains("alarm broken-receipt: one.receipt", broken.Errors, StringComparison.Ordinal);
        Assert.Contains("\"receipt\"", File.ReadAllText(stand.StateFile(stand.Alarms[0].GetProperty("evidence").GetString()!)), StringComparison.Ordinal);
        (await stand.RoundAsync()).Expect(1);

        stand.ShowServer();
        (await stand.RoundAsync()).Expect(0);
        Assert.Equal(["raised broken-receipt", "ended broken-receipt"], stand.Told);
        HideEvidence(stand);
        (await stand.RoundAsync()).Expect(0); // Once seen kept, it is kept.
    }

    [Fact]
    public async Task Receipt_WhoseEvidenceIsAltered_IsBroken()
    {
        await using var stand = await MonitorStand.StartAsync(Server);
        stand.ApiKey = (await CaptureAsync(stand, "two", "inspecting", null)).ApiKey;
        stand.Clock.Offset = TimeSpan.FromMinutes(5);
        stand.Web.Alter = static (request, answer) => !request.Path.StartsWith("/evidence", StringComparison.Ordinal) ? answer
            : answer with { Body = System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(answer.Body).Replace("\"custody\":\"custodial\"", "\"custody\":\"imported\"", StringComparison.Ordinal)) };
        (await stand.RoundAsync()).Expect(1);
        Assert.Equal(["raised broken-receipt"], stand.Told);
        stand.Web.Alter = static (_, answer) => answer;
        (await stand.RoundAsync()).Expect(0);
    }

    [Fact]
    public async Task Receipt_WithABundleBesideIt_NeedsNoQuestion()
    {
        await using var stand = await MonitorStand.StartAsync(Server);
        var company = await CaptureAsync(stand, "three", "inspecting", null);
        var hash = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(stand.Receipts, "three.json"))).RootElement.GetProperty("events")[0].GetProperty("eventHash").GetString()!;
        await Server.GetCoveringCheckpointAsync();
        File.WriteAllBytes(Path.Combine(stand.Receipts, "three.json"), (await Server.GetAsync($"/evidence?event={Uri.EscapeDataString(hash)}", company.ApiKey)).Expect(200).Bytes);
        stand.Clock.Offset = TimeSpan.FromMinutes(5);
        HideEvidence(stand);
        (await stand.RoundAsync()).Expect(0);
        Assert.Empty(stand.Alarms);
    }

    [Fact]
    public async Task Receipt_InABundleOfAnotherTree_IsAFork()
    {
        await using var stand = await MonitorStand.StartAsync(Server);
        var company = await CaptureAsync(stand, "four", "inspecting", null);
        stand.ApiKey = company.ApiKey;
        stand.Clock.Offset = TimeSpan.FromMinutes(5);
        var signed = await Server.GetCoveringCheckpointAsync();
        // This stranger is shown a log without the record from the start; its owner got a bundle of the real one.
        stand.Show(await stand.ForgeAsync((int)signed.Size - 1, 3));
        (await stand.RoundAsync()).Expect(1);
        var fork = stand.Alarms.Single(static a => a.GetProperty("code").GetString() == "fork");
        AuditCli.RequireProvesFork(stand.StateFile(fork.GetProperty("evidence").GetString()!), Server.Keys.LogVerifier);
    }

    [Fact]
    public async Task Receipt_OfACaptureThatPartlyRepeatsAnother_IsKept()
    {
        await using var stand = await MonitorStand.StartAsync(Server);
        var company = await Server.AddOrganisationAsync();
        var repeated = Events.Commissioning(company.NewItem()).ToJsonString();
        (await company.CaptureAsync(Events.Document(repeated))).Expect(202);
        var answer = (await company.CaptureAsync(Events.Document(repeated, Events.Observation(company.NewItem()).ToJsonString()))).Expect(202);
        File.WriteAllBytes(Path.Combine(stand.Receipts, "answer.json"), answer.Bytes); // The answer alone is enough.
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        stand.ApiKey = company.ApiKey;
        stand.Clock.Offset = TimeSpan.FromMinutes(5);
        (await stand.RoundAsync()).Expect(0);
        HideEvidence(stand);
        (await stand.RoundAsync()).Expect(0); // It was settled, not put off.
    }

    [Fact]
    public async Task Receipt_OfAPrivateRecord_NeedsTheOwnersKey()
    {
        await using var stand = await MonitorStand.StartAsync(Server);
        var company = await CaptureAsync(stand, "private", "inspecting", null);
        stand.Clock.Offset = TimeSpan.FromMinutes(5);
        (await stand.RoundAsync()).Expect(1); // To a stranger it looks missing: docs/auditing.md says so.
        stand.ApiKey = company.ApiKey;
        (await stand.RoundAsync()).Expect(0);
        Assert.Equal(["raised broken-receipt", "ended broken-receipt"], stand.Told);
    }

    [Fact]
    public async Task Receipt_OfAnotherLogOrAlone_IsAWarning()
    {
        await using var stand = await MonitorStand.StartAsync(Server);
        await CaptureAsync(stand, "five", "inspecting", null);
        File.Delete(Path.Combine(stand.Receipts, "five.json"));
        File.WriteAllText(Path.Combine(stand.Receipts, "six.jws"), "nonsense\n");
        stand.Clock.Offset = TimeSpan.FromMinutes(5);
        (await stand.RoundAsync()).Expect(2);
        Assert.Equal(["raised unusable-receipt", "raised unusable-receipt"], stand.Told);
        File.Delete(Path.Combine(stand.Receipts, "five.receipt"));
        File.Delete(Path.Combine(stand.Receipts, "six.jws"));
        (await stand.RoundAsync()).Expect(0);
    }

    private async Task<TestOrganisation> CaptureAsync(MonitorStand stand, string name, string step, string? template)
    {
        var company = await Server.AddOrganisationAsync(template);
        var item = company.NewItem();
        var answer = (await company.CaptureAsync(Events.Document(Events.Commissioning(item), Events.Observation(item, step)))).Expect(202);
        File.WriteAllText(Path.Combine(stand.Receipts, name + ".receipt"), answer.Text("receipt") + "\n");
        File.WriteAllBytes(Path.Combine(stand.Receipts, name + ".json"), answer.Bytes);
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        return company;
    }

    private static void HideEvidence(MonitorStand stand) => stand.Web.Instead = static request =>
        Task.FromResult(request.Path.StartsWith("/evidence", StringComparison.Ordinal) ? new ProxyAnswer(404, []) : null);
}
