using System.Diagnostics.Metrics;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;

namespace TrustChain.Server.Capture;

/// <summary>Counters of capture; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class CaptureMetrics
{
    private readonly Counter<long> _events;
    private readonly Counter<long> _refused;

    public CaptureMetrics(IMeterFactory meters, CaptureWriter writer)
    {
        var meter = meters.Create("TrustChain.Capture");
        _events = meter.CreateCounter<long>("trustchain.capture.events", "{event}", "Events captured.");
        _refused = meter.CreateCounter<long>("trustchain.capture.refused", "{request}", "Capture requests refused.");
        meter.CreateObservableGauge("trustchain.capture.waiting", () => writer.Depth, "{statement}", "Statements waiting for the group commit.");
    }

    public void Captured(int events, Custody custody) => _events.Add(events, new KeyValuePair<string, object?>("custody", Record.Name(custody)));

    public void Refused() => _refused.Add(1);
}
