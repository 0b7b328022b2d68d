using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace TrustChain.Core.Query;

/// <summary>
/// When a query runs (EPCIS 2.0 section 8.2.5.3): every second of UTC at which each field given matches. A field that is left out matches always, but for
/// fields finer than the finest one given, which are 0: <c>hour=1, minute=5</c> is once a day, <c>minute=5</c> once an hour, <c>dayOfWeek=1</c> each Monday at
/// midnight. Immutable.
/// </summary>
public sealed class Schedule
{
    private const int MaxLength = 300;

    private static readonly Field[] Known =
    [
        new("second", 0, 59), new("minute", 0, 59), new("hour", 0, 23), new("dayOfMonth", 1, 31), new("month", 1, 12), new("dayOfWeek", 1, 7),
    ];

    private readonly ulong _seconds;
    private readonly ulong _minutes;
    private readonly ulong _hours;
    private readonly ulong _daysOfMonth;
    private readonly ulong _months;
    private readonly ulong _daysOfWeek;

    private Schedule(IReadOnlyDictionary<string, string> fields, ulong[] sets)
    {
        Fields = fields;
        (_seconds, _minutes, _hours, _daysOfMonth, _months, _daysOfWeek) = (sets[0], sets[1], sets[2], sets[3], sets[4], sets[5]);
    }

    /// <summary>The names of all fields, from <c>second</c> to <c>dayOfWeek</c>.</summary>
    public static IReadOnlyList<string> FieldNames { get; } = [.. Known.Select(static f => f.Name)];

    /// <summary>The fields as they were given.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; }

    /// <summary>Reads a schedule: at least one field, each a list of numbers, ranges <c>[a-b]</c> and steps <c>a/n</c> (from a, every n) separated by commas.</summary>
    /// <param name="fields">Texts by the names of <see cref="FieldNames"/>.</param>
    /// <param name="schedule">The schedule; null when there are faults.</param>
    /// <param name="faults">What is wrong with which field; a date that never comes, such as 31 February, is.</param>
    public static bool TryParse(IReadOnlyDictionary<string, string> fields, [NotNullWhen(true)] out Schedule? schedule, out IReadOnlyList<QueryFault> faults)
    {
        var found = new List<QueryFault>();
        var sets = new ulong[Known.Length];
        foreach (var name in fields.Keys.Where(static name => !Known.Any(f => f.Name == name)))
        {
            found.Add(new QueryFault(name, "is no field of a schedule."));
        }
        var isFiner = true;
        for (var i = 0; i < Known.Length; i++)
        {
            if (fields.TryGetValue(Known[i].Name, out var text))
            {
                isFiner = false;
                if (!TryReadSet(text, Known[i], out sets[i]))
                {
                    found.Add(new QueryFault(
                        Known[i].Name, $"is a list of numbers from {Known[i].Min} to {Known[i].Max}, ranges such as [{Known[i].Min}-{Known[i].Max}] and steps such as {Known[i].Min}/2, separated by commas."));
                }
            }
            else
            {
                sets[i] = isFiner && i < 3 ? 1UL : SetOf(Known[i].Min, Known[i].Max, 1);
            }
        }
        if (found.Count == 0 && isFiner)
        {
            found.Add(new QueryFault("schedule", "names at least one of second, minute, hour, dayOfMonth, month, dayOfWeek."));
        }
        if (found.Count == 0 && !HasDate(sets[3], sets[4]))
        {
            found.Add(new QueryFault("dayOfMonth", "is a day that the month never has."));
        }
        faults = found;
        schedule = found.Count == 0 ? new Schedule(new Dictionary<string, string>(fields), sets) : null;
        return schedule is not null;
    }

    /// <summary>The first time strictly after an instant, in UTC; null when the calendar ends before.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset instant)
    {
        var last = DateTime.MaxValue.Ticks - (DateTime.MaxValue.Ticks % TimeSpan.TicksPerSecond);
        if (instant.UtcTicks >= last)
        {
            return null;
        }
        var from = new DateTime(instant.UtcTicks - (instant.UtcTicks % TimeSpan.TicksPerSecond) + TimeSpan.TicksPerSecond, DateTimeKind.Utc);
        var day = from.Date;
        while (true)
        {
            if (!Has(_months, day.Month))
            {
                if (day is { Year: 9999, Month: 12 })
                {
                    return null;
                }
                day = new DateTime(day.Year, day.Month, 1, 0, 0, 0, DateTimeKind.Utc).AddMonths(1);
                continue;
            }
            if (Has(_daysOfMonth, day.Day) && Has(_daysOfWeek, IsoDayOfWeek(day)) && TimeOfDayFrom(day == from.Date ? from.TimeOfDay : TimeSpan.Zero) is { } time)
            {
                return new DateTimeOffset(day + time, TimeSpan.Zero);
            }
            if (day == DateTime.MaxValue.Date)
            {
                return null;
            }
            day = day.AddDays(1);
        }
    }

    private TimeSpan? TimeOfDayFrom(TimeSpan from)
    {
        for (var hour = Next(_hours, from.Hours); hour >= 0; hour = Next(_hours, hour + 1))
        {
            var isFirstHour = hour == from.Hours;
            for (var minute = Next(_minutes, isFirstHour ? from.Minutes : 0); minute >= 0; minute = Next(_minutes, minute + 1))
            {
                var second = Next(_seconds, isFirstHour && minute == from.Minutes ? from.Seconds : 0);
                if (second >= 0)
                {
                    return new TimeSpan(hour, minute, second);
                }
            }
        }
        return null;
    }

    private static bool TryReadSet(string text, Field field, out ulong set)
    {
        set = 0;
        if (text.Length is 0 or > MaxLength)
        {
            return false;
        }
        foreach (var element in text.Split(','))
        {
            var step = 1;
            int first, last;
            if (element is ['[', .., ']'])
            {
                var ends = element[1..^1].Split('-');
                if (ends.Length != 2 || !TryReadNumber(ends[0], field, out first) || !TryReadNumber(ends[1], field, out last) || first > last)
                {
                    return false;
                }
            }
            else if (element.Split('/') is [var start, var every])
            {
                last = field.Max;
                if (!TryReadNumber(start, field, out first) || !TryReadDigits(every, out step) || step < 1 || step > field.Max)
                {
                    return false;
                }
            }
            else if (TryReadNumber(element, field, out first))
            {
                last = first;
            }
            else
            {
                return false;
            }
            set |= SetOf(first, last, step);
        }
        return true;
    }

    private static bool TryReadNumber(string text, Field field, out int number) => TryReadDigits(text, out number) && number >= field.Min && number <= field.Max;

    private static bool TryReadDigits(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && text.Length <= 2;

    private static ulong SetOf(int first, int last, int step)
    {
        var set = 0UL;
        for (var i = first; i <= last; i += step)
        {
            set |= 1UL << i;
        }
        return set;
    }

    // 2000 was a leap year.
    private static bool HasDate(ulong daysOfMonth, ulong months) =>
        Enumerable.Range(1, 12).Any(month => Has(months, month) && Next(daysOfMonth, 1) is var day && day > 0 && day <= DateTime.DaysInMonth(2000, month));

    private static bool Has(ulong set, int number) => (set >> number & 1) != 0;

    /// <summary>The smallest member of a set from a number on; -1 when there is none.</summary>
    private static int Next(ulong set, int from) => from < 64 && set >> from is not 0 and var rest ? from + BitOperations.TrailingZeroCount(rest) : -1;

    private static int IsoDayOfWeek(DateTime day) => day.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)day.DayOfWeek;

    private readonly record struct Field(string Name, int Min, int Max);
}
