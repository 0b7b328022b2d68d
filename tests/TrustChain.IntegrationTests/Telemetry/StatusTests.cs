using System.Net;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Telemetry;

/// <summary>Readiness with its checks by name, and the page for people, in calm and with an alarm of anchoring.</summary>
[Collection(TelemetryServer.Name)]
public sealed class StatusTests(TelemetryFixture fixture)
{
    private const string Raise = "insert into anchor_failure (target, code, detail, began_at, last_at) values ('second', 'chain-away', 'The node at 10.1.2.3 is away.', now(), now())";

    [Fact]
    public async Task AlarmOfAnchoring_IsNamedAndTold_ButLeavesTheServerReady()
    {
        var calm = await Eventually.GetAsync("page of a server at work", async () => await PageAsync("en") is var page && page.Contains("Records are taken, get their place", StringComparison.Ordinal) ? page : null);
        Assert.Contains("No witnesses are configured", calm, StringComparison.Ordinal);
        Assert.Contains("/anchors?lang=en", calm, StringComparison.Ordinal);
        Assert.Contains("TrustChain devnet", calm, StringComparison.Ordinal);
        Assert.Contains("/status?lang=en", (await fixture.Server.GetAsync("/", accept: "text/html")).Expect(200).Body, StringComparison.Ordinal); // in the footer
        Assert.Equal("healthy", (await fixture.Server.GetAsync("/health/ready")).Expect(200).Json.GetProperty("checks").GetProperty("anchoring").GetProperty("status").GetString());

        await ExecuteAsync(Raise);
        try
        {
            var ready = await Eventually.GetAsync("alarm in readiness", async () =>
                (await fixture.Server.GetAsync("/health/ready")).Expect(200) is var answer && answer.Body.Contains("chain-away", StringComparison.Ordinal) ? answer : null);
            Assert.Equal("healthy", ready.Text("status"));
            var checks = ready.Json.GetProperty("checks");
            Assert.Equal(["anchoring", "database", "draining", "log", "standby"], checks.EnumerateObject().Select(static c => c.Name).Order(StringComparer.Ordinal));
            Assert.Equal("second", checks.GetProperty("anchoring").GetProperty("alarms")[0].GetProperty("target").GetString());

            var page = await PageAsync("zh");
            Assert.Contains("存证出现故障", page, StringComparison.Ordinal);
            Assert.DoesNotContain("10.1.2.3", page, StringComparison.Ordinal); // what fails inside is the operator's to see
        }
        finally
        {
            await ExecuteAsync("update anchor_failure set ended_at = now() where target = 'second'");
        }
    }

    private async Task<string> PageAsync(string language) => WebUtility.HtmlDecode((await fixture.Server.GetAsync($"/status?lang={language}")).Expect(200).Body);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = fixture.Server.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
