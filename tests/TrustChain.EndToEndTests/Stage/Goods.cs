using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TrustChain.EndToEndTests.Stage;

/// <summary>What a producer, a laboratory and a shop state over the HTTP API before anybody scans: a tea with its journey, and one that is recalled.</summary>
internal sealed class Goods : IDisposable
{
    public const string Name = "西湖龙井 Longjing green tea";
    public const string Origin = "浙江杭州 Hangzhou, Zhejiang";
    public const string Producer = "狮峰茶园合作社 Shifeng Tea Cooperative";
    public const string Shop = "湖滨茶庄 Lakeside Tea Shop";

    /// <summary>Path of the item with a whole journey.</summary>
    public const string Tea = "/01/09520123456788/10/L1";

    /// <summary>Statements and notices about it.</summary>
    public const int TeaEntries = 5;

    /// <summary>Statements and notices about the recalled item.</summary>
    public const int RecalledEntries = 2;

    /// <summary>Path of the recalled item.</summary>
    public const string Recalled = "/01/09520123456788/10/L2";

    /// <summary>Path of an item that nobody registered.</summary>
    public const string Unknown = "/01/09520123456788/10/NOBODY";

    /// <summary>Path of an item whose check digit is wrong.</summary>
    public const string Mistyped = "/01/09520123456789/10/L1";

    private const string Context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
    private const string Domain = "https://id.gs1.org";

    private readonly HttpClient _client;

    private string _garden = "";

    private Goods(string baseUrl) => _client = new HttpClient { BaseAddress = new Uri(baseUrl) };

    /// <summary>Registers everything.</summary>
    public static async Task<Goods> RegisterAsync(string baseUrl, string adminKey, CancellationToken cancellationToken)
    {
        var goods = new Goods(baseUrl);
        var garden = goods._garden = await goods.AddOrganisationAsync("garden", Producer, "producer", adminKey, cancellationToken);
        var laboratory = await goods.AddOrganisationAsync("laboratory", "省茶叶检测中心 Provincial Tea Laboratory", "certifier", adminKey, cancellationToken);
        var shop = await goods.AddOrganisationAsync("shop", Shop, "retailer", adminKey, cancellationToken);
        await goods.PostAsync(garden, "/api/claims", new { kind = "gcp", value = "952012" }, cancellationToken);
        foreach (var lot in (string[])["L1", "L2"])
        {
            await goods.RegisterBatchAsync(lot, cancellationToken);
        }
        await goods.PostAsync(garden, "/epcis/capture", Document(Pluck()), cancellationToken);
        var report = await goods.UploadAsync(laboratory, cancellationToken);
        await goods.PostAsync(laboratory, "/epcis/capture", Document(Inspect(report)), cancellationToken);
        await goods.PostAsync(shop, "/epcis/capture", Document(Sell()), cancellationToken);
        await goods.PostAsync(
            laboratory,
            "/api/certificates",
            new { item = Domain + Tea, type = "organic", name = "有机产品认证 Organic product", number = "CN-2026-0815", validFrom = "2026-01-01T00:00:00Z", validUntil = "2099-01-01T00:00:00Z", document = report },
            cancellationToken);
        await goods.PostAsync(
            garden,
            "/api/recalls",
            new { item = Domain + Recalled, reason = "农药残留超标 Pesticide residues above the limit", instructions = "请退回购买处。Return it to where you bought it." },
            cancellationToken);
        return goods;
    }

    /// <summary>Registers one more batch of the tea; its path ends in the lot.</summary>
    public Task RegisterBatchAsync(string lot, CancellationToken cancellationToken) => PostAsync(
        _garden,
        "/api/batches",
        new { gtin = "09520123456788", lot, name = Name, origin = Origin, variety = "龙井43 Longjing 43", quantity = 20, unit = "KGM", producedAt = "2026-04-03T09:12:00+08:00" },
        cancellationToken);

