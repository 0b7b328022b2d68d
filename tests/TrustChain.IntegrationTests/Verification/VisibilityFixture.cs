using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.IntegrationTests.Devices;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Verification;

/// <summary>A server with one public and one private event, document and the like, and everybody who may ask for them.</summary>
public sealed class VisibilityFixture(SharedStack stack) : IAsyncLifetime
{
    /// <summary>Stands in the private event and document and nowhere else.</summary>
    internal const string Secret = "nobody-else-may-read-this";

    private readonly Dictionary<Reader, TestOrganisation> _readers = [];
    private RunningServer? _server;
    private Core.Signing.SigningKey? _key;
    private string _request = "";
    private string _device = "";

    internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    internal TestOrganisation Owner => _readers[Reader.Owner];

    internal Core.Signing.SigningKey OwnerKey => _key ?? throw new InvalidOperationException("The server has not started.");

    internal IReadOnlyList<ReadRoute> Routes { get; private set; } = [];

    /// <summary>Routes that list what the caller may read: something of the public event for everybody, something of the private one for its parties.</summary>
    internal IReadOnlyList<ReadList> Lists { get; private set; } = [];

    /// <summary>Routes that answer with what is the caller's own: nobody else's answer may hold the marker, and anonymous callers get 401.</summary>
    internal IReadOnlyList<(string Template, string Marker)> OwnLists { get; private set; } = [];

    internal Task<Answer> GetAsync(Reader reader, string path, string? accept = null) => Server.GetAsync(path, ApiKeyOf(reader), accept);

    internal string? ApiKeyOf(Reader reader) => reader == Reader.Anonymous ? null : _readers[reader].ApiKey;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        foreach (var reader in (Reader[])[Reader.Owner, Reader.Partner, Reader.Stranger])
        {
            _readers.Add(reader, await Server.AddOrganisationAsync("tea"));
        }
        _readers.Add(Reader.Pretender, await Server.AddOrganisationAsync("tea", verified: false));
        var key = _key = await Owner.RegisterKeyAsync();
        var (publicEvent, publicJob) = await CaptureAsync(key, Event(Events.PublicStep, 1, "open"));
        var (privateEvent, privateJob) = await CaptureAsync(key, Event(Events.PrivateStep, 2, Secret));
        await CaptureAsync(key, OfType("https://types.example/open", Events.PublicStep, 1));
        await CaptureAsync(key, OfType($"https://types.example/{Secret}", Events.PrivateStep, 2));
        (await Server.PostAsync("/epcis/queries", new { name = "own-query", query = new Dictionary<string, string[]> { ["EQ_action"] = ["OBSERVE"] } }, Owner.ApiKey)).Expect(201);
        var subscription = (await Server.PostAsync("/epcis/queries/own-query/subscriptions", new { dest = "https://erp.example.org/epcis-events", schedule = new { month = "1" } }, Owner.ApiKey)).Expect(201).Text("subscriptionID");
        var documents = new Subjects(await UploadAsync("inspection-report", "open"), await UploadAsync("contract", Secret), new string('a', 64));
        var (batch, certificate, recall) = await RegisterThingsAsync();
        await Server.GetCoveringCheckpointAsync();

