using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC;
using TrustChain.Core.Log;

namespace TrustChain.Evm.Keys;

/// <summary>An ECDSA signature on secp256k1: r and s big-endian, and the recovery id, which is the parity (0 or 1) of the y of the signature's point.</summary>
public sealed record Secp256k1Signature(Hash32 R, Hash32 S, byte RecoveryId)
{
    /// <summary>
    /// The address of the key that signed the digest. False unless r and s are in range, s is in the lower half of the order (EIP-2), the recovery id is
    /// 0 or 1 and r is the x of a point.
    /// </summary>
    public bool TryRecover(Hash32 digest, out Address signer)
    {
        signer = default;
        var r = Secp256k1Curve.ToNumber(R);
        var s = Secp256k1Curve.ToNumber(S);
        if (r.SignValue == 0 || r.CompareTo(Secp256k1Curve.Order) >= 0 || s.SignValue == 0 || s.CompareTo(Secp256k1Curve.HalfOrder) > 0 || RecoveryId > 1)
        {
            return false;
        }
        // SEC 1, section 4.1.6: Q = r^-1 (s R - z G).
        if (FindPoint(r) is not { } point)
        {
            return false;
        }
        var inverse = r.ModInverse(Secp256k1Curve.Order);
        var z = Secp256k1Curve.ToNumber(digest).Mod(Secp256k1Curve.Order);
        var ofGenerator = Secp256k1Curve.Order.Subtract(z).Multiply(inverse).Mod(Secp256k1Curve.Order);
        var ofPoint = s.Multiply(inverse).Mod(Secp256k1Curve.Order);
        var key = ECAlgorithms.SumOfTwoMultiplies(Secp256k1Curve.Generator, ofGenerator, point, ofPoint).Normalize();
        if (key.IsInfinity)
        {
            return false;
        }
        signer = Address.FromPublicKey(key.GetEncoded(compressed: false));
        return true;
    }

    /// <summary>The point with this x and the parity of the recovery id; null where the curve has none, which BouncyCastle reports by exception.</summary>
    private ECPoint? FindPoint(BigInteger x)
    {
        var encoded = new byte[1 + Hash32.Size];
        encoded[0] = (byte)(2 + RecoveryId);
        Secp256k1Curve.ToBytes(x).CopyTo(encoded.AsSpan(1));
        try
        {
            return Secp256k1Curve.Curve.DecodePoint(encoded);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
