using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// Body of an entry of kind 0x02. The entries of one organisation form a chain: each names the one before it, so nobody can hide one of them from
/// whoever sees a later one. The acts are <see cref="KeyEntry"/>, <see cref="KeyRevocation"/>, <see cref="KeyRecovery"/> and <see cref="KeyObjection"/>;
/// <see cref="KeyHistory"/> has the rules between them.
/// </summary>
/// <param name="Organisation">Identifier of the organisation on this deployment.</param>
/// <param name="Previous">Leaf index of the organisation's key entry before this one, whatever its act; null for its first.</param>
/// <param name="Authorization">JWS by which one of the organisation's own self-held keys agreed, if one did.</param>
public abstract record KeyChange(string Organisation, long? Previous, string? Authorization)
{
    /// <summary>The <c>typ</c> of the JWS by which a key is asked for, or by which a key agrees to a change.</summary>
    public const string AuthorizationType = "key+jws";

    /// <summary>The body of the entry: canonical JSON.</summary>
    public abstract byte[] ToJcs();

    /// <summary>What <see cref="Authorization"/> signs: canonical JSON that names act, organisation, previous entry and what is changed.</summary>
    public abstract byte[] ToAuthorizationPayload();

    /// <summary>Reads the body of an entry of kind 0x02, whatever its act. No other member may stand there.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out KeyChange? change)
    {
        change = json.ValueKind != JsonValueKind.Object || !JsonTexts.AreUnicode(json) || !json.TryGetProperty("act", out var act) || act.ValueKind != JsonValueKind.String ? null : act.GetString() switch
        {
            KeyEntry.Act => KeyEntry.TryParse(json, out var entry) ? entry : null,
            KeyRevocation.Act => KeyRevocation.TryParse(json, out var revocation) ? revocation : null,
            KeyRecovery.Act => KeyRecovery.TryParse(json, out var recovery) ? recovery : null,
            KeyObjection.Act => KeyObjection.TryParse(json, out var objection) ? objection : null,
            _ => null,
        };
        return change is not null;
    }

    /// <summary>Checks that a key of the organisation agreed to this change: header, kid, audience, payload and signature.</summary>
    /// <param name="key">The key that has to have signed.</param>
    /// <param name="origin">The log's origin: the authorization's <c>aud</c>.</param>
    public SignatureCheck VerifyAuthorization(PublicKey key, string origin) =>
        Authorization is not null && Jws.TryParse(Authorization, out var jws, out _) && jws.Type == AuthorizationType && jws.Kid == key.Kid
        && jws.Audience == origin && jws.HeaderNames.Count == 4 && jws.Payload.Span.SequenceEqual(ToAuthorizationPayload())
            ? jws.Verify(key)
            : SignatureCheck.Invalid;

    /// <summary>Thumbprint of the key that the authorization names; null when there is none or it is malformed.</summary>
    public string? AuthorizedBy() => Authorization is not null && Jws.TryParse(Authorization, out var jws, out _) ? jws.Kid : null;
}
