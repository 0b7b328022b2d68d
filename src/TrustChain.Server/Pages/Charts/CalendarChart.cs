using System.Globalization;

namespace TrustChain.Server.Pages.Charts;

/// <summary>A day of a calendar.</summary>
/// <param name="Day">The day.</param>
/// <param name="Part">Its figure, 0 to 1; null when there is none.</param>
/// <param name="IsOdd">Whether something is wrong with it.</param>
/// <param name="Told">What is said of it when it is pointed at.</param>
public readonly record struct CalendarDay(DateOnly Day, double? Part, bool IsOdd, string Told);

/// <summary>Days by weeks: a column for each week from Monday on, a square for each day, darker the greater its figure. Large squares have the figure in them.</summary>
public sealed record CalendarChart
{
    private const double Left = 40;
    private const double Smallest = 11;
    private const double Largest = 36;
    private const double LeastForText = 25;

    /// <summary>Begins the ids of its parts.</summary>
    public required string Id { get; init; }

    /// <summary>Name.</summary>
    public required string Title { get; init; }

    /// <summary>What is to be seen, for readers of speech.</summary>
    public required string Description { get; init; }

    /// <summary>The days in order, without a day left out; at least one.</summary>
    public required IReadOnlyList<CalendarDay> Days { get; init; }

    /// <summary>Seven names, from Monday on.</summary>
    public required IReadOnlyList<string> WeekdayNames { get; init; }

    /// <summary>Name of the month of a day.</summary>
    public required Func<DateOnly, string> MonthName { get; init; }

    /// <summary>Which of five shades a figure has: 0 for nothing, 1 up to a quarter, 4 for more than three quarters.</summary>
    public static int LevelOf(double part) => part <= 0 ? 0 : Math.Clamp((int)Math.Ceiling(part * 4), 1, 4);

    /// <summary>Draws it. Weeks that do not fit beside each other go below.</summary>
    public string Draw(ChartSize size)
    {
        var monday = Days[0].Day.AddDays(-(((int)Days[0].Day.DayOfWeek + 6) % 7));
        var weeks = ((Days[^1].Day.DayNumber - monday.DayNumber) / 7) + 1;
        var room = size.Width() - Left;
        var perBlock = Math.Min(weeks, (int)(room / Smallest));
        var blocks = (weeks + perBlock - 1) / perBlock;
        perBlock = (weeks + blocks - 1) / blocks;
        var cell = Math.Min(Largest, room / perBlock);
        var blockHeight = (7 * cell) + 30;
        var svg = new SvgWriter().BeginPicture(Id + size.Suffix(), size.Width(), blocks * blockHeight, size.Style(), Title, Description);
        for (var block = 0; block < blocks; block++)
        {
            DrawNames(svg, block * blockHeight, cell);
        }
        var label = (Block: -1, Month: 0, Until: 0.0); // the last that was written
        foreach (var day in Days)
        {
            var week = (day.Day.DayNumber - monday.DayNumber) / 7;
            var (block, column, row) = (week / perBlock, week % perBlock, ((int)day.Day.DayOfWeek + 6) % 7);
            var (x, y) = (Left + (column * cell), (block * blockHeight) + 18 + (row * cell));
            if (block != label.Block || (day.Day.Month != label.Month && x > label.Until))
            {
                var name = MonthName(day.Day);
                svg.Text(x, (block * blockHeight) + 12, name, "tick");
                label = (block, day.Day.Month, x + ChartSizes.WidthOf(name) + 6);
            }
            DrawDay(svg, x, y, cell, day, tells: size == ChartSize.Wide);
        }
        return svg.End().ToString();
    }

    private void DrawNames(SvgWriter svg, double top, double cell)
    {
        // Small squares leave room for every other name.
        for (var i = 0; i < 7; i += cell < 14 ? 2 : 1)
        {
            svg.Text(Left - 6, top + 18 + (i * cell) + (cell / 2) + 4, WeekdayNames[i], "tick", "end");
        }
    }

    private static void DrawDay(SvgWriter svg, double x, double y, double cell, CalendarDay day, bool tells)
    {
        var level = day.Part is { } part ? LevelOf(part).ToString(CultureInfo.InvariantCulture) : "none";
        svg.Begin("g", ("class", "day level-" + level));
        if (tells)
        {
            svg.Words("title", day.Told);
        }
        svg.Leaf("rect", ("x", SvgWriter.Number(x + 0.75)), ("y", SvgWriter.Number(y + 0.75)), ("width", SvgWriter.Number(cell - 2)), ("height", SvgWriter.Number(cell - 2)), ("rx", "1.5"));
        var number = day.Part is { } p && cell >= LeastForText ? Math.Floor(p * 100).ToString(CultureInfo.InvariantCulture) : "";
        var text = day.IsOdd ? number + "!" : number;
        if (text.Length > 0)
        {
            svg.Text(x + (cell / 2), y + (cell / 2) + 4, text, cell >= LeastForText ? "figure" : "figure small", "middle");
        }
        svg.End();
    }
}
