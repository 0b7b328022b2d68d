using System.Diagnostics.Metrics;
using TrustChain.Postgres.Query;

namespace TrustChain.Server.Subscriptions;

/// <summary>Counters of deliveries; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class SubscriptionMetrics
{
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _failed;
    private readonly UpDownCounter<long> _streams;
    private SubscriptionState _state;

    public SubscriptionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("TrustChain.Subscriptions");
        _delivered = meter.CreateCounter<long>("trustchain.subscriptions.delivered", "{event}", "Events delivered.");
        _failed = meter.CreateCounter<long>("trustchain.subscriptions.failed", "{attempt}", "Deliveries that failed.");
        _streams = meter.CreateUpDownCounter<long>("trustchain.subscriptions.streams", "{connection}", "Open WebSockets.");
        _failed.Add(0);
        _streams.Add(0);
        meter.CreateObservableGauge("trustchain.subscriptions.stopped", () => _state.Stopped, "{subscription}", "Subscriptions that were given up and wait to be resumed.");
        meter.CreateObservableGauge("trustchain.subscriptions.lag", () => _state.Lag, "{entry}", "Log entries that the slowest stream has not looked at.");
    }

    public void Delivered(int events, string kind) => _delivered.Add(events, new KeyValuePair<string, object?>("kind", kind));

    public void Failed() => _failed.Add(1);

    public void StreamOpened() => _streams.Add(1);

    public void StreamClosed() => _streams.Add(-1);

    public void SetState(SubscriptionState state) => _state = state;
}
