using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC.Multiplier;
using TrustChain.Core.Log;

namespace TrustChain.Evm.Keys;

/// <summary>A private key of an Ethereum account. Safe for use by several threads.</summary>
public sealed class Secp256k1Key
{
    /// <summary>Length of the private key in bytes.</summary>
    public const int Size = 32;

    private readonly BigInteger _d;

    /// <summary>Takes the 32 big-endian bytes of a private key.</summary>
    /// <exception cref="ArgumentException">Not 32 bytes, or not a number from 1 to the curve's order less one.</exception>
    public Secp256k1Key(ReadOnlySpan<byte> privateKey)
    {
        if (!IsInRange(privateKey))
        {
            throw new ArgumentException($"A private key is {Size} bytes: a number from 1 to the order of the curve less one.", nameof(privateKey));
        }
        _d = new BigInteger(1, privateKey.ToArray());
        var point = new FixedPointCombMultiplier().Multiply(Secp256k1Curve.Generator, _d).Normalize();
        Address = Address.FromPublicKey(point.GetEncoded(compressed: false));
    }

    /// <summary>The account the key controls.</summary>
    public Address Address { get; }

    /// <summary>A new random key.</summary>
    public static Secp256k1Key Create()
    {
        Span<byte> bytes = stackalloc byte[Size];
        do
        {
            RandomNumberGenerator.Fill(bytes);
        }
        while (!IsInRange(bytes));
        var key = new Secp256k1Key(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return key;
    }

    /// <summary>True when the constructor takes these bytes.</summary>
    public static bool IsInRange(ReadOnlySpan<byte> privateKey)
    {
        if (privateKey.Length != Size)
        {
            return false;
        }
        var number = new BigInteger(1, privateKey.ToArray());
        return number.SignValue > 0 && number.CompareTo(Secp256k1Curve.Order) < 0;
    }

    /// <summary>Signs a 32-byte digest with the deterministic nonce of RFC 6979 (HMAC-SHA-256); s is in the lower half of the order (EIP-2).</summary>
    public Secp256k1Signature Sign(Hash32 digest)
    {
        var order = Secp256k1Curve.Order;
        var message = digest.ToArray();
        var z = new BigInteger(1, message);
        var nonces = new HMacDsaKCalculator(new Sha256Digest());
        nonces.Init(order, _d, message);
        while (true)
        {
            var k = nonces.NextK();
            var point = new FixedPointCombMultiplier().Multiply(Secp256k1Curve.Generator, k).Normalize();
            var r = point.AffineXCoord.ToBigInteger();
            // An x at or above the order would need a recovery id of 2 or 3, which a transaction cannot carry; it happens once in 2^128.
            if (r.SignValue == 0 || r.CompareTo(order) >= 0)
            {
                continue;
            }
            var s = k.ModInverse(order).Multiply(z.Add(r.Multiply(_d))).Mod(order);
            if (s.SignValue == 0)
            {
                continue;
            }
            var isOdd = point.AffineYCoord.TestBitZero();
            if (s.CompareTo(Secp256k1Curve.HalfOrder) > 0)
            {
                // The signature by -k is equally valid; its point is mirrored.
                s = order.Subtract(s);
                isOdd = !isOdd;
            }
            return new Secp256k1Signature(Secp256k1Curve.ToBytes(r), Secp256k1Curve.ToBytes(s), isOdd ? (byte)1 : (byte)0);
        }
    }

    /// <summary>The 32 bytes of the private key in a new array, for a key file. The caller clears it after use.</summary>
    internal byte[] ExportPrivateKey() => Secp256k1Curve.ToBytes(_d).ToArray();
}
