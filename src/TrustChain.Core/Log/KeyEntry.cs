using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// Body of a key entry (kind 0x02) that admits a key: canonical JSON with the members <c>act</c> ("register"), <c>authorization</c> (only when an
/// earlier self-held key had to agree), <c>custody</c>, <c>jwk</c>, <c>kid</c>, <c>name</c>, <c>organisation</c>, <c>previous</c> (only when there is
/// an earlier key entry), <c>purpose</c>, <c>recovery</c> (only after an announced recovery), <c>v</c> and <c>vouchedBy</c>.
/// </summary>
/// <param name="Organisation">Identifier of the organisation on this deployment.</param>
/// <param name="Name">Its name at that time.</param>
/// <param name="Key">The key.</param>
/// <param name="Custody">Self-held or custodial.</param>
/// <param name="Purpose">What the key may sign: <c>statements</c>.</param>
/// <param name="Previous">Leaf index of the organisation's previous key entry, if any.</param>
/// <param name="VouchedBy">Who vouches that the key belongs to the name: <c>operator</c>, a <c>did:web</c> identifier, or <c>dns:</c> and a domain.</param>
/// <param name="Authorization">JWS of the outgoing self-held key over <see cref="ToAuthorizationPayload()"/>, if any.</param>
/// <param name="Recovery">Leaf index of the <see cref="KeyRecovery"/> by which the operator announced this key, if that is why it is admitted.</param>
public sealed record KeyEntry(
    string Organisation, string Name, PublicKey Key, Custody Custody, string Purpose, long? Previous, string VouchedBy, string? Authorization, long? Recovery = null)
    : KeyChange(Organisation, Previous, Authorization)
{
    /// <summary>Value of the member <c>act</c>.</summary>
    public const string Act = "register";

    /// <summary>The only purpose so far: signing event statements, certificates and recalls.</summary>
    public const string StatementsPurpose = "statements";

    /// <summary>Value of <see cref="VouchedBy"/> where the operator alone vouches.</summary>
    public const string VouchedByOperator = "operator";

    /// <summary>How <see cref="VouchedBy"/> begins where the organisation's did:web document holds the key.</summary>
    public const string DidWebPrefix = "did:web:";

    /// <summary>How <see cref="VouchedBy"/> begins where a TXT record of the organisation's domain names the key.</summary>
    public const string DnsPrefix = "dns:";

    private static readonly string[] Required = ["act", "custody", "jwk", "kid", "name", "organisation", "purpose", "v", "vouchedBy"];
    private static readonly string[] Optional = ["authorization", "previous", "recovery"];

    /// <inheritdoc/>
    public override byte[] ToJcs() => new JcsObject()
        .Add("act", Act)
        .Add("authorization", Authorization)
        .Add("custody", Record.Name(Custody))
        .AddCanonical("jwk", Encoding.ASCII.GetBytes(Key.Jwk))
        .Add("kid", Key.Kid)
        .Add("name", Name)
        .Add("organisation", Organisation)
        .Add("previous", Previous)
        .Add("purpose", Purpose)
        .Add("recovery", Recovery)
        .Add("v", 1)
        .Add("vouchedBy", VouchedBy)
        .ToUtf8();

    /// <inheritdoc/>
    public override byte[] ToAuthorizationPayload() => ToAuthorizationPayload(Organisation, Key.Kid, Previous);

    /// <summary>
    /// What a key signs to be admitted, and what the outgoing key signs to agree: canonical JSON
    /// <c>{"act":"register","kid":…,"organisation":…}</c>, with <c>previous</c> when there is an earlier key entry.
    /// </summary>
    public static byte[] ToAuthorizationPayload(string organisation, string kid, long? previous) =>
        new JcsObject().Add("act", Act).Add("kid", kid).Add("organisation", organisation).Add("previous", previous).ToUtf8();

    /// <summary>Reads the body of an entry that admits a key. No other member may stand there.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out KeyEntry? entry)
    {
        entry = null;
        if (!JcsMembers.TryRead(json, Required, Optional, out var members)
            || members.Text("act") != Act || members.Number("v") != 1
            || !PublicKey.TryParse(members.Get("jwk"), out var key, out _) || members.Text("kid") != key.Kid
            || members.Text("organisation") is not { } organisation || members.Text("name") is not { } name
            || members.Text("purpose") is not StatementsPurpose || members.Text("vouchedBy") is not { } vouchedBy || !IsVoucher(vouchedBy)
            || !members.IsNumberOrAbsent("previous") || !members.IsNumberOrAbsent("recovery") || !members.IsTextOrAbsent("authorization"))
        {
            return false;
        }
        Custody? custody = members.Text("custody") switch { "self" => Custody.Self, "custodial" => Custody.Custodial, "imported" => Custody.Imported, _ => null };
        if (custody is null)
        {
            return false;
        }
        entry = new KeyEntry(
            organisation, name, key, custody.Value, StatementsPurpose, members.Number("previous"), vouchedBy, members.Text("authorization"), members.Number("recovery"));
        return true;
    }

    private static bool IsVoucher(string vouchedBy) =>
        vouchedBy == VouchedByOperator
        || (vouchedBy.StartsWith(DidWebPrefix, StringComparison.Ordinal) && vouchedBy.Length > DidWebPrefix.Length)
        || (vouchedBy.StartsWith(DnsPrefix, StringComparison.Ordinal) && vouchedBy.Length > DnsPrefix.Length);
}
