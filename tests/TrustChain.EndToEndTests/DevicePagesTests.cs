using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>A member looks through an organisation's devices: an honest one, one whose meter was turned back, and one that is still to bring its key.</summary>
public sealed partial class DevicePagesTests(TestSite site)
{
    private const string Honest = "Bicycle 12 十二号车";
    private const string Turned = "Bicycle 7 <b>七号车</b>";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("en", 390, true, "Do not rely on this: a meter does not match what it showed before.", "A meter ran back", "Records checked")]
    [InlineData("zh-CN", 1280, false, "请勿采信:计数器与此前的读数不一致", "计数器倒退", "记录已核验")]
    [InlineData("en", 1280, false, "Do not rely on this: a meter does not match what it showed before.", "A meter ran back", "Records checked")]
    [InlineData("zh-CN", 390, false, "请勿采信:计数器与此前的读数不一致", "计数器倒退", "记录已核验")]
    public async Task Member_SeesWhatTheDevicesSay(string language, int width, bool dark, string answer, string rollback, string passed)
    {
        Assert.SkipWhen(ScreenshotTests.Folder is null && (language == "en") == (width == 1280), "Pictures of both widths in both languages are taken when TRUSTCHAIN_SCREENSHOTS names a folder.");
        var look = $"{language}-{width}";
        var (organisation, key, link) = await AddOrganisationAsync();
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language, Width = width, Dark = dark });
        var page = visitor.Page;
        await JoinAsync(visitor, link);

        await visitor.OpenAsync("/account/devices");
        await LookAsync(visitor, $"fleet-empty-{look}");
        await page.Locator("main a[href^='/account/devices/new']").ClickAsync();
        await page.FillAsync("#device", "no uri");
        await page.FillAsync("#name", "Loom 3");
        await page.ClickAsync("main form button[type=submit]");
        await page.Locator("#device-fault").WaitForAsync();
        Assert.Equal("Loom 3", await page.InputValueAsync("#name"));
        await LookAsync(visitor, $"register-{look}");
        await page.FillAsync("#device", $"https://machines.example/{organisation}/loom-3");
        await page.SelectOptionAsync("#template", "loom");
        await page.ClickAsync("main form button[type=submit]");
        await page.Locator("img.qr").WaitForAsync();
        var code = await page.Locator(".lead code").InnerTextAsync();
        Assert.Matches(ClaimCode(), code);
        Assert.Equal($"{site.BaseUrl}/api/devices/claim/{code}", await QrAsync(visitor));
        await LookAsync(visitor, $"claim-{look}");

        using var honest = await Machine.EnrolAsync(site.BaseUrl, key, $"https://machines.example/{organisation}/bike-12", Honest, Cancellation);
        using var turned = await Machine.EnrolAsync(site.BaseUrl, key, $"https://machines.example/{organisation}/bike-7", Turned, Cancellation);
        await DescribeAsync(honest, gapDay: null, turnedDay: null);
        await DescribeAsync(turned, gapDay: 10, turnedDay: 4);

        await visitor.OpenAsync("/account/devices");
        Assert.Equal(3, await page.Locator(".fleet tbody tr").CountAsync());
        await LookAsync(visitor, $"fleet-{look}");
        await page.CheckAsync("input[name=alarms]");
        await page.ClickAsync(".filters button");
        Assert.Equal(1, await page.Locator(".fleet tbody tr").CountAsync());
        Assert.Contains(Turned, await visitor.ReadAsync(), StringComparison.Ordinal);
        await visitor.OpenAsync("/account/devices?search=BIKE-12&state=active&template=e-bike-v2&sort=seen");
        Assert.Equal(1, await page.Locator(".fleet tbody tr").CountAsync());
        await visitor.OpenAsync("/account/devices?search=nothing+like+that");
        await LookAsync(visitor, $"fleet-none-{look}");

        await visitor.OpenAsync($"/devices/{turned.Id}");
        Assert.Equal(answer, await page.Locator(".answer .sentence").InnerTextAsync());
        var chart = page.Locator("svg.chart:visible", new() { Has = page.Locator(".curve") }).First;
        Assert.Contains(rollback, await chart.Locator(".mark-word").First.TextContentAsync(), StringComparison.Ordinal);
        Assert.True(await chart.Locator("rect.gap").CountAsync() >= 1);
        Assert.True(await chart.Locator("path.curve").CountAsync() >= 2);
        Assert.Equal(10, await page.Locator(".checks > li").CountAsync());
        Assert.Equal(3, await page.Locator("svg.chart:visible").CountAsync());
        await LookAsync(visitor, $"device-{look}");
        await page.EvaluateAsync("for (const folded of document.querySelectorAll('details')) { folded.open = true; }");
        await LookAsync(visitor, $"device-open-{look}");
        var cited = await page.Locator("section[aria-labelledby=findings] .cited a").First.GetAttributeAsync("href");
        Assert.Equal(200, (await page.APIRequest.GetAsync(site.BaseUrl + cited)).Status);
        await visitor.OpenAsync($"/devices/{turned.Id}?days=90&order=newest");
        await LookAsync(visitor, $"device-90-{look}");

        await visitor.OpenAsync($"/devices/{honest.Id}");
        Assert.StartsWith(passed, await page.Locator(".answer .sentence").InnerTextAsync(), StringComparison.Ordinal);
        await LookAsync(visitor, $"device-honest-{look}");
        await page.Locator("[data-live] [data-measure=distance]").WaitForAsync();
        await honest.StateAsync([honest.SignNow(9_999_000)], Cancellation);
        await page.Locator("[data-live] [data-measure=distance]", new() { HasText = "9\u202f999" }).WaitForAsync();

        var battery = await MakeBatteryAsync(key, honest);
        await visitor.OpenAsync(battery);
        var said = await visitor.ReadAsync();
        Assert.All((string[])["14 Ah", "NMC 811", honest.Uri], word => Assert.Contains(word, said, StringComparison.Ordinal));
        await LookAsync(visitor, $"battery-{look}");

        await visitor.OpenAsync($"/devices/{honest.Id}?from=2026-02-31&to=x");
        Assert.True(await page.Locator(".period [role=alert]").IsVisibleAsync());

        await visitor.OpenAsync("/account/granted");
        await page.FillAsync("#device", honest.Uri);
        await page.FillAsync("#from", "2026-01-01");
        await page.FillAsync("#until", "2099-01-01");
        await page.ClickAsync("main form button[type=submit]"); // 73 years are too long
        await page.Locator(".note.bad").WaitForAsync();
        await LookAsync(visitor, $"granted-refused-{look}");
        Assert.All(visitor.Complaints, static c => Assert.Contains("400", c, StringComparison.Ordinal)); // That a form was refused is an error to the browser too.
    }

    [Theory]
    [InlineData("en", 390)]
    [InlineData("zh-CN", 1280)]
    [InlineData("en", 1280)]
    [InlineData("zh-CN", 390)]
    public async Task Lender_AsksIsGrantedAndSeesWhatTheChecksSay(string language, int width)
    {
        Assert.SkipWhen(ScreenshotTests.Folder is null && (language == "en") == (width == 1280), "Pictures of both widths in both languages are taken when TRUSTCHAIN_SCREENSHOTS names a folder.");
        var (organisation, key, ownersLink) = await AddOrganisationAsync();
        using var machine = await Machine.EnrolAsync(site.BaseUrl, key, $"https://machines.example/{organisation}/lent", Turned, Cancellation);
        await DescribeAsync(machine, gapDay: 10, turnedDay: 4);
        var (lender, _, link) = await AddOrganisationAsync();
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Language = language, Width = width });
        var page = visitor.Page;
        await JoinAsync(visitor, link);
        await visitor.OpenAsync("/account/granted");
        await page.FillAsync("#device", machine.Uri);
        await page.SelectOptionAsync("#purpose", "credit");
        await page.SelectOptionAsync("#scope", "all");
        await page.FillAsync("#from", $"{Today.AddDays(-60):yyyy-MM-dd}");
        await page.FillAsync("#until", $"{Today.AddDays(60):yyyy-MM-dd}");
        await visitor.PressAsync("main form button[type=submit]", "**done=asked*");
        Assert.Equal(1, await page.Locator(".cards > .card").CountAsync());
        Assert.Equal(0, await page.Locator(".verdicts").CountAsync()); // Asked for is not given.

        await using var owner = await site.WelcomeAsync(new VisitorOptions { Language = language, Width = width });
        await JoinAsync(owner, ownersLink);
        await owner.OpenAsync($"/devices/{machine.Id}");
        await owner.Page.ClickAsync($"main a[href^='/account/devices/{machine.Id}/grants']");
        Assert.Equal(1, await owner.Page.Locator(".cards > .card").CountAsync());
        await LookAsync(owner, $"granting-asked-{language}-{width}");
        await owner.PressAsync("button[value=approve]", "**done=granted*");
        await visitor.OpenAsync("/account/granted");
        Assert.Equal(10, await page.Locator(".verdicts li").CountAsync());
        Assert.Contains(Turned, await visitor.ReadAsync(), StringComparison.Ordinal);
        await LookAsync(visitor, $"granted-{language}-{width}");
        var saving = page.WaitForDownloadAsync();
        await page.ClickAsync($"form[action='/api/devices/{machine.Id}/evidence'] button");
        var evidence = await File.ReadAllLinesAsync((await (await saving).PathAsync())!, Cancellation); // A browser of this machine has it in a file.
        Assert.Contains("trustchain-device-evidence", evidence[0], StringComparison.Ordinal);
        Assert.True(evidence.Length >= 3, $"There are {evidence.Length} lines.");
        Assert.Equal(404, (await visitor.OpenAsync($"/devices/{machine.Id}")).Status); // The page of a device is its owner's.

        await visitor.OpenAsync("/account/granted");
        await page.ClickAsync($".card h2 a[href^='/account/granted/{machine.Id}']");
        Assert.Contains(Turned, await visitor.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal(10, await page.Locator(".checks > li").CountAsync());
        Assert.Equal(3, await page.Locator("svg.chart:visible").CountAsync());
        await LookAsync(visitor, $"granted-device-{language}-{width}");
        await page.EvaluateAsync("for (const folded of document.querySelectorAll('details')) { folded.open = true; }");
        await LookAsync(visitor, $"granted-device-open-{language}-{width}");
        await page.FillAsync("#from", $"{Today.AddDays(-6):yyyy-MM-dd}");
        await page.FillAsync("#to", $"{Today.AddDays(-2):yyyy-MM-dd}");
        await page.ClickAsync(".period form button");
        var chosen = $"from={Today.AddDays(-6):yyyy-MM-dd}&to={Today.AddDays(-2):yyyy-MM-dd}";
        saving = page.WaitForDownloadAsync();
        await page.ClickAsync($"a[href='/api/devices/{machine.Id}/evidence?{chosen}']");
        evidence = await File.ReadAllLinesAsync((await (await saving).PathAsync())!, Cancellation); // As above.
        Assert.Contains($"\"from\":\"{Today.AddDays(-6):yyyy-MM-dd}\",\"until\":\"{Today.AddDays(-2):yyyy-MM-dd}\"", evidence[0], StringComparison.Ordinal);
        await visitor.OpenAsync($"/account/granted/{machine.Id}?from={Today.AddDays(-600):yyyy-MM-dd}&to={Today.AddDays(-500):yyyy-MM-dd}");
        Assert.True(await page.Locator(".period [role=alert]").IsVisibleAsync());
        await LookAsync(visitor, $"granted-device-wrong-{language}-{width}");

        await owner.OpenAsync($"/account/devices/{machine.Id}/grants");
        Assert.Equal(3, await owner.Page.Locator("[aria-labelledby=reads] li").CountAsync()); // The lender's looks: the last days (the list, the page and a file of them), the device itself, and other days.
        await LookAsync(owner, $"granting-read-{language}-{width}");
        await owner.PressAsync("button[value=revoke]", "**done=grant-withdrawn*");
        Assert.Equal(0, await owner.Page.Locator(".cards button").CountAsync());

        await owner.Page.FillAsync("#grantee", lender);
        await owner.Page.FillAsync("#from", $"{Today:yyyy-MM-dd}");
        await owner.Page.FillAsync("#until", $"{Today.AddDays(9):yyyy-MM-dd}");
        await owner.PressAsync("button[value=offer]", "**done=granted*");
        Assert.Equal(2, await owner.Page.Locator(".cards > .card").CountAsync());
        await owner.Page.FillAsync("#grantee", "nobody-here");
        await owner.Page.FillAsync("#from", $"{Today:yyyy-MM-dd}");
        await owner.Page.FillAsync("#until", $"{Today.AddDays(9):yyyy-MM-dd}");
        await owner.Page.ClickAsync("button[value=offer]");
        await owner.Page.Locator(".note.bad").WaitForAsync();
        await LookAsync(owner, $"granting-wrong-{language}-{width}");
        Assert.Equal(404, (await visitor.OpenAsync($"/account/devices/{machine.Id}/grants")).Status); // That of others looks like none.
    }

    [Fact]
    public async Task DevicePage_OfANewDevice_WithoutScript_IsWhole()
    {
        var (organisation, key, link) = await AddOrganisationAsync();
        using var machine = await Machine.EnrolAsync(site.BaseUrl, key, $"https://machines.example/{organisation}/new", "New 新车", Cancellation);
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Script = false });
        await JoinAsync(visitor, link);
        await visitor.OpenAsync($"/devices/{machine.Id}");

        Assert.Equal("Not checked", await visitor.ReadVerdictAsync());
        Assert.Contains("Enrolled with its first key by", await visitor.ReadAsync(), StringComparison.Ordinal);
        await ScreenshotTests.TakeAsync(visitor, "device-new-en-390");

        await machine.StateAsync([machine.SignDay(Today.AddDays(-1), 0, 24, 100, 100, 99)], Cancellation);
        await machine.UntilComputedAsync(1, Cancellation);
        await visitor.OpenAsync($"/devices/{machine.Id}");
        Assert.Equal(3, await visitor.Page.Locator("svg.chart:visible").CountAsync());
        Assert.Contains("Not live", await visitor.ReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DevicePage_ForOthers_IsThatOfADeviceThatDoesNotExist()
    {
        var (organisation, key, _) = await AddOrganisationAsync();
        using var machine = await Machine.EnrolAsync(site.BaseUrl, key, $"https://machines.example/{organisation}/hidden", "Hidden", Cancellation);
        var (_, _, link) = await AddOrganisationAsync();
        await using var visitor = await site.WelcomeAsync();
        foreach (var joins in (bool[])[false, true])
        {
            if (joins)
            {
                await JoinAsync(visitor, link);
            }
            var texts = new List<string>();
            foreach (var id in (string[])[machine.Id, new string('A', 43)])
            {
                var response = await visitor.OpenAsync($"/devices/{id}");
                Assert.Equal(404, response.Status);
                texts.Add((await response.TextAsync()).Replace(id, "", StringComparison.Ordinal));
            }
            Assert.Equal(texts[1], texts[0]);
        }
        await LookAsync(visitor, "device-unknown-en-390");
    }

    [Fact]
    public async Task DevicePage_OnPaper_FitsTheSheet()
    {
        const int sheetWidth = 794; // A4 at 96 pixels an inch
        var (organisation, key, link) = await AddOrganisationAsync();
        using var machine = await Machine.EnrolAsync(site.BaseUrl, key, $"https://machines.example/{organisation}/paper", Honest, Cancellation);
        await DescribeAsync(machine, gapDay: 5, turnedDay: 2);
        await using var visitor = await site.WelcomeAsync(new VisitorOptions { Width = sheetWidth });
        await JoinAsync(visitor, link);
        await visitor.OpenAsync($"/devices/{machine.Id}");
        await visitor.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await ScreenshotTests.TakeAsync(visitor, "device-print-en");
        Assert.Equal(0, await visitor.MeasureOverflowAsync());
    }

    private static DateOnly Today => DateOnly.FromDateTime(DateTime.UtcNow);

    /// <summary>Two weeks of readings, one statement a day; from the gap day on three days are missing, and on the turned day the meters are back where they began.</summary>
    private static async Task DescribeAsync(Machine machine, int? gapDay, int? turnedDay)
    {
        var statements = new List<string>();
        var (minutes, metres) = (12_000L, 2_400_000L);
        for (var back = 14; back >= 1; back--)
        {
            if (back == turnedDay)
            {
                (minutes, metres) = (12_100, 2_420_000);
            }
            if (back > gapDay || back <= gapDay - 3 || gapDay is null)
            {
                statements.Add(machine.SignDay(Today.AddDays(-back), 0, 24, minutes, metres, 97.5 - ((14 - back) * 0.1)));
            }
            minutes += 600;
            metres += 120_000;
        }
        await machine.StateAsync(statements, Cancellation);
        await machine.UntilComputedAsync(statements.Count, Cancellation);
    }

    private async Task LookAsync(Visitor visitor, string name)
    {
        await ScreenshotTests.TakeAsync(visitor, name);
        Assert.Equal(0, await visitor.MeasureOverflowAsync());
        await AccessibilityTests.AssertAccessibleAsync(site, visitor);
    }

    private static async Task JoinAsync(Visitor visitor, string link)
    {
        await visitor.OpenAsync(link);
        await visitor.Page.FillAsync("#name", "王芳");
        await visitor.Page.FillAsync("#login", $"fang-{Guid.NewGuid():N}");
        await visitor.Page.FillAsync("#password", "correct horse battery");
        await visitor.PressAsync("main button[type=submit]", "**/account*");
    }

    /// <summary>What the code on the page holds.</summary>
    private async Task<string?> QrAsync(Visitor visitor)
    {
        var source = await visitor.Page.Locator("img.qr").GetAttributeAsync("src") ?? "";
        return await QrReader.ReadAsync(site, Convert.FromBase64String(source[(source.IndexOf(',', StringComparison.Ordinal) + 1)..]), Cancellation);
    }

    /// <summary>The operator's admin adds an organisation with a namespace of its own, and invites its first admin.</summary>
    private async Task<(string Id, string Key, string Link)> AddOrganisationAsync()
    {
        var id = $"fleet-{Guid.NewGuid():N}"[..20];
        var added = await PostAsync(site.AdminKey, "/api/organisations", new { id, name = "West Lake Rental 西湖租赁", roles = new[] { "producer" } });
        var key = added.GetProperty("apiKey").GetString()!; // A created organisation has one.
        await PostAsync(key, "/api/claims", new { kind = "namespace", value = $"https://machines.example/{id}/" });
        var invited = await PostAsync(site.AdminKey, $"/api/organisations/{id}/invitations", new { note = "王芳", role = "admin" });
        return (id, key, invited.GetProperty("link").GetString()!); // A created invitation has one.
    }

    /// <summary>A battery with the public data of its passport, which a bicycle measured.</summary>
    /// <returns>The path of its page.</returns>
    private async Task<string> MakeBatteryAsync(string key, Machine measuring)
    {
        var prefix = $"0952{System.Security.Cryptography.RandomNumberGenerator.GetInt32(2000, 10_000)}";
        await PostAsync(key, "/api/claims", new { kind = "gcp", value = prefix[1..] });
        var digits = prefix + "00001";
        var path = $"/01/{digits}{Core.Identifiers.CheckDigit.Compute(digits)}/21/B1";
        string[] epcList = ["https://id.gs1.org" + path];
        object[] context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", new { tc = "urn:trustchain:ns:" }];
        var (made, inspected) = ($"{Today.AddDays(-15):yyyy-MM-dd}T08:00:00Z", $"{Today.AddDays(-1):yyyy-MM-dd}T08:00:00Z");
        await PostAsync(key, "/epcis/events", new Dictionary<string, object>
        {
            ["@context"] = context,
            ["type"] = "ObjectEvent",
            ["action"] = "ADD",
            ["bizStep"] = "commissioning",
            ["eventTime"] = made,
            ["eventTimeZoneOffset"] = "+00:00",
            ["epcList"] = epcList,
            ["ilmd"] = new Dictionary<string, object>
            {
                ["tc:name"] = "Battery 36 V 电池",
                ["tc:batteryModel"] = "B-36-14",
                ["tc:batteryCategory"] = "LMT",
                ["tc:chemistry"] = "NMC 811",
                ["tc:ratedCapacity"] = 14,
                ["tc:nominalVoltage"] = 36,
                ["tc:expectedCycles"] = 800,
                ["tc:carbonFootprint"] = 71.5,
                ["tc:recycledCobalt"] = 16,
                ["tc:criticalRawMaterials"] = "cobalt, lithium, nickel, natural graphite",
            },
        });
        await PostAsync(key, "/epcis/events", new Dictionary<string, object>
        {
            ["@context"] = context,
            ["type"] = "ObjectEvent",
            ["action"] = "OBSERVE",
            ["bizStep"] = "inspecting",
            ["eventTime"] = inspected,
            ["eventTimeZoneOffset"] = "+00:00",
            ["epcList"] = epcList,
            ["sensorElementList"] = new[]
            {
                new { sensorMetadata = new { deviceID = measuring.Uri, startTime = made, endTime = inspected }, sensorReport = new[] { new { type = "Dimensionless", value = 97, uom = "P1" } } },
            },
        });
        return path;
    }

    private async Task<JsonElement> PostAsync(string key, string path, object body)
    {
        using var client = new HttpClient { BaseAddress = new Uri(site.BaseUrl), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
        using var answer = await client.PostAsJsonAsync(path, body, Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.IsSuccessStatusCode, $"POST {path} answered {(int)answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    [GeneratedRegex("^([23456789A-HJ-NP-Z]{5}-){5}[23456789A-HJ-NP-Z]$")]
    private static partial Regex ClaimCode();
}
