using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace TrustChain.Core.Signing;

/// <summary>A curve y² = x³ + ax + b over a prime field of 256 bits, with the algorithm that JOSE uses it for.</summary>
internal sealed class EllipticCurve
{
    public const int CoordinateSize = 32;

    private readonly BigInteger _p;
    private readonly BigInteger _a;
    private readonly BigInteger _b;

    private EllipticCurve(string name, string algorithm, ECCurve? ecdsa, string p, string a, string b, string n)
    {
        (Name, Algorithm, Ecdsa) = (name, algorithm, ecdsa);
        (_p, _a, _b, Order) = (Hex(p), Hex(a), Hex(b), Hex(n));
    }

    /// <summary>P-256 (FIPS 186-5), also called secp256r1.</summary>
    public static EllipticCurve P256 { get; } = new(
        "P-256",
        SignatureAlgorithms.ES256,
        ECCurve.NamedCurves.nistP256,
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
        "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

    /// <summary>secp256k1 (SEC 2).</summary>
    public static EllipticCurve Secp256k1 { get; } = new(
        "secp256k1",
        SignatureAlgorithms.ES256K,
        ECCurve.CreateFromValue("1.3.132.0.10"),
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
        "0",
        "7",
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

    /// <summary>The recommended curve of GB/T 32918.5.</summary>
    public static EllipticCurve Sm2 { get; } = new(
        "SM2",
        SignatureAlgorithms.Sm2,
        null,
        "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff",
        "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc",
        "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93",
        "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123");

    /// <summary><c>crv</c> of its JWKs.</summary>
    public string Name { get; }

    /// <summary>JOSE name of the algorithm that it is used with.</summary>
    public string Algorithm { get; }

    /// <summary>The curve as the platform's ECDSA knows it; null when it is not used for ECDSA.</summary>
    public ECCurve? Ecdsa { get; }

    /// <summary>Number of points.</summary>
    public BigInteger Order { get; }

    public static EllipticCurve? Find(string? name) => name switch
    {
        "P-256" => P256,
        "secp256k1" => Secp256k1,
        "SM2" => Sm2,
        _ => null,
    };

    /// <summary>Whether both coordinates, big-endian, are below p and satisfy the equation.</summary>
    public bool Contains(ReadOnlySpan<byte> xBytes, ReadOnlySpan<byte> yBytes)
    {
        var (x, y) = (Integer(xBytes), Integer(yBytes));
        return x < _p && y < _p && ((y * y) - ((((x * x) + _a) * x) + _b)) % _p == 0;
    }

    /// <summary>The other valid ECDSA signature of the same bytes, (r, n - s), which anybody can make of one (r, s) without the key; null where s is out of range, as in no valid signature.</summary>
    /// <param name="signature">r || s, 64 bytes.</param>
    public byte[]? Mirror(ReadOnlySpan<byte> signature)
    {
        var s = Integer(signature[CoordinateSize..]);
        if (s.IsZero || s >= Order)
        {
            return null;
        }
        var mirrored = new byte[2 * CoordinateSize];
        signature[..CoordinateSize].CopyTo(mirrored);
        var other = (Order - s).ToByteArray(isUnsigned: true, isBigEndian: true);
        other.CopyTo(mirrored.AsSpan(mirrored.Length - other.Length));
        return mirrored;
    }

    public static BigInteger Integer(ReadOnlySpan<byte> bigEndian) => new(bigEndian, isUnsigned: true, isBigEndian: true);

    // The leading zero keeps the first digit from being read as a sign.
    private static BigInteger Hex(string digits) => BigInteger.Parse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
