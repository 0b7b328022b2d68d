using System.Diagnostics.Metrics;
using TrustChain.Server.Telemetry;

namespace TrustChain.Server.Log;

/// <summary>Gauges and counters of the log; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class LogMetrics
{
    private readonly Counter<long> _sequenced;
    private readonly Histogram<double> _duration;

    public LogMetrics(LogHead head, ServerState state, TimeProvider time, IMeterFactory meters)
    {
        var meter = meters.Create("TrustChain.Log");
        meter.CreateObservableGauge("trustchain.log.size", () => state.Seen.Log?.Size ?? 0, "{entry}", "Entries that have their place.");
        meter.CreateObservableGauge("trustchain.log.queue.depth", () => state.Seen.Log?.Queued ?? 0, "{entry}", "Entries that wait for their place.");
        meter.CreateObservableGauge("trustchain.log.queue.age", () => state.QueueAge.TotalSeconds, "s", "Age of the oldest of them.");
        meter.CreateObservableGauge("trustchain.log.checkpoint.size", () => head.Checkpoint?.Size ?? 0, "{entry}", "Entries under the newest checkpoint.");
        meter.CreateObservableGauge("trustchain.log.checkpoint.age", () => Age(head.Checkpoint?.SignedAt), "s", "Age of the newest checkpoint.");
        meter.CreateObservableGauge("trustchain.log.anchor.size", () => head.Anchored?.Anchor.Size ?? 0, "{entry}", "Entries under the newest final anchor of the primary target, as evidence from here has it.");
        meter.CreateObservableGauge("trustchain.log.anchor.age", () => Age(head.Anchored?.Anchor.BlockTime), "s", "Age of that anchor.");
        meter.CreateObservableGauge("trustchain.log.halted", () => head.Halted is null ? 0 : 1, null, "1 when the log is read-only because it differs from its anchors.");
        meter.CreateObservableGauge("trustchain.log.read_only", () => head.ReadOnly is null ? 0 : 1, null, "1 when the log is only read because its key is not here.");
        _sequenced = meter.CreateCounter<long>("trustchain.log.sequenced", "{entry}", "Entries that this server gave their place.");
        _duration = meter.CreateHistogram(
            "trustchain.log.sequencing.duration", "s", "Time that a pass of sequencing took which found entries.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        _sequenced.Add(0);

        IEnumerable<Measurement<double>> Age(DateTimeOffset? since) => since is { } moment ? [new((time.GetUtcNow() - moment).TotalSeconds)] : [];
    }

    public void Sequenced(int entries, TimeSpan duration)
    {
        _sequenced.Add(entries);
        _duration.Record(duration.TotalSeconds);
    }
}
