using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// Body of a key entry (kind 0x02) that admits a key: canonical JSON with the members <c>act</c> ("register"), <c>authorization</c> (only when an
/// earlier self-held key had to agree), <c>custody</c>, <c>jwk</c>, <c>kid</c>, <c>name</c>, <c>organisation</c>, <c>previous</c> (only when there is
/// an earlier key entry), <c>purpose</c>, <c>v</c> and <c>vouchedBy</c>.
/// </summary>
/// <param name="Organisation">Identifier of the organisation on this deployment.</param>
/// <param name="Name">Its name at that time.</param>
/// <param name="Key">The key.</param>
/// <param name="Custody">Self-held or custodial.</param>
/// <param name="Purpose">What the key may sign: <c>statements</c>.</param>
/// <param name="Previous">Leaf index of the organisation's previous key entry, if any.</param>
/// <param name="VouchedBy">Who vouches that the key belongs to the name: <c>operator</c>.</param>
/// <param name="Authorization">JWS of the outgoing self-held key over <see cref="ToAuthorizationPayload"/>, if any.</param>
public sealed record KeyEntry(
    string Organisation, string Name, PublicKey Key, Custody Custody, string Purpose, long? Previous, string VouchedBy, string? Authorization)
{
    /// <summary>The <c>typ</c> of the JWS by which a key is asked for or agreed to.</summary>
    public const string AuthorizationType = "key+jws";

    /// <summary>The only purpose so far: signing event statements, certificates and recalls.</summary>
    public const string StatementsPurpose = "statements";

    private static readonly string[] Required = ["act", "custody", "jwk", "kid", "name", "organisation", "purpose", "v", "vouchedBy"];
    private static readonly string[] Optional = ["authorization", "previous"];

    /// <summary>The body of the entry: canonical JSON.</summary>
    public byte[] ToJcs()
    {
        var output = new ArrayBufferWriter<byte>(512);
        Ascii(output, "{\"act\":\"register\",");
        if (Authorization is not null)
        {
            Ascii(output, $"\"authorization\":\"{Authorization}\",");
        }
        Ascii(output, $"\"custody\":\"{Record.Name(Custody)}\",\"jwk\":{Key.Jwk},\"kid\":\"{Key.Kid}\",\"name\":");
        Jcs.WriteString(Name, output);
        Ascii(output, ",\"organisation\":");
        Jcs.WriteString(Organisation, output);
        if (Previous is { } previous)
        {
            Ascii(output, string.Create(CultureInfo.InvariantCulture, $",\"previous\":{previous}"));
        }
        Ascii(output, ",\"purpose\":");
        Jcs.WriteString(Purpose, output);
        Ascii(output, ",\"v\":1,\"vouchedBy\":");
        Jcs.WriteString(VouchedBy, output);
        Ascii(output, "}");
        return output.WrittenSpan.ToArray();
    }

    /// <summary>
    /// What a key signs to be admitted, and what the outgoing key signs to agree: canonical JSON
    /// <c>{"act":"register","kid":…,"organisation":…}</c>, with <c>previous</c> when there is an earlier key entry.
    /// </summary>
    public static byte[] ToAuthorizationPayload(string organisation, string kid, long? previous)
    {
        var output = new ArrayBufferWriter<byte>(160);
        Ascii(output, $"{{\"act\":\"register\",\"kid\":\"{kid}\",\"organisation\":");
        Jcs.WriteString(organisation, output);
        if (previous is { } index)
        {
            Ascii(output, string.Create(CultureInfo.InvariantCulture, $",\"previous\":{index}"));
        }
        Ascii(output, "}");
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads the body of an entry that admits a key. No other member may stand there.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out KeyEntry? entry)
    {
        entry = null;
        if (json.ValueKind != JsonValueKind.Object)
        {
            return false;
        }
        var names = json.EnumerateObject().Select(static m => m.Name).ToList();
        if (Required.Except(names).Any() || names.Except(Required).Except(Optional).Any()
            || Text(json, "act") != "register"
            || json.GetProperty("v") is not { ValueKind: JsonValueKind.Number } version || !version.TryGetInt32(out var v) || v != 1
            || !PublicKey.TryParse(json.GetProperty("jwk"), out var key, out _)
            || Text(json, "organisation") is not { } organisation || Text(json, "name") is not { } name
            || Text(json, "purpose") is not { } purpose || Text(json, "vouchedBy") is not { } vouchedBy)
        {
            return false;
        }
        Custody? custody = Text(json, "custody") switch { "self" => Custody.Self, "custodial" => Custody.Custodial, "imported" => Custody.Imported, _ => null };
        long? previous = null;
        if (json.TryGetProperty("previous", out var member))
        {
            if (member.ValueKind != JsonValueKind.Number || !member.TryGetInt64(out var index) || index < 0)
            {
                return false;
            }
            previous = index;
        }
        var authorization = json.TryGetProperty("authorization", out _) ? Text(json, "authorization") : null;
        if (custody is null || Text(json, "kid") != key.Kid || (authorization is null && names.Contains("authorization")))
        {
            return false;
        }
        entry = new KeyEntry(organisation, name, key, custody.Value, purpose, previous, vouchedBy, authorization);
        return true;
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static void Ascii(ArrayBufferWriter<byte> output, string text)
    {
        var span = output.GetSpan(text.Length);
        output.Advance(Encoding.ASCII.GetBytes(text, span));
    }
}
