using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Encryption;

/// <summary>
/// A public key to which keys are encrypted: a JWK (RFC 7517) of type <c>EC</c> on P-256, for <see cref="Jwe.KeyAgreement"/> (RFC 7518 section 4.6). Never the
/// key that somebody signs with. Immutable.
/// </summary>
public sealed class EncryptionKey
{
    private EncryptionKey(ECPoint point)
    {
        Point = point;
        Jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Base64UrlText.Encode(point.X)}}","y":"{{Base64UrlText.Encode(point.Y)}}"}""";
        Kid = Hash32.Compute(Encoding.ASCII.GetBytes(Jwk)).ToBase64Url();
    }

    /// <summary>The required members alone, in lexicographic order without white space: valid JCS.</summary>
    public string Jwk { get; }

    /// <summary>RFC 7638 thumbprint with SHA-256: 43 characters of base64url.</summary>
    public string Kid { get; }

    internal ECPoint Point { get; }

    /// <summary>
    /// Reads a JWK. <c>use</c>, when present, must be <c>enc</c>; <c>alg</c>, when present, must be <see cref="Jwe.KeyAgreement"/>. A private key is refused:
    /// whoever sent it has told its secret.
    /// </summary>
    /// <param name="jwk">A JSON object.</param>
    /// <param name="key">The key, when the answer is true.</param>
    /// <param name="error">One sentence saying what is wrong, when the answer is false.</param>
    public static bool TryParse(JsonElement jwk, [NotNullWhen(true)] out EncryptionKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        error = jwk.ValueKind != JsonValueKind.Object || !JsonTexts.AreUnicode(jwk) ? "A JWK is a JSON object of Unicode texts."
            : Text(jwk, "kty") != "EC" || Text(jwk, "crv") != "P-256" ? "An encryption key is of type EC on P-256."
            : jwk.TryGetProperty("d", out _) ? "The JWK is a private key; send the public one."
            : jwk.TryGetProperty("use", out _) && Text(jwk, "use") != "enc" ? "The JWK's use must be \"enc\"."
            : jwk.TryGetProperty("alg", out _) && Text(jwk, "alg") != Jwe.KeyAgreement ? $"The JWK's alg must be \"{Jwe.KeyAgreement}\"."
            : null;
        if (error is not null)
        {
            return false;
        }
        if (!PublicKey.TryReadCoordinate(jwk, "x", out var x) || !PublicKey.TryReadCoordinate(jwk, "y", out var y))
        {
            error = "The JWK's x and y must be 32 bytes each in base64url without padding.";
            return false;
        }
        if (!EllipticCurve.P256.Contains(x, y))
        {
            error = "The JWK's x and y are not a point of P-256.";
            return false;
        }
        key = new EncryptionKey(new ECPoint { X = x, Y = y });
        return true;
    }

    /// <summary>Reads a JWK from its text; see the other overload. At most 8 kB.</summary>
    public static bool TryParse(string jwk, [NotNullWhen(true)] out EncryptionKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        const string NoJson = "The JWK is not well-formed JSON without repeated members, of at most 8192 characters.";
        if (jwk.Length > 8192)
        {
            error = NoJson;
            return false;
        }
        try
        {
            using var document = JsonDocument.Parse(jwk, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            return TryParse(document.RootElement, out key, out error);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for names that are no text
        {
            error = NoJson;
            return false;
        }
    }

    internal static EncryptionKey FromPoint(ECPoint point) => new(point);

    private static string? Text(JsonElement jwk, string name) =>
        jwk.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
