namespace TrustChain.Core.Devices;

/// <summary>What a statement says about one measure, in the template's unit. Times are milliseconds since midnight.</summary>
internal sealed record MeasureSummary
{
    /// <summary>A measure without a value.</summary>
    public static readonly MeasureSummary None = new();

    /// <summary>Number of values; all there is for texts and encrypted measures.</summary>
    public int Count { get; init; }

    /// <summary>Whether there is more than the count.</summary>
    public bool HasValues { get; init; }

    public int FirstAt { get; init; }

    public int LastAt { get; init; }

    public double First { get; init; }

    public double Last { get; init; }

    public double Min { get; init; }

    public double Max { get; init; }

    /// <summary>Sum of the values of a gauge; of a state, how often it was true; 0 for a counter.</summary>
    public double Sum { get; init; }

    /// <summary>Sum of the rises of a counter.</summary>
    public double Increase { get; init; }

    /// <summary>Largest fall of a counter from one value to the next, 0 for none, and when.</summary>
    public double Decrease { get; init; }

    public int DecreaseAt { get; init; }

    /// <summary>How much more than it can a counter rose in the worst stretch of time, 0 when within tolerance, and which stretch.</summary>
    public double Excess { get; init; }

    public int ExcessFrom { get; init; }

    public int ExcessUntil { get; init; }

    /// <summary>Running milliseconds of a gauge from its first value until it changed; of the whole when it did not.</summary>
    public long LeadRun { get; init; }

    /// <summary>Running milliseconds since it changed last.</summary>
    public long TrailRun { get; init; }

    /// <summary>Longest running time without a change, and when that ended.</summary>
    public long LongestRun { get; init; }

    public int LongestRunUntil { get; init; }

    /// <summary>Milliseconds in which a state was true.</summary>
    public long TrueTime { get; init; }

    /// <summary>How often a state became true after its first value.</summary>
    public int Rises { get; init; }
}

/// <summary>Where a device was during one statement. Times are milliseconds since midnight, coordinates ten-millionths of a degree.</summary>
internal sealed record PositionSummary
{
    public int FirstAt { get; init; }

    public int LastAt { get; init; }

    public GeoPoint First { get; init; }

    public GeoPoint Last { get; init; }

    /// <summary>Metres of the fastest move beyond the noise of positions, 0 for none, and when.</summary>
    public long FastestMetres { get; init; }

    public int FastestFrom { get; init; }

    public int FastestUntil { get; init; }

    /// <summary>Number of positions outside the geofence.</summary>
    public int Outside { get; init; }

    public int OutsideFrom { get; init; }

    public int OutsideUntil { get; init; }

    /// <summary>Metres from the centre to the farthest of them.</summary>
    public long OutsideMetres { get; init; }
}

/// <summary>Readings that follow each other at the expected interval. Milliseconds since midnight, both of readings.</summary>
internal readonly record struct CoverageRun(int From, int Until);

/// <summary>One hour of a statement.</summary>
internal readonly record struct HourSummary(int Hour, int Readings, long RunningTime, double EnergyWattHours);
