using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Canonical;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Devnet.Serving;

namespace TrustChain.EndToEndTests.Stage;

/// <summary>An electric bicycle with its key, which states its own history over the HTTP API as a firmware would.</summary>
internal sealed class Machine : IDisposable
{
    /// <summary>Seconds between readings, as the template has it.</summary>
    public const int Interval = 300;

    private readonly HttpClient _client;
    private readonly SigningKey _key = SigningKey.Generate(SignatureAlgorithms.ES256);
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(32);
    private readonly string _apiKey;
    private long _next = 1;
    private Hash32? _previous;

    private Machine(string baseUrl, string apiKey, string uri)
    {
        (_client, _apiKey, Uri) = (new HttpClient { BaseAddress = new Uri(baseUrl) }, apiKey, uri);
        Pseudonym = DeviceAct.ComputePseudonym(_salt, uri);
    }

    public string Uri { get; }

    public Hash32 Pseudonym { get; }

    /// <summary>Its id in addresses.</summary>
    public string Id => Pseudonym.ToBase64Url();

    /// <summary>Enrols a bicycle and waits until its key is in the log.</summary>
    public static async Task<Machine> EnrolAsync(string baseUrl, string apiKey, string uri, string name, CancellationToken cancellationToken)
    {
        var machine = new Machine(baseUrl, apiKey, uri);
        await machine.SendAsync("/api/devices", JsonContent.Create(new
        {
            device = uri,
            name,
            template = "e-bike",
            maker = "Radwerk 车轮厂",
            model = "R7",
            serial = "2026-0007",
            salt = Base64UrlText.Encode(machine._salt),
            jwk = JsonDocument.Parse(machine._key.PublicKey.Jwk).RootElement,
            proof = DeviceAct.Prove(machine._key, DeviceActKind.Enrol, machine.Pseudonym, OperatorKeys.Origin),
        }), cancellationToken);
        await machine.UntilAsync("", static json => json.GetProperty("keys")[0].GetProperty("entry").ValueKind == JsonValueKind.Number, cancellationToken);
        return machine;
    }

    /// <summary>Signs one day of readings: the meters at its first reading, from which they rise, and the battery's health.</summary>
    /// <param name="day">The day.</param>
    /// <param name="fromHour">Hour of the first reading.</param>
    /// <param name="untilHour">Hour after the last.</param>
    /// <param name="minutes">Operating time at the first reading.</param>
    /// <param name="metres">Distance at the first reading.</param>
    /// <param name="health">State of health.</param>
    public string SignDay(DateOnly day, int fromHour, int untilHour, long minutes, long metres, double health)
    {
        var start = new DateTimeOffset(day, new TimeOnly(fromHour, 0), TimeSpan.Zero);
        var count = Math.Min((untilHour - fromHour) * 3600 / Interval, (int)((DateTimeOffset.UtcNow - start).TotalSeconds / Interval));
        var elements = new JsonArray();
        var last = "";
        for (var i = 0; i < count; i++)
        {
            var time = start.AddSeconds(i * Interval);
            var isRunning = time.Hour is >= 8 and < 18;
            var worked = (long)Math.Clamp((time.TimeOfDay - TimeSpan.FromHours(8)).TotalMinutes, 0, 600);
            last = Core.Log.Record.FormatTime(time);
            var reports = new JsonArray(
                Report("urn:trustchain:measure:operating-time", minutes + worked, "MIN"),
                Report("Length", metres + (worked * 200), "MTR"),
                new JsonObject { ["type"] = "urn:trustchain:measure:running", ["booleanValue"] = isRunning });
            if (i == count - 1)
            {
                reports.Add(Report("urn:trustchain:measure:state-of-health", health, "P1"));
                reports.Add(Report("urn:trustchain:measure:battery-level", 64, "P1"));
            }
            elements.Add(new JsonObject { ["sensorMetadata"] = new JsonObject { ["time"] = last }, ["sensorReport"] = reports });
        }
        return Sign(elements, last);
    }

    /// <summary>Signs one reading of now.</summary>
    public string SignNow(long metres)
    {
        var now = Core.Log.Record.FormatTime(DateTimeOffset.UtcNow);
        return Sign(new JsonArray(new JsonObject { ["sensorMetadata"] = new JsonObject { ["time"] = now }, ["sensorReport"] = new JsonArray(Report("Length", metres, "MTR")) }), now);
    }

    /// <summary>Sends statements.</summary>
    public async Task StateAsync(IReadOnlyList<string> statements, CancellationToken cancellationToken)
    {
        foreach (var some in statements.Chunk(20))
        {
            var content = JsonContent.Create(new { statements = some });
            content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.trustchain.telemetry+json");
            var answer = await SendAsync("/api/devices/statements", content, cancellationToken);
            Assert.All(answer.GetProperty("results").EnumerateArray(), static r => Assert.True(r.GetProperty("status").GetInt32() == 201, r.GetRawText()));
        }
    }

    /// <summary>Waits until so many of its days are computed.</summary>
    public Task UntilComputedAsync(int days, CancellationToken cancellationToken) =>
        UntilAsync("/history", json => json.GetProperty("buckets").GetArrayLength() >= days, cancellationToken);

    public void Dispose()
    {
        _key.Dispose();
        _client.Dispose();
    }

    private string Sign(JsonArray elements, string eventTime)
    {
        var e = new JsonObject
        {
            ["@context"] = new JsonArray("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"),
            ["type"] = "ObjectEvent",
            ["eventTime"] = eventTime,
            ["eventTimeZoneOffset"] = "+00:00",
            ["epcList"] = new JsonArray(Uri),
            ["action"] = "OBSERVE",
            ["sensorElementList"] = elements,
        };
        var compact = Jws.Sign(
            _key, Statement.TelemetryType, OperatorKeys.Origin, Encoding.UTF8.GetBytes(e.ToJsonString()), new TelemetryHeader(Uri, _next, _previous, 1, DateTimeOffset.UtcNow).ToMembers());
        (_next, _previous) = (_next + 1, Hash32.Compute(Encoding.ASCII.GetBytes(compact)));
        return compact;
    }

    private static JsonObject Report(string type, double value, string unit) => new() { ["type"] = type, ["value"] = value, ["uom"] = unit };

    private async Task UntilAsync(string part, Func<JsonElement, bool> isSo, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 600; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/devices/{Id}{part}") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", _apiKey) } };
            using var answer = await _client.SendAsync(request, cancellationToken);
            answer.EnsureSuccessStatusCode();
            if (isSo(await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)))
            {
                return;
            }
            await Task.Delay(100, cancellationToken);
        }
        Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"GET /api/devices/{Id}{part} did not come to answer as awaited."));
    }

    private async Task<JsonElement> SendAsync(string path, HttpContent content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content, Headers = { Authorization = new AuthenticationHeaderValue("Bearer", _apiKey) } };
        using var answer = await _client.SendAsync(request, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"POST {path} answered {(int)answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
