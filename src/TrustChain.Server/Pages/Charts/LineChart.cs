using System.Globalization;
using System.Text;

namespace TrustChain.Server.Pages.Charts;

/// <summary>A value at a moment.</summary>
public readonly record struct ChartPoint(DateTimeOffset Time, double Value);

/// <summary>A stretch of time without values.</summary>
public readonly record struct ChartGap(DateTimeOffset From, DateTimeOffset Until);

/// <summary>Something that is written beside a moment of the curve.</summary>
public readonly record struct ChartMark(DateTimeOffset Time, string Text);

/// <summary>A curve over time. Where there is a gap there is no line; what is odd is written beside it.</summary>
public sealed record LineChart
{
    private const double Left = 58;
    private const double Right = 12;
    private const double Plot = 190;
    private const double RowHeight = 17;

    /// <summary>Begins the ids of its parts.</summary>
    public required string Id { get; init; }

    /// <summary>Name.</summary>
    public required string Title { get; init; }

    /// <summary>What is to be seen, for readers of speech.</summary>
    public required string Description { get; init; }

    /// <summary>What goes up: the measure with its unit.</summary>
    public required string ValueLabel { get; init; }

    /// <summary>What goes to the right.</summary>
    public required string TimeLabel { get; init; }

    /// <summary>Left end.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Right end.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>Pieces of the curve, each with at least one point in the order of time.</summary>
    public required IReadOnlyList<IReadOnlyList<ChartPoint>> Pieces { get; init; }

    /// <summary>Stretches without values.</summary>
    public IReadOnlyList<ChartGap> Gaps { get; init; } = [];

    /// <summary>What stands in a gap that is wide enough.</summary>
    public string GapWord { get; init; } = "";

    /// <summary>Odd things; the caller keeps them few.</summary>
    public IReadOnlyList<ChartMark> Marks { get; init; } = [];

    /// <summary>A day on the axis of time.</summary>
    public required Func<DateTimeOffset, string> DayName { get; init; }

    /// <summary>Least value of the axis; null for that of the values.</summary>
    public double? Least { get; init; }

    /// <summary>Greatest value of the axis; null for that of the values.</summary>
    public double? Greatest { get; init; }

    /// <summary>Draws it.</summary>
    public string Draw(ChartSize size)
    {
        var width = size.Width();
        var top = 26 + (RowHeight * Marks.Count);
        var bottom = top + Plot;
        var values = Pieces.SelectMany(static p => p).Select(static p => p.Value).Where(double.IsFinite).DefaultIfEmpty(0).ToList();
        var ticks = Ticks.Compute(Least ?? values.Min(), Greatest ?? values.Max(), 5);
        var x = new LinearScale(From.ToUnixTimeSeconds(), Until.ToUnixTimeSeconds(), Left, width - Right);
        var y = new LinearScale(ticks[0], ticks[^1], bottom, top);
        var svg = new SvgWriter().BeginPicture(Id + size.Suffix(), width, bottom + 42, size.Style(), Title, Description).Text(0, 14, ValueLabel, "axis-name");
        foreach (var tick in ticks)
        {
            svg.Line(Left, y.Map(tick), width - Right, y.Map(tick), "grid").Text(Left - 8, y.Map(tick) + 4, Ticks.Format(tick, ticks[1] - ticks[0]), "tick", "end");
        }
        DrawDays(svg, x, bottom, size == ChartSize.Wide ? 6 : 3);
        foreach (var piece in Pieces)
        {
            DrawPiece(svg, x, y, piece);
        }
        DrawGaps(svg, x, top); // over the curve: one of two points a day goes through a gap within the day
        DrawMarks(svg, x, bottom, width);
        return svg.Text(width - Right, bottom + 36, TimeLabel, "axis-name", "end").End().ToString();
    }

    private void DrawGaps(SvgWriter svg, LinearScale x, double top)
    {
        foreach (var gap in Gaps)
        {
            var (from, until) = (x.Map(gap.From.ToUnixTimeSeconds()), x.Map(gap.Until.ToUnixTimeSeconds()));
            svg.Leaf("rect", ("x", SvgWriter.Number(from)), ("y", SvgWriter.Number(top)), ("width", SvgWriter.Number(Math.Max(1, until - from))), ("height", SvgWriter.Number(Plot)), ("class", "gap"));
            if (until - from > ChartSizes.WidthOf(GapWord) + 6)
            {
                svg.Text((from + until) / 2, top + (Plot / 2), GapWord, "gap-word", "middle");
            }
        }
    }

    private void DrawDays(SvgWriter svg, LinearScale x, double bottom, int most)
    {
        var first = From.UtcDateTime.Date;
        var days = Math.Max(1, (int)Math.Ceiling((Until.UtcDateTime - first).TotalDays));
        var step = Math.Max(1, (int)Math.Ceiling(days / (double)most));
        for (var day = 0; day < days; day += step)
        {
            var time = new DateTimeOffset(first.AddDays(day), TimeSpan.Zero);
            var at = x.Map(time.ToUnixTimeSeconds());
            svg.Line(at, bottom, at, bottom + 5, "grid").Text(at, bottom + 18, DayName(time), "tick", day == 0 ? "start" : "middle");
        }
    }

    private static void DrawPiece(SvgWriter svg, LinearScale x, LinearScale y, IReadOnlyList<ChartPoint> piece)
    {
        if (piece.Count == 1)
        {
            svg.Leaf("circle", ("cx", SvgWriter.Number(x.Map(piece[0].Time.ToUnixTimeSeconds()))), ("cy", SvgWriter.Number(y.Map(piece[0].Value))), ("r", "2.5"), ("class", "dot"));
            return;
        }
        var path = new StringBuilder();
        foreach (var point in piece)
        {
            path.Append(CultureInfo.InvariantCulture, $"{(path.Length == 0 ? 'M' : 'L')}{SvgWriter.Number(x.Map(point.Time.ToUnixTimeSeconds()))} {SvgWriter.Number(y.Map(point.Value))}");
        }
        svg.Leaf("path", ("d", path.ToString()), ("class", "curve"));
    }

    /// <summary>Each mark has a row of its own above the plot, so that no two texts meet.</summary>
    private void DrawMarks(SvgWriter svg, LinearScale x, double bottom, double width)
    {
        for (var i = 0; i < Marks.Count; i++)
        {
            var at = x.Map(Marks[i].Time.ToUnixTimeSeconds());
            var row = 24 + (RowHeight * (i + 1));
            var length = ChartSizes.WidthOf(Marks[i].Text);
            svg.Line(at, row - 11, at, bottom, "mark");
            // To the right of its line, else to the left, and where it fits on neither side up to the border.
            if (at + 5 + length > width && at - 5 - length >= 0)
            {
                svg.Text(at - 5, row - 2, Marks[i].Text, "mark-word", "end");
            }
            else
            {
                svg.Text(Math.Max(0, Math.Min(at + 5, width - length)), row - 2, Marks[i].Text, "mark-word");
            }
        }
    }
}
