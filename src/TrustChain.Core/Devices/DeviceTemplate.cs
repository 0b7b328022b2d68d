using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using TrustChain.Core.Log;

namespace TrustChain.Core.Devices;

/// <summary>Who can read a device's encrypted measures.</summary>
[JsonConverter(typeof(KebabCaseEnum<DevicePrivacy>))]
public enum DevicePrivacy
{
    /// <summary>The service too.</summary>
    ServiceReadable,

    /// <summary>Only those to whom the owner gave a key; not the service.</summary>
    Sealed,
}

/// <summary>Where a device is to stay.</summary>
public sealed record DeviceGeofence
{
    /// <summary>Latitude of the centre in degrees, WGS 84.</summary>
    public required double Latitude { get; init; }

    /// <summary>Longitude of the centre in degrees, WGS 84.</summary>
    public required double Longitude { get; init; }

    /// <summary>Radius in metres.</summary>
    public required double Radius { get; init; }
}

/// <summary>
/// What a kind of device measures, how often, and what is plausible (<c>docs/devices.md</c> section 5). Immutable. A template in use is not edited: what
/// was computed with it would compute to something else.
/// </summary>
public sealed partial class DeviceTemplate
{
    /// <summary>Most measures of a template.</summary>
    public const int MaxMeasures = 64;

    private const int MaxBytes = 256 * 1024;

    /// <summary>Small letters, digits and hyphens: <c>e-bike</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Title for people.</summary>
    public required DeviceText Title { get; init; }

    /// <summary>What it measures; values and summaries go by the position in this list.</summary>
    public required IReadOnlyList<DeviceMeasure> Measures { get; init; }

    /// <summary>Seconds between readings, 1 to 86,400.</summary>
    public required int ExpectedInterval { get; init; }

    /// <summary>When readings are expected: <c>always</c>, or hours of the day in UTC such as <c>22-10</c>, the first included, the last not.</summary>
    public required string Schedule { get; init; }

    /// <summary>How far the device's clock may be wrong, in seconds, 1 to 86,400.</summary>
    public required int MaxClockDrift { get; init; }

    /// <summary>How fast it can move, in metres per second; null when speed is not judged.</summary>
    public double? MaxSpeed { get; init; }

    /// <summary>Where it is to stay; null when it may be anywhere.</summary>
    public DeviceGeofence? Geofence { get; init; }

    /// <summary>Hours of the schedule without any reading after which the device is silent.</summary>
    public required double SilenceAfter { get; init; }

    /// <summary>Who can read encrypted measures.</summary>
    public DevicePrivacy Privacy { get; init; }

    /// <summary>Least power while running in watts; null when energy is not judged.</summary>
    public double? MinWattsWhileRunning { get; init; }

    /// <summary>Greatest power while running in watts; null when energy is not judged.</summary>
    public double? MaxWattsWhileRunning { get; init; }

    /// <summary>Whether the service judges encrypted positions, as far as keys are wrapped to it: it may read them, and there is a rule for them.</summary>
    [JsonIgnore]
    public bool ServiceJudgesPlaces =>
        Privacy == DevicePrivacy.ServiceReadable && (MaxSpeed is not null || Geofence is not null) && Lookup is { Latitude: >= 0, HasOpenPosition: false };

    /// <summary>SHA-256 of the file it was read from.</summary>
    [JsonIgnore]
    public Hash32 Digest { get; private set; }

    /// <summary>What is found by name, role and type. Made once; threads that race make equal ones.</summary>
    internal TemplateLookup Lookup => field ??= new TemplateLookup(this);

    /// <summary>When readings are expected.</summary>
    internal DeviceSchedule Hours => field ??= DeviceSchedule.TryParse(Schedule, out var hours) ? hours : DeviceSchedule.Always;

    /// <summary>Position of the measure of a name; -1 for none.</summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < Measures.Count; i++)
        {
            if (Measures[i].Name == name)
            {
                return i;
            }
        }
        return -1;
    }

    /// <summary>Position of the first measure with a role; -1 for none. Only temperatures may be several.</summary>
    public int IndexOf(MeasureRole role)
    {
        for (var i = 0; i < Measures.Count; i++)
        {
            if (Measures[i].Role == role)
            {
                return i;
            }
        }
        return -1;
    }

    /// <summary>Reads a template. What is unknown is refused, as are units that are not in the table, names given twice, and numbers out of their range.</summary>
    /// <param name="utf8">The file: JSON, at most 256 KiB.</param>
    /// <param name="template">The template.</param>
    /// <param name="error">What is wrong, in one sentence.</param>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out DeviceTemplate? template, [NotNullWhen(false)] out string? error)
    {
        template = null;
        if (utf8.Length > MaxBytes)
        {
            error = $"The template is larger than {MaxBytes} bytes.";
            return false;
        }
        try
        {
            var read = JsonSerializer.Deserialize(utf8.Span, DeviceTemplateJson.Default.DeviceTemplate);
            error = read is null ? "The template is null." : read.FindFault();
            if (read is null || error is not null)
            {
                error ??= "";
                return false;
            }
            read.Digest = Hash32.Compute(utf8.Span);
            template = read;
            return true;
        }
        catch (JsonException exception)
        {
            error = exception.Message;
            return false;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(DeviceTemplate))]
internal sealed partial class DeviceTemplateJson : JsonSerializerContext;
