using System.Text.RegularExpressions;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>The examples of docs/epcis.md that are marked so, run in their order in one folder; each checks itself.</summary>
public sealed partial class ExampleTests(SharedStack stack)
{
    [Fact]
    public async Task Examples_OfTheDocument_Work()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil); // The examples page through everything that is there.
        var organisation = await server.AddOrganisationAsync(template: "tea", claims: false);
        var claim = (await server.PostAsync("/api/claims", new { kind = "gcp", value = "9521321" }, organisation.ApiKey)).Expect(201);
        (await server.PostAsAdminAsync($"/api/claims/{claim.Json.GetProperty("id").GetInt32()}/verify", new { })).Expect(200);
        var text = await File.ReadAllTextAsync(Repository.PathOf("docs/epcis.md"), TestContext.Current.CancellationToken);
        var blocks = Block().Matches(text).Select(static m => m.Groups[1].Value).ToList();
        Assert.NotEmpty(blocks);
        using var folder = new TemporaryFolder();
        var failures = new List<string>();

        foreach (var block in blocks)
        {
            var (exitCode, output, errors) = await Programs.RunAsync("env", [$"B={server.BaseUrl}", $"KEY={organisation.ApiKey}", "bash", "-exuc", block], folder.Path);
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
