using System.Globalization;
using TrustChain.Core.Log;

namespace TrustChain.Core.Devices;

/// <summary>Collects findings, at most 20 of a code, the earliest.</summary>
internal sealed class FindingList
{
    private const int MaxOfCode = 20;

    /// <summary>What is said of a gap in which the count of starts did not rise. Who signs what the clock says cannot be told from who measured nothing (<c>docs/devices.md</c> section 7).</summary>
    public const string WasOn = " The device was not started anew in between: it stopped measuring, or its clock jumped.";

    private readonly List<Finding> _findings = [];

    /// <summary>Adds a finding; its moments are milliseconds since 1970, in either order.</summary>
    public void Add(string code, FindingSeverity severity, long from, long until, string? measure, FormattableString detail, IEnumerable<long> records) =>
        _findings.Add(Make(code, severity, from, until, measure, detail, records));

    /// <summary>Makes a finding.</summary>
    public static Finding Make(string code, FindingSeverity severity, long from, long until, string? measure, FormattableString detail, IEnumerable<long> records)
    {
        var cited = records.Distinct().Order().ToList();
        return new Finding(code, severity, Time(Math.Min(from, until)), Time(Math.Max(from, until)), measure, FormattableString.Invariant(detail), [.. cited.Take(Finding.MaxRecords)])
        {
            MoreRecords = Math.Max(0, cited.Count - Finding.MaxRecords),
        };
    }

    /// <summary>What is listed, in the order of time, and how many are not.</summary>
    public (IReadOnlyList<Finding> Listed, int More) ToList()
    {
        var ordered = Order(_findings);
        var listed = ordered.GroupBy(static f => f.Code).SelectMany(static g => g.Take(MaxOfCode));
        var result = Order(listed);
        return (result, _findings.Count - result.Count);
    }

    /// <summary>In the order of time, whatever the order before.</summary>
    public static List<Finding> Order(IEnumerable<Finding> findings) =>
        [.. findings.OrderBy(static f => f.From).ThenBy(static f => f.Code, StringComparer.Ordinal).ThenBy(static f => f.Measure, StringComparer.Ordinal)
            .ThenBy(static f => f.Until).ThenBy(static f => f.Records.Count > 0 ? f.Records[0] : 0).ThenBy(static f => f.Detail, StringComparer.Ordinal)];

    /// <summary>The moment in UTC.</summary>
    public static DateTimeOffset Time(long moment) => DateTimeOffset.FromUnixTimeMilliseconds(moment);

    /// <summary>The moment as records write it.</summary>
    public static string Show(long moment) => Record.FormatTime(Time(moment));

    /// <summary>A number with at most three decimals.</summary>
    public static string Show(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>A length of time in the largest unit that leaves at least two of it.</summary>
    public static string Length(long milliseconds) => Math.Abs(milliseconds) switch
    {
        >= 2 * 86_400_000L => $"{Show(Math.Round(milliseconds / 86_400_000.0, 1))} d",
        >= 2 * 3_600_000L => $"{Show(Math.Round(milliseconds / 3_600_000.0, 1))} h",
        >= 2 * 60_000L => $"{Show(Math.Round(milliseconds / 60_000.0, 1))} min",
        _ => $"{Show(milliseconds / 1000.0)} s",
    };
}
