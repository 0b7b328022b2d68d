using System.Text.Json;
using System.Text.Json.Serialization;
using TrustChain.Core.Log;

namespace TrustChain.Core.Devices;

/// <summary>A stretch of time in which expected readings are missing.</summary>
/// <param name="From">Last reading before it, or where readings begin to be expected.</param>
/// <param name="Until">First reading after it, or the end of the day.</param>
/// <param name="Readings">How many expected readings are missing.</param>
public sealed record DeviceGap(DateTimeOffset From, DateTimeOffset Until, int Readings);

/// <summary>Statements of one key with numbers that follow each other.</summary>
/// <param name="KeyNumber">The key.</param>
/// <param name="First">First number.</param>
/// <param name="Last">Last number.</param>
/// <param name="Previous">What the first names as the digest of the statement before it, in base64url; the recorded one where it names that one's twin; null for number 1.</param>
/// <param name="Digest">Digest of the last, in base64url.</param>
/// <param name="FirstRecord">Record of the first.</param>
/// <param name="LastRecord">Record of the last.</param>
public sealed record StatementRange(
    int KeyNumber, long First, long Last, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Previous, string Digest, long FirstRecord, long LastRecord)
{
    /// <summary>The device's clock in the first; null in days that were computed before this was kept, as the next.</summary>
    public DateTimeOffset? FirstClock { get; init; }

    /// <summary>The device's clock in the last.</summary>
    public DateTimeOffset? LastClock { get; init; }
}

/// <summary>One measure of a day, in the template's unit.</summary>
public sealed record MeasureDay
{
    /// <summary>The measure's name.</summary>
    public required string Name { get; init; }

    /// <summary>Number of values; of an encrypted measure, of JWEs.</summary>
    public required int Count { get; init; }

    /// <summary>First value in the order of the statements; 1 and 0 for states; null for texts and encrypted measures, as all that follow.</summary>
    public double? First { get; init; }

    /// <summary>Last value.</summary>
    public double? Last { get; init; }

    /// <summary>Least value.</summary>
    public double? Min { get; init; }

    /// <summary>Greatest value.</summary>
    public double? Max { get; init; }

    /// <summary>Mean value; null for counters too.</summary>
    public double? Mean { get; init; }

    /// <summary>How much a counter rose, since the last value before the day; null for all others.</summary>
    public double? Increase { get; init; }

    /// <summary>How long a state was true, in seconds; null for all others.</summary>
    public double? TrueSeconds { get; init; }

    /// <summary>How often a state became true; null for all others.</summary>
    public int? Rises { get; init; }
}

/// <summary>One hour of a day.</summary>
/// <param name="Readings">Number of readings.</param>
/// <param name="RunningSeconds">How long the machine ran, as its readings tell; null where the template has no way to tell.</param>
/// <param name="EnergyWattHours">What it used; null where the template has no open counter of energy.</param>
public sealed record DeviceHour(
    int Readings,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? RunningSeconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? EnergyWattHours);

/// <summary>A cell of the grid of 0.01 degree: its south-western corner is at these hundredths of a degree.</summary>
/// <param name="Latitude">Hundredths of a degree, -9,000 to 9,000.</param>
/// <param name="Longitude">Hundredths of a degree, -18,000 to 18,000.</param>
public readonly record struct CoarsePosition(int Latitude, int Longitude);

/// <summary>
/// What a device's statements say about one day (UTC), and what is wrong with them (<c>docs/devices.md</c> section 7). A pure function of the statements,
/// whatever their order: whoever has the log computes the same bytes.
/// </summary>
public sealed record DeviceDay
{
    /// <summary>The day.</summary>
    public required DateOnly Day { get; init; }

    /// <summary>Name of the template.</summary>
    public required string Template { get; init; }

    /// <summary>SHA-256 of the template's file, in base64url.</summary>
    public required string TemplateDigest { get; init; }

    /// <summary>How many readings the template and its schedule expect of the whole day, from enrolment on.</summary>
    public required int ExpectedReadings { get; init; }

    /// <summary>How many of them there are: places in the schedule that have a reading.</summary>
    public required int CoveredReadings { get; init; }

    /// <summary>How many readings the device signed, outside the schedule too.</summary>
    public required int ReceivedReadings { get; init; }

    /// <summary>Number of statements, the imported ones included.</summary>
    public required int Statements { get; init; }

    /// <summary>How many numbers have more than one statement.</summary>
    public required int Forks { get; init; }

    /// <summary>How many statements were imported. They count for no coverage, number, gap or time of a first or last reading.</summary>
    public required int Imported { get; init; }

    /// <summary>First reading that the device signed; null when there is none.</summary>
    public DateTimeOffset? FirstReading { get; init; }

    /// <summary>Last reading.</summary>
    public DateTimeOffset? LastReading { get; init; }

