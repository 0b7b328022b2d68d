using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Signing;

public sealed class SigningTests
{
    [Theory]
    [InlineData(SignatureAlgorithms.ES256)]
    [InlineData(SignatureAlgorithms.EdDsa)]
    public void SigningKey_ExportedAndRead_SignsWhatItsPublicHalfVerifies(string algorithm)
    {
        using var key = SigningKey.Generate(algorithm);
        Assert.True(SigningKey.TryParse(key.ExportPrivateJwk(), out var read, out var error), error);
        var signature = read.Sign("tea"u8);
        Assert.Equal(SignatureCheck.Valid, key.PublicKey.Verify("tea"u8, signature));
        Assert.Equal(SignatureCheck.Invalid, key.PublicKey.Verify("tee"u8, signature));
        Assert.Equal(key.PublicKey.Kid, read.PublicKey.Kid);
    }

    [Fact]
    public void Thumbprint_IsThatOfRfc8037AppendixA3()
    {
        const string jwk = """{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}""";
        Assert.True(PublicKey.TryParse(jwk, out var key, out _));
        Assert.Equal("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", key.Kid);
    }

    [Fact]
    public void SigningKey_WhoseSecretIsOfAnotherKey_IsRefused()
    {
        using var one = SigningKey.Generate(SignatureAlgorithms.ES256);
        using var two = SigningKey.Generate(SignatureAlgorithms.ES256);
        var mixed = one.ExportPrivateJwk().Replace(one.ExportPrivateJwk().Split("\"d\":")[1], two.ExportPrivateJwk().Split("\"d\":")[1], StringComparison.Ordinal);
        Assert.False(SigningKey.TryParse(mixed, out _, out var error));
        Assert.Contains("does not belong", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"alg":"none","kid":"K","typ":"epcis-root+jws"}""")]
    [InlineData("""{"alg":"ES256","kid":"K","typ":"epcis-root+jws","crit":["exp"]}""")]
    [InlineData("""{"alg":"ES256","kid":"K","typ":"epcis-root+jws","jwk":{}}""")]
    [InlineData("""{"alg":"ES256","kid":"K","typ":"epcis-root+jws","b64":"false"}""")]
    [InlineData("""{"alg":"ES256","kid":"K","typ":"epcis-root+jws","jku":"https://a"}""")]
    [InlineData("""{"alg":"ES256","kid":"K","typ":"epcis-root+jws","x5c":"a"}""")]
    [InlineData("""{"alg":"ES256","kid":"K","typ":"epcis-root+jws","alg":"ES256"}""")]
    [InlineData("""{"alg":"ES256","kid":"K","typ":"epcis-root+jws","exp":"1"}""")]
    [InlineData("""{"alg":"ES256","kid":"K","typ":"JWT"}""")]
    [InlineData("""{"alg":"ES256","typ":"epcis-root+jws"}""")]
    [InlineData("""{"alg":"HS256","kid":"K","typ":"epcis-root+jws"}""")]
    [InlineData("""["alg"]""")]
    public void Statement_WithAHeaderThatIsNotAllowed_IsRefusedOrDoesNotVerify(string header)
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        var payload = Statement.RootPayload(1, MerkleTree.HashLeaf([1]));
        var signed = $"{Base64UrlText.Encode(Encoding.UTF8.GetBytes(header.Replace("K", key.PublicKey.Kid, StringComparison.Ordinal)))}.{Base64UrlText.Encode(payload)}";
        var compact = $"{signed}.{Base64UrlText.Encode(key.Sign(Encoding.ASCII.GetBytes(signed)))}";
        var accepted = Statement.TryParse(compact, out var statement, out _) && statement.Jws.Verify(key.PublicKey) == SignatureCheck.Valid;
        Assert.False(accepted);
    }

    [Fact]
    public void Statement_InRootForm_RoundTrips()
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var root = MerkleTree.HashLeaf([1]);
        var compact = Jws.Sign(key, Statement.RootType, "example.org/log", Statement.RootPayload(3, root));
        Assert.True(Statement.TryParse(compact, out var statement, out var error), error);
        Assert.Equal((StatementForm.Root, 3, root, "example.org/log"), (statement.Form, statement.Count, statement.Root, statement.Jws.Audience));
        Assert.Equal(SignatureCheck.Valid, statement.Jws.Verify(key.PublicKey));
    }

    [Theory]
    [InlineData("""{"count":0,"root":"R"}""")]
    [InlineData("""{"count":1001,"root":"R"}""")]
    [InlineData("""{"root":"R","count":1}""")]
    [InlineData("""{"count":1,"root":"R" }""")]
    [InlineData("""{"count":1.0,"root":"R"}""")]
    [InlineData("""{"count":1,"root":"R","x":1}""")]
    [InlineData("""{"count":1,"root":"AA"}""")]
    [InlineData("""not json""")]
    public void Statement_WithAnotherRootPayload_IsRefused(string payload)
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var bytes = Encoding.UTF8.GetBytes(payload.Replace("R", MerkleTree.HashLeaf([1]).ToBase64Url(), StringComparison.Ordinal));
        Assert.False(Statement.TryParse(Jws.Sign(key, Statement.RootType, null, bytes), out _, out _));
    }

    [Fact]
    public void EncryptedKeyFile_OpensWithItsPassPhraseAlone()
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var file = EncryptedKeyFile.Encrypt(key.ExportPrivateJwk(), "correct horse");
        Assert.Equal(key.ExportPrivateJwk(), EncryptedKeyFile.Decrypt(file, "correct horse"));
        Assert.Throws<System.Security.Cryptography.CryptographicException>(() => EncryptedKeyFile.Decrypt(file, "correct house"));
        for (var part = 0; part < 5; part++)
        {
            var parts = file.Split('.');
            parts[part] = (parts[part][0] == 'A' ? 'B' : 'A') + parts[part][1..];
            Assert.Throws<System.Security.Cryptography.CryptographicException>(() => EncryptedKeyFile.Decrypt(string.Join('.', parts), "correct horse"));
        }
    }

    [Theory]
    [InlineData("QQ", true)]
    [InlineData("QR", false)]
    [InlineData("QUI", true)]
    [InlineData("QUJ", false)]
    [InlineData("QUJD", true)]
    [InlineData("QQ==", false)]
    [InlineData("Q", false)]
    [InlineData("Q Q", false)]
    [InlineData("Q+/=", false)]
    [InlineData("", true)]
    public void Base64Url_AcceptsOnlyTheCanonicalForm(string text, bool accepted) => Assert.Equal(accepted, Base64UrlText.TryDecode(text, out _));

    [Fact]
    public void Base64Url_OfADigest_WithUnusedBitsOrStrayCharacters_IsRefused()
    {
        var text = MerkleTree.HashLeaf([1]).ToBase64Url();
        Assert.True(Hash32.TryParseBase64Url(text, out var hash));
        Assert.Equal(MerkleTree.HashLeaf([1]), hash);
        foreach (var last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ")
        {
            var other = text[..^1] + last;
            Assert.Equal("AEIMQUYcgkosw048".Contains(last, StringComparison.Ordinal), Hash32.TryParseBase64Url(other, out _));
        }
        Assert.False(Hash32.TryParseBase64Url(" " + text[1..], out _));
    }
}
