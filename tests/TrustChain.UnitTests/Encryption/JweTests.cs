using System.Text;
using Jose;
using TrustChain.Core.Encryption;
using TrustChain.Core.Signing;
using Jwe = TrustChain.Core.Encryption.Jwe;

namespace TrustChain.UnitTests.Encryption;

public sealed class JweTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(static i => (byte)i)];
    private static readonly DecryptionKey Recipient = DecryptionKey.FromSeed(Key);

    [Fact]
    public void Jwe_UnderASharedKey_IsReadByAnotherLibraryAndByUs()
    {
        var compact = Jwe.Encrypt(Key, "2026-11-26.position", "tea"u8, new KeyValuePair<string, string>("bind", "x"));
        Assert.Equal("tea", JWT.Decode(compact, Key, JweAlgorithm.DIR, JweEncryption.A256GCM));
        Assert.Equal("tea", Decrypt(JWT.Encode("tea", Key, JweAlgorithm.DIR, JweEncryption.A256GCM)));
        Assert.Equal("tea", Decrypt(compact));
        Assert.True(Jwe.TryParse(compact, out var jwe, out var error), error);
        Assert.Equal(("2026-11-26.position", "x", 3), (jwe.Kid, jwe.Find("bind"), jwe.ContentSize));
    }

    [Fact]
    public void Jwe_ToARecipient_IsReadByAnotherLibraryAndByUs()
    {
        var theirs = Jwk.FromJson(Recipient.ExportPrivateJwk(), new JwtSettings().JsonMapper);
        var compact = Jwe.Encrypt(Recipient.PublicKey, "tea"u8);
        Assert.Equal("tea", JWT.Decode(compact, theirs, JweAlgorithm.ECDH_ES_A256KW, JweEncryption.A256GCM));
        Assert.Equal("tea", Decrypt(compact));
        var other = JWT.Encode("tea", theirs, JweAlgorithm.ECDH_ES_A256KW, JweEncryption.A256GCM, extraHeaders: new Dictionary<string, object> { ["kid"] = Recipient.PublicKey.Kid });
        Assert.Equal("tea", Decrypt(other));
    }

    [Fact]
    public void Jwe_WithAnythingAltered_IsNotDecrypted()
    {
        foreach (var compact in (string[])[Jwe.Encrypt(Key, "k", "tea and cake"u8), Jwe.Encrypt(Recipient.PublicKey, "tea and cake"u8)])
        {
            for (var i = 0; i < compact.Length; i++)
            {
                // 'A' and 'Q' differ in a bit that every position of base64url has; a canonical last character stays one.
                var altered = $"{compact[..i]}{(compact[i] == 'A' ? 'Q' : 'A')}{compact[(i + 1)..]}";
                Assert.Null(Decrypt(altered));
            }
        }
    }

    [Fact]
    public void Jwe_UnderAnotherKey_IsNotDecrypted()
    {
        using var other = DecryptionKey.Generate();
        Assert.True(Jwe.TryParse(Jwe.Encrypt(Key, "k", "tea"u8), out var direct, out _));
        Assert.False(direct.TryDecrypt([.. Key[..31], 0], out _));
        Assert.False(direct.TryDecrypt(Key.AsSpan(0, 16), out _));
        Assert.False(direct.TryDecrypt(other, out _));
        Assert.True(Jwe.TryParse(Jwe.Encrypt(Recipient.PublicKey, "tea"u8), out var wrapped, out _));
        Assert.False(wrapped.TryDecrypt(other, out _));
        Assert.False(wrapped.TryDecrypt(Key, out _));
    }

    [Fact]
    public void Jwe_WithAForeignEphemeralKey_IsNotDecrypted()
    {
        using var other = DecryptionKey.Generate();
        var (one, two) = (Jwe.Encrypt(Recipient.PublicKey, "tea"u8).Split('.'), Jwe.Encrypt(Recipient.PublicKey, "tea"u8).Split('.'));
        for (var part = 0; part < 5; part++)
        {
            var mixed = (string[])[.. one];
            mixed[part] = two[part];
            Assert.Null(Decrypt(string.Join('.', mixed)));
        }
    }

    [Theory]
    [InlineData("""{"alg":"dir","enc":"A128GCM"}""", "\"enc\"")]
    [InlineData("""{"alg":"dir"}""", "\"enc\"")]
    [InlineData("""{"alg":"none","enc":"A256GCM"}""", "\"alg\"")]
    [InlineData("""{"alg":"A256KW","enc":"A256GCM"}""", "\"alg\"")]
    [InlineData("""{"alg":"ECDH-ES","enc":"A256GCM"}""", "\"alg\"")]
    [InlineData("""{"alg":"ECDH-ES+A256KW","enc":"A256GCM"}""", "\"epk\"")]
    [InlineData("""{"alg":"dir","enc":"A256GCM","epk":EPK}""", "\"epk\"")]
    [InlineData("""{"alg":"dir","enc":"A256GCM","zip":"DEF"}""", "\"zip\"")]
    [InlineData("""{"alg":"dir","enc":"A256GCM","crit":["exp"]}""", "\"crit\"")]
    [InlineData("""{"alg":"dir","enc":"A256GCM","jwk":{}}""", "\"jwk\"")]
    [InlineData("""{"alg":"dir","enc":"A256GCM","kid":1}""", "\"kid\"")]
    [InlineData("""{"alg":"dir","enc":"A256GCM","alg":"dir"}""", "repeated")]
    [InlineData("""{"alg":"dir","enc":"A256GCM","kid":"\ud800"}""", "JSON")]
    [InlineData("""["alg"]""", "JSON")]
    [InlineData("""{"alg":"ECDH-ES+A256KW","enc":"A256GCM","epk":{"crv":"P-256","kty":"EC","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}""", "\"epk\"")]
    [InlineData("""{"alg":"ECDH-ES+A256KW","enc":"A256GCM","apu":"QQ","epk":EPK}""", "\"apu\"")]
    [InlineData("""{"alg":"ECDH-ES+A256KW","enc":"A256GCM","epk":EPKD}""", "\"epk\"")]
    public void Jwe_WithAHeaderThatIsNotAllowed_IsRefused(string header, string named)
    {
        header = header.Replace("EPKD", Recipient.PublicKey.Jwk.Replace("}", ",\"use\":\"enc\"}", StringComparison.Ordinal), StringComparison.Ordinal)
            .Replace("EPK", Recipient.PublicKey.Jwk, StringComparison.Ordinal);
        var parts = Jwe.Encrypt(Key, "k", "tea"u8).Split('.');
        parts[0] = Base64UrlText.Encode(Encoding.UTF8.GetBytes(header));
        Assert.False(Jwe.TryParse(string.Join('.', parts), out _, out var error));
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Jwe_OfAnotherShape_IsRefused()
    {
        var parts = Jwe.Encrypt(Key, "k", "tea"u8).Split('.');
        Assert.False(Jwe.TryParse(string.Join('.', parts[..4]), out _, out _));
        Assert.False(Jwe.TryParse(string.Join('.', [.. parts, "AA"]), out _, out _));
        Assert.False(Jwe.TryParse(string.Join('.', parts[0], "AA", parts[2], parts[3], parts[4]), out _, out _));
        Assert.False(Jwe.TryParse(string.Join('.', parts[0], "", parts[2] + "AAAA", parts[3], parts[4]), out _, out _));
        Assert.False(Jwe.TryParse(string.Join('.', parts[0], "", parts[2], parts[3], parts[4][..16]), out _, out _));
        Assert.False(Jwe.TryParse(string.Join('.', parts[0], "", parts[2], parts[3] + "=", parts[4]), out _, out _));
        Assert.False(Jwe.TryParse(string.Join('.', parts[0], "", parts[2], new string('A', Jwe.MaxChars), parts[4]), out _, out _));
        Assert.False(Jwe.TryParse("", out _, out _));
    }

    [Fact]
    public void EncryptionKey_OfAnotherUse_IsRefused()
    {
        var jwk = Recipient.PublicKey.Jwk;
        Assert.True(EncryptionKey.TryParse(jwk.Replace("}", ",\"use\":\"enc\",\"alg\":\"ECDH-ES+A256KW\"}", StringComparison.Ordinal), out var key, out _));
        Assert.Equal(Recipient.PublicKey.Kid, key.Kid);
        foreach (var wrong in (string[])
                 [
                     Recipient.ExportPrivateJwk(), jwk.Replace("}", ",\"use\":\"sig\"}", StringComparison.Ordinal), jwk.Replace("}", ",\"alg\":\"ES256\"}", StringComparison.Ordinal),
                     jwk.Replace("P-256", "secp256k1", StringComparison.Ordinal), jwk.Replace("\"x\"", "\"z\"", StringComparison.Ordinal), "[]", "", "{\"a\\ud800\":1}", new string(' ', 8193),
                 ])
        {
            Assert.False(EncryptionKey.TryParse(wrong, out _, out _));
        }
    }

    [Fact]
    public void DecryptionKey_RoundTripsAndRefusesWhatIsNoneOrAnothers()
    {
        Assert.True(DecryptionKey.TryParse(Recipient.ExportPrivateJwk(), out var read, out var error), error);
        Assert.Equal(Recipient.PublicKey.Kid, read.PublicKey.Kid);
        Assert.Equal(Recipient.PublicKey.Kid, DecryptionKey.FromSeed(Key).PublicKey.Kid);
        using var other = DecryptionKey.Generate();
        var mixed = Recipient.ExportPrivateJwk().Split("\"d\":")[0] + "\"d\":" + other.ExportPrivateJwk().Split("\"d\":")[1];
        Assert.False(DecryptionKey.TryParse(mixed, out _, out error));
        Assert.Contains("does not belong", error, StringComparison.Ordinal);
        Assert.False(DecryptionKey.TryParse(Recipient.PublicKey.Jwk, out _, out _));
        Assert.False(DecryptionKey.TryParse(Recipient.PublicKey.Jwk.Replace("}", $",\"d\":\"{new string('A', 43)}\"}}", StringComparison.Ordinal), out _, out _));
    }

    private static string? Decrypt(string compact) =>
        Jwe.TryParse(compact, out var jwe, out _) && (jwe.TryDecrypt(Key, out var plain) || jwe.TryDecrypt(Recipient, out plain)) ? Encoding.UTF8.GetString(plain) : null;
}
