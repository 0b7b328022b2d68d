using System.Diagnostics.Metrics;
using TrustChain.Postgres.Partitions;

namespace TrustChain.Server.Partitions;

/// <summary>Whether content has a place; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class PartitionMetrics
{
    private readonly Counter<long> _failures;

    public PartitionMetrics(PartitionStore partitions, IMeterFactory meters)
    {
        var meter = meters.Create("TrustChain.Partitions");
        meter.CreateObservableGauge("trustchain.partitions.count", () => partitions.Room?.Count ?? 0, "{partition}", "Partitions of content, those in cold storage among them.");
        meter.CreateObservableGauge("trustchain.partitions.cold", () => partitions.Room?.Cold ?? 0, "{partition}", "Partitions whose content is in cold storage.");
        meter.CreateObservableGauge("trustchain.partitions.free", () => partitions.Room?.Free ?? 0, "{id}", "Ids for which a partition is ready; a record and a statement take one each.");
        _failures = meter.CreateCounter<long>("trustchain.partitions.failures", "{attempt}", "Attempts to make partitions ahead of need that failed.");
        _failures.Add(0);
    }

    public void Failed() => _failures.Add(1);
}
