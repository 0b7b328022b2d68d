using TrustChain.Core.Devices;
using TrustChain.Server.Pages.Charts;

namespace TrustChain.Server.Pages.Devices;

/// <summary>What the charts of a device's page are drawn from.</summary>
internal static class DeviceCharts
{
    private const int MaxMarks = 4;
    private const int MaxGaps = 200;

    /// <summary>Findings that are written beside the meter though they name no measure.</summary>
    private static readonly string[] OfTheMeter =
        [FindingCodes.SequenceFork, FindingCodes.ChainBroken, FindingCodes.KeySwapped, FindingCodes.EnergyImplausible, FindingCodes.ClockBack, FindingCodes.BootBack];

    /// <summary>The figure of a day in the calendar.</summary>
    public static double? PartOf(DeviceDay day, bool isCoverage) =>
        !isCoverage ? day.Utilisation : day.ExpectedReadings > 0 ? Math.Min(1, (double)day.CoveredReadings / day.ExpectedReadings) : null;

    /// <summary>Utilisation by day, or coverage where no day has it; null where there is no day.</summary>
    public static (CalendarChart? Chart, bool IsCoverage) MakeCalendar(DevicePeriod period, IReadOnlyList<DeviceDay> days, DateOnly today, Texts t)
    {
        if (days.Count == 0)
        {
            return (null, false);
        }
        var isCoverage = days.All(static d => d.Utilisation is null);
        var byDay = days.ToDictionary(static d => d.Day);
        var odd = period.Findings.Where(static f => f.Severity == FindingSeverity.Alarm).Select(static f => DateOnly.FromDateTime(f.From.UtcDateTime)).ToHashSet();
        var cells = new List<CalendarDay>();
        for (var day = period.From; day <= period.Until && day <= today; day = day.AddDays(1))
        {
            var known = byDay.GetValueOrDefault(day);
            var part = known is null ? null : PartOf(known, isCoverage);
            cells.Add(new CalendarDay(day, part, odd.Contains(day), $"{t.DayText(day)}: {(part is { } p ? Texts.Percent(p) : t.NoData)}{(odd.Contains(day) ? " · " + t.AlarmOnDay : "")}"));
        }
        if (cells.Count == 0)
        {
            return (null, false);
        }
        var title = isCoverage ? t.CoverageByDay : t.UtilisationByDay;
        return (new CalendarChart
        {
            Id = "calendar",
            Title = title,
            Description = t.CalendarDescription(cells.Count(static c => c.Part is not null), cells.Count, cells.Count(static c => c.IsOdd)),
            Days = cells,
            WeekdayNames = t.Weekdays,
            MonthName = t.ShortMonth,
        }, isCoverage);
    }

    /// <summary>The first of operating hours, distance and energy that can be read; null when none can.</summary>
    public static MeterCurve? MakeMeter(DeviceTemplate template, DevicePeriod period, IReadOnlyList<DeviceDay> days, Texts t)
    {
        foreach (var role in (MeasureRole[])[MeasureRole.OperatingHours, MeasureRole.Distance, MeasureRole.Energy])
        {
            if (template.Measures.FirstOrDefault(m => m.Role == role && m.IsOpen) is not { } measure)
            {
                continue;
            }
            var display = MeasureDisplay.Of(measure);
            var points = new List<ChartPoint>();
            foreach (var day in days)
            {
                if (day.Measures.FirstOrDefault(m => m.Name == measure.Name) is { First: { } first, Last: { } last } && day is { FirstReading: { } from, LastReading: { } until })
                {
                    points.Add(new ChartPoint(from, display.Apply(first)));
                    points.Add(new ChartPoint(until, display.Apply(last)));
                }
            }
            if (points.Count == 0)
            {
                continue;
            }
            var odd = period.Findings.Where(f => f.Severity == FindingSeverity.Alarm && (f.Measure == measure.Name || OfTheMeter.Contains(f.Code)))
                .DistinctBy(static f => (f.Code, DateOnly.FromDateTime(f.From.UtcDateTime))).ToList();
            var label = Label(measure, t);
            return new MeterCurve(
                Make("meter", label, period, points, t) with
                {
                    Description = t.MeterDescription(Texts.Figure(points[0].Value), Texts.Figure(points[^1].Value), period.Gaps.Count, odd.Count),
                    Marks = [.. odd.Take(MaxMarks).Select(f => new ChartMark(f.From, $"{t.ShortDay(DateOnly.FromDateTime(f.From.UtcDateTime))}: {FindingTexts.Title(f.Code, t.Language.Code())}"))],
                },
                measure,
                Math.Max(0, odd.Count - MaxMarks));
        }
        return null;
    }

    /// <summary>State of health by day; null when there is none.</summary>
    public static LineChart? MakeHealth(DeviceTemplate template, DevicePeriod period, IReadOnlyList<DeviceDay> days, Texts t)
    {
        var measure = template.Measures.FirstOrDefault(static m => m.Role == MeasureRole.StateOfHealth);
        List<ChartPoint> points = [.. days.Where(static d => d is { StateOfHealth: not null, LastReading: not null }).Select(static d => new ChartPoint(d.LastReading!.Value, d.StateOfHealth!.Value))]; // Asked before.
        if (measure is null || points.Count == 0)
        {
            return null;
        }
        var chart = Make("health", Label(measure, t), period, points, t) with { Description = t.HealthDescription(Texts.Figure(points[0].Value), Texts.Figure(points[^1].Value)) };
        return measure.Unit == "P1" ? chart with { Least = Math.Min(80, points.Min(static p => p.Value)), Greatest = Math.Max(100, points.Max(static p => p.Value)) } : chart;
    }

    private static LineChart Make(string id, string label, DevicePeriod period, List<ChartPoint> points, Texts t) => new()
    {
        Id = id,
        Title = label,
        Description = label,
        ValueLabel = label,
        TimeLabel = t.Day,
        From = new DateTimeOffset(period.From, TimeOnly.MinValue, TimeSpan.Zero),
        Until = new DateTimeOffset(period.Until.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero),
        Pieces = Split(points, period.Gaps),
        Gaps = [.. period.Gaps.OrderByDescending(static g => g.Until - g.From).Take(MaxGaps).Select(static g => new ChartGap(g.From, g.Until))],
        GapWord = t.GapWord,
        DayName = time => t.ShortDay(DateOnly.FromDateTime(time.UtcDateTime)),
    };

    /// <summary>A curve ends where a gap lies between two points.</summary>
    private static List<IReadOnlyList<ChartPoint>> Split(List<ChartPoint> points, IReadOnlyList<DeviceGap> gaps)
    {
        var pieces = new List<IReadOnlyList<ChartPoint>>();
        var piece = new List<ChartPoint>();
        foreach (var point in points)
        {
            if (piece.Count > 0 && gaps.Any(g => g.From >= piece[^1].Time && g.Until <= point.Time))
            {
                pieces.Add(piece);
                piece = [];
            }
            piece.Add(point);
        }
        pieces.Add(piece);
        return pieces;
    }

    private static string Label(DeviceMeasure measure, Texts t) =>
        measure.Title.In(t.Language.Code()) + (MeasureDisplay.Of(measure).Unit is { } unit ? $" ({Vocabulary.Unit(unit, t.Language)})" : "");
}
