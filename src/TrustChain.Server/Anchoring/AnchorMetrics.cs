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
    private readonly TimeProvider _time;

    public AnchorMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create("TrustChain.Anchoring");
        meter.CreateObservableGauge("trustchain.anchoring.lag.entries", () => Observe(static g => g.LagEntries), "{entry}", "Entries under the newest checkpoint that no final anchor covers.");
        meter.CreateObservableGauge("trustchain.anchoring.lag", () => Observe(static g => g.LagSeconds), "s", "Age of the oldest of them.");
        meter.CreateObservableGauge("trustchain.anchoring.size", () => Observe(static g => g.Size), "{entry}", "Entries under the newest final anchor.");
        meter.CreateObservableGauge("trustchain.anchoring.age", () => Observe(g => (time.GetUtcNow() - g.FinalSince)?.TotalSeconds), "s", "Age of the newest final anchor: of its block or timestamp.");
        meter.CreateObservableGauge("trustchain.anchoring.failing", () => Observe(static g => g.Failing), "{alarm}", "Alarms that are open.");
        meter.CreateObservableGauge("trustchain.anchoring.spent_today", () => Observe(static g => g.SpentToday), "{coin}", "Paid since midnight UTC.");
        meter.CreateObservableGauge("trustchain.anchoring.balance", () => Observe(static g => g.Balance), "{coin}", "What the publisher's account has.");
        meter.CreateObservableGauge("trustchain.anchoring.balance.lasts", () => Observe(static g => g.BalanceLasts?.TotalSeconds), "s", "How long that lasts at the pace of the last 24 hours.");
        _transactions = meter.CreateCounter<long>("trustchain.anchoring.transactions", "{transaction}", "Transactions prepared, replacements included; requests at a timestamp authority.");
        _final = meter.CreateCounter<long>("trustchain.anchoring.final", "{anchor}", "Anchors that became final.");
        _failures = meter.CreateCounter<long>("trustchain.anchoring.failures", "{alarm}", "Alarms raised.");
    }

    /// <summary>What this server saw of the target last. Of several servers the one that holds the lease measures; what is old is another's to tell.</summary>
    public void Set(string target, AnchorGauges gauges) => _gauges[target] = gauges;

    public AnchorGauges? Find(string target) => _gauges.GetValueOrDefault(target);

    public void Prepared(string target) => _transactions.Add(1, new KeyValuePair<string, object?>("target", target));

    public void BecameFinal(string target) => _final.Add(1, new KeyValuePair<string, object?>("target", target));

    public void Failed(string target, string code) =>
        _failures.Add(1, new KeyValuePair<string, object?>("target", target), new KeyValuePair<string, object?>("code", code));

    /// <summary>Wei in whole coins; exact enough for a gauge.</summary>
    public static double ToCoins(BigInteger wei) => (double)wei / 1e18;

    private List<Measurement<double>> Observe(Func<AnchorGauges, double?> read) =>
        [.. _gauges.Where(g => _time.GetUtcNow() < g.Value.ValidUntil && read(g.Value) is not null).Select(g => new Measurement<double>(read(g.Value)!.Value, new KeyValuePair<string, object?>("target", g.Key)))]; // Filtered.
}

/// <summary>Figures of a target; null where the kind of target does not have it or it is not known yet.</summary>
internal sealed record AnchorGauges
{
    /// <summary>When another look should have been there.</summary>
    public required DateTimeOffset ValidUntil { get; init; }

    public required double LagEntries { get; init; }

    public required double LagSeconds { get; init; }

    /// <summary>Entries under the newest final anchor; 0 while there is none.</summary>
    public required double Size { get; init; }

    /// <summary>Time of that anchor's block or timestamp.</summary>
    public required DateTimeOffset? FinalSince { get; init; }

    /// <summary>Open alarms.</summary>
    public required double Failing { get; init; }

    public double? SpentToday { get; init; }

    public double? Balance { get; init; }

    public TimeSpan? BalanceLasts { get; init; }
}
