using System.Diagnostics.CodeAnalysis;

namespace TrustChain.Core.Devices;

/// <summary>The hours of every day (UTC) in which readings are expected. Times are milliseconds since 1970. Immutable.</summary>
internal sealed class DeviceSchedule
{
    /// <summary>Milliseconds of a day.</summary>
    public const long Day = 86_400_000;

    private const long Hour = 3_600_000;

    // One or two stretches of a day, ascending, from inclusive to exclusive.
    private readonly (long From, long Until)[] _parts;
    private readonly long _perDay;

    private DeviceSchedule(params (long From, long Until)[] parts)
    {
        _parts = parts;
        _perDay = parts.Sum(static p => p.Until - p.From);
    }

    /// <summary>All hours.</summary>
    public static DeviceSchedule Always { get; } = new((0, Day));

    /// <summary>Reads <c>always</c> or <c>HH-HH</c>, which goes past midnight where the second is not larger.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DeviceSchedule? schedule)
    {
        schedule = text == "always" ? Always : null;
        if (schedule is null && text is { Length: 5 } && text[2] == '-' && TryHour(text[..2], out var from) && TryHour(text[3..], out var until) && from < 24 && from != until)
        {
            schedule = from < until ? new((from * Hour, until * Hour))
                : until == 0 ? new((from * Hour, Day))
                : new((0, until * Hour), (from * Hour, Day));
        }
        return schedule is not null;
    }

    /// <summary>Milliseconds of the schedule between two moments.</summary>
    public long TimeBetween(long from, long until) => Sum(from, until, _perDay, static (start, end) => end - start);

    /// <summary>
    /// How many readings are expected between two moments. A day is divided into places of one interval from midnight; a place is expected where its middle
    /// is in the schedule.
    /// </summary>
    public long ReadingsBetween(long from, long until, long interval) =>
        Sum(from, until, _parts.Sum(p => Middles(p.From, p.Until, interval)), (start, end) => Middles(start, end, interval));

    /// <summary>The first moment of the schedule at or after a moment, and the last at or before another; crossed when there is none between.</summary>
    public (long From, long Until) Clip(long from, long until)
    {
        while (!Holds(from) && from < until)
        {
            from = NextBorder(from);
        }
        var start = DayOf(until);
        var last = until;
        for (var i = _parts.Length - 1; i >= 0; i--)
        {
            if (until > start + _parts[i].From)
            {
                return (from, Math.Min(last, start + _parts[i].Until));
            }
        }
        return (from, start - Day + _parts[^1].Until);
    }

    /// <summary>Midnight before a moment.</summary>
    public static long DayOf(long moment) => moment - (((moment % Day) + Day) % Day);

    private bool Holds(long moment)
    {
        var inDay = moment - DayOf(moment);
        return Array.Exists(_parts, p => inDay >= p.From && inDay < p.Until);
    }

    private long NextBorder(long moment)
    {
        var start = DayOf(moment);
        foreach (var (from, _) in _parts)
        {
            if (start + from > moment)
            {
                return start + from;
            }
        }
        return start + Day + _parts[0].From;
    }

    private long Sum(long from, long until, long perDay, Func<long, long, long> measure)
    {
        if (until <= from)
        {
            return 0;
        }
        var first = DayOf(from);
        var last = DayOf(until);
        return first == last
            ? InDay(from - first, until - first, measure)
            : InDay(from - first, Day, measure) + (((last - first) / Day - 1) * perDay) + InDay(0, until - last, measure);
    }

    private long InDay(long from, long until, Func<long, long, long> measure)
    {
        long sum = 0;
        foreach (var part in _parts)
        {
            var start = Math.Max(from, part.From);
            var end = Math.Min(until, part.Until);
            sum += end > start ? measure(start, end) : 0;
        }
        return sum;
    }

    /// <summary>How many middles (k + 1/2) * interval are in [from, until) of one day.</summary>
    private static long Middles(long from, long until, long interval)
    {
        var places = Day / interval;
        return Math.Clamp(Below(until), 0, places) - Math.Clamp(Below(from), 0, places);

        // Number of k with (2k + 1) * interval < 2 * moment.
        long Below(long moment) => ((2 * moment) + interval - 1) / (2 * interval);
    }

    private static bool TryHour(string text, out int hour)
    {
        hour = 0;
        return char.IsAsciiDigit(text[0]) && char.IsAsciiDigit(text[1]) && (hour = ((text[0] - '0') * 10) + text[1] - '0') <= 24;
    }
}
