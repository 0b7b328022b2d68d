using System.Text;
using System.Text.RegularExpressions;
using TrustChain.Core.Epcis;
using TrustChain.Core.Units;

namespace TrustChain.Core.Devices;

public sealed partial class DeviceTemplate
{
    private const int MaxText = 200;
    private const int DaySeconds = 86_400;

    private string? FindFault()
    {
        if (!TemplateName().IsMatch(Name))
        {
            return "\"name\" has small letters, digits and hyphens between them, at most 60.";
        }
        if (!IsText(Title))
        {
            return "\"title\" has a text in \"en\" and in \"zh\".";
        }
        if (Measures.Count is 0 or > MaxMeasures || Measures.Any(static m => m is null))
        {
            return $"\"measures\" has 1 to {MaxMeasures} measures.";
        }
        foreach (var measure in Measures)
        {
            if (FindFault(measure) is { } fault)
            {
                return $"Measure \"{measure.Name}\": {fault}";
            }
        }
        return FindRepetition() ?? FindFaultInNumbers() ?? FindFaultInPlace() ?? FindFaultInPower();
    }

    private static string? FindFault(DeviceMeasure measure)
    {
        var isNumber = measure.Kind is not (MeasureKind.State or MeasureKind.Text);
        var isCounter = measure.Kind == MeasureKind.Counter;
        if (!MeasureName().IsMatch(measure.Name))
        {
            return "\"name\" has letters and digits, a small letter first, at most 40.";
        }
        if (!IsText(measure.Title))
        {
            return "\"title\" has a text in \"en\" and in \"zh\".";
        }
        if (measure.Type.Length is 0 or > 2048
            || (!measure.Type.Contains(':', StringComparison.Ordinal) && Vocabulary.Measurement.FindUri(Encoding.UTF8.GetBytes(measure.Type)) is null))
        {
            return "\"type\" is a URI or the name of a GS1 measurement type.";
        }
        if (measure.Component is { } component
            && (component.Length > 2048 || (!component.Contains(':', StringComparison.Ordinal) && Vocabulary.Component.FindUri(Encoding.UTF8.GetBytes(component)) is null)))
        {
            return "\"component\" is a URI or a word of the CBV.";
        }
        UnitOfMeasure? unit = null;
        if (measure.Unit is null == isNumber || (isNumber && !UnitOfMeasure.TryFind(measure.Unit, out unit)))
        {
            return isNumber ? "\"unit\" is a UN/ECE code of the table." : "states and texts have no \"unit\".";
        }
        if (measure.Kind is MeasureKind.Latitude or MeasureKind.Longitude && measure.Unit != "DD")
        {
            return "a position has the \"unit\" DD.";
        }
        if (!IsFitting(measure, unit))
        {
            return "\"role\" does not go with \"kind\" and \"unit\".";
        }
        if (measure.Min > measure.Max || (!isNumber && (measure.Min is not null || measure.Max is not null)))
        {
            return "\"min\" and \"max\" are for numbers, the smaller first.";
        }
        if (measure.MaxPerHour is not null && (!isCounter || measure.MaxPerHour <= 0))
        {
            return "\"maxPerHour\" is for counters, and above 0.";
        }
        if (measure.Resolution is not null && (!isCounter || measure.Resolution <= 0))
        {
            return "\"resolution\" is for counters, and above 0.";
        }
        if (measure.StuckAfter is not null && (measure.Kind != MeasureKind.Gauge || measure.StuckAfter is not (> 0 and <= 24)))
        {
            return "\"stuckAfter\" is for gauges, above 0 and at most 24.";
        }
        if (measure.About == MeasureSubject.Rider && measure.IsOpen)
        {
            return "what is \"about\" the \"rider\" has the \"privacy\" \"encrypted\".";
        }
        if (measure.About == MeasureSubject.Rider && (measure.IsPlace || measure.Role != MeasureRole.None))
        {
            return "places and what has a \"role\" are \"about\" the \"device\".";
        }
        return Enum.IsDefined(measure.Kind) && Enum.IsDefined(measure.Role) && Enum.IsDefined(measure.Privacy) && Enum.IsDefined(measure.About) ? null : "a word is unknown.";
    }

