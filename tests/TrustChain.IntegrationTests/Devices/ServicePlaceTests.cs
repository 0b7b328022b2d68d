using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Devices;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>Encrypted places of a device whose keys the service has: it checks them, and says that it did. Evidence says what it says without the keys.</summary>
public sealed class ServicePlaceTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Readable = "shared-bike";

    // Its template's area: 40 km about 31.23, 121.47.
    private const double Inside = 31.23;
    private const double Outside = 32.23;

    private static readonly DateOnly Day = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-3));

    private RunningServer? _own;

    private RunningServer Server => _own ?? fixture.Server;

    [Fact]
    public async Task PlacesInside_Pass_OnTheServicesWordAlone()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Readable);
        using var master = DeviceMasterKey.Generate(device.Uri);
        await BringAsync(device, master, 0); // before there is any statement
        foreach (var hour in (int[])[8, 9, 10])
        {
            (await device.SendAsync(Event(device, master, At(hour), Inside, Inside + 0.01, Inside))).Expect(201);
        }
        await Eventually.TrueAsync("day of all three", async () => (await VerdictsAsync(device, device.Owner.ApiKey)).GetProperty("statements").GetInt64() == 3);
        var passed = await UntilAsync(device, "place", "passed");
        Assert.Equal(("ok", "service"), (passed.GetProperty("code").GetString(), passed.GetProperty("basis").GetString()));
        Assert.Contains("all 9 positions", passed.GetProperty("detail").GetString(), StringComparison.Ordinal);
        var verdicts = (await VerdictsAsync(device, device.Owner.ApiKey)).GetProperty("verdicts").EnumerateArray().ToDictionary(static v => v.GetProperty("check").GetString()!);
        Assert.Equal("passed", verdicts["speed"].GetProperty("outcome").GetString());
        Assert.All(verdicts.Where(static v => v.Key is not ("speed" or "place")), static v => Assert.Equal(JsonValueKind.Null, v.Value.GetProperty("basis").ValueKind));

        // The page says whose word it is, in both languages.
        foreach (var (language, sentence) in new[] { ("en", "This service has the keys, decrypted them and checked them itself."), ("zh", "本平台持有密钥，解密后自行核验。") })
        {
            var page = (await Server.GetAsync($"/devices/{device.Id}?from={Text(0)}&to={Text(0)}&lang={language}", device.Owner.ApiKey)).Expect(200).Body;
            Assert.Equal(2, page.Split(sentence).Length - 1); // speed and place
        }
        // A grant that does not cover places learns nothing of them.
        var bank = await Server.AddOrganisationAsync();
        await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms(["operation"], "none"));
        var hidden = Verdict(await VerdictsAsync(device, bank.ApiKey), "place");
        Assert.Equal(("could-not-check", "not-granted", JsonValueKind.Null), (hidden.GetProperty("outcome").GetString(), hidden.GetProperty("code").GetString(), hidden.GetProperty("basis").ValueKind));
    }

    [Fact]
    public async Task Evidence_VerifiesAndRecomputes_WithoutTheServicesAnswer()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Readable);
        using var master = DeviceMasterKey.Generate(device.Uri);
        (await device.SendAsync(Event(device, master, At(8), Inside, Inside))).Expect(201);
        (await device.SendAsync(Event(device, master, At(12), Outside))).Expect(201);
        await UntilAsync(device, "place", "could-not-check");
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var path = $"{device.Path}/evidence?from={Text(0)}&to={Text(0)}";
        var before = Summary(await Lines());
        await BringAsync(device, master, 0);
        await UntilAsync(device, "place", "failed");

        var lines = await Lines();
        Assert.Equal(before, Summary(lines)); // The keys change nothing of it.
        Assert.True(DeviceEvidenceHeader.TryParse(Encoding.UTF8.GetBytes(lines[0]), out var header, out var error), error);
        Assert.True(DeviceTemplate.TryParse(header.Template, out var template, out _));
        Assert.True(EvidenceBundle.TryParse(Encoding.UTF8.GetBytes(lines[1]), out var bundle, out error), error);
        var evidence = new DeviceEvidence(header, template);
        evidence.Add(bundle);
        Assert.Empty(evidence.Faults);
        Assert.Equal(lines[^1], Encoding.UTF8.GetString(evidence.Compute().ToJson()));

        using var cli = new CliProcess();
        cli.Write("trust.json", Encoding.UTF8.GetString(Server.Registry.Trust.ToUtf8()));
        cli.Write("evidence.ndjson", string.Join('\n', lines) + "\n");
        var verified = (await cli.RunAsync("verify", "evidence.ndjson", "--trust", "trust.json", "--rpc", Server.RpcUrl, "--json")).Expect(0).Json;
        Assert.Equal("passed", verified.GetProperty("verdict").GetString());
        var place = Verdict(verified.GetProperty("history"), "place");
        Assert.Equal(("could-not-check", "sealed"), (place.GetProperty("outcome").GetString(), place.GetProperty("code").GetString()));
        Assert.False(place.TryGetProperty("basis", out _));

        async Task<string[]> Lines() => (await Server.GetAsync(path, device.Owner.ApiKey)).Expect(200).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        static string Summary(string[] lines) => lines[^1];
    }

    [Fact]
    public async Task PlaceOutside_IsAnAlarm()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Readable);
        using var master = DeviceMasterKey.Generate(device.Uri);
        await BringAsync(device, master, 0);
        (await device.SendAsync(Event(device, master, At(8), Inside))).Expect(201);
        (await device.SendAsync(Event(device, master, At(12), Outside))).Expect(201); // 111 km in four hours: no wonder, but not allowed

        var failed = await UntilAsync(device, "place", "failed");
        Assert.Equal(("outside-geofence", "service"), (failed.GetProperty("code").GetString(), failed.GetProperty("basis").GetString()));
        Assert.StartsWith("ni:///sha-256;", Assert.Single(failed.GetProperty("records").EnumerateArray()).GetProperty("eventHash").GetString(), StringComparison.Ordinal);
        var period = await VerdictsAsync(device, device.Owner.ApiKey);
        Assert.Equal("passed", Verdict(period, "speed").GetProperty("outcome").GetString());
        Assert.Contains(period.GetProperty("findings").EnumerateArray(), static f => f.GetProperty("code").GetString() == "outside-geofence");
        var page = (await Server.GetAsync($"/devices/{device.Id}?from={Text(0)}&to={Text(0)}&lang=en", device.Owner.ApiKey)).Expect(200).Body;
        Assert.Contains("Do not rely on this: its position does not match its area.", page, StringComparison.Ordinal);
        Assert.Equal(["outside-geofence"], await AlarmsAsync(device));

        // The page of goods that it measured says so too. Without the place, the gaps of the day alone would be a reason to take care.
        var item = device.Owner.NewItem();
        (await device.Owner.CaptureAsync(Events.Document(Events.Commissioning(item).With("bizStep", $"\"{Events.PublicStep}\"").With("sensorElementList", $$"""
            [{"sensorMetadata":{"deviceID":"{{device.Uri}}","startTime":"{{At(0):O}}","endTime":"{{At(23):O}}"},"sensorReport":[{"type":"Length","value":120,"uom":"KMT"}]}]
            """)))).Expect(202);
        await Server.GetCoveringCheckpointAsync();
        var goods = (await Server.GetAsync(new Uri(item).AbsolutePath, device.Owner.ApiKey, "application/ld+json")).Expect(200).Json;
        var measured = Assert.Single(goods.GetProperty("tc:measuredBy").EnumerateArray());
        Assert.Equal(("DoNotRely", "service"), (measured.GetProperty("tc:answer").GetString(), measured.GetProperty("tc:basis").GetString()));
        foreach (var (language, sentence) in new[] { ("en", "of the places the answer is its word."), ("zh", "有关位置的结论以本平台的陈述为准。") })
        {
            Assert.Contains(sentence, (await Server.GetAsync($"{new Uri(item).AbsolutePath}?lang={language}", device.Owner.ApiKey, "text/html")).Expect(200).Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task WhatWasFound_IsNotTakenBack_WhenTheOwnerPutsAnotherKeyInThePlaceOfTheRightOne()
    {
        await using var server = await RunningServer.StartAsync(fixture.Stack.Postgres, fixture.Stack.Anvil);
        _own = server;
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Readable);
        using var master = DeviceMasterKey.Generate(device.Uri);
        await BringAsync(device, master, 0);
        (await device.SendAsync(Event(device, master, At(8), Inside))).Expect(201);
        (await device.SendAsync(Event(device, master, At(12), Outside))).Expect(201);
        await UntilAsync(device, "place", "failed");
        await server.StopAsync(); // What it has read is forgotten.
        await server.StartAgainAsync();

        using var other = DeviceMasterKey.Generate(device.Uri);
        await BringAsync(device, other, 0);
        (await device.SendAsync(Event(device, other, At(13), Inside))).Expect(201);
        await Eventually.TrueAsync("day with the other key", async () => await PlacesAsync(device) is (3, 1));
        Assert.Equal("failed", Verdict(await VerdictsAsync(device, device.Owner.ApiKey), "place").GetProperty("outcome").GetString());
        Assert.Equal("could-not-check", Verdict(await VerdictsAsync(device, device.Owner.ApiKey), "speed").GetProperty("outcome").GetString()); // What was not found is not said either.
        Assert.Equal(["outside-geofence"], await AlarmsAsync(device));
    }

    /// <summary>The service's encryption key hangs on the custodial master key: with a new one, what was wrapped to the service before is opened with the former one, or brought anew.</summary>
    [Fact]
    public async Task NewMasterKey_LeavesOldDaysReadable_WithTheFormerOneOrOnceTheirKeysAreBroughtAgain()
    {
        await using var server = await RunningServer.StartAsync(fixture.Stack.Postgres, fixture.Stack.Anvil);
        _own = server;
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Readable);
        using var master = DeviceMasterKey.Generate(device.Uri);
        var (bank, insurer) = (await ReaderAsync(device), await ReaderAsync(device));
        await BringAsync(device, master, 0);
        (await device.SendAsync(Event(device, master, At(8), Inside))).Expect(201);
        await UntilAsync(device, "place", "passed");
        var former = server.Keys.CustodialKeyFile + ".former";
        await server.StopAsync();
        File.Move(server.Keys.CustodialKeyFile, former);
        var files = new Evm.Keys.OperatorKeyFiles { PassPhrase = server.Keys.PassPhraseFile, LogKey = server.Keys.LogKeyFile, CustodialKey = server.Keys.CustodialKeyFile };
        Assert.Equal([server.Keys.CustodialKeyFile], Evm.Keys.OperatorKeySet.OpenOrCreate(files, iterations: 1_000).Made);

        await server.StartAgainAsync(); // Nothing opens what was wrapped before, and that is said.
        (await device.SendAsync(Event(device, master, At(10), Inside))).Expect(201);
        await Eventually.TrueAsync("day without its key", async () => await PlacesAsync(device) is (2, 0));
        Assert.Equal("could-not-check", Verdict(await VerdictsAsync(device, device.Owner.ApiKey), "place").GetProperty("outcome").GetString());
        Assert.Empty(await FetchAsync(device, bank));

        await RestartAsync(former);
        (await device.SendAsync(Event(device, master, At(12), Inside))).Expect(201);
        await Eventually.TrueAsync("day with the former key", async () => await PlacesAsync(device) is (3, 3));
        await UntilAsync(device, "place", "passed");
        Assert.Equal(master.Derive(Day, KeyGroup.Position).Export(), Assert.Single(await FetchAsync(device, bank)).Export());
        await BringAsync(device, master, 1); // From now on to the new key.
        (await device.SendAsync(Event(device, master, At(8, day: 1), Inside))).Expect(201);
        await UntilAsync(device, "place", "passed", days: 2);
        Assert.Equal(2, await KeysOfServiceAsync(device));

        await RestartAsync(null); // The former one is destroyed; the owner brings the old day's key once more.
        Assert.Equal(Day.AddDays(1), Assert.Single(await FetchAsync(device, insurer)).Name.Day);
        await BringAsync(device, master, 0);
        Assert.Equal([Day, Day.AddDays(1)], (await FetchAsync(device, insurer)).Select(static k => k.Name.Day).Order());

        async Task RestartAsync(string? file)
        {
            await server.StopAsync();
            server.Environment["TrustChain__FormerCustodialKeyFiles__0"] = file;
            await server.StartAgainAsync();
        }
    }

    /// <summary>Somebody with an encryption key and a grant of exact positions.</summary>
    private async Task<(TestOrganisation Organisation, DecryptionKey Key)> ReaderAsync(TestDevice device)
    {
        var (organisation, key) = (await Server.AddOrganisationAsync(), DecryptionKey.Generate());
        (await Server.PostAsync("/api/encryption-keys", new { jwk = JsonDocument.Parse(key.PublicKey.Jwk).RootElement }, organisation.ApiKey)).Expect(201);
        await GrantTests.GiveAsync(Server, device, organisation, GrantTests.Terms(["position"], "exact"));
        return (organisation, key);
    }

    private async Task<List<DayKey>> FetchAsync(TestDevice device, (TestOrganisation Organisation, DecryptionKey Key) reader) =>
    [
        .. (await Server.GetAsync($"{device.Path}/day-keys", reader.Organisation.ApiKey)).Expect(200).Json.GetProperty("keys").EnumerateArray().Select(k =>
            WrappedDayKey.TryParse(k.GetProperty("jwe").GetString()!, out var wrapped, out var error) && wrapped.TryUnwrap(reader.Key, out var opened) ? opened : throw new InvalidOperationException(error)),
    ];

    /// <summary>To how many keys of the service day keys are wrapped: all recipients but the readers.</summary>
    private async Task<long> KeysOfServiceAsync(TestDevice device)
    {
        await using var command = Server.Database.CreateCommand(
            "select count(distinct k.recipient) from device_day_key k join device d on d.id = k.device_id where d.uri = $1 and not exists (select from encryption_key e where e.kid = k.recipient)");
        command.Parameters.Add(new() { Value = device.Uri });
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // count always answers.
    }

    [Fact]
    public async Task KeysThatComeLater_HaveTheDaysJudgedAgain()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Readable);
        using var master = DeviceMasterKey.Generate(device.Uri);
        (await device.SendAsync(Event(device, master, At(23, 58), Inside))).Expect(201);
        (await device.SendAsync(Event(device, master, At(0, 3, day: 1), Inside + 0.2))).Expect(201); // 22 km in five minutes
        await Eventually.TrueAsync("both days", async () => (await ContentsAsync(device)).Count == 2);
        var unread = await UntilAsync(device, "speed", "could-not-check", days: 2);
        Assert.Equal(("sealed", JsonValueKind.Null), (unread.GetProperty("code").GetString(), unread.GetProperty("basis").ValueKind));
        var contents = await ContentsAsync(device);

        await BringAsync(device, master, 1);
        await Eventually.TrueAsync("half of the positions", async () => Verdict(await VerdictsAsync(device, device.Owner.ApiKey, 2), "speed").GetProperty("detail").GetString() == "The service could read 1 of 2 encrypted positions.");
        // The key of the first day lets the first position of the second be compared with what came before.
        await BringAsync(device, master, 0);
        var failed = await UntilAsync(device, "speed", "failed", days: 2);
        Assert.Equal(("speed-impossible", "service"), (failed.GetProperty("code").GetString(), failed.GetProperty("basis").GetString()));
        Assert.Equal("passed", (await UntilAsync(device, "place", "passed", days: 2)).GetProperty("outcome").GetString());
        Assert.Equal(contents, await ContentsAsync(device)); // What anybody computes is as it was.
    }

    [Fact]
    public async Task ReportsWithTheUriOfAComponent_AreReadToo()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), Readable);
        using var master = DeviceMasterKey.Generate(device.Uri);
        await BringAsync(device, master, 0);
        var e = Event(device, master, At(8), "https://ref.gs1.org/cbv/Comp-", Inside + 0.04);
        (await device.SendAsync(e)).Expect(201);
        await UntilAsync(device, "place", "passed");
        var insurer = await Server.AddOrganisationAsync();
        await GrantTests.GiveAsync(Server, device, insurer, GrantTests.Terms(["position"], "coarse"));
        var values = (await Server.GetAsync($"{device.Path}/readings?day={Text(0)}", insurer.ApiKey)).Expect(200).Json.GetProperty("statements")[0].GetProperty("readings")[0].GetProperty("values");
        Assert.Equal((31.3, 121.5), (values.GetProperty("latitude").GetDouble(), values.GetProperty("longitude").GetDouble()));
    }

    [Fact]
    public async Task SealedDevice_CannotBeChecked()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), "e-bike");
        using var master = DeviceMasterKey.Generate(device.Uri);
        (await device.SendAsync(Event(device, master, At(8), Inside))).Expect(201);
        (await device.SendAsync(Event(device, master, At(9), Outside))).Expect(201);
        await Eventually.TrueAsync("computed day", async () => (await VerdictsAsync(device, device.Owner.ApiKey)).GetProperty("statements").GetInt64() == 2);
        foreach (var verdict in (await VerdictsAsync(device, device.Owner.ApiKey)).GetProperty("verdicts").EnumerateArray().Where(static v => v.GetProperty("check").GetString() is "speed" or "place"))
        {
            Assert.Equal(("could-not-check", "sealed", "Encrypted and not judged: latitude, longitude."), (verdict.GetProperty("outcome").GetString(), verdict.GetProperty("code").GetString(), verdict.GetProperty("detail").GetString()));
            Assert.Equal(JsonValueKind.Null, verdict.GetProperty("basis").ValueKind);
        }
        Assert.Null(await PlacesAsync(device));
    }

    [Fact]
    public async Task KeysOfManyDaysAndDevices_AreOneQuestion_AndThoseOfEachDayAlone()
    {
        var owner = await Server.AddOrganisationAsync();
        using var first = await TestDevice.EnrolAsync(Server, owner, Readable);
        using var second = await TestDevice.EnrolAsync(Server, owner, Readable);
        foreach (var device in (TestDevice[])[first, second])
        {
            using var master = DeviceMasterKey.Generate(device.Uri);
            foreach (var day in (int[])[0, 1, 2])
            {
                await BringAsync(device, master, day);
            }
        }
        var service = (await Server.GetAsync("/api/devices/encryption-key")).Expect(200).Text("kid");
        var (one, other) = (await IdAsync(first), await IdAsync(second));
        var questions = 0;
        using var listener = new System.Diagnostics.ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Npgsql",
            Sample = static (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> _) => System.Diagnostics.ActivitySamplingResult.AllData,
            ActivityStopped = activity => Interlocked.Add(ref questions, ((string[])["db.query.text", "db.statement"]).Any(tag => activity.GetTagItem(tag) is string sql && sql.Contains("join lateral (select * from device_day_key", StringComparison.Ordinal)) ? 1 : 0),
        };
        System.Diagnostics.ActivitySource.AddActivityListener(listener);
        var store = new DayKeyStore(Server.Database, TimeProvider.System);

        var found = await store.ListAsync([new(one, Day), new(one, Day.AddDays(2)), new(other, Day.AddDays(1)), new(other, Day.AddDays(9))], [service], 100, TestContext.Current.CancellationToken);
        Assert.Equal([Day, Day.AddDays(2)], found[one].Select(static k => k.Day).Order());
        Assert.Equal(Day.AddDays(1), Assert.Single(found[other]).Day);
        Assert.All(found.SelectMany(static f => f), k => Assert.Equal(service, k.Recipient));
        Assert.Equal(1, questions);
        Assert.Empty(await store.ListAsync([new(one, Day)], [new string('A', 43)], 100, TestContext.Current.CancellationToken)); // wrapped to somebody else
        Assert.Empty(await store.ListAsync([new(one, Day)], [service], 0, TestContext.Current.CancellationToken));

        async Task<int> IdAsync(TestDevice device)
        {
            await using var command = Server.Database.CreateCommand("select id from device where uri = $1");
            command.Parameters.Add(new() { Value = device.Uri });
            return (int)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // It is enrolled.
        }
    }

    private static DateTimeOffset At(int hour, int minute = 0, int day = 0) => new(Day.AddDays(day).ToDateTime(new TimeOnly(hour, minute)), TimeSpan.Zero);

    private static string Text(int day) => Day.AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static JsonObject Event(TestDevice device, DeviceMasterKey master, DateTimeOffset from, params double[] latitudes) => Event(device, master, from, "", latitudes);

    /// <summary>A reading a minute with an encrypted position.</summary>
    private static JsonObject Event(TestDevice device, DeviceMasterKey master, DateTimeOffset from, string prefix, params double[] latitudes)
    {
        var e = device.Event(from, latitudes.Length, 100);
        var key = master.Derive(DateOnly.FromDateTime(from.UtcDateTime), KeyGroup.Position);
        for (var i = 0; i < latitudes.Length; i++)
        {
            e["sensorElementList"]![i]!["sensorReport"] = new JsonArray(Report(i, "latitude", latitudes[i]), Report(i, "longitude", 121.47));
        }
        return e;

        JsonObject Report(int minute, string component, double degrees) => new()
        {
            ["type"] = "Angle",
            ["component"] = prefix + component,
            ["stringValue"] = EncryptedValue.Encrypt(key, new ReportContext(device.Uri, from.AddMinutes(minute), "Angle", prefix + component), new MeasuredValue.Number(degrees, "DD")),
        };
    }

    private async Task BringAsync(TestDevice device, DeviceMasterKey master, int day)
    {
        Assert.True(EncryptionKey.TryParse((await Server.GetAsync("/api/devices/encryption-key")).Expect(200).Json.GetProperty("jwk"), out var service, out var error), error);
        (await Server.PostAsync($"{device.Path}/day-keys", new { keys = new[] { WrappedDayKey.Wrap(master.Derive(Day.AddDays(day), KeyGroup.Position), service) } }, device.Owner.ApiKey)).Expect(201);
    }

    private async Task<JsonElement> VerdictsAsync(TestDevice device, string apiKey, int days = 1) =>
        (await Server.GetAsync($"{device.Path}/verdicts?from={Text(0)}&to={Text(days - 1)}", apiKey)).Expect(200).Json;

    private static JsonElement Verdict(JsonElement period, string check) => period.GetProperty("verdicts").EnumerateArray().Single(v => v.GetProperty("check").GetString() == check);

    private async Task<JsonElement> UntilAsync(TestDevice device, string check, string outcome, int days = 1) => (JsonElement)await Eventually.GetAsync<object>($"{check} {outcome}", async () =>
        await VerdictsAsync(device, device.Owner.ApiKey, days) is var period && period.GetProperty("statements").GetInt64() > 0 && Verdict(period, check) is var found && found.GetProperty("outcome").GetString() == outcome ? found : null);

    private async Task<List<string?>> AlarmsAsync(TestDevice device) => [.. (await Server.GetAsync("/api/device-alarms", device.Owner.ApiKey)).Expect(200).Json.GetProperty("alarms").EnumerateArray()
        .Select(static a => a.GetProperty("code").GetString()).Where(static c => c is "outside-geofence" or "speed-impossible")];

    /// <summary>How many positions of the first day are encrypted and how many of them were read; null where nobody looked.</summary>
    private async Task<(int Encrypted, int Read)?> PlacesAsync(TestDevice device)
    {
        await using var command = Server.Database.CreateCommand("select p.encrypted, p.read from device_day_place p join device d on d.id = p.device_id where d.uri = $1 and p.day = $2");
        command.Parameters.Add(new() { Value = device.Uri });
        command.Parameters.Add(new() { Value = Day });
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        return await reader.ReadAsync(TestContext.Current.CancellationToken) ? (reader.GetInt32(0), reader.GetInt32(1)) : null;
    }

    /// <summary>The days as they are kept.</summary>
    private async Task<List<string>> ContentsAsync(TestDevice device)
    {
        await using var command = Server.Database.CreateCommand("select y.content from device_day y join device d on d.id = y.device_id where d.uri = $1 order by y.day");
        command.Parameters.Add(new() { Value = device.Uri });
        var list = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            list.Add(Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(0)));
        }
        return list;
    }
}
