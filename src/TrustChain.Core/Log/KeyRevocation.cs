using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using TrustChain.Core.Canonical;

namespace TrustChain.Core.Log;

/// <summary>
/// Body of a key entry (kind 0x02) that ends a key: canonical JSON with <c>act</c> ("revoke"), <c>authorization</c> (a JWS, only when a self-held key
/// agreed), <c>by</c>, <c>compromisedAt</c> and <c>compromisedSince</c> (only when the key was in wrong hands), <c>keyEntry</c>, <c>kid</c>,
/// <c>organisation</c>, <c>previous</c>, <c>v</c>.
/// </summary>
/// <param name="Organisation">Whose key.</param>
/// <param name="Kid">RFC 7638 thumbprint.</param>
/// <param name="KeyEntry">Leaf index of the entry that admitted it.</param>
/// <param name="By">Who ended it: <see cref="ByOrganisation"/> or <see cref="ByOperator"/>.</param>
/// <param name="CompromisedSince">First leaf index that must not be believed; null when the key was merely retired.</param>
/// <param name="Previous">Leaf index of the organisation's previous key entry.</param>
/// <param name="Authorization">JWS of one of the organisation's own keys, if any.</param>
/// <param name="CompromisedAt">
/// The moment from which the organisation says the key was in wrong hands: UTC with milliseconds. <paramref name="CompromisedSince"/> is then the size of the
/// last final anchor at or before it. Null where a leaf index was named.
/// </param>
public sealed record KeyRevocation(
    string Organisation, string Kid, long KeyEntry, string By, long? CompromisedSince, long? Previous, string? Authorization, string? CompromisedAt = null)
    : KeyChange(Organisation, Previous, Authorization)
{
    /// <summary>Value of the member <c>act</c>.</summary>
    public const string Act = "revoke";

    /// <summary>Ended by the organisation whose key it is.</summary>
    public const string ByOrganisation = "organisation";

    /// <summary>Ended by the operator, who needs no authorization: it can only make records count for less, and everybody sees it.</summary>
    public const string ByOperator = "operator";

    private static readonly string[] Required = ["act", "by", "keyEntry", "kid", "organisation", "v"];
    private static readonly string[] Optional = ["authorization", "compromisedAt", "compromisedSince", "previous"];

    /// <inheritdoc/>
    public override byte[] ToJcs() => new JcsObject()
        .Add("act", Act)
        .Add("authorization", Authorization)
        .Add("by", By)
        .Add("compromisedAt", CompromisedAt)
        .Add("compromisedSince", CompromisedSince)
        .Add("keyEntry", KeyEntry)
        .Add("kid", Kid)
        .Add("organisation", Organisation)
        .Add("previous", Previous)
        .Add("v", 1)
        .ToUtf8();

    /// <inheritdoc/>
    public override byte[] ToAuthorizationPayload() => ToAuthorizationPayload(Organisation, Kid, Previous, CompromisedAt is null ? CompromisedSince : null, CompromisedAt);

    /// <summary>
    /// What a key of the organisation signs: canonical JSON <c>{"act":"revoke","kid":…,"organisation":…,"previous":…}</c>, with <c>compromisedAt</c> (a
    /// time) or else <c>compromisedSince</c> (a leaf index), whichever was asked for.
    /// </summary>
    public static byte[] ToAuthorizationPayload(string organisation, string kid, long? previous, long? compromisedSince, string? compromisedAt) => new JcsObject()
        .Add("act", Act)
        .Add("compromisedAt", compromisedAt)
        .Add("compromisedSince", compromisedSince)
        .Add("kid", kid)
        .Add("organisation", organisation)
        .Add("previous", previous)
        .ToUtf8();

    /// <summary>Reads the body; false for an entry of another act.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out KeyRevocation? revocation)
    {
        revocation = null;
        if (!JcsMembers.TryRead(json, Required, Optional, out var members)
            || members.Text("act") != Act || members.Number("v") != 1
            || members.Text("organisation") is not { } organisation || members.Text("kid") is not { } kid || !Hash32.TryParseBase64Url(kid, out _)
            || members.Text("by") is not (ByOrganisation or ByOperator)
            || members.Number("keyEntry") is not { } keyEntry
            || !members.IsNumberOrAbsent("compromisedSince") || !members.IsNumberOrAbsent("previous") || !members.IsTextOrAbsent("authorization"))
        {
            return false;
        }
        var at = members.Text("compromisedAt");
        if (members.Has("compromisedAt") && (at is null || !members.Has("compromisedSince") || !Record.TryParseTime(at, out _)))
        {
            return false;
        }
        revocation = new KeyRevocation(
            organisation, kid, keyEntry, members.Text("by")!, members.Number("compromisedSince"), members.Number("previous"), members.Text("authorization"), at);
        return true;
    }
}
