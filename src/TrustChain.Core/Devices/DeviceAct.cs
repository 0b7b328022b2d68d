using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Devices;

/// <summary>What a device entry does (<c>docs/devices.md</c> section 3).</summary>
public enum DeviceActKind
{
    /// <summary>The device becomes known, with its first key.</summary>
    Enrol,

    /// <summary>The device's own key admits the next one.</summary>
    Rotate,

    /// <summary>The owner admits a key in place of one that is broken, lost or in wrong hands.</summary>
    Replace,

    /// <summary>The owner ends the key.</summary>
    Revoke,

    /// <summary>The owner offers the device to another organisation.</summary>
    Transfer,

    /// <summary>That organisation accepts, and owns it from here on.</summary>
    Accept,

    /// <summary>The device says nothing any more.</summary>
    Retire,
}

/// <summary>Payload of a device entry: one step in the life of a device's keys and ownership.</summary>
public sealed record DeviceAct
{
    /// <summary><c>typ</c> of the statement.</summary>
    public const string Type = "device+jws";

    /// <summary><c>typ</c> of the JWS by which a key shows that it is held.</summary>
    public const string ProofType = "device-key+jws";

    /// <summary>Longest <see cref="Reason"/>, in characters.</summary>
    public const int MaxReason = 200;

    private static readonly string[] Required = ["act", "device", "organisation", "v"];
    private static readonly string[] Optional = ["attestation", "compromisedSince", "jwk", "kid", "previous", "proof", "reason", "to"];
    private static readonly string[] Names = ["enrol", "rotate", "replace", "revoke", "transfer", "accept", "retire"];

    /// <summary>What it does.</summary>
    public required DeviceActKind Act { get; init; }

    /// <summary>The device's pseudonym.</summary>
    public required Hash32 Device { get; init; }

    /// <summary>Code of the organisation that signs; in <see cref="DeviceActKind.Rotate"/> of the owner.</summary>
    public required string Organisation { get; init; }

    /// <summary>Leaf index of the device's entry before this one; null exactly in <see cref="DeviceActKind.Enrol"/>.</summary>
    public long? Previous { get; init; }

    /// <summary>The key that is admitted.</summary>
    public PublicKey? Key { get; init; }

    /// <summary>JWS by the admitted key over <see cref="ProofPayload"/>.</summary>
    public string? Proof { get; init; }

    /// <summary>SHA-256 of the maker's attestation.</summary>
    public Hash32? Attestation { get; init; }

    /// <summary>The next owner, in <see cref="DeviceActKind.Transfer"/>.</summary>
    public string? To { get; init; }

    /// <summary>Leaf index from which on no key that was admitted for the device before this act must be believed; not above the leaf index of the act's own entry.</summary>
    public long? CompromisedSince { get; init; }

    /// <summary>Why, in the owner's words.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether the act admits a key.</summary>
    public bool AdmitsKey => Act is DeviceActKind.Enrol or DeviceActKind.Rotate or DeviceActKind.Replace;

    /// <summary>Name of an act as entries write it.</summary>
    public static string Name(DeviceActKind act) => Names[(int)act];

    /// <summary>The pseudonym of a device: SHA-256(salt || URI in UTF-8).</summary>
    /// <param name="salt">32 random bytes.</param>
    /// <param name="uri">The device's canonical URI.</param>
    public static Hash32 ComputePseudonym(ReadOnlySpan<byte> salt, string uri) => Hash32.Compute([.. salt, .. Encoding.UTF8.GetBytes(uri)]);

    /// <summary>What a key signs to show that it is held: canonical JSON <c>{"act":…,"device":…,"kid":…}</c>.</summary>
    public static byte[] ProofPayload(DeviceActKind act, Hash32 device, string kid) =>
        new JcsObject().Add("act", Name(act)).Add("device", device.ToBase64Url()).Add("kid", kid).ToUtf8();

    /// <summary>Makes the proof of a key.</summary>
    /// <param name="key">The key that is to be admitted.</param>
    /// <param name="act">The act that admits it.</param>
    /// <param name="device">The pseudonym.</param>
    /// <param name="origin">The log's origin.</param>
    public static string Prove(SigningKey key, DeviceActKind act, Hash32 device, string origin) =>
        Jws.Sign(key, ProofType, origin, ProofPayload(act, device, key.PublicKey.Kid));

