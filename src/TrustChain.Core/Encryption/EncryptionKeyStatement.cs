using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Encryption;

/// <summary>
/// Payload by which an organisation says which encryption key is its own: canonical JSON <c>{"jwk":…,"organisation":…,"v":1}</c>, in a JWS by one of its
/// signing keys (<c>docs/devices.md</c> section 6).
/// </summary>
/// <param name="Organisation">Code of the organisation.</param>
/// <param name="Key">Its encryption key.</param>
public sealed record EncryptionKeyStatement(string Organisation, EncryptionKey Key)
{
    /// <summary><c>typ</c> of the JWS.</summary>
    public const string Type = "encryption-key+jws";

    private static readonly string[] Members = ["jwk", "organisation", "v"];

    /// <summary>The payload.</summary>
    public byte[] ToJcs() => new JcsObject().AddCanonical("jwk", Encoding.ASCII.GetBytes(Key.Jwk)).Add("organisation", Organisation).Add("v", 1).ToUtf8();

    /// <summary>Reads the payload of a JWS; its signature, and that the signer is a key of the organisation, are the caller's business.</summary>
    /// <param name="jws">The JWS.</param>
    /// <param name="origin">The log's origin, which <c>aud</c> must name.</param>
    /// <param name="statement">The statement, when the answer is true.</param>
    public static bool TryRead(Jws jws, string origin, [NotNullWhen(true)] out EncryptionKeyStatement? statement)
    {
        statement = null;
        if (jws.Type != Type || jws.Audience != origin || jws.Kid is null || jws.HeaderNames.Count != 4)
        {
            return false;
        }
        try
        {
            using var document = JsonDocument.Parse(jws.Payload, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            if (!JcsMembers.TryRead(document.RootElement, Members, [], out var members) || members.Number("v") != 1
                || members.Text("organisation") is not { Length: > 0 } organisation || !EncryptionKey.TryParse(members.Get("jwk"), out var key, out _))
            {
                return false;
            }
            statement = new EncryptionKeyStatement(organisation, key);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for names that are no text
        {
            return false;
        }
        return statement.ToJcs().AsSpan().SequenceEqual(jws.Payload.Span);
    }
}
