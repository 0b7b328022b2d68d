using System.Net;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Server.Limits;

namespace TrustChain.IntegrationTests.Limits;

/// <summary>Who asks too much is told so and when to go on, before anything was read; who does not is served meanwhile.</summary>
[Collection(LimitedServerTests.Name)]
public sealed class RateLimitTests(LimitedServer limited)
{
    private RunningServer Server => limited.Server;

    [Fact]
    public async Task Address_ThatSentTooMuch_WaitsAndOthersDoNot()
    {
        var company = await Server.AddOrganisationAsync("tea");
        using var stranger = new Sender(Server, 2);
        (await stranger.GetAsync("/health/live")).Expect(200);
        await ExhaustAsync(stranger);

        var refused = await stranger.GetAsync("/health/live");
        var (epcis, _) = await stranger.SendAsync(HttpMethod.Get, "/epcis/events", accept: "application/xml");
        var (soap, _) = await stranger.SendAsync(HttpMethod.Post, "/epcis/soap", content: TestOrganisation.Content("text/xml", "<a/>"u8.ToArray()));

        refused.ExpectProblem(429, "too-many-requests");
        Assert.True(refused.RetryAfter?.Delta >= TimeSpan.FromSeconds(1), "There is no Retry-After.");
        Assert.Equal((429, "application/problem+xml"), (epcis.Status, epcis.MediaType));
        Assert.Contains("epcisException:ImplementationException", epcis.Body, StringComparison.Ordinal);
        Assert.Equal((429, "text/xml"), (soap.Status, soap.MediaType));
        Assert.Contains("Fault", soap.Body, StringComparison.Ordinal);
        // A company behind the same address counts on its key, a stranger elsewhere on their own address.
        (await stranger.GetAsync("/api/keys", company.ApiKey)).Expect(200);
        using var other = new Sender(Server, 3);
        (await other.GetAsync("/health/live")).Expect(200);
    }

