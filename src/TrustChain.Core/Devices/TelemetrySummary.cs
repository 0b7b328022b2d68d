namespace TrustChain.Core.Devices;

/// <summary>What one telemetry statement contributes to its day: enough to compute the day without its event. Immutable.</summary>
public sealed partial class TelemetrySummary
{
    private const int DayMilliseconds = 86_400_000;

    private int _day;
    private int _from;
    private int _until;
    private long? _runningTime;

    private TelemetrySummary()
    {
    }

    /// <summary>Time of the first reading, in UTC, to the millisecond.</summary>
    public DateTimeOffset First => TimeOf(_from);

    /// <summary>Time of the last reading.</summary>
    public DateTimeOffset Last => TimeOf(_until);

    /// <summary>The day (UTC) in which all readings lie.</summary>
    public DateOnly Day => DateOnly.FromDayNumber(_day);

    /// <summary>Number of readings.</summary>
    public int Readings { get; private set; }

    /// <summary>How long the machine ran between its readings; null where nothing open tells.</summary>
    public double? RunningSeconds => _runningTime / 1000.0;

    /// <summary>Stretches in which readings follow each other at no more than one and a half intervals, in order.</summary>
    internal IReadOnlyList<CoverageRun> Runs { get; private set; } = [];

    /// <summary>The hours that have readings, in order.</summary>
    internal IReadOnlyList<HourSummary> Hours { get; private set; } = [];

    /// <summary>The measures by their position in the template.</summary>
    internal IReadOnlyList<MeasureSummary> Measures { get; private set; } = [];

    /// <summary>Null where positions are not open, or there is none.</summary>
    internal PositionSummary? Position { get; private set; }

    /// <summary>First reading in milliseconds since midnight.</summary>
    internal int From => _from;

    /// <summary>Last reading.</summary>
    internal int Until => _until;

    /// <summary>Summarises a statement.</summary>
    /// <param name="telemetry">Its readings.</param>
    /// <param name="template">The template it was read with.</param>
    public static TelemetrySummary Of(Telemetry telemetry, DeviceTemplate template)
    {
        var times = TimesOf(telemetry);
        var lookup = template.Lookup;
        var running = SummaryBuilder.RunningTimes(telemetry, template, times);
        var measures = SummaryBuilder.Measures(telemetry, template, times, running);
        var teller = lookup.Running >= 0 ? lookup.Running : lookup.OperatingHours;
        return new TelemetrySummary
        {
            _day = telemetry.Day.DayNumber,
            _from = times[0],
            _until = times[^1],
            _runningTime = teller >= 0 && measures[teller].Count > 0 ? running.Sum() : null,
            Readings = times.Length,
            Runs = SummaryBuilder.CoverageRuns(template, times),
            Hours = SummaryBuilder.Hours(telemetry, template, times, running),
            Measures = measures,
            Position = lookup.HasOpenPosition ? SummaryBuilder.Position(template, times, i => (telemetry.Raw(i, lookup.Latitude), telemetry.Raw(i, lookup.Longitude))) : null,
        };
    }

    /// <summary>Times of readings in milliseconds since midnight.</summary>
    internal static int[] TimesOf(Telemetry telemetry)
    {
        var times = new int[telemetry.Count];
        for (var i = 0; i < times.Length; i++)
        {
            times[i] = (int)(telemetry.TimeOf(i).TimeOfDay.Ticks / TimeSpan.TicksPerMillisecond);
        }
        return times;
    }

    /// <summary>The same summary, but with a position that was encrypted. For judging places alone: nobody without the key computes its bytes.</summary>
    internal TelemetrySummary WithPosition(PositionSummary? position)
    {
        var copy = (TelemetrySummary)MemberwiseClone();
        copy.Position = position;
        return copy;
    }

    /// <summary>The same in milliseconds since 1970.</summary>
    internal long MomentOf(int milliseconds) => ((_day - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber) * DeviceSchedule.Day) + milliseconds;

    /// <summary>A measure; one without values where the template has come to have more measures since.</summary>
    internal MeasureSummary Measure(int index) => (uint)index < (uint)Measures.Count ? Measures[index] : MeasureSummary.None;

    /// <summary>The moment that is some milliseconds after the midnight of the day.</summary>
    internal DateTimeOffset TimeOf(int milliseconds) =>
        new((_day * TimeSpan.TicksPerDay) + (milliseconds * TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
}
