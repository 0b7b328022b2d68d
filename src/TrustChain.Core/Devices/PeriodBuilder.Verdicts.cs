namespace TrustChain.Core.Devices;

/// <summary>One answer for each check, from the statements alone. What is encrypted is never answered with passed here.</summary>
internal sealed partial class PeriodBuilder
{
    private List<DeviceVerdict> Judge(List<Finding> findings, long expected, long covered)
    {
        var lookup = _template.Lookup;
        var numbers = _template.Measures.Index().ToList();
        List<int> position = lookup.Latitude >= 0 ? [lookup.Latitude, lookup.Longitude] : [];
        var teller = _template.IndexOf(MeasureRole.OperatingHours) is >= 0 and var hours ? hours : _template.IndexOf(MeasureRole.Running);
        return
        [
            Coverage(findings, expected, covered),
            OfStatements("sequence", findings, [FindingCodes.SequenceFork, FindingCodes.ChainBroken, FindingCodes.SequenceGap], "All numbers are there, each once, and each statement names the one before it."),
            OfMeasures("meters", findings, [FindingCodes.MeterRollback, FindingCodes.RateImpossible],
                [.. numbers.Where(static m => m.Item.Kind == MeasureKind.Counter).Select(static m => m.Index)], isInTemplate: true, "No meter ran back or rose faster than it can."),
            OfMeasures("speed", findings, [FindingCodes.SpeedImpossible], position, _template.MaxSpeed is not null, "It never moved faster than it can."),
            OfMeasures("place", findings, [FindingCodes.OutsideGeofence], position, _template.Geofence is not null, "It stayed in its area."),
            Energy(findings, [_template.IndexOf(MeasureRole.Energy), teller]),
            OfMeasures("stuck", findings, [FindingCodes.StuckValue],
                [.. numbers.Where(static m => m.Item.StuckAfter is not null).Select(static m => m.Index)], isInTemplate: true, "No value stood still for longer than is plausible."),
            OfMeasures("range", findings, [FindingCodes.OutOfRange],
                [.. numbers.Where(static m => m.Item.Min is not null || m.Item.Max is not null).Select(static m => m.Index)], isInTemplate: true, "All values are in their ranges."),
            OfStatements("clock", findings, [FindingCodes.BootBack, FindingCodes.ClockDrift, FindingCodes.ClockBack], "The clock goes with the time of arrival, and never ran back."),
            OfStatements("keys", findings, [FindingCodes.KeySwapped], "No key went on after a newer one had begun."),
        ];
    }

    private DeviceVerdict Coverage(List<Finding> findings, long expected, long covered)
    {
        var what = FormattableString.Invariant($"{covered} of {expected} expected readings are there");
        var failed = Failed("coverage", findings, [FindingCodes.Gap, FindingCodes.Silence]);
        return failed is not null ? failed with { Detail = $"{what}. {failed.Detail}" }
            : expected == 0 ? NothingSigned("coverage", "No reading was expected.")
            : Passed("coverage", $"{what}, and none is missing for longer than three intervals.", _days);
    }

    private DeviceVerdict OfStatements(string check, List<Finding> findings, string[] codes, string passed) =>
        Failed(check, findings, codes) ?? (_days.Count == 0 ? NothingSigned(check, "There are no statements.") : Passed(check, passed, _days));

    private DeviceVerdict Energy(List<Finding> findings, List<int> measures)
    {
        var verdict = OfMeasures("energy", findings, [FindingCodes.EnergyImplausible], [.. measures.Where(static m => m >= 0)], _template.MaxWattsWhileRunning is not null, "Energy and hours of running go together.");
        return verdict.Outcome != VerdictOutcome.Passed ? verdict
            : _days.Exists(static d => d.IsEnergyJudged) ? Passed("energy", verdict.Detail, _days.Where(static d => d.IsEnergyJudged))
            : CouldNotCheck("energy", "no-data", "No day has an hour in which both energy and running are known.");
    }

