using System.Net.Http.Headers;
using System.Text.Json;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>An HTTP response read to its end.</summary>
internal sealed record Answer(int Status, string? MediaType, string? Location, RetryConditionHeaderValue? RetryAfter, byte[] Bytes)
{
    /// <summary>Path and query of the link to the next page; null on the last.</summary>
    public string? NextPage { get; init; }

    public string Body => System.Text.Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonDocument.Parse(Bytes).RootElement;

    /// <summary>The events of an EPCIS query document.</summary>
    public IReadOnlyList<JsonElement> EventList =>
        [.. Json.GetProperty("epcisBody").GetProperty("queryResults").GetProperty("resultsBody").GetProperty("eventList").EnumerateArray()];

    public static async Task<Answer> FromAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode,
        response.Content.Headers.ContentType?.MediaType,
        response.Headers.Location?.OriginalString,
        response.Headers.RetryAfter,
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken))
    {
        NextPage = response.Headers.TryGetValues("Link", out var links) && links.Single() is var link && link.EndsWith(">; rel=\"next\"", StringComparison.Ordinal)
            ? new Uri(link[1..link.IndexOf('>', StringComparison.Ordinal)]).PathAndQuery
            : null,
    };

    public string Text(string member) => Json.GetProperty(member).GetString() ?? throw new InvalidOperationException($"\"{member}\" is null.");

    /// <summary>Fails with the body when the status is another one: a problem says more than a number.</summary>
    public Answer Expect(int status)
    {
        Assert.True(Status == status, $"Expected {status}, got {Status}: {Body}");
        return this;
    }

    /// <summary>Checks that this is a problem (RFC 9457) with the code, and returns it.</summary>
    public JsonElement ExpectProblem(int status, string? code)
    {
        Expect(status);
        Assert.Equal("application/problem+json", MediaType);
        var problem = Json;
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("type").GetString()));
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("title").GetString()));
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("detail").GetString()));
        if (code is not null)
        {
            Assert.Equal(code, problem.GetProperty("code").GetString());
        }
        if (status >= 500)
        {
            Assert.Matches("[0-9a-f]{32}", problem.GetProperty("traceId").GetString());
        }
        return problem;
    }
}
