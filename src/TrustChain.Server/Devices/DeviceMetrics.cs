using System.Diagnostics.Metrics;

namespace TrustChain.Server.Devices;

/// <summary>Counters of devices; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class DeviceMetrics
{
    private readonly Counter<long> _statements;
    private readonly Counter<long> _readings;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _imported;
    private readonly Counter<long> _importedReadings;
    private readonly Counter<long> _days;
    private readonly Counter<long> _findings;
    private readonly Histogram<double> _duration;
    private long _due;

    public DeviceMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("TrustChain.Devices");
        _statements = meter.CreateCounter<long>("trustchain.telemetry.statements", "{statement}", "Telemetry statements captured, repeats included.");
        _readings = meter.CreateCounter<long>("trustchain.telemetry.readings", "{reading}", "Readings in them.");
        _refused = meter.CreateCounter<long>("trustchain.telemetry.refused", "{statement}", "Telemetry statements refused though the device had signed them, by the rule.");
        _imported = meter.CreateCounter<long>("trustchain.telemetry.imported.statements", "{statement}", "Statements made of imports that were not there before, by form: csv, xml or json.");
        _importedReadings = meter.CreateCounter<long>("trustchain.telemetry.imported.readings", "{reading}", "Readings in them.");
        _days = meter.CreateCounter<long>("trustchain.devices.days", "{day}", "Days of devices computed.");
        _findings = meter.CreateCounter<long>("trustchain.devices.findings", "{finding}", "Findings in computed days, by severity; a day that is computed again counts again.");
        _duration = meter.CreateHistogram(
            "trustchain.devices.compute.duration", "s", "Time that a pass over due days took.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] });
        meter.CreateObservableGauge("trustchain.devices.days.due", () => Interlocked.Read(ref _due), "{day}", "Changes that wait to be computed into days, as of the last pass; at most 100,000 are counted.");
        _statements.Add(0);
        _readings.Add(0);
        foreach (var form in (string[])["csv", "xml", "json"])
        {
            _imported.Add(0, new KeyValuePair<string, object?>("form", form));
            _importedReadings.Add(0, new KeyValuePair<string, object?>("form", form));
        }
    }

    public void Captured(int readings)
    {
        _statements.Add(1);
        _readings.Add(readings);
    }

    public void Refused(string rule) => _refused.Add(1, new KeyValuePair<string, object?>("rule", rule));

    public void Imported(string form, int readings)
    {
        _imported.Add(1, new KeyValuePair<string, object?>("form", form));
        _importedReadings.Add(readings, new KeyValuePair<string, object?>("form", form));
    }

    public void Computed(int days, IReadOnlyList<(string Severity, int Count)> findings, TimeSpan duration)
    {
        _days.Add(days);
        _duration.Record(duration.TotalSeconds);
        foreach (var (severity, count) in findings)
        {
            _findings.Add(count, new KeyValuePair<string, object?>("severity", severity));
        }
    }

    public void SetDue(long due) => Interlocked.Exchange(ref _due, due);
}
