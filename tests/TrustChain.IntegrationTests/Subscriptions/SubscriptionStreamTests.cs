using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Subscriptions;

/// <summary>Subscriptions by WebSocket.</summary>
public sealed class SubscriptionStreamTests(SubscriptionFixture fixture) : IClassFixture<SubscriptionFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Stream_TellsEachMatchOnceInOrder()
    {
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        await company.CaptureAsync(1);
        using var client = await ConnectAsync(company, query, "stream=true");

        var expected = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            expected.AddRange(await company.CaptureAsync(2));
            await company.CaptureAsync(1, "shipping");
        }

        Assert.Equal(expected, await ReadAsync(client, expected.Count));
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.CloseStatus);
    }

    [Fact]
    public async Task Stream_OfTheBuiltInQuery_TakesItsParametersFromTheAddress()
    {
        var company = await Server.AddOrganisationAsync();
        using var client = await ConnectAsync(company, "SimpleEventQuery", "stream=true&EQ_bizStep=storing");
        await company.CaptureAsync(1);
        var expected = await company.CaptureAsync(1, "storing");
        Assert.Equal(expected, await ReadAsync(client, 1));
    }

    [Fact]
    public async Task Stream_WithInitialRecordTime_TellsWhatWasThereBefore()
    {
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        var expected = (await company.CaptureAsync(5)).ToList();
        using var client = await ConnectAsync(company, query, "stream=true&initialRecordTime=2020-01-01T00:00:00Z");
        Assert.Equal(expected, await ReadAsync(client, 5));
    }

    [Fact]
    public async Task Schedule_ReportsEmptyRunsAndWhatIsNew()
    {
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        using var client = await ConnectAsync(company, query, "second=0/1&reportIfEmpty=true");
        Assert.Empty(EventsOf(await ReceiveAsync(client)));
        var expected = await company.CaptureAsync(4);
        Assert.Equal(expected, await ReadAsync(client, 4));
    }

    [Fact]
    public async Task Stream_IsClosed_WhenItsQueryIsDeleted()
    {
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        using var client = await ConnectAsync(company, query, "stream=true");
        (await Server.SendAsync(HttpMethod.Delete, $"/epcis/queries/{query}", company.ApiKey)).Expect(204);
        await ExpectClosedAsync(client);
        Assert.Equal("The query was deleted.", client.CloseStatusDescription);
    }

    [Fact]
    public async Task Stream_IsClosed_WhenTheApiKeyIsRevoked()
    {
        var company = await Server.AddOrganisationAsync();
        using var client = await ConnectAsync(company, "SimpleEventQuery", "stream=true");
        (await Server.SendAsync(HttpMethod.Delete, $"/api/organisations/{company.Id}/api-keys", company.ApiKey, System.Net.Http.Json.JsonContent.Create(new { apiKey = company.ApiKey }))).Expect(204);
        await ExpectClosedAsync(client);
        Assert.Equal("The API key was revoked.", client.CloseStatusDescription);
    }

    [Theory]
    [InlineData("stream=true")]
    [InlineData("minute=5&hour=1")]
    [InlineData("stream=true&minute=5")]
    [InlineData("reportIfEmpty=true")]
    public async Task Controls_WithoutUpgrade_AreRefused(string controls)
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        var problem = (await Server.GetAsync($"/epcis/queries/SimpleEventQuery/events?{controls}", company.ApiKey)).ExpectProblem(400, "invalid-subscription");
        Assert.Equal("epcisException:SubscriptionControlsException", problem.GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("SimpleEventQuery", "", 400)]
    [InlineData("SimpleEventQuery", "stream=true&second=1", 400)]
    [InlineData("SimpleEventQuery", "stream=true&stream=true", 400)]
    [InlineData("SimpleEventQuery", "second=99", 400)]
    [InlineData("SimpleEventQuery", "stream=true&EQ_nothing=1", 400)]
    [InlineData("SimpleEventQuery", "stream=true&orderBy=eventTime", 400)]
    [InlineData("no-such-query", "stream=true", 404)]
    public async Task Upgrade_Fails_WhenTheSubscriptionIsWrong(string query, string parameters, int status)
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        Assert.Equal(status, await RefusedAsync(company.ApiKey, query, parameters));
    }

    [Fact]
    public async Task Upgrade_Fails_WithoutApiKey() => Assert.Equal(401, await RefusedAsync(null, "SimpleEventQuery", "stream=true"));

    [Fact]
    public async Task Stream_TellsOnlyWhatTheSubscriberMayRead()
    {
        var owner = await Server.AddOrganisationAsync("tea");
        var stranger = await Server.AddOrganisationAsync("tea");
        using var client = await ConnectAsync(stranger, "SimpleEventQuery", "stream=true");
        var secret = await owner.CaptureAsync(2, Events.PrivateStep);
        var open = await owner.CaptureAsync(1, Events.PublicStep);
        var told = new List<string>();
        while (!told.Contains(open[0]))
        {
            told.AddRange(EventsOf(await ReceiveAsync(client)));
        }
        Assert.DoesNotContain(told, secret.Contains);
    }

    private async Task<ClientWebSocket> ConnectAsync(TestOrganisation company, string query, string parameters)
    {
        var client = new ClientWebSocket();
        client.Options.SetRequestHeader("Authorization", $"Bearer {company.ApiKey}");
        client.Options.CollectHttpResponseDetails = true;
        await client.ConnectAsync(AddressOf(query, parameters), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, client.HttpStatusCode);
        Assert.True(client.HttpResponseHeaders?.ContainsKey("GS1-Query-Min-Record-Time"));
        return client;
    }

    private async Task<int> RefusedAsync(string? apiKey, string query, string parameters)
    {
        using var client = new ClientWebSocket();
        if (apiKey is not null)
        {
            client.Options.SetRequestHeader("Authorization", $"Bearer {apiKey}");
        }
        client.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => client.ConnectAsync(AddressOf(query, parameters), TestContext.Current.CancellationToken));
        return (int)client.HttpStatusCode;
    }

    private Uri AddressOf(string query, string parameters) => new($"{Server.BaseUrl.Replace("http:", "ws:", StringComparison.Ordinal)}/epcis/queries/{query}/events?{parameters}");

    private static async Task<IReadOnlyList<string>> ReadAsync(ClientWebSocket client, int count)
    {
        var ids = new List<string>();
        while (ids.Count < count)
        {
            ids.AddRange(EventsOf(await ReceiveAsync(client)));
        }
        return ids;
    }

    private static IEnumerable<string> EventsOf(JsonElement document) =>
        document.GetProperty("epcisBody").GetProperty("queryResults").GetProperty("resultsBody").GetProperty("eventList").EnumerateArray().Select(static e => e.GetProperty("eventID").GetString()!); // Every event has one.

    private static async Task<JsonElement> ReceiveAsync(ClientWebSocket client)
    {
        var (message, type) = await ReceiveMessageAsync(client);
        Assert.Equal(WebSocketMessageType.Text, type);
        return JsonDocument.Parse(message).RootElement;
    }

    private static async Task ExpectClosedAsync(ClientWebSocket client)
    {
        var (_, type) = await ReceiveMessageAsync(client);
        Assert.Equal(WebSocketMessageType.Close, type);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, client.CloseStatus);
    }

    private static async Task<(byte[] Message, WebSocketMessageType Type)> ReceiveMessageAsync(ClientWebSocket client)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        var message = new MemoryStream();
        var buffer = new byte[8192];
        while (true)
        {
            var part = await client.ReceiveAsync(buffer, patience.Token);
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return (message.ToArray(), part.MessageType);
            }
        }
    }
}
