using System.Text;
using Org.BouncyCastle.Asn1.GM;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using TrustChain.Core.Signing;
using TrustChain.UnitTests.Verification;

namespace TrustChain.UnitTests.Signing;

/// <summary>SM2 against the standard's example and against Bouncy Castle's implementation, both ways.</summary>
public sealed class Sm2Tests
{
    private const int Rounds = 300;
    private static readonly ECDomainParameters Domain = new(GMNamedCurves.GetByName("sm2p256v1"));

    /// <summary>GB/T 32918.5 annex A.2: recommended curve, default user id, message "message digest".</summary>
    private static class Example
    {
        public const string Secret = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
        public const string X = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020";
        public const string Y = "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
        public const string Nonce = "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21";
        public const string Signature = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
    }

    [Fact]
    public void Example_OfTheStandard_HasItsKeyAndVerifies()
    {
        using var key = SigningKey.FromSecret(SignatureAlgorithms.Sm2, Convert.FromHexString(Example.Secret));
        var (x, y) = (Base64UrlText.Encode(Convert.FromHexString(Example.X)), Base64UrlText.Encode(Convert.FromHexString(Example.Y)));
        Assert.Equal($$"""{"crv":"SM2","kty":"EC","x":"{{x}}","y":"{{y}}"}""", key.PublicKey.Jwk);
        Assert.Equal(SignatureCheck.Valid, key.PublicKey.Verify("message digest"u8, Convert.FromHexString(Example.Signature)));
        Assert.Equal(SignatureCheck.Invalid, key.PublicKey.Verify("message digesT"u8, Convert.FromHexString(Example.Signature)));
    }

    [Fact]
    public void Example_OfTheStandard_IsWhatBouncyCastleSignsWithItsNonce()
    {
        var signer = new SM2Signer(PlainDsaEncoding.Instance, new SM3Digest());
        signer.Init(true, new ParametersWithRandom(PrivateKey(Convert.FromHexString(Example.Secret)), new FixedNonce(Convert.FromHexString(Example.Nonce))));
        signer.BlockUpdate("message digest"u8.ToArray(), 0, 14);
        Assert.Equal(Example.Signature, Convert.ToHexStringLower(signer.GenerateSignature()));
    }

    [Fact]
    public void Signatures_OfRandomKeysAndMessages_AreTheSameToBouncyCastle()
    {
        for (var round = 0; round < Rounds; round++)
        {
            using var key = SigningKey.Generate(SignatureAlgorithms.Sm2);
            using var jwk = System.Text.Json.JsonDocument.Parse(key.ExportPrivateJwk());
            var (secret, x, y) = (Member("d"), Member("x"), Member("y"));
            var message = System.Security.Cryptography.RandomNumberGenerator.GetBytes(round);

            var ours = key.Sign(message);
            var verifier = new SM2Signer(PlainDsaEncoding.Instance, new SM3Digest());
            verifier.Init(false, new ECPublicKeyParameters(Domain.Curve.CreatePoint(new BigInteger(1, x), new BigInteger(1, y)), Domain));
            verifier.BlockUpdate(message, 0, message.Length);
            Assert.True(verifier.VerifySignature(ours), $"key {key.ExportPrivateJwk()}, message {Convert.ToHexString(message)}");

            var signer = new SM2Signer(PlainDsaEncoding.Instance, new SM3Digest());
            signer.Init(true, PrivateKey(secret));
            signer.BlockUpdate(message, 0, message.Length);
            var theirs = signer.GenerateSignature();
            Assert.Equal(SignatureCheck.Valid, key.PublicKey.Verify(message, theirs));
            theirs[round % theirs.Length] ^= 1;
            Assert.Equal(SignatureCheck.Invalid, key.PublicKey.Verify(message, theirs));

            byte[] Member(string name) => Base64UrlText.TryDecode(jwk.RootElement.GetProperty(name).GetString()!, out var bytes) ? bytes : [];
        }
    }

    [Fact]
    public void Signature_UnderAnotherUserId_IsInvalid()
    {
        var signer = new SM2Signer(PlainDsaEncoding.Instance, new SM3Digest());
        signer.Init(true, new ParametersWithID(PrivateKey(Convert.FromHexString(Example.Secret)), "ALICE123@YAHOO.COM"u8.ToArray()));
        signer.BlockUpdate("tea"u8.ToArray(), 0, 3);
        using var key = SigningKey.FromSecret(SignatureAlgorithms.Sm2, Convert.FromHexString(Example.Secret));
        Assert.Equal(SignatureCheck.Invalid, key.PublicKey.Verify("tea"u8, signer.GenerateSignature()));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("00", "00")]
    [InlineData("r", "00")]
    [InlineData("00", "s")]
    [InlineData("r", "n")]
    [InlineData("n", "s")]
    [InlineData("r", "-r")]
    [InlineData("ff", "ff")]
    [InlineData("s", "r")]
    [InlineData("r", "s 00")]
    public void Signature_OutOfRange_IsInvalid(string r, string s)
    {
        using var key = SigningKey.FromSecret(SignatureAlgorithms.Sm2, Convert.FromHexString(Example.Secret));
        var signature = Part(r).Concat(Part(s)).ToArray();
        Assert.Equal(SignatureCheck.Invalid, key.PublicKey.Verify("message digest"u8, signature));

        static byte[] Part(string name) => name switch
        {
            "" => [],
            "r" => Convert.FromHexString(Example.Signature)[..32],
            "s" => Convert.FromHexString(Example.Signature)[32..],
            "s 00" => [.. Convert.FromHexString(Example.Signature)[32..], 0],
            "n" => EllipticCurve.Sm2.Order.ToByteArray(isUnsigned: true, isBigEndian: true),
            "-r" => (EllipticCurve.Sm2.Order - EllipticCurve.Integer(Part("r"))).ToByteArray(isUnsigned: true, isBigEndian: true), // r + s = n is refused by the standard
            _ => [.. Enumerable.Repeat(Convert.FromHexString(name)[0], 32)],
        };
    }

    [Fact]
    public async Task Keys_UsedByManyThreads_AnswerRight()
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.Sm2);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 50; i++)
            {
                var message = Encoding.ASCII.GetBytes($"{thread} says {i}");
                var signature = key.Sign(message);
                Assert.Equal(SignatureCheck.Valid, key.PublicKey.Verify(message, signature));
                Assert.Equal(SignatureCheck.Invalid, key.PublicKey.Verify("something else"u8, signature));
            }
        })));
    }

    private static ECPrivateKeyParameters PrivateKey(byte[] secret) => new(new BigInteger(1, secret), Domain);
}
