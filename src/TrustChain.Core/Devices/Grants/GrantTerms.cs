using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Log;

namespace TrustChain.Core.Devices.Grants;

/// <summary>What the reader wants the data for.</summary>
public enum GrantPurpose
{
    /// <summary>To lend on the device.</summary>
    Credit,

    /// <summary>To insure it, or to settle a claim.</summary>
    Insurance,

    /// <summary>To service it.</summary>
    Maintenance,

    /// <summary>To buy it.</summary>
    Resale,

    /// <summary>To supervise.</summary>
    Regulator,
}

/// <summary>How exactly places are told. In ascending order.</summary>
public enum PlacePrecision
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>To a tenth of a degree (<see cref="Place.Coarsen"/>).</summary>
    Coarse,

    /// <summary>As measured.</summary>
    Exact,
}

/// <summary>Days in UTC, first and last included.</summary>
/// <param name="From">The first.</param>
/// <param name="Until">The last, not before the first.</param>
public readonly record struct DayRange(DateOnly From, DateOnly Until)
{
    /// <summary>Whether the day is one of them.</summary>
    public bool Contains(DateOnly day) => day >= From && day <= Until;

    /// <summary>The days that are in both; null where there are none.</summary>
    public DayRange? Intersect(DayRange other)
    {
        var (from, until) = (From > other.From ? From : other.From, Until < other.Until ? Until : other.Until);
        return from <= until ? new DayRange(from, until) : null;
    }
}

/// <summary>What a grant covers (<c>docs/devices.md</c> section 8). Immutable.</summary>
public sealed record GrantTerms
{
    /// <summary>Most names in <see cref="Scope"/>.</summary>
    public const int MaxScope = 20;

    /// <summary>Most days from first to last: ten years.</summary>
    public const int MaxDays = 3653;

    private const int FirstYear = 2000;
    private const int LastYear = 9998; // so that the day after is one

    /// <summary>What stands in <see cref="Scope"/> before the name of a single measure of the template: <c>measure:operatingHours</c>.</summary>
    public const string MeasurePrefix = "measure:";

    /// <summary>Longest name of a measure, in characters.</summary>
    public const int MaxMeasureChars = 40;

    /// <summary>In <see cref="Scope"/>: everything.</summary>
    public const string All = "all";

    /// <summary>In <see cref="Scope"/>: every measure that is neither a place nor about the rider.</summary>
    public const string Operation = "operation";

    /// <summary>In <see cref="Scope"/>: places, as exactly as <see cref="Precision"/> says.</summary>
    public const string Position = "position";

    /// <summary>In <see cref="Scope"/>: what says something about who used the device.</summary>
    public const string Rider = "rider";

    private static readonly SearchValues<char> MeasureCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    private static readonly string[] Members = ["from", "precision", "purpose", "scope", "until"];
    private static readonly string[] Optional = ["expires"];
    private static readonly string[] Groups = [All, Operation, Position, Rider];
    private static readonly string[] Purposes = ["credit", "insurance", "maintenance", "resale", "regulator"];
    private static readonly string[] Precisions = ["none", "coarse", "exact"];

    /// <summary>What for.</summary>
    public required GrantPurpose Purpose { get; init; }

    /// <summary>Names of groups, and of measures after <see cref="MeasurePrefix"/>, in the order of their UTF-16 code units, none twice; <see cref="All"/> stands alone.</summary>
    public required IReadOnlyList<string> Scope { get; init; }

    /// <summary>How exactly places are told: not <see cref="PlacePrecision.None"/> exactly where <see cref="Scope"/> has places.</summary>
    public required PlacePrecision Precision { get; init; }

    /// <summary>The days whose data may be read.</summary>
    public required DayRange Days { get; init; }

    /// <summary>From when on nothing may be read any more; null: no such time.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Name of a purpose as grants write it.</summary>
    public static string Name(GrantPurpose purpose) => Purposes[(int)purpose];

    /// <summary>Name of a precision as grants write it.</summary>
    public static string Name(PlacePrecision precision) => Precisions[(int)precision];

    /// <summary>Whether a measure may be read.</summary>
    /// <param name="group">The group that the template puts it in; <see cref="KeyGroup.Area"/> and <see cref="KeyGroup.Position"/> are both places.</param>
    /// <param name="measure">Its name in the template.</param>
    public bool Covers(KeyGroup group, string measure) => CoversGroup(group) || (group is KeyGroup.Operation or KeyGroup.Rider && Scope.Contains(MeasurePrefix + measure));

    /// <summary>
    /// Whether the key of a group is handed over: a key opens the whole group, so a grant of single measures has none; and a coarse grant has that of the
    /// rounded places alone.
    /// </summary>
    public bool HandsOver(KeyGroup group) => group switch
    {
        KeyGroup.Position => Precision == PlacePrecision.Exact,
        KeyGroup.Area => Precision != PlacePrecision.None,
        _ => CoversGroup(group),
    };

