using System.Text.Json;
using TrustChain.IntegrationTests.Devices;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Subscriptions;

public sealed class SubscriptionServersTests(SharedStack stack)
{
    [Fact]
    public async Task Servers_TwoOnOneDatabase_DeliverOnceAndAfterARestart()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, SubscriptionFixture.Settings);
        var company = await server.AddOrganisationAsync();
        var query = await server.AddQueryAsync(company);
        await using var stream = await Receiver.StartAsync();
        await using var scheduled = await Receiver.StartAsync();
        await server.SubscribeAsync(company, query, new { dest = stream.Url, stream = true });
        await server.SubscribeAsync(company, query, new { dest = scheduled.Url, schedule = new { second = "0/1" } });
        var expected = new List<string>();
        await using (await server.StartTwinAsync())
        {
            for (var i = 0; i < 20; i++)
            {
                expected.AddRange(await company.CaptureAsync(2));
            }
            await stream.AwaitTakenAsync(expected.Count);
            await scheduled.AwaitTakenAsync(expected.Count);
            await server.StopAsync();
        }

        await server.StartAgainAsync();
        expected.AddRange(await company.CaptureAsync(2));
        await stream.AwaitTakenAsync(expected.Count);
        await scheduled.AwaitTakenAsync(expected.Count);

        Assert.Equal(expected, stream.Taken);
        Assert.Equal(expected, scheduled.Taken);
    }

    [Fact]
    public async Task Server_StoppedWhileAReceiverIsAway_DeliversAfterRestart()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, Patient());
        var company = await server.AddOrganisationAsync();
        var query = await server.AddQueryAsync(company);
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = static _ => 503;
        var id = await server.SubscribeAsync(company, query, new { dest = receiver.Url, stream = true });
        var expected = await company.CaptureAsync(2);
        await server.AwaitStateAsync(company, query, id, "retrying");
        await server.StopAsync();

        receiver.Answer = static _ => 200;
        await server.StartAgainAsync();
        await receiver.AwaitTakenAsync(2);

        Assert.Equal(expected, receiver.Taken);
    }

    [Fact]
    public async Task PrivateAddresses_AreOutOfReachUnlessAllowed()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?> { ["Subscriptions__MaxAttempts"] = "1" });
        var company = await server.AddOrganisationAsync();
        var query = await server.AddQueryAsync(company);
        await using var receiver = await Receiver.StartAsync();
        foreach (var dest in (string[])[receiver.Url, "http://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/", "http://localhost:8080/", "https://a:b@client.example.com/", "ftp://client.example.com/"])
        {
            var problem = (await server.PostAsync(Subscribing.PathOf(query), new { dest, stream = true }, company.ApiKey)).ExpectProblem(400, "invalid-destination");
            Assert.Equal("epcisException:InvalidURIException", problem.GetProperty("type").GetString());
        }
        var id = await server.SubscribeAsync(company, query, new { dest = "https://client.example.com/callback", stream = true });
        using var device = await TestDevice.EnrolAsync(server, company);
        (await server.PostAsync("/api/device-alarms/hooks", new { dest = receiver.Url }, company.ApiKey)).ExpectProblem(400, "invalid-destination");
        (await server.PostAsync("/api/device-alarms/hooks", new { dest = "https://client.example.com/callback" }, company.ApiKey)).Expect(201);
        // A name that is pointed inside after it was taken looks like this to the sender.
        await using (var rebind = server.Database.CreateBatch())
        {
            foreach (var table in (string[])["subscription", "device_hook"])
            {
                rebind.BatchCommands.Add(new($"update {table} set destination = $1") { Parameters = { new() { Value = receiver.Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) } } });
            }
            await rebind.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await company.CaptureAsync(1);
        (await device.SendAsync(device.SignAs(device.Event(DateTimeOffset.UtcNow.AddHours(-2), 2, 310), 1, null, device: "urn:test:another"))).ExpectProblem(403, "device-mismatch");
        var hook = (JsonElement)await Eventually.GetAsync<object>("hook that was given up", async () =>
            (await server.GetAsync("/api/device-alarms/hooks", company.ApiKey)).Expect(200).Json.GetProperty("hooks")[0] is var h && h.GetProperty("stoppedAt").ValueKind == JsonValueKind.String ? h : null);
        Assert.Equal("The host has no address that results may be sent to.", hook.GetProperty("lastError").GetString());
        var stopped = await server.AwaitStateAsync(company, query, id, "stopped");

        Assert.Equal("The host has no address that results may be sent to.", stopped.GetProperty("lastError").GetString());
        Assert.Empty(receiver.Deliveries);
    }

    private static Dictionary<string, string?> Patient() => new(SubscriptionFixture.Settings) { ["Subscriptions__MaxAttempts"] = "100000" };
}
