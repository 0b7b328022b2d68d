using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.DeviceClient;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>What a bicycle knows of its rider: encrypted under keys of its own, for whoever has a grant of the rider and for nobody else.</summary>
public sealed class RiderDataTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Bicycle = "e-bike";
    private const string Power = "urn:trustchain:measure:rider-power";

    private static readonly DateOnly Today = DateOnly.FromDateTime(DateTime.UtcNow);

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task RiderInTheClear_IsRefused_AndSoIsOneUnderTheKeyOfAnotherGroup()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Bicycle);
        Assert.Equal("e-bike-v2", (await Server.GetAsync(device.Path, device.Owner.ApiKey)).Expect(200).Text("template"));
        using var master = DeviceMasterKey.Generate(device.Uri);
        var time = At(-1);

        var (rule, place, detail) = await RefusedAsync(new JsonObject { ["type"] = Power, ["value"] = 212, ["uom"] = "WTT" });
        Assert.Equal(("not-encrypted", "/sensorElementList/0/sensorReport/2"), (rule, place));
        Assert.Contains("riderPower must be a JWE", detail, StringComparison.Ordinal);
        Assert.Equal("not-encrypted", (await RefusedAsync(new JsonObject { ["type"] = Power, ["stringValue"] = "212" })).Rule);
        foreach (var group in (KeyGroup[])[KeyGroup.Operation, KeyGroup.Position, KeyGroup.Area])
        {
            (rule, place, detail) = await RefusedAsync(Encrypted(device, master.Derive(Today.AddDays(-1), group), time));
            Assert.Equal(("wrong-key-group", "/sensorElementList/0/sensorReport/2/stringValue"), (rule, place));
            Assert.Contains($"riderPower is about the rider, and is encrypted under a key of the group \"rider\", not \"{DayKeyName.Name(group)}\".", detail, StringComparison.Ordinal);
        }
        (await device.SendAsync(With(device, time, Encrypted(device, master.Derive(Today.AddDays(-1), KeyGroup.Rider), time)))).Expect(201);

        async Task<(string? Rule, string? Place, string Detail)> RefusedAsync(JsonObject report)
        {
            var refused = (await device.SendAsync(device.SignAs(With(device, time, report), device.Next, device.Previous))).ExpectProblem(400, "invalid-telemetry");
            var error = Assert.Single(refused.GetProperty("errors").EnumerateArray());
            return (error.GetProperty("rule").GetString(), error.GetProperty("pointer").GetString(), error.GetRawText().Replace("\\u0022", "\"", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task SealedBicycle_HandsTheKeyOfItsRiderToWhoHasAGrantOfTheRider_AndToNobodyElse()
    {
        var (owner, bank, insurer) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        using var ownerKey = await PublishAsync(owner);
        using var bankKey = await PublishAsync(bank);
        using var insurerKey = await PublishAsync(insurer);
        using var device = TestDevice.Make(Server, owner);
        var registered = (await Server.PostAsync("/api/devices", new { device = device.Uri, name = "Bicycle 9", template = Bicycle }, owner.ApiKey)).Expect(201);
        device.Learn(registered);
        Assert.True(DeviceTemplate.TryParse(Encoding.UTF8.GetBytes((await Server.GetAsync("/api/devices/templates/e-bike-v2")).Expect(200).Body), out var template, out var error), error);
        var folder = Directory.CreateTempSubdirectory("trustchain-device-").FullName;
        try
        {
            // What is encrypted, and under which key, follows from the template alone, as in a device that `trustchain device claim` set up.
            var encryption = new DeviceEncryption(
                m => template.FindEncryptionGroup(m.Type, m.Component) is { } group ? DayKeyName.Name(group) : null, Recipients: [ownerKey.PublicKey.Jwk, bankKey.PublicKey.Jwk, insurerKey.PublicKey.Jwk]);
            using var client = await TelemetryDevice.ClaimAsync(folder, new DeviceOptions(new Uri(Server.BaseUrl), Encryption: encryption), registered.Text("claim"), TestContext.Current.CancellationToken);
            await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms(["operation", "position"], "exact"));
            await GrantTests.GiveAsync(Server, device, insurer, GrantTests.Terms(["rider"], "none"));
            client.Add(Measurement.Number(At(-1), "Length", 100, "MTR"));
            client.Add(Measurement.Number(At(-1), "Angle", 31.2304m, "DD", "latitude"));
            client.Add(Measurement.Number(At(-1), "Angle", 121.4737m, "DD", "longitude"));
            client.Add(Measurement.Number(At(-1), Power, 212.5m, "WTT"));
            client.Add(Measurement.Number(At(-1), "urn:trustchain:measure:cadence", 71, "RPM"));
            client.Flush();
            await client.SendAllAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        var rider = $"{GrantTests.Day(-1)}.rider";
        Assert.Equal([$"{GrantTests.Day(-1)}.position", rider], Names(await FetchAsync(device, owner, ownerKey)));
        Assert.Equal([$"{GrantTests.Day(-1)}.position"], Names(await FetchAsync(device, bank, bankKey)));
        var key = Assert.Single(await FetchAsync(device, insurer, insurerKey));
        Assert.Equal(rider, key.Name.ToString());
        var again = (await FetchAsync(device, owner, ownerKey)).Single(static k => k.Name.Group == KeyGroup.Rider);
        (await BringAsync(device, WrappedDayKey.Wrap(again, bankKey.PublicKey))).ExpectProblem(400, "invalid-request"); // Nor does the owner hand it over by mistake,
        (await BringAsync(device, WrappedDayKey.Wrap(again, await ServiceKeyAsync()))).ExpectProblem(400, "invalid-request"); // nor to the service: the template is sealed.

        Assert.Equal(["distance", "latitude", "longitude"], (await ValuesAsync(device, bank, -1)).Keys.Order(StringComparer.Ordinal));
        var seen = await ValuesAsync(device, insurer, -1);
        Assert.Equal(["cadence", "riderPower"], seen.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(new MeasuredValue.Number(212.5, "WTT"), Decrypt(seen["riderPower"], key, new ReportContext(device.Uri, At(-1), Power, null)));
        Assert.Equal(new MeasuredValue.Number(71, "RPM"), Decrypt(seen["cadence"], key, new ReportContext(device.Uri, At(-1), "urn:trustchain:measure:cadence", null)));
        var other = Assert.Single(await FetchAsync(device, bank, bankKey));
        Assert.Null(Decrypt(seen["riderPower"], other, new ReportContext(device.Uri, At(-1), Power, null)));
        // How many values there are of the rider, too, is told with the rider.
        await Eventually.TrueAsync("the day", async () => (await FiguresAsync(device, owner)).Contains("riderPower"));
        Assert.Equal(["distance", "latitude", "longitude"], await FiguresAsync(device, bank));
        Assert.Equal(["cadence", "riderPower"], await FiguresAsync(device, insurer));
        // The owner, too, is answered with ciphertexts.
        Assert.DoesNotContain("212.5", (await Server.GetAsync($"{device.Path}/readings?day={GrantTests.Day(-1)}", owner.ApiKey)).Expect(200).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RevokedGrantOfTheRider_OpensNoLaterDay()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Bicycle);
        var insurer = await Server.AddOrganisationAsync();
        using var insurerKey = await PublishAsync(insurer);
        using var master = DeviceMasterKey.Generate(device.Uri);
        for (var day = -3; day < 0; day++)
        {
            (await device.SendAsync(With(device, At(day), Encrypted(device, master.Derive(Today.AddDays(day), KeyGroup.Rider), At(day))))).Expect(201);
        }
        var grant = await GrantTests.GiveAsync(Server, device, insurer, GrantTests.Terms(["rider"], "none"));
        (await BringAsync(device, [.. Enumerable.Range(-3, 2).Select(Wrapped)])).Expect(201);
        (await Server.PostAsync($"{device.Path}/grants/{grant}/revoke", new { }, device.Owner.ApiKey)).Expect(200);
        // Days go by: as if that had been two days ago.
        await using (var command = Server.Database.CreateCommand("update device_grant set revoked_at = $2 where id = $1"))
        {
            command.Parameters.Add(new() { Value = grant });
            command.Parameters.Add(new() { Value = Today.AddDays(-2).ToDateTime(new TimeOnly(12, 0), DateTimeKind.Utc) });
            Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        (await BringAsync(device, Wrapped(-1))).ExpectProblem(400, "invalid-request"); // Whoever knows nothing of it tries.
        var kept = await FetchAsync(device, insurer, insurerKey);
        Assert.Equal([$"{GrantTests.Day(-3)}.rider", $"{GrantTests.Day(-2)}.rider"], Names(kept));
        var value = (await ValuesAsync(device, insurer, -2))["riderPower"];
        Assert.Equal(new MeasuredValue.Number(180, "WTT"), Decrypt(value, kept.Single(static k => k.Name.Day == Today.AddDays(-2)), new ReportContext(device.Uri, At(-2), Power, null)));
        (await Server.GetAsync($"{device.Path}/readings?day={GrantTests.Day(-1)}", insurer.ApiKey)).ExpectProblem(404, "not-found");

        string Wrapped(int day) => WrappedDayKey.Wrap(master.Derive(Today.AddDays(day), KeyGroup.Rider), insurerKey.PublicKey);
    }

    [Theory]
    [InlineData("exact", new[] { "operation", "position" }, new[] { KeyGroup.Position, KeyGroup.Area, KeyGroup.Operation })]
    [InlineData("none", new[] { "operation" }, new[] { KeyGroup.Operation })]
    [InlineData("none", new[] { "rider" }, new[] { KeyGroup.Rider })]
    [InlineData("coarse", new[] { "position", "rider" }, new[] { KeyGroup.Area, KeyGroup.Rider })]
    [InlineData("none", new[] { "measure:riderPower" }, new KeyGroup[0])]
    public async Task ServiceThatHasTheKeys_WrapsThatOfTheRiderForAGrantOfTheRiderAlone(string precision, string[] scope, KeyGroup[] expected)
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync()); // Of a service-readable template: a group is known by its name there.
        var reader = await Server.AddOrganisationAsync();
        using var readerKey = await PublishAsync(reader);
        using var master = DeviceMasterKey.Generate(device.Uri);
        var service = await ServiceKeyAsync();
        (await BringAsync(device, [.. Enum.GetValues<KeyGroup>().Select(g => WrappedDayKey.Wrap(master.Derive(Today, g), service))])).Expect(201);
        await GrantTests.GiveAsync(Server, device, reader, GrantTests.Terms(scope, precision));
        var fetched = await FetchAsync(device, reader, readerKey);
        Assert.Equal(expected, fetched.Select(static k => k.Name.Group).Order());
        Assert.All(fetched, k => Assert.Equal(master.Derive(Today, k.Name.Group).Export(), k.Export()));
    }

    [Fact]
    public async Task ServiceReadableTemplate_HasTheServiceShowSingleMeasuresOfTheRider_ToWhoHasAGrantOfThem()
    {
        // A deployment with a template of its own: what is sealed in the bicycle of one person is service-readable in a courier's.
        using var program = new TemporaryFolder();
        await using var server = await RunningServer.StartAsync(fixture.Stack.Postgres, fixture.Stack.Anvil, assembly: WithTemplate(program, "courier-bike", static t => t["privacy"] = "service-readable"));
        var owner = await server.AddOrganisationAsync();
        using var device = await TestDevice.EnrolAsync(server, owner, "courier-bike");
        using var master = DeviceMasterKey.Generate(device.Uri);
        var (rider, operation) = (master.Derive(Today.AddDays(-1), KeyGroup.Rider), master.Derive(Today.AddDays(-1), KeyGroup.Operation));
        var clear = (await device.SendAsync(device.SignAs(With(device, At(-1), new JsonObject { ["type"] = Power, ["value"] = 180, ["uom"] = "WTT" }), device.Next, device.Previous))).ExpectProblem(400, "invalid-telemetry");
        Assert.Equal("not-encrypted", Assert.Single(clear.GetProperty("errors").EnumerateArray()).GetProperty("rule").GetString());
        (await device.SendAsync(With(device, At(-1), Encrypted(device, rider, At(-1))))).Expect(201);
        var service = await ServiceKeyAsync(server);
        (await server.PostAsync($"{device.Path}/day-keys", new { keys = new[] { WrappedDayKey.Wrap(rider, service), WrappedDayKey.Wrap(operation, service) } }, owner.ApiKey)).Expect(201);

        Assert.Equal("180", (await ReadAsync("measure:riderPower"))["riderPower"]); // Decrypted here: a key would open the whole group.
        Assert.Empty(await ReadAsync("measure:cadence"));
        Assert.Equal(["operatingHours", "running"], (await ReadAsync("operation")).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(new MeasuredValue.Number(180, "WTT"), Decrypt((await ReadAsync("rider"))["riderPower"], rider, new ReportContext(device.Uri, At(-1), Power, null)));

        // Were there one under a key of operation, it would be of the rider all the same.
        await using var command = server.Database.CreateCommand("update event_body set event = $1 where record_id = (select t.record_id from telemetry t join device d on d.id = t.device_id where d.uri = $2)");
        command.Parameters.Add(new() { Value = JsonSerializer.SerializeToUtf8Bytes(With(device, At(-1), Encrypted(device, operation, At(-1)))) });
        command.Parameters.Add(new() { Value = device.Uri });
        Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["operatingHours", "running"], (await ReadAsync("operation")).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["operatingHours", "riderPower", "running"], (await ReadAsync("operation", "rider")).Keys.Order(StringComparer.Ordinal));

        async Task<Dictionary<string, string>> ReadAsync(params string[] scope)
        {
            var reader = await server.AddOrganisationAsync();
            await GrantTests.GiveAsync(server, device, reader, GrantTests.Terms(scope, "none"));
            return await ValuesAsync(device, reader, -1, server);
        }
    }

    /// <summary>A copy of the server that has one more template: the newest bicycle's with another name, and changed.</summary>
    /// <returns>Path of the program.</returns>
    private static string WithTemplate(TemporaryFolder folder, string name, Action<JsonObject> change)
    {
        var built = new FileInfo(ServerProcess.PathOf("TrustChain.Server", "trustchain-server"));
        foreach (var file in built.Directory!.EnumerateFiles("*", SearchOption.AllDirectories)) // A file has one.
        {
            var copy = folder.PathOf(Path.Combine("program", Path.GetRelativePath(built.Directory.FullName, file.FullName)));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // As above.
            file.CopyTo(copy);
        }
        var templates = folder.PathOf(Path.Combine("program", "Templates", "devices"));
        var template = JsonNode.Parse(File.ReadAllBytes(Path.Combine(templates, "e-bike-v2.json")))!.AsObject(); // It is no null.
        template["name"] = name;
        change(template);
        File.WriteAllText(Path.Combine(templates, name + ".json"), template.ToJsonString());
        return folder.PathOf(Path.Combine("program", built.Name));
    }

    private static DateTimeOffset At(int day) => new(Today.AddDays(day).ToDateTime(new TimeOnly(8, 0)), TimeSpan.Zero);

    private static string[] Names(IEnumerable<DayKey> keys) => [.. keys.Select(static k => k.Name.ToString()).Order(StringComparer.Ordinal)];

    private static JsonObject Encrypted(TestDevice device, DayKey key, DateTimeOffset time) => new()
    {
        ["type"] = Power,
        ["stringValue"] = EncryptedValue.Encrypt(key, new ReportContext(device.Uri, time, Power, null), new MeasuredValue.Number(180, "WTT")),
    };

    /// <summary>One reading with a third report.</summary>
    private static JsonObject With(TestDevice device, DateTimeOffset time, JsonObject report)
    {
        var e = device.Event(time, 1, 100);
        e["sensorElementList"]![0]!["sensorReport"]!.AsArray().Add(report); // A reading has them.
        return e;
    }

    private static MeasuredValue? Decrypt(string text, DayKey key, ReportContext context)
    {
        Assert.True(EncryptedValue.TryParse(text, out var encrypted, out var error), error);
        return encrypted.TryDecrypt(key, context, out var value) ? value : null;
    }

    private async Task<Dictionary<string, string>> ValuesAsync(TestDevice device, TestOrganisation reader, int day, RunningServer? server = null) =>
        (await (server ?? Server).GetAsync($"{device.Path}/readings?day={GrantTests.Day(day)}", reader.ApiKey)).Expect(200).Json.GetProperty("statements")[0].GetProperty("readings")[0].GetProperty("values")
            .EnumerateObject().ToDictionary(static v => v.Name, static v => v.Value.ToString());

    /// <summary>The measures of yesterday that have figures for a reader.</summary>
    private async Task<string[]> FiguresAsync(TestDevice device, TestOrganisation reader) =>
    [
        .. (await Server.GetAsync($"{device.Path}/history?from={GrantTests.Day(-1)}&to={GrantTests.Day(-1)}", reader.ApiKey)).Expect(200).Json.GetProperty("buckets").EnumerateArray()
            .SelectMany(static b => b.GetProperty("measures").EnumerateArray()).Select(static m => m.GetProperty("name").GetString()!).Order(StringComparer.Ordinal), // Each has one.
    ];

    private async Task<EncryptionKey> ServiceKeyAsync(RunningServer? server = null) =>
        EncryptionKey.TryParse((await (server ?? Server).GetAsync("/api/devices/encryption-key")).Expect(200).Json.GetProperty("jwk"), out var key, out var error) ? key : throw new InvalidOperationException(error);

    private async Task<DecryptionKey> PublishAsync(TestOrganisation organisation)
    {
        var key = DecryptionKey.Generate();
        (await Server.PostAsync("/api/encryption-keys", new { jwk = JsonDocument.Parse(key.PublicKey.Jwk).RootElement }, organisation.ApiKey)).Expect(201);
        return key;
    }

    private Task<Answer> BringAsync(TestDevice device, params string[] keys) => Server.PostAsync($"{device.Path}/day-keys", new { keys }, device.Owner.ApiKey);

    private async Task<List<DayKey>> FetchAsync(TestDevice device, TestOrganisation reader, DecryptionKey key) =>
    [
        .. (await Server.GetAsync($"{device.Path}/day-keys", reader.ApiKey)).Expect(200).Json.GetProperty("keys").EnumerateArray().Select(k =>
            WrappedDayKey.TryParse(k.GetProperty("jwe").GetString()!, out var wrapped, out var error) && wrapped.TryUnwrap(key, out var opened) ? opened : throw new InvalidOperationException(error ?? "The key does not open.")),
    ];
}
