using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Subscriptions;

/// <summary>A server that may call receivers on loopback, is quick to try again and to give up, and sends at most three events at once.</summary>
public sealed class SubscriptionFixture(SharedStack stack) : IAsyncLifetime
{
    private RunningServer? _server;

    internal static Dictionary<string, string?> Settings => new()
    {
        ["Subscriptions__AllowPrivateAddresses"] = "true",
        ["Subscriptions__FirstRetry"] = "00:00:00.05",
        ["Subscriptions__MaxRetry"] = "00:00:00.1",
        ["Subscriptions__MaxAttempts"] = "4",
        ["Subscriptions__MaxEvents"] = "3",
    };

    internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, Settings);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}

/// <summary>What tests of subscriptions do over and over.</summary>
internal static class Subscribing
{
    public const string Step = "inspecting";

    /// <summary>A named query for <see cref="Step"/>.</summary>
    public static async Task<string> AddQueryAsync(this RunningServer server, TestOrganisation company)
    {
        var name = $"q-{Guid.NewGuid():N}";
        (await server.PostAsync("/epcis/queries", new { name, query = new Dictionary<string, string[]> { ["EQ_bizStep"] = [Step] } }, company.ApiKey)).Expect(201);
        return name;
    }

    public static string PathOf(string query) => $"/epcis/queries/{query}/subscriptions";

    public static async Task<string> SubscribeAsync(this RunningServer server, TestOrganisation company, string query, object body)
    {
        var answer = (await server.PostAsync(PathOf(query), body, company.ApiKey)).Expect(201);
        var id = answer.Text("subscriptionID");
        Assert.Equal($"{PathOf(query)}/{id}", answer.Location);
        return id;
    }

    public static async Task<JsonElement> GetSubscriptionAsync(this RunningServer server, TestOrganisation company, string query, string id) =>
        (await server.GetAsync($"{PathOf(query)}/{id}", company.ApiKey)).Expect(200).Json;

    /// <summary>Captures events of a step in one document and returns their eventIDs.</summary>
    public static async Task<IReadOnlyList<string>> CaptureAsync(this TestOrganisation company, int count, string step = Step, Func<JsonObject, JsonObject>? alter = null)
    {
        var ids = Enumerable.Range(0, count).Select(static _ => $"urn:uuid:{Guid.NewGuid()}").ToList();
        (await company.CaptureAsync(Events.Document([.. ids.Select(id =>
        {
            var e = Events.Observation(company.NewItem(), step).WithId(id);
            return alter is null ? e : alter(e);
        })]))).Expect(202);
        return ids;
    }

    /// <summary>Waits for a state and returns the subscription.</summary>
    public static async Task<JsonElement> AwaitStateAsync(this RunningServer server, TestOrganisation company, string query, string id, string state) =>
        (JsonElement)await Eventually.GetAsync<object>($"subscription that is {state}", async () =>
            await server.GetSubscriptionAsync(company, query, id) is var s && s.GetProperty("state").GetString() == state ? s : null);

    public static Task AwaitTakenAsync(this Receiver receiver, int count) =>
        Eventually.TrueAsync($"delivery of {count} events", () => Task.FromResult(receiver.Taken.Count >= count));
}