    private DeviceVerdict OfMeasures(string check, List<Finding> findings, string[] codes, List<int> measures, bool isInTemplate, string passed)
    {
        if (Failed(check, findings, codes) is { } failed)
        {
            return failed;
        }
        var locked = measures.Where(m => !_template.Measures[m].IsOpen).Select(m => _template.Measures[m].Name).ToList();
        if (locked.Count > 0)
        {
            return CouldNotCheck(check, "sealed", $"Encrypted and not judged: {string.Join(", ", locked)}.");
        }
        if (measures.Count == 0 || !isInTemplate)
        {
            return CouldNotCheck(check, "not-in-template", "The template has nothing to judge it by.");
        }
        var silent = measures.Select(m => _template.Measures[m]).Where(m => !_days.Exists(d => Of(d, m) is { Count: > 0 })).Select(static m => m.Name).ToList();
        return silent.Count > 0 ? NothingSigned(check, $"Without any value: {string.Join(", ", silent)}.")
            : Passed(check, passed, _days.Where(d => measures.Exists(m => Of(d, _template.Measures[m]) is { Count: > 0 })));
    }

    /// <summary>What was only imported is no ground for passed.</summary>
    private DeviceVerdict NothingSigned(string check, string detail) => _imports.Count > 0 && _days.Count == 0
        ? CouldNotCheck(check, "imported", "All statements were imported, and none was signed by the device.")
        : CouldNotCheck(check, "no-data", detail);

    /// <summary>The verdict when there is a finding of these codes, the gravest code first.</summary>
    internal static DeviceVerdict? Failed(string check, List<Finding> findings, string[] codes)
    {
        var found = findings.Where(f => f.Severity != FindingSeverity.Info && codes.Contains(f.Code)).ToList();
        if (found.Count == 0)
        {
            return null;
        }
        var gravest = found.OrderByDescending(static f => f.Severity).ThenBy(f => Array.IndexOf(codes, f.Code)).ThenBy(static f => f.From).First();
        var records = found.SelectMany(static f => f.Records).Distinct().Order().ToList();
        var others = FormattableString.Invariant($" And {found.Count - 1} more.");
        return new DeviceVerdict(check, VerdictOutcome.Failed, gravest.Code, found.Count == 1 ? gravest.Detail : gravest.Detail + others,
            [.. records.Take(Finding.MaxRecords)], Math.Max(0, records.Count - Finding.MaxRecords) + found.Sum(static f => f.MoreRecords));
    }

    private static DeviceVerdict Passed(string check, string detail, IEnumerable<DeviceDay> days) => Resting(new DeviceVerdict(check, VerdictOutcome.Passed, "ok", detail, [], 0), days);

    /// <summary>
    /// The verdict with the statements of the days that it looked at: they may be thousands, so it names their numbers without a hole between, and cites the first and the last record of each
    /// such run. Where there are too many runs, the last record of all is cited still.
    /// </summary>
    internal static DeviceVerdict Resting(DeviceVerdict verdict, IEnumerable<DeviceDay> days)
    {
        var runs = new List<StatementRange>();
        foreach (var range in days.SelectMany(static d => d.Sequences).OrderBy(static r => r.KeyNumber).ThenBy(static r => r.First).ThenBy(static r => r.FirstRecord))
        {
            if (runs is [.., var last] && last.KeyNumber == range.KeyNumber && last.Last + 1 == range.First)
            {
                runs[^1] = last with { Last = range.Last, LastRecord = range.LastRecord };
            }
            else
            {
                runs.Add(range);
            }
        }
        var ends = runs.SelectMany(static r => new[] { r.FirstRecord, r.LastRecord }).Distinct().Order().ToList();
        long[] cited = ends.Count > Finding.MaxRecords ? [.. ends.Take(Finding.MaxRecords - 1), ends[^1]] : [.. ends];
        return verdict with
        {
            Runs = [.. runs.Take(DeviceVerdict.MaxRuns).Select(static r => new StatementRun(r.KeyNumber, r.First, r.Last))],
            Records = cited,
            MoreRecords = (int)Math.Min(int.MaxValue, runs.Sum(static r => r.Last - r.First + 1) - cited.Length),
        };
    }

    private static DeviceVerdict CouldNotCheck(string check, string code, string detail) => new(check, VerdictOutcome.CouldNotCheck, code, detail, [], 0);
}
