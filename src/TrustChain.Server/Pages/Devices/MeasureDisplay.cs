using TrustChain.Core.Devices;

namespace TrustChain.Server.Pages.Devices;

/// <summary>How values of a measure are shown to people: meters in hours, kilometres and kilowatt hours, everything else in the template's unit.</summary>
/// <param name="Factor">What a value is multiplied by.</param>
/// <param name="Unit">UN/ECE code of what comes out; null for what has no unit.</param>
public readonly record struct MeasureDisplay(double Factor, string? Unit)
{
    /// <summary>The way a measure is shown.</summary>
    public static MeasureDisplay Of(DeviceMeasure measure) => (measure.Role, measure.Unit) switch
    {
        (MeasureRole.OperatingHours, "SEC") => new(1 / 3600.0, "HUR"),
        (MeasureRole.OperatingHours, "MIN") => new(1 / 60.0, "HUR"),
        (MeasureRole.Distance, "MTR") => new(1 / 1000.0, "KMT"),
        (MeasureRole.Energy, "WHR") => new(1 / 1000.0, "KWH"),
        _ => new(1, measure.Unit),
    };

    /// <summary>A value as it is shown.</summary>
    public double Apply(double value) => value * Factor;

    /// <summary>A value as text.</summary>
    public string Figure(double value) => Texts.Figure(Math.Round(Apply(value), 3));
}
