using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// Body of a key entry (kind 0x02) by which the operator announces a new key for an organisation that has lost its own: canonical JSON with <c>act</c>
/// ("recover"), <c>delay</c>, <c>jwk</c>, <c>kid</c>, <c>organisation</c>, <c>previous</c>, <c>reason</c>, <c>v</c>. The key may sign nothing until, after the
/// delay, an entry admits it that names this one; until then any key of the organisation can object.
/// </summary>
/// <param name="Organisation">Whose key.</param>
/// <param name="Key">The key to be admitted.</param>
/// <param name="DelaySeconds">Seconds that pass between this entry and the admission.</param>
/// <param name="Reason">Why, as the operator states it; up to 500 characters.</param>
/// <param name="Previous">Leaf index of the organisation's previous key entry.</param>
public sealed record KeyRecovery(string Organisation, PublicKey Key, long DelaySeconds, string Reason, long? Previous) : KeyChange(Organisation, Previous, null)
{
    /// <summary>Value of the member <c>act</c>.</summary>
    public const string Act = "recover";

    private static readonly string[] Required = ["act", "delay", "jwk", "kid", "organisation", "previous", "reason", "v"];

    /// <inheritdoc/>
    public override byte[] ToJcs() => new JcsObject()
        .Add("act", Act)
        .Add("delay", DelaySeconds)
        .AddCanonical("jwk", Encoding.ASCII.GetBytes(Key.Jwk))
        .Add("kid", Key.Kid)
        .Add("organisation", Organisation)
        .Add("previous", Previous)
        .Add("reason", Reason)
        .Add("v", 1)
        .ToUtf8();

    /// <summary>A recovery is the operator's act; nobody authorizes it.</summary>
    public override byte[] ToAuthorizationPayload() => [];

    /// <summary>Reads the body; false for an entry of another act.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out KeyRecovery? recovery)
    {
        recovery = null;
        if (!JcsMembers.TryRead(json, Required, [], out var members)
            || members.Text("act") != Act || members.Number("v") != 1
            || !PublicKey.TryParse(members.Get("jwk"), out var key, out _) || members.Text("kid") != key.Kid
            || members.Text("organisation") is not { } organisation || members.Text("reason") is not { } reason
            || members.Number("delay") is not { } delay || members.Number("previous") is not { } previous)
        {
            return false;
        }
        recovery = new KeyRecovery(organisation, key, delay, reason, previous);
        return true;
    }
}

/// <summary>
/// Body of a key entry (kind 0x02) by which an organisation stops a recovery it did not want: canonical JSON with <c>act</c> ("object"), <c>authorization</c>,
/// <c>organisation</c>, <c>previous</c>, <c>recovery</c>, <c>v</c>.
/// </summary>
/// <param name="Organisation">Who objects.</param>
/// <param name="Recovery">Leaf index of the recovery.</param>
/// <param name="Previous">Leaf index of the organisation's previous key entry.</param>
/// <param name="Authorization">JWS of one of the organisation's own keys over <see cref="ToAuthorizationPayload()"/>.</param>
public sealed record KeyObjection(string Organisation, long Recovery, long? Previous, string? Authorization) : KeyChange(Organisation, Previous, Authorization)
{
    /// <summary>Value of the member <c>act</c>.</summary>
    public const string Act = "object";

    private static readonly string[] Required = ["act", "authorization", "organisation", "previous", "recovery", "v"];

    /// <inheritdoc/>
    public override byte[] ToJcs() => new JcsObject()
        .Add("act", Act)
        .Add("authorization", Authorization)
        .Add("organisation", Organisation)
        .Add("previous", Previous)
        .Add("recovery", Recovery)
        .Add("v", 1)
        .ToUtf8();

    /// <inheritdoc/>
    public override byte[] ToAuthorizationPayload() => ToAuthorizationPayload(Organisation, Recovery, Previous);

    /// <summary>What a key of the organisation signs: canonical JSON <c>{"act":"object","organisation":…,"previous":…,"recovery":…}</c>.</summary>
    public static byte[] ToAuthorizationPayload(string organisation, long recovery, long? previous) =>
        new JcsObject().Add("act", Act).Add("organisation", organisation).Add("previous", previous).Add("recovery", recovery).ToUtf8();

    /// <summary>Reads the body; false for an entry of another act.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out KeyObjection? objection)
    {
        objection = null;
        if (!JcsMembers.TryRead(json, Required, [], out var members)
            || members.Text("act") != Act || members.Number("v") != 1
            || members.Text("organisation") is not { } organisation || members.Text("authorization") is not { } authorization
            || members.Number("recovery") is not { } recovery || members.Number("previous") is not { } previous)
        {
            return false;
        }
        objection = new KeyObjection(organisation, recovery, previous, authorization);
        return true;
    }
}
