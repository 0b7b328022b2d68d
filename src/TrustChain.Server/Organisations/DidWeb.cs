using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Server.Organisations;

/// <summary>did:web identifiers and the documents behind them (W3C CCG did:web method; DID Core 1.0 sections 5.2 and 5.3).</summary>
internal static class DidWeb
{
    /// <summary>Address of the document, or null when the text is no did:web identifier.</summary>
    public static Uri? ToUrl(string did, string scheme)
    {
        var parts = did.StartsWith(KeyEntry.DidWebPrefix, StringComparison.Ordinal) && did.Length <= 500 ? did[KeyEntry.DidWebPrefix.Length..].Split(':') : [];
        if (parts.Length == 0 || parts.Any(static p => p.Length == 0 || p is "." or ".." || !p.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '%')))
        {
            return null;
        }
        var host = parts[0].Replace("%3A", ":", StringComparison.OrdinalIgnoreCase);
        var path = parts.Length == 1 ? ".well-known" : string.Join('/', parts[1..]);
        return Uri.TryCreate($"{scheme}://{host}/{path}/did.json", UriKind.Absolute, out var url) && url.UserInfo.Length == 0 ? url : null;
    }

    /// <summary>The identifier whose document is at an address, with a path below it.</summary>
    public static string FromUrl(Uri publicUrl, params string[] path)
    {
        var host = publicUrl.IsDefaultPort ? publicUrl.Host : $"{publicUrl.Host}%3A{publicUrl.Port}";
        return $"{KeyEntry.DidWebPrefix}{string.Join(':', [host, .. path])}";
    }

    /// <summary>Whether a document is the one of an identifier and has a key, by its thumbprint, among those for assertions.</summary>
    public static bool Asserts(JsonElement document, string did, string kid)
    {
        if (document.ValueKind != JsonValueKind.Object || Text(document, "id") != did)
        {
            return false;
        }
        var methods = Elements(document, "verificationMethod").ToList();
        return Elements(document, "assertionMethod")
            .Select(m => m.ValueKind == JsonValueKind.String ? methods.Find(v => Absolute(Text(v, "id"), did) == Absolute(m.GetString(), did)) : m)
            .Any(m => m.ValueKind == JsonValueKind.Object && m.TryGetProperty("publicKeyJwk", out var jwk) && PublicKey.TryParse(jwk, out var key, out _) && key.Kid == kid);
    }

    /// <summary>The document of keys, as JSON.</summary>
    /// <param name="did">Whose document.</param>
    /// <param name="keys">Public JWKs by their thumbprint.</param>
    public static object Document(string did, IEnumerable<(string Kid, string Jwk)> keys)
    {
        var methods = keys.Select(k => new { id = $"{did}#{k.Kid}", type = "JsonWebKey", controller = did, publicKeyJwk = Parse(k.Jwk) }).ToArray();
        return new Dictionary<string, object>
        {
            ["@context"] = new[] { "https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1" },
            ["id"] = did,
            ["verificationMethod"] = methods,
            ["assertionMethod"] = methods.Select(static m => m.id).ToArray(),
        };
    }

    private static string? Absolute(string? id, string did) => id?.StartsWith('#') == true ? did + id : id;

    private static JsonElement Parse(string jwk)
    {
        using var document = JsonDocument.Parse(jwk);
        return document.RootElement.Clone();
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static IEnumerable<JsonElement> Elements(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Array ? member.EnumerateArray().Take(100) : [];
}
