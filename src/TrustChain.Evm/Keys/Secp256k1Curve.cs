using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC;
using TrustChain.Core.Log;

namespace TrustChain.Evm.Keys;

/// <summary>The parameters of secp256k1 (SEC 2, section 2.4.1), and conversions between its numbers and 32 bytes.</summary>
internal static class Secp256k1Curve
{
    public static readonly ECPoint Generator;
    public static readonly ECCurve Curve;
    public static readonly BigInteger Order;
    public static readonly BigInteger HalfOrder;

    static Secp256k1Curve()
    {
        var parameters = SecNamedCurves.GetByName("secp256k1");
        (Generator, Curve, Order, HalfOrder) = (parameters.G, parameters.Curve, parameters.N, parameters.N.ShiftRight(1));
    }

    public static BigInteger ToNumber(Hash32 bytes) => new(1, bytes.ToArray());

    /// <summary>The number, which is below 2^256, as 32 bytes with leading zeros.</summary>
    public static Hash32 ToBytes(BigInteger number)
    {
        var digits = number.ToByteArrayUnsigned();
        Span<byte> bytes = stackalloc byte[Hash32.Size];
        bytes.Clear();
        digits.CopyTo(bytes[^digits.Length..]);
        return new Hash32(bytes);
    }
}
