using System.Text;
using TrustChain.Core.Encryption;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Encryption;

/// <summary>The examples of the standards, typed in.</summary>
public sealed class PublishedVectorTests
{
    [Theory]
    [InlineData("000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF", "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")] // 4.1
    [InlineData("000102030405060708090A0B0C0D0E0F1011121314151617", "00112233445566778899AABBCCDDEEFF", "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D")] // 4.2
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF", "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7")] // 4.3
    [InlineData(
        "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
        "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
        "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")] // 4.6
    public void AesKeyWrap_IsThatOfRfc3394Section4(string key, string plain, string wrapped)
    {
        Assert.Equal(wrapped, Convert.ToHexString(AesKeyWrap.Wrap(Convert.FromHexString(key), Convert.FromHexString(plain))));
        Assert.Equal(plain, Convert.ToHexString(AesKeyWrap.Unwrap(Convert.FromHexString(key), Convert.FromHexString(wrapped))!));
        for (var i = 0; i < wrapped.Length / 2; i++)
        {
            var altered = Convert.FromHexString(wrapped);
            altered[i] ^= 0x10;
            Assert.Null(AesKeyWrap.Unwrap(Convert.FromHexString(key), altered));
        }
    }

    [Fact]
    public void KeyAgreement_IsThatOfRfc7518AppendixC()
    {
        const string alice = """{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0","y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps","d":"0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"}""";
        const string bob = """{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck","d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}""";
        byte[] secret =
        [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        Assert.True(DecryptionKey.TryParse(alice, out var a, out var error), error);
        Assert.True(DecryptionKey.TryParse(bob, out var b, out error), error);
        Assert.Equal(secret, a.Agree(b.PublicKey));
        Assert.Equal(secret, b.Agree(a.PublicKey));
        Assert.Equal("VqqN6vgjbSBcIijNcacQGg", Base64UrlText.Encode(ConcatKdf.Derive(secret, "A128GCM", "Alice"u8, "Bob"u8, 16)));
    }

    [Fact]
    public void ContentEncryption_IsThatOfRfc7516AppendixA1()
    {
        byte[] key =
        [
            177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112, 46, 34, 105, 47, 130, 203, 46, 122, 234, 64, 252,
        ];
        Assert.True(Base64UrlText.TryDecode("48V1_ALb6US04U3b", out var nonce));
        Assert.True(Base64UrlText.TryDecode("5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A", out var cipher));
        Assert.True(Base64UrlText.TryDecode("XFBoMYUZodetZdvTiFvSkQ", out var tag));
        Assert.True(Jwe.TryDecryptContent(key, nonce, cipher, tag, "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ"u8, out var plain));
        Assert.Equal("The true sign of intelligence is not knowledge but imagination.", Encoding.ASCII.GetString(plain));
        Assert.False(Jwe.TryDecryptContent(key, nonce, cipher, tag, "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifR"u8, out _));
    }
}
