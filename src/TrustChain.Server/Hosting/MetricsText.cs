using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using TrustChain.Server.Log;

namespace TrustChain.Server.Hosting;

/// <summary>Collects this server's own instruments and the web server's, and writes them in the Prometheus text format.</summary>
internal sealed class MetricsText : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(Instrument Instrument, string Tags), double> _values = new();

    public MetricsText(LogHead head, TimeProvider time, IMeterFactory meters)
    {
        var meter = meters.Create("TrustChain.Log");
        meter.CreateObservableGauge("trustchain.log.checkpoint.size", () => head.Checkpoint?.Size ?? 0, "{entry}", "Entries under the newest checkpoint.");
        meter.CreateObservableGauge("trustchain.log.checkpoint.age", () => head.Checkpoint is { } c ? (time.GetUtcNow() - c.SignedAt).TotalSeconds : 0, "s", "Age of the newest checkpoint.");
        meter.CreateObservableGauge("trustchain.log.anchor.size", () => head.Anchored?.Anchor.Size ?? 0, "{entry}", "Entries under the newest final anchor.");
        meter.CreateObservableGauge("trustchain.log.anchor.age", () => head.Anchored is { } a ? (time.GetUtcNow() - a.Anchor.BlockTime!.Value).TotalSeconds : 0, "s", "Age of the newest final anchor.");
        meter.CreateObservableGauge("trustchain.log.halted", () => head.Halted is null ? 0 : 1, null, "1 when the log is read-only because it differs from its anchors.");
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("TrustChain.", StringComparison.Ordinal) || instrument.Meter.Name == "Microsoft.AspNetCore.Hosting")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var group in _values.GroupBy(static v => v.Key.Instrument).OrderBy(static g => g.Key.Name, StringComparer.Ordinal))
        {
            var name = group.Key.Name.Replace('.', '_');
            text.Append("# HELP ").Append(name).Append(' ').Append(group.Key.Description).Append('\n');
            text.Append("# TYPE ").Append(name).Append(IsSum(group.Key) ? " counter\n" : " gauge\n");
            foreach (var ((_, tags), value) in group.OrderBy(static v => v.Key.Tags, StringComparer.Ordinal))
            {
                text.Append(name).Append(tags).Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
            }
        }
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (instrument is Histogram<double>)
        {
            return; // Distributions need an exporter; this text holds counts and states.
        }
        var labels = new StringBuilder();
        foreach (var (key, tag) in tags)
        {
            labels.Append(labels.Length == 0 ? '{' : ',').Append(key.Replace('.', '_')).Append("=\"")
                .Append(Convert.ToString(tag, CultureInfo.InvariantCulture)?.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        }
        if (labels.Length > 0)
        {
            labels.Append('}');
        }
        var sum = IsSum(instrument) && !instrument.IsObservable;
        _values.AddOrUpdate((instrument, labels.ToString()), value, (_, before) => sum ? before + value : value);
    }

    private static bool IsSum(Instrument instrument) => instrument is Counter<long> or Counter<int> or UpDownCounter<long>;
}
