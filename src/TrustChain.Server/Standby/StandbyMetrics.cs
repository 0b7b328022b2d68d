using System.Diagnostics.Metrics;

namespace TrustChain.Server.Standby;

/// <summary>What is read from standbys and how they are; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class StandbyMetrics
{
    private readonly Counter<long> _reads;

    public StandbyMetrics(StandbyHosts hosts, IMeterFactory meters)
    {
        var meter = meters.Create("TrustChain.Standby");
        meter.CreateObservableGauge("trustchain.standby.up", () => hosts.All.Select(h => Of(h, h.Shows(0, hosts.MaxLag) ? 1 : 0)), null, "1 when the host is a standby that is read from.");
        meter.CreateObservableGauge("trustchain.standby.lag", () => hosts.All.Where(static h => h.IsStandby && h.Lag is not null).Select(static h => Of(h, h.Lag!.Value.TotalSeconds)), "s", "Age of what the standby may lack."); // Filtered.
        _reads = meter.CreateCounter<long>("trustchain.standby.reads", "{request}", "Requests that a standby might have answered.");
    }

    /// <param name="outcome">standby, behind, missing or failed.</param>
    public void Read(string outcome) => _reads.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    private static Measurement<T> Of<T>(StandbyHost host, T value)
        where T : struct => new(value, new KeyValuePair<string, object?>("host", host.Name));
}
