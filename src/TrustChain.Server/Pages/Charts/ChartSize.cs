namespace TrustChain.Server.Pages.Charts;

/// <summary>For which window a chart is drawn. Charts are drawn for both, and the style sheet shows one, so that letters keep their size.</summary>
public enum ChartSize
{
    /// <summary>A phone, 340 units wide.</summary>
    Narrow,

    /// <summary>A desk or paper, 700 units wide.</summary>
    Wide,
}

/// <summary>Facts of sizes.</summary>
public static class ChartSizes
{
    /// <summary>Width in units, which are pixels where there is room for them.</summary>
    public static double Width(this ChartSize size) => size == ChartSize.Wide ? 700 : 340;

    /// <summary>Class of the element.</summary>
    public static string Style(this ChartSize size) => size == ChartSize.Wide ? "chart wide" : "chart narrow";

    /// <summary>Ending of ids.</summary>
    public static string Suffix(this ChartSize size) => size == ChartSize.Wide ? "-w" : "-n";

    /// <summary>About how wide a text of 12 units is: characters beyond Latin take twice the room.</summary>
    public static double WidthOf(string text) => text.EnumerateRunes().Sum(static r => r.Value >= 0x2e80 ? 12.0 : 6.4);
}
