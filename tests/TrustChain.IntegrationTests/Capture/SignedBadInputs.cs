using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>Statements with something wrong in header, signature, key or tree.</summary>
internal static class SignedBadInputs
{
    private const string Origin = OperatorKeys.Origin;

    public static IReadOnlyDictionary<string, BadInput> All { get; } = new Dictionary<string, BadInput>
    {
        ["no JWS"] = Malformed(static s => Jose("abc")),
        ["JWS with an empty signature"] = Malformed(static s => Jose(Good(s)[..(Good(s).LastIndexOf('.') + 1)])),
        ["JWS with a fourth part"] = Malformed(static s => Jose(Good(s) + ".e30")),
        ["JWS with padding"] = Malformed(static s => Jose(Good(s) + "=")),
        ["JWS of 1 MiB and more"] = new(413, "too-large", static s => Jose(Jws.Sign(s.Es256, Statement.DocumentType, Origin, Encoding.UTF8.GetBytes(s.GoodDocument().PadRight(1 << 20))))),
        ["signed by another key"] = Refused(403, "signature-invalid", static s => Jose(SignedByAnother(s))),
        ["signature altered"] = Refused(403, "signature-invalid", static s => Jose(Altered(Good(s), part: 2))),
        ["payload altered"] = Refused(403, "signature-invalid", static s => Jose(Altered(Good(s), part: 1))),
        ["key unknown"] = Refused(403, "key-unknown", static s => Jose(SignedByUnknown(s))),
        ["key revoked"] = Refused(403, "key-revoked", static s => Jose(TestOrganisation.SignDocument(s.Revoked, s.GoodDocument()))),
        ["key of another organisation than the API key"] = Refused(403, "key-unknown", static s => Jose(Good(s)) with { Authorization = "Bearer " + s.Other.ApiKey }),
        ["alg none"] = Malformed(static s => Jose(WithHeader(s, $$"""{"alg":"none","aud":"{{Origin}}","kid":"{{s.Es256.PublicKey.Kid}}","typ":"epcis+jws"}""", static _ => []))),
        ["alg HS256 with the public key as secret"] = Refused(403, "signature-invalid", static s => Jose(WithHeader(
            s, $$"""{"alg":"HS256","aud":"{{Origin}}","kid":"{{s.Es256.PublicKey.Kid}}","typ":"epcis+jws"}""", input => HMACSHA256.HashData(Encoding.UTF8.GetBytes(s.Es256.PublicKey.Jwk), input)))),
        ["alg EdDSA with a P-256 key"] = Refused(403, "signature-invalid", static s => Jose(WithHeader(s, Header("EdDSA", s.Es256), s.EdDsa.Sign))),
        ["alg ES256 with an Ed25519 key"] = Refused(403, "signature-invalid", static s => Jose(WithHeader(s, Header("ES256", s.EdDsa), s.Es256.Sign))),
        ["alg ES256 with an Ed25519 signature"] = Refused(403, "signature-invalid", static s => Jose(WithHeader(s, Header("ES256", s.EdDsa), s.EdDsa.Sign))),
        ["aud of another log"] = Refused(400, "audience-mismatch", static s => Jose(Jws.Sign(s.Es256, Statement.DocumentType, "other.example/log", Encoding.UTF8.GetBytes(s.GoodDocument())))),
        ["aud missing"] = Refused(400, "audience-mismatch", static s => Jose(Jws.Sign(s.Es256, Statement.DocumentType, null, Encoding.UTF8.GetBytes(s.GoodDocument())))),
        ["typ unknown"] = Malformed(static s => Jose(Jws.Sign(s.Es256, "JWT", Origin, Encoding.UTF8.GetBytes(s.GoodDocument())))),
        ["header parameter crit"] = Malformed(static s => Jose(WithExtra(s, "\"crit\":[\"exp\"],\"exp\":\"1\""))),
        ["header parameter b64"] = Malformed(static s => Jose(WithExtra(s, "\"b64\":false"))),
        ["header parameter jwk"] = Malformed(static s => Jose(WithExtra(s, $"\"jwk\":{s.Es256.PublicKey.Jwk}"))),
        ["header parameter jku"] = Malformed(static s => Jose(WithExtra(s, "\"jku\":\"https://evil.example/keys\""))),
        ["header parameter x5u"] = Malformed(static s => Jose(WithExtra(s, "\"x5u\":\"https://evil.example/cert\""))),
        ["header parameter x5c"] = Malformed(static s => Jose(WithExtra(s, "\"x5c\":[\"AAAA\"]"))),
        ["header parameter twice"] = Malformed(static s => Jose(WithExtra(s, "\"alg\":\"ES256\""))),
        ["header of 100,000 characters"] = Malformed(static s => Jose(WithExtra(s, $"\"ex\":\"{new string('x', 100_000)}\""))),
        ["payload is no EPCIS"] = Refused(400, "invalid-events", static s => Jose(TestOrganisation.SignDocument(s.Es256, "{}"))) with { Rule = "not-epcis" },
        ["payload with a bad event"] = Refused(400, "invalid-events", static s => Jose(TestOrganisation.SignDocument(s.Es256, Events.Document(Events.Observation(s.Item).With("action", "1")))))
            with
        { Rule = "wrong-type", Pointer = "/epcisBody/eventList/0/action" },
        ["creation without authority"] = Refused(403, "no-authority", static s => Jose(TestOrganisation.SignDocument(s.Es256, Events.Document(Events.Commissioning(s.Other.NewItem()))))) with { Detail = "event 0" },
        ["root form as application/jose"] = Malformed(static s => Jose(JsonDocument.Parse(GoodRoot(s)).RootElement.GetProperty("statement").GetString()!)),
        ["document form with events beside it"] = Malformed(static s => Root(TestOrganisation.RootBody(Good(s), []))),
        ["envelope is no JSON"] = Malformed(static s => Root(GoodRoot(s)[..^2])),
        ["envelope with a foreign member"] = Malformed(static s => Root(GoodRoot(s)[..^1] + ",\"x\":1}")),
        ["envelope with a member twice"] = Malformed(static s => Root(GoodRoot(s)[..^1] + ",\"events\":[]}")),
        ["envelope nesting bomb"] = Malformed(static s => Root("{\"statement\":\"a\",\"events\":" + new string('[', 200_000))),
        ["envelope with a lone surrogate"] = Malformed(static s => Root("{\"statement\":\"\\ud800\",\"events\":[]}")),
        ["fewer events than signed"] = Malformed(static s => Root(RootOf(s, parts => parts[..1]))),
        ["more events than signed"] = Malformed(static s => Root(RootOf(s, parts => [.. parts, parts[0]]))),
        ["events in another order"] = Malformed(static s => Root(RootOf(s, parts => [parts[1], parts[0]]))) with { Detail = "root" },
        ["salts that do not lead to the root"] = Malformed(static s => Root(RootOf(s, parts => [(new byte[32], parts[0].Event), parts[1]]))) with { Detail = "root" },
        ["event altered"] = Malformed(static s => Root(RootOf(s, parts => [(parts[0].Salt, Encoding.UTF8.GetBytes(Events.Observation(s.Item, "packing").ToJsonString())), parts[1]]))) with { Detail = "root" },
        ["salt of 31 bytes"] = Malformed(static s => Root(RootOf(s, parts => [parts[0], (parts[1].Salt[..31], parts[1].Event)]))) with { Detail = "/events/1" },
        ["count of 0"] = Malformed(static s => Root(SignedRoot(s, "{\"count\":0,\"root\":\"" + new Hash32(new byte[32]).ToBase64Url() + "\"}", []))),
        ["root payload not canonical"] = Malformed(static s => Root(SignedRoot(s, "{\"root\":\"" + new Hash32(new byte[32]).ToBase64Url() + "\",\"count\":1}", []))),
        ["second event bad"] = Refused(400, "invalid-events", static s => Root(TestOrganisation.SignRoot(
            s.Es256, Events.Observation(s.Item).ToJsonString(), Events.Observation(s.Item).With("eventTime", "\"2026-04-05T08:00:00\"").ToJsonString())))
            with
        { Rule = "invalid-time", Pointer = "/eventTime", Event = 1 },
        ["a document among the events"] = Refused(400, "invalid-events", static s => Root(TestOrganisation.SignRoot(s.Es256, s.GoodDocument()))) with { Detail = "event 0" },
        ["two events where one is due"] = Refused(400, "invalid-events", static s => Root(GoodRoot(s)) with { Path = "/epcis/events" }),
        ["root form signed by another key"] = Refused(403, "signature-invalid", static s => Root(GoodRootSignedByAnother(s))),
    };

