using System.Globalization;
using System.Text.RegularExpressions;

namespace TrustChain.IntegrationTests.Telemetry;

/// <summary>One family of the Prometheus text format.</summary>
internal sealed record MetricsFamily(string Name, string Type, List<MetricsSample> Samples);

/// <summary>One line of it. Name: with the suffix of a histogram's part.</summary>
internal sealed record MetricsSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>
/// A strict reader of the Prometheus text format 0.0.4: each family has one HELP, one TYPE and then its samples, no line is anything else, no series comes twice, and a histogram adds up.
/// </summary>
internal static partial class MetricsPage
{
    public static IReadOnlyDictionary<string, MetricsFamily> Read(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var families = new Dictionary<string, MetricsFamily>();
        var series = new HashSet<string>();
        MetricsFamily? family = null;
        string? helped = null;
        foreach (var line in text[..^1].Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                helped = help.Groups[1].Value;
            }
            else if (Type().Match(line) is { Success: true } type)
            {
                Assert.Equal(helped, type.Groups[1].Value);
                family = new MetricsFamily(type.Groups[1].Value, type.Groups[2].Value, []);
                Assert.True(families.TryAdd(family.Name, family), $"{family.Name} comes twice.");
            }
            else
            {
                var sample = ReadSample(line);
                Assert.NotNull(family);
                Assert.True(BelongsTo(sample.Name, family), $"A line of {sample.Name} is under {family.Name}.");
                Assert.True(series.Add(line[..line.LastIndexOf(' ')]), $"A series comes twice: {line}");
                family.Samples.Add(sample);
            }
        }
        foreach (var histogram in families.Values.Where(static f => f.Type == "histogram"))
        {
            CheckHistogram(histogram);
        }
        return families;
    }

    private static MetricsSample ReadSample(string line)
    {
        var match = Sample().Match(line);
        Assert.True(match.Success, $"Not a line of the format: {line}");
        var labels = new Dictionary<string, string>();
        foreach (Match label in Label().Matches(match.Groups[2].Value))
        {
            Assert.True(labels.TryAdd(label.Groups[1].Value, label.Groups[2].Value), $"A label comes twice: {line}");
        }
        var value = match.Groups[3].Value switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            var number => double.Parse(number, CultureInfo.InvariantCulture),
        };
        return new MetricsSample(match.Groups[1].Value, labels, value);
    }

    private static bool BelongsTo(string sample, MetricsFamily family) => family.Type == "histogram"
        ? sample == family.Name + "_bucket" || sample == family.Name + "_sum" || sample == family.Name + "_count"
        : sample == family.Name;

    private static void CheckHistogram(MetricsFamily family)
    {
        foreach (var one in family.Samples.GroupBy(static s => string.Join(',', s.Labels.Where(static l => l.Key != "le").Select(static l => $"{l.Key}={l.Value}"))))
        {
            var buckets = one.Where(s => s.Name == family.Name + "_bucket").ToList();
            var bounds = buckets.Select(static b => b.Labels["le"] == "+Inf" ? double.PositiveInfinity : double.Parse(b.Labels["le"], CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(bounds.Distinct().Order(), bounds);
            Assert.Equal(double.PositiveInfinity, bounds[^1]);
            Assert.Equal(buckets.Select(static b => b.Value).Order(), buckets.Select(static b => b.Value));
            Assert.Equal(buckets[^1].Value, one.Single(s => s.Name == family.Name + "_count").Value);
            Assert.True(one.Single(s => s.Name == family.Name + "_sum").Value >= 0);
        }
    }

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (?:[^\\]|\\\\|\\n)+$")]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$")]
    private static partial Regex Type();

    [GeneratedRegex("""^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\\\|\\"|\\n)*"(?:,(?!\})|(?=\})))+)\})? (NaN|[+-]Inf|-?[0-9]+(?:\.[0-9]+)?(?:E[+-]?[0-9]+)?)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("""([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\\\|\\"|\\n)*)",?""")]
    private static partial Regex Label();
}
