using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.IntegrationTests.Accounts;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Server.Commands;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>What a device's history tells beside figures: where it was, what was done to it, and that all of it can be computed again.</summary>
public sealed class DeviceHistoryTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly DateOnly First = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-4));

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Places_AreCoarse_UnlessMoreIsAskedForAndAllowed()
    {
        using var device = await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), TestDevice.Template); // Places in the clear.
        (await device.SendAsync(Located(device, At(0, 8), (31.2304, 121.4737), (31.2404, 121.4837)))).Expect(201);
        (await device.SendAsync(Located(device, At(0, 12), (31.3704, -0.0551)))).Expect(201);
        (await device.SendAsync(device.Event(At(1, 8), 2, 110))).Expect(201); // A day without a place.

        var coarse = await HistoryAsync(device, device.Owner, buckets: 2);
        Assert.Equal("""{"precision":"coarse","code":null}""", coarse.GetProperty("places").GetRawText());
        Assert.Equal(["31.2/121.5", "31.4/-0.1"], Places(coarse, 0).Order(StringComparer.Ordinal));
        Assert.Equal(JsonValueKind.Null, coarse.GetProperty("buckets")[0].GetProperty("placesBasis").ValueKind);
        Assert.Empty(Places(coarse, 1));
        var fine = await HistoryAsync(device, device.Owner, "&precision=fine");
        Assert.Equal("fine", fine.GetProperty("places").GetProperty("precision").GetString());
        Assert.Equal(["31.235/121.475", "31.245/121.485", "31.375/-0.055"], Places(fine, 0).Order(StringComparer.Ordinal));
        (await Server.GetAsync($"{device.Path}/history?precision=exact", device.Owner.ApiKey)).ExpectProblem(400, "invalid-request");

        // A grant tells places as exactly as it says, and no more for the asking.
        var (rough, exact, none) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        await GrantTests.GiveAsync(Server, device, rough, GrantTests.Terms(["position"], "coarse"));
        await GrantTests.GiveAsync(Server, device, exact, GrantTests.Terms(["position"], "exact"));
        await GrantTests.GiveAsync(Server, device, none, GrantTests.Terms(["operation"], "none"));
        var told = await HistoryAsync(device, rough, "&precision=fine");
        Assert.Equal("coarse", told.GetProperty("places").GetProperty("precision").GetString());
        Assert.Equal(Places(coarse, 0), Places(told, 0));
        Assert.Equal(Places(fine, 0), Places(await HistoryAsync(device, exact, "&precision=fine"), 0));
        Assert.Equal(Places(coarse, 0), Places(await HistoryAsync(device, exact), 0));
        var hidden = await HistoryAsync(device, none);
        Assert.Equal("not-granted", hidden.GetProperty("places").GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, hidden.GetProperty("buckets")[0].GetProperty("places").ValueKind);

        // So does the page of who has one.
        var granted = await GrantedPageAsync(device, rough, "&places=fine");
        Assert.Contains("31.2° N, 121.5° E", granted, StringComparison.Ordinal);
        Assert.DoesNotContain("121.475", granted, StringComparison.Ordinal);
        Assert.DoesNotContain("places=fine#places", granted, StringComparison.Ordinal);
        Assert.Contains("31.235° N, 121.475° E", await GrantedPageAsync(device, exact, "&places=fine"), StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"places\"", await GrantedPageAsync(device, none), StringComparison.Ordinal);

        // The page says the same, in both languages.
        var page = await PageAsync(device, "en");
        Assert.Contains("Places are rounded to a tenth of a degree", page, StringComparison.Ordinal);
        Assert.Contains("31.2° N, 121.5° E", page, StringComparison.Ordinal);
        Assert.Contains("31.4° N, 0.1° W", page, StringComparison.Ordinal);
        Assert.DoesNotContain("121.475", page, StringComparison.Ordinal);
        Assert.Contains("31.235° N, 121.475° E", await PageAsync(device, "en", "&places=fine"), StringComparison.Ordinal);
        Assert.Contains("北纬 31.2°，东经 121.5°", await PageAsync(device, "zh"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EncryptedPlaces_AreToldRounded_OnTheServicesWord_AndAreNowhereInTheClear()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), "shared-bike");
        using var master = DeviceMasterKey.Generate(device.Uri);
        (await device.SendAsync(Encrypted(device, master, At(0, 8), (31.2304, 121.4737), (31.2904, 121.4737)))).Expect(201);
        (await device.SendAsync(Encrypted(device, master, At(1, 8), (31.2304, 121.4737)))).Expect(201);
        var unread = await HistoryAsync(device, device.Owner, "&precision=fine", buckets: 2);
        Assert.Equal("""{"precision":"coarse","code":null}""", unread.GetProperty("places").GetRawText()); // Nobody is told more exactly: who may know more has the key.
        Assert.Equal(JsonValueKind.Null, unread.GetProperty("buckets")[0].GetProperty("places").ValueKind);
        Assert.Contains("Of 2 days this service tells no position", await PageAsync(device, "en"), StringComparison.Ordinal);

        await BringAsync(device, master, 0);
        var told = await Eventually.GetAsync<object>("places of the first day", async () => await HistoryAsync(device, device.Owner) is var h && h.GetProperty("buckets")[0].GetProperty("places").ValueKind == JsonValueKind.Array ? h : null) is JsonElement found ? found : default;
        Assert.Equal(["31.2/121.5", "31.3/121.5"], Places(told, 0)); // Where it was last stands last.
        Assert.Equal("service", told.GetProperty("buckets")[0].GetProperty("placesBasis").GetString());
        Assert.Equal(JsonValueKind.Null, told.GetProperty("buckets")[1].GetProperty("places").ValueKind);
        var page = await PageAsync(device, "en");
        Assert.Contains("tells them rounded on its own word", page, StringComparison.Ordinal);
        Assert.Contains("31.3° N, 121.5° E</strong> · last place, on", page, StringComparison.Ordinal);
        Assert.Contains("Of 1 day this service tells no position", page, StringComparison.Ordinal);

        var (rough, none) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        await GrantTests.GiveAsync(Server, device, rough, GrantTests.Terms(["position"], "coarse"));
        await GrantTests.GiveAsync(Server, device, none, GrantTests.Terms(["operation"], "none"));
        Assert.Equal(Places(told, 0), Places(await HistoryAsync(device, rough), 0));
        Assert.Equal("not-granted", (await HistoryAsync(device, none)).GetProperty("places").GetProperty("code").GetString());

        // The database has ciphertext alone, and a row of another day does not pass for this one's.
        Assert.Equal(1, await ExecuteAsync("update device_day_place set places = (select p.places from device_day_place p join device d on d.id = p.device_id where d.uri = $1 and p.places is not null limit 1) where day = $2 and device_id = (select id from device where uri = $1)", device.Uri, First.AddDays(1)));
        var moved = await HistoryAsync(device, device.Owner);
        Assert.Equal(JsonValueKind.Null, moved.GetProperty("buckets")[1].GetProperty("places").ValueKind);
        Assert.Equal(Places(told, 0), Places(moved, 0));

        // What the service may not read it does not tell.
        using var sealedDevice = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync(), "e-bike");
        using var secret = DeviceMasterKey.Generate(sealedDevice.Uri);
        (await sealedDevice.SendAsync(Encrypted(sealedDevice, secret, At(0, 8), (31.2304, 121.4737)))).Expect(201);
        Assert.Equal("sealed", (await HistoryAsync(sealedDevice, sealedDevice.Owner, buckets: 1)).GetProperty("places").GetProperty("code").GetString());
        Assert.Contains("The positions are encrypted, and this service cannot read them.", await PageAsync(sealedDevice, "en"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Maintenance_IsToldWithItsRecords_OfTheOwnerAndOfWhoHasAGrantForIt()
    {
        using var device = await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), TestDevice.Template); // Places in the clear.
        var (workshop, stranger, bank, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        await GrantTests.GiveAsync(Server, device, workshop, Terms("maintenance", Day(-300), Day(0), ["operation"]));
        await GrantTests.GiveAsync(Server, device, bank, Terms("credit", Day(0), Day(3), ["operation"]));
        await GrantTests.GiveAsync(Server, device, other, Terms("insurance", Day(0), Day(3), ["measure:operatingHours"]));
        (await device.SendAsync(device.Event(At(0, 8), 2, 100))).Expect(201);

        var owned = await CaptureAsync(device.Owner, Work(device, At(1, 9), "repairing"));
        var serviced = await CaptureAsync(workshop, Work(device, At(0, 10), "urn:trustchain:bizstep:maintaining"));
        await CaptureAsync(workshop, Work(device, At(1, 10), "inspecting")); // after the last day of its grant
        await CaptureAsync(stranger, Work(device, At(0, 11), "repairing"));
        await CaptureAsync(bank, Work(device, At(0, 11), "inspecting")); // It may read, not say what was done.
        await CaptureAsync(device.Owner, Work(device, At(0, 12), "storing"));
        var wrong = Work(device, At(0, 13), "replacing");
        await CaptureAsync(device.Owner, wrong);
        await CaptureAsync(device.Owner, wrong.With("errorDeclaration", """{"declarationTime":"2026-04-06T08:00:00Z","reason":"incorrect_data"}"""));
        await Server.GetCoveringCheckpointAsync();

        var history = await HistoryAsync(device, device.Owner, buckets: 1);
        Assert.Equal([(Day(0), "maintaining", workshop.Id, false), (Day(1), "repairing", device.Owner.Id, true)], history.GetProperty("maintenance").EnumerateArray().Select(static m => (
            m.GetProperty("day").GetString()!, m.GetProperty("step").GetString()!, m.GetProperty("organisation").GetString()!, m.GetProperty("byOwner").GetBoolean())));
        Assert.False(history.GetProperty("hasMoreMaintenance").GetBoolean());
        Assert.Equal([serviced, owned], history.GetProperty("maintenance").EnumerateArray().Select(static m => m.GetProperty("record").GetProperty("eventHash").GetString()));
        Assert.All(history.GetProperty("maintenance").EnumerateArray(), static m => Assert.Equal(JsonValueKind.Number, m.GetProperty("record").GetProperty("leaf").ValueKind));
        Assert.Empty(history.GetProperty("buckets")[0].GetProperty("findings").EnumerateArray()); // It is no part of the day.

        // Who may see what the device did sees what was done to it; the hash of an event only where whole statements are shown.
        var granted = (await HistoryAsync(device, bank)).GetProperty("maintenance");
        Assert.Equal(2, granted.GetArrayLength());
        Assert.All(granted.EnumerateArray(), static m => Assert.Equal((JsonValueKind.Number, JsonValueKind.Null), (m.GetProperty("record").GetProperty("leaf").ValueKind, m.GetProperty("record").GetProperty("eventHash").ValueKind)));
        Assert.Equal(JsonValueKind.Null, (await HistoryAsync(device, other)).GetProperty("maintenance").ValueKind);

        foreach (var (language, words) in new[] { ("en", (string[])["Maintained", "Repaired", "(not the owner)", "(owner)"]), ("zh", ["保养", "维修", "（非所有者）", "（所有者）"]) })
        {
            var page = await PageAsync(device, language);
            var section = page[page.IndexOf("id=\"maintenance\"", StringComparison.Ordinal)..];
            section = section[..section.IndexOf("</section>", StringComparison.Ordinal)];
            Assert.All(words, w => Assert.Contains(w, section, StringComparison.Ordinal));
            Assert.Contains("/evidence?event=" + Uri.EscapeDataString(owned), section, StringComparison.Ordinal);
            Assert.DoesNotContain(language == "en" ? "Replaced" : "更换", section, StringComparison.Ordinal);
        }

        var lender = await GrantedPageAsync(device, bank);
        Assert.Contains("Maintained", lender, StringComparison.Ordinal);
        Assert.DoesNotContain("/evidence?event=", lender, StringComparison.Ordinal); // It is not the lender's to fetch.
        Assert.DoesNotContain("id=\"maintenance\"", await GrantedPageAsync(device, other), StringComparison.Ordinal);

        // What is erased is not told any more.
        var leaf = history.GetProperty("maintenance")[1].GetProperty("record").GetProperty("leaf").GetInt64();
        await RunAsync(0, ["erase", leaf.ToString(CultureInfo.InvariantCulture), "--reason", "a test", "--whole-statement"], EraseCommand.RunAsync);
        Assert.Equal("maintaining", Assert.Single((await HistoryAsync(device, device.Owner)).GetProperty("maintenance").EnumerateArray()).GetProperty("step").GetString());
    }

    [Fact]
    public async Task Recompute_PutsStoredDaysRight_FromTheStatements()
    {
        using var device = await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), TestDevice.Template); // Places in the clear.
        (await device.SendAsync(device.Event(At(0, 8), 10, 100))).Expect(201);
        (await device.SendAsync(device.Event(At(1, 8), 10, 110))).Expect(201);
        (await device.SendAsync(device.Event(At(2, 8), 10, 120))).Expect(201);
        await HistoryAsync(device, device.Owner, buckets: 3);
        var right = await DaysAsync(device);

        // Two days altered, one taken away, and one put in that no statement tells of.
        await ExecuteAsync("update device_day set content = convert_to(replace(convert_from(content, 'UTF8'), '\"receivedReadings\":10', '\"receivedReadings\":1440'), 'UTF8') where day <> $2 and device_id = (select id from device where uri = $1)", device.Uri, First.AddDays(2));
        await ExecuteAsync("insert into device_day (device_id, day, content, computed_at) select device_id, day + 30, content, computed_at from device_day where day = $2 and device_id = (select id from device where uri = $1)", device.Uri, First);
        await ExecuteAsync("delete from device_day where day = $2 and device_id = (select id from device where uri = $1)", device.Uri, First.AddDays(2));
        // The day that is none has places, something that was found in it, and something that was refused on it: that stays.
        const string Findings = "select count(*) from device_finding f join device d on d.id = f.device_id where d.uri = $1 and f.key like 'test-%' and f.of_day";
        const string Refusals = "select count(*) from device_finding f join device d on d.id = f.device_id where d.uri = $1 and f.key like 'test-%' and not f.of_day";
        const string PlacesOfDays = "select count(*) from device_day_place p join device d on d.id = p.device_id where d.uri = $1 and p.day > current_date + 10";
        await ExecuteAsync("""
            insert into device_finding (device_id, key, day, of_day, code, severity, from_time, until_time, detail, records, found_at)
            select id, 'test-' || n, $2::date + 30, n = 1, 'clock', 1, now(), now(), '', '{}', now() from device, generate_series(1, 2) n where uri = $1
            """, device.Uri, First);
        await ExecuteAsync("insert into device_day_place (device_id, day, encrypted, read, more_findings) select id, $2::date + 30, 1, 1, 0 from device where uri = $1", device.Uri, First);
        Assert.Equal((1, 1, 1), (await CountAsync(Findings, device.Uri), await CountAsync(Refusals, device.Uri), await CountAsync(PlacesOfDays, device.Uri)));
        var tampered = await DaysAsync(device);
        Assert.Contains("1440", tampered[First], StringComparison.Ordinal);
        Assert.Equal(3, tampered.Count);

        // One day of it first: the others stay as they are.
        var output = await RecomputeAsync(0, "--device", device.Id, "--from", Day(1), "--to", Day(1));
        Assert.Contains("1 devices, 1 days marked", output, StringComparison.Ordinal);
        await Eventually.TrueAsync("the second day as it was", async () => (await DaysAsync(device)).GetValueOrDefault(First.AddDays(1)) == right[First.AddDays(1)]);
        Assert.Equal(tampered[First], (await DaysAsync(device))[First]);

        output = await RecomputeAsync(0, "--device", device.Uri);
        Assert.Contains("3 days marked", output, StringComparison.Ordinal);
        Assert.Contains("1 stored days without any statement were removed", output, StringComparison.Ordinal);
        Assert.Equal((0, 1, 0), (await CountAsync(Findings, device.Uri), await CountAsync(Refusals, device.Uri), await CountAsync(PlacesOfDays, device.Uri)));
        await Eventually.TrueAsync("all days as they were", async () => (await DaysAsync(device)).OrderBy(static d => d.Key).SequenceEqual(right.OrderBy(static d => d.Key)));
        // Again it changes nothing, not even the time at which it was computed.
        var computed = await ComputedAsync(device);
        await RecomputeAsync(0, "--device", device.Uri);
        await Eventually.TrueAsync("nothing waits", async () => await CountAsync("select count(*) from device_day_due w join device d on d.id = w.device_id where d.uri = $1", device.Uri) == 0);
        Assert.Equal(computed, await ComputedAsync(device));
        Assert.Equal(3, await CountAsync("select count(*) from audit_entry where actor = 'operator' and act = 'device-days-recomputed' and subject like $1 || '%'", device.Uri));

        // A summary that was altered makes its day wrong, until it is made again from what the device signed.
        await ExecuteAsync("update telemetry set summary = (select summary from telemetry t where t.day = $2 and t.device_id = telemetry.device_id) where day = $2 + 1 and device_id = (select id from device where uri = $1)", device.Uri, First);
        await RecomputeAsync(0, "--device", device.Uri);
        await Eventually.TrueAsync("nothing waits", async () => await CountAsync("select count(*) from device_day_due w join device d on d.id = w.device_id where d.uri = $1", device.Uri) == 0);
        output = await RecomputeAsync(0, "--device", device.Uri, "--summaries");
        Assert.Contains("1 summaries of statements were another than their content gives", output, StringComparison.Ordinal);
        await Eventually.TrueAsync("all days as they were", async () => (await DaysAsync(device)).OrderBy(static d => d.Key).SequenceEqual(right.OrderBy(static d => d.Key)));
        Assert.Contains(" 0 summaries", "\n" + (await RecomputeAsync(0, "--device", device.Uri, "--summaries")).Replace("\n0 summaries", "\n 0 summaries", StringComparison.Ordinal), StringComparison.Ordinal);

        await RecomputeAsync(1, "--device", "urn:test:nothing");
    }

    [Fact]
    public async Task Recompute_FindsMaintenanceThatWasStatedBeforeTheDeviceWasRegistered()
    {
        using var device = TestDevice.Make(Server, await Server.AddOrganisationAsync());
        await CaptureAsync(device.Owner, Work(device, At(0, 9), "installing"));
        (await device.EnrolAsync()).Expect(201);
        await device.UntilLoggedAsync();
        Assert.Equal(0, (await HistoryAsync(device, device.Owner)).GetProperty("maintenance").GetArrayLength());
        Assert.Contains("1 records of maintenance found", await RecomputeAsync(0, "--device", device.Uri), StringComparison.Ordinal);
        Assert.Equal("installing", Assert.Single((await HistoryAsync(device, device.Owner)).GetProperty("maintenance").EnumerateArray()).GetProperty("step").GetString());
        Assert.Contains(" 0 records of maintenance found", await RecomputeAsync(0, "--device", device.Uri), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Maintenance_CountsAsAtItsCapture_AlsoWhenItIsLookedForAgain()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var (workshop, late, buyer) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        var terms = Terms("maintenance", Day(-300), Day(30), ["operation"]);
        var grant = await GrantTests.GiveAsync(Server, device, workshop, terms);
        await CaptureAsync(workshop, Work(device, At(0, 9), "repairing"));
        await CaptureAsync(late, Work(device, At(0, 10), "repairing")); // before it has a grant
        await GrantTests.GiveAsync(Server, device, late, terms);
        (await Server.PostAsync($"{device.Path}/grants/{grant}/revoke", new { }, device.Owner.ApiKey)).Expect(200);
        await CaptureAsync(workshop, Work(device, At(0, 11), "inspecting")); // of a day before the revocation, but it has no say any more
        await CaptureAsync(device.Owner, Work(device, At(1, 9), "replacing"));
        (await Server.PostAsync($"{device.Path}/acts", new { act = "transfer", to = buyer.Id }, device.Owner.ApiKey)).Expect(200);
        await Server.GetCoveringCheckpointAsync();
        (await Server.PostAsync($"{device.Path}/acts", new { act = "accept" }, buyer.ApiKey)).Expect(200);
        await CaptureAsync(device.Owner, Work(device, At(1, 10), "removing")); // It was the owner.
        await CaptureAsync(late, Work(device, At(1, 10), "removing")); // Its grant was the former owner's.
        await CaptureAsync(buyer, Work(device, At(1, 11), "installing"));
        string[] told = ["repairing", "replacing", "installing"];
        Assert.Equal(told, await StepsAsync());

        // Looked for again, years later and by another owner, it is the same.
        (await Server.PostAsync($"{device.Path}/grants", new { grantee = workshop.Id, terms }, buyer.ApiKey)).Expect(201);
        Assert.Equal(3, await ExecuteAsync("delete from device_maintenance where day <= $2 and device_id = (select id from device where uri = $1)", device.Uri, First.AddDays(9)));
        Assert.Contains(" 3 records of maintenance found, 0 removed", await RecomputeAsync(0, "--device", device.Uri), StringComparison.Ordinal);
        Assert.Equal(told, await StepsAsync());

        // What a server with another rule took up is taken away.
        Assert.Equal(1, await ExecuteAsync("insert into device_maintenance select d.id, $2, r.id, r.event_time, r.organisation_id, 'inspecting' from device d, record r where d.uri = $1 and r.event_time = ($2 + time '11:00') at time zone 'UTC' and r.organisation_id = (select id from organisation where code = '" + workshop.Id + "')", device.Uri, First));
        Assert.Equal(4, (await StepsAsync()).Length);
        Assert.Contains(" 0 records of maintenance found, 1 removed", await RecomputeAsync(0, "--device", device.Uri), StringComparison.Ordinal);
        Assert.Equal(told, await StepsAsync());

        async Task<string[]> StepsAsync() => [.. (await HistoryAsync(device, buyer)).GetProperty("maintenance").EnumerateArray().Select(static m => m.GetProperty("step").GetString()!)]; // Each has one.
    }

    [Fact]
    public async Task PassedVerdicts_CiteRecordsThatStrangersFind()
    {
        using var device = await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), TestDevice.Template); // Places in the clear.
        foreach (var hour in (int[])[8, 9, 10])
        {
            (await device.SendAsync(device.Event(At(0, hour), 60, 100 + hour))).Expect(201);
        }
        await Server.GetCoveringCheckpointAsync();
        var verdicts = (JsonElement)await Eventually.GetAsync<object>("day of all three", async () =>
            (await Server.GetAsync($"{device.Path}/verdicts?from={Day(0)}&to={Day(0)}", device.Owner.ApiKey)).Expect(200).Json is var period && period.GetProperty("statements").GetInt64() == 3 ? period.GetProperty("verdicts") : null);
        var sequence = verdicts.EnumerateArray().Single(static v => v.GetProperty("check").GetString() == "sequence");
        Assert.Equal("passed", sequence.GetProperty("outcome").GetString());
        Assert.Equal("""[{"key":0,"first":1,"last":3}]""", sequence.GetProperty("runs").GetRawText());
        Assert.Equal((2, 1), (sequence.GetProperty("records").GetArrayLength(), sequence.GetProperty("moreRecords").GetInt32()));
        var leaf = sequence.GetProperty("records")[0].GetProperty("leaf").GetInt64();
        var evidence = (await Server.GetAsync("/evidence?event=" + Uri.EscapeDataString(sequence.GetProperty("records")[0].GetProperty("eventHash").GetString()!), device.Owner.ApiKey)).Expect(200).Json;
        Assert.Equal(leaf, evidence.GetProperty("records")[0].GetProperty("index").GetInt64());
        Assert.Contains("Records (3)", await PageAsync(device, "en"), StringComparison.Ordinal);

        // The evidence of the period says the same of every check, in what trustchain verify computes again.
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var lines = (await Server.GetAsync($"{device.Path}/evidence?from={Day(0)}&to={Day(0)}", device.Owner.ApiKey)).Expect(200).Body;
        var summary = JsonDocument.Parse(lines.TrimEnd('\n').Split('\n')[^1]).RootElement.GetProperty("verdicts");
        Assert.Equal(verdicts.EnumerateArray().Select(Rest), summary.EnumerateArray().Select(Rest));
        using var cli = new CliProcess();
        cli.Write("trust.json", System.Text.Encoding.UTF8.GetString(Server.Registry.Trust.ToUtf8()));
        cli.Write("evidence.ndjson", lines);
        Assert.Equal("passed", (await cli.RunAsync("verify", "evidence.ndjson", "--trust", "trust.json", "--rpc", Server.RpcUrl, "--json")).Expect(0).Json.GetProperty("verdict").GetString());
        cli.Write("altered.ndjson", lines.Replace("\"first\":1,\"last\":3}", "\"first\":1,\"last\":4}", StringComparison.Ordinal));
        Assert.Contains("summary-mismatch", (await cli.RunAsync("verify", "altered.ndjson", "--trust", "trust.json", "--rpc", Server.RpcUrl, "--json")).Expect(1).Output, StringComparison.Ordinal);

        // A grantee that may not see what a check looks at is not told what it rests on.
        var bank = await Server.AddOrganisationAsync();
        await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms(["position"], "coarse"));
        var hidden = (await Server.GetAsync($"{device.Path}/verdicts?from={Day(0)}&to={Day(0)}", bank.ApiKey)).Expect(200).Json.GetProperty("verdicts").EnumerateArray().Single(static v => v.GetProperty("check").GetString() == "meters");
        Assert.Equal(("not-granted", 0, 0), (hidden.GetProperty("code").GetString(), hidden.GetProperty("records").GetArrayLength(), hidden.GetProperty("runs").GetArrayLength()));
    }

    /// <summary>What a verdict rests on, as the API or the evidence cites it.</summary>
    private static string Rest(JsonElement verdict) => string.Join(' ', [
        verdict.GetProperty("check").GetString(), verdict.GetProperty("code").GetString(), verdict.GetProperty("runs").GetRawText(), verdict.GetProperty("moreRecords").GetRawText(),
        .. verdict.GetProperty("records").EnumerateArray().Select(static r => (r.ValueKind == JsonValueKind.Number ? r : r.GetProperty("leaf")).GetRawText())]);

    private static DateTimeOffset At(int day, int hour) => new(First.AddDays(day).ToDateTime(new TimeOnly(hour, 0)), TimeSpan.Zero);

    private static string Day(int day) => First.AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private async Task<JsonElement> HistoryAsync(TestDevice device, TestOrganisation reader, string more = "", int buckets = 0) => (JsonElement)await Eventually.GetAsync<object>("computed days", async () =>
        (await Server.GetAsync($"{device.Path}/history?from={Day(0)}&to={Day(3)}{more}", reader.ApiKey)).Expect(200).Json is var history && history.GetProperty("buckets").GetArrayLength() >= buckets ? history : null);

    private static List<string> Places(JsonElement history, int bucket) => [.. history.GetProperty("buckets")[bucket].GetProperty("places").EnumerateArray()
        .Select(static p => $"{p.GetProperty("latitude").GetRawText()}/{p.GetProperty("longitude").GetRawText()}")];

    private async Task<string> PageAsync(TestDevice device, string language, string more = "") =>
        System.Net.WebUtility.HtmlDecode((await Server.GetAsync($"/devices/{device.Id}?from={Day(0)}&to={Day(3)}&lang={language}{more}", device.Owner.ApiKey)).Expect(200).Body);

    /// <summary>The page of the device for a person of an organisation that has a grant.</summary>
    private async Task<string> GrantedPageAsync(TestDevice device, TestOrganisation reader, string more = "")
    {
        var token = await Invitations.AddAsync(Server.Database, reader.Id, "viewer");
        using var browser = new Browser(Server.BaseUrl);
        await browser.GetAsync($"/account/join?token={token}");
        (await browser.PostAsync("/account/join", ("token", token), ("name", "Reader"), ("login", $"reader-{Guid.NewGuid():N}"), ("password", "correct horse battery"))).Expect(200, "/account");
        return System.Net.WebUtility.HtmlDecode((await browser.GetAsync($"/account/granted/{device.Id}?from={Day(0)}&to={Day(3)}&lang=en{more}")).Text);
    }

    /// <summary>A reading a minute with a place in the clear.</summary>
    private static JsonObject Located(TestDevice device, DateTimeOffset from, params (double Latitude, double Longitude)[] places)
    {
        var e = device.Event(from, places.Length, 100 + from.Hour);
        for (var i = 0; i < places.Length; i++)
        {
            var reports = e["sensorElementList"]![i]!["sensorReport"]!.AsArray();
            reports.Add(Degrees("latitude", places[i].Latitude));
            reports.Add(Degrees("longitude", places[i].Longitude));
        }
        return e;

        static JsonNode Degrees(string component, double value) => new JsonObject { ["type"] = "Angle", ["component"] = component, ["value"] = value, ["uom"] = "DD" };
    }

    /// <summary>A reading a minute with an encrypted place.</summary>
    private static JsonObject Encrypted(TestDevice device, DeviceMasterKey master, DateTimeOffset from, params (double Latitude, double Longitude)[] places)
    {
        var e = device.Event(from, places.Length, 100 + from.Hour);
        var key = master.Derive(DateOnly.FromDateTime(from.UtcDateTime), KeyGroup.Position);
        for (var i = 0; i < places.Length; i++)
        {
            e["sensorElementList"]![i]!["sensorReport"] = new JsonArray(Hidden(i, "latitude", places[i].Latitude), Hidden(i, "longitude", places[i].Longitude));
        }
        return e;

        JsonNode Hidden(int minute, string component, double value) => new JsonObject
        {
            ["type"] = "Angle",
            ["component"] = component,
            ["stringValue"] = EncryptedValue.Encrypt(key, new ReportContext(device.Uri, from.AddMinutes(minute), "Angle", component), new MeasuredValue.Number(value, "DD")),
        };
    }

    private async Task BringAsync(TestDevice device, DeviceMasterKey master, int day)
    {
        Assert.True(EncryptionKey.TryParse((await Server.GetAsync("/api/devices/encryption-key")).Expect(200).Json.GetProperty("jwk"), out var service, out var error), error);
        (await Server.PostAsync($"{device.Path}/day-keys", new { keys = new[] { WrappedDayKey.Wrap(master.Derive(First.AddDays(day), KeyGroup.Position), service) } }, device.Owner.ApiKey)).Expect(201);
    }

    /// <summary>Something is done to a device.</summary>
    private static JsonObject Work(TestDevice device, DateTimeOffset at, string step) => new()
    {
        ["@context"] = new JsonArray(Events.Context),
        ["type"] = "ObjectEvent",
        ["eventTime"] = at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        ["eventTimeZoneOffset"] = "+00:00",
        ["epcList"] = new JsonArray(device.Uri),
        ["action"] = "OBSERVE",
        ["bizStep"] = step,
    };

    private static async Task<string> CaptureAsync(TestOrganisation organisation, JsonObject e) =>
        (await organisation.CaptureAsync(Events.Document(e))).Expect(202).Json.GetProperty("events")[0].GetProperty("eventID").GetString()!; // Every event has one.

    private static Dictionary<string, object?> Terms(string purpose, string from, string until, string[] scope) => new()
    {
        ["purpose"] = purpose,
        ["scope"] = scope,
        ["precision"] = "none",
        ["from"] = from,
        ["until"] = until,
    };

    private Task<string> RecomputeAsync(int exitCode, params string[] options)
    {
        string[] arguments = ["devices", "recompute", .. options];
        Assert.NotNull(DevicesCommand.Parse(arguments));
        return RunAsync(exitCode, arguments, DevicesCommand.RunAsync);
    }

    private async Task<string> RunAsync(int exitCode, string[] arguments, Func<IReadOnlyList<string>, IConfiguration, TextWriter, TextWriter, Task<int>> command)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["TrustChain:Database"] = Server.ConnectionString }).Build();
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await command(arguments, configuration, output, errors);
        Assert.True(code == exitCode, $"{code}: {output}{errors}");
        return output.ToString();
    }

    private async Task<Dictionary<DateOnly, string>> DaysAsync(TestDevice device) =>
        (await ListAsync("select y.day, convert_from(y.content, 'UTF8') from device_day y join device d on d.id = y.device_id where d.uri = $1", device)).ToDictionary(static r => r.Day, static r => (string)r.Value);

    private async Task<List<(DateOnly Day, object Value)>> ComputedAsync(TestDevice device) => await ListAsync("select y.day, y.computed_at from device_day y join device d on d.id = y.device_id where d.uri = $1 order by y.day", device);

    private async Task<List<(DateOnly Day, object Value)>> ListAsync(string sql, TestDevice device)
    {
        await using var command = Server.Database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = device.Uri });
        var list = new List<(DateOnly, object)>();
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            list.Add((reader.GetFieldValue<DateOnly>(0), reader.GetValue(1)));
        }
        return list;
    }

    private async Task<long> CountAsync(string sql, string uri)
    {
        await using var command = Server.Database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = uri });
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // A count.
    }

    private async Task<int> ExecuteAsync(string sql, string uri, DateOnly day)
    {
        await using var command = Server.Database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = uri });
        command.Parameters.Add(new() { Value = day });
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
