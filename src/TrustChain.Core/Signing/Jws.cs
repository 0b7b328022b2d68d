using System.Text;
using System.Text.Json;

namespace TrustChain.Core.Signing;

/// <summary>
/// A JWS in compact serialisation (RFC 7515 section 3.1), read strictly: three parts of canonical base64url, none empty, and a protected header that
/// is a JSON object of strings without repeated members. Nothing is verified by reading.
/// </summary>
public sealed class Jws : SignedMessage
{
    /// <summary>Longest protected header accepted, in characters of base64url.</summary>
    public const int MaxHeaderChars = 4096;

    private static readonly string[] Refused = ["crit", "b64", "jwk", "jku", "x5u", "x5c"];

    private readonly int _signedLength;
    private readonly byte[] _payload;
    private readonly byte[] _signature;

    private Jws(string compact, Dictionary<string, string> header, byte[] payload, byte[] signature, int signedLength)
        : base(header)
    {
        Compact = compact;
        _payload = payload;
        _signature = signature;
        _signedLength = signedLength;
    }

    /// <summary>The compact serialisation, ASCII.</summary>
    public string Compact { get; }

    /// <summary>Decoded payload.</summary>
    public override ReadOnlyMemory<byte> Payload => _payload;

    /// <inheritdoc/>
    public override string? PayloadFault => null;

    /// <inheritdoc/>
    public override byte[] ToBytes() => Encoding.ASCII.GetBytes(Compact);

    private protected override byte[] WithSignature(ReadOnlySpan<byte> signature) => Encoding.ASCII.GetBytes($"{Compact.AsSpan(0, _signedLength)}.{Base64UrlText.Encode(signature)}");

    private protected override byte[] Signed() => Encoding.ASCII.GetBytes(Compact, 0, _signedLength);

    private protected override ReadOnlyMemory<byte> Signature => _signature;

    /// <summary>Reads a compact JWS.</summary>
    /// <param name="compact">The serialisation; the caller bounds its length.</param>
    /// <param name="jws">The parts, when the answer is true.</param>
    /// <param name="error">One sentence, when the answer is false.</param>
    public static bool TryParse(string compact, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Jws? jws, out string? error)
    {
        jws = null;
        var first = compact.IndexOf('.', StringComparison.Ordinal);
        var second = first < 0 ? -1 : compact.IndexOf('.', first + 1);
        if (second < 0 || compact.IndexOf('.', second + 1) >= 0)
        {
            error = "A compact JWS has three parts separated by two dots.";
            return false;
        }
        if (first is 0 or > MaxHeaderChars || second == first + 1 || second == compact.Length - 1)
        {
            error = "A part of the compact JWS is empty or too long.";
            return false;
        }
        if (!Base64UrlText.TryDecode(compact.AsSpan(0, first), out var header)
            || !Base64UrlText.TryDecode(compact.AsSpan(first + 1, second - first - 1), out var payload)
            || !Base64UrlText.TryDecode(compact.AsSpan(second + 1), out var signature))
        {
            error = "A part of the compact JWS is not canonical base64url without padding.";
            return false;
        }
        if (!TryReadHeader(header, out var members, out error))
        {
            return false;
        }
        jws = new Jws(compact, members, payload, signature, second);
        return true;
    }

    /// <summary>Makes a compact JWS.</summary>
    /// <param name="key">Signs, and gives <c>alg</c> and <c>kid</c>.</param>
    /// <param name="type">The <c>typ</c> header parameter.</param>
    /// <param name="audience">The <c>aud</c> header parameter, or null for none.</param>
    /// <param name="payload">Bytes to sign.</param>
    /// <param name="members">Further header parameters.</param>
    public static string Sign(SigningKey key, string type, string? audience, ReadOnlySpan<byte> payload, params IEnumerable<KeyValuePair<string, string>> members)
    {
        var header = new System.Buffers.ArrayBufferWriter<byte>(320);
        using (var writer = new Utf8JsonWriter(header, PlainText))
        {
            writer.WriteStartObject();
            writer.WriteString("alg", key.PublicKey.Algorithm);
            if (audience is not null)
            {
                writer.WriteString("aud", audience);
            }
            writer.WriteString("kid", key.PublicKey.Kid);
            foreach (var (name, value) in members)
            {
                writer.WriteString(name, value);
            }
            writer.WriteString("typ", type);
            writer.WriteEndObject();
        }
        var signed = $"{Base64UrlText.Encode(header.WrittenSpan)}.{Base64UrlText.Encode(payload)}";
        return $"{signed}.{Base64UrlText.Encode(key.Sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    // The default would write the plus sign of a typ as an escape of six characters.
    private static readonly JsonWriterOptions PlainText = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static bool TryReadHeader(byte[] utf8, out Dictionary<string, string> members, out string? error)
    {
        members = new Dictionary<string, string>(StringComparer.Ordinal);
        error = "The protected header must be a JSON object without repeated members.";
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return false;
            }
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (Refused.Contains(member.Name))
                {
                    error = $"The header parameter \"{member.Name}\" is not allowed.";
                    return false;
                }
                if (member.Value.ValueKind != JsonValueKind.String)
                {
                    error = $"The header parameter \"{member.Name}\" must be a string.";
                    return false;
                }
                members.Add(member.Name, member.Value.GetString()!); // A JSON string is never null.
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is no valid UTF-16, such as an escaped lone surrogate.
            return false;
        }
        if (!members.ContainsKey("alg"))
        {
            error = "The header parameter \"alg\" is missing.";
            return false;
        }
        error = null;
        return true;
    }
}
