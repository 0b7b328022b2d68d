using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;

namespace TrustChain.Core.Log;

/// <summary>
/// Body of an entry that publishes a signed statement in the clear (certificates and recalls): canonical JSON with the members <c>custody</c>,
/// <c>keyEntry</c>, <c>kid</c>, <c>payload</c> (what was signed, an object), <c>receivedAt</c>, <c>statement</c> (SHA-256 of the JWS, hex) and <c>v</c>.
/// </summary>
/// <param name="Custody">How the signing key is held.</param>
/// <param name="KeyEntry">Leaf index of the key entry under which the key was admitted.</param>
/// <param name="Kid">RFC 7638 thumbprint of the key.</param>
/// <param name="PayloadJcs">The JWS's payload: a JSON object in canonical form.</param>
/// <param name="ReceivedAt">When the service took it in: UTC with milliseconds.</param>
/// <param name="Statement">SHA-256 of the compact JWS.</param>
public sealed record PublicEntry(Custody Custody, long KeyEntry, string Kid, ReadOnlyMemory<byte> PayloadJcs, DateTimeOffset ReceivedAt, Hash32 Statement)
{
    /// <summary><c>typ</c> of a certificate statement.</summary>
    public const string CertificateType = "certificate+jws";

    /// <summary><c>typ</c> of a recall statement.</summary>
    public const string RecallType = "recall+jws";

    private static readonly string[] Members = ["custody", "keyEntry", "kid", "payload", "receivedAt", "statement", "v"];

    /// <summary>The body of the entry.</summary>
    public byte[] ToJcs()
    {
        var output = new ArrayBufferWriter<byte>(512);
        output.Write(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $$"""{"custody":"{{Record.Name(Custody)}}","keyEntry":{{KeyEntry}},"kid":"{{Kid}}","payload":""")));
        output.Write(PayloadJcs.Span);
        output.Write(Encoding.ASCII.GetBytes($$""","receivedAt":"{{Record.FormatTime(ReceivedAt)}}","statement":"{{Statement.ToHex()}}","v":1}"""));
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads the body of an entry. No other member may stand there.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out PublicEntry? entry)
    {
        entry = null;
        if (json.ValueKind != JsonValueKind.Object
            || !JsonTexts.AreUnicode(json)
            || !json.EnumerateObject().Select(static m => m.Name).Order(StringComparer.Ordinal).SequenceEqual(Members)
            || json.GetProperty("v") is not { ValueKind: JsonValueKind.Number } version || !version.TryGetInt32(out var v) || v != 1
            || json.GetProperty("keyEntry") is not { ValueKind: JsonValueKind.Number } index || !index.TryGetInt64(out var keyEntry) || keyEntry < 0
            || json.GetProperty("payload") is not { ValueKind: JsonValueKind.Object } payload
            || Text(json, "kid") is not { } kid || !Hash32.TryParseBase64Url(kid, out _)
            || !Record.TryParseTime(Text(json, "receivedAt"), out var receivedAt)
            || Text(json, "statement") is not { } hex || !Hash32.TryParseHex(hex, out var statement) || statement.ToHex() != hex)
        {
            return false;
        }
        Custody? custody = Text(json, "custody") switch { "self" => Custody.Self, "custodial" => Custody.Custodial, "imported" => Custody.Imported, _ => null };
        if (custody is null)
        {
            return false;
        }
        try
        {
            entry = new PublicEntry(custody.Value, keyEntry, kid, Jcs.Canonicalize(payload), receivedAt, statement);
            return true;
        }
        catch (FormatException)
        {
            return false; // A number that no canonical form can show.
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