    [Fact]
    public async Task Refusal_ComesBeforeTheBody()
    {
        using var stranger = new Sender(Server, 4);
        await ExhaustAsync(stranger);

        var said = await stranger.SayAsync(stranger.Head("POST /epcis/capture", "Content-Type: application/jose", "Content-Length: 1000000", "Connection: close"));

        Assert.StartsWith("HTTP/1.1 429 ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BodyOfUnknownLength_IsChargedToo()
    {
        using var stranger = new Sender(Server, 5);

        var (first, _) = await stranger.SendAsync(HttpMethod.Post, "/epcis/capture", content: new StreamContent(new UnknownLength(new byte[900_000])) { Headers = { { "Content-Type", "application/jose" } } });

        first.Expect(400);
        (await stranger.GetAsync("/health/live")).Expect(429);
    }

    [Fact]
    public async Task WrongKeys_AreRefusedUnreadAfterAFew_AndAGoodOnePasses()
    {
        var company = await Server.AddOrganisationAsync("tea");
        using var guesser = new Sender(Server, 6);
        (await guesser.GetAsync("/api/keys", company.ApiKey)).Expect(200);
        for (var i = 0; i < 3; i++)
        {
            (await guesser.GetAsync("/api/keys", $"wrong{i}")).ExpectProblem(401, "not-authenticated");
        }

        var refused = await guesser.GetAsync("/api/keys", "wrong3");

        refused.ExpectProblem(429, "too-many-requests");
        (await guesser.GetAsync("/api/keys", company.ApiKey)).Expect(200);
        (await guesser.GetAsync("/health/live")).Expect(200);
    }

    [Fact]
    public async Task KeyAndOrganisation_HaveLimitsOfTheirOwn()
    {
        var (company, other) = (await Server.AddOrganisationAsync("tea"), await Server.AddOrganisationAsync("tea"));
        var second = (await Server.PostAsync($"/api/organisations/{company.Id}/api-keys", new { label = "another" }, company.ApiKey)).Expect(201).Text("apiKey");
        using var sender = new Sender(Server, 7);
        await UploadAsync(sender, company.ApiKey);

        var key = await sender.GetAsync("/api/keys", company.ApiKey);
        (await sender.GetAsync("/api/keys", second)).Expect(200);
        await UploadAsync(sender, second);
        var third = (await Server.PostAsync($"/api/organisations/{company.Id}/api-keys", new { label = "another" }, company.ApiKey)).Expect(201).Text("apiKey");
        var organisation = await sender.GetAsync("/api/keys", third);

        Assert.Contains("from this key", key.ExpectProblem(429, "too-many-requests").GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("from this organisation", organisation.ExpectProblem(429, "too-many-requests").GetProperty("detail").GetString(), StringComparison.Ordinal);
        (await sender.GetAsync("/api/keys", other.ApiKey)).Expect(200);
        Assert.True(await Server.GetMetricAsync("trustchain_limits_refused") > 0);
    }

    [Fact]
    public async Task SecondServer_HalvesTheShare()
    {
        Assert.Equal(1, await Server.GetMetricAsync("trustchain_limits_servers"));
        await using (var command = Server.Database.CreateCommand("insert into server (id, name, seen_at) values (gen_random_uuid(), 'another', now() + interval '1 hour')"))
        {
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        await Eventually.TrueAsync("count of two servers", async () => await Server.GetMetricAsync("trustchain_limits_servers") == 2);
        using var stranger = new Sender(Server, 8);

        // 250 tokens of 500: a query takes ten.
        var served = 0;
        while ((await stranger.GetAsync("/log/consistency")).Status != 429)
        {
            Assert.True(++served < 49, "More was served than one of two servers may.");
        }
        Assert.True(served >= 25, $"{served} were served, which is less than half of the limit.");
        await using var remove = Server.Database.CreateCommand("delete from server where name = 'another'");
        await remove.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync("count of one server", async () => await Server.GetMetricAsync("trustchain_limits_servers") == 1);
    }

    [Fact]
    public async Task CompressedBody_IsTakenNowhere()
    {
        foreach (var path in (string[])["/epcis/capture", "/epcis/queries", "/api/batches", "/api/documents?kind=a&name=b", "/epcis/soap", "/nowhere"])
        {
            var content = TestOrganisation.Content("application/json", "{}"u8.ToArray());
            content.Headers.ContentEncoding.Add("gzip");
            (await Server.SendAsync(HttpMethod.Post, path, null, content)).Expect(415);
        }
    }

    [Fact]
    public void Options_OutOfRange_AreNamedAllAtOnce()
    {
        var result = new LimitsOptionsValidator().Validate(null, new LimitsOptions { Exempt = "here", PerKey = new RateOptions { PerSecond = 5 }, MaxConnections = 0, MaxWaitingBytes = 1, RequestTimeout = TimeSpan.Zero });

        Assert.Equal(
            ["Exempt", "PerKey:Burst", "MaxConnections", "RequestTimeout", "MaxWaitingBytes"],
            result.Failures?.Select(static f => f[(f.IndexOf(':', StringComparison.Ordinal) + 1)..f.IndexOf(" must", StringComparison.Ordinal)]));
        Assert.True(new LimitsOptionsValidator().Validate(null, new LimitsOptions()).Succeeded);
    }

    [Fact]
    public async Task Nul_InAQuery_IsRefused()
    {
        foreach (var path in (string[])["/item?uri=a%00", "/evidence?item=a%00", "/log/trust?target=%00", "/api/qr?uri=%00"])
        {
            (await Server.GetAsync(path)).ExpectProblem(400, "invalid-request");
        }
    }

    [Theory]
    [InlineData("/epcis/capture", "POST", RouteKind.Capture)]
    [InlineData("/epcis/events", "POST", RouteKind.Capture)]
    [InlineData("/api/devices/statements", "POST", RouteKind.CaptureBatch)]
    [InlineData("/api/devices/{id}/evidence", "GET", RouteKind.Evidence)]
    [InlineData("/api/devices/{id}/history", "GET", RouteKind.Query)]
    [InlineData("/devices/{id}", "GET", RouteKind.Page)]
    [InlineData("/epcis/events", "GET", RouteKind.Query)]
    [InlineData("/epcis/queries/{queryName}/events", "GET", RouteKind.Query)]
    [InlineData("/epcis/soap", "POST", RouteKind.Query)]
    [InlineData("/epcis/capture/{captureID}", "GET", RouteKind.Plain)]
    [InlineData("/epcis/events", "OPTIONS", RouteKind.Plain)]
    [InlineData("/evidence", "GET", RouteKind.Evidence)]
    [InlineData("/01/{**rest}", "GET", RouteKind.Page)]
    [InlineData("/", "GET", RouteKind.Page)]
    [InlineData("/api/qr", "GET", RouteKind.Label)]
    [InlineData("/api/documents", "POST", RouteKind.Upload)]
    [InlineData("/api/documents/{digest}", "GET", RouteKind.Plain)]
    [InlineData("/log/tile/{level}/{**path}", "GET", RouteKind.Plain)]
    [InlineData("/account/sign-in", "POST", RouteKind.Account)]
    [InlineData("/account/sign-in", "GET", RouteKind.Page)]
    internal void Route_HasItsKind(string pattern, string method, RouteKind kind) => Assert.Equal(kind, RouteKinds.Of(pattern, [method]));

    [Fact]
    public void Table_OfMillionsOfAddresses_StaysAsSmallAsItIs()
    {
        var table = new TokenTable(4096);
        var rate = new Rate(1, 10);
        table.Charge(7, 1_000, rate, 1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0UL; i < 3_000_000; i++)
        {
            table.Take(1_000 + i, 1, rate, 1 + (i / 1e6));
        }
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000, "Buckets are allocated.");
        // Who owes most is the last to be forgotten.
        Assert.NotNull(table.Take(7, 1, rate, 5));
        Assert.Equal(NetworkAddress.ToKey(IPAddress.Parse("2001:db8:1:2::1")), NetworkAddress.ToKey(IPAddress.Parse("2001:db8:1:2:ffff::9")));
        Assert.NotEqual(NetworkAddress.ToKey(IPAddress.Parse("2001:db8:1:2::1")), NetworkAddress.ToKey(IPAddress.Parse("2001:db8:1:3::1")));
        Assert.Equal(NetworkAddress.ToKey(IPAddress.Parse("192.0.2.1")), NetworkAddress.ToKey(IPAddress.Parse("::ffff:192.0.2.1")));
    }

    /// <summary>A body of 900,000 bytes costs far more than an address has.</summary>
    private static async Task ExhaustAsync(Sender sender) =>
        (await sender.SendAsync(HttpMethod.Post, "/epcis/capture", content: TestOrganisation.Content("application/jose", new byte[900_000]))).Answer.Expect(400);

    private static async Task UploadAsync(Sender sender, string apiKey) =>
        (await sender.SendAsync(HttpMethod.Post, "/api/documents?kind=contract&name=a", apiKey, TestOrganisation.Content("text/plain", new byte[1_000_000]))).Answer.Expect(201);

    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