    /// <summary>Whether these terms give nothing that the others do not: what an owner may answer to a request.</summary>
    public bool IsWithin(GrantTerms other) =>
        Purpose == other.Purpose && Precision <= other.Precision
        && Days.From >= other.Days.From && Days.Until <= other.Days.Until
        && (other.Expires is null || Expires <= other.Expires)
        && Scope.All(name => other.Scope.Contains(name) || other.Scope.Contains(All));

    /// <summary>Canonical JSON.</summary>
    public byte[] ToJcs()
    {
        var scope = new ArrayBufferWriter<byte>(64);
        for (var i = 0; i < Scope.Count; i++)
        {
            scope.Write(i == 0 ? "["u8 : ","u8);
            Jcs.WriteString(Scope[i], scope);
        }
        scope.Write("]"u8);
        return new JcsObject()
            .Add("expires", Expires is { } expires ? Record.FormatTime(expires) : null)
            .Add("from", DayKeyName.FormatDay(Days.From))
            .Add("precision", Name(Precision))
            .Add("purpose", Name(Purpose))
            .AddCanonical("scope", scope.WrittenSpan.ToArray())
            .Add("until", DayKeyName.FormatDay(Days.Until))
            .ToUtf8();
    }

    /// <summary>Reads terms: an object with exactly the members that <see cref="ToJcs"/> writes.</summary>
    /// <param name="json">Any JSON value.</param>
    /// <param name="terms">The terms, when the answer is true.</param>
    /// <param name="error">One sentence saying what is wrong, when the answer is false.</param>
    public static bool TryParse(JsonElement json, [NotNullWhen(true)] out GrantTerms? terms, [NotNullWhen(false)] out string? error)
    {
        terms = null;
        if (!JcsMembers.TryRead(json, Members, Optional, out var members))
        {
            error = "The terms of a grant have the members from, precision, purpose, scope and until, perhaps expires, and no other.";
            return false;
        }
        var (purpose, precision) = (Array.IndexOf(Purposes, members.Text("purpose")), Array.IndexOf(Precisions, members.Text("precision")));
        var scope = ReadScope(members.Get("scope"));
        DateTimeOffset? expires = members.Has("expires") && Record.TryParseTime(members.Text("expires"), out var time) ? time : null;
        DateOnly until = default;
        var areDays = DayKeyName.TryParseDay(members.Text("from"), out var from) && DayKeyName.TryParseDay(members.Text("until"), out until) && from.Year >= FirstYear && until.Year <= LastYear;
        error = purpose < 0 ? $"The purpose must be one of {string.Join(", ", Purposes)}."
            : precision < 0 ? $"The precision must be one of {string.Join(", ", Precisions)}."
            : scope is null ? $"The scope must be 1 to {MaxScope} texts in ascending order, none twice: {string.Join(", ", Groups)}, or names of measures such as \"measure:operatingHours\"; \"all\" stands alone."
            : (scope.Contains(All) || scope.Contains(Position)) != precision > 0 ? "The precision must be none where the scope has no places, and only there."
            : null;
        error ??= !areDays || until < from || until.DayNumber - from.DayNumber >= MaxDays ? $"From and until must be days of the years {FirstYear} to {LastYear} such as \"2026-11-26\", the second not before the first, and at most {MaxDays} of them."
            : members.Has("expires") && expires is null ? "The member expires must be a time in UTC with three decimals."
            : null;
        if (error is not null)
        {
            return false;
        }
        terms = new GrantTerms
        {
            Purpose = (GrantPurpose)purpose,
            Scope = scope!, // Null has been answered.
            Precision = (PlacePrecision)precision,
            Days = new DayRange(from, until),
            Expires = expires,
        };
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(GrantTerms? other) => other is not null && ToJcs().AsSpan().SequenceEqual(other.ToJcs());

    /// <inheritdoc/>
    public override int GetHashCode() => Hash32.Compute(ToJcs()).GetHashCode();

    private bool CoversGroup(KeyGroup group) => group switch
    {
        KeyGroup.Position or KeyGroup.Area => Precision != PlacePrecision.None,
        KeyGroup.Rider => Scope.Contains(Rider) || Scope.Contains(All),
        _ => Scope.Contains(Operation) || Scope.Contains(All),
    };

    private static string[]? ReadScope(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() is 0 or > MaxScope)
        {
            return null;
        }
        var names = new List<string>(json.GetArrayLength());
        foreach (var item in json.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || item.GetString() is not { } name || !(Groups.Contains(name) || IsMeasure(name))
                || (names is [.., var last] && string.CompareOrdinal(last, name) >= 0))
            {
                return null;
            }
            names.Add(name);
        }
        return names.Contains(All) && names.Count > 1 ? null : [.. names];
    }

    private static bool IsMeasure(string name) =>
        name.StartsWith(MeasurePrefix, StringComparison.Ordinal) && name.Length - MeasurePrefix.Length is > 0 and <= MaxMeasureChars
        && name.AsSpan(MeasurePrefix.Length).IndexOfAnyExcept(MeasureCharacters) < 0;
}