    private static BadInput Malformed(Func<BadInputScene, BadRequest> request) => new(400, "invalid-statement", request);

    private static BadInput Refused(int status, string code, Func<BadInputScene, BadRequest> request) => new(status, code, request);

    private static BadRequest Jose(string compact) => new("application/jose", compact);

    private static BadRequest Root(string body) => new(TestOrganisation.StatementMediaType, body);

    private static string Good(BadInputScene scene) => TestOrganisation.SignDocument(scene.Es256, scene.GoodDocument());

    private static string GoodRoot(BadInputScene scene) => RootOf(scene, static parts => parts);

    private static string Header(string algorithm, SigningKey key) => $$"""{"alg":"{{algorithm}}","aud":"{{Origin}}","kid":"{{key.PublicKey.Kid}}","typ":"epcis+jws"}""";

    /// <summary>Rightly signed, with further header parameters.</summary>
    private static string WithExtra(BadInputScene scene, string parameters) => WithHeader(scene, $"{Header("ES256", scene.Es256)[..^1]},{parameters}}}", scene.Es256.Sign);

    private static string WithHeader(BadInputScene scene, string header, SignFunction sign)
    {
        var input = $"{Base64UrlText.Encode(Encoding.UTF8.GetBytes(header))}.{Base64UrlText.Encode(Encoding.UTF8.GetBytes(scene.GoodDocument()))}";
        return $"{input}.{Base64UrlText.Encode(sign(Encoding.ASCII.GetBytes(input)))}";
    }

