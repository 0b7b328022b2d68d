using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.DeviceClient;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Serving;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>A device with its key and its numbering, as a firmware would keep them.</summary>
internal sealed class TestDevice : IDisposable
{
    /// <summary>The template that it follows, unless told otherwise: hours and state of a machine, and its position, encrypted.</summary>
    public const string Template = "aerial-platform";

    private static int _serial;

    private readonly RunningServer _server;
    private Hash32? _previous;

    private TestDevice(RunningServer server, TestOrganisation owner)
    {
        (_server, Owner) = (server, owner);
        Uri = string.Create(CultureInfo.InvariantCulture, $"https://id.gs1.org/8004/{owner.Prefix}M{Interlocked.Increment(ref _serial)}");
        Key = SigningKey.Generate(SignatureAlgorithms.ES256);
    }

    public TestOrganisation Owner { get; }

    public string Uri { get; }

    public SigningKey Key { get; private set; }

    /// <summary>Its pseudonym: its id in addresses.</summary>
    public string Id { get; private set; } = "";

    public string Salt { get; private set; } = "";

    /// <summary>Number of the next statement.</summary>
    public long Next { get; set; } = 1;

    public string Path => $"/api/devices/{Id}";

    public JsonElement Jwk => JsonDocument.Parse(Key.PublicKey.Jwk).RootElement;

    /// <summary>A device of an organisation, enrolled with its key and in the log.</summary>
    public static async Task<TestDevice> EnrolAsync(RunningServer server, TestOrganisation owner, string template = Template)
    {
        var device = new TestDevice(server, owner);
        (await device.EnrolAsync(template)).Expect(201);
        await device.UntilLoggedAsync();
        return device;
    }

