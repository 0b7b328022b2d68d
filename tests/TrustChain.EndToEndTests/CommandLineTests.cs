using System.Text.Json.Nodes;
using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>Somebody does not trust the page's script and follows what it says about the command line.</summary>
public sealed class CommandLineTests(TestSite site)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CommandOnThePage_WithTheTrustFileOfThePage_PassesEveryCheck()
    {
        using var commandLine = new CommandLine();
        await using var visitor = await site.WelcomeAsync();
        await visitor.OpenAsync(Goods.Tea);
        await visitor.DownloadAsync("Trust file (JSON)", Path.Combine(commandLine.Folder, "trust.json"));

        var result = await commandLine.RunAsync(await visitor.Page.Locator(".command code").InnerTextAsync(), Cancellation);

        Assert.Equal(0, result.ExitCode);
        Assert.EndsWith("verdict: passed\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(4, result.Output.Split('\n').Count(static line => line.StartsWith("✓ eventHash ", StringComparison.Ordinal)));
        Assert.Empty(result.Errors);
    }

    [Fact]
    public async Task Verify_DownloadedEvidence_PassesAndFailsOnceAltered()
    {
        using var commandLine = new CommandLine();
        await using var visitor = await site.WelcomeAsync();
        await visitor.OpenAsync(Goods.Tea);
        var evidence = Path.Combine(commandLine.Folder, "evidence.json");
        await visitor.DownloadAsync("Trust file (JSON)", Path.Combine(commandLine.Folder, "trust.json"));
        await visitor.DownloadAsync("Evidence file (JSON)", evidence);
        var line = $"trustchain verify evidence.json --trust trust.json --rpc {site.RpcUrl}";

        Assert.Equal(0, (await commandLine.RunAsync(line, Cancellation)).ExitCode);

        var bundle = JsonNode.Parse(await File.ReadAllTextAsync(evidence, Cancellation))!; // JSON of the server, as is its member.
        bundle["keys"]![0]!["entry"]!["name"] = "Somebody else";
        await File.WriteAllTextAsync(evidence, bundle.ToJsonString(), Cancellation);
        var altered = await commandLine.RunAsync(line, Cancellation);
        Assert.Equal(1, altered.ExitCode);
        Assert.Contains("[key-altered]", altered.Output, StringComparison.Ordinal);
        Assert.EndsWith("verdict: failed\n", altered.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fsck_OfThePublicLog_FindsNothingWrong()
    {
        using var commandLine = new CommandLine();

        var result = await commandLine.RunAsync($"trustchain fsck --server {site.BaseUrl}", Cancellation);

        Assert.True(result.ExitCode == 0, $"fsck ended with {result.ExitCode}: {result.Output}{result.Errors}");
    }
}
