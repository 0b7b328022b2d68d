using System.Net;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Devices;

/// <summary>
/// The service as far as a device sees it: one device with a claim code. It takes every statement that is well-formed and signed, and fails the test that
/// shows it two contents under one number. Answers can be prepared instead.
/// </summary>
internal sealed class StubService : HttpMessageHandler
{
    public const string Origin = "log.example/devices";
    public const string Device = "https://id.gs1.org/8004/9521321AP-1";
    public const string Claim = "CLAIM-1";

    public static readonly Hash32 Pseudonym = DeviceAct.ComputePseudonym(new byte[32], Device);

    private readonly Queue<Func<HttpRequestMessage, HttpResponseMessage?>> _prepared = new();
    private readonly Lock _lock = new();

    /// <summary>The device's entries, as the log would have them.</summary>
    public DeviceHistory History { get; } = new();

    /// <summary>Compact statements by the key and number they were taken under, in the order of arrival.</summary>
    public List<(string Kid, long Sequence, string Compact)> Taken { get; } = [];

    /// <summary>The service's encryption key.</summary>
    public DecryptionKey EncryptionKey { get; } = DecryptionKey.Generate();

    /// <summary>The device's template, as the claim code names it and the service gives it; null: it names none.</summary>
    public string? Template { get; set; }

    /// <summary>Which wrapped day keys it refuses, and with them all that come together with them; null for none.</summary>
    public Func<WrappedDayKey, bool>? RefusesKey { get; set; }

    /// <summary>Wrapped day keys that the device brought, in the order of arrival.</summary>
    public List<WrappedDayKey> DayKeys { get; } = [];

    /// <summary>Method and path of every request.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Why two contents came under one number; null while none did.</summary>
    public string? Fork { get; private set; }

    /// <summary>Whether the claim was used.</summary>
    public bool IsClaimed { get; private set; }

    /// <summary>Answers the next request in its own way; where that gives null, as always, but the answer is lost.</summary>
    public void Prepare(Func<HttpRequestMessage, HttpResponseMessage?> answer) => _prepared.Enqueue(answer);

