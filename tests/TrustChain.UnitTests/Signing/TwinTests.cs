using System.Globalization;
using System.Numerics;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.UnitTests.Verification;

namespace TrustChain.UnitTests.Signing;

/// <summary>Of an ECDSA signature (r, s) anybody can make the valid (r, n - s); of the others nobody can.</summary>
public sealed class TwinTests
{
    [Theory]
    [InlineData(SignatureAlgorithms.ES256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")]
    [InlineData(SignatureAlgorithms.ES256K, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    public void Twin_OfAnEcdsaSignature_IsValid_AndEachIsTheOthers(string algorithm, string order)
    {
        using var key = SigningKey.Generate(algorithm);
        for (var i = 0; i < 20; i++) // About half of them have a high s, and some differences begin with zeros.
        {
            Assert.True(Jws.TryParse(Jws.Sign(key, "x", null, [(byte)i]), out var one, out _));
            var parts = one.Compact.Split('.');
            Assert.True(Base64UrlText.TryDecode(parts[2], out var signature));
            Mirror(signature, order);
            Assert.True(Jws.TryParse($"{parts[0]}.{parts[1]}.{Base64UrlText.Encode(signature)}", out var other, out _));

            Assert.Equal((SignatureCheck.Valid, SignatureCheck.Valid), (one.Verify(key.PublicKey), other.Verify(key.PublicKey)));
            Assert.NotEqual(one.ComputeDigest(), other.ComputeDigest());
            Assert.Equal((other.ComputeDigest(), one.ComputeDigest()), (one.ComputeTwinDigest()!.Value, other.ComputeTwinDigest()!.Value));
        }
    }

    [Fact]
    public void Twin_OfAStatementInCbor_IsThatWithTheOtherSignature()
    {
        Assert.True(Statement.TryParse(EvidenceVectors.Machines.MeterSaid[1].Statement, out var statement, out _));
        Assert.Equal(SignatureAlgorithms.ES256, statement.Message.Algorithm);
        var bytes = statement.Message.ToBytes();
        Mirror(bytes.AsSpan(bytes.Length - 64), "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
        Assert.True(CoseSign1.TryParse(bytes, out var twin, out _));
        Assert.Equal(SignatureCheck.Valid, twin.Verify(EvidenceVectors.Machines.MeterKey.Key.PublicKey));
        Assert.Equal((Hash32.Compute(bytes), statement.Digest), (statement.Message.ComputeTwinDigest()!.Value, twin.ComputeTwinDigest()!.Value));
    }

    [Theory]
    [InlineData(SignatureAlgorithms.EdDsa)]
    [InlineData(SignatureAlgorithms.Sm2)]
    public void OtherAlgorithms_HaveNone(string algorithm)
    {
        using var key = SigningKey.Generate(algorithm);
        Assert.True(Jws.TryParse(Jws.Sign(key, "x", null, Encoding.ASCII.GetBytes("content")), out var jws, out _));
        Assert.Null(jws.ComputeTwinDigest());
    }

    [Theory]
    [InlineData(64, 0x00)] // s = 0
    [InlineData(64, 0xff)] // s above the order
    [InlineData(63, 0x01)]
    public void SignatureThatIsNone_HasNone(int length, byte value)
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        var signed = Jws.Sign(key, "x", null, [1]);
        var signature = new byte[length];
        Array.Fill(signature, value);
        Assert.True(Jws.TryParse($"{signed[..signed.LastIndexOf('.')]}.{Base64UrlText.Encode(signature)}", out var jws, out _));
        Assert.Null(jws.ComputeTwinDigest());
    }

    private static void Mirror(Span<byte> signature, string order)
    {
        var s = signature[32..];
        var other = (BigInteger.Parse("0" + order, NumberStyles.HexNumber, CultureInfo.InvariantCulture) - new BigInteger(s, isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
        s.Clear();
        other.CopyTo(s[(32 - other.Length)..]);
    }
}
