using System.Text;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Subscriptions;

public sealed class SubscriptionRestTests(SubscriptionFixture fixture) : IClassFixture<SubscriptionFixture>
{
    private const string Dest = "http://127.0.0.1:9/callback";

    private RunningServer Server => fixture.Server;

    [Theory]
    [InlineData("""{}""", "ValidationException")]
    [InlineData("""[]""", "ValidationException")]
    [InlineData("""{""", "ValidationException")]
    [InlineData("""{"stream":true}""", "ValidationException")]
    [InlineData("""{"dest":"DEST","stream":true,"stream":true}""", "ValidationException")]
    [InlineData("""{"dest":"DEST","stream":true,"colour":"red"}""", "ValidationException")]
    [InlineData("""{"dest":"DEST","stream":"true"}""", "ValidationException")]
    [InlineData("""{"dest":"DEST","stream":true,"signatureToken":""}""", "ValidationException")]
    [InlineData("""{"dest":"DEST","stream":true,"signatureToken":"\ud800"}""", "ValidationException")]
    [InlineData("""{"dest":"DEST","stream":true,"signatureToken":"a","secret":"a"}""", "ValidationException")]
    [InlineData("""{"dest":"DEST","stream":true,"epcFormat":"Some"}""", "ValidationException")]
    [InlineData("""{"dest":"DEST","schedule":{"minute":["1"]}}""", "ValidationException")]
    [InlineData("""{"dest":"not a url","stream":true}""", "InvalidURIException")]
    [InlineData("""{"dest":"DEST"}""", "SubscriptionControlsException")]
    [InlineData("""{"dest":"DEST","stream":false}""", "SubscriptionControlsException")]
    [InlineData("""{"dest":"DEST","stream":true,"schedule":{"minute":"1"}}""", "SubscriptionControlsException")]
    [InlineData("""{"dest":"DEST","schedule":{}}""", "SubscriptionControlsException")]
    [InlineData("""{"dest":"DEST","schedule":{"minute":"61"}}""", "SubscriptionControlsException")]
    [InlineData("""{"dest":"DEST","schedule":{"year":"2026"}}""", "SubscriptionControlsException")]
    [InlineData("""{"dest":"DEST","schedule":{"dayOfMonth":"31","month":"2"}}""", "SubscriptionControlsException")]
    [InlineData("""{"dest":"DEST","stream":true,"initialRecordTime":"yesterday"}""", "SubscriptionControlsException")]
    public async Task Create_Fails_WhenTheBodyIsWrong(string body, string exception)
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        var answer = await PostAsync("SimpleEventQuery", body.Replace("DEST", Dest, StringComparison.Ordinal), company.ApiKey);
        Assert.Equal($"epcisException:{exception}", answer.ExpectProblem(400, null).GetProperty("type").GetString());
        Assert.Equal("[]", (await Server.GetAsync(Subscribing.PathOf("SimpleEventQuery"), company.ApiKey)).Expect(200).Body);
    }

    [Fact]
    public async Task Create_AnswersWithTheSubscription()
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        var query = await Server.AddQueryAsync(company);
        var created = (await PostAsync(query, $$"""
            {"dest":"{{Dest}}","secret":"hidden-word","schedule":{"hour":1,"minute":"5"},"reportIfEmpty":true,"initialRecordTime":"2020-04-04T20:33:31.116-06:00","epcFormat":"Always_EPC_URN"}
            """, company.ApiKey)).Expect(201);
        var json = created.Json;

        Assert.Equal("application/json", created.MediaType);
        Assert.Equal(Dest, json.GetProperty("dest").GetString());
        Assert.Equal(query, json.GetProperty("queryName").GetString());
        Assert.Equal("1", json.GetProperty("schedule").GetProperty("hour").GetString());
        Assert.False(json.TryGetProperty("stream", out _));
        Assert.True(json.GetProperty("reportIfEmpty").GetBoolean());
        Assert.Equal("2020-04-05T02:33:31.116Z", json.GetProperty("initialRecordTime").GetString());
        Assert.Equal("2020-04-05T02:33:31.116Z", json.GetProperty("minRecordTime").GetString());
        Assert.Equal("Always_EPC_URN", json.GetProperty("epcFormat").GetString());
        Assert.EndsWith("T01:05:00.000Z", json.GetProperty("nextRunAt").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-word", created.Body, StringComparison.Ordinal);
        var discovered = (await Server.SendAsync(HttpMethod.Options, created.Location!, company.ApiKey)).Expect(204); // A 201 has it.
        Assert.Empty(discovered.Body);

        (await Server.SendAsync(HttpMethod.Delete, created.Location!, company.ApiKey)).Expect(204); // As above.
        (await Server.SendAsync(HttpMethod.Delete, created.Location!, company.ApiKey)).ExpectProblem(404, "not-found"); // As above.
    }

    [Fact]
    public async Task Subscription_OfAnotherOrganisation_IsNotFound()
    {
        var owner = await Server.AddOrganisationAsync(claims: false);
        var stranger = await Server.AddOrganisationAsync(claims: false);
        var id = await Server.SubscribeAsync(owner, "SimpleEventQuery", new { dest = Dest, stream = true });
        var path = $"{Subscribing.PathOf("SimpleEventQuery")}/{id}";

        (await Server.GetAsync(path, stranger.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.SendAsync(HttpMethod.Delete, path, stranger.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.SendAsync(HttpMethod.Post, path + "/resume", stranger.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.SendAsync(HttpMethod.Options, path, stranger.ApiKey)).ExpectProblem(404, "not-found");
        Assert.Equal("[]", (await Server.GetAsync(Subscribing.PathOf("SimpleEventQuery"), stranger.ApiKey)).Expect(200).Body);
        (await Server.GetAsync(path)).ExpectProblem(401, "not-authenticated");
        (await Server.GetAsync(Subscribing.PathOf("SimpleEventQuery"))).ExpectProblem(401, "not-authenticated");
        var query = await Server.AddQueryAsync(owner);
        (await PostAsync(query, $$"""{"dest":"{{Dest}}","stream":true}""", stranger.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.GetAsync(Subscribing.PathOf(query), stranger.ApiKey)).ExpectProblem(404, "not-found");
    }

    [Fact]
    public async Task List_GivesPages()
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        var query = await Server.AddQueryAsync(company);
        var expected = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            expected.Add(await Server.SubscribeAsync(company, query, new { dest = Dest, stream = true }));
        }
        var listed = new List<string>();
        var path = $"{Subscribing.PathOf(query)}?perPage=2";
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Add("Authorization", $"Bearer {company.ApiKey}");
        for (var next = Server.BaseUrl + path; next is not null;)
        {
            using var response = await client.GetAsync(next, TestContext.Current.CancellationToken);
            listed.AddRange((await Answer.FromAsync(response)).Expect(200).Json.EnumerateArray().Select(static s => s.GetProperty("subscriptionID").GetString()!)); // Every one has it.
            next = response.Headers.TryGetValues("Link", out var links) ? links.Single().Split('>')[0][1..] : null;
        }
        Assert.Equal(expected.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Create_RefusesQueriesThatCannotBeToldBitByBit()
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        (await Server.PostAsync("/epcis/queries", new { name = "newest", query = new { orderBy = "eventTime", eventCountLimit = 5 } }, company.ApiKey)).Expect(201);
        var problem = (await PostAsync("newest", $$"""{"dest":"{{Dest}}","stream":true}""", company.ApiKey)).ExpectProblem(400, "invalid-subscription");
        Assert.Equal("epcisException:SubscriptionControlsException", problem.GetProperty("type").GetString());
        (await PostAsync("SimpleEventQuery", $$"""{"dest":"{{Dest}}","stream":true}""", company.ApiKey, "text/plain")).ExpectProblem(415, "unsupported-media-type");
        (await Server.PostAsync(Subscribing.PathOf("SimpleEventQuery") + "?EQ_bizStep=shipping", new { dest = Dest, stream = true }, company.ApiKey)).ExpectProblem(400, "invalid-query");
    }

    private Task<Answer> PostAsync(string query, string body, string apiKey, string mediaType = "application/json") =>
        Server.SendAsync(HttpMethod.Post, Subscribing.PathOf(query), apiKey, TestOrganisation.Content(mediaType, Encoding.UTF8.GetBytes(body)));
}