    /// <summary>How long the machine worked: what its hour meter says, else how long it ran. Null when neither is open.</summary>
    public double? OperatingSeconds { get; init; }

    /// <summary>Distance by its meter, in metres.</summary>
    public double? DistanceMetres { get; init; }

    /// <summary>Energy by its meter, in watt hours.</summary>
    public double? EnergyWattHours { get; init; }

    /// <summary>Cycles by their counter.</summary>
    public double? Cycles { get; init; }

    /// <summary><see cref="OperatingSeconds"/> as a part of the scheduled time, 0 to 1.</summary>
    public double? Utilisation { get; init; }

    /// <summary>Last state of health, in the template's unit.</summary>
    public double? StateOfHealth { get; init; }

    /// <summary>Last battery level, in the template's unit.</summary>
    public double? BatteryLevel { get; init; }

    /// <summary>How long it was in fault, in seconds; null where the template has no such state.</summary>
    public double? DowntimeSeconds { get; init; }

    /// <summary>How often the alarm was raised; null where the template has no such state.</summary>
    public int? Alarms { get; init; }

    /// <summary>Whether there was enough to judge energy by the hours of running.</summary>
    public required bool IsEnergyJudged { get; init; }

    /// <summary>Every gap longer than three intervals, also that to the end of the day, in order. Only a reader with a clock knows whether the last has come to be one.</summary>
    public required IReadOnlyList<DeviceGap> Gaps { get; init; }

    /// <summary>The measures of the template, in its order.</summary>
    public required IReadOnlyList<MeasureDay> Measures { get; init; }

    /// <summary>The 24 hours.</summary>
    public required IReadOnlyList<DeviceHour> Hours { get; init; }

    /// <summary>Where it was, coarsely: distinct cells in ascending order, at most 100; empty when positions are not open.</summary>
    public required IReadOnlyList<CoarsePosition> Positions { get; init; }

    /// <summary>Which numbers there are.</summary>
    public required IReadOnlyList<StatementRange> Sequences { get; init; }

    /// <summary>What is wrong, in the order of time. A gap that lasts to the end of the day is not among them.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>How many findings there are beyond the first 20 of a code, which are not listed.</summary>
    public required int MoreFindings { get; init; }

    /// <summary>Computes a day.</summary>
    /// <param name="template">The device's template.</param>
    /// <param name="day">The day.</param>
    /// <param name="before">The last statement, by key and number, of all days before that the device signed, and the last imported one where that is of a later day.</param>
    /// <param name="statements">The day's statements, in any order.</param>
    /// <param name="enrolledAt">When the device was enrolled: nothing is expected before; null for always.</param>
    /// <exception cref="ArgumentException">A statement is of another day, or <paramref name="before"/> is not of a day before.</exception>
    public static DeviceDay Compute(
        DeviceTemplate template, DateOnly day, StatementFacts? before, IReadOnlyList<StatementFacts> statements, DateTimeOffset? enrolledAt) =>
        Compute(template, day, new StatementsBefore(before), statements, enrolledAt);

    /// <inheritdoc cref="Compute(DeviceTemplate, DateOnly, StatementFacts?, IReadOnlyList{StatementFacts}, DateTimeOffset?)"/>
    public static DeviceDay Compute(
        DeviceTemplate template, DateOnly day, StatementsBefore before, IReadOnlyList<StatementFacts> statements, DateTimeOffset? enrolledAt) =>
        MixedDay.Compute(template, day, before, statements, enrolledAt);

    /// <summary>JSON in UTF-8, the same bytes for the same day.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, DeviceDayJson.Default.DeviceDay);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="FormatException">It is not that.</exception>
    public static DeviceDay Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var day = JsonSerializer.Deserialize(utf8, DeviceDayJson.Default.DeviceDay) ?? throw new FormatException("The day is null.");
            return day.Hours.Count == 24 && day.FirstReading is null == day.LastReading is null && !day.Hours.Contains(null!) && !day.Measures.Contains(null!)
                && !day.Gaps.Contains(null!) && !day.Sequences.Contains(null!) && !day.Findings.Contains(null!)
                ? day
                : throw new FormatException("The day has a list with nothing in a place, not 24 hours, or one end without the other.");
        }
        catch (JsonException exception)
        {
            throw new FormatException($"The day is not as it is written: {exception.Message}", exception);
        }
    }
}

/// <summary>Times as the evidence format writes them: UTC with three decimals.</summary>
internal sealed class LogTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Record.TryParseTime(reader.GetString(), out var time) ? time : throw new JsonException("A time is in UTC with three decimals.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(Record.FormatTime(value));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(LogTimeConverter)])]
[JsonSerializable(typeof(DeviceDay))]
[JsonSerializable(typeof(Finding))]
internal sealed partial class DeviceDayJson : JsonSerializerContext;
