using System.Globalization;
using System.Xml.Linq;
using TrustChain.Server.Pages.Charts;

namespace TrustChain.UnitTests.Charts;

/// <summary>Charts: what is missing is not drawn over, what is odd is said in words, and everything lies within the picture.</summary>
public sealed class ChartTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<ChartSize> Sizes => [ChartSize.Narrow, ChartSize.Wide];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Line_WithAGap_IsTwoCurvesAndAField(ChartSize size)
    {
        var chart = Line() with
        {
            Pieces = [[At(0, 10), At(5, 20)], [At(20, 30), At(30, 40)]],
            Gaps = [new ChartGap(Start.AddDays(5), Start.AddDays(20))],
        };

        var svg = XElement.Parse(chart.Draw(size));

        Assert.Equal(2, svg.Elements("path").Count());
        var gap = Assert.Single(svg.Elements("rect"), static r => r.Attribute("class")?.Value == "gap");
        var curves = svg.Elements("path").Select(static p => p.Attribute("d")!.Value).ToList();
        Assert.EndsWith(" " + Y(curves[0]), curves[0], StringComparison.Ordinal);
        Assert.Contains($"L{gap.Attribute("x")!.Value} ", curves[0], StringComparison.Ordinal); // The curve ends where the gap begins.
        Assert.Contains(svg.Elements("text"), static t => t.Value == "no data");
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Line_Marks_AreWordsOfWhichNoneMeetsAnotherOrLeavesThePicture(ChartSize size)
    {
        const string Word = "12 Mar: A meter ran back 计数器倒退";
        var chart = Line() with { Marks = [.. Enumerable.Range(0, 4).Select(static i => new ChartMark(Start.AddDays(i * 10), Word))] };

        var svg = XElement.Parse(chart.Draw(size));

        var words = svg.Elements("text").Where(static t => t.Attribute("class")?.Value == "mark-word").ToList();
        Assert.Equal(4, words.Count);
        Assert.Equal(4, words.Select(static w => w.Attribute("y")!.Value).Distinct().Count());
        var first = words[0];
        Assert.Null(first.Attribute("text-anchor")); // begins at the left
        Assert.Equal("end", words[^1].Attribute("text-anchor")?.Value); // ends at the right
        AssertInside(svg);
    }

    [Fact]
    public void Line_OfOnePoint_IsADot()
    {
        var svg = XElement.Parse((Line() with { Pieces = [[At(3, 5)]] }).Draw(ChartSize.Wide));

        Assert.Single(svg.Elements("circle"));
        Assert.Empty(svg.Elements("path"));
    }

    [Fact]
    public void Line_NamesItsAxesWithUnits()
    {
        var svg = XElement.Parse(Line().Draw(ChartSize.Wide));

        Assert.Contains(svg.Elements("text"), static t => t.Value == "Hours (h)" && t.Attribute("class")?.Value == "axis-name");
        Assert.Contains(svg.Elements("text"), static t => t.Value == "Day (UTC)" && t.Attribute("class")?.Value == "axis-name");
        Assert.InRange(svg.Elements("text").Count(static t => t.Attribute("class")?.Value == "tick"), 6, 20);
    }

    [Theory]
    [InlineData(ChartSize.Narrow, 1)]
    [InlineData(ChartSize.Narrow, 30)]
    [InlineData(ChartSize.Narrow, 366)]
    [InlineData(ChartSize.Wide, 30)]
    [InlineData(ChartSize.Wide, 366)]
    public void Calendar_OfAnyLength_HasASquareForEachDayInsideThePicture(ChartSize size, int days)
    {
        var svg = XElement.Parse(Calendar(days).Draw(size));

        Assert.Equal(days, svg.Elements("g").Count());
        Assert.All(svg.Elements("g").Elements("rect"), static r => Assert.True(double.Parse(r.Attribute("width")!.Value, CultureInfo.InvariantCulture) >= 8));
        Assert.Equal(days, svg.Elements("g").Elements("rect").Select(static r => (r.Attribute("x")!.Value, r.Attribute("y")!.Value)).Distinct().Count());
        AssertInside(svg);
    }

    [Fact]
    public void Calendar_SaysInWordsAndSignsWhatItsShadesShow()
    {
        var chart = Calendar(4) with
        {
            Days = [new(new DateOnly(2026, 3, 2), 0.629, false, "a"), new(new DateOnly(2026, 3, 3), null, false, "b"), new(new DateOnly(2026, 3, 4), 0, true, "c"), new(new DateOnly(2026, 3, 5), 0.9999, false, "<d>")],
        };

        var days = XElement.Parse(chart.Draw(ChartSize.Wide)).Elements("g").ToList();

        Assert.Equal(["day level-3", "day level-none", "day level-0", "day level-4"], days.Select(static d => d.Attribute("class")!.Value));
        Assert.Equal(["62", "", "0!", "99"], days.Select(static d => d.Element("text")?.Value ?? ""));
        Assert.Equal(["a", "b", "c", "<d>"], days.Select(static d => d.Element("title")!.Value));
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(0.01, 1)]
    [InlineData(0.25, 1)]
    [InlineData(0.26, 2)]
    [InlineData(0.75, 3)]
    [InlineData(1, 4)]
    [InlineData(7, 4)]
    public void Level_IsAQuarter(double part, int level) => Assert.Equal(level, CalendarChart.LevelOf(part));

    private static ChartPoint At(int day, double value) => new(Start.AddDays(day), value);

    private static string Y(string path) => path[(path.LastIndexOf(' ') + 1)..];

    private static LineChart Line() => new()
    {
        Id = "line",
        Title = "Hours",
        Description = "A curve.",
        ValueLabel = "Hours (h)",
        TimeLabel = "Day (UTC)",
        From = Start,
        Until = Start.AddDays(30),
        Pieces = [[At(0, 10), At(30, 40)]],
        GapWord = "no data",
        DayName = static time => time.ToString("d MMM", CultureInfo.InvariantCulture),
    };

    private static CalendarChart Calendar(int days) => new()
    {
        Id = "calendar",
        Title = "Utilisation",
        Description = "Squares.",
        Days = [.. Enumerable.Range(0, days).Select(static i => new CalendarDay(new DateOnly(2026, 1, 1).AddDays(i), (i % 10) / 10.0, i % 7 == 0, "day"))],
        WeekdayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        MonthName = static day => day.ToString("MMM", CultureInfo.InvariantCulture),
    };

    private static void AssertInside(XElement svg)
    {
        var box = svg.Attribute("viewBox")!.Value.Split(' ').Select(static n => double.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        foreach (var text in svg.Descendants("text"))
        {
            var (x, y) = (double.Parse(text.Attribute("x")!.Value, CultureInfo.InvariantCulture), double.Parse(text.Attribute("y")!.Value, CultureInfo.InvariantCulture));
            var width = ChartSizes.WidthOf(text.Value);
            var left = text.Attribute("text-anchor")?.Value switch { "end" => x - width, "middle" => x - (width / 2), _ => x };
            Assert.True(left >= -1 && left + width <= box[2] + 12 && y >= 8 && y <= box[3], $"\"{text.Value}\" at {x} {y} leaves the picture.");
        }
        foreach (var rect in svg.Descendants("rect"))
        {
            Assert.InRange(double.Parse(rect.Attribute("x")!.Value, CultureInfo.InvariantCulture) + double.Parse(rect.Attribute("width")!.Value, CultureInfo.InvariantCulture), 0, box[2]);
            Assert.InRange(double.Parse(rect.Attribute("y")!.Value, CultureInfo.InvariantCulture) + double.Parse(rect.Attribute("height")!.Value, CultureInfo.InvariantCulture), 0, box[3]);
        }
    }
}
