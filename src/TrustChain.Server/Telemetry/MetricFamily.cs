using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace TrustChain.Server.Telemetry;

/// <summary>What a family counts, as Prometheus names it.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>
/// An instrument with a series for each set of labels. Safe for concurrent use. At most <see cref="MaxSeries"/> sets of labels are kept; what comes with
/// further ones is counted in one series with the label <c>otel_metric_overflow</c>, so that nobody outside can fill the memory.
/// </summary>
internal sealed class MetricFamily
{
    public const int MaxSeries = 2_000;

    private const string Overflow = "otel_metric_overflow=\"true\"";

    /// <summary>Bounds where an instrument names none: those of the OpenTelemetry specification.</summary>
    private static readonly double[] DefaultBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

    /// <summary>Labels that say nothing here: the same for every request, or already told by the scraper.</summary>
    private static readonly HashSet<string> Dropped =
        ["network.protocol.version", "network.transport", "network.type", "url.scheme", "server.address", "server.port"];

    /// <summary>Instruments of the runtime that are declared as counters, though what they say goes down as well.</summary>
    private static readonly HashSet<string> GoesDown = ["dotnet.thread_pool.thread.count", "dotnet.thread_pool.queue.length"];

    [ThreadStatic]
    private static StringBuilder? s_labels; // so that only the first value of a series allocates

    private readonly ConcurrentDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private readonly bool _isObservable;
    private readonly bool _isSet; // each value takes the place of the one before; else it is added
    private readonly double[] _bounds = [];

    public MetricFamily(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        _isObservable = instrument.IsObservable;
        _isSet = _isObservable || type == typeof(Gauge<>);
        Kind = GoesDown.Contains(instrument.Name) ? MetricKind.Gauge
            : type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : type == typeof(Histogram<>) ? MetricKind.Histogram
            : MetricKind.Gauge;
        if (Kind == MetricKind.Histogram)
        {
            _bounds = instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } ? [.. advised] : DefaultBounds;
        }
        Name = PrometheusNames.Of(instrument.Name, instrument.Unit, Kind);
        Help = instrument.Description ?? "";
    }

    public string Name { get; }

    public string Help { get; }

    public MetricKind Kind { get; }

    /// <summary>Forgets what was observed the last time: whatever is still there is observed again.</summary>
    public void BeginObservation()
    {
        if (_isObservable)
        {
            _series.Clear();
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = (s_labels ??= new StringBuilder(512)).Clear();
        AppendLabels(labels, tags);
        if (!TryFind(labels, out var series))
        {
            series = _series.GetOrAdd(_series.Count < MaxSeries ? labels.ToString() : Overflow, _ => new MetricSeries(_bounds));
        }
        if (Kind == MetricKind.Histogram)
        {
            series.Observe(value);
        }
        else if (_isSet)
        {
            series.Set(value);
        }
        else
        {
            series.Add(value);
        }
    }

    /// <summary>Writes the family in the Prometheus text format 0.0.4.</summary>
    public void Write(StringBuilder text)
    {
        text.Append("# HELP ").Append(Name).Append(' ').Append(Help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(Kind switch { MetricKind.Counter => "counter", MetricKind.Gauge => "gauge", _ => "histogram" }).Append('\n');
        foreach (var (labels, series) in _series.OrderBy(static s => s.Key, StringComparer.Ordinal))
        {
            if (Kind == MetricKind.Histogram)
            {
                WriteHistogram(text, labels, series);
            }
            else
            {
                WriteSample(text, Name, labels, series.Value);
            }
        }
    }

    private void WriteHistogram(StringBuilder text, string labels, MetricSeries series)
    {
        var (counts, sum) = series.Read();
        var total = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            var bound = i < _bounds.Length ? Format(_bounds[i]) : "+Inf";
            WriteSample(text, Name + "_bucket", $"{labels}{(labels.Length == 0 ? "" : ",")}le=\"{bound}\"", total);
        }
        WriteSample(text, Name + "_sum", labels, sum);
        WriteSample(text, Name + "_count", labels, total);
    }

    private static void WriteSample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }
        text.Append(' ').Append(Format(value)).Append('\n');
    }

    private static string Format(double value) => double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private bool TryFind(StringBuilder labels, [NotNullWhen(true)] out MetricSeries? series)
    {
        foreach (var chunk in labels.GetChunks())
        {
            if (chunk.Length == labels.Length)
            {
                return _series.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(chunk.Span, out series);
            }
            break;
        }
        return _series.TryGetValue(labels.ToString(), out series);
    }

    private static void AppendLabels(StringBuilder labels, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (key, tag) in tags)
        {
            if (Dropped.Contains(key))
            {
                continue;
            }
            PrometheusNames.AppendClean(labels.Append(labels.Length == 0 ? "" : ","), key).Append("=\"");
            foreach (var c in Convert.ToString(tag, CultureInfo.InvariantCulture) ?? "")
            {
                _ = c switch
                {
                    '\\' => labels.Append("\\\\"),
                    '"' => labels.Append("\\\""),
                    '\n' => labels.Append("\\n"),
                    _ => labels.Append(c),
                };
            }
            labels.Append('"');
        }
    }
}

/// <summary>The values under one set of labels.</summary>
internal sealed class MetricSeries(double[] bounds)
{
    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _value;

    public double Value
    {
        get
        {
            lock (_lock)
            {
                return _value;
            }
        }
    }

    public void Set(double value)
    {
        lock (_lock)
        {
            _value = value;
        }
    }

    public void Add(double value)
    {
        lock (_lock)
        {
            _value += value;
        }
    }

    /// <summary>Counts a value in the first bucket whose bound is not below it.</summary>
    public void Observe(double value)
    {
        var bucket = Array.BinarySearch(bounds, value);
        lock (_lock)
        {
            _counts[bucket < 0 ? ~bucket : bucket]++;
            _value += value;
        }
    }

    /// <summary>The counts of each bucket alone, and the sum of all values.</summary>
    public (long[] Counts, double Sum) Read()
    {
        lock (_lock)
        {
            return ([.. _counts], _value);
        }
    }
}
