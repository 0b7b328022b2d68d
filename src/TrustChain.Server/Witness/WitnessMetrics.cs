using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace TrustChain.Server.Witness;

/// <summary>Counters of cosignatures; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class WitnessMetrics
{
    private readonly Counter<long> _cosigned;
    private readonly Counter<long> _failed;
    private readonly ConcurrentDictionary<string, WitnessProgress> _progress = new();

    public WitnessMetrics(IMeterFactory meters, TimeProvider time)
    {
        var meter = meters.Create("TrustChain.Witness");
        _cosigned = meter.CreateCounter<long>("trustchain.witness.cosigned", "{cosignature}", "Cosignatures received.");
        _failed = meter.CreateCounter<long>("trustchain.witness.failed", "{attempt}", "Attempts that brought no cosignature.");
        meter.CreateObservableGauge("trustchain.witness.size", () => Measure(static p => p.Size), "{entry}", "Entries under the newest cosignature.");
        meter.CreateObservableGauge("trustchain.witness.age", () => MeasureAge(time.GetUtcNow()), "s", "Age of the newest cosignature.");
        meter.CreateObservableGauge("trustchain.witness.alarm", () => Measure(static p => p.Alarm ? 1 : 0), null, "1 when a witness contradicts the log or sends what does not verify.");
    }

    /// <summary>How far each witness has come, by name.</summary>
    public IReadOnlyDictionary<string, WitnessProgress> Progress => _progress;

    public void Cosigned(string witness, long size, DateTimeOffset time)
    {
        _cosigned.Add(1, Tag("witness", witness));
        _progress[witness] = new WitnessProgress(size, time, false);
    }

    /// <summary>What is known of a witness without asking it.</summary>
    public void Known(string witness, long size, DateTimeOffset? time) =>
        _progress.AddOrUpdate(witness, new WitnessProgress(size, time, false), (_, before) => before.Size > size ? before : before with { Size = size, Time = time });

    public void Failed(string witness, string reason, bool alarm)
    {
        _failed.Add(1, Tag("witness", witness), Tag("reason", reason));
        if (alarm)
        {
            _progress.AddOrUpdate(witness, new WitnessProgress(0, null, true), static (_, before) => before with { Alarm = true });
        }
    }

    private IEnumerable<Measurement<long>> Measure(Func<WitnessProgress, long> value) => _progress.Select(p => new Measurement<long>(value(p.Value), Tag("witness", p.Key)));

    private IEnumerable<Measurement<double>> MeasureAge(DateTimeOffset now) =>
        _progress.Where(static p => p.Value.Time is not null).Select(p => new Measurement<double>((now - p.Value.Time!.Value).TotalSeconds, Tag("witness", p.Key))); // Filtered.

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}

/// <summary>How far a witness has come.</summary>
/// <param name="Size">Entries under its newest cosignature; 0 when there is none.</param>
/// <param name="Time">When it says it made that.</param>
/// <param name="Alarm">Whether since then it contradicted the log or sent what does not verify.</param>
internal readonly record struct WitnessProgress(long Size, DateTimeOffset? Time, bool Alarm);
