using System.Diagnostics.Metrics;

namespace TrustChain.Server.Limits;

/// <summary>What limits refused and how near they are; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class LimitsMetrics
{
    private readonly Counter<long> _refused;

    public LimitsMetrics(IMeterFactory meters, CapturePressure pressure, LiveServers servers, ConnectionLimit connections)
    {
        var meter = meters.Create("TrustChain.Limits");
        _refused = meter.CreateCounter<long>("trustchain.limits.refused", "{request}", "Requests and connections refused by a limit.");
        meter.CreateObservableGauge("trustchain.limits.body", () => pressure.Bytes, "By", "Bodies of captures under way.");
        meter.CreateObservableGauge("trustchain.limits.servers", () => servers.Count, "{server}", "Servers that share the limits.");
        meter.CreateObservableGauge("trustchain.limits.connections", () => connections.Count, "{connection}", "Open connections.");
        connections.Refused = () => Refused("connections");
    }

    public void Refused(string limit) => _refused.Add(1, new KeyValuePair<string, object?>("limit", limit));
}