    public void Prepare(HttpStatusCode status, string body = "{}", TimeSpan? retryAfter = null) => Prepare(_ =>
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent(body) };
        response.Headers.RetryAfter = retryAfter is { } wait ? new(wait) : null;
        return response;
    });

    /// <summary>The answer to one request.</summary>
    public (int Status, string Body) Answer(string method, string path, string? type, string body, byte[]? content = null)
    {
        lock (_lock)
        {
            Requests.Add($"{method} {path}");
            switch (method, path)
            {
                case ("GET", $"/api/devices/claim/{Claim}") when !IsClaimed:
                    return (200, $$"""{"device":"{{Device}}","pseudonym":"{{Pseudonym.ToBase64Url()}}","origin":"{{Origin}}","name":"One"{{(Template is null ? "" : ",\"template\":\"machine\"")}}}""");
                case ("GET", "/api/devices/templates/machine") when Template is not null:
                    return (200, Template);
                case ("POST", "/api/devices/claim") when !IsClaimed:
                    return TakeClaim(body);
                case ("GET", "/api/devices/encryption-key"):
                    return (200, $$"""{"kid":"{{EncryptionKey.PublicKey.Kid}}","jwk":{{EncryptionKey.PublicKey.Jwk}}}""");
                case ("POST", var keys) when keys == $"/api/devices/{Pseudonym.ToBase64Url()}/day-keys":
                    Assert.Equal("application/jose", type);
                    return TakeKeys(body);
                case ("POST", "/epcis/events") when type == "application/cose":
                    return Take(SignedMessage.ToText(content)); // Given with this type.
                case ("POST", "/epcis/events"):
                    Assert.Equal("application/jose", type);
                    return Take(body);
                case ("POST", "/api/devices/statements"):
                    Assert.Equal("application/vnd.trustchain.telemetry+json", type);
                    return TakeBatch(body);
                case ("GET", var standing) when standing == $"/api/devices/{Pseudonym.ToBase64Url()}/standing":
                    return History.Last is null ? (404, "{}") : (200, $$"""{"kid":"{{History.Current?.Key.Kid}}","organisation":"{{History.Owner}}","previous":{{History.Last}}}""");
                case ("POST", var acts) when acts == $"/api/devices/{Pseudonym.ToBase64Url()}/acts":
                    return Rotate(body);
                default:
                    return (404, "{}");
            }
        }
    }

    /// <summary>All statements are there without a gap, each naming the one before; their readings in order.</summary>
    public List<DateTimeOffset> RequireWhole()
    {
        Assert.Null(Fork);
        var times = new List<DateTimeOffset>();
        foreach (var key in Taken.DistinctBy(static t => (t.Kid, t.Sequence)).GroupBy(static t => t.Kid))
        {
            string? previous = null;
            var expected = 1L;
            foreach (var (_, sequence, compact) in key.OrderBy(static t => t.Sequence))
            {
                Assert.Equal(expected++, sequence);
                Assert.True(Statement.TryParse(compact, out var statement, out var error), error);
                Assert.Equal(previous, statement.Telemetry!.Previous?.ToBase64Url()); // A telemetry statement has it.
                previous = statement.Digest.ToBase64Url();
                using var json = JsonDocument.Parse(statement.Message.Payload);
                times.AddRange(json.RootElement.GetProperty("sensorElementList").EnumerateArray().Select(static e => e.GetProperty("sensorMetadata").GetProperty("time").GetDateTimeOffset()));
            }
        }
        return times;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var lost = false;
        if (_prepared.TryDequeue(out var prepared))
        {
            if (prepared(request) is { } response)
            {
                Requests.Add($"{request.Method} {request.RequestUri!.AbsolutePath}");
                return response;
            }
            lost = true;
        }
        var content = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var (status, text) = Answer(request.Method.Method, request.RequestUri!.AbsolutePath, request.Content?.Headers.ContentType?.MediaType, Encoding.UTF8.GetString(content), content);
        return lost ? throw new HttpRequestException("The connection broke.") : new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(text) };
    }

    private (int, string) TakeClaim(string body)
    {
        using var json = JsonDocument.Parse(body);
        Assert.Equal(Claim, json.RootElement.GetProperty("claim").GetString());
        Assert.True(PublicKey.TryParse(json.RootElement.GetProperty("jwk"), out var key, out var error), error);
        var proof = json.RootElement.GetProperty("proof").GetString()!; // Fails as null.
        if (DeviceAct.VerifyProof(proof, key, DeviceActKind.Enrol, Pseudonym, Origin) != SignatureCheck.Valid)
        {
            return (403, "{}");
        }
        IsClaimed = true;
        History.Apply(7, new DeviceAct { Act = DeviceActKind.Enrol, Device = Pseudonym, Organisation = "garden", Key = key, Proof = proof });
        return (201, "{}");
    }

    private (int, string) TakeKeys(string compact)
    {
        Assert.True(Jws.TryParse(compact, out var jws, out var error), error);
        Assert.Equal(("day-keys+jws", Origin, 4), (jws.Type, jws.Audience, jws.HeaderNames.Count));
        Assert.Equal(SignatureCheck.Valid, jws.Verify(History.Current!.Key)); // Enrolled before.
        using var json = JsonDocument.Parse(jws.Payload);
        Assert.Equal(1, json.RootElement.GetPropertyCount());
        var brought = new List<WrappedDayKey>();
        foreach (var key in json.RootElement.GetProperty("keys").EnumerateArray())
        {
            Assert.True(WrappedDayKey.TryParse(key.GetString()!, out var wrapped, out error), error); // Fails as null.
            brought.Add(wrapped);
        }
        if (RefusesKey is { } refuses && brought.FindIndex(k => refuses(k)) is >= 0 and var at)
        {
            return (400, $$"""{"code":"invalid-request","detail":"/keys/{{at}}: The recipient is nobody whose grant covers {{brought[at].Name}}."}""");
        }
        DayKeys.AddRange(brought);
        return (201, "{}");
    }

    private (int, string) Rotate(string compact)
    {
        Assert.True(Jws.TryParse(compact, out var jws, out var error), error);
        Assert.Equal((DeviceAct.Type, Origin), (jws.Type, jws.Audience));
        Assert.Equal(4, jws.HeaderNames.Count);
        using var payload = JsonDocument.Parse(jws.Payload);
        Assert.True(DeviceAct.TryParse(payload.RootElement, out var act));
        Assert.Equal(Encoding.UTF8.GetString(act.ToJcs()), Encoding.UTF8.GetString(jws.Payload.Span));
        Assert.Equal(SignatureCheck.Valid, act.VerifyProof(Origin));
        var current = History.Current!; // Enrolled before.
        Assert.Equal(SignatureCheck.Valid, jws.Verify(current.Key));
        var index = History.Last!.Value + 5; // Enrolled before.
        Assert.Null(History.FindFault(index, act, new DeviceSigner.ByDevice(jws.Kid!, current.Entry))); // It verified by kid.
        History.Apply(index, act);
        return (200, "{}");
    }

    private (int, string) Take(string compact)
    {
        if (!Statement.TryParse(compact, out var statement, out var error) || statement.Telemetry is not { } header)
        {
            return (400, $$"""{"code":"invalid-statement","detail":"{{error}}"}""");
        }
        Assert.Equal((Origin, Device), (statement.Message.Audience, header.Device));
        var key = History.Keys.FirstOrDefault(k => k.Key.Kid == statement.Message.Kid);
        if (key is null || key.EndedBy is not null || statement.Message.Verify(key.Key) != SignatureCheck.Valid)
        {
            return (403, """{"code":"key-unknown","detail":"no such key"}""");
        }
        var read = EpcisReader.Read(statement.Message.Payload, EpcisReadOptions.Default);
        Assert.True(read.IsValid, string.Join('\n', read.Faults));
        Assert.Equal(EpcisDocumentKind.Event, read.Kind);
        if (Taken.FirstOrDefault(t => t.Kid == key.Key.Kid && t.Sequence == header.Sequence && t.Compact != compact) is { Compact: not null })
        {
            Fork = $"Number {header.Sequence} came with two contents.";
        }
        Taken.Add((key.Key.Kid, header.Sequence, compact));
        return (201, $$"""{"statement":"{{statement.Digest.ToHex()}}","receipt":"r.{{header.Sequence}}.s"}""");
    }

    private (int, string) TakeBatch(string body)
    {
        using var json = JsonDocument.Parse(body);
        var statements = json.RootElement.GetProperty("statements").EnumerateArray().Select(static s => s.GetString()!).ToList(); // Fails as null.
        Assert.InRange(statements.Count, 1, 100);
        Assert.True(body.Length <= 8 << 20);
        return (200, $$"""{"results":[{{string.Join(',', statements.Select(Take).Select(static r => r.Item1 == 201 ? $$"""{"status":201,"capture":{{r.Item2}}}""" : $$"""{"status":{{r.Item1}},"problem":{{r.Item2}}}"""))}}]}""");
    }
}
