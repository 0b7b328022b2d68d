using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;

namespace TrustChain.Core.Log;

/// <summary>How the signing key is held, as the log says it. Never shown as the same thing.</summary>
public enum Custody
{
    /// <summary>The signer holds the key.</summary>
    Self,

    /// <summary>This service holds the key and signed on the organisation's behalf.</summary>
    Custodial,

    /// <summary>Taken over from another system; the service signed what it was told.</summary>
    Imported,
}

/// <summary>One event in one statement by one signer: what an entry of kind <see cref="EntryKind.Event"/> commits to.</summary>
/// <param name="Count">Events in the statement, at least 1.</param>
/// <param name="Custody">How the key is held.</param>
/// <param name="EventHash">CBV event hash: <c>ni:///sha-256;…?ver=CBV2.0</c>.</param>
/// <param name="KeyEntry">Leaf index of the key entry under which the key was admitted.</param>
/// <param name="Kid">RFC 7638 thumbprint of the key.</param>
/// <param name="Position">Place of the event in the statement, from 0.</param>
/// <param name="ReceivedAt">When the service took the statement in: UTC with milliseconds.</param>
/// <param name="Statement">SHA-256 of the compact JWS.</param>
public sealed record Record(int Count, Custody Custody, string EventHash, long KeyEntry, string Kid, int Position, DateTimeOffset ReceivedAt, Hash32 Statement)
{
    /// <summary>Version of the layout, member <c>v</c>.</summary>
    public const int Version = 1;

    private static readonly string[] Members = ["count", "custody", "eventHash", "keyEntry", "kid", "position", "receivedAt", "statement", "v"];

    /// <summary>Time as records and entries write it: <c>2026-11-21T08:00:00.000Z</c>.</summary>
    public static string FormatTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="FormatTime"/> writes, and nothing else.</summary>
    public static bool TryParseTime(string? text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);

    /// <summary>Name of a custody as records and key entries write it.</summary>
    public static string Name(Custody custody) => custody switch
    {
        Custody.Self => "self",
        Custody.Custodial => "custodial",
        _ => "imported",
    };

    /// <summary>The canonical JSON (RFC 8785) in UTF-8. Written directly: all values are ASCII that needs no escape, and the members stand in order.</summary>
    public byte[] ToJcs() => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"count":{{Count}},"custody":"{{Name(Custody)}}","eventHash":"{{EventHash}}","keyEntry":{{KeyEntry}},"kid":"{{Kid}}","position":{{Position}},"receivedAt":"{{FormatTime(ReceivedAt)}}","statement":"{{Statement.ToHex()}}","v":{{Version}}}"""));

    /// <summary>Reads a record. Every member must be there, no other may be, and each must have its one spelling.</summary>
    public static bool TryParse(JsonElement json, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Record? record)
    {
        record = null;
        if (json.ValueKind != JsonValueKind.Object || !JsonTexts.AreUnicode(json))
        {
            return false;
        }
        var names = json.EnumerateObject().Select(static m => m.Name).Order(StringComparer.Ordinal);
        if (!names.SequenceEqual(Members)
            || !TryInt(json, "v", out var version) || version != Version
            || !TryInt(json, "count", out var count) || count is < 1 or > int.MaxValue
            || !TryInt(json, "position", out var position) || position < 0 || position >= count
            || !TryInt(json, "keyEntry", out var keyEntry) || keyEntry < 0
            || Text(json, "kid") is not { Length: 43 } kid || !Hash32.TryParseBase64Url(kid, out _)
            || Text(json, "eventHash") is not { } eventHash || !TryParseEventHash(eventHash, out _)
            || !TryParseTime(Text(json, "receivedAt"), out var receivedAt)
            || Text(json, "statement") is not { } statementHex || !Hash32.TryParseHex(statementHex, out var statement) || statement.ToHex() != statementHex)
        {
            return false;
        }
        Custody? custody = Text(json, "custody") switch { "self" => Custody.Self, "custodial" => Custody.Custodial, "imported" => Custody.Imported, _ => null };
        if (custody is null)
        {
            return false;
        }
        record = new Record((int)count, custody.Value, eventHash, keyEntry, kid, (int)position, receivedAt, statement);
        return true;
    }

    /// <summary>The digest in a CBV 2.0 event hash URI (CBV 2.0 section 8.9).</summary>
    public static bool TryParseEventHash(string uri, out Hash32 hash)
    {
        hash = default;
        const string Prefix = "ni:///sha-256;";
        const string Suffix = "?ver=CBV2.0";
        return uri.Length == Prefix.Length + 64 + Suffix.Length
            && uri.StartsWith(Prefix, StringComparison.Ordinal) && uri.EndsWith(Suffix, StringComparison.Ordinal)
            && !uri.AsSpan(Prefix.Length, 64).ContainsAnyInRange('A', 'F')
            && Hash32.TryParseHex(uri.AsSpan(Prefix.Length, 64), out hash);
    }

    private static bool TryInt(JsonElement json, string name, out long value)
    {
        value = 0;
        return json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out value);
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
