using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>Published documents and queries that must be refused, and the published query that must not.</summary>
public sealed class RefusalTests(FreshServerFixture fixture) : IClassFixture<FreshServerFixture>
{
    [Fact]
    public async Task PublishedDocument_ThatBreaksTheStandard_IsRefusedAndLeavesNothing()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        var organisation = await fixture.Server.AddOrganisationAsync(claims: false);
        using var client = new EpcisClient(fixture.Server, organisation);
        var refused = PublishedDocument.ListExamples().Where(static e => e.Expected != "accept" && e.Kind != "query").ToList();
        Assert.NotEmpty(refused);
        var before = await fixture.Server.CountAsync();

        foreach (var (document, _, _) in refused)
        {
            var answer = await client.PostAsync("/epcis/capture", "application/json", document.Bytes);

            Assert.True(answer.Status == 400, $"{document.Name}: {answer.Status} {answer.Body}");
            var problem = answer.ExpectProblem(400, "invalid-events");
            Assert.Equal("epcisException:ValidationException", problem.GetProperty("type").GetString());
            Assert.NotEmpty(problem.GetProperty("errors").EnumerateArray());
        }

        Assert.Equal(before, await fixture.Server.CountAsync());
        Assert.Empty((await client.GetAsync("/epcis/capture")).Expect(200).Json.EnumerateArray());
        Assert.Empty((await client.GetAsync("/epcis/events")).Expect(200).EventList);
    }

    [Fact]
    public async Task PublishedQuery_WithInvalidValues_IsRefusedAndNotKept()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        using var client = new EpcisClient(fixture.Server, await fixture.Server.AddOrganisationAsync(claims: false));
        var queries = PublishedDocument.ListExamples().Where(static e => e is { Kind: "query", Expected: "reject" }).ToList();
        Assert.NotEmpty(queries);

        foreach (var (document, _, _) in queries)
        {
            var answer = await client.PostAsync("/epcis/queries", "application/json", Named("published", document.Bytes));

            var type = answer.ExpectProblem(400, "invalid-query").GetProperty("type").GetString();
            Assert.Contains(type, (string[])["epcisException:QueryParameterException", "epcisException:QueryValidationException"]);
        }

        (await client.GetAsync("/epcis/queries/published")).ExpectProblem(404, "not-found");
        Assert.Empty((await client.GetAsync("/epcis/queries")).Expect(200).Json.EnumerateArray());
    }

    [Fact]
    public async Task PublishedQuery_UnderAName_IsKeptAsSentAndRuns()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        using var client = new EpcisClient(fixture.Server, await fixture.Server.AddOrganisationAsync(claims: false));
        var queries = PublishedDocument.ListExamples().Where(static e => e is { Kind: "query", Expected: "accept" }).ToList();
        Assert.NotEmpty(queries);

        foreach (var (document, _, _) in queries)
        {
            (await client.PostAsync("/epcis/queries", "application/json", Named("published", document.Bytes))).Expect(201);

            var kept = (await client.GetAsync("/epcis/queries/published")).Expect(200);
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(document.Bytes), JsonNode.Parse(kept.Json.GetProperty("query").GetRawText())));
            Assert.Empty((await client.GetAsync("/epcis/queries/published/events")).Expect(200).EventList);
            Assert.Equal(204, (await client.SendAsync(HttpMethod.Delete, "/epcis/queries/published", null)).Status);
        }
    }

    private static byte[] Named(string name, byte[] query) => Encoding.UTF8.GetBytes($"{{\"name\":{JsonSerializer.Serialize(name)},\"query\":{Encoding.UTF8.GetString(query)}}}");
}
