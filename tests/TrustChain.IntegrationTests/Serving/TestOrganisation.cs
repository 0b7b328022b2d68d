using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Devnet.Serving;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>An organisation on a running server and what it can send.</summary>
internal sealed class TestOrganisation(RunningServer server, string id, string apiKey, string prefix)
{
    public const string StatementMediaType = "application/vnd.trustchain.statement+json";

    private int _lots;

    public string Id => id;

    public string ApiKey => apiKey;

    /// <summary>GS1 company prefix.</summary>
    public string Prefix => prefix;

    public string Gtin => RunningServer.Gtin(prefix);

    /// <summary>A batch nobody has spoken of.</summary>
    public string NewItem() => $"https://id.gs1.org/01/{Gtin}/10/L{Interlocked.Increment(ref _lots)}";

    /// <summary>Makes a self-held key and registers it; a second one needs the first one's agreement.</summary>
    public async Task<SigningKey> RegisterKeyAsync(string algorithm = SignatureAlgorithms.ES256, SigningKey? agreeing = null)
    {
        var key = SigningKey.Generate(algorithm);
        (await RegisterKeyAsync(key, agreeing)).Expect(201);
        return key;
    }

    public async Task<Answer> RegisterKeyAsync(SigningKey key, SigningKey? agreeing = null, string? vouchedBy = null)
    {
        var payload = KeyEntry.ToAuthorizationPayload(id, key.PublicKey.Kid, await PreviousAsync());
        return await server.PostAsync("/api/keys", new
        {
            jwk = JsonDocument.Parse(key.PublicKey.Jwk).RootElement,
            proof = Jws.Sign(key, KeyEntry.AuthorizationType, null, payload),
            authorization = agreeing is null ? null : Jws.Sign(agreeing, KeyEntry.AuthorizationType, OperatorKeys.Origin, payload),
            vouchedBy,
        }, apiKey);
    }

    /// <summary>Ends a key with the signature of a key of the organisation's own, if one is given.</summary>
    public async Task<Answer> RevokeKeyAsync(SigningKey key, SigningKey? agreeing = null, long? compromisedSince = null, DateTimeOffset? compromisedAt = null)
    {
        var at = compromisedAt is { } moment ? Core.Log.Record.FormatTime(moment) : null;
        var payload = KeyRevocation.ToAuthorizationPayload(id, key.PublicKey.Kid, await PreviousAsync(), compromisedSince, at);
        return await server.PostAsync($"/api/keys/{key.PublicKey.Kid}/revoke", new
        {
            compromisedSince,
            compromisedAt = at,
            authorization = agreeing is null ? null : Jws.Sign(agreeing, KeyEntry.AuthorizationType, OperatorKeys.Origin, payload),
        }, apiKey);
    }

    private async Task<long?> PreviousAsync()
    {
        var previous = (await server.GetAsync("/api/keys", apiKey)).Json.GetProperty("previous");
        return previous.ValueKind == JsonValueKind.Null ? null : previous.GetInt64();
    }

    /// <summary>Plain JSON, signed by the server.</summary>
    public Task<Answer> CaptureAsync(string json, string path = "/epcis/capture") => server.SendAsync(HttpMethod.Post, path, apiKey, Content("application/json", Encoding.UTF8.GetBytes(json)));

    /// <summary>A statement in document form.</summary>
    public Task<Answer> CaptureDocumentAsync(SigningKey key, string json, string path = "/epcis/capture") => SendStatementAsync(SignDocument(key, json), path);

    /// <summary>A statement in root form.</summary>
    public Task<Answer> CaptureRootAsync(SigningKey key, params string[] events) => SendRootAsync(SignRoot(key, events));

    /// <param name="compact">The statement.</param>
    /// <param name="path">Where on the server.</param>
    /// <param name="baseUrl">Another server of the same log.</param>
    public Task<Answer> SendStatementAsync(string compact, string path = "/epcis/capture", string? baseUrl = null) =>
        server.SendAsync(HttpMethod.Post, path, null, Content("application/jose", Encoding.UTF8.GetBytes(compact)), baseUrl: baseUrl);

    public Task<Answer> SendRootAsync(string body, string path = "/epcis/capture") =>
        server.SendAsync(HttpMethod.Post, path, null, Content(StatementMediaType, Encoding.UTF8.GetBytes(body)));

    public static string SignDocument(SigningKey key, string json) => Jws.Sign(key, Statement.DocumentType, OperatorKeys.Origin, Encoding.UTF8.GetBytes(json));

    /// <summary>Body of a statement in root form.</summary>
    public static string SignRoot(SigningKey key, params string[] events)
    {
        var parts = events.Select(static e => (Salt: System.Security.Cryptography.RandomNumberGenerator.GetBytes(32), Event: Encoding.UTF8.GetBytes(e))).ToList();
        Hash32[] leaves = [.. parts.Select(static p => Statement.ComputeLeaf(p.Salt, p.Event))];
        var compact = Jws.Sign(key, Statement.RootType, OperatorKeys.Origin, Statement.RootPayload(leaves.Length, MerkleTree.ComputeRoot(leaves)));
        return RootBody(compact, parts);
    }

    public static string RootBody(string compact, IEnumerable<(byte[] Salt, byte[] Event)> parts) => JsonSerializer.Serialize(new
    {
        statement = compact,
        events = parts.Select(static p => new { salt = Base64UrlText.Encode(p.Salt), @event = Base64UrlText.Encode(p.Event) }),
    });

    public static ByteArrayContent Content(string mediaType, byte[] bytes) => new(bytes) { Headers = { ContentType = MediaTypeHeaderValue.Parse(mediaType) } };
}
