using System.Text;

namespace TrustChain.Server.Telemetry;

/// <summary>
/// Names of OpenTelemetry as Prometheus writes them: what is no letter, digit or underscore becomes an underscore, the unit follows in words, counters end
/// in <c>_total</c> (OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility").
/// </summary>
internal static class PrometheusNames
{
    /// <summary>Name of a family.</summary>
    /// <param name="name">The instrument's name, such as <c>trustchain.log.queue.age</c>.</param>
    /// <param name="unit">Its unit in UCUM, such as <c>s</c>, <c>By</c> or <c>{entry}</c>; null for none.</param>
    /// <param name="kind">What it counts.</param>
    public static string Of(string name, string? unit, MetricKind kind)
    {
        var clean = Clean(name);
        var suffix = unit switch
        {
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            "1" when kind == MetricKind.Gauge => "_ratio",
            _ => "",
        };
        if (!clean.EndsWith(suffix, StringComparison.Ordinal))
        {
            clean += suffix;
        }
        return kind == MetricKind.Counter && !clean.EndsWith("_total", StringComparison.Ordinal) ? clean + "_total" : clean;
    }

    /// <summary>Name of a label.</summary>
    public static string Clean(string name) => AppendClean(new StringBuilder(name.Length), name).ToString();

    /// <summary>The same, appended.</summary>
    public static StringBuilder AppendClean(StringBuilder text, string name)
    {
        foreach (var c in name)
        {
            text.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        }
        return text;
    }
}
