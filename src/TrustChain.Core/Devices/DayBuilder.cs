using TrustChain.Core.Log;

namespace TrustChain.Core.Devices;

/// <summary>Computes one day: puts the statements in order, then coverage, figures and findings. Used once.</summary>
internal sealed partial class DayBuilder
{
    private readonly DeviceTemplate _template;
    private readonly TemplateLookup _lookup;
    private readonly DateOnly _day;
    private readonly long _start;
    private readonly StatementFacts? _before;
    private readonly long _expectedFrom;
    private readonly long _interval;
    private readonly List<StatementFacts> _all;
    private readonly FindingList _findings = new();

    // One statement of each number, that which came first, by key and number; and the same by time.
    private readonly List<StatementFacts> _chain;
    private readonly List<StatementFacts> _timed;

    // The same, and the one before, by record. Only gaps ask for it.
    private readonly Lazy<ILookup<long, StatementFacts>> _byRecord;

    public DayBuilder(DeviceTemplate template, DateOnly day, StatementFacts? before, IReadOnlyList<StatementFacts> statements, DateTimeOffset? enrolledAt)
    {
        if (statements.Any(s => s.Summary.Day != day) || before?.Summary.Day >= day)
        {
            throw new ArgumentException($"A statement is not of {day:O}, or the one before is not of a day before.", nameof(statements));
        }
        _template = template;
        _lookup = template.Lookup;
        _day = day;
        _start = new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds();
        _before = before;
        _expectedFrom = Math.Clamp(enrolledAt?.ToUnixTimeMilliseconds() ?? _start, _start, _start + DeviceSchedule.Day);
        _interval = template.ExpectedInterval * 1000L;
        _all = [.. statements.OrderBy(static s => s.KeyNumber).ThenBy(static s => s.Sequence).ThenBy(static s => s.RecordId).ThenBy(static s => s.Digest)
            .DistinctBy(static s => (s.KeyNumber, s.Sequence, s.Digest))];
        _chain = [.. _all.DistinctBy(static s => (s.KeyNumber, s.Sequence))];
        _timed = [.. _chain.OrderBy(static s => s.Summary.From).ThenBy(static s => s.KeyNumber).ThenBy(static s => s.Sequence)];
        _byRecord = new(() => _timed.Concat(_before is { } b ? [b] : []).ToLookup(static s => s.RecordId));
    }

    private long End => _start + DeviceSchedule.Day;

    public DeviceDay Build()
    {
        var forks = FindForks();
        FindSequenceGaps();
        FindBrokenChains();
        FindClockFaults();
        FindKeyFaults();
        var (covered, gaps) = Cover();
        var measures = MeasureValues();
        JudgePlace();
        JudgeEnergy();
        var operating = OperatingSeconds();
        var scheduled = _template.Hours.TimeBetween(_expectedFrom, End) / 1000.0;
        var (findings, more) = _findings.ToList();
        return new DeviceDay
        {
            Day = _day,
            Template = _template.Name,
            TemplateDigest = _template.Digest.ToBase64Url(),
            ExpectedReadings = (int)_template.Hours.ReadingsBetween(_expectedFrom, End, _interval),
            CoveredReadings = covered,
            ReceivedReadings = _timed.Sum(static s => s.Summary.Readings),
            Statements = _chain.Count,
            Forks = forks,
            Imported = 0,
            FirstReading = _timed.Count > 0 ? _timed[0].Summary.First : null,
            LastReading = _timed.Count > 0 ? _timed.Max(static s => s.Summary.Last) : null,
            OperatingSeconds = operating,
            DistanceMetres = Increase(_lookup.Distance, 1),
            EnergyWattHours = Increase(_lookup.Energy, 1 / 3600.0),
            Cycles = Increase(_lookup.Cycles, 1),
            Utilisation = operating is { } seconds && scheduled > 0 ? Math.Min(1, seconds / scheduled) : null,
            StateOfHealth = LastOf(_lookup.StateOfHealth),
            BatteryLevel = LastOf(_lookup.BatteryLevel),
            DowntimeSeconds = _lookup.Fault >= 0 && measures[_lookup.Fault].Count > 0 ? measures[_lookup.Fault].TrueSeconds : null,
            Alarms = _lookup.Alarm >= 0 && measures[_lookup.Alarm].Count > 0 ? measures[_lookup.Alarm].Rises : null,
            IsEnergyJudged = _isEnergyJudged,
            Gaps = gaps,
            Measures = measures,
            Hours = Hours(),
            Positions = Positions(),
            Sequences = Ranges(),
            Findings = findings,
            MoreFindings = more,
        };

        double? LastOf(int measure) => measure >= 0 ? measures[measure].Last : null;
    }

