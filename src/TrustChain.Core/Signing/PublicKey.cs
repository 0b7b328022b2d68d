using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Log;

namespace TrustChain.Core.Signing;

/// <summary>Answer of a signature check.</summary>
public enum SignatureCheck
{
    /// <summary>The signature was made by the key over these bytes.</summary>
    Valid,

    /// <summary>It was not.</summary>
    Invalid,

    /// <summary>This machine cannot tell: the algorithm is not available here.</summary>
    CouldNotCheck,
}

/// <summary>
/// A public key as a JWK (RFC 7517): <c>EC</c> on P-256 for ES256 (RFC 7518 section 3.4), on secp256k1 for ES256K (RFC 8812) or on the SM2 curve for SM2
/// (<see cref="SignatureAlgorithms.Sm2"/>), or <c>OKP</c> on Ed25519 for EdDSA (RFC 8037). Keeps its imported key objects, because importing costs three
/// times a verification. Safe for concurrent use.
/// </summary>
public sealed class PublicKey
{
    private readonly ConcurrentBag<ECDsa> _pool = [];
    private readonly ECParameters? _ecdsa;
    private readonly OpenSsl.KeyHandle? _handle;

    /// <param name="algorithm">JOSE name.</param>
    /// <param name="jwk">The required members.</param>
    /// <param name="ecdsa">Of a key for the platform's ECDSA, where that has the curve.</param>
    /// <param name="handle">Of a key for OpenSSL, where that has the algorithm.</param>
    private PublicKey(string algorithm, string jwk, ECParameters? ecdsa, OpenSsl.KeyHandle? handle)
    {
        Algorithm = algorithm;
        Jwk = jwk;
        Kid = Hash32.Compute(Encoding.ASCII.GetBytes(jwk)).ToBase64Url();
        _ecdsa = ecdsa;
        _handle = handle;
    }

    /// <summary>One of <see cref="SignatureAlgorithms"/>: the only algorithm this key is used with.</summary>
    public string Algorithm { get; }

    /// <summary>The required members alone, in lexicographic order without white space: the thumbprint input of RFC 7638 section 3, and valid JCS.</summary>
    public string Jwk { get; }

    /// <summary>RFC 7638 thumbprint with SHA-256: 43 characters of base64url.</summary>
    public string Kid { get; }

    /// <summary>
    /// Reads a JWK. <c>use</c>, when present, must be <c>sig</c>; <c>alg</c>, when present, must be the one algorithm of the key's type; <c>key_ops</c>,
    /// when present, must contain <c>verify</c> or <c>sign</c>. A private member <c>d</c> is ignored here.
    /// </summary>
    /// <param name="jwk">A JSON object.</param>
    /// <param name="key">The key, when the answer is true.</param>
    /// <param name="error">One sentence saying what is wrong, when the answer is false.</param>
    public static bool TryParse(JsonElement jwk, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PublicKey? key, out string? error)
    {
        key = null;
        error = null;
        if (jwk.ValueKind != JsonValueKind.Object)
        {
            error = "A JWK is a JSON object.";
            return false;
        }
        if (!JsonTexts.AreUnicode(jwk))
        {
            error = "The JWK holds what is no Unicode text.";
            return false;
        }
        var (type, curve) = (Text(jwk, "kty"), Text(jwk, "crv"));
        if (SignatureAlgorithms.Find(type, curve) is not { } algorithm)
        {
            error = $"Key type \"{type}\" with curve \"{curve}\" is not supported; use {SignatureAlgorithms.KeyTypes}.";
            return false;
        }
        if (jwk.TryGetProperty("alg", out _) && Text(jwk, "alg") != algorithm)
        {
            error = $"The JWK's alg must be {algorithm} for this key type.";
            return false;
        }
        if (jwk.TryGetProperty("use", out _) && Text(jwk, "use") != "sig")
        {
            error = "The JWK's use must be \"sig\".";
            return false;
        }
        if (jwk.TryGetProperty("key_ops", out var operations)
            && !(operations.ValueKind == JsonValueKind.Array
                && operations.EnumerateArray().Any(static o => o.ValueKind == JsonValueKind.String && (o.ValueEquals("verify") || o.ValueEquals("sign")))))
        {
            error = "The JWK's key_ops must allow signatures.";
            return false;
        }
        key = EllipticCurve.Find(curve) is { } known ? ReadPoint(known, jwk, out error) : ReadEd25519(jwk, out error);
        return key is not null;
    }

