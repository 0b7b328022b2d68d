using System.Text.RegularExpressions;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>The examples of docs/epcis.md that are marked so, run in their order in one folder; each checks itself.</summary>
public sealed partial class ExampleTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Examples_OfTheDocument_Work()
    {
        var organisation = await fixture.Server.AddOrganisationAsync(template: "tea", claims: false);
        var claim = (await fixture.Server.PostAsync("/api/claims", new { kind = "gcp", value = "9521321" }, organisation.ApiKey)).Expect(201);
        (await fixture.Server.PostAsAdminAsync($"/api/claims/{claim.Json.GetProperty("id").GetInt32()}/verify", new { })).Expect(200);
        var text = await File.ReadAllTextAsync(Repository.PathOf("docs/epcis.md"), TestContext.Current.CancellationToken);
        var blocks = Block().Matches(text).Select(static m => m.Groups[1].Value).ToList();
        Assert.NotEmpty(blocks);
        using var folder = new TemporaryFolder();
        var failures = new List<string>();

        foreach (var block in blocks)
        {
            var (exitCode, output, errors) = await Programs.RunAsync("env", [$"B={fixture.Server.BaseUrl}", $"KEY={organisation.ApiKey}", "bash", "-exuc", block], folder.Path);
            if (exitCode != 0)
            {
                failures.Add($"{block}\n→ {exitCode} {output}{errors}");
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    [GeneratedRegex("^```sh\n(# test\n.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