    /// <summary>Covered places of the schedule, and the gaps; those that a later reading ends become findings.</summary>
    private (int Covered, List<DeviceGap> Gaps) Cover()
    {
        var gaps = new List<DeviceGap>();
        var half = _interval / 2;
        var runs = JoinedRuns();
        long covered = 0;
        var (previous, record) = (_expectedFrom, 0L);
        var open = _expectedFrom; // First moment of which no reading has told yet.
        foreach (var (from, until, first, last) in runs)
        {
            AddGap(previous, from, open, from - half + 1, gaps, [record, first], isEnded: true);
            var start = Math.Max(open, from - half + 1);
            open = Math.Max(open, Math.Min(End, until + half + 1));
            covered += _template.Hours.ReadingsBetween(start, open, _interval);
            (previous, record) = (Math.Max(previous, until), last);
        }
        AddGap(previous, End, open, End, gaps, [], isEnded: false);
        return ((int)covered, gaps);
    }

    private void AddGap(long from, long until, long missingFrom, long missingUntil, List<DeviceGap> gaps, long[] records, bool isEnded)
    {
        if (_template.Hours.TimeBetween(from, until) <= SummaryBuilder.KnownIntervals * _interval)
        {
            return;
        }
        var (start, end) = _template.Hours.Clip(from, until);
        var missing = (int)_template.Hours.ReadingsBetween(missingFrom, missingUntil, _interval);
        gaps.Add(new DeviceGap(FindingList.Time(start), FindingList.Time(end), missing));
        if (isEnded)
        {
            _findings.Add(FindingCodes.Gap, FindingSeverity.Notice, start, end, null,
                $"{missing} expected readings are missing from {FindingList.Show(start)} to {FindingList.Show(end)}.{(WasOn(records[0], records[^1]) ? FindingList.WasOn : "")}", records.Where(static r => r > 0));
        }
    }

    /// <summary>Whether the device says that it was not started between two statements of which the second follows the first, or that are one.</summary>
    private bool WasOn(long earlier, long later) =>
        _byRecord.Value[earlier].FirstOrDefault() is { } first && _byRecord.Value[later].FirstOrDefault() is { } second
        && first.KeyNumber == second.KeyNumber && second.Sequence - first.Sequence is 0 or 1 && first.Boot == second.Boot;

    /// <summary>The stretches with readings, in order and apart. Those at the borders of the day reach them where a reading beyond is not overdue.</summary>
    private List<(long From, long Until, long First, long Last)> JoinedRuns()
    {
        var widest = _interval * 3 / 2;
        var joined = new List<(long From, long Until, long First, long Last)>();
        foreach (var (run, record) in _timed.SelectMany(static s => s.Summary.Runs.Select(r => (r, s.RecordId))).OrderBy(static r => r.r.From).ThenBy(static r => r.RecordId))
        {
            var (from, until) = (_start + run.From, _start + run.Until);
            if (joined.Count > 0 && from - joined[^1].Until <= widest)
            {
                var last = joined[^1];
                joined[^1] = until > last.Until ? (last.From, until, last.First, record) : last;
            }
            else
            {
                joined.Add((from, until, record, record));
            }
        }
        if (joined.Count > 0)
        {
            if (_before is { } before && before.Summary.MomentOf(before.Summary.Until) + widest >= joined[0].From)
            {
                joined[0] = joined[0] with { From = _start };
            }
            if (End - joined[^1].Until <= widest)
            {
                joined[^1] = joined[^1] with { Until = End };
            }
        }
        return joined;
    }

