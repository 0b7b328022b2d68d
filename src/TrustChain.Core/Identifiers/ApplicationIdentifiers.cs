using System.Collections.Frozen;
using System.Globalization;

namespace TrustChain.Core.Identifiers;

/// <summary>Part of a data field. An optional part is empty or of a length between the two bounds.</summary>
internal readonly record struct AiComponent(char Set, int Min, int Max, bool IsOptional, bool HasCheckDigit, bool StartsWithPrefix);

/// <summary>An application identifier and the format of its data field.</summary>
internal sealed record ApplicationIdentifier(string Ai, IReadOnlyList<AiComponent> Components)
{
    /// <summary>
    /// Whether barcodes need no separator after the field: fixed by the identifier's first two digits (General Specifications, figure 7.8.5-2).
    /// </summary>
    public bool IsPredefinedLength { get; } =
        Ai[..2] is "00" or "01" or "02" or "03" or "04" or "11" or "12" or "13" or "14" or "15" or "16" or "17" or "18" or "19" or "20"
            or "31" or "32" or "33" or "34" or "35" or "36" or "41";

    /// <summary>Digits from the start of the field up to and including its check digit; 0 where it has none.</summary>
    public int CheckedLength
    {
        get
        {
            var length = 0;
            foreach (var component in Components)
            {
                length += component.Max;
                if (component.HasCheckDigit)
                {
                    return length;
                }
            }
            return 0;
        }
    }

    /// <summary>Checks lengths and character sets, not the check digit. Null when sound, else one sentence naming the identifier and the rule.</summary>
    public string? FindFault(ReadOnlySpan<char> value)
    {
        foreach (var component in Components)
        {
            var taken = Math.Min(component.Max, value.Length);
            var part = value[..taken];
            value = value[taken..];
            if (part.IsEmpty && component.IsOptional)
            {
                continue;
            }
            if (part.Length < component.Min)
            {
                return $"The value of ({Ai}) is too short: {Describe()}.";
            }
            if (!IsInSet(component.Set, part))
            {
                return $"The value of ({Ai}) has a character that is not allowed there: {Describe()}.";
            }
            if (component.StartsWithPrefix && (part.Length < 5 || !Gs1Characters.AreDigits(part[..4])))
            {
                return $"The value of ({Ai}) must start with a company prefix, that is with at least four digits, and have more after them.";
            }
        }
        return value.IsEmpty ? null : $"The value of ({Ai}) is too long: {Describe()}.";
    }

    private static bool IsInSet(char set, ReadOnlySpan<char> part) => set switch
    {
        'N' => Gs1Characters.AreDigits(part),
        'O' => !part.ContainsAnyExcept('0'),
        'X' => !part.ContainsAnyExcept(Gs1Characters.Set82),
        'Y' => !part.ContainsAnyExcept(Gs1Characters.Set39),
        _ => !part.ContainsAnyExcept(Gs1Characters.Set64),
    };

    private string Describe() => "it is " + string.Join(", then ", Components.Select(DescribeComponent));

    private static string DescribeComponent(AiComponent component)
    {
        var count = component.Min == component.Max ? $"{component.Max}" : $"{component.Min} to {component.Max}";
        var kind = component.Set switch
        {
            'N' => component.Max == 1 ? "digit" : "digits",
            'O' => "zero",
            'X' => "characters of GS1 set 82",
            'Y' => "characters of GS1 set 39",
            _ => "characters of GS1 set 64",
        };
        return $"{(component.IsOptional ? "optionally " : "")}{count} {kind}";
    }
}

/// <summary>The application identifiers of the GS1 General Specifications and the Digital Link rules for keys and their qualifiers.</summary>
internal static partial class ApplicationIdentifiers
{
    private static readonly FrozenDictionary<string, ApplicationIdentifier> _byAi = Read().ToFrozenDictionary(ai => ai.Ai, StringComparer.Ordinal);

    // Digital Link URI Syntax, section 4.5: the qualifiers a key can have in a path, in order; alternatives exclude one another.
    private static readonly FrozenDictionary<string, string[][]> _qualifiersOfKey = new Dictionary<string, string[][]>(StringComparer.Ordinal)
    {
        ["00"] = [],
        ["01"] = [["22", "10", "21"], ["235"]],
        ["253"] = [],
        ["255"] = [],
        ["401"] = [],
        ["402"] = [],
        ["414"] = [["254"], ["7040"]],
        ["415"] = [["8020"]],
        ["417"] = [["7040"]],
        ["8003"] = [],
        ["8004"] = [["7040"]],
        ["8006"] = [["22", "10", "21"]],
        ["8010"] = [["8011"]],
        ["8013"] = [],
        ["8017"] = [["8019"]],
        ["8018"] = [["8019"]],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>All defined identifiers.</summary>
    public static IReadOnlyCollection<string> All => _byAi.Keys;

    /// <summary>The definition; null where the General Specifications have none.</summary>
    public static ApplicationIdentifier? Find(string ai) => _byAi.GetValueOrDefault(ai);

    /// <summary>Whether a Digital Link can start with this identifier.</summary>
    public static bool IsPrimaryKey(string ai) => _qualifiersOfKey.ContainsKey(ai);

    /// <summary>The sequences of qualifiers of a primary key; each may be used with gaps, but in its order.</summary>
    public static IReadOnlyList<string[]> QualifiersOf(string primaryKey) => _qualifiersOfKey[primaryKey];

    /// <summary>
    /// Whether the identifier may stand in the query of a Digital Link. Those that only make sense right after their key may not,
    /// nor may a product URL (8200), since the link itself is one.
    /// </summary>
    public static bool IsAttribute(string ai) =>
        ai is not ("03" or "21" or "22" or "235" or "254" or "7040" or "7041" or "8011" or "8014" or "8019" or "8020" or "8200");

    private static IEnumerable<ApplicationIdentifier> Read()
    {
        foreach (var line in Table.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var range = line[..space].Split('-');
            var components = line[(space + 1)..].Split('+').Select(ReadComponent).ToArray();
            var last = int.Parse(range[^1], CultureInfo.InvariantCulture);
            for (var number = int.Parse(range[0], CultureInfo.InvariantCulture); number <= last; number++)
            {
                yield return new ApplicationIdentifier(number.ToString(CultureInfo.InvariantCulture).PadLeft(range[0].Length, '0'), components);
            }
        }
    }

    private static AiComponent ReadComponent(string format)
    {
        var length = format[1..].TrimEnd('?', 'c', 'p');
        var isVariable = length.StartsWith("..", StringComparison.Ordinal);
        var max = int.Parse(length.TrimStart('.'), CultureInfo.InvariantCulture);
        return new AiComponent(format[0], isVariable ? 1 : max, max, format.EndsWith('?'), format.Contains('c'), format.Contains('p'));
    }
}
