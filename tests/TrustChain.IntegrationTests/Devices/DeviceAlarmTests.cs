using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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
    public async Task PlaceOutsideOfTheArea_AndSilenceAfterIt_AreTold()
    {
        await using var receiver = await Receiver.StartAsync();
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), "orchard");
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
