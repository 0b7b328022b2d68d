using System.Text.Json;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Signing;

public sealed class WycheproofTests
{
    private static readonly string[] OurAlgorithms = ["ES256", "ES256K", "EdDSA"];

    [Theory, MemberData(nameof(P256Cases))]
    public void EcdsaP256_InP1363Form_IsJudgedAsPublished(string id) => Judge("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", id, static key => PointJwk(key, "P-256"));

    [Theory, MemberData(nameof(Secp256k1Cases))]
    public void EcdsaSecp256k1_InP1363Form_IsJudgedAsPublished(string id) =>
        Judge("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json", id, static key => PointJwk(key, "secp256k1"));

    [Theory, MemberData(nameof(Ed25519Cases))]
    public void Ed25519_IsJudgedAsPublished(string id) => Judge("wycheproof/ed25519_test.json", id, static key =>
        $$"""{"kty":"OKP","crv":"Ed25519","x":"{{Base64UrlText.Encode(Convert.FromHexString(key.GetProperty("pk").GetString()!))}}"}""");

    [Theory, MemberData(nameof(JwsCases))]
    public void Jws_IsJudgedAsPublished_OrItsKeyIsNotOfOurAlgorithms(string id)
    {
        var (group, test) = Find("wycheproof/json_web_signature_test.json", id);
        var jwk = group.TryGetProperty("public", out var key) ? key : group.GetProperty("private");
        var verified = Verify(jwk.GetRawText(), test.GetProperty("jws"));
        var ours = jwk.TryGetProperty("alg", out var alg) && OurAlgorithms.Contains(alg.GetString());
        Assert.Equal(ours && test.GetProperty("result").GetString() == "valid", verified);
    }

    [Theory, MemberData(nameof(JwkCases))]
    public void Jwk_OfAnotherTypeUseOrAlgorithm_NeverVerifies(string id)
    {
        var (group, test) = Find("wycheproof/json_web_key_test.json", id);
        var set = group.TryGetProperty("public", out var key) ? key : group.GetProperty("private");
        var verified = set.GetProperty("keys").EnumerateArray().Any(k => Verify(k.GetRawText(), test.GetProperty("jws")));
        var ours = set.GetProperty("keys").EnumerateArray().Any(k => k.TryGetProperty("alg", out var alg) && OurAlgorithms.Contains(alg.GetString()));
        Assert.Equal(ours && test.GetProperty("result").GetString() == "valid", verified);
    }

    public static IEnumerable<TheoryDataRow<string>> P256Cases() => Ids("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");

    public static IEnumerable<TheoryDataRow<string>> Secp256k1Cases() => Ids("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json");

    public static IEnumerable<TheoryDataRow<string>> Ed25519Cases() => Ids("wycheproof/ed25519_test.json");

    public static IEnumerable<TheoryDataRow<string>> JwsCases() => Ids("wycheproof/json_web_signature_test.json");

    public static IEnumerable<TheoryDataRow<string>> JwkCases() => Ids("wycheproof/json_web_key_test.json");

    private static string PointJwk(JsonElement key, string curve)
    {
        var uncompressed = Convert.FromHexString(key.GetProperty("uncompressed").GetString()!);
        return $$"""{"kty":"EC","crv":"{{curve}}","x":"{{Base64UrlText.Encode(uncompressed.AsSpan(1, 32))}}","y":"{{Base64UrlText.Encode(uncompressed.AsSpan(33, 32))}}"}""";
    }

    private static bool Verify(string jwk, JsonElement jws) =>
        PublicKey.TryParse(jwk, out var key, out _)
        && jws.ValueKind == JsonValueKind.String
        && Jws.TryParse(jws.GetString()!, out var parsed, out _)
        && parsed.Verify(key) == SignatureCheck.Valid;

    private static void Judge(string file, string id, Func<JsonElement, string> jwk)
    {
        var (group, test) = Find(file, id);
        Assert.True(PublicKey.TryParse(jwk(group.GetProperty("publicKey")), out var key, out var error), error);
        var check = key.Verify(Convert.FromHexString(test.GetProperty("msg").GetString()!), Convert.FromHexString(test.GetProperty("sig").GetString()!));
        Assert.Equal(test.GetProperty("result").GetString() == "valid" ? SignatureCheck.Valid : SignatureCheck.Invalid, check);
    }

    private static IEnumerable<TheoryDataRow<string>> Ids(string file) => Vectors.Rows(() =>
    {
        using var vectors = Vectors.Read(file);
        return vectors.RootElement.GetProperty("testGroups").EnumerateArray()
            .SelectMany(g => g.GetProperty("tests").EnumerateArray()).Select(t => t.GetProperty("tcId").GetRawText()).ToList();
    });

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, JsonDocument> Files = new();

    private static (JsonElement Group, JsonElement Test) Find(string file, string id)
    {
        var vectors = Files.GetOrAdd(file, Vectors.Read);
        return vectors.RootElement.GetProperty("testGroups").EnumerateArray()
            .SelectMany(g => g.GetProperty("tests").EnumerateArray().Select(t => (g, t)))
            .Single(pair => pair.t.GetProperty("tcId").GetRawText() == id);
    }
}