    /// <summary>Checks <see cref="Proof"/>: header, audience, payload and signature. Valid where no key is admitted.</summary>
    /// <param name="origin">The log's origin.</param>
    public SignatureCheck VerifyProof(string origin) => Key is null ? SignatureCheck.Valid : VerifyProof(Proof!, Key, Act, Device, origin); // Both or neither.

    /// <summary>Checks a proof before there is an act.</summary>
    public static SignatureCheck VerifyProof(string proof, PublicKey key, DeviceActKind act, Hash32 device, string origin) =>
        Jws.TryParse(proof, out var jws, out _) && jws.Type == ProofType && jws.Kid == key.Kid && jws.Audience == origin && jws.HeaderNames.Count == 4
        && jws.Payload.Span.SequenceEqual(ProofPayload(act, device, key.Kid))
            ? jws.Verify(key)
            : SignatureCheck.Invalid;

    /// <summary>The payload: canonical JSON.</summary>
    public byte[] ToJcs() => new JcsObject()
        .Add("act", Name(Act))
        .Add("attestation", Attestation?.ToBase64Url())
        .Add("compromisedSince", CompromisedSince)
        .Add("device", Device.ToBase64Url())
        .AddCanonical("jwk", Key is null ? null : Encoding.ASCII.GetBytes(Key.Jwk))
        .Add("kid", Key?.Kid)
        .Add("organisation", Organisation)
        .Add("previous", Previous)
        .Add("proof", Proof)
        .Add("reason", Reason)
        .Add("to", To)
        .Add("v", 1)
        .ToUtf8();

    /// <summary>Reads a payload. Each act has exactly its members.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out DeviceAct? act)
    {
        act = null;
        if (!JcsMembers.TryRead(json, Required, Optional, out var members)
            || members.Number("v") != 1
            || Array.IndexOf(Names, members.Text("act")) is not (>= 0 and var place)
            || !Hash32.TryParseBase64Url(members.Text("device"), out var device)
            || members.Text("organisation") is not { Length: > 0 } organisation
            || !members.IsNumberOrAbsent("previous") || !members.IsNumberOrAbsent("compromisedSince"))
        {
            return false;
        }
        var kind = (DeviceActKind)place;
        var admits = kind is DeviceActKind.Enrol or DeviceActKind.Rotate or DeviceActKind.Replace;
        if (members.Has("previous") == (kind == DeviceActKind.Enrol)
            || members.Has("jwk") != admits || members.Has("kid") != admits || members.Has("proof") != admits
            || (members.Has("attestation") && !admits)
            || members.Has("to") != (kind == DeviceActKind.Transfer)
            || (members.Has("compromisedSince") && kind is not (DeviceActKind.Revoke or DeviceActKind.Replace))
            || (members.Has("reason") && kind is not (DeviceActKind.Revoke or DeviceActKind.Replace or DeviceActKind.Retire)))
        {
            return false;
        }
        PublicKey? key = null;
        if (admits && (!PublicKey.TryParse(members.Get("jwk"), out key, out _) || members.Text("kid") != key.Kid || members.Text("proof") is null))
        {
            return false;
        }
        Hash32? attestation = null;
        if (members.Has("attestation"))
        {
            if (!Hash32.TryParseBase64Url(members.Text("attestation"), out var digest))
            {
                return false;
            }
            attestation = digest;
        }
        if ((members.Has("to") && members.Text("to") is not { Length: > 0 })
            || (members.Has("reason") && members.Text("reason") is not { Length: > 0 and <= MaxReason }))
        {
            return false;
        }
        act = new DeviceAct
        {
            Act = kind,
            Device = device,
            Organisation = organisation,
            Previous = members.Number("previous"),
            Key = key,
            Proof = members.Text("proof"),
            Attestation = attestation,
            To = members.Text("to"),
            CompromisedSince = members.Number("compromisedSince"),
            Reason = members.Text("reason"),
        };
        return true;
    }
}
