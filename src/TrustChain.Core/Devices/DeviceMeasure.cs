using System.Text.Json;
using System.Text.Json.Serialization;
using TrustChain.Core.Epcis;

namespace TrustChain.Core.Devices;

/// <summary>How the values of a measure behave.</summary>
[JsonConverter(typeof(CamelCaseEnum<MeasureKind>))]
public enum MeasureKind
{
    /// <summary>A meter: whole numbers from 0 that never fall, on no occasion.</summary>
    Counter,

    /// <summary>A number that rises and falls.</summary>
    Gauge,

    /// <summary>True or false.</summary>
    State,

    /// <summary>A text, counted and not judged.</summary>
    Text,

    /// <summary>Latitude in WGS 84.</summary>
    Latitude,

    /// <summary>Longitude in WGS 84.</summary>
    Longitude,
}

/// <summary>What a measure means for figures and checks that are the same for all kinds of devices.</summary>
[JsonConverter(typeof(CamelCaseEnum<MeasureRole>))]
public enum MeasureRole
{
    /// <summary>Nothing beyond its kind.</summary>
    None,

    /// <summary>A counter of a unit of time: how long the machine has run.</summary>
    OperatingHours,

    /// <summary>A counter of a unit of length: how far it has moved.</summary>
    Distance,

    /// <summary>A counter of a unit of energy: what it has used.</summary>
    Energy,

    /// <summary>A counter without dimension: lifts, charges, pieces.</summary>
    Cycles,

    /// <summary>A gauge without dimension: what is left of a battery's capacity.</summary>
    StateOfHealth,

    /// <summary>A gauge without dimension: how full a battery is.</summary>
    BatteryLevel,

    /// <summary>A state: the machine runs.</summary>
    Running,

    /// <summary>A state: something asks for attention.</summary>
    Alarm,

    /// <summary>A state: the machine cannot work. Its time is downtime.</summary>
    Fault,

    /// <summary>A gauge of temperature.</summary>
    Temperature,
}

/// <summary>Who can read the values of a measure.</summary>
[JsonConverter(typeof(CamelCaseEnum<MeasurePrivacy>))]
public enum MeasurePrivacy
{
    /// <summary>Whoever may see the record.</summary>
    Open,

    /// <summary>Whoever has a key: values are JWEs, which nothing here opens and no check judges.</summary>
    Encrypted,
}

/// <summary>Whom or what the values of a measure tell of.</summary>
[JsonConverter(typeof(CamelCaseEnum<MeasureSubject>))]
public enum MeasureSubject
{
    /// <summary>The device: its work, its state, its place.</summary>
    Device,

    /// <summary>Who uses it: values are encrypted under keys of <see cref="Encryption.KeyGroup.Rider"/>, and a grant shows them by <c>rider</c> alone.</summary>
    Rider,
}

/// <summary>A text in the languages of the pages.</summary>
public sealed record DeviceText
{
    /// <summary>English.</summary>
    public required string En { get; init; }

    /// <summary>Chinese.</summary>
    public required string Zh { get; init; }

    /// <summary>The text in a language; English for any other than <c>zh</c>.</summary>
    public string In(string language) => language == "zh" ? Zh : En;
}

/// <summary>One series of values that a kind of device measures.</summary>
public sealed record DeviceMeasure
{
    /// <summary>Letters and digits of ASCII, a small letter first, at most 40: <c>operatingHours</c>. Unique in its template.</summary>
    public required string Name { get; init; }

    /// <summary><c>type</c> of the sensor report: a URI, or the name of a GS1 measurement type (<c>Temperature</c>), which reports may write in either form.</summary>
    public required string Type { get; init; }

    /// <summary><c>component</c> of the sensor report; null where it has none.</summary>
    public string? Component { get; init; }

    /// <summary>How the values behave.</summary>
    public required MeasureKind Kind { get; init; }

    /// <summary>What the measure means.</summary>
    public MeasureRole Role { get; init; }

    /// <summary>UN/ECE code of the unit in which values are kept; null exactly for states and texts. Reports in another unit of its quantity are converted.</summary>
    public string? Unit { get; init; }

    /// <summary>Least plausible value in <see cref="Unit"/>; null for any.</summary>
    public double? Min { get; init; }

    /// <summary>Greatest plausible value in <see cref="Unit"/>; null for any.</summary>
    public double? Max { get; init; }

    /// <summary>How much a counter can rise in an hour, in <see cref="Unit"/>; null for any.</summary>
    public double? MaxPerHour { get; init; }

    /// <summary>Smallest step of a counter that the device shows, in <see cref="Unit"/>: rates and sums are judged with as much tolerance. Null for 1.</summary>
    public double? Resolution { get; init; }

    /// <summary>Hours of running after which a gauge that has not changed is stuck; null for never.</summary>
    public double? StuckAfter { get; init; }

    /// <summary>Title for people.</summary>
    public required DeviceText Title { get; init; }

    /// <summary>Who can read the values.</summary>
    public MeasurePrivacy Privacy { get; init; }

    /// <summary>Whom or what the values tell of. What is about a rider is encrypted, and no place.</summary>
    public MeasureSubject About { get; init; }

    /// <summary><see cref="Resolution"/>, or what it is by default.</summary>
    [JsonIgnore]
    public double Step => Resolution ?? 1;

    /// <summary>Whether the values can be read here.</summary>
    [JsonIgnore]
    public bool IsOpen => Privacy == MeasurePrivacy.Open;

    /// <summary>Whether the values are places: degrees, or a text of the type <c>Angle</c>, which a place in one report is.</summary>
    [JsonIgnore]
    public bool IsPlace => Kind is MeasureKind.Latitude or MeasureKind.Longitude
        || (Kind == MeasureKind.Text && TemplateLookup.LongForm(Vocabulary.Measurement, Type) == TemplateLookup.LongForm(Vocabulary.Measurement, "Angle"));
}

internal sealed class CamelCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;

internal sealed class KebabCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