    private DeviceHour[] Hours()
    {
        var (readings, running, energy) = (new int[24], new long[24], new double[24]);
        foreach (var hour in _timed.SelectMany(static s => s.Summary.Hours))
        {
            readings[hour.Hour] += hour.Readings;
            running[hour.Hour] += hour.RunningTime;
            energy[hour.Hour] += hour.EnergyWattHours;
        }
        foreach (var (earlier, later) in Links())
        {
            var hour = later.Summary.From / 3_600_000;
            running[hour] += LinkRunning(earlier, later);
            energy[hour] += _lookup.Energy >= 0 ? LinkRise(earlier, later, _lookup.Energy) * _lookup.Units[_lookup.Energy]!.Factor / 3600 : 0; // A counter has a unit.
        }
        return [.. Enumerable.Range(0, 24).Select(i => new DeviceHour(
            readings[i], _lookup.KnowsRunning ? running[i] / 1000.0 : null, _lookup.Energy >= 0 ? energy[i] : null))];
    }

    private CoarsePosition[] Positions() =>
        [.. _timed.Select(static s => s.Summary.Position).OfType<PositionSummary>().SelectMany(static p => new[] { p.First.Coarse, p.Last.Coarse })
            .Distinct().OrderBy(static p => p.Latitude).ThenBy(static p => p.Longitude).Take(100)];

    private List<StatementRange> Ranges()
    {
        var ranges = new List<StatementRange>();
        foreach (var s in _chain)
        {
            if (ranges is [.., var last] && last.KeyNumber == s.KeyNumber && last.Last + 1 == s.Sequence)
            {
                ranges[^1] = last with { Last = s.Sequence, Digest = s.Digest.ToBase64Url(), LastRecord = s.RecordId, LastClock = s.Clock };
            }
            else
            {
                ranges.Add(new StatementRange(s.KeyNumber, s.Sequence, s.Sequence, PreviousOf(s)?.ToBase64Url(), s.Digest.ToBase64Url(), s.RecordId, s.RecordId) { FirstClock = s.Clock, LastClock = s.Clock });
            }
        }
        return ranges;
    }

    /// <summary>What a statement names as the one before it. Where that is the twin of what is recorded, what is recorded: a period compares days by digests, and knows of no twins.</summary>
    private Hash32? PreviousOf(StatementFacts s) =>
        _before is { } b && b.KeyNumber == s.KeyNumber && b.Sequence == s.Sequence - 1 && b.IsNamedBy(s.Previous) ? b.Digest : s.Previous;

    /// <summary>Each statement with the one before it in time, the first with the last of the days before, where the two do not overlap.</summary>
    private IEnumerable<(StatementFacts Earlier, StatementFacts Later)> Links()
    {
        var earlier = _before;
        foreach (var later in _timed)
        {
            if (earlier is not null && Moment(earlier, earlier.Summary.Until) <= Moment(later, later.Summary.From))
            {
                yield return (earlier, later);
            }
            // One that lies within another does not hide where that ends.
            earlier = earlier is null || Moment(earlier, earlier.Summary.Until) <= Moment(later, later.Summary.Until) ? later : earlier;
        }
    }

    private static long Moment(StatementFacts statement, int milliseconds) => statement.Summary.MomentOf(milliseconds);

    private static bool IsAfter(StatementFacts later, StatementFacts earlier) =>
        later.KeyNumber > earlier.KeyNumber || (later.KeyNumber == earlier.KeyNumber && later.Sequence > earlier.Sequence);
}
