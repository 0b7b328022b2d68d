namespace TrustChain.Core.Devices;

/// <summary>What came before a day: the last statement that the device signed, and the last imported one where that is of a later day.</summary>
/// <param name="Own">Null when there is none.</param>
/// <param name="Imported">Null when there is none, or none of a later day.</param>
public readonly record struct StatementsBefore(StatementFacts? Own, StatementFacts? Imported = null)
{
    /// <summary>What comes before the day after this one.</summary>
    /// <param name="statements">This day's statements.</param>
    public StatementsBefore After(IReadOnlyCollection<StatementFacts> statements)
    {
        var signed = statements.Where(static s => !s.Imported).OrderBy(static s => s.KeyNumber).ThenBy(static s => s.Sequence).LastOrDefault();
        return signed is not null ? new StatementsBefore(signed)
            : statements.Count == 0 ? this
            : this with { Imported = MixedDay.InTime(statements)[^1] };
    }
}

/// <summary>
/// A day with imported statements in it or before it. What the device signed is computed as if they were not there, so importing never betters a verdict; what
/// was imported is judged too, and can only add findings.
/// </summary>
internal static class MixedDay
{
    private static readonly string[] Judged =
    [
        FindingCodes.MeterRollback, FindingCodes.RateImpossible, FindingCodes.SpeedImpossible, FindingCodes.OutsideGeofence,
        FindingCodes.EnergyImplausible, FindingCodes.StuckValue, FindingCodes.OutOfRange,
    ];

    public static DeviceDay Compute(DeviceTemplate template, DateOnly day, StatementsBefore before, IReadOnlyList<StatementFacts> statements, DateTimeOffset? enrolledAt)
    {
        var signed = statements.Where(static s => !s.Imported).ToList();
        var imported = InTime(statements.Where(static s => s.Imported));
        var alone = Build(before.Own, signed);
        if (imported.Count == 0 && before.Imported is null)
        {
            return alone;
        }
        // Numbered in the order of time, which is what counts for values; they have no numbers of their own.
        var others = Build(before.Imported is { } b ? Numbered(b, 1) : null, [.. imported.Select(static (s, i) => Numbered(s, i + 2))]);
        // From the first statement that the device signed on, figures are its own; what lies before is a history that only an import can tell.
        var figures = before.Own is not null ? alone
            : signed.Count == 0 ? others
            : Build(before.Imported is { } b2 ? b2 with { KeyNumber = -1 } : null, signed);
        var findings = FindingList.Order(alone.Findings
            .Concat(others.Findings.Where(static f => Judged.Contains(f.Code)))
            .Concat(FindRollbacks(template, before, signed, imported))
            .Concat(Tell(imported, statements.Count))
            .DistinctBy(static f => f.Key));
        var shown = signed.Count == 0 ? others : figures;
        return alone with
        {
            Statements = alone.Statements + imported.Count,
            Imported = imported.Count,
            OperatingSeconds = figures.OperatingSeconds,
            DistanceMetres = figures.DistanceMetres,
            EnergyWattHours = figures.EnergyWattHours,
            Cycles = figures.Cycles,
            Utilisation = figures.Utilisation,
            StateOfHealth = figures.StateOfHealth,
            BatteryLevel = figures.BatteryLevel,
            DowntimeSeconds = figures.DowntimeSeconds,
            Alarms = figures.Alarms,
            Measures = shown.Measures,
            Hours = shown.Hours,
            Positions = shown.Positions,
            Findings = findings,
            MoreFindings = alone.MoreFindings + others.MoreFindings,
        };

        DeviceDay Build(StatementFacts? earlier, IReadOnlyList<StatementFacts> some) => new DayBuilder(template, day, earlier, some, enrolledAt).Build();
    }

    /// <summary>In the order of time, the same for the same statements.</summary>
    public static List<StatementFacts> InTime(IEnumerable<StatementFacts> statements) =>
        [.. statements.DistinctBy(static s => s.Digest).OrderBy(static s => s.Summary.First).ThenBy(static s => s.Summary.Last).ThenBy(static s => s.Digest)];

    private static StatementFacts Numbered(StatementFacts statement, long number) => statement with { KeyNumber = 0, Sequence = number };

    /// <summary>
    /// Meters that fell from one source to the other. Two sources may round differently, so a step of the template's resolution is no fall.
    /// </summary>
    private static IEnumerable<Finding> FindRollbacks(DeviceTemplate template, StatementsBefore before, List<StatementFacts> signed, List<StatementFacts> imported)
    {
        var all = InTime(new[] { before.Own, before.Imported }.OfType<StatementFacts>().Concat(signed).Concat(imported));
        for (var i = 0; i < template.Measures.Count; i++)
        {
            var measure = template.Measures[i];
            var values = measure.Kind == MeasureKind.Counter ? all.Where(s => s.Summary.Measure(i).HasValues).ToList() : [];
            for (var n = 1; n < values.Count; n++)
            {
                var (earlier, later) = (values[n - 1], values[n]);
                var (last, first) = (earlier.Summary.Measure(i), later.Summary.Measure(i));
                var (from, until) = (earlier.Summary.MomentOf(last.LastAt), later.Summary.MomentOf(first.FirstAt));
                if (earlier.Imported != later.Imported && from <= until && last.Last - first.First > measure.Step && SummaryBuilder.IsFall(last.Last, first.First))
                {
                    yield return FindingList.Make(
                        FindingCodes.MeterRollback, FindingSeverity.Alarm, from, until, measure.Name,
                        $"{measure.Name} fell by {FindingList.Show(last.Last - first.First)} {measure.Unit}, from {FindingList.Show(last.Last)} to {FindingList.Show(first.First)}, between an imported statement and one that the device signed.",
                        [earlier.RecordId, later.RecordId]);
                }
            }
        }
    }

    private static IEnumerable<Finding> Tell(List<StatementFacts> imported, int count)
    {
        if (imported.Count > 0)
        {
            yield return FindingList.Make(
                FindingCodes.Imported, FindingSeverity.Info, imported.Min(static s => s.Summary.First).ToUnixTimeMilliseconds(), imported.Max(static s => s.Summary.Last).ToUnixTimeMilliseconds(), null,
                $"{imported.Count} of {count} statements were imported: the device did not sign them, and they cover nothing.", imported.Select(static s => s.RecordId));
        }
    }
}
