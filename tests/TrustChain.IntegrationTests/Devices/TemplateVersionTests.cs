using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>A template gets another version: who was enrolled before keeps the one that it has, and new devices get the new one.</summary>
public sealed class TemplateVersionTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly DateOnly Day = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-1);

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task NewDevice_GetsTheNewestVersion_AndItsPositionMustBeEncrypted()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), "aerial-platform");
        Assert.Equal("aerial-platform-v2", (await Server.GetAsync(device.Path, device.Owner.ApiKey)).Expect(200).Text("template"));
        var refused = (await device.SendAsync(Open(device, At(8), 30.2))).ExpectProblem(400, "invalid-telemetry");
        Assert.Contains("latitude must be a JWE", refused.GetRawText(), StringComparison.Ordinal);
        device.Take(device.Key); // What was refused has no number.
        using var master = DeviceMasterKey.Generate(device.Uri);
        (await device.SendAsync(Encrypted(device, master, At(9), 30.2))).Expect(201);
    }

    [Fact]
    public async Task OnlyTheNewestVersion_IsForNewDevices()
    {
        var owner = await Server.AddOrganisationAsync();
        foreach (var (name, status) in ((string, int)[])[("orchard-v2", 201), ("orchard-v1", 400), ("orchard-v3", 400), ("orchard-v02", 400), ("loom-v2", 400), ("crane", 400)])
        {
            using var device = TestDevice.Make(Server, owner);
            (await device.EnrolAsync(name)).Expect(status);
        }
        var listed = (await Server.GetAsync("/api/devices/templates")).Expect(200).Json.GetProperty("templates").EnumerateArray()
            .ToDictionary(static t => t.GetProperty("name").GetString()!, static t => t.GetProperty("forNewDevices").GetBoolean()); // Each has a name.
        Assert.Equal([("aerial-platform", false), ("aerial-platform-v2", true), ("e-bike", false), ("e-bike-v2", true), ("loom", true), ("orchard", false), ("orchard-v2", true), ("shared-bike", true)], listed.Select(static t => (t.Key, t.Value)));
        Assert.DoesNotContain("\"privacy\": \"encrypted\"", (await Server.GetAsync("/api/devices/templates/orchard")).Expect(200).Body, StringComparison.Ordinal); // For who has evidence of then.
    }

    [Fact]
    public async Task DeviceOfBefore_GoesOnInTheOpen_WithItsChecksAndItsEvidence()
    {
        using var device = await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), "aerial-platform");
        (await device.SendAsync(Open(device, At(8), 30.2, 30.2))).Expect(201);
        var passed = await UntilAsync(device, "passed");
        Assert.Equal(JsonValueKind.Null, passed.GetProperty("basis").ValueKind); // Everybody who has the statements finds it.
        (await device.SendAsync(Open(device, At(9), 30.2, 33.2))).Expect(201); // 330 km in a minute
        Assert.Equal("speed-impossible", (await UntilAsync(device, "failed")).GetProperty("code").GetString());

        using var master = DeviceMasterKey.Generate(device.Uri);
        var refused = (await device.SendAsync(device.SignAs(Encrypted(device, master, At(10), 30.2), device.Next, device.Previous))).ExpectProblem(400, "invalid-telemetry");
        Assert.Contains("latitude must be a number", refused.GetRawText(), StringComparison.Ordinal);

        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var day = Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var lines = (await Server.GetAsync($"{device.Path}/evidence?from={day}&to={day}", device.Owner.ApiKey)).Expect(200).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(DeviceEvidenceHeader.TryParse(Encoding.UTF8.GetBytes(lines[0]), out var header, out var error), error);
        Assert.True(DeviceTemplate.TryParse(header.Template, out var template, out _));
        Assert.Equal("aerial-platform", template.Name);
        Assert.True(EvidenceBundle.TryParse(Encoding.UTF8.GetBytes(lines[1]), out var bundle, out error), error);
        var evidence = new DeviceEvidence(header, template);
        evidence.Add(bundle);
        Assert.Equal(lines[^1], Encoding.UTF8.GetString(evidence.Compute().ToJson()));
        Assert.Contains("speed-impossible", lines[^1], StringComparison.Ordinal);
    }

    private static DateTimeOffset At(int hour) => new(Day.ToDateTime(new TimeOnly(hour, 0)), TimeSpan.Zero);

    private static JsonObject Open(TestDevice device, DateTimeOffset from, params double[] latitudes) =>
        WithPlaces(device, from, latitudes, static (_, component, degrees) => new JsonObject { ["type"] = "Angle", ["component"] = component, ["value"] = degrees, ["uom"] = "DD" });

    private static JsonObject Encrypted(TestDevice device, DeviceMasterKey master, DateTimeOffset from, params double[] latitudes)
    {
        var key = master.Derive(DateOnly.FromDateTime(from.UtcDateTime), KeyGroup.Position);
        return WithPlaces(device, from, latitudes, (time, component, degrees) => new JsonObject
        {
            ["type"] = "Angle",
            ["component"] = component,
            ["stringValue"] = EncryptedValue.Encrypt(key, new ReportContext(device.Uri, time, "Angle", component), new MeasuredValue.Number(degrees, "DD")),
        });
    }

    private static JsonObject WithPlaces(TestDevice device, DateTimeOffset from, double[] latitudes, Func<DateTimeOffset, string, double, JsonObject> report)
    {
        var e = device.Event(from, latitudes.Length, 100);
        for (var i = 0; i < latitudes.Length; i++)
        {
            var reports = e["sensorElementList"]![i]!["sensorReport"]!.AsArray(); // A reading has them.
            reports.Add(report(from.AddMinutes(i), "latitude", latitudes[i]));
            reports.Add(report(from.AddMinutes(i), "longitude", 120.1));
        }
        return e;
    }

    private async Task<JsonElement> UntilAsync(TestDevice device, string outcome) => (JsonElement)await Eventually.GetAsync<object>($"speed {outcome}", async () =>
        (await Server.GetAsync($"{device.Path}/verdicts?from={Day:yyyy-MM-dd}&to={Day:yyyy-MM-dd}", device.Owner.ApiKey)).Expect(200).Json.GetProperty("verdicts").EnumerateArray()
            .Single(static v => v.GetProperty("check").GetString() == "speed") is var found && found.GetProperty("outcome").GetString() == outcome ? found : null);
}
