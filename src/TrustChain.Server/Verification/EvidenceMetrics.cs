using System.Diagnostics.Metrics;
using TrustChain.Core.Verification;

namespace TrustChain.Server.Verification;

/// <summary>Counters of evidence and of what did not verify; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class EvidenceMetrics
{
    private readonly Counter<long> _bundles;
    private readonly Counter<long> _records;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _failures;

    public EvidenceMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("TrustChain.Verification");
        _bundles = meter.CreateCounter<long>("trustchain.evidence.bundles", "{bundle}", "Evidence bundles built, for pages too.");
        _records = meter.CreateCounter<long>("trustchain.evidence.records", "{record}", "Records in them.");
        _duration = meter.CreateHistogram(
            "trustchain.evidence.duration", "s", "Time that building a bundle took.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] });
        _failures = meter.CreateCounter<long>("trustchain.verification.failures", "{check}", "Checks that failed.");
        _bundles.Add(0);
        _records.Add(0);
    }

    public void Built(int records, TimeSpan duration)
    {
        _bundles.Add(1);
        _records.Add(records);
        _duration.Record(duration.TotalSeconds);
    }

    /// <summary>A statement that somebody sent was refused.</summary>
    /// <param name="check">One of <see cref="CheckNames"/>.</param>
    /// <param name="reason">The problem's code.</param>
    public void StatementFailed(string check, string reason) => Failed("statement", check, reason);

    /// <summary>Our own evidence was verified.</summary>
    public void Verified(VerificationReport report)
    {
        foreach (var check in report.Checks)
        {
            if (check.Outcome == Outcome.Failed)
            {
                Failed("bundle", check.Name, check.Code ?? "");
            }
        }
    }

    private void Failed(string subject, string check, string reason) => _failures.Add(
        1, new KeyValuePair<string, object?>("subject", subject), new KeyValuePair<string, object?>("check", check), new KeyValuePair<string, object?>("reason", reason));
}