    /// <summary>Registers a batch in which every text is this one, and recalls it.</summary>
    public async Task RegisterBatchOfTextAsync(string lot, string text, CancellationToken cancellationToken)
    {
        await PostAsync(_garden, "/api/batches", new { gtin = "09520123456788", lot, name = text, origin = text, variety = text, quantity = 20, unit = "KGM", producedAt = "2026-04-03T09:12:00+08:00" }, cancellationToken);
        await PostAsync(_garden, "/api/recalls", new { item = $"{Domain}/01/09520123456788/10/{lot}", reason = text, instructions = text }, cancellationToken);
    }

    public void Dispose() => _client.Dispose();

    private static JsonObject Document(JsonObject e) => new()
    {
        ["@context"] = new JsonArray(Context, new JsonObject { ["tc"] = "urn:trustchain:ns:" }),
        ["type"] = "EPCISDocument",
        ["schemaVersion"] = "2.0",
        ["creationDate"] = "2026-04-10T00:00:00Z",
        ["epcisBody"] = new JsonObject { ["eventList"] = new JsonArray(e) },
    };

    private static JsonObject Observe(string step, string time, string place, string placeName) => new()
    {
        ["type"] = "ObjectEvent",
        ["action"] = "OBSERVE",
        ["bizStep"] = step,
        ["eventTime"] = time,
        ["eventTimeZoneOffset"] = "+08:00",
        ["quantityList"] = new JsonArray(new JsonObject { ["epcClass"] = Domain + Tea, ["quantity"] = 20, ["uom"] = "KGM" }),
        ["readPoint"] = new JsonObject { ["id"] = place, ["tc:name"] = placeName },
    };

    private static JsonObject Pluck()
    {
        var e = Observe("urn:trustchain:tea:step:plucking", "2026-04-03T06:30:00+08:00", "geo:30.2246,120.1017", "狮峰山 Shifeng hill");
        e["sensorElementList"] = new JsonArray(new JsonObject
        {
            ["sensorMetadata"] = new JsonObject { ["time"] = "2026-04-03T06:30:00+08:00" },
            ["sensorReport"] = new JsonArray(
                new JsonObject { ["type"] = "Temperature", ["value"] = 14.5, ["uom"] = "CEL" },
                new JsonObject { ["type"] = "RelativeHumidity", ["value"] = 82, ["uom"] = "P1" }),
        });
        return e;
    }

    private static JsonObject Inspect(string report)
    {
        var e = Observe("inspecting", "2026-04-06T10:00:00+08:00", "geo:30.2591,120.1300", "检测中心 Laboratory");
        e["tc:document"] = report;
        return e;
    }

    private static JsonObject Sell() => Observe("retail_selling", "2026-04-09T15:45:00+08:00", "geo:30.2490,120.1600", "湖滨店 Lakeside shop");

    private async Task<string> AddOrganisationAsync(string id, string name, string role, string adminKey, CancellationToken cancellationToken)
    {
        var answer = await PostAsync(adminKey, "/api/organisations", new { id, name, roles = new[] { role }, template = "tea" }, cancellationToken);
        return answer.GetProperty("apiKey").GetString()!; // The answer has it.
    }

    private async Task<string> UploadAsync(string key, CancellationToken cancellationToken)
    {
        using var content = new StringContent("Residues: none found.\n", new MediaTypeHeaderValue("text/plain"));
        var answer = await SendAsync(key, $"/api/documents?kind=inspection-report&name={Uri.EscapeDataString("检验报告 Inspection report.txt")}", content, cancellationToken);
        return answer.GetProperty("digest").GetString()!; // The answer has it.
    }

    private async Task<JsonElement> PostAsync(string key, string path, object body, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(body);
        return await SendAsync(key, path, content, cancellationToken);
    }

    private async Task<JsonElement> SendAsync(string key, string path, HttpContent content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await _client.SendAsync(request, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"POST {path} answered {(int)answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