        Reader[] parties = [Reader.Owner, Reader.Partner];
        Reader[] owner = [Reader.Owner];
        var events = new Subjects(publicEvent, privateEvent, "ni:///sha-256;" + new string('a', 64) + "?ver=CBV2.0").Escaped();
        var gtin = ItemKind.All[0];
        var items = new Subjects(gtin.Uri(Owner.Prefix, 1), gtin.Uri(Owner.Prefix, 2), gtin.Uri(Owner.Prefix, 3)).Escaped();
        Routes =
        [
            new("/epcis/events/{eventID}", static e => $"/epcis/events/{e}", events, parties),
            new("/epcis/events/{eventID}", static e => $"/epcis/events/{e}", events, parties) { Accept = "application/xml" },
            new("/epcis/events", static e => $"/epcis/events?EQ_eventID={e}", events, parties),
            new("/epcis/events", static e => $"/epcis/events?hash={e}", events, parties),
            new("/epcis/queries/{queryName}/events", static e => $"/epcis/queries/SimpleEventQuery/events?EQ_eventID={e}", events, parties),
            .. EpcisResources("epcs", "epc", items, parties),
            .. EpcisResources("readPoints", "readPoint", Named("https://places.example/"), parties),
            .. EpcisResources("bizLocations", "bizLocation", Named("https://sites.example/"), parties),
            .. EpcisResources("dispositions", "disposition", Named("urn:test:disp:"), parties),
            .. EpcisResources("eventTypes", "eventType", Named("https://types.example/"), parties),
            .. EpcisResources("bizSteps", "bizStep", new Subjects(Events.PublicStep, Events.PrivateStep, "urn:trustchain:tea:step:none").Escaped(), parties),
            new("/epcis/queries/{queryName}", static q => $"/epcis/queries/{q}", new Subjects("own-query", "own-query", "no-query"), owner) { MaySeePublic = owner },
            new("/epcis/queries/{queryName}/events", static q => $"/epcis/queries/{q}/events", new Subjects("own-query", "own-query", "no-query"), owner) { MaySeePublic = owner },
            new("/epcis/queries/{queryName}/subscriptions", static q => $"/epcis/queries/{q}/subscriptions", new Subjects("own-query", "own-query", "no-query"), owner) { MaySeePublic = owner },
            new("/epcis/queries/{queryName}/subscriptions/{subscriptionID}", static s => $"/epcis/queries/own-query/subscriptions/{s}", new Subjects(subscription, subscription, Guid.Empty.ToString()), owner) { MaySeePublic = owner },
            new("/epcis/capture/{captureID}", static c => $"/epcis/capture/{c}", new Subjects(publicJob, privateJob, new string('a', 64)), owner) { MaySeePublic = owner },
            new("/api/organisations/{id}/api-keys", static id => $"/api/organisations/{id}/api-keys", new Subjects(Owner.Id, Owner.Id, "no-company"), owner) { MaySeePublic = owner },
            new("/api/organisations/{id}/members", static id => $"/api/organisations/{id}/members", new Subjects(Owner.Id, Owner.Id, "no-company"), owner) { MaySeePublic = owner },
            new("/api/organisations/{id}/audit", static id => $"/api/organisations/{id}/audit", new Subjects(Owner.Id, Owner.Id, "no-company"), owner) { MaySeePublic = owner },
            new("/evidence", static e => $"/evidence?event={e}", events, parties),
            new("/evidence", static i => $"/evidence?item={i}", items, parties),
            new("/evidence", static i => $"/evidence?item={i}&trace=true", items, parties),
            new("/item", static i => $"/item?uri={i}", items, parties),
            new("/item", static i => $"/item?uri={i}", items, parties) { Accept = "application/ld+json" },
            new("/api/documents/{digest}", static d => $"/api/documents/{d}", documents, owner),
            .. ItemKind.All.SelectMany(kind => ItemPages(kind, parties)),
            .. await GrantRoutesAsync(owner),
        ];
        Lists =
        [
            new("/epcis/events", "https://places.example/open", parties), new("/epcis/readPoints", "https://places.example/open", parties),
            new("/epcis/bizLocations", "https://sites.example/open", parties), new("/epcis/dispositions", "urn:test:disp:open", parties),
            new("/epcis/eventTypes", "https://types.example/open", parties), new("/epcis/epcs", gtin.Uri(Owner.Prefix, 1), parties) { Private = gtin.Uri(Owner.Prefix, 2) },
            new("/epcis/bizSteps", Events.PublicStep, parties) { Private = Events.PrivateStep },
        ];
        OwnLists =
        [
            ("/epcis/capture", privateJob), ("/epcis/queries", "own-query"),
            ("/api/batches", batch), ("/api/certificates", certificate), ("/api/recalls", recall), ("/api/grants", _request), ("/api/keys", key.PublicKey.Kid),
            ("/api/devices", _device), ("/api/device-alarms", "foreign-device"), ("/api/device-alarms/hooks", "hooks.example.com"), ("/api/claims", $"\"{Owner.Prefix}\""),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        _key?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    /// <summary>A device with a grant to the owner's partner, and a request of the owner's own for a device that is not there.</summary>
    private async Task<IReadOnlyList<ReadRoute>> GrantRoutesAsync(Reader[] owner)
    {
        using var device = await TestDevice.EnrolAsync(Server, Owner);
        var grant = await GrantTests.GiveAsync(Server, device, await Server.AddOrganisationAsync(), GrantTests.Terms());
        _request = (await Server.PostAsync("/api/grants", new { device = "urn:test:no-device", terms = GrantTests.Terms() }, Owner.ApiKey)).Expect(202).Text("grant");
        (await device.SendAsync(device.Event(DateTimeOffset.UtcNow.AddMinutes(-5), 1, 10))).Expect(201);
        await Server.GetCoveringCheckpointAsync();
        // A statement in another device's name is refused and raises an alarm.
        (await device.SendAsync(device.SignAs(device.Event(DateTimeOffset.UtcNow.AddMinutes(-5), 1, 10), 1, null, device: "urn:test:other-device"))).ExpectProblem(403, "device-mismatch");
        (await Server.PostAsync("/api/device-alarms/hooks", new { dest = "https://hooks.example.com/alarms" }, Owner.ApiKey)).Expect(201);
        _device = device.Id;
        using var encryption = Core.Encryption.DecryptionKey.Generate();
        (await Server.PostAsync("/api/encryption-keys", new { jwk = JsonDocument.Parse(encryption.PublicKey.Jwk).RootElement }, Owner.ApiKey)).Expect(201);
        var (devices, grants) = (new Subjects(device.Id, device.Id, new string('A', 43)), new Subjects(grant, grant, new string('A', 22)));
        Reader[] everyOrganisation = [Reader.Owner, Reader.Partner, Reader.Pretender, Reader.Stranger];
        return
        [
            new("/devices/{id}", static id => $"/devices/{id}", devices, owner) { MaySeePublic = owner },
            new("/api/devices/{id}", static id => $"/api/devices/{id}", devices, owner) { MaySeePublic = owner },
            new("/api/devices/{id}/history", static id => $"/api/devices/{id}/history", devices, owner) { MaySeePublic = owner },
            new("/api/devices/{id}/statements", static id => $"/api/devices/{id}/statements", devices, owner) { MaySeePublic = owner },
            new("/api/devices/{id}/verdicts", static id => $"/api/devices/{id}/verdicts", devices, owner) { MaySeePublic = owner },
            new("/api/devices/{id}/evidence", static id => $"/api/devices/{id}/evidence", devices, owner) { MaySeePublic = owner },
            new("/api/devices/{id}/grants", static id => $"/api/devices/{id}/grants", devices, owner) { MaySeePublic = owner },
            new("/api/devices/{id}/grants/{grant}", g => $"{device.Path}/grants/{g}", grants, owner) { MaySeePublic = owner },
            new("/api/devices/{id}/accesses", static id => $"/api/devices/{id}/accesses", devices, owner) { MaySeePublic = owner },
            new("/api/devices/{id}/day-keys", static id => $"/api/devices/{id}/day-keys", devices, owner) { MaySeePublic = owner },
            new("/api/devices/{id}/readings", static id => $"/api/devices/{id}/readings?day=2026-04-05", devices, owner) { MaySeePublic = owner },
            new("/api/grants/{grant}", static g => $"/api/grants/{g}", new Subjects(_request, _request, new string('A', 22)), owner) { MaySeePublic = owner },
            new("/api/encryption-keys/{code}", static code => $"/api/encryption-keys/{code}", new Subjects(Owner.Id, Owner.Id, "no-company"), everyOrganisation) { MaySeePublic = everyOrganisation },
        ];
    }

    private static Subjects Named(string start) => new Subjects(start + "open", start + Secret, start + "elsewhere").Escaped();

    private static IEnumerable<ReadRoute> EpcisResources(string name, string parameter, Subjects subjects, Reader[] parties) =>
    [
        new($"/epcis/{name}/{{{parameter}}}", value => $"/epcis/{name}/{value}", subjects, parties),
        new($"/epcis/{name}/{{{parameter}}}/events", value => $"/epcis/{name}/{value}/events", subjects, parties),
        new($"/epcis/{name}/{{{parameter}}}/events", value => $"/epcis/{name}/{value}/events", subjects, parties) { Accept = "application/xml" },
    ];

    private IEnumerable<ReadRoute> ItemPages(ItemKind kind, Reader[] parties)
    {
        var subjects = new Subjects(kind.Value(Owner.Prefix, 1), kind.Value(Owner.Prefix, 2), kind.Value(Owner.Prefix, 3));
        foreach (var name in (string[])[kind.Number, kind.ShortName])
        {
            yield return new($"/{name}/{{rest}}", value => $"/{name}/{value}", subjects, parties);
            yield return new($"/{name}/{{rest}}", value => $"/{name}/{value}", subjects, parties) { Accept = "application/ld+json" };
        }
    }

    /// <summary>An event of a type of its own.</summary>
    private JsonObject OfType(string type, string step, int n)
    {
        var e = Event(step, n, n == 1 ? "open" : Secret);
        e["type"] = type;
        e["eventTime"] = "2026-04-06T08:00:00.000+08:00";
        return e;
    }

    /// <summary>One event about an item of every kind, with partner and pretender as destinations.</summary>
    private JsonObject Event(string step, int n, string note)
    {
        var e = Events.Observation("urn:test:unused", step);
        e.Remove("quantityList");
        e["epcList"] = new JsonArray([.. ItemKind.All.Select(kind => (JsonNode)kind.Uri(Owner.Prefix, n))]);
        e["readPoint"] = new JsonObject { ["id"] = $"https://places.example/{note}" };
        e["bizLocation"] = new JsonObject { ["id"] = $"https://sites.example/{note}" };
        e["disposition"] = $"urn:test:disp:{note}";
        e["destinationList"] = new JsonArray(
            new JsonObject { ["type"] = "owning_party", ["destination"] = ItemKind.All[3].Uri(_readers[Reader.Partner].Prefix, 1) },
            new JsonObject { ["type"] = "possessing_party", ["destination"] = ItemKind.All[3].Uri(_readers[Reader.Pretender].Prefix, 1) });
        return e;
    }

    private async Task<(string EventId, string Job)> CaptureAsync(Core.Signing.SigningKey key, JsonObject e)
    {
        var answer = (await Owner.CaptureRootAsync(key, e.ToJsonString())).Expect(202);
        return (answer.Json.GetProperty("events")[0].GetProperty("eventID").GetString()!, answer.Text("captureID"));
    }

    private async Task<string> UploadAsync(string kind, string text)
    {
        var answer = await Server.SendAsync(HttpMethod.Post, $"/api/documents?kind={kind}&name=a.txt", Owner.ApiKey, TestOrganisation.Content("text/plain", Encoding.UTF8.GetBytes(text)));
        return answer.Expect(201).Text("url").Split('/')[^1];
    }

    private async Task<(string Batch, string Certificate, string Recall)> RegisterThingsAsync()
    {
        var batch = (await Server.PostAsync("/api/batches", new { gtin = Owner.Gtin, lot = "OWN-LOT", name = "Spring tea" }, Owner.ApiKey)).Expect(201).Text("item");
        var certificate = (await Server.PostAsync("/api/certificates", new
        {
            item = batch,
            name = "Organic",
            type = "organic",
            validFrom = "2026-01-01T00:00:00Z",
            validUntil = "2027-01-01T00:00:00Z",
        }, Owner.ApiKey)).Expect(201).Text("id");
        var recall = (await Server.PostAsync("/api/recalls", new { item = batch, reason = "mould", instructions = "return it" }, Owner.ApiKey)).Expect(201).Text("id");
        return (JsonSerializer.Serialize(batch), certificate, recall);
    }
}
