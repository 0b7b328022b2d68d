using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;

namespace TrustChain.Core.Log;

/// <summary>
/// Body of a key entry (kind 0x02) that ends a key: canonical JSON with <c>act</c> ("revoke"), <c>authorization</c> (a JWS, only when a self-held key
/// agreed), <c>by</c>, <c>compromisedSince</c> (only when the key was in wrong hands), <c>keyEntry</c>, <c>kid</c>, <c>organisation</c>, <c>v</c>.
/// </summary>
/// <param name="Organisation">Whose key.</param>
/// <param name="Kid">RFC 7638 thumbprint.</param>
/// <param name="KeyEntry">Leaf index of the entry that admitted it.</param>
/// <param name="By">Who ended it: <c>organisation</c> or <c>operator</c>.</param>
/// <param name="CompromisedSince">First leaf index that must not be believed; null when the key was merely retired.</param>
/// <param name="Authorization">JWS of one of the organisation's own keys, if any.</param>
public sealed record KeyRevocation(string Organisation, string Kid, long KeyEntry, string By, long? CompromisedSince, string? Authorization)
{
    private static readonly string[] Required = ["act", "by", "keyEntry", "kid", "organisation", "v"];
    private static readonly string[] Optional = ["authorization", "compromisedSince"];

    /// <summary>The body of the entry.</summary>
    public byte[] ToJcs()
    {
        var output = new ArrayBufferWriter<byte>(256);
        output.Write("{\"act\":\"revoke\""u8);
        if (Authorization is not null)
        {
            output.Write(Encoding.ASCII.GetBytes($",\"authorization\":\"{Authorization}\""));
        }
        output.Write(Encoding.ASCII.GetBytes($",\"by\":\"{By}\""));
        if (CompromisedSince is { } since)
        {
            output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $",\"compromisedSince\":{since}")));
        }
        output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $",\"keyEntry\":{KeyEntry},\"kid\":\"{Kid}\",\"organisation\":")));
        Jcs.WriteString(Organisation, output);
        output.Write(",\"v\":1}"u8);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads the body; false for an entry of another act.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out KeyRevocation? revocation)
    {
        revocation = null;
        if (json.ValueKind != JsonValueKind.Object)
        {
            return false;
        }
        var names = json.EnumerateObject().Select(static m => m.Name).ToList();
        if (Required.Except(names).Any() || names.Except(Required).Except(Optional).Any()
            || Text("act") != "revoke" || Number("v") != 1
            || Text("organisation") is not { } organisation || Text("kid") is not { Length: 43 } kid || Text("by") is not { } by
            || Number("keyEntry") is not { } keyEntry
            || (names.Contains("compromisedSince") && Number("compromisedSince") is null) || (names.Contains("authorization") && Text("authorization") is null))
        {
            return false;
        }
        revocation = new KeyRevocation(organisation, kid, keyEntry, by, Number("compromisedSince"), Text("authorization"));
        return true;

        string? Text(string name) => json.TryGetProperty(name, out var m) && m.ValueKind == JsonValueKind.String ? m.GetString() : null;
        long? Number(string name) => json.TryGetProperty(name, out var m) && m.ValueKind == JsonValueKind.Number && m.TryGetInt64(out var n) && n >= 0 ? n : null;
    }
}
