using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Numerics;

namespace TrustChain.Server.Anchoring;

/// <summary>Gauges and counters of anchoring, by target; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class AnchorMetrics
{
    private readonly ConcurrentDictionary<string, AnchorGauges> _gauges = new(StringComparer.Ordinal);
    private readonly Counter<long> _transactions;
    private readonly Counter<long> _final;
    private readonly Counter<long> _failures;

    public AnchorMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("TrustChain.Anchoring");
        meter.CreateObservableGauge("trustchain.anchoring.lag.entries", () => Observe(static g => g.LagEntries), "{entry}", "Entries under the newest checkpoint that no final anchor covers.");
        meter.CreateObservableGauge("trustchain.anchoring.lag.seconds", () => Observe(static g => g.LagSeconds), "s", "Age of the oldest of them.");
        meter.CreateObservableGauge("trustchain.anchoring.failing", () => Observe(static g => g.Failing), "{alarm}", "Alarms that are open.");
        meter.CreateObservableGauge("trustchain.anchoring.spent_today", () => Observe(static g => g.SpentToday), "{coin}", "Paid since midnight UTC.");
        meter.CreateObservableGauge("trustchain.anchoring.balance", () => Observe(static g => g.Balance), "{coin}", "What the publisher's account has.");
        _transactions = meter.CreateCounter<long>("trustchain.anchoring.transactions", "{transaction}", "Transactions prepared, replacements included; requests at a timestamp authority.");
        _final = meter.CreateCounter<long>("trustchain.anchoring.final", "{anchor}", "Anchors that became final.");
        _failures = meter.CreateCounter<long>("trustchain.anchoring.failures", "{alarm}", "Alarms raised.");
    }

    /// <summary>What this server saw of the target last.</summary>
    public void Set(string target, AnchorGauges gauges) => _gauges[target] = gauges;

    public AnchorGauges? Find(string target) => _gauges.GetValueOrDefault(target);

    public void Prepared(string target) => _transactions.Add(1, new KeyValuePair<string, object?>("target", target));

    public void BecameFinal(string target) => _final.Add(1, new KeyValuePair<string, object?>("target", target));

    public void Failed(string target, string code) =>
        _failures.Add(1, new KeyValuePair<string, object?>("target", target), new KeyValuePair<string, object?>("code", code));

    /// <summary>Wei in whole coins; exact enough for a gauge.</summary>
    public static double ToCoins(BigInteger wei) => (double)wei / 1e18;

    private List<Measurement<double>> Observe(Func<AnchorGauges, double?> read) =>
        [.. _gauges.Where(g => read(g.Value) is not null).Select(g => new Measurement<double>(read(g.Value)!.Value, new KeyValuePair<string, object?>("target", g.Key)))]; // Filtered.
}

/// <summary>Figures of a target; null where the kind of target does not have it or it is not known yet.</summary>
internal sealed record AnchorGauges(double LagEntries, double LagSeconds, double Failing, double? SpentToday, double? Balance);
