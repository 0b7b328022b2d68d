using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Core.Signing;
using TrustChain.DeviceClient;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>Keys of encrypted values: who brings them, who gets them.</summary>
public sealed class DayKeyTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Sealed = "e-bike";

    private static readonly DateOnly Today = DateOnly.FromDateTime(DateTime.UtcNow);

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task SealedDevice_HandsTheKeysOfAGrantToItsGranteeAlone()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Sealed);
        var bank = await Server.AddOrganisationAsync();
        using var ownerKey = await PublishAsync(device.Owner);
        using var bankKey = await PublishAsync(bank);
        using var master = DeviceMasterKey.Generate(device.Uri);
        var service = await ServiceKeyAsync();
        var position = master.Derive(Today, KeyGroup.Position);
        var (area, rider) = (master.Derive(Today, KeyGroup.Area), master.Derive(Today, KeyGroup.Rider));

        (await BringAsync(device, WrappedDayKey.Wrap(position, ownerKey.PublicKey), WrappedDayKey.Wrap(rider, ownerKey.PublicKey))).Expect(201);
        (await BringAsync(device, WrappedDayKey.Wrap(position, service))).ExpectProblem(400, "invalid-request"); // sealed
        (await BringAsync(device, WrappedDayKey.Wrap(area, bankKey.PublicKey))).ExpectProblem(400, "invalid-request"); // no grant
        await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms()); // coarse places, and the rider
        (await BringAsync(device, WrappedDayKey.Wrap(position, bankKey.PublicKey))).ExpectProblem(400, "invalid-request"); // exact places
        (await BringAsync(device, WrappedDayKey.Wrap(master.Derive(Today.AddDays(1), KeyGroup.Area), bankKey.PublicKey))).ExpectProblem(400, "invalid-request"); // tomorrow has not come
        (await BringAsync(device, WrappedDayKey.Wrap(area, bankKey.PublicKey), WrappedDayKey.Wrap(rider, bankKey.PublicKey))).Expect(201);

        var fetched = await FetchAsync(device, bank, bankKey);
        Assert.Equal([area.Name, rider.Name], fetched.Select(static k => k.Name).Order(Comparer<DayKeyName>.Create(static (a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))));
        Assert.Equal(area.Export(), fetched.Single(k => k.Name == area.Name).Export());
        Assert.Equal([position.Name, rider.Name], (await FetchAsync(device, device.Owner, ownerKey)).Select(static k => k.Name));
        (await Server.GetAsync($"{device.Path}/day-keys", (await Server.AddOrganisationAsync()).ApiKey)).ExpectProblem(404, "not-found");
        var accesses = (await Server.GetAsync($"{device.Path}/accesses", device.Owner.ApiKey)).Expect(200).Json.GetProperty("accesses");
        Assert.Contains(accesses.EnumerateArray(), static a => a.GetProperty("kind").GetString() == "keys");
    }

    [Fact]
    public async Task EncryptedReading_IsReadByTheGranteeWithItsKeyAlone()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Sealed);
        var (bank, insurer) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        using var bankKey = await PublishAsync(bank);
        using var master = DeviceMasterKey.Generate(device.Uri);
        var time = new DateTimeOffset(Today.AddDays(-1).ToDateTime(new TimeOnly(8, 0)), TimeSpan.Zero);
        var position = master.Derive(Today.AddDays(-1), KeyGroup.Position);
        var context = new ReportContext(device.Uri, time, "Angle", "latitude");
        var e = device.Event(time, 1, 100);
        e["sensorElementList"]![0]!["sensorReport"] = new JsonArray(
            Report("latitude", EncryptedValue.Encrypt(position, context, new MeasuredValue.Number(52.5200066, "DD"))),
            Report("longitude", EncryptedValue.Encrypt(position, context with { Component = "longitude" }, new MeasuredValue.Number(13.404954, "DD"))));
        (await device.SendAsync(e)).Expect(201);
        await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms(["position"], "exact"));
        await GrantTests.GiveAsync(Server, device, insurer, GrantTests.Terms(["position"], "coarse"));
        (await BringAsync(device, WrappedDayKey.Wrap(position, bankKey.PublicKey))).Expect(201);

        var values = await ValuesAsync(bank);
        Assert.True(EncryptedValue.TryParse(values.GetProperty("latitude").GetString()!, out var encrypted, out var error), error);
        var key = Assert.Single(await FetchAsync(device, bank, bankKey));
        Assert.True(encrypted.TryDecrypt(key, context, out var value));
        Assert.Equal(new MeasuredValue.Number(52.5200066, "DD"), value);
        Assert.False(encrypted.TryDecrypt(key, context with { Component = "longitude" }, out _));
        Assert.Equal("{}", (await ValuesAsync(insurer)).GetRawText()); // Nobody here can round what is sealed.

        async Task<JsonElement> ValuesAsync(TestOrganisation reader) => (await Server.GetAsync($"{device.Path}/readings?day={GrantTests.Day(-1)}", reader.ApiKey)).Expect(200).Json
            .GetProperty("statements")[0].GetProperty("readings")[0].GetProperty("values");

        static JsonObject Report(string component, string jwe) => new() { ["type"] = "Angle", ["component"] = component, ["stringValue"] = jwe };
    }

    [Fact]
    public async Task ServiceReadableDevice_HasItsKeysWrappedByTheService()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var bank = await Server.AddOrganisationAsync();
        using var bankKey = await PublishAsync(bank);
        using var master = DeviceMasterKey.Generate(device.Uri);
        var service = await ServiceKeyAsync();
        var keys = Enumerable.Range(-3, 4).SelectMany(d => Enum.GetValues<KeyGroup>().Select(g => master.Derive(Today.AddDays(d), g))).ToList();
        (await BringAsync(device, [.. keys.Select(k => WrappedDayKey.Wrap(k, service))])).Expect(201);
        await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms(["position"], "exact"));

        foreach (var _ in (int[])[1, 2]) // made, and then kept
        {
            var fetched = await FetchAsync(device, bank, bankKey);
            var expected = keys.Where(static k => k.Name.Group is KeyGroup.Position or KeyGroup.Area).ToList();
            Assert.Equal(expected.Select(static k => k.Name.ToString()).Order(StringComparer.Ordinal), fetched.Select(static k => k.Name.ToString()).Order(StringComparer.Ordinal));
            Assert.All(fetched, k => Assert.Equal(expected.Single(e => e.Name == k.Name).Export(), k.Export()));
        }
        // A wrap that the service cannot open is none.
        Assert.True(Jwe.TryParse(WrappedDayKey.Wrap(keys[0], service), out var jwe, out var error), error);
        var (good, foreign) = (jwe.Compact.Split('.'), WrappedDayKey.Wrap(keys[0], service).Split('.'));
        (await BringAsync(device, string.Join('.', good[0], foreign[1], good[2], good[3], good[4]))).ExpectProblem(400, "invalid-request");
        (await BringAsync(device, WrappedDayKey.Wrap(new DayKey(device.Uri + "X", keys[0].Name, new byte[32]), service))).ExpectProblem(400, "invalid-request");
        (await BringAsync(device, "no key")).ExpectProblem(400, "invalid-request");
        (await Server.PostAsync($"{device.Path}/day-keys", new { keys = new[] { WrappedDayKey.Wrap(keys[0], service) } }, bank.ApiKey)).ExpectProblem(404, "not-found");
    }

    [Fact]
    public async Task NewOwner_HasTheServiceOpenNothingOfTheFormerOnes()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var (buyer, second, insurer, lender) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        using var buyerKey = await PublishAsync(buyer);
        using var secondKey = await PublishAsync(second);
        using var lenderKey = await PublishAsync(lender);
        using var master = DeviceMasterKey.Generate(device.Uri);
        var service = await ServiceKeyAsync();
        var keys = Enumerable.Range(-3, 4).SelectMany(d => Enum.GetValues<KeyGroup>().Select(g => master.Derive(Today.AddDays(d), g))).ToList();
        (await BringAsync(device, [.. keys.Select(k => WrappedDayKey.Wrap(k, service))])).Expect(201);
        (await device.SendAsync(Located(device, master, -3))).Expect(201);
        (await device.SendAsync(Located(device, master, -1))).Expect(201);
        var everything = GrantTests.Terms(["all"], "exact");
        await GrantTests.GiveAsync(Server, device, lender, everything); // the seller's
        await Eventually.TrueAsync("places that the service read", async () => await PlacesAsync(device.Owner) is ["31.2", "31.2"]);

        (await Server.PostAsync($"{device.Path}/acts", new { act = "transfer", to = buyer.Id }, device.Owner.ApiKey)).Expect(200);
        await Server.GetCoveringCheckpointAsync();
        (await Server.PostAsync($"{device.Path}/acts", new { act = "accept" }, buyer.ApiKey)).Expect(200);
        foreach (var (reader, terms) in new[] { (second, everything), (insurer, GrantTests.Terms(["position"], "coarse")) })
        {
            (await Server.PostAsync($"{device.Path}/grants", new { grantee = reader.Id, terms }, buyer.ApiKey)).Expect(201);
        }
        Assert.Empty(await FetchAsync(device, second, secondKey));
        Assert.Empty(await FetchAsync(device, buyer, buyerKey));
        Assert.Equal("{}", (await ValuesAsync(-1)).GetRawText());
        Assert.Equal(["", ""], await PlacesAsync(buyer));
        Assert.Equal(["", ""], await PlacesAsync(insurer));
        // The seller's grantee keeps what was its own, and the buyer's grant does not hide it.
        (await Server.PostAsync($"{device.Path}/grants", new { grantee = lender.Id, terms = everything }, buyer.ApiKey)).Expect(201);
        Assert.Equal(Days(-3, -2, -1), (await FetchAsync(device, lender, lenderKey)).Select(static k => k.Name.Day).Distinct());
        // Nor is a key of those days brought under the buyer's grant.
        var early = WrappedDayKey.Wrap(master.Derive(Today.AddDays(-1), KeyGroup.Position), secondKey.PublicKey);
        (await Server.PostAsync($"{device.Path}/day-keys", new { keys = new[] { early } }, buyer.ApiKey)).ExpectProblem(400, "invalid-request");

        // As if the buyer had accepted at noon two days ago: of that day, which is partly the seller's, nothing goes out; of those after it everything.
        await AcceptedAtAsync(device, Today.AddDays(-2).ToDateTime(new TimeOnly(12, 0), DateTimeKind.Utc));
        var fetched = await FetchAsync(device, second, secondKey);
        Assert.Equal(Days(-1, 0), fetched.Select(static k => k.Name.Day).Distinct());
        Assert.Equal(2 * Enum.GetValues<KeyGroup>().Length, fetched.Count);
        Assert.Empty(await FetchAsync(device, buyer, buyerKey)); // The owner's keys are wrapped by its device.
        Assert.Equal("{}", (await ValuesAsync(-3)).GetRawText());
        Assert.Equal(31.2, (await ValuesAsync(-1)).GetProperty("latitude").GetDouble());
        Assert.Equal(["", "31.2"], await PlacesAsync(buyer));
        Assert.Equal(["", "31.2"], await PlacesAsync(insurer));
        Assert.Equal([-3], (await FetchAsync(device, lender, lenderKey, $"?to={GrantTests.Day(-2)}")).Select(static k => k.Name.Day.DayNumber - Today.DayNumber).Distinct());

        static DateOnly[] Days(params int[] offsets) => [.. offsets.Select(Today.AddDays)];

        async Task<JsonElement> ValuesAsync(int day) => (await Server.GetAsync($"{device.Path}/readings?day={GrantTests.Day(day)}", insurer.ApiKey)).Expect(200).Json
            .GetProperty("statements")[0].GetProperty("readings")[0].GetProperty("values");

        async Task<string[]> PlacesAsync(TestOrganisation reader) =>
        [
            .. (await Server.GetAsync($"{device.Path}/history?from={GrantTests.Day(-3)}&to={GrantTests.Day(0)}", reader.ApiKey)).Expect(200).Json.GetProperty("buckets").EnumerateArray()
                .Select(static b => b.GetProperty("places") is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0 ? list[0].GetProperty("latitude").GetRawText() : ""),
        ];
    }

    [Fact]
    public async Task Device_BringsItsKeysWithItsOwnSignature()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        using var master = DeviceMasterKey.Generate(device.Uri);
        var body = JsonSerializer.SerializeToUtf8Bytes(new { keys = new[] { WrappedDayKey.Wrap(master.Derive(Today, KeyGroup.Position), await ServiceKeyAsync()) } });
        Assert.Equal(1, (await SendAsync(device, Jws.Sign(device.Key, "day-keys+jws", OperatorKeys.Origin, body))).Expect(201).Json.GetProperty("stored").GetInt32());
        using var stranger = await TestDevice.EnrolAsync(Server, device.Owner);
        (await SendAsync(device, Jws.Sign(stranger.Key, "day-keys+jws", OperatorKeys.Origin, body))).ExpectProblem(404, "not-found");
        (await SendAsync(device, Jws.Sign(device.Key, "day-keys+jws", "example.org/other", body))).ExpectProblem(404, "not-found");
        (await SendAsync(device, Jws.Sign(device.Key, "telemetry+jws", OperatorKeys.Origin, body))).ExpectProblem(404, "not-found");
    }

    [Fact]
    public async Task DeviceWithACoarseGrant_HandsTheAreaOver_ThoughThePositionIsRefused()
    {
        var (owner, bank) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        using var bankKey = await PublishAsync(bank);
        using var device = TestDevice.Make(Server, owner);
        var registered = (await Server.PostAsync("/api/devices", new { device = device.Uri, name = "Bicycle 9", template = Sealed }, owner.ApiKey)).Expect(201);
        device.Learn(registered);
        var folder = Directory.CreateTempSubdirectory("trustchain-device-").FullName;
        try
        {
            var encryption = new DeviceEncryption(static m => m.Component == "latitude" ? "position" : m.Component == "longitude" ? "area" : null, Recipients: [bankKey.PublicKey.Jwk]);
            using var client = await TelemetryDevice.ClaimAsync(folder, new DeviceOptions(new Uri(Server.BaseUrl), Encryption: encryption), registered.Text("claim"), TestContext.Current.CancellationToken);
            await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms(["position"], "coarse"));
            for (var day = -2; day < 0; day++)
            {
                var time = new DateTimeOffset(Today.AddDays(day).ToDateTime(new TimeOnly(8, 0)), TimeSpan.Zero);
                client.Add(Measurement.Number(time, "Angle", 31.234567m, "DD", "latitude"));
                client.Add(Measurement.Number(time, "Angle", 121.5m, "DD", "longitude"));
                client.Flush();
            }
            await client.SendAllAsync(TestContext.Current.CancellationToken);
            Assert.Equal([$"{GrantTests.Day(-2)}.area", $"{GrantTests.Day(-1)}.area"], (await FetchAsync(device, bank, bankKey)).Select(static k => k.Name.ToString()).Order(StringComparer.Ordinal));
            Assert.Equal(
                [$"{GrantTests.Day(-2)}.position.{bankKey.PublicKey.Kid}.problem.json", $"{GrantTests.Day(-1)}.position.{bankKey.PublicKey.Kid}.problem.json"],
                Directory.GetFiles(Path.Combine(folder, "refused")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task PlaceUnderAKeyOfOperation_IsRefused_AndOneOfBeforeOpensNoPlaceToAGrantOfOperation()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        using var master = DeviceMasterKey.Generate(device.Uri);
        var day = Today.AddDays(-1);
        var (position, operation) = (master.Derive(day, KeyGroup.Position), master.Derive(day, KeyGroup.Operation));
        var time = new DateTimeOffset(day.ToDateTime(new TimeOnly(8, 0)), TimeSpan.Zero);
        var refused = (await device.SendAsync(device.SignAs(Event(operation), device.Next, device.Previous))).ExpectProblem(400, "invalid-telemetry");
        var error = Assert.Single(refused.GetProperty("errors").EnumerateArray());
        Assert.Equal(("wrong-key-group", "/sensorElementList/0/sensorReport/2/stringValue"), (error.GetProperty("rule").GetString(), error.GetProperty("pointer").GetString()));

        (await device.SendAsync(Event(position))).Expect(201);
        await using (var command = Server.Database.CreateCommand("update event_body set event = $1 where record_id = (select t.record_id from telemetry t join device d on d.id = t.device_id where d.uri = $2)"))
        {
            // As if it had been taken before the rule.
            command.Parameters.Add(new() { Value = JsonSerializer.SerializeToUtf8Bytes(Event(operation)) });
            command.Parameters.Add(new() { Value = device.Uri });
            Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }
        var service = await ServiceKeyAsync();
        (await BringAsync(device, WrappedDayKey.Wrap(position, service), WrappedDayKey.Wrap(operation, service))).Expect(201);

        Assert.Equal(["operatingHours", "running"], (await ValuesAsync(["operation"], "none")).Select(static v => v.Name).Order(StringComparer.Ordinal));
        Assert.Empty(await ValuesAsync(["measure:latitude"], "none"));
        Assert.Empty(await ValuesAsync(["position"], "exact")); // Nor does a key of places open what is under one of operation.
        var coarse = (await ValuesAsync(["operation", "position"], "coarse")).ToDictionary(static v => v.Name, static v => v.Value);
        Assert.Equal((52.5, 13.4), (coarse["latitude"].GetDouble(), coarse["longitude"].GetDouble()));
        var exact = (await ValuesAsync(["operation", "position"], "exact")).ToDictionary(static v => v.Name, static v => v.Value);
        Assert.True(EncryptedValue.TryParse(exact["latitude"].GetString()!, out var value, out var fault), fault);
        Assert.Equal(operation.Name, value.KeyName);

        JsonObject Event(DayKey key)
        {
            var e = device.Event(time, 1, 100);
            var reports = e["sensorElementList"]![0]!["sensorReport"]!.AsArray(); // A reading has them.
            foreach (var (component, degrees) in ((string, double)[])[("latitude", 52.5200066), ("longitude", 13.404954)])
            {
                var context = new ReportContext(device.Uri, time, "Angle", component);
                reports.Add(new JsonObject { ["type"] = "Angle", ["component"] = component, ["stringValue"] = EncryptedValue.Encrypt(key, context, new MeasuredValue.Number(degrees, "DD")) });
            }
            return e;
        }

        async Task<List<JsonProperty>> ValuesAsync(string[] scope, string precision)
        {
            var reader = await Server.AddOrganisationAsync();
            await GrantTests.GiveAsync(Server, device, reader, GrantTests.Terms(scope, precision));
            return [.. (await Server.GetAsync($"{device.Path}/readings?day={GrantTests.Day(-1)}", reader.ApiKey)).Expect(200).Json.GetProperty("statements")[0].GetProperty("readings")[0].GetProperty("values").EnumerateObject()];
        }
    }

    [Fact]
    public async Task EncryptionKey_IsPublishedWithAStatementThatOthersCanCheck()
    {
        var bank = await Server.AddOrganisationAsync(claims: false);
        var reader = await Server.AddOrganisationAsync(claims: false);
        (await Server.GetAsync($"/api/encryption-keys/{bank.Id}", reader.ApiKey)).ExpectProblem(404, "not-found");
        using var key = await PublishAsync(bank);
        var answer = (await Server.GetAsync($"/api/encryption-keys/{bank.Id}", reader.ApiKey)).Expect(200);
        Assert.Equal(key.PublicKey.Kid, answer.Text("kid"));
        Assert.Equal("custodial", answer.Text("custody"));
        Assert.True(Jws.TryParse(answer.Text("statement"), out var jws, out _));
        Assert.True(EncryptionKeyStatement.TryRead(jws, OperatorKeys.Origin, out var statement));
        Assert.Equal((bank.Id, key.PublicKey.Kid), (statement.Organisation, statement.Key.Kid));
        using var next = await PublishAsync(bank);
        Assert.Equal(next.PublicKey.Kid, (await Server.GetAsync($"/api/encryption-keys/{bank.Id}", reader.ApiKey)).Expect(200).Text("kid"));

        (await Server.PostAsync("/api/encryption-keys", new { jwk = JsonDocument.Parse(key.ExportPrivateJwk()).RootElement }, bank.ApiKey)).ExpectProblem(400, "invalid-request");
        using var signer = await reader.RegisterKeyAsync();
        await Server.GetCoveringCheckpointAsync();
        var foreign = Jws.Sign(signer, EncryptionKeyStatement.Type, OperatorKeys.Origin, new EncryptionKeyStatement(bank.Id, next.PublicKey).ToJcs());
        (await Server.SendAsync(HttpMethod.Post, "/api/encryption-keys", null, TestOrganisation.Content("application/jose", Encoding.ASCII.GetBytes(foreign)))).ExpectProblem(400, "invalid-statement");
        var own = Jws.Sign(signer, EncryptionKeyStatement.Type, OperatorKeys.Origin, new EncryptionKeyStatement(reader.Id, next.PublicKey).ToJcs());
        Assert.Equal("self", (await Server.SendAsync(HttpMethod.Post, "/api/encryption-keys", null, TestOrganisation.Content("application/jose", Encoding.ASCII.GetBytes(own)))).Expect(201).Text("custody"));

        // The statement is public. Whoever sends it again must not bring the key back after another took its place.
        using var later = DecryptionKey.Generate();
        var newest = Jws.Sign(signer, EncryptionKeyStatement.Type, OperatorKeys.Origin, new EncryptionKeyStatement(reader.Id, later.PublicKey).ToJcs());
        (await Server.SendAsync(HttpMethod.Post, "/api/encryption-keys", null, TestOrganisation.Content("application/jose", Encoding.ASCII.GetBytes(newest)))).Expect(201);
        (await Server.SendAsync(HttpMethod.Post, "/api/encryption-keys", null, TestOrganisation.Content("application/jose", Encoding.ASCII.GetBytes(own)))).ExpectProblem(409, "already-exists");
        (await Server.SendAsync(HttpMethod.Post, "/api/encryption-keys", null, TestOrganisation.Content("application/jose", Encoding.ASCII.GetBytes(newest)))).Expect(200);
        Assert.Equal(later.PublicKey.Kid, (await Server.GetAsync($"/api/encryption-keys/{reader.Id}", bank.ApiKey)).Expect(200).Text("kid"));
    }

    private async Task<EncryptionKey> ServiceKeyAsync() =>
        EncryptionKey.TryParse((await Server.GetAsync("/api/devices/encryption-key")).Expect(200).Json.GetProperty("jwk"), out var key, out var error) ? key : throw new InvalidOperationException(error);

    private async Task<DecryptionKey> PublishAsync(TestOrganisation organisation)
    {
        var key = DecryptionKey.Generate();
        (await Server.PostAsync("/api/encryption-keys", new { jwk = JsonDocument.Parse(key.PublicKey.Jwk).RootElement }, organisation.ApiKey)).Expect(201);
        return key;
    }

    private Task<Answer> BringAsync(TestDevice device, params string[] keys) => Server.PostAsync($"{device.Path}/day-keys", new { keys }, device.Owner.ApiKey);

    private Task<Answer> SendAsync(TestDevice device, string compact) =>
        Server.SendAsync(HttpMethod.Post, $"{device.Path}/day-keys", null, TestOrganisation.Content("application/jose", Encoding.ASCII.GetBytes(compact)));

    /// <summary>A reading of a day with an encrypted place.</summary>
    private static JsonObject Located(TestDevice device, DeviceMasterKey master, int day)
    {
        var time = new DateTimeOffset(Today.AddDays(day).ToDateTime(new TimeOnly(8, 0)), TimeSpan.Zero);
        var e = device.Event(time, 1, 100);
        var key = master.Derive(Today.AddDays(day), KeyGroup.Position);
        e["sensorElementList"]![0]!["sensorReport"] = new JsonArray(Hidden("latitude", 31.2304), Hidden("longitude", 121.4737));
        return e;

        JsonNode Hidden(string component, double value) => new JsonObject
        {
            ["type"] = "Angle",
            ["component"] = component,
            ["stringValue"] = EncryptedValue.Encrypt(key, new ReportContext(device.Uri, time, "Angle", component), new MeasuredValue.Number(value, "DD")),
        };
    }

    /// <summary>Puts the moment at which the device's owner became it to another time, as if it had been then.</summary>
    private async Task AcceptedAtAsync(TestDevice device, DateTime at)
    {
        await using var connection = await Server.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var batch = new Npgsql.NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("alter table public_entry disable trigger public_entry_append_only"),
                new("update public_entry set received_at = $2 where id = (select max(e.public_entry_id) from device_entry e join device d on d.id = e.device_id where d.uri = $1)") { Parameters = { new() { Value = device.Uri }, new() { Value = at } } },
                new("alter table public_entry enable trigger public_entry_append_only"),
            },
        };
        await batch.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
    }

    private async Task<List<DayKey>> FetchAsync(TestDevice device, TestOrganisation reader, DecryptionKey key, string query = "") =>
    [
        .. (await Server.GetAsync($"{device.Path}/day-keys{query}", reader.ApiKey)).Expect(200).Json.GetProperty("keys").EnumerateArray().Select(k =>
            WrappedDayKey.TryParse(k.GetProperty("jwe").GetString()!, out var wrapped, out var error) && wrapped.TryUnwrap(key, out var opened) ? opened : throw new InvalidOperationException(error ?? "The key does not open.")),
    ];
}
