using System.Security.Cryptography;
using System.Text.Json;

namespace TrustChain.Core.Signing;

/// <summary>A private key with its public half. Safe for concurrent use.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly ECDsa? _ecdsa;
    private readonly Ed25519.KeyHandle? _ed25519;
    private readonly byte[] _secret;
    private readonly Lock _lock = new();

    private SigningKey(PublicKey publicKey, byte[] secret, ECDsa? ecdsa, Ed25519.KeyHandle? ed25519)
    {
        PublicKey = publicKey;
        _secret = secret;
        _ecdsa = ecdsa;
        _ed25519 = ed25519;
    }

    /// <summary>The public half.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>Makes a new key from the platform's random numbers.</summary>
    /// <param name="algorithm">One of <see cref="SignatureAlgorithms"/>.</param>
    /// <exception cref="ArgumentException">The algorithm is unknown.</exception>
    /// <exception cref="PlatformNotSupportedException">EdDSA where OpenSSL 3 is not installed.</exception>
    public static SigningKey Generate(string algorithm)
    {
        switch (algorithm)
        {
            case SignatureAlgorithms.ES256:
                using (var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                {
                    return FromSecret(algorithm, ecdsa.ExportParameters(true).D!); // Asked for with the private part.
                }
            case SignatureAlgorithms.EdDsa:
                return FromSecret(algorithm, RandomNumberGenerator.GetBytes(Ed25519.SeedSize));
            default:
                throw new ArgumentException($"Unknown algorithm \"{algorithm}\"; use ES256 or EdDSA.", nameof(algorithm));
        }
    }

    /// <summary>Takes the 32 secret bytes: the private scalar for ES256, the seed for EdDSA.</summary>
    /// <exception cref="CryptographicException">They are no private key of that algorithm.</exception>
    /// <exception cref="PlatformNotSupportedException">EdDSA where OpenSSL 3 is not installed.</exception>
    public static SigningKey FromSecret(string algorithm, ReadOnlySpan<byte> secret)
    {
        if (secret.Length != 32)
        {
            throw new CryptographicException("A private key has 32 bytes.");
        }
        if (algorithm == SignatureAlgorithms.EdDsa)
        {
            if (!Ed25519.IsSupported)
            {
                throw new PlatformNotSupportedException("Ed25519 needs OpenSSL 3 (libcrypto.so.3).");
            }
            var handle = Ed25519.ImportSeed(secret);
            var x = Base64UrlText.Encode(Ed25519.PublicKeyOf(handle));
            return new SigningKey(Public($$"""{"crv":"Ed25519","kty":"OKP","x":"{{x}}"}"""), secret.ToArray(), null, handle);
        }
        var ecdsa = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = secret.ToArray() });
        var q = ecdsa.ExportParameters(false).Q;
        // ExportParameters fills both coordinates of a named curve.
        var jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Base64UrlText.Encode(q.X!)}}","y":"{{Base64UrlText.Encode(q.Y!)}}"}""";
        return new SigningKey(Public(jwk), secret.ToArray(), ecdsa, null);
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
        if (_ed25519 is not null)
        {
            return Ed25519.Sign(_ed25519, data);
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
        _ed25519?.Dispose();
    }

    private static PublicKey Public(string jwk) =>
        PublicKey.TryParse(jwk, out var key, out var error) ? key : throw new CryptographicException(error);
}
