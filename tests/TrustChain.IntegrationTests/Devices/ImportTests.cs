using System.Text;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>Readings from other platforms over HTTP: signed by the service, marked, and never better than what the device signed.</summary>
public sealed class ImportTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly DateOnly Day = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-3));

    private RunningServer Server => fixture.Server;

    private static DateTimeOffset At(int hour, int minute = 0) => new(Day.ToDateTime(new TimeOnly(hour, minute)), TimeSpan.Zero);

    private static string Csv(int fromHour, int count, double hours) => "time,operatingHours [HUR],running\n"
        + string.Concat(Enumerable.Range(0, count).Select(i => FormattableString.Invariant($"{At(fromHour).AddMinutes(i):yyyy-MM-ddTHH:mm:ssZ},{hours + (i / 60.0):0.000},true\n")));

    private Task<Answer> SendAsync(string path, string mediaType, string body, string? apiKey) =>
        Server.SendAsync(HttpMethod.Post, path, apiKey, TestOrganisation.Content(mediaType, Encoding.UTF8.GetBytes(body)));

    private async Task<JsonElement> StatementsAsync(TestDevice device, int count)
    {
        var path = $"{device.Path}/statements?from={Day:yyyy-MM-dd}&to={Day.AddDays(1):yyyy-MM-dd}";
        return (JsonElement)await Eventually.GetAsync<object>($"{count} statements", async () =>
            (await Server.GetAsync(path, device.Owner.ApiKey)).Expect(200).Json.GetProperty("statements") is var list && list.GetArrayLength() == count ? list : null);
    }

    [Fact]
    public async Task Csv_BecomesStatementsOfCustodyImported_ARepeatMakesNothingNew_AndTheRecordVerifies()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var first = (await SendAsync($"{device.Path}/imports", "text/csv", Csv(8, 90, 100), device.Owner.ApiKey)).Expect(201);
        Assert.Equal((1, 1, 90), (first.Json.GetProperty("statements").GetInt32(), first.Json.GetProperty("new").GetInt32(), first.Json.GetProperty("readings").GetInt32()));
        var before = await Server.CountAsync();
        var again = (await SendAsync($"{device.Path}/imports", "text/csv; charset=utf-8", Csv(8, 90, 100), device.Owner.ApiKey)).Expect(200);
        Assert.Equal((1, 0), (again.Json.GetProperty("statements").GetInt32(), again.Json.GetProperty("new").GetInt32()));
        Assert.Equal(before.Records, (await Server.CountAsync()).Records);

        var listed = Assert.Single((await StatementsAsync(device, 1)).EnumerateArray());
        Assert.True(listed.GetProperty("imported").GetBoolean());
        Assert.Equal(-1, listed.GetProperty("key").GetInt32());
        Assert.Equal(first.Json.GetProperty("captures")[0].GetProperty("statement").GetString(), listed.GetProperty("statement").GetString());

        // The log has a second key of the service's for this organisation, and the records lead to it.
        await Server.GetCoveringCheckpointAsync();
        var path = $"{device.Path}/evidence?from={Day:yyyy-MM-dd}&to={Day:yyyy-MM-dd}";
        var lines = (await Server.GetAsync(path, device.Owner.ApiKey)).Expect(200).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(Core.Verification.EvidenceBundle.TryParse(Encoding.UTF8.GetBytes(lines[1]), out var bundle, out var error), error);
        using var record = JsonDocument.Parse(Assert.Single(bundle.Records).Record);
        Assert.Equal("imported", record.RootElement.GetProperty("custody").GetString());

        // What the service says, computed again from the bundle alone.
        Assert.True(Core.Devices.DeviceEvidenceHeader.TryParse(Encoding.UTF8.GetBytes(lines[0]), out var header, out var wrong), wrong);
        Assert.True(Core.Devices.DeviceTemplate.TryParse(header.Template, out var template, out _));
        var evidence = new Core.Devices.DeviceEvidence(header, template);
        evidence.Add(bundle);
        Assert.Empty(evidence.Faults);
        Assert.Equal(lines[^1], Encoding.UTF8.GetString(evidence.Compute().ToJson()));
        Assert.DoesNotContain(evidence.Compute().Period.Verdicts, static v => v.Outcome == Core.Devices.VerdictOutcome.Passed);
    }

    [Fact]
    public async Task Import_BesideSignedStatements_CoversNothingAndTellsATurnedBackMeter()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var morning = device.Event(At(8), 60, 100);
        foreach (var reading in morning["sensorElementList"]!.AsArray())
        {
            var report = reading!["sensorReport"]!.AsArray()[0]!.AsObject();
            (report["type"], report["value"], report["uom"]) = ("urn:trustchain:measure:operating-time", 6000, "MIN");
        }
        (await device.SendAsync(morning)).Expect(201);
        var covered = await DayAsync(device, static d => d.GetProperty("coveredReadings").GetInt32() > 0);
        (await SendAsync($"{device.Path}/imports", "text/csv", Csv(10, 60, 50), device.Owner.ApiKey)).Expect(201);
        var mixed = await DayAsync(device, static d => d.GetProperty("statements").GetInt32() == 2);
        Assert.Equal(covered.GetProperty("coveredReadings").GetInt32(), mixed.GetProperty("coveredReadings").GetInt32());
        Assert.Equal(covered.GetProperty("gaps").GetRawText(), mixed.GetProperty("gaps").GetRawText());
        var codes = mixed.GetProperty("findings").EnumerateArray().Select(static f => f.GetProperty("code").GetString()).ToList();
        Assert.Contains("imported", codes);
        Assert.Contains("meter-rollback", codes);
    }

    [Fact]
    public async Task Fleet_GoesToTheDevicesBySerialNumber_AndTheRestIsTold()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var feed = $"""
            <Fleet xmlns="http://standards.iso.org/iso/15143/-3">
              <Equipment><EquipmentHeader><EquipmentID>x</EquipmentID><SerialNumber>0007</SerialNumber></EquipmentHeader>
                <CumulativeOperatingHours datetime="{At(8):yyyy-MM-ddTHH:mm:ssZ}"><Hour>233.7</Hour></CumulativeOperatingHours>
                <FuelRemaining datetime="{At(8):yyyy-MM-ddTHH:mm:ssZ}"><Percent>50</Percent></FuelRemaining></Equipment>
              <Equipment><EquipmentHeader><SerialNumber>another</SerialNumber></EquipmentHeader></Equipment>
            </Fleet>
            """;
        var answer = (await SendAsync("/api/devices/imports", "application/xml", feed, device.Owner.ApiKey)).Expect(201).Json;
        var imported = Assert.Single(answer.GetProperty("devices").EnumerateArray());
        Assert.Equal(device.Uri, imported.GetProperty("device").GetString());
        Assert.Equal("FuelRemaining", Assert.Single(imported.GetProperty("notMapped").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal("no-device", Assert.Single(answer.GetProperty("unknown").EnumerateArray()).GetProperty("reason").GetString());

        var json = $$"""{"Distance":[],"CumulativeOperatingHours":[{"datetime":"{{At(9):yyyy-MM-ddTHH:mm:ssZ}}","Hour":234}]}""";
        Assert.Equal(1, (await SendAsync($"{device.Path}/imports", "application/json", json, device.Owner.ApiKey)).Expect(201).Json.GetProperty("readings").GetInt32());
    }

    [Fact]
    public async Task WrongImports_AreRefused_AndNothingIsStored()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var stranger = await Server.AddOrganisationAsync();
        var path = $"{device.Path}/imports";
        var before = await Server.CountAsync();
        Assert.Equal(404, (await SendAsync(path, "text/csv", Csv(8, 1, 1), stranger.ApiKey)).Status);
        Assert.Equal(401, (await SendAsync(path, "text/csv", Csv(8, 1, 1), null)).Status);
        Assert.Equal(415, (await SendAsync(path, "text/plain", Csv(8, 1, 1), device.Owner.ApiKey)).Status);
        Assert.Equal(415, (await SendAsync("/api/devices/imports", "text/csv", Csv(8, 1, 1), device.Owner.ApiKey)).Status);
        Assert.Equal(413, (await SendAsync(path, "text/csv", new string('1', (16 << 20) + 1), device.Owner.ApiKey)).Status);
        foreach (var (type, body, rule) in ((string, string, string)[])[
            ("text/csv", Csv(8, 1, 1) + "2026-01-01T00:00:00Z,-5,true\n", "wrong-counter"),
            ("application/xml", "<!DOCTYPE Fleet [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><Fleet>&x;</Fleet>", "dtd-refused"),
            ("application/json", "{\"Fleet\":", "malformed")])
        {
            var refused = (await SendAsync(path, type, body, device.Owner.ApiKey)).Expect(400);
            Assert.Equal("invalid-import", refused.Text("code"));
            Assert.Equal(rule, refused.Json.GetProperty("errors")[0].GetProperty("rule").GetString());
        }
        Assert.Equal(before.Records, (await Server.CountAsync()).Records);
    }

    private async Task<JsonElement> DayAsync(TestDevice device, Func<JsonElement, bool> isIt) => (JsonElement)await Eventually.GetAsync<object>("computed day", async () =>
    {
        var days = (await Server.GetAsync($"{device.Path}/history?from={Day:yyyy-MM-dd}&to={Day:yyyy-MM-dd}", device.Owner.ApiKey)).Expect(200).Json.GetProperty("buckets");
        return days.GetArrayLength() > 0 && isIt(days[0]) ? days[0] : null;
    });
}
