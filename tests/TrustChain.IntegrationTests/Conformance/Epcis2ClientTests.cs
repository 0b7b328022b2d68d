using System.Text.Json;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>epcis2.js, a client that others wrote, against a running server.</summary>
public sealed class Epcis2ClientTests(SharedStack stack)
{
    private const int Events = 6;

    /// <summary>Place of the event with an SSCC, of which epcis2.js makes a Digital Link with 19 digits; see docs/event-hash.md.</summary>
    private const int WithSscc = 5;

    [Fact]
    public async Task ForeignClient_CapturesAndQueries_FindsWhatItSent()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil); // It lists everything that is there.
        var organisation = await server.AddOrganisationAsync();

        using var seen = JsonDocument.Parse(await NodeScripts.RunAsync("epcis2-client.mjs", $"{server.BaseUrl}/epcis", organisation.ApiKey, organisation.Prefix));

        var root = seen.RootElement;
        Assert.Equal(202, root.GetProperty("status").GetInt32());
        Assert.Equal($"/epcis/capture/{root.GetProperty("body").GetProperty("captureID").GetString()}", root.GetProperty("location").GetString());
        Assert.False(root.GetProperty("running").GetBoolean());
        Assert.True(root.GetProperty("success").GetBoolean());
        Assert.Empty(root.GetProperty("errors").EnumerateArray());
        var theirs = Texts(root.GetProperty("hashes"));
        var ours = root.GetProperty("body").GetProperty("events").EnumerateArray().Select(static e => e.GetProperty("eventHash").GetString()).ToList();
        Assert.Equal(Events, ours.Count);
        for (var i = 0; i < Events; i++)
        {
            Assert.Equal(i != WithSscc, theirs[i] == ours[i]);
        }
        foreach (var answer in root.GetProperty("answers").EnumerateArray())
        {
            AssertAnswer(answer, theirs, ours);
        }
    }

    private static void AssertAnswer(JsonElement answer, List<string?> theirs, List<string?> ours)
    {
        var path = answer.GetProperty("path").GetString() ?? "";
        Assert.True(answer.GetProperty("status").GetInt32() == 200, answer.GetRawText());
        Assert.True(answer.GetProperty("validation").GetProperty("success").GetBoolean(), answer.GetRawText());
        Assert.True(answer.GetProperty("documentIsValid").GetBoolean(), answer.GetRawText());
        var hashes = Texts(answer.GetProperty("hashes"));
        Assert.All(hashes, hash => Assert.True(theirs.Contains(hash) || ours.Contains(hash), answer.GetRawText()));
        // Both tins are commissioned and packed; the first is measured, the second sold.
        Assert.Equal(path.Contains("orderBy", StringComparison.Ordinal) ? Events : path.Contains("epc", StringComparison.OrdinalIgnoreCase) ? 3 : 1, hashes.Count);
    }

    private static List<string?> Texts(JsonElement list) => [.. list.EnumerateArray().Select(static text => text.GetString())];
}