    private delegate byte[] SignFunction(ReadOnlySpan<byte> input);

    private static string SignedByAnother(BadInputScene scene)
    {
        using var another = SigningKey.Generate(SignatureAlgorithms.ES256);
        return WithHeader(scene, Header("ES256", scene.Es256), another.Sign);
    }

    private static string SignedByUnknown(BadInputScene scene)
    {
        using var unknown = SigningKey.Generate(SignatureAlgorithms.ES256);
        return TestOrganisation.SignDocument(unknown, scene.GoodDocument());
    }

    /// <summary>Another character in the middle of one part; it stays base64url.</summary>
    private static string Altered(string compact, int part)
    {
        var parts = compact.Split('.');
        var text = parts[part].ToCharArray();
        text[text.Length / 2] = text[text.Length / 2] == 'A' ? 'B' : 'A';
        parts[part] = new string(text);
        return string.Join('.', parts);
    }

    /// <summary>Two events signed in root form, and others than those sent.</summary>
    private static string RootOf(BadInputScene scene, Func<(byte[] Salt, byte[] Event)[], (byte[] Salt, byte[] Event)[]> send)
    {
        var parts = TwoEvents(scene);
        return TestOrganisation.RootBody(Jws.Sign(scene.Es256, Statement.RootType, Origin, RootPayload(parts)), send(parts));
    }

    private static string GoodRootSignedByAnother(BadInputScene scene)
    {
        using var another = SigningKey.Generate(SignatureAlgorithms.ES256);
        var parts = TwoEvents(scene);
        var input = $"{Base64UrlText.Encode(Encoding.UTF8.GetBytes(Header("ES256", scene.Es256).Replace("epcis+jws", "epcis-root+jws", StringComparison.Ordinal)))}.{Base64UrlText.Encode(RootPayload(parts))}";
        return TestOrganisation.RootBody($"{input}.{Base64UrlText.Encode(another.Sign(Encoding.ASCII.GetBytes(input)))}", parts);
    }

    private static string SignedRoot(BadInputScene scene, string payload, (byte[] Salt, byte[] Event)[] parts) =>
        TestOrganisation.RootBody(Jws.Sign(scene.Es256, Statement.RootType, Origin, Encoding.UTF8.GetBytes(payload)), parts);

    private static (byte[] Salt, byte[] Event)[] TwoEvents(BadInputScene scene) =>
        [.. ((string[])["inspecting", "storing"]).Select(step => (RandomNumberGenerator.GetBytes(32), Encoding.UTF8.GetBytes(Events.Observation(scene.Item, step).ToJsonString())))];

    private static byte[] RootPayload((byte[] Salt, byte[] Event)[] parts) =>
        Statement.RootPayload(parts.Length, MerkleTree.ComputeRoot([.. parts.Select(static p => Statement.ComputeLeaf(p.Salt, p.Event))]));
}
