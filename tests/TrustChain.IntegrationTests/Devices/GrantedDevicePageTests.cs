using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TrustChain.IntegrationTests.Accounts;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>The page of one device for whoever has a grant: what the grant covers and nothing more, and for everybody else that of a device that does not exist.</summary>
public sealed partial class GrantedDevicePageTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly DateOnly Today = DateOnly.FromDateTime(DateTime.UtcNow);
    private static readonly DateTimeOffset Yesterday = new(Today.AddDays(-1).ToDateTime(new TimeOnly(8, 0)), TimeSpan.Zero);
    private static readonly string Unknown = new('A', 43);

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task WithoutAnythingThatIsOpen_ThePageIsThatOfAnUnknownDevice_ByteForByte()
    {
        var bank = await Server.AddOrganisationAsync();
        using var lender = await SignInAsync(bank.Id);
        using var device = await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), TestDevice.Template); // Places in the clear.
        await SameAsUnknownAsync(lender, device);

        var asked = (await Server.PostAsync("/api/grants", new { device = device.Uri, terms = GrantTests.Terms() }, bank.ApiKey)).Expect(202).Text("grant");
        await SameAsUnknownAsync(lender, device);
        (await Server.PostAsync($"{device.Path}/grants/{asked}/refuse", new { }, device.Owner.ApiKey)).Expect(200);
        await SameAsUnknownAsync(lender, device);

        var later = await GrantTests.GiveAsync(Server, device, bank, Terms(["all"], "exact", 1, 30)); // from tomorrow on
        await SameAsUnknownAsync(lender, device);
        (await Server.PostAsync($"{device.Path}/grants/{later}/revoke", new { }, device.Owner.ApiKey)).Expect(200);
        await SameAsUnknownAsync(lender, device);
        Assert.Empty(await AccessesAsync(device)); // Nothing of all this was a read.

        var open = await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms(["all"], "exact", DateTimeOffset.UtcNow.AddHours(1)));
        Assert.Equal(200, (await GetAsync(lender, device.Id, "")).Status);
        var reads = (await AccessesAsync(device)).Count;
        await using (var expire = Server.Database.CreateCommand("update device_grant set terms = jsonb_set(terms, '{expires}', '\"2026-01-01T00:00:00.000Z\"') where id = $1"))
        {
            expire.Parameters.Add(new() { Value = open });
            Assert.Equal(1, await expire.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }
        await SameAsUnknownAsync(lender, device);
        Assert.Equal(reads, (await AccessesAsync(device)).Count);

        // Who oversees the deployment reads verdicts through the API, and has no grant.
        var auditor = $"auditor-{Guid.NewGuid():N}";
        (await Server.PostAsAdminAsync("/api/organisations", new { id = auditor, name = "Auditor", roles = new[] { "auditor" } })).Expect(201);
        using var overseer = await SignInAsync(auditor, "/account/second-factor"); // Of roles on the deployment one is demanded.
        await OneTimeCode.TurnOnAsync(overseer);
        await SameAsUnknownAsync(overseer, device);
        // Its owner has another page.
        using var owner = await SignInAsync(device.Owner.Id);
        (await owner.GetAsync($"/account/granted/{device.Id}")).Expect(200, $"/devices/{device.Id}");
        using var nobody = new Browser(Server.BaseUrl);
        Assert.Equal("/account/sign-in", (await nobody.GetAsync($"/account/granted/{device.Id}")).Path);
    }

    [Fact]
    public async Task RevokedGrant_KeepsItsPastDays_AndOpensNoLaterOnes()
    {
        var bank = await Server.AddOrganisationAsync();
        using var lender = await SignInAsync(bank.Id);
        using var device = await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), TestDevice.Template); // Places in the clear.
        await MoveAsync(device);
        var grant = await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms(["all"], "exact"));
        (await Server.PostAsync($"{device.Path}/grants/{grant}/revoke", new { }, device.Owner.ApiKey)).Expect(200);

        var kept = await GetAsync(lender, device.Id, "");
        Assert.Equal(200, kept.Status);
        Assert.Contains("Revoked", kept.Text, StringComparison.Ordinal);
        Assert.Contains($"value=\"{GrantTests.Day(0)}\" min=\"{GrantTests.Day(-9)}\" max=\"{GrantTests.Day(0)}\"", kept.Text, StringComparison.Ordinal);
        var later = await GetAsync(lender, device.Id, $"?from={GrantTests.Day(1)}&to={GrantTests.Day(9)}");
        Assert.Contains("some of them must be open to you", later.Text, StringComparison.Ordinal);
        Assert.All(await AccessesAsync(device), static a => Assert.True(string.CompareOrdinal(a.Until, GrantTests.Day(0)) <= 0));
    }

    [Theory]
    [InlineData("none", "operation")]
    [InlineData("coarse", "position")]
    [InlineData("coarse", "operation", "position")]
    [InlineData("exact", "all")]
    public async Task Page_ShowsWhatTheGrantCovers_AsTheApiDoes(string precision, params string[] scope)
    {
        var bank = await Server.AddOrganisationAsync();
        using var lender = await SignInAsync(bank.Id);
        using var device = await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), TestDevice.Template); // Places in the clear.
        await MoveAsync(device);
        await GrantTests.GiveAsync(Server, device, bank, Terms(scope, precision, -9, 30));

        var period = $"?from={GrantTests.Day(-1)}&to={GrantTests.Day(0)}";
        var page = (await GetAsync(lender, device.Id, period)).Text;
        var told = (await Server.GetAsync($"{device.Path}/verdicts{period}", bank.ApiKey)).Expect(200).Json;
        var (operation, places) = (scope.Any(static s => s is "operation" or "all"), precision != "none");
        var details = told.GetProperty("verdicts").EnumerateArray().Select(static v => v.GetProperty("detail").GetString()!).ToList();
        Assert.Equal(10, details.Count);
        // Each answer as the API gives it, but for that whose figures grow with the minutes.
        Assert.All(details.Where(static d => !d.Contains("expected readings are there", StringComparison.Ordinal)), detail => Assert.Contains(detail, page, StringComparison.Ordinal));
        Assert.Equal(details.Count(static d => d == "The grant does not cover what this looks at."), page.Split("The grant does not cover what this looks at.").Length - 1);
        Assert.Equal(told.GetProperty("findings").EnumerateArray().Count(), FindingsOf(page).Count);

        Assert.Equal(operation, page.Contains("<dt>Operating hours</dt>", StringComparison.Ordinal));
        Assert.Equal(operation, page.Contains("class=\"dot\"", StringComparison.Ordinal)); // The meter, each of its two points alone: there is a gap between.
        Assert.Contains("class=\"chart", page, StringComparison.Ordinal); // Coverage by day is told under every grant.
        Assert.Equal(places, FindingsOf(page).Exists(static f => f.Contains("Moved faster than possible", StringComparison.Ordinal)));
        Assert.Equal(precision == "exact", page.Contains("It moved 5", StringComparison.Ordinal)); // 500 km: the sentence tells how far.
        Assert.Equal(precision == "exact", page.Contains($"/api/devices/{device.Id}/evidence?from={GrantTests.Day(-1)}", StringComparison.Ordinal));
        // A place in any spelling, and what would help to find one, is never there.
        Assert.All((string[])["52.5200", "13.4049", "48.1371", "11.5761", "ni:///", "/evidence?event="], hidden => Assert.DoesNotContain(hidden, page, StringComparison.Ordinal));
        var chinese = (await GetAsync(lender, device.Id, period + "&lang=zh")).Text;
        Assert.Equal(!operation || !places, chinese.Contains("授权未覆盖所需数据。", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EachLook_IsAnEntryThatTheOwnerSees_OfNoOtherDaysThanTheGrants()
    {
        var bank = await Server.AddOrganisationAsync();
        using var lender = await SignInAsync(bank.Id);
        using var device = await TestDevice.EnrolEarlierAsync(Server, await Server.AddOrganisationAsync(), TestDevice.Template); // Places in the clear.
        await MoveAsync(device);
        await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms());

        Assert.Contains($"/account/granted/{device.Id}?from={GrantTests.Day(-9)}&to={GrantTests.Day(0)}", (await lender.GetAsync("/account/granted")).Expect(200, "/account/granted").Text, StringComparison.Ordinal);
        var cut = await GetAsync(lender, device.Id, $"?from={GrantTests.Day(-40)}&to={GrantTests.Day(-5)}");
        Assert.Contains("Only those of the days are shown that the grant opens.", cut.Text, StringComparison.Ordinal);
        var wrong = await GetAsync(lender, device.Id, $"?from={GrantTests.Day(-40)}&to={GrantTests.Day(-20)}");
        Assert.Contains("The last open days are shown instead.", wrong.Text, StringComparison.Ordinal);

        var accesses = await AccessesAsync(device);
        Assert.Contains(("data", GrantTests.Day(-9), GrantTests.Day(-5)), accesses);
        Assert.Contains(("data", GrantTests.Day(-9), GrantTests.Day(0)), accesses);
        Assert.Contains(("device", GrantTests.Day(-9), GrantTests.Day(0)), accesses);
        Assert.All(accesses, static a => Assert.True(string.CompareOrdinal(a.From, GrantTests.Day(-9)) >= 0));
        using var owner = await SignInAsync(device.Owner.Id);
        (await owner.GetAsync($"/account/devices/{device.Id}/grants")).Expect(200, $"/account/devices/{device.Id}/grants").Saying("data and answers").Saying("the device and its keys");
    }

    private static Dictionary<string, object> Terms(string[] scope, string precision, int from, int until) =>
        new() { ["purpose"] = "credit", ["scope"] = scope, ["precision"] = precision, ["from"] = GrantTests.Day(from), ["until"] = GrantTests.Day(until) };

    /// <summary>From one city to another within a quarter of an hour.</summary>
    private async Task MoveAsync(TestDevice device)
    {
        (await device.SendAsync(At(0, 52.5200066, 13.404954, 6000))).Expect(201);
        (await device.SendAsync(At(15, 48.137154, 11.576124, 6015))).Expect(201);
        await Eventually.TrueAsync("computed day", async () =>
            (await Server.GetAsync($"{device.Path}/history?from={GrantTests.Day(-1)}&to={GrantTests.Day(0)}", device.Owner.ApiKey)).Expect(200).Body.Contains("\"statements\":2", StringComparison.Ordinal));

        JsonObject At(int minute, double latitude, double longitude, int worked)
        {
            var e = device.Event(Yesterday.AddMinutes(minute), 1, 100);
            e["sensorElementList"]![0]!["sensorReport"] = new JsonArray(
                new JsonObject { ["type"] = "urn:trustchain:measure:operating-time", ["value"] = worked, ["uom"] = "MIN" },
                new JsonObject { ["type"] = "urn:trustchain:measure:running", ["booleanValue"] = true },
                Angle("latitude", latitude),
                Angle("longitude", longitude));
            return e;
        }

        static JsonObject Angle(string component, double degrees) => new() { ["type"] = "Angle", ["component"] = component, ["value"] = degrees, ["uom"] = "DD" };
    }

    private static List<string> FindingsOf(string page) =>
        [.. Card().Matches(page[page.IndexOf("<section aria-labelledby=\"findings\"", StringComparison.Ordinal)..page.IndexOf("<section aria-labelledby=\"keys\"", StringComparison.Ordinal)]).Select(static m => m.Value)];

    private async Task<List<(string Kind, string From, string Until)>> AccessesAsync(TestDevice device) =>
    [
        .. (await Server.GetAsync($"{device.Path}/accesses", device.Owner.ApiKey)).Expect(200).Json.GetProperty("accesses").EnumerateArray()
            .Select(static a => (a.GetProperty("kind").GetString()!, a.GetProperty("from").GetString()!, a.GetProperty("until").GetString()!)),
    ];

    private async Task<Browser> SignInAsync(string organisation, string leadsTo = "/account")
    {
        var token = await Invitations.AddAsync(Server.Database, organisation, "viewer");
        var browser = new Browser(Server.BaseUrl);
        await browser.GetAsync($"/account/join?token={token}");
        (await browser.PostAsync("/account/join", ("token", token), ("name", "Reader"), ("login", $"reader-{Guid.NewGuid():N}"), ("password", "correct horse battery"))).Expect(200, leadsTo);
        return browser;
    }

    private async Task SameAsUnknownAsync(Browser browser, TestDevice device)
    {
        foreach (var query in (string[])["", "?lang=zh", $"?from={GrantTests.Day(-5)}&to={GrantTests.Day(0)}", $"?from={GrantTests.Day(1)}&to={GrantTests.Day(5)}", "?from=x", "?order=newest"])
        {
            var (there, nowhere) = (await GetAsync(browser, device.Id, query), await GetAsync(browser, Unknown, query));
            Assert.Equal(404, there.Status);
            Assert.Equal(nowhere.Headers, there.Headers);
            Assert.Equal(nowhere.Text.Replace(Unknown, "", StringComparison.Ordinal), there.Text.Replace(device.Id, "", StringComparison.Ordinal));
            Assert.DoesNotContain(device.Uri, there.Text, StringComparison.Ordinal);
        }
    }

    /// <summary>One answer with all its bytes, without following where it leads: status, every header but the clock's, and body.</summary>
    private async Task<(int Status, string Headers, string Text)> GetAsync(Browser browser, string id, string query)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Server.BaseUrl}/account/granted/{id}{query}");
        request.Headers.Add("Cookie", browser.Cookies.GetCookieHeader(new Uri(Server.BaseUrl)));
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var headers = response.Headers.Concat(response.Content.Headers).Where(static h => h.Key != "Date").Select(static h => string.Create(CultureInfo.InvariantCulture, $"{h.Key}: {string.Join(", ", h.Value)}")).Order();
        return ((int)response.StatusCode, string.Join('\n', headers), WebUtility.HtmlDecode(Encoding.UTF8.GetString(body)));
    }

    [GeneratedRegex("<li class=\"card\">.*?</li>\\s*(?=<li class=\"card\">|</ol>)", RegexOptions.Singleline)]
    private static partial Regex Card();
}
