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
        // A name that is pointed inside after the subscription was taken looks like this to the sender.
        await using (var rebind = server.Database.CreateCommand("update subscription set destination = $1"))
        {
            rebind.Parameters.Add(new() { Value = receiver.Url });
            await rebind.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await company.CaptureAsync(1);
        var stopped = await server.AwaitStateAsync(company, query, id, "stopped");

        Assert.Equal("The host has no address that results may be sent to.", stopped.GetProperty("lastError").GetString());
        Assert.Empty(receiver.Deliveries);
    }

    private static Dictionary<string, string?> Patient() => new(SubscriptionFixture.Settings) { ["Subscriptions__MaxAttempts"] = "100000" };
}
