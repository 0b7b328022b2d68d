using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace TrustChain.Core.Devices.Encryption;

/// <summary>Which of a device's values a day key opens.</summary>
public enum KeyGroup
{
    /// <summary>Positions as they were measured.</summary>
    Position,

    /// <summary>Positions rounded to a tenth of a degree (<see cref="Place.Coarsen"/>).</summary>
    Area,

    /// <summary>What says something about who used the device.</summary>
    Rider,

    /// <summary>Everything else that the template has encrypted.</summary>
    Operation,
}

/// <summary>
/// Name of a day key, and <c>kid</c> of what it encrypts: <c>2026-11-26.position</c>, for master keys after the first with their number behind,
/// <c>2026-11-26.position.2</c>. One spelling for each.
/// </summary>
/// <param name="Day">The day, in UTC.</param>
/// <param name="Group">The values.</param>
/// <param name="Generation">Number of the master key, 1 to <see cref="MaxGeneration"/>.</param>
public readonly record struct DayKeyName(DateOnly Day, KeyGroup Group, int Generation = 1)
{
    /// <summary>Largest number of a master key.</summary>
    public const int MaxGeneration = 9999;

    private static readonly string[] Groups = ["position", "area", "rider", "operation"];

    /// <summary>Name of a group as key names write it.</summary>
    public static string Name(KeyGroup group) => Groups[(int)group];

    /// <summary>Reads a day as key names and grants write it: <c>2026-11-26</c>.</summary>
    public static bool TryParseDay(string? text, out DateOnly day) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    /// <summary>Writes what <see cref="TryParseDay"/> reads.</summary>
    public static string FormatDay(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Reads a name.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out DayKeyName name)
    {
        name = default;
        if (text is not { Length: > 11 and <= 32 } || text[10] != '.' || !TryParseDay(text[..10], out var day))
        {
            return false;
        }
        var parts = text[11..].Split('.');
        var generation = 1;
        if (Array.IndexOf(Groups, parts[0]) is not (>= 0 and var group) || parts.Length > 2
            || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out generation)))
        {
            return false;
        }
        name = new DayKeyName(day, (KeyGroup)group, generation);
        return generation is >= 1 and <= MaxGeneration && name.ToString() == text; // the latter refuses other spellings of the number
    }

    /// <inheritdoc/>
    public override string ToString() => Generation == 1
        ? $"{FormatDay(Day)}.{Name(Group)}"
        : string.Create(CultureInfo.InvariantCulture, $"{FormatDay(Day)}.{Name(Group)}.{Generation}");
}