    private static bool IsFitting(DeviceMeasure measure, UnitOfMeasure? unit) => measure.Role switch
    {
        MeasureRole.None => true,
        MeasureRole.OperatingHours => measure.Kind == MeasureKind.Counter && unit?.Quantity == Quantity.Time,
        MeasureRole.Distance => measure.Kind == MeasureKind.Counter && unit?.Quantity == Quantity.Length,
        MeasureRole.Energy => measure.Kind == MeasureKind.Counter && unit?.Quantity == Quantity.Energy,
        MeasureRole.Cycles => measure.Kind == MeasureKind.Counter && unit?.Quantity == Quantity.Dimensionless,
        MeasureRole.StateOfHealth or MeasureRole.BatteryLevel => measure.Kind == MeasureKind.Gauge && unit?.Quantity == Quantity.Dimensionless,
        MeasureRole.Temperature => measure.Kind == MeasureKind.Gauge && unit?.Quantity == Quantity.Temperature,
        _ => measure.Kind == MeasureKind.State,
    };

    private string? FindRepetition()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var types = new HashSet<string>(StringComparer.Ordinal);
        var roles = new HashSet<MeasureRole>();
        foreach (var measure in Measures)
        {
            if (!names.Add(measure.Name))
            {
                return $"Two measures have the name \"{measure.Name}\".";
            }
            if (!types.Add($"{TemplateLookup.LongForm(Vocabulary.Measurement, measure.Type)} {TemplateLookup.LongForm(Vocabulary.Component, measure.Component ?? "")}"))
            {
                return $"Measure \"{measure.Name}\" has the \"type\" and \"component\" of another.";
            }
            if (measure.Role is not (MeasureRole.None or MeasureRole.Temperature) && !roles.Add(measure.Role))
            {
                return $"Measure \"{measure.Name}\" has the \"role\" of another.";
            }
        }
        return null;
    }

    private string? FindFaultInNumbers() =>
        ExpectedInterval is < 1 or > DaySeconds ? "\"expectedInterval\" is 1 to 86400 seconds."
        : MaxClockDrift is < 1 or > DaySeconds ? "\"maxClockDrift\" is 1 to 86400 seconds."
        : SilenceAfter is not (> 0 and <= 10_000) ? "\"silenceAfter\" is above 0 and at most 10000 hours."
        : !DeviceSchedule.TryParse(Schedule, out _) ? "\"schedule\" is \"always\" or two hours of the day in UTC such as \"22-10\"."
        : !Enum.IsDefined(Privacy) ? "\"privacy\" is \"service-readable\" or \"sealed\"."
        : Privacy == DevicePrivacy.Sealed && Measures.All(static m => m.IsOpen) ? "A sealed template has at least one encrypted measure."
        : null;

    private string? FindFaultInPlace()
    {
        var latitudes = Measures.Where(static m => m.Kind == MeasureKind.Latitude).ToList();
        var longitudes = Measures.Where(static m => m.Kind == MeasureKind.Longitude).ToList();
        if (latitudes.Count != longitudes.Count || latitudes.Count > 1 || (latitudes.Count == 1 && latitudes[0].Privacy != longitudes[0].Privacy))
        {
            return "A position is one latitude and one longitude with the same \"privacy\".";
        }
        if (latitudes.Count == 0 && (MaxSpeed is not null || Geofence is not null))
        {
            return "\"maxSpeed\" and \"geofence\" need a position.";
        }
        return MaxSpeed is <= 0 ? "\"maxSpeed\" is above 0."
            : Geofence is { } fence && (Math.Abs(fence.Latitude) > 90 || Math.Abs(fence.Longitude) > 180 || fence.Radius is not (> 0 and <= 20_000_000))
                ? "\"geofence\" has a latitude, a longitude and a radius in metres."
            : null;
    }

    private string? FindFaultInPower()
    {
        if (MinWattsWhileRunning is null && MaxWattsWhileRunning is null)
        {
            return null;
        }
        return !(MinWattsWhileRunning >= 0 && MaxWattsWhileRunning > 0 && MinWattsWhileRunning <= MaxWattsWhileRunning)
                ? "\"minWattsWhileRunning\" and \"maxWattsWhileRunning\" are given together, the smaller first."
            : IndexOf(MeasureRole.Energy) < 0 || (IndexOf(MeasureRole.OperatingHours) < 0 && IndexOf(MeasureRole.Running) < 0)
                ? "Power is judged by a counter of energy and one of operating hours, or a running state."
            : null;
    }

    private static bool IsText(DeviceText text) => text is { En.Length: > 0 and <= MaxText, Zh.Length: > 0 and <= MaxText };

    [GeneratedRegex("^(?=.{1,60}$)[a-z0-9]+(-[a-z0-9]+)*\\z")]
    private static partial Regex TemplateName();

    [GeneratedRegex("^[a-z][A-Za-z0-9]{0,39}\\z")]
    private static partial Regex MeasureName();
}
