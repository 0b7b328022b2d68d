using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Signing;

public sealed class SigningTests
{
    [Theory]
    [InlineData(SignatureAlgorithms.ES256)]
    [InlineData(SignatureAlgorithms.ES256K)]
    [InlineData(SignatureAlgorithms.EdDsa)]
    [InlineData(SignatureAlgorithms.Sm2)]
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

    [Theory]
    [InlineData(SignatureAlgorithms.ES256, "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData(SignatureAlgorithms.ES256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")]
    [InlineData(SignatureAlgorithms.ES256K, "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData(SignatureAlgorithms.ES256K, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    [InlineData(SignatureAlgorithms.Sm2, "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData(SignatureAlgorithms.Sm2, "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122")]
    public void SigningKey_OfAScalarOutsideItsRange_IsRefused(string algorithm, string secret)
    {
        var bytes = Convert.FromHexString(secret);
        Assert.Throws<System.Security.Cryptography.CryptographicException>(() => SigningKey.FromSecret(algorithm, bytes));
        bytes[31] ^= 1; // One beside zero or one below the order is a key again.
        using var key = SigningKey.FromSecret(algorithm, secret.EndsWith('2') ? [.. bytes[..31], 0x21] : bytes);
        Assert.Equal(SignatureCheck.Valid, key.PublicKey.Verify("tea"u8, key.Sign("tea"u8)));
    }

    [Theory]
    [InlineData(SignatureAlgorithms.ES256)]
    [InlineData(SignatureAlgorithms.ES256K)]
    [InlineData(SignatureAlgorithms.Sm2)]
    public void PublicKey_OfAPointOfAnotherCurve_IsRefused(string algorithm)
    {
        using var key = SigningKey.Generate(algorithm);
        using var point = System.Text.Json.JsonDocument.Parse(key.PublicKey.Jwk);
        foreach (var curve in new[] { "P-256", "secp256k1", "SM2" })
        {
            var jwk = key.PublicKey.Jwk.Replace($"\"{point.RootElement.GetProperty("crv").GetString()}\"", $"\"{curve}\"", StringComparison.Ordinal);
            Assert.Equal(jwk == key.PublicKey.Jwk, PublicKey.TryParse(jwk, out _, out var error));
            Assert.Equal(jwk == key.PublicKey.Jwk ? null : $"The JWK's x and y are not a point of {curve}.", error);
        }
    }

    [Theory]
    [InlineData("EC", "P-384")]
    [InlineData("EC", "sm2p256v1")]
    [InlineData("OKP", "secp256k1")]
    [InlineData("RSA", "SM2")]
    public void PublicKey_OfAnotherType_IsRefusedWithTheSupportedOnes(string type, string curve)
    {
        Assert.False(PublicKey.TryParse($$"""{"crv":"{{curve}}","kty":"{{type}}","x":"{{new string('A', 43)}}","y":"{{new string('A', 43)}}"}""", out _, out var error));
        Assert.Contains("use EC with P-256, secp256k1 or SM2, or OKP with Ed25519.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void PublicKey_OnSecp256k1_AcceptsHighAndLowS()
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256K);
        var signature = key.Sign("tea"u8);
        var order = EllipticCurve.Secp256k1.Order;
        var other = (order - EllipticCurve.Integer(signature.AsSpan(32))).ToByteArray(isUnsigned: true, isBigEndian: true);
        byte[] mirrored = [.. signature.AsSpan(0, 32), .. new byte[32 - other.Length], .. other];
        Assert.Equal(SignatureCheck.Valid, key.PublicKey.Verify("tea"u8, signature));
        Assert.Equal(SignatureCheck.Valid, key.PublicKey.Verify("tea"u8, mirrored));
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
        var accepted = Statement.TryParse(compact, out var statement, out _) && statement.Message.Verify(key.PublicKey) == SignatureCheck.Valid;
        Assert.False(accepted);
    }

    [Fact]
    public void Statement_InRootForm_RoundTrips()
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var root = MerkleTree.HashLeaf([1]);
        var compact = Jws.Sign(key, Statement.RootType, "example.org/log", Statement.RootPayload(3, root));
        Assert.True(Statement.TryParse(compact, out var statement, out var error), error);
        Assert.Equal((StatementForm.Root, 3, root, "example.org/log"), (statement.Form, statement.Count, statement.Root, statement.Message.Audience));
        Assert.Equal(SignatureCheck.Valid, statement.Message.Verify(key.PublicKey));
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