    /// <summary>Reads a JWK from its text; see the other overload. At most 8 kB.</summary>
    public static bool TryParse(string jwk, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PublicKey? key, out string? error)
    {
        key = null;
        if (jwk.Length > 8192)
        {
            error = "A JWK has at most 8192 characters.";
            return false;
        }
        try
        {
            using var document = JsonDocument.Parse(jwk, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            return TryParse(document.RootElement, out key, out error);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for names that are no text
        {
            error = "The JWK is not well-formed JSON without repeated members.";
            return false;
        }
    }

    /// <summary>
    /// Checks a JOSE signature: 64 bytes, R || S for ECDSA (RFC 7518 section 3.4) and SM2, RFC 8032 for EdDSA. Any other length is invalid. Where this
    /// machine lacks the algorithm, the answer is <see cref="SignatureCheck.CouldNotCheck"/>.
    /// </summary>
    public SignatureCheck Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != 64)
        {
            return SignatureCheck.Invalid;
        }
        if (_ecdsa is { } parameters)
        {
            return VerifyEcdsa(parameters, data, signature) ? SignatureCheck.Valid : SignatureCheck.Invalid;
        }
        if (_handle is null)
        {
            return SignatureCheck.CouldNotCheck;
        }
        var valid = Algorithm == SignatureAlgorithms.EdDsa ? Ed25519.Verify(_handle, data, signature) : Sm2.Verify(_handle, data, signature);
        return valid ? SignatureCheck.Valid : SignatureCheck.Invalid;
    }

    /// <summary>The 32 raw bytes of an Ed25519 key; null for other types.</summary>
    public byte[]? Ed25519Bytes()
    {
        using var document = JsonDocument.Parse(Jwk);
        return Algorithm == SignatureAlgorithms.EdDsa && TryReadCoordinate(document.RootElement, "x", out var x) ? x : null;
    }

    private bool VerifyEcdsa(ECParameters parameters, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (!_pool.TryTake(out var ecdsa))
        {
            ecdsa = ECDsa.Create(parameters);
        }
        var valid = ecdsa.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        _pool.Add(ecdsa);
        return valid;
    }

    private static PublicKey? ReadEd25519(JsonElement jwk, out string? error)
    {
        if (!TryReadCoordinate(jwk, "x", out var x))
        {
            error = "The JWK's x must be 32 bytes in base64url without padding.";
            return null;
        }
        var handle = Ed25519.IsSupported ? Ed25519.ImportPublicKey(x) : null;
        if (Ed25519.IsSupported && handle is null)
        {
            error = "The JWK's x is not an Ed25519 public key.";
            return null;
        }
        error = null;
        return new PublicKey(SignatureAlgorithms.EdDsa, $$"""{"crv":"Ed25519","kty":"OKP","x":"{{Base64UrlText.Encode(x)}}"}""", null, handle);
    }

    /// <summary>The point is looked at here, so that a wrong one is refused on every machine and only a sound one can be beyond it.</summary>
    private static PublicKey? ReadPoint(EllipticCurve curve, JsonElement jwk, out string? error)
    {
        if (!TryReadCoordinate(jwk, "x", out var x) || !TryReadCoordinate(jwk, "y", out var y))
        {
            error = "The JWK's x and y must be 32 bytes each in base64url without padding.";
            return null;
        }
        if (!curve.Contains(x, y))
        {
            error = $"The JWK's x and y are not a point of {curve.Name}.";
            return null;
        }
        error = null;
        var text = $$"""{"crv":"{{curve.Name}}","kty":"EC","x":"{{Base64UrlText.Encode(x)}}","y":"{{Base64UrlText.Encode(y)}}"}""";
        if (curve.Ecdsa is not { } ecdsaCurve)
        {
            return new PublicKey(curve.Algorithm, text, null, Sm2.IsSupported ? Sm2.ImportPublicKey(x, y) : null);
        }
        var parameters = new ECParameters { Curve = ecdsaCurve, Q = new ECPoint { X = x, Y = y } };
        ECDsa first;
        try
        {
            first = ECDsa.Create(parameters);
        }
        catch (Exception exception) when (exception is CryptographicException or PlatformNotSupportedException)
        {
            return new PublicKey(curve.Algorithm, text, null, null); // The point is sound: this platform lacks the curve.
        }
        var key = new PublicKey(curve.Algorithm, text, parameters, null);
        key._pool.Add(first);
        return key;
    }

    internal static bool TryReadCoordinate(JsonElement jwk, string name, out byte[] bytes)
    {
        bytes = [];
        return Text(jwk, name) is { Length: 43 } text && Base64UrlText.TryDecode(text, out bytes) && bytes.Length == 32;
    }

    private static string? Text(JsonElement jwk, string name) =>
        jwk.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
