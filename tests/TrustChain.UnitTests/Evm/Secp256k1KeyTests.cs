using System.Globalization;
using System.Numerics;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.UnitTests.Evm;

public sealed class Secp256k1KeyTests
{
    private const string Order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

    public static IEnumerable<TheoryDataRow<string>> Seeds() => Vectors.Rows(() =>
    {
        using var document = Vectors.Read("ethereum/keyaddrtest.json");
        return [.. document.RootElement.EnumerateArray().Select(entry => entry.GetProperty("seed").GetString()!)];
    });

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Key_PublishedVector_HasItsAddress(string seed)
    {
        using var document = Vectors.Read("ethereum/keyaddrtest.json");
        var vector = document.RootElement.EnumerateArray().Single(entry => entry.GetProperty("seed").GetString() == seed);
        var privateKey = RlpTests.Bytes(vector.GetProperty("key"));
        var key = new Secp256k1Key(privateKey);

        // The file's sig_of_emptystring is left out: it is not a signature by this key over the digest of the empty string.
        Assert.Equal(privateKey, Keccak256.Compute(Encoding.UTF8.GetBytes(seed)).ToArray());
        Assert.Equal(RlpTests.Bytes(vector.GetProperty("addr")), key.Address.ToArray());
    }

    // RFC 6979 signatures with SHA-256 that libraries for this curve share as a vector: key 1, "Satoshi Nakamoto".
    [Fact]
    public void Sign_DeterministicVector_GivesItsSignature()
    {
        var key = new Secp256k1Key(Convert.FromHexString(new string('0', 63) + "1"));

        var signature = key.Sign(Hash32.Compute("Satoshi Nakamoto"u8));

        Assert.Equal("934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8", signature.R.ToHex());
        Assert.Equal("2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5", signature.S.ToHex());
    }

    // The private key of the seed "cow" over the Keccak-256 of nothing, as ethers signs it.
    [Fact]
    public void Sign_DigestOfNothing_GivesTheSignatureOfAnIndependentImplementation()
    {
        var signature = new Secp256k1Key(Keccak256.Compute("cow"u8).ToArray()).Sign(Keccak256.Compute([]));

        Assert.Equal("969c6401753252baddcfba4ed7aa993988ed1a4bf5af7f527126d82b4e7ba45c", signature.R.ToHex());
        Assert.Equal("24f291dc14754f97176c24c9842e2b82af72f2c8c8f7a931e0cd4611809007a3", signature.S.ToHex());
        Assert.Equal(1, signature.RecoveryId);
    }

    [Fact]
    public void Sign_ManyDigests_RecoversTheSigner()
    {
        var key = new Secp256k1Key(Keccak256.Compute("a key"u8).ToArray());
        var parities = new HashSet<byte>();
        for (byte i = 0; i < 16; i++)
        {
            var digest = Keccak256.Compute([i]);
            var signature = key.Sign(digest);
            parities.Add(signature.RecoveryId);

            Assert.True(signature.TryRecover(digest, out var signer));
            Assert.Equal(key.Address, signer);
            Assert.True(!signature.TryRecover(Keccak256.Compute([i, i]), out var other) || other != key.Address);
        }
        Assert.Equal(2, parities.Count);
    }

    [Fact]
    public void TryRecover_HighS_Refuses()
    {
        var digest = Keccak256.Compute("x"u8);
        var signature = new Secp256k1Key(digest.ToArray()).Sign(digest);
        var high = Number((Parse(Order) - Parse(signature.S.ToHex())).ToString(CultureInfo.InvariantCulture));

        Assert.False(new Secp256k1Signature(signature.R, high, (byte)(1 - signature.RecoveryId)).TryRecover(digest, out _));
    }

    [Theory]
    [InlineData("0", "1", 0)]
    [InlineData("1", "0", 0)]
    [InlineData(Order, "1", 0)]
    [InlineData("1", Order, 0)]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "1", 0)]
    [InlineData("1", "1", 2)]
    [InlineData("5", "1", 0)] // No point of the curve has this x.
    public void TryRecover_ValuesOutOfRange_Refuses(string r, string s, byte recoveryId)
    {
        var signature = new Secp256k1Signature(FromHex(r), FromHex(s), recoveryId);

        Assert.False(signature.TryRecover(Keccak256.Compute([]), out _));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData(Order)]
    public void Constructor_NumberOutOfRange_Throws(string hex)
    {
        Assert.False(Secp256k1Key.IsInRange(Convert.FromHexString(hex)));
        Assert.Throws<ArgumentException>(() => new Secp256k1Key(Convert.FromHexString(hex)));
    }

    [Fact]
    public void Create_Twice_GivesDifferentKeys() => Assert.NotEqual(Secp256k1Key.Create().Address, Secp256k1Key.Create().Address);

    private static BigInteger Parse(string hex) => BigInteger.Parse("0" + hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static Hash32 FromHex(string hex) => new(Convert.FromHexString(hex.PadLeft(64, '0')));

    private static Hash32 Number(string digits) =>
        FromHex(Convert.ToHexStringLower(BigInteger.Parse(digits, CultureInfo.InvariantCulture).ToByteArray(isUnsigned: true, isBigEndian: true)));
}
