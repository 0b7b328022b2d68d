using System.Globalization;
using System.Text.Json.Serialization;

namespace TrustChain.Core.Devices;

/// <summary>How much a finding asks for.</summary>
[JsonConverter(typeof(CamelCaseEnum<FindingSeverity>))]
public enum FindingSeverity
{
    /// <summary>Good to know.</summary>
    Info,

    /// <summary>Something is missing or odd; it may be innocent.</summary>
    Notice,

    /// <summary>What honest operation does not bring about.</summary>
    Alarm,
}

/// <summary>Something that a reader of a device's history must be told.</summary>
/// <param name="Code">One of <see cref="FindingCodes"/>.</param>
/// <param name="Severity">How much it asks for.</param>
/// <param name="From">When it begins, in UTC.</param>
/// <param name="Until">When it ends; the same moment for what has no length.</param>
/// <param name="Measure">Name of the measure; null where it is not about one.</param>
/// <param name="Detail">One sentence of English with the numbers.</param>
/// <param name="Records">Ids of the records it rests on, ascending; at most 20.</param>
public sealed record Finding(
    string Code, FindingSeverity Severity, DateTimeOffset From, DateTimeOffset Until,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Measure, string Detail, IReadOnlyList<long> Records)
{
    /// <summary>Most records that a finding cites.</summary>
    public const int MaxRecords = 20;

    /// <summary>How many more records it rests on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int MoreRecords { get; init; }

    /// <summary>Identity of the finding among those of its device: the same for the same fault whenever it is computed.</summary>
    [JsonIgnore]
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{Code}/{Measure}/{From.ToUnixTimeMilliseconds()}/{(Records.Count > 0 ? Records[0] : 0)}");
}
