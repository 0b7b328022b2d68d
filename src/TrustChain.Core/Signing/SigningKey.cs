using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;

namespace TrustChain.Core.Signing;

/// <summary>A private key with its public half. Safe for concurrent use.</summary>
public sealed class SigningKey : IDisposable
{
    private const int SecretSize = 32;

    private readonly ECDsa? _ecdsa;
    private readonly OpenSsl.KeyHandle? _handle;
    private readonly byte[] _secret;
    private readonly Lock _lock = new();

    private SigningKey(PublicKey publicKey, byte[] secret, ECDsa? ecdsa, OpenSsl.KeyHandle? handle)
    {
        PublicKey = publicKey;
        _secret = secret;
        _ecdsa = ecdsa;
        _handle = handle;
    }

    /// <summary>The public half.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>Makes a new key from the platform's random numbers.</summary>
    /// <param name="algorithm">One of <see cref="SignatureAlgorithms"/>.</param>
    /// <exception cref="ArgumentException">The algorithm is unknown.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine's cryptography lacks the algorithm.</exception>
    public static SigningKey Generate(string algorithm)
    {
        if (!SignatureAlgorithms.All.Contains(algorithm))
        {
            throw new ArgumentException($"Unknown algorithm \"{algorithm}\"; use one of {string.Join(", ", SignatureAlgorithms.All)}.", nameof(algorithm));
        }
        Span<byte> secret = stackalloc byte[SecretSize];
        do
        {
            RandomNumberGenerator.Fill(secret);
        }
        while (!IsSecret(algorithm, secret));
        var key = FromSecret(algorithm, secret);
        CryptographicOperations.ZeroMemory(secret);
        return key;
    }

    /// <summary>Takes the 32 secret bytes: the seed for EdDSA, else the private scalar, big-endian.</summary>
    /// <exception cref="CryptographicException">They are no private key of that algorithm.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine's cryptography lacks the algorithm.</exception>
    public static SigningKey FromSecret(string algorithm, ReadOnlySpan<byte> secret)
    {
        if (secret.Length != SecretSize || !IsSecret(algorithm, secret))
        {
            throw new CryptographicException("A private key has 32 bytes, and a private scalar is above zero and below the number of points of its curve.");
        }
        return algorithm switch
        {
            SignatureAlgorithms.ES256 => FromScalar(EllipticCurve.P256, secret),
            SignatureAlgorithms.ES256K => FromScalar(EllipticCurve.Secp256k1, secret),
            SignatureAlgorithms.EdDsa => FromSeed(secret),
            SignatureAlgorithms.Sm2 => FromSm2Scalar(secret),
            _ => throw new ArgumentException($"Unknown algorithm \"{algorithm}\".", nameof(algorithm)),
        };
    }

    /// <summary>Reads a private JWK: the public members with <c>d</c>. Refused when <c>d</c> does not belong to the public members.</summary>
    public static bool TryParse(string jwk, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SigningKey? key, out string? error)
    {
        key = null;
        if (!PublicKey.TryParse(jwk, out var publicKey, out error))
        {
            return false;
        }
        using var document = JsonDocument.Parse(jwk);
        if (!PublicKey.TryReadCoordinate(document.RootElement, "d", out var d))
        {
            error = "The JWK has no private member d of 32 bytes.";
            return false;
        }
        SigningKey? candidate = null;
        try
        {
            candidate = FromSecret(publicKey.Algorithm, d);
        }
        catch (CryptographicException)
        {
            error = "The JWK's d is not a private key of its curve.";
            return false;
        }
        if (candidate.PublicKey.Jwk != publicKey.Jwk)
        {
            candidate.Dispose();
            error = "The JWK's d does not belong to its public members.";
            return false;
        }
        key = candidate;
        return true;
    }

    /// <summary>The private JWK as JSON. Whoever holds it can sign: encrypt it before it is stored.</summary>
    public string ExportPrivateJwk() => string.Concat(PublicKey.Jwk.AsSpan(0, PublicKey.Jwk.Length - 1), $",\"d\":\"{Base64UrlText.Encode(_secret)}\"}}");

    /// <summary>Signs; 64 bytes as in <see cref="PublicKey.Verify"/>.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        if (_handle is not null)
        {
            return PublicKey.Algorithm == SignatureAlgorithms.EdDsa ? Ed25519.Sign(_handle, data) : Sm2.Sign(_handle, data);
        }
        lock (_lock) // An ECDsa object is not documented as safe for concurrent use.
        {
            return _ecdsa!.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation); // One of the two is set.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_secret);
        _ecdsa?.Dispose();
        _handle?.Dispose();
    }

    private static bool IsSecret(string algorithm, ReadOnlySpan<byte> secret)
    {
        var largest = algorithm switch
        {
            SignatureAlgorithms.ES256 => EllipticCurve.P256.Order - 1,
            SignatureAlgorithms.ES256K => EllipticCurve.Secp256k1.Order - 1,
            SignatureAlgorithms.Sm2 => EllipticCurve.Sm2.Order - 2, // GB/T 32918.1 section 6.1
            _ => (BigInteger?)null, // Any seed will do.
        };
        return largest is null || EllipticCurve.Integer(secret) is var scalar && !scalar.IsZero && scalar <= largest;
    }

    private static SigningKey FromScalar(EllipticCurve curve, ReadOnlySpan<byte> secret)
    {
        ECDsa ecdsa;
        try
        {
            ecdsa = ECDsa.Create(new ECParameters { Curve = curve.Ecdsa!.Value, D = secret.ToArray() }); // Called for curves that have one.
        }
        catch (Exception exception) when (exception is CryptographicException or PlatformNotSupportedException)
        {
            throw new PlatformNotSupportedException($"This machine's cryptography lacks {curve.Algorithm}.", exception);
        }
        var q = ecdsa.ExportParameters(false).Q;
        return new SigningKey(Public(PointJwk(curve, q.X!, q.Y!)), secret.ToArray(), ecdsa, null); // Both coordinates of a named curve are filled.
    }

    private static SigningKey FromSeed(ReadOnlySpan<byte> seed)
    {
        if (!Ed25519.IsSupported)
        {
            throw new PlatformNotSupportedException("Ed25519 needs OpenSSL 3 (libcrypto.so.3).");
        }
        var handle = Ed25519.ImportSeed(seed);
        var x = Base64UrlText.Encode(Ed25519.PublicKeyOf(handle));
        return new SigningKey(Public($$"""{"crv":"Ed25519","kty":"OKP","x":"{{x}}"}"""), seed.ToArray(), null, handle);
    }

    private static SigningKey FromSm2Scalar(ReadOnlySpan<byte> secret)
    {
        if (!Sm2.IsSupported)
        {
            throw new PlatformNotSupportedException("SM2 needs OpenSSL 3 (libcrypto.so.3) with SM2 and SM3, which this machine lacks.");
        }
        var handle = Sm2.ImportSecret(secret);
        var (x, y) = Sm2.PublicKeyOf(handle);
        return new SigningKey(Public(PointJwk(EllipticCurve.Sm2, x, y)), secret.ToArray(), null, handle);
    }

    private static string PointJwk(EllipticCurve curve, byte[] x, byte[] y) =>
        $$"""{"crv":"{{curve.Name}}","kty":"EC","x":"{{Base64UrlText.Encode(x)}}","y":"{{Base64UrlText.Encode(y)}}"}""";

    private static PublicKey Public(string jwk) =>
        PublicKey.TryParse(jwk, out var key, out var error) ? key : throw new CryptographicException(error);
}
