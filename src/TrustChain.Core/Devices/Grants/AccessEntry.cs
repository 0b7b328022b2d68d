using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Log;

namespace TrustChain.Core.Devices.Grants;

/// <summary>A read under a grant, or by an auditor of the deployment: what an entry of kind <see cref="EntryKind.Access"/> commits to.</summary>
/// <param name="Grant">Id of the grant; null for an auditor, who has none.</param>
/// <param name="Device">The device's canonical URI.</param>
/// <param name="Grantee">Code of the organisation that read.</param>
/// <param name="Hour">Start of the hour in which it read: UTC.</param>
/// <param name="Days">The days it asked for.</param>
/// <param name="Kind">What it read.</param>
public sealed record AccessEntry(string? Grant, string Device, string Grantee, DateTimeOffset Hour, DayRange Days, AccessKind Kind)
{
    private static readonly string[] Members = ["device", "from", "grantee", "hour", "kind", "until", "v"];
    private static readonly string[] Optional = ["grant"];
    private static readonly string[] Kinds = ["data", "keys", "live", "device", "verdicts"];

    /// <summary>The start of the hour that a time lies in.</summary>
    public static DateTimeOffset HourOf(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    /// <summary>Name of a kind as entries write it.</summary>
    public static string Name(AccessKind kind) => Kinds[(int)kind];

    /// <summary>Canonical JSON.</summary>
    public byte[] ToJcs() => new JcsObject()
        .Add("device", Device)
        .Add("from", DayKeyName.FormatDay(Days.From))
        .Add("grant", Grant)
        .Add("grantee", Grantee)
        .Add("hour", Record.FormatTime(Hour))
        .Add("kind", Name(Kind))
        .Add("until", DayKeyName.FormatDay(Days.Until))
        .Add("v", 1)
        .ToUtf8();

    /// <summary>Reads what <see cref="ToJcs"/> writes.</summary>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out AccessEntry? entry)
    {
        entry = null;
        if (!JcsMembers.TryRead(json, Members, Optional, out var members)
            || members.Number("v") != 1
            || (members.Has("grant") && !GrantAct.IsId(members.Text("grant")))
            || members.Text("device") is not { Length: > 0 and <= TelemetryHeader.MaxDeviceChars } device
            || members.Text("grantee") is not { Length: > 0 } grantee
            || !Record.TryParseTime(members.Text("hour"), out var hour) || HourOf(hour) != hour
            || !DayKeyName.TryParseDay(members.Text("from"), out var from) || !DayKeyName.TryParseDay(members.Text("until"), out var until) || until < from
            || Array.IndexOf(Kinds, members.Text("kind")) is not (>= 0 and var kind)
            || !(members.Has("grant") ? (AccessKind)kind != AccessKind.Verdicts : (AccessKind)kind is AccessKind.Device or AccessKind.Verdicts))
        {
            return false;
        }
        entry = new AccessEntry(members.Has("grant") ? members.Text("grant") : null, device, grantee, hour, new DayRange(from, until), (AccessKind)kind);
        return true;
    }
}

/// <summary>What was read.</summary>
public enum AccessKind
{
    /// <summary>Readings and what was made of them.</summary>
    Data,

    /// <summary>Day keys.</summary>
    Keys,

    /// <summary>Data as they came.</summary>
    Live,

    /// <summary>That it is there, who owns it, and its keys.</summary>
    Device,

    /// <summary>The answers of the checks without their numbers: what auditors of the deployment may see.</summary>
    Verdicts,
}