    /// <summary>
    /// A device that was enrolled when its template had another version, which no new device gets: the row in the database is the one that the release of then wrote. To be called before the
    /// device says anything.
    /// </summary>
    public static async Task<TestDevice> EnrolEarlierAsync(RunningServer server, TestOrganisation owner, string template)
    {
        var device = await EnrolAsync(server, owner, template);
        await using var command = server.Database.CreateCommand("update device set template = $1 where uri = $2 and template <> $1");
        command.Parameters.Add(new() { Value = template });
        command.Parameters.Add(new() { Value = device.Uri });
        Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)); // Else there is no earlier version.
        return device;
    }

    /// <summary>A device that nobody has registered.</summary>
    public static TestDevice Make(RunningServer server, TestOrganisation owner) => new(server, owner);

    public async Task<Answer> EnrolAsync(string template = Template, string? apiKey = null, object? attestation = null)
    {
        var salt = System.Security.Cryptography.RandomNumberGenerator.GetBytes(32);
        var pseudonym = DeviceAct.ComputePseudonym(salt, Uri);
        (Salt, Id) = (Base64UrlText.Encode(salt), pseudonym.ToBase64Url());
        return await _server.PostAsync("/api/devices", new
        {
            device = Uri,
            name = "Scissor lift 7",
            template,
            maker = "Liftworks",
            model = "S-10",
            serial = "0007",
            salt = Salt,
            jwk = Jwk,
            proof = Prove(DeviceActKind.Enrol),
            attestation,
        }, apiKey ?? Owner.ApiKey);
    }

    /// <summary>Learns the names of a device that was registered without a key.</summary>
    public void Learn(Answer registered) => (Id, Salt) = (registered.Text("id"), registered.Text("salt"));

    public string Prove(DeviceActKind act, SigningKey? key = null) => DeviceAct.Prove(key ?? Key, act, Pseudonym, OperatorKeys.Origin);

    public Hash32 Pseudonym => Hash32.TryParseBase64Url(Id, out var pseudonym) ? pseudonym : throw new InvalidOperationException("The device is not registered.");

    /// <summary>Waits until every entry of the device is in the log.</summary>
    public Task UntilLoggedAsync() => Eventually.TrueAsync("device entry in the log", async () =>
        (await _server.GetAsync(Path, Owner.ApiKey)).Expect(200).Json.GetProperty("keys").EnumerateArray().All(static k => k.GetProperty("entry").ValueKind == JsonValueKind.Number));

    /// <summary>Goes on with another key: a new numbering.</summary>
    public void Take(SigningKey key) => (Key, Next, _previous) = (key, 1, null);

    /// <summary>Readings of operating hours, one a minute.</summary>
    /// <param name="from">Time of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="hours">The meter at the first, kept in whole minutes; it goes on with the time.</param>
    public JsonObject Event(DateTimeOffset from, int count, double hours) => Event(Enumerable.Range(0, count).Select(i => (from.AddMinutes(i), hours + (i / 60.0))));

    public JsonObject Event(IEnumerable<(DateTimeOffset Time, double Hours)> readings)
    {
        var elements = new JsonArray();
        var last = "";
        foreach (var (time, hours) in readings)
        {
            last = Record.FormatTime(time);
            elements.Add(new JsonObject
            {
                ["sensorMetadata"] = new JsonObject { ["time"] = last },
                ["sensorReport"] = new JsonArray(
                    new JsonObject { ["type"] = "urn:trustchain:measure:operating-time", ["value"] = (long)Math.Round(hours * 60), ["uom"] = "MIN" },
                    new JsonObject { ["type"] = "urn:trustchain:measure:running", ["booleanValue"] = true }),
            });
        }
        return new JsonObject
        {
            ["@context"] = new JsonArray(Events.Context),
            ["type"] = "ObjectEvent",
            ["eventTime"] = last,
            ["eventTimeZoneOffset"] = "+00:00",
            ["epcList"] = new JsonArray(Uri),
            ["action"] = "OBSERVE",
            ["sensorElementList"] = elements,
        };
    }

    /// <summary>Signs the next statement and counts on.</summary>
    public string Sign(JsonObject e, DateTimeOffset? clock = null)
    {
        var compact = SignAs(e, Next, _previous, clock: clock);
        Next++;
        _previous = Digest(compact);
        return compact;
    }

    /// <summary>Signs a statement with any numbering, without counting on.</summary>
    public string SignAs(JsonObject e, long sequence, Hash32? previous, long boot = 1, DateTimeOffset? clock = null, SigningKey? key = null, string? device = null, string? audience = OperatorKeys.Origin) => Jws.Sign(
        key ?? Key,
        Statement.TelemetryType,
        audience,
        Encoding.UTF8.GetBytes(e.ToJsonString()),
        new TelemetryHeader(device ?? Uri, sequence, previous, boot, clock ?? DateTimeOffset.UtcNow).ToMembers());

    /// <summary>Signs the next statement in CBOR, as the device client does, and counts on.</summary>
    /// <param name="from">Time of the first reading.</param>
    /// <param name="count">Readings, one a minute, as those of <see cref="Event(DateTimeOffset, int, double)"/>.</param>
    /// <param name="hours">The meter at the first.</param>
    /// <param name="alter">Changes the payload before it is signed.</param>
    /// <returns>The COSE_Sign1 in base64url.</returns>
    public string SignCbor(DateTimeOffset from, int count, double hours, Func<byte[], byte[]>? alter = null)
    {
        var measurements = Enumerable.Range(0, count).SelectMany(i => (Measurement[])
        [
            Measurement.Number(from.AddMinutes(i), "urn:trustchain:measure:operating-time", (decimal)Math.Round(hours * 60) + i, "MIN"),
            Measurement.Flag(from.AddMinutes(i), "urn:trustchain:measure:running", true),
        ]).ToList();
        var payload = TelemetryCbor.WriteEvent(Uri, measurements);
        var message = TelemetryCbor.Sign(new ClientKey(Key), OperatorKeys.Origin, Uri, Next, _previous?.ToArray(), 1, DateTimeOffset.UtcNow, alter?.Invoke(payload) ?? payload);
        if (alter is null)
        {
            Next++;
            _previous = Hash32.Compute(message);
        }
        return Base64UrlText.Encode(message);
    }

    private sealed class ClientKey(SigningKey key) : IDeviceKey
    {
        public string PublicJwk => key.PublicKey.Jwk;

        public byte[] Sign(byte[] data) => key.Sign(data);
    }

    /// <summary>Digest of the statement before the next one.</summary>
    public Hash32? Previous => _previous;

    public static Hash32 Digest(string statement) => Hash32.Compute(statement.Contains('.', StringComparison.Ordinal) ? Encoding.ASCII.GetBytes(statement) : BytesOf(statement));

    /// <summary>The COSE_Sign1 that stands in base64url.</summary>
    public static byte[] BytesOf(string text) => Base64UrlText.TryDecode(text, out var bytes) ? bytes : throw new ArgumentException("This is no base64url.", nameof(text));

    public Task<Answer> SendAsync(string compact) => Owner.SendStatementAsync(compact, "/epcis/events");

    /// <summary>Sends a COSE_Sign1 as it is.</summary>
    public Task<Answer> SendCborAsync(byte[] message, string path = "/epcis/events", string type = "application/cose; cose-type=\"cose-sign1\"")
    {
        var content = new ByteArrayContent(message);
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(type);
        return _server.SendAsync(HttpMethod.Post, path, null, content);
    }

    /// <summary>Signs and sends the next statement.</summary>
    public async Task<Answer> SendAsync(JsonObject e) => await SendAsync(Sign(e));

    public void Dispose() => Key.Dispose();
}
