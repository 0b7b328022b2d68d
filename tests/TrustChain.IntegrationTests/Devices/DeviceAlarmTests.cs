using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Serving;
using TrustChain.IntegrationTests.Subscriptions;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>What is newly found about a device is told to the owner's hooks, once.</summary>
public sealed class DeviceAlarmTests(SubscriptionFixture fixture) : IClassFixture<SubscriptionFixture>
{
    private RunningServer Server => fixture.Server;

    private static DateTimeOffset At(int hour) => new(DateTime.UtcNow.Date.AddDays(-2).AddHours(hour), TimeSpan.Zero);

    [Fact]
    public async Task Rollback_IsToldOnce_SignedAndAgainUntilItIsTaken()
    {
        await using var receiver = await Receiver.StartAsync();
        var tries = 0;
        receiver.Answer = _ => Interlocked.Increment(ref tries) == 1 ? 500 : 200;
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var hook = (await Server.PostAsync("/api/device-alarms/hooks", new { dest = receiver.Url, signatureToken = "a key of ours", codes = new[] { "meter-rollback" } }, device.Owner.ApiKey)).Expect(201);
        (await device.SendAsync(device.Event(At(8), 60, 500))).Expect(201);
        (await device.SendAsync(device.Event(At(10), 60, 300))).Expect(201);

        var told = await Eventually.GetAsync("alarm that was taken", () => Task.FromResult(receiver.Deliveries.FirstOrDefault(static d => d.IsTaken)));
        var alarm = JsonDocument.Parse(told.Body).RootElement;
        Assert.Equal("meter-rollback", alarm.GetProperty("code").GetString());
        Assert.Equal(device.Uri, alarm.GetProperty("device").GetString());
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes("a key of ours"), told.Body)), told.Headers["TrustChain-Signature"]);

        // The day is computed again with each statement; the finding is not new any more.
        (await device.SendAsync(device.Event(At(12), 60, 302))).Expect(201);
        (await device.SendAsync(device.SignAs(device.Event(At(14), 2, 310), device.Next, device.Previous, device: "urn:test:another"))).ExpectProblem(403, "device-mismatch");
        await Eventually.TrueAsync("computed day", async () => (await Server.GetAsync($"{device.Path}/history?from={At(0):yyyy-MM-dd}&to={At(0):yyyy-MM-dd}", device.Owner.ApiKey)).Body.Contains("\"statements\":3", StringComparison.Ordinal));
        var listed = (await Server.GetAsync("/api/device-alarms", device.Owner.ApiKey)).Expect(200).Json.GetProperty("alarms").EnumerateArray().Select(static a => a.GetProperty("code").GetString()).ToList();
        Assert.Single(listed, static c => c == "meter-rollback");
        Assert.Contains("foreign-device", listed);
        Assert.Single(receiver.Deliveries, static d => d.IsTaken);

        (await Server.SendAsync(HttpMethod.Delete, $"/api/device-alarms/hooks/{hook.Text("id")}", device.Owner.ApiKey)).Expect(204);
        (await Server.SendAsync(HttpMethod.Delete, $"/api/device-alarms/hooks/{hook.Text("id")}", device.Owner.ApiKey)).ExpectProblem(404, "not-found");
    }

    [Fact]
    public async Task Hook_ThatNeverTakes_IsGivenUp()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = static _ => 500;
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        (await Server.PostAsync("/api/device-alarms/hooks", new { dest = receiver.Url }, device.Owner.ApiKey)).Expect(201);
        (await device.SendAsync(device.SignAs(device.Event(At(8), 2, 310), 1, null, device: "urn:test:another"))).ExpectProblem(403, "device-mismatch");
        await Eventually.TrueAsync("hook given up", async () =>
            (await Server.GetAsync("/api/device-alarms/hooks", device.Owner.ApiKey)).Expect(200).Json.GetProperty("hooks")[0] is var hook && hook.GetProperty("stoppedAt").ValueKind == JsonValueKind.String
            && hook.GetProperty("lastError").GetString()!.Contains("500", StringComparison.Ordinal)); // Set with it.
    }

    [Fact]
    public async Task Impersonation_IsToldToTheOwnerOnceWhileItGoesOn_WithoutTellingWho_AndSaysNothingAgainstTheDevice()
    {
        await using var receiver = await Receiver.StartAsync();
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        using var stranger = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        using var strangersKey = await stranger.Owner.RegisterKeyAsync();
        using var unknownKey = SigningKey.Generate(SignatureAlgorithms.ES256);
        await Server.GetCoveringCheckpointAsync();
        var bank = await Server.AddOrganisationAsync();
        await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms(["all"], "exact"));
        (await Server.PostAsync("/api/device-alarms/hooks", new { dest = receiver.Url, codes = new[] { "impersonated-device" } }, device.Owner.ApiKey)).Expect(201);
        (await device.SendAsync(device.Event(DateTimeOffset.UtcNow.AddMinutes(-20), 1, 500))).Expect(201); // It is not silent, which would be an alarm too.
        var said = stranger.Event(At(8), 2, 310);

        // A key that nobody knows, and the device's own with a signature that is none, prove nothing.
        (await stranger.SendAsync(stranger.SignAs(said, 1, null, key: unknownKey, device: device.Uri))).ExpectProblem(403, "key-unknown");
        var own = device.SignAs(said, 2, device.Previous);
        (await stranger.SendAsync(own[..^6] + (own[^6] == 'A' ? 'B' : 'A') + own[^5..])).ExpectProblem(403, "signature-invalid");
        Assert.Empty(await ImpersonationsAsync(device.Owner));

        // A stranger's device and a stranger's organisation, many at once: one alarm.
        var there = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => stranger.SendAsync(stranger.SignAs(said, 20 + i, device.Previous, device: device.Uri, key: i % 3 == 0 ? strangersKey : null))));
        Assert.All(there, static a => a.Expect(403));
        var alarm = Assert.Single(await ImpersonationsAsync(device.Owner));
        Assert.Equal((device.Uri, "alarm"), (alarm.GetProperty("device").GetString(), alarm.GetProperty("severity").GetString()));
        var told = await Eventually.GetAsync("alarm that was taken", () => Task.FromResult(receiver.Deliveries.FirstOrDefault(static d => d.IsTaken)));
        var period = $"?from={At(0):yyyy-MM-dd}&to={DateTime.UtcNow:yyyy-MM-dd}";
        var verdicts = (await Server.GetAsync($"{device.Path}/verdicts{period}", device.Owner.ApiKey)).Expect(200);
        var finding = Assert.Single(verdicts.Json.GetProperty("findings").EnumerateArray(), static f => f.GetProperty("code").GetString() == "impersonated-device");
        Assert.Equal(12, finding.GetProperty("times").GetInt32());
        Assert.All((string[])[Encoding.UTF8.GetString(told.Body), verdicts.Body], body =>
            Assert.All((string[])[stranger.Uri, stranger.Id, stranger.Owner.Id, stranger.Key.PublicKey.Kid, strangersKey.PublicKey.Kid], secret => Assert.DoesNotContain(secret, body, StringComparison.Ordinal)));

        // It is nothing against the device: not in its answer, and not told to those with a grant.
        Assert.Contains("Somebody else&#x27;s key signed in the device&#x27;s name", (await Server.GetAsync($"/devices/{device.Id}{period}&lang=en", device.Owner.ApiKey)).Expect(200).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("impersonated-device", (await Server.GetAsync($"{device.Path}/verdicts{period}", bank.ApiKey)).Expect(200).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Do not rely on this", (await Server.GetAsync($"/devices/{device.Id}{period}&lang=en", device.Owner.ApiKey)).Expect(200).Body, StringComparison.Ordinal);

        // Whoever signs is answered alike, whether or not there is such a device.
        var nowhere = await stranger.SendAsync(stranger.SignAs(said, 40, device.Previous, device: device.Uri + "X"));
        Assert.Equal(Without(there[1].Body), Without(nowhere.Body));

        // After a week of quiet it is another alarm, and is counted anew.
        await using (var quiet = Server.Database.CreateCommand("update device_finding set until_time = until_time - interval '8 days', from_time = from_time - interval '8 days' where code = 'impersonated-device' and device_id = (select id from device where uri = $1)"))
        {
            quiet.Parameters.Add(new() { Value = device.Uri });
            Assert.Equal(1, await quiet.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }
        (await stranger.SendAsync(stranger.SignAs(said, 41, device.Previous, device: device.Uri))).ExpectProblem(403, "device-mismatch");
        Assert.Equal(2, (await ImpersonationsAsync(device.Owner)).Count);
        finding = (await Server.GetAsync($"{device.Path}/verdicts{period}", device.Owner.ApiKey)).Expect(200).Json.GetProperty("findings").EnumerateArray().Single(static f => f.GetProperty("code").GetString() == "impersonated-device");
        Assert.Equal(1, finding.GetProperty("times").GetInt32());
        Assert.Empty(await ImpersonationsAsync(stranger.Owner)); // Its own finding is foreign-device.

        static string Without(string body)
        {
            var json = JsonNode.Parse(body)!.AsObject();
            json.Remove("traceId");
            return json.ToJsonString();
        }
    }

    private async Task<List<JsonElement>> ImpersonationsAsync(TestOrganisation owner) =>
        [.. (await Server.GetAsync("/api/device-alarms", owner.ApiKey)).Expect(200).Json.GetProperty("alarms").EnumerateArray().Where(static a => a.GetProperty("code").GetString() == "impersonated-device")];

    [Fact]
    public async Task PlaceOutsideOfTheArea_AndSilenceAfterIt_AreTold()
    {
        await using var receiver = await Receiver.StartAsync();
        using var device = await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), "orchard");
        (await Server.PostAsync("/api/device-alarms/hooks", new { dest = receiver.Url, codes = new[] { "outside-geofence", "silence" } }, device.Owner.ApiKey)).Expect(201);
        (await device.SendAsync(At(8, 26.58, 118.74))).Expect(201); // the area's centre
        (await device.SendAsync(At(9, 26.58, 118.90))).Expect(201); // 16 km east of it

        // Two days ago it said the last, and its template has a station silent after one. Silences are looked for once a minute, and not while something comes.
        await using (var pause = Server.Database.CreateCommand("update device_status set last_seen_at = last_seen_at - interval '1 hour' where device_id = (select id from device where uri = $1)"))
        {
            pause.Parameters.Add(new() { Value = device.Uri });
            Assert.Equal(1, await pause.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }
        var taken = await Eventually.GetAsync("both alarms", () => Task.FromResult(receiver.Deliveries.Where(static d => d.IsTaken).ToList() is { Count: >= 2 } both ? both : null), TimeSpan.FromMinutes(3));
        var told = taken.Select(static d => JsonDocument.Parse(d.Body).RootElement).ToDictionary(static a => a.GetProperty("code").GetString()!);
        Assert.Equal(["outside-geofence", "silence"], told.Keys.Order());
        Assert.All(told.Values, a => Assert.Equal(device.Uri, a.GetProperty("device").GetString()));
        Assert.Contains("1 positions are outside the area", told["outside-geofence"].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(DeviceAlarmTests.At(9), told["silence"].GetProperty("from").GetDateTimeOffset());

        JsonObject At(int hour, double latitude, double longitude)
        {
            var e = device.Event(DeviceAlarmTests.At(hour), 1, 1);
            e["sensorElementList"]![0]!["sensorReport"] = new JsonArray(Angle("latitude", latitude), Angle("longitude", longitude));
            return e;
        }

        static JsonObject Angle(string component, double degrees) => new() { ["type"] = "Angle", ["component"] = component, ["value"] = degrees, ["uom"] = "DD" };
    }
}
