using System.Security.Cryptography;
using System.Text;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Subscriptions;

public sealed class SubscriptionDeliveryTests(SubscriptionFixture fixture) : IClassFixture<SubscriptionFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Stream_DeliversEachMatchOnceInOrderWithSignature()
    {
        const string Token = "13df38d8275b13f05704629e5f1cf3d45d6132d5-é";
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        await using var receiver = await Receiver.StartAsync();
        await company.CaptureAsync(1); // before the subscription: not told
        var created = (await Server.PostAsync(Subscribing.PathOf(query), new { dest = receiver.Url, signatureToken = Token, stream = true }, company.ApiKey)).Expect(201);
        var id = created.Text("subscriptionID");

        var expected = new List<string>();
        for (var i = 0; i < 8; i++)
        {
            expected.AddRange(await company.CaptureAsync(1 + (i % 4)));
            await company.CaptureAsync(1, "shipping"); // does not match
        }
        await receiver.AwaitTakenAsync(expected.Count);

        // Whatever else there was to deliver came before this one.
        expected.AddRange(await company.CaptureAsync(1));
        await receiver.AwaitTakenAsync(expected.Count);
        Assert.Equal(expected, receiver.Taken);
        foreach (var delivery in receiver.Deliveries)
        {
            Assert.Equal("application/json", delivery.Headers["Content-Type"]);
            Assert.Equal("2.0.0", delivery.Headers["GS1-EPCIS-Version"]);
            Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Token), delivery.Body)), delivery.Headers["GS1-Signature"]);
            Assert.True(delivery.Headers.ContainsKey("GS1-Query-Min-Record-Time"));
            Assert.Equal(query, delivery.Results.GetProperty("queryName").GetString());
            Assert.Equal(id, delivery.Results.GetProperty("subscriptionID").GetString());
            Assert.InRange(delivery.EventIds.Count, 1, 3);
        }
        var one = await Server.GetAsync($"{Subscribing.PathOf(query)}/{id}", company.ApiKey);
        Assert.NotEmpty(one.Text("lastNotifiedAt"));
        Assert.Equal("active", one.Text("state"));
        foreach (var answer in (Answer[])[created, one, await Server.GetAsync(Subscribing.PathOf(query), company.ApiKey)])
        {
            Assert.DoesNotContain("13df38d8", answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("signatureToken", answer.Body, StringComparison.Ordinal);
        }
        await using var stored = Server.Database.CreateCommand("select count(*) from subscription s where s::text like '%13df38d8%'");
        Assert.Equal(0L, await stored.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Receiver_FailsOnce_IsTriedAgainAndGetsEachEventOnce()
    {
        var (company, query, receiver, id) = await StreamAsync();
        await using var _ = receiver;
        var calls = 0;
        receiver.Answer = _ => Interlocked.Increment(ref calls) == 1 ? 500 : 204;

        var expected = await company.CaptureAsync(2);
        await receiver.AwaitTakenAsync(2);

        Assert.Equal(expected, receiver.Taken);
        Assert.Equal(expected, receiver.Deliveries[0].EventIds);
        var state = await Server.AwaitStateAsync(company, query, id, "active");
        Assert.Equal(0, state.GetProperty("failures").GetInt32());
        Assert.False(state.TryGetProperty("lastError", out var _));
    }

    [Fact]
    public async Task Receiver_AlwaysFails_EndsInDeadLettersAndResumeDeliversWhatWasMissed()
    {
        var (company, query, receiver, id) = await StreamAsync();
        await using var _ = receiver;
        receiver.Answer = static _ => 500;

        var expected = (await company.CaptureAsync(2)).ToList();
        var stopped = await Server.AwaitStateAsync(company, query, id, "stopped");

        Assert.Equal(4, stopped.GetProperty("failures").GetInt32());
        Assert.Equal("The receiver answered 500.", stopped.GetProperty("lastError").GetString());
        var letters = stopped.GetProperty("deadLetters");
        Assert.Equal(1, letters.GetProperty("count").GetInt32());
        Assert.True(letters.GetProperty("newest")[0].GetProperty("fromLeaf").GetInt64() < letters.GetProperty("newest")[0].GetProperty("toLeaf").GetInt64());
        Assert.Equal(4, receiver.Deliveries.Count);

        expected.AddRange(await company.CaptureAsync(2)); // while it is stopped
        receiver.Answer = static _ => 200;
        (await Server.PostAsync($"{Subscribing.PathOf(query)}/{id}/resume", new { }, company.ApiKey)).Expect(204);
        await receiver.AwaitTakenAsync(expected.Count);
        Assert.Equal(expected, receiver.Taken);
        var resumed = await Server.AwaitStateAsync(company, query, id, "active");
        Assert.Equal(0, resumed.GetProperty("deadLetters").GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Receiver_Redirects_IsNotFollowed(int status)
    {
        var (company, query, receiver, id) = await StreamAsync();
        await using var _ = receiver;
        receiver.Answer = _ => status;

        await company.CaptureAsync(1);
        var stopped = await Server.AwaitStateAsync(company, query, id, "stopped");

        Assert.Contains("redirects are not followed", stopped.GetProperty("lastError").GetString(), StringComparison.Ordinal);
        Assert.All(receiver.Deliveries, static d => Assert.Equal("/callback", d.Path));
    }

    [Fact]
    public async Task Receiver_CallsADocumentTooLarge_GetsSmallerOnes()
    {
        var (company, query, receiver, id) = await StreamAsync();
        await using var _ = receiver;
        receiver.Answer = static events => events > 1 ? 413 : 200;

        var expected = await company.CaptureAsync(3);
        await receiver.AwaitTakenAsync(3);

        Assert.Equal(expected, receiver.Taken);
        await Server.AwaitStateAsync(company, query, id, "active");
    }

    [Fact]
    public async Task Receiver_ThatIsDown_DoesNotHoldUpOthers()
    {
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        await using var receiver = await Receiver.StartAsync();
        var down = await Receiver.StartAsync();
        var nowhere = down.Url;
        await down.DisposeAsync();
        for (var i = 0; i < 20; i++)
        {
            await Server.SubscribeAsync(company, query, new { dest = nowhere, stream = true });
        }
        await Server.SubscribeAsync(company, query, new { dest = receiver.Url, stream = true });

        var expected = await company.CaptureAsync(1);
        await receiver.AwaitTakenAsync(1);
        Assert.Equal(expected, receiver.Taken);
    }

    [Fact]
    public async Task Schedule_EverySecond_TellsWhatIsNewOnceAndEmptyRunsIfAsked()
    {
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        await using var receiver = await Receiver.StartAsync();
        await using var quiet = await Receiver.StartAsync();
        var schedule = new { second = "[0-59]" };
        var id = await Server.SubscribeAsync(company, query, new { dest = receiver.Url, schedule, reportIfEmpty = true });
        await Server.SubscribeAsync(company, query, new { dest = quiet.Url, schedule });

        await Eventually.TrueAsync("two empty runs", () => Task.FromResult(receiver.Deliveries.Count(static d => d.EventIds.Count == 0) >= 2));
        var expected = await company.CaptureAsync(4); // more than one document has
        await receiver.AwaitTakenAsync(4);
        await quiet.AwaitTakenAsync(4);
        var empty = receiver.Deliveries.Count;
        await Eventually.TrueAsync("a run after", () => Task.FromResult(receiver.Deliveries.Count > empty));

        Assert.Equal(expected, receiver.Taken);
        Assert.Equal(expected, quiet.Taken);
        Assert.All(quiet.Deliveries, static d => Assert.NotEmpty(d.EventIds));
        var subscription = await Server.GetSubscriptionAsync(company, query, id);
        Assert.Equal("[0-59]", subscription.GetProperty("schedule").GetProperty("second").GetString());
        Assert.NotEqual(subscription.GetProperty("initialRecordTime").GetString(), subscription.GetProperty("minRecordTime").GetString());
    }

    [Fact]
    public async Task InitialRecordTime_InThePast_TellsWhatWasCapturedSince()
    {
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        await using var receiver = await Receiver.StartAsync();
        await company.CaptureAsync(1);
        var since = await RecordTimeOfNextAsync(company);
        var expected = await company.CaptureAsync(2);

        await Server.SubscribeAsync(company, query, new { dest = receiver.Url, stream = true, initialRecordTime = since });
        await receiver.AwaitTakenAsync(2);

        expected = [.. expected, .. await company.CaptureAsync(1)];
        await receiver.AwaitTakenAsync(3);
        Assert.Equal(expected, receiver.Taken);
    }

    [Fact]
    public async Task Query_Deleted_EndsItsSubscriptions()
    {
        var (company, query, receiver, id) = await StreamAsync();
        await using var _ = receiver;
        var before = await company.CaptureAsync(1);
        await receiver.AwaitTakenAsync(1);

        (await Server.SendAsync(HttpMethod.Delete, $"/epcis/queries/{query}", company.ApiKey)).Expect(204);
        (await Server.GetAsync($"{Subscribing.PathOf(query)}/{id}", company.ApiKey)).ExpectProblem(404, "not-found");

        // Another subscription shows when the event has been through.
        await using var witness = await Receiver.StartAsync();
        await Server.SubscribeAsync(company, "SimpleEventQuery", new { dest = witness.Url, stream = true });
        await company.CaptureAsync(1);
        await witness.AwaitTakenAsync(1);
        Assert.Equal(before, receiver.Taken);
    }

    [Fact]
    public async Task Subscriber_IsToldOnlyWhatTheyMayRead()
    {
        var owner = await Server.AddOrganisationAsync("tea");
        var partner = await Server.AddOrganisationAsync("tea");
        var stranger = await Server.AddOrganisationAsync("tea");
        await using var toOwner = await Receiver.StartAsync();
        await using var toPartner = await Receiver.StartAsync();
        await using var toStranger = await Receiver.StartAsync();
        foreach (var (company, receiver) in ((TestOrganisation, Receiver)[])[(owner, toOwner), (partner, toPartner), (stranger, toStranger)])
        {
            await Server.SubscribeAsync(company, "SimpleEventQuery", new { dest = receiver.Url, stream = true });
        }
        var party = $"https://id.gs1.org/417/{partner.Prefix}00000{Core.Identifiers.CheckDigit.Compute($"{partner.Prefix}00000")}";

        var secret = await owner.CaptureAsync(2, Events.PrivateStep);
        var shared = await owner.CaptureAsync(1, Events.PrivateStep, e => e.With("destinationList", $$"""[{"type":"owning_party","destination":"{{party}}"}]"""));
        var open = await owner.CaptureAsync(1, Events.PublicStep);
        string[] all = [.. secret, .. shared, .. open];
        await toOwner.AwaitTakenAsync(4);
        await toPartner.AwaitTakenAsync(2);
        await toStranger.AwaitTakenAsync(1);

        // Other tests of this class capture beside this one; what they may not see of those is theirs to check.
        Assert.Equal(all, toOwner.Taken.Where(all.Contains));
        Assert.Equal([.. shared, .. open], toPartner.Taken.Where(all.Contains));
        Assert.Equal(open, toStranger.Taken.Where(all.Contains));
    }

    private async Task<(TestOrganisation Company, string Query, Receiver Receiver, string Id)> StreamAsync()
    {
        var company = await Server.AddOrganisationAsync();
        var query = await Server.AddQueryAsync(company);
        var receiver = await Receiver.StartAsync();
        return (company, query, receiver, await Server.SubscribeAsync(company, query, new { dest = receiver.Url, stream = true }));
    }

    /// <summary>A time after all that was captured and before anything that follows.</summary>
    private async Task<string> RecordTimeOfNextAsync(TestOrganisation company)
    {
        var marker = await company.CaptureAsync(1, "shipping");
        var found = (await Eventually.GetAsync("captured event", async () =>
            await Server.GetAsync($"/epcis/events/{Uri.EscapeDataString(marker[0])}", company.ApiKey) is { Status: 200 } answer ? answer : null)).EventList;
        return found[0].GetProperty("recordTime").GetString()!; // The repository gives it.
    }
}
