using System.Text.Json;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>Answers in pages.</summary>
internal static class Pages
{
    /// <summary>Follows the links from the first page to the last.</summary>
    public static async Task<List<T>> FollowAsync<T>(RunningServer server, string path, string? apiKey, Func<Answer, List<T>> members)
    {
        var all = new List<T>();
        for (string? next = path; next is not null;)
        {
            var page = (await server.GetAsync(next, apiKey)).Expect(200);
            all.AddRange(members(page));
            Assert.NotEqual(next, page.NextPage);
            next = page.NextPage;
        }
        return all;
    }
}

/// <summary>Capture jobs.</summary>
internal static class Jobs
{
    /// <summary>The job a capture was answered with, once it is done.</summary>
    public static async Task<JsonElement> FinishAsync(RunningServer server, TestOrganisation company, Answer capture)
    {
        var location = capture.Expect(202).Location ?? throw new InvalidOperationException("The capture has no Location.");
        return (JsonElement)await Eventually.GetAsync<object>(
            "end of the capture job",
            async () => (await server.GetAsync(location, company.ApiKey)).Expect(200).Json is var job && !job.GetProperty("running").GetBoolean() ? job : null,
            TimeSpan.FromMinutes(3));
    }
}
