using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Accounts;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>Who may read a device's data, and what the log says of it.</summary>
public sealed class GrantTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly DateOnly Today = DateOnly.FromDateTime(DateTime.UtcNow);
    private static readonly DateTimeOffset Yesterday = new(Today.AddDays(-1).ToDateTime(new TimeOnly(8, 0)), TimeSpan.Zero);

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Request_ForADeviceThatIsThereAndForOneThatIsNot_GetsTheSameAnswerAndNoEntry()
    {
        using var device = await NewDeviceAsync();
        var bank = await Server.AddOrganisationAsync();
        (await RequestAsync(bank, device.Uri)).Expect(202); // makes the bank's key, which is an entry
        var before = await Server.CountAsync();
        var there = (await RequestAsync(bank, device.Uri)).Expect(202);
        var nowhere = (await RequestAsync(bank, device.Uri + "X")).Expect(202);
        Assert.Equal(before.Entries, (await Server.CountAsync()).Entries);
        Assert.Equal(Blank(there.Body, device.Uri), Blank(nowhere.Body, device.Uri + "X"));
        var (first, second) = (await OwnAsync(bank, there.Text("grant")), await OwnAsync(bank, nowhere.Text("grant")));
        Assert.Equal(["requested", "requested"], [first.Text("state"), second.Text("state")]);

        // The owner's no is not told either.
        (await Server.PostAsync($"{device.Path}/grants/{there.Text("grant")}/refuse", new { }, device.Owner.ApiKey)).Expect(200);
        Assert.Equal(Blank((await OwnAsync(bank, nowhere.Text("grant"))).Body, device.Uri + "X"), Blank((await OwnAsync(bank, there.Text("grant"))).Body, device.Uri));
        Assert.Equal("refused", await StateAsync(device, there.Text("grant")));
        Assert.Equal(before.Entries, (await Server.CountAsync()).Entries);
    }

    [Fact]
    public async Task Grant_AskedForAndGiven_OpensItsDaysAndScopeAlone()
    {
        using var device = await NewDeviceAsync();
        var bank = await Server.AddOrganisationAsync();
        (await device.SendAsync(Measure(device, Yesterday, 52.5200066, 13.404954))).Expect(201);
        var unknown = new string('A', 43);
        await NothingAsync(bank, device, unknown);

        var asked = (await RequestAsync(bank, device.Uri)).Expect(202).Text("grant");
        await NothingAsync(bank, device, unknown);
        var approve = $"{device.Path}/grants/{asked}/approve";
        (await Server.PostAsync(approve, new { terms = Terms(scope: ["all"]) }, device.Owner.ApiKey)).ExpectProblem(409, "grant-refused");
        (await Server.PostAsync(approve, new { }, bank.ApiKey)).ExpectProblem(404, "not-found");
        var given = (await Server.PostAsync(approve, new { terms = Terms(scope: ["measure:operatingHours", "position"]) }, device.Owner.ApiKey)).Expect(200);
        Assert.Equal("granted", given.Text("state"));
        (await Server.PostAsync(approve, new { }, device.Owner.ApiKey)).ExpectProblem(409, "grant-refused");

        var readings = (await Server.GetAsync($"{device.Path}/readings?day={Day(-1)}", bank.ApiKey)).Expect(200).Json;
        var values = readings.GetProperty("statements")[0].GetProperty("readings")[0].GetProperty("values");
        Assert.Equal("""{"operatingHours":6000,"latitude":52.5,"longitude":13.4}""", values.GetRawText());
        var own = (await Server.GetAsync($"{device.Path}/readings?day={Day(-1)}", device.Owner.ApiKey)).Expect(200).Json.GetProperty("statements")[0].GetProperty("readings")[0].GetProperty("values");
        Assert.Equal(52.5200066, own.GetProperty("latitude").GetDouble());
        Assert.True(own.TryGetProperty("running", out _));
        Assert.Equal(device.Uri, (await Server.GetAsync(device.Path, bank.ApiKey)).Expect(200).Text("device"));
        var history = await Eventually.GetAsync("computed day", async () =>
            (await Server.GetAsync($"{device.Path}/history?from={Day(-20)}&to={Day(0)}", bank.ApiKey)).Expect(200) is var h && h.Json.GetProperty("buckets").GetArrayLength() > 0 ? h : null);
        Assert.Equal(Day(-9), history.Text("from")); // the first day of the grant
        var bucket = history.Json.GetProperty("buckets")[0];
        Assert.Equal(JsonValueKind.Null, bucket.GetProperty("operatingSeconds").ValueKind);
        Assert.Equal("operatingHours", Assert.Single(bucket.GetProperty("measures").EnumerateArray()).GetProperty("name").GetString());
        var verdicts = (await Server.GetAsync($"{device.Path}/verdicts?from={Day(-1)}&to={Day(0)}", bank.ApiKey)).Expect(200).Json.GetProperty("verdicts").EnumerateArray().ToDictionary(
            static v => v.GetProperty("check").GetString()!, static v => v.GetProperty("code").GetString());
        Assert.Equal("not-granted", verdicts["meters"]);
        Assert.NotEqual("not-granted", verdicts["sequence"]);

        await NothingAsync(await Server.AddOrganisationAsync(), device, unknown);
        (await Server.GetAsync($"{device.Path}/evidence?from={Day(-1)}&to={Day(-1)}", bank.ApiKey)).ExpectProblem(403, "not-allowed"); // Statements show all.
        (await Server.GetAsync($"{device.Path}/history?from={Day(-40)}&to={Day(-20)}", bank.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.GetAsync($"{device.Path}/grants", bank.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.GetAsync($"{device.Path}/accesses", bank.ApiKey)).ExpectProblem(404, "not-found");
    }

    [Fact]
    public async Task Grant_Revoked_KeepsPastDaysAndEndsTheLiveStream()
    {
        using var device = await NewDeviceAsync();
        var bank = await Server.AddOrganisationAsync();
        var grant = await GiveAsync(device, bank);
        (await device.SendAsync(Measure(device, Yesterday, 1, 2))).Expect(201);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, Server.BaseUrl + $"{device.Path}/live");
        request.Headers.Authorization = new("Bearer", bank.ApiKey);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);

        var revoked = (await Server.PostAsync($"{device.Path}/grants/{grant}/revoke", new { }, device.Owner.ApiKey)).Expect(200).Json;
        Assert.Equal("revoked", revoked.GetProperty("state").GetString());
        Assert.Equal(Day(0), revoked.GetProperty("readable").GetProperty("until").GetString());
        Assert.False(revoked.GetProperty("live").GetBoolean());
        var stream = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken); // to its end
        Assert.Contains("event: end", stream, StringComparison.Ordinal);
        (await Server.GetAsync($"{device.Path}/live", bank.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.GetAsync($"{device.Path}/readings?day={Day(-1)}", bank.ApiKey)).Expect(200);
        (await Server.GetAsync($"{device.Path}/readings?day={Day(1)}", bank.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.PostAsync($"{device.Path}/grants/{grant}/revoke", new { }, device.Owner.ApiKey)).ExpectProblem(409, "grant-refused");
    }

    [Fact]
    public async Task Grant_Expired_OpensNothing()
    {
        using var device = await NewDeviceAsync();
        var bank = await Server.AddOrganisationAsync();
        var grant = await GiveAsync(device, bank, Terms(expires: DateTimeOffset.UtcNow.AddHours(1)));
        (await Server.GetAsync($"{device.Path}/readings?day={Day(-1)}", bank.ApiKey)).Expect(200);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, Server.BaseUrl + $"{device.Path}/live");
        request.Headers.Authorization = new("Bearer", bank.ApiKey);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        await using (var command = Server.Database.CreateCommand("update device_grant set terms = jsonb_set(terms, '{expires}', '\"2026-01-01T00:00:00.000Z\"') where id = $1"))
        {
            command.Parameters.Add(new() { Value = grant });
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        Assert.Contains("grant-ended", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal); // The open stream ends too.
        (await Server.GetAsync($"{device.Path}/readings?day={Day(-1)}", bank.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.GetAsync(device.Path, bank.ApiKey)).ExpectProblem(404, "not-found");
        Assert.Equal("expired", await StateAsync(device, grant));
        (await Server.PostAsync($"{device.Path}/grants", new { grantee = bank.Id, terms = Terms(expires: DateTimeOffset.UtcNow.AddHours(-1)) }, device.Owner.ApiKey)).ExpectProblem(409, "grant-refused");
    }

    [Fact]
    public async Task Grant_OfAFormerOwner_EndsWithItsOwnership()
    {
        using var device = await NewDeviceAsync();
        var (bank, buyer) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        var grant = await GiveAsync(device, bank);
        (await Server.PostAsync($"{device.Path}/acts", new { act = "transfer", to = buyer.Id }, device.Owner.ApiKey)).Expect(200);
        Assert.Equal("granted", await StateAsync(device, grant));
        (await Server.GetAsync($"{device.Path}/verdicts", bank.ApiKey)).Expect(200);
        Assert.Equal(1, (await Server.GetAsync($"{device.Path}/accesses", device.Owner.ApiKey)).Expect(200).Json.GetProperty("accesses").GetArrayLength());
        await Server.GetCoveringCheckpointAsync();
        (await Server.PostAsync($"{device.Path}/acts", new { act = "accept" }, buyer.ApiKey)).Expect(200);
        Assert.Equal("revoked", (await OwnAsync(bank, grant)).Text("state"));
        (await Server.GetAsync($"{device.Path}/live", bank.ApiKey)).ExpectProblem(404, "not-found");
        // What the device says for the buyer is not the seller's to open, of the same day neither.
        (await buyer.SendStatementAsync(device.Sign(Measure(device, Yesterday.AddMinutes(3), 1, 2)), "/epcis/events")).Expect(201);
        (await buyer.SendStatementAsync(device.Sign(Measure(device, DateTimeOffset.UtcNow, 1, 2)), "/epcis/events")).Expect(201);
        Assert.Equal(Day(-1), (await OwnAsync(bank, grant)).Json.GetProperty("readable").GetProperty("until").GetString());
        (await Server.GetAsync($"{device.Path}/readings?day={Day(0)}", bank.ApiKey)).ExpectProblem(404, "not-found");
        Assert.NotEqual(0, (await Server.GetAsync($"{device.Path}/readings?day={Day(0)}", buyer.ApiKey)).Expect(200).Json.GetProperty("statements").GetArrayLength());
        (await Server.GetAsync($"{device.Path}/readings?day={Day(-1)}", bank.ApiKey)).Expect(200);
        (await Server.GetAsync($"{device.Path}/grants", device.Owner.ApiKey)).ExpectProblem(404, "not-found");
        Assert.Equal(0, (await Server.GetAsync($"{device.Path}/grants", buyer.ApiKey)).Expect(200).Json.GetProperty("grants").GetArrayLength()); // What the seller gave is the seller's own.
        Assert.Equal(0, (await Server.GetAsync($"{device.Path}/accesses", buyer.ApiKey)).Expect(200).Json.GetProperty("accesses").GetArrayLength());
    }

    [Fact]
    public async Task WhatWasRefused_IsToldToGranteesWithoutItsWords()
    {
        using var device = await NewDeviceAsync();
        var bank = await Server.AddOrganisationAsync();
        await GiveAsync(device, bank);
        var token = await Invitations.AddAsync(Server.Database, bank.Id, "viewer");
        using var lender = new Browser(Server.BaseUrl);
        await lender.GetAsync($"/account/join?token={token}");
        (await lender.PostAsync("/account/join", ("token", token), ("name", "Lender"), ("login", $"lender-{Guid.NewGuid():N}"), ("password", "correct horse battery"))).Expect(200, "/account");
        Assert.DoesNotContain("Do not rely on this", (await lender.GetAsync("/account/granted")).Expect(200, "/account/granted").Saying(device.Uri).Text, StringComparison.Ordinal);
        (await device.SendAsync(device.SignAs(device.Event(DateTimeOffset.UtcNow.AddHours(-1), 1, 310), device.Next, device.Previous, device: "urn:test:another"))).ExpectProblem(403, "device-mismatch");

        Assert.Contains("urn:test:another", (await Server.GetAsync($"{device.Path}/verdicts", device.Owner.ApiKey)).Expect(200).Body, StringComparison.Ordinal);
        var told = (await Server.GetAsync($"{device.Path}/verdicts", bank.ApiKey)).Expect(200).Body;
        Assert.Contains("foreign-device", told, StringComparison.Ordinal);
        Assert.DoesNotContain("urn:test:another", told, StringComparison.Ordinal);
        // The list of what one may read answers as that does.
        var listed = (await lender.GetAsync("/account/granted")).Expect(200, "/account/granted").Saying("Do not rely on this: a key that signed in the device's name does not match the device's key in force.");
        Assert.DoesNotContain("urn:test:another", listed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConsentAndReads_AreEntriesThatSayNothingAndOpenForTheParties()
    {
        using var device = await NewDeviceAsync();
        var bank = await Server.AddOrganisationAsync();
        var grant = await GiveAsync(device, bank);
        var path = $"{device.Path}/readings?day={Day(-1)}";
        (await Server.GetAsync(path, bank.ApiKey)).Expect(200);
        var before = await Server.CountAsync();
        (await Server.GetAsync(path, bank.ApiKey)).Expect(200);
        Assert.InRange((await Server.CountAsync()).Entries - before.Entries, 0, 1); // none for a read like the one before, unless the hour has changed
        (await Server.GetAsync($"{device.Path}/history?from={Day(-3)}&to={Day(-2)}", bank.ApiKey)).Expect(200);
        (await Server.GetAsync(path, device.Owner.ApiKey)).Expect(200); // The owner's reads are its own business.

        var copy = await LogCopy.FetchAsync(Server, await Server.GetCoveringCheckpointAsync());
        var accesses = (await Server.GetAsync($"{device.Path}/accesses", device.Owner.ApiKey)).Expect(200).Json.GetProperty("accesses").EnumerateArray().ToList();
        Assert.Contains(accesses, a => a.GetProperty("from").GetString() == Day(-1) && a.GetProperty("until").GetString() == Day(-1) && a.GetProperty("kind").GetString() == "data");
        Assert.Contains(accesses, a => a.GetProperty("from").GetString() == Day(-3) && a.GetProperty("until").GetString() == Day(-2));
        Assert.All(accesses, a => Assert.Equal((grant, bank.Id), (a.GetProperty("grant").GetString(), a.GetProperty("grantee").GetString())));
        foreach (var entry in accesses.Select(static a => a.GetProperty("entry")))
        {
            CheckEntry(copy, entry, EntryKind.Access);
            Assert.True(AccessEntry.TryParse(entry.GetProperty("content"), out var access));
            Assert.Equal((device.Uri, bank.Id, grant), (access.Device, access.Grantee, access.Grant));
        }

        (await Server.PostAsync($"{device.Path}/grants/{grant}/revoke", new { }, device.Owner.ApiKey)).Expect(200);
        copy = await LogCopy.FetchAsync(Server, await Server.GetCoveringCheckpointAsync());
        foreach (var shown in (Answer[])[(await OwnAsync(bank, grant)), (await Server.GetAsync($"{device.Path}/grants/{grant}", device.Owner.ApiKey)).Expect(200)])
        {
            var entries = shown.Json.GetProperty("entries").EnumerateArray().ToList();
            Assert.Equal(2, entries.Count);
            foreach (var entry in entries)
            {
                CheckEntry(copy, entry, EntryKind.Grant);
                Assert.True(PublicEntry.TryParse(entry.GetProperty("content"), out var content));
                Assert.True(Jws.TryParse(entry.GetProperty("statement").GetString()!, out var jws, out _));
                Assert.Equal(content.Statement, jws.ComputeDigest());
            }
        }
        foreach (var entry in copy.Entries.Where(static e => e[1] is (byte)EntryKind.Grant or (byte)EntryKind.Access))
        {
            Assert.Equal(34, entry.Length);
        }
    }

    [Fact]
    public async Task Statements_OfOnesOwnKey_AreTakenAndThoseOfOthersAreNot()
    {
        using var device = await NewDeviceAsync();
        var bank = await Server.AddOrganisationAsync();
        using var ownerKey = await device.Owner.RegisterKeyAsync();
        using var bankKey = await bank.RegisterKeyAsync();
        await Server.GetCoveringCheckpointAsync();
        var act = new GrantAct { Act = GrantActKind.Request, Grant = GrantAct.NewId(), Device = device.Uri, Grantee = bank.Id, Organisation = bank.Id, Terms = Parse(Terms()) };
        var request = Sign(bankKey, act);
        (await PostSignedAsync("/api/grants", Sign(ownerKey, act))).ExpectProblem(400, "invalid-statement"); // of another organisation
        Assert.Equal(act.Grant, (await PostSignedAsync("/api/grants", request)).Expect(202).Text("grant"));
        (await PostSignedAsync("/api/grants", request)).ExpectProblem(409, "grant-refused"); // once

        var path = $"{device.Path}/grants/{act.Grant}/approve";
        var answer = act with { Act = GrantActKind.Grant, Organisation = device.Owner.Id, Request = TestDevice.Digest(request) };
        (await PostSignedAsync(path, Sign(ownerKey, answer with { Request = null }))).ExpectProblem(409, "grant-refused");
        (await PostSignedAsync(path, Sign(bankKey, answer))).ExpectProblem(400, "invalid-statement");
        (await PostSignedAsync(path, Sign(ownerKey, answer with { Grant = GrantAct.NewId() }))).ExpectProblem(404, "not-found");
        Assert.Equal("granted", (await PostSignedAsync(path, Sign(ownerKey, answer))).Expect(200).Text("state"));
        var revoke = new GrantAct { Act = GrantActKind.Revoke, Grant = act.Grant, Device = device.Uri, Grantee = bank.Id, Organisation = device.Owner.Id };
        Assert.Equal("revoked", (await PostSignedAsync($"{device.Path}/grants/{act.Grant}/revoke", Sign(ownerKey, revoke))).Expect(200).Text("state"));
    }

    [Fact]
    public async Task Answers_AtTheSameTime_AreOne()
    {
        using var device = await NewDeviceAsync();
        var bank = await Server.AddOrganisationAsync();
        var grant = (await RequestAsync(bank, device.Uri)).Expect(202).Text("grant");
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Server.PostAsync($"{device.Path}/grants/{grant}/{(i % 2 == 0 ? "approve" : "refuse")}", new { }, device.Owner.ApiKey)));
        Assert.Single(answers, static a => a.Status == 200);
        Assert.All(answers.Where(static a => a.Status != 200), static a => a.Expect(409));
    }

    [Fact]
    public async Task Auditor_SeesThatItIsThereAndTheVerdicts()
    {
        using var device = await NewDeviceAsync();
        (await device.SendAsync(Measure(device, Yesterday, 1, 2))).Expect(201);
        var name = $"auditor-{Guid.NewGuid():N}";
        var auditor = (await Server.PostAsAdminAsync("/api/organisations", new { id = name, name = "Auditor", roles = new[] { "auditor" } })).Expect(201).Text("apiKey");
        Assert.False((await Server.GetAsync(device.Path, auditor)).Expect(200).Json.TryGetProperty("newest", out _));
        var verdicts = (await Server.GetAsync($"{device.Path}/verdicts?from={Day(-1)}&to={Day(0)}", auditor)).Expect(200).Json;
        Assert.Equal(JsonValueKind.Null, verdicts.GetProperty("operatingSeconds").ValueKind);
        Assert.DoesNotContain("not-granted", verdicts.GetRawText(), StringComparison.Ordinal);
        foreach (var hidden in (string[])[$"/history?from={Day(-1)}", $"/readings?day={Day(-1)}", "/statements", "/live", "/grants", "/accesses", "/day-keys"])
        {
            (await Server.GetAsync(device.Path + hidden, auditor)).ExpectProblem(404, "not-found");
        }

        // The owner is told, as it is of reads under grants.
        var before = await Server.CountAsync();
        (await Server.GetAsync($"{device.Path}/verdicts?from={Day(-1)}&to={Day(0)}", auditor)).Expect(200);
        Assert.InRange((await Server.CountAsync()).Entries - before.Entries, 0, 1); // none for a read like the one before, unless the hour has changed
        var copy = await LogCopy.FetchAsync(Server, await Server.GetCoveringCheckpointAsync());
        var accesses = await AccessesAsync(device.Owner);
        Assert.Equal(["device", "verdicts"], accesses.Select(static a => a.GetProperty("kind").GetString()!).Distinct().Order(StringComparer.Ordinal));
        Assert.Contains(accesses, a => a.GetProperty("kind").GetString() == "verdicts" && a.GetProperty("from").GetString() == Day(-1) && a.GetProperty("until").GetString() == Day(0));
        foreach (var access in accesses)
        {
            Assert.Equal((JsonValueKind.Null, name), (access.GetProperty("grant").ValueKind, access.GetProperty("grantee").GetString()));
            CheckEntry(copy, access.GetProperty("entry"), EntryKind.Access);
        }
        var token = await Invitations.AddAsync(Server.Database, device.Owner.Id, "viewer");
        using var person = new Browser(Server.BaseUrl);
        await person.GetAsync($"/account/join?token={token}");
        (await person.PostAsync("/account/join", ("token", token), ("name", "Owner"), ("login", $"owner-{Guid.NewGuid():N}"), ("password", "correct horse battery"))).Expect(200, "/account");
        (await person.GetAsync($"/account/devices/{device.Id}/grants")).Expect(200, $"/account/devices/{device.Id}/grants").Saying("as an auditor of the deployment, without a grant");

        // A new owner is told of those since it is the owner, the same hour's too.
        var buyer = await Server.AddOrganisationAsync();
        (await Server.PostAsync($"{device.Path}/acts", new { act = "transfer", to = buyer.Id }, device.Owner.ApiKey)).Expect(200);
        await Server.GetCoveringCheckpointAsync();
        (await Server.PostAsync($"{device.Path}/acts", new { act = "accept" }, buyer.ApiKey)).Expect(200);
        Assert.Empty(await AccessesAsync(buyer));
        (await Server.GetAsync($"{device.Path}/verdicts?from={Day(-1)}&to={Day(0)}", auditor)).Expect(200);
        Assert.Equal("verdicts", Assert.Single(await AccessesAsync(buyer)).GetProperty("kind").GetString());

        async Task<List<JsonElement>> AccessesAsync(TestOrganisation owner) => [.. (await Server.GetAsync($"{device.Path}/accesses", owner.ApiKey)).Expect(200).Json.GetProperty("accesses").EnumerateArray()];
    }

    [Theory]
    [InlineData("""{"device":"https://id.gs1.org/8004/4012345000009"}""", "/terms")]
    [InlineData("""{"terms":{}}""", "/device")]
    [InlineData("""{"device":"no uri","terms":{}}""", "/device")]
    [InlineData("""{"device":"urn:a:b","terms":{"from":"2026-01-01","precision":"none","purpose":"fun","scope":["rider"],"until":"2026-01-01"}}""", "/terms")]
    [InlineData("""{"device":"urn:a:b","terms":[]}""", "/terms")]
    public async Task Request_WithFaults_NamesThem(string body, string pointer)
    {
        var bank = await Server.AddOrganisationAsync(claims: false);
        var problem = (await Server.PostAsync("/api/grants", JsonDocument.Parse(body).RootElement, bank.ApiKey)).ExpectProblem(400, "invalid-request");
        Assert.Contains(problem.GetProperty("errors").EnumerateArray(), e => e.GetProperty("pointer").GetString() == pointer);
    }

    [Fact]
    public async Task Evidence_UnderAGrant_BeginsWithItsFirstDay()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var bank = await Server.AddOrganisationAsync();
        await GiveAsync(Server, device, bank, Terms(["all"], "exact"));
        var start = new DateTimeOffset(Today.AddDays(-10).ToDateTime(new TimeOnly(8, 0)), TimeSpan.Zero); // the day before the first of the grant
        for (var day = 0; day < 3; day++)
        {
            (await device.SendAsync(device.Event(start.AddDays(day), 2, 100 + day))).Expect(201);
        }
        await Server.GetCoveringCheckpointAsync();
        Assert.Equal(3, await CountAsync(device.Owner.ApiKey)); // the last one before the period stands in front
        Assert.Equal(2, await CountAsync(bank.ApiKey));

        async Task<int> CountAsync(string apiKey)
        {
            var lines = (await Server.GetAsync($"{device.Path}/evidence?from={Day(-9)}&to={Day(-1)}", apiKey)).Expect(200).Body.TrimEnd('\n').Split('\n');
            return JsonDocument.Parse(lines[1]).RootElement.GetProperty("records").GetArrayLength();
        }
    }

    internal static object Terms(string[]? scope = null, string precision = "coarse", DateTimeOffset? expires = null) => new Dictionary<string, object?>
    {
        ["purpose"] = "credit",
        ["scope"] = scope ?? ["measure:operatingHours", "position", "rider"],
        ["precision"] = precision,
        ["from"] = Day(-9),
        ["until"] = Day(30),
        ["expires"] = expires is { } at ? Core.Log.Record.FormatTime(at) : null,
    }.Where(static m => m.Value is not null).ToDictionary();

    internal static string Day(int offset) => Today.AddDays(offset).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    internal static async Task<string> GiveAsync(RunningServer server, TestDevice device, TestOrganisation to, object terms) =>
        (await server.PostAsync($"{device.Path}/grants", new { grantee = to.Id, terms }, device.Owner.ApiKey)).Expect(201).Text("grant");

    private Task<string> GiveAsync(TestDevice device, TestOrganisation to, object? terms = null) => GiveAsync(Server, device, to, terms ?? Terms());

    /// <summary>A machine whose position is in the clear; of encrypted ones <see cref="DayKeyTests"/> tell.</summary>
    private async Task<TestDevice> NewDeviceAsync() => await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), TestDevice.Template);

    private Task<Answer> RequestAsync(TestOrganisation by, string device) => Server.PostAsync("/api/grants", new { device, terms = Terms() }, by.ApiKey);

    private async Task<Answer> OwnAsync(TestOrganisation grantee, string grant) => (await Server.GetAsync($"/api/grants/{grant}", grantee.ApiKey)).Expect(200);

    private async Task<string> StateAsync(TestDevice device, string grant) => (await Server.GetAsync($"{device.Path}/grants/{grant}", device.Owner.ApiKey)).Expect(200).Text("state");

    /// <summary>Every read gets what an unknown device gets.</summary>
    private async Task NothingAsync(TestOrganisation reader, TestDevice device, string unknown)
    {
        foreach (var path in (string[])["", $"/history?from={Day(-1)}", $"/readings?day={Day(-1)}", "/statements", "/verdicts", "/live", "/grants", "/accesses", "/day-keys", "/evidence"])
        {
            var (there, nowhere) = (await Server.GetAsync(device.Path + path, reader.ApiKey), await Server.GetAsync($"/api/devices/{unknown}{path}", reader.ApiKey));
            Assert.Equal((404, 404), (there.Status, nowhere.Status));
            Assert.Equal(WithoutTrace(nowhere), WithoutTrace(there));
        }
    }

    private static string WithoutTrace(Answer answer)
    {
        var json = JsonNode.Parse(answer.Body)!.AsObject();
        json.Remove("traceId");
        return json.ToJsonString();
    }

    private Task<Answer> PostSignedAsync(string path, string compact) =>
        Server.SendAsync(HttpMethod.Post, path, null, TestOrganisation.Content("application/jose", Encoding.ASCII.GetBytes(compact)));

    private static string Sign(SigningKey key, GrantAct act) => Jws.Sign(key, GrantAct.Type, OperatorKeys.Origin, act.ToJcs());

    private static GrantTerms Parse(object terms) =>
        GrantTerms.TryParse(JsonSerializer.SerializeToElement(terms), out var parsed, out var error) ? parsed : throw new InvalidOperationException(error);

    private static void CheckEntry(LogCopy copy, JsonElement entry, EntryKind kind)
    {
        Assert.True(Base64UrlText.TryDecode(entry.GetProperty("salt").GetString(), out var salt));
        Assert.Equal(LogEntry.ForSalted(kind, salt, Core.Canonical.Jcs.Canonicalize(entry.GetProperty("content"))), copy.Entries[entry.GetProperty("leaf").GetInt32()]);
    }

    private static string Blank(string body, string device)
    {
        var json = JsonNode.Parse(body)!.AsObject();
        foreach (var changing in (string[])["grant", "requestedAt", "request"])
        {
            json.Remove(changing);
        }
        return json.ToJsonString().Replace(JsonSerializer.Serialize(device), "DEVICE", StringComparison.Ordinal);
    }

    /// <summary>One reading of a machine at a place.</summary>
    private static JsonObject Measure(TestDevice device, DateTimeOffset time, double latitude, double longitude)
    {
        var e = device.Event(time, 1, 100);
        e["sensorElementList"]![0]!["sensorReport"] = new JsonArray(
            new JsonObject { ["type"] = "urn:trustchain:measure:operating-time", ["value"] = 6000, ["uom"] = "MIN" },
            new JsonObject { ["type"] = "urn:trustchain:measure:running", ["booleanValue"] = true },
            new JsonObject { ["type"] = "Angle", ["component"] = "latitude", ["value"] = latitude, ["uom"] = "DD" },
            new JsonObject { ["type"] = "Angle", ["component"] = "longitude", ["value"] = longitude, ["uom"] = "DD" });
        return e;
    }
}
