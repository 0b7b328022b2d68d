using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Devices.Grants;

/// <summary>What a grant statement does.</summary>
public enum GrantActKind
{
    /// <summary>Somebody asks the owner of a device for access.</summary>
    Request,

    /// <summary>The owner gives it, asked or not.</summary>
    Grant,

    /// <summary>The owner gives no more of it.</summary>
    Revoke,
}

/// <summary>Payload of a grant statement (<c>docs/devices.md</c> section 8).</summary>
public sealed record GrantAct
{
    /// <summary><c>typ</c> of the statement.</summary>
    public const string Type = "grant+jws";

    /// <summary>Length of the id of a grant, in characters of base64url: 16 random bytes.</summary>
    public const int IdChars = 22;

    private static readonly string[] Required = ["act", "device", "grant", "grantee", "organisation", "v"];
    private static readonly string[] Optional = ["request", "terms"];
    private static readonly string[] Names = ["request", "grant", "revoke"];

    /// <summary>What it does.</summary>
    public required GrantActKind Act { get; init; }

    /// <summary>Id of the grant.</summary>
    public required string Grant { get; init; }

    /// <summary>The device's canonical URI.</summary>
    public required string Device { get; init; }

    /// <summary>Code of the organisation that reads.</summary>
    public required string Grantee { get; init; }

    /// <summary>Code of the organisation that signs: the grantee in <see cref="GrantActKind.Request"/>, else the owner.</summary>
    public required string Organisation { get; init; }

    /// <summary>What is asked for or given; null exactly in <see cref="GrantActKind.Revoke"/>.</summary>
    public GrantTerms? Terms { get; init; }

    /// <summary>Digest of the statement that asked, in a <see cref="GrantActKind.Grant"/> that answers one.</summary>
    public Hash32? Request { get; init; }

    /// <summary>Name of an act as payloads write it.</summary>
    public static string Name(GrantActKind act) => Names[(int)act];

    /// <summary>A new id.</summary>
    public static string NewId() => Base64UrlText.Encode(RandomNumberGenerator.GetBytes(16));

    /// <summary>Whether a text can be an id.</summary>
    public static bool IsId([NotNullWhen(true)] string? text) => text is { Length: IdChars } && Base64UrlText.TryDecode(text, out _);

    /// <summary>The payload: canonical JSON.</summary>
    public byte[] ToJcs() => new JcsObject()
        .Add("act", Name(Act))
        .Add("device", Device)
        .Add("grant", Grant)
        .Add("grantee", Grantee)
        .Add("organisation", Organisation)
        .Add("request", Request?.ToBase64Url())
        .AddCanonical("terms", Terms?.ToJcs())
        .Add("v", 1)
        .ToUtf8();

    /// <summary>Reads a payload. Each act has exactly its members.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out GrantAct? act)
    {
        act = null;
        if (!JcsMembers.TryRead(json, Required, Optional, out var members)
            || members.Number("v") != 1
            || Array.IndexOf(Names, members.Text("act")) is not (>= 0 and var place)
            || !IsId(members.Text("grant"))
            || members.Text("device") is not { Length: > 0 and <= TelemetryHeader.MaxDeviceChars } device
            || members.Text("grantee") is not { Length: > 0 } grantee || members.Text("organisation") is not { Length: > 0 } organisation
            || device.Any(char.IsControl) || grantee.Any(char.IsControl))
        {
            return false;
        }
        var kind = (GrantActKind)place;
        GrantTerms? terms = null;
        Hash32? request = null;
        if (members.Has("terms") == (kind == GrantActKind.Revoke)
            || (members.Has("terms") && !GrantTerms.TryParse(members.Get("terms"), out terms, out _))
            || (members.Has("request") && kind != GrantActKind.Grant)
            || organisation == grantee != (kind == GrantActKind.Request))
        {
            return false;
        }
        if (members.Has("request"))
        {
            if (!Hash32.TryParseBase64Url(members.Text("request"), out var digest))
            {
                return false;
            }
            request = digest;
        }
        act = new GrantAct
        {
            Act = kind,
            Grant = members.Text("grant")!, // IsId has seen it.
            Device = device,
            Grantee = grantee,
            Organisation = organisation,
            Terms = terms,
            Request = request,
        };
        return true;
    }
}
