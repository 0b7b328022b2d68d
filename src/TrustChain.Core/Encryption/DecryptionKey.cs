using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Encryption;

/// <summary>The private half of an <see cref="EncryptionKey"/>. Safe for concurrent use.</summary>
public sealed class DecryptionKey : IDisposable
{
    private const int SecretSize = 32;

    private readonly ECDiffieHellman _agreement;
    private readonly byte[] _secret;
    private readonly Lock _lock = new();

    private DecryptionKey(ECDiffieHellman agreement, byte[] secret)
    {
        _agreement = agreement;
        _secret = secret;
        PublicKey = EncryptionKey.FromPoint(agreement.ExportParameters(includePrivateParameters: false).Q);
    }

    /// <summary>The public half.</summary>
    public EncryptionKey PublicKey { get; }

    /// <summary>Makes a new key from the platform's random numbers.</summary>
    public static DecryptionKey Generate()
    {
        Span<byte> seed = stackalloc byte[SecretSize];
        RandomNumberGenerator.Fill(seed);
        var key = FromSeed(seed);
        CryptographicOperations.ZeroMemory(seed);
        return key;
    }

    /// <summary>The key that belongs to a secret, always the same: HKDF of the seed with a counter, until the outcome is a private scalar.</summary>
    /// <param name="seed">32 secret bytes.</param>
    public static DecryptionKey FromSeed(ReadOnlySpan<byte> seed)
    {
        var scalar = new byte[SecretSize];
        for (var counter = 0; ; counter++) // Twice is a matter of one in four thousand million.
        {
            HKDF.DeriveKey(HashAlgorithmName.SHA256, seed, scalar, salt: [], info: Encoding.ASCII.GetBytes($"trustchain encryption key {counter}"));
            if (IsScalar(scalar))
            {
                return FromScalar(scalar);
            }
        }
    }

    /// <summary>Reads a private JWK: the public members with <c>d</c>. Refused when <c>d</c> does not belong to them.</summary>
    /// <param name="jwk">JSON, at most 8 kB.</param>
    /// <param name="key">The key, when the answer is true.</param>
    /// <param name="error">One sentence saying what is wrong, when the answer is false.</param>
    public static bool TryParse(string jwk, [NotNullWhen(true)] out DecryptionKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        const string NoKey = "It is no private JWK of type EC on P-256.";
        error = NoKey;
        if (jwk.Length > 8192)
        {
            return false;
        }
        try
        {
            using var document = JsonDocument.Parse(jwk, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || !Has(root, "kty", "EC") || !Has(root, "crv", "P-256")
                || !Signing.PublicKey.TryReadCoordinate(root, "x", out var x) || !Signing.PublicKey.TryReadCoordinate(root, "y", out var y)
                || !Signing.PublicKey.TryReadCoordinate(root, "d", out var d) || !IsScalar(d))
            {
                return false;
            }
            var candidate = FromScalar(d);
            if (!candidate.PublicKey.Point.X.AsSpan().SequenceEqual(x) || !candidate.PublicKey.Point.Y.AsSpan().SequenceEqual(y))
            {
                candidate.Dispose();
                error = "The JWK's d does not belong to its public members.";
                return false;
            }
            (key, error) = (candidate, null);
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for texts that are no Unicode
        {
            error = NoKey;
            return false;
        }
    }

    /// <summary>The private JWK as JSON. Whoever holds it can decrypt: encrypt it before it is stored.</summary>
    public string ExportPrivateJwk() => string.Concat(PublicKey.Jwk.AsSpan(0, PublicKey.Jwk.Length - 1), $",\"d\":\"{Base64UrlText.Encode(_secret)}\"}}");

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_secret);
        _agreement.Dispose();
    }

    /// <summary>The x coordinate of the agreed point: 32 bytes. The other key is a point of the curve, for an <see cref="EncryptionKey"/> always is.</summary>
    internal byte[] Agree(EncryptionKey other)
    {
        using var parsed = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = other.Point });
        lock (_lock) // An ECDiffieHellman object is not documented as safe for concurrent use.
        {
            return _agreement.DeriveRawSecretAgreement(parsed.PublicKey);
        }
    }

    private static DecryptionKey FromScalar(byte[] scalar) =>
        new(ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar }), scalar);

    private static bool IsScalar(byte[] scalar) => EllipticCurve.Integer(scalar) is { IsZero: false } number && number < EllipticCurve.P256.Order;

    private static bool Has(JsonElement json, string name, string value) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String && member.ValueEquals(value);
}
