namespace TrustChain.Core.Devices;

/// <summary>Computes a period from its days. Used once.</summary>
internal sealed partial class PeriodBuilder
{
    private readonly DeviceTemplate _template;
    private readonly DateOnly _from;
    private readonly DateOnly _until;
    private readonly List<DeviceDay> _days;

    // Days on which the device signed nothing: they have figures only where it had signed nothing before either, and findings.
    private readonly List<DeviceDay> _imports;
    private readonly long _interval;
    private readonly long _start;
    private readonly long _expectedUntil;
    private readonly bool _isSilent;
    private readonly bool _beginsWithEnrolment;
    private readonly DateTimeOffset _lastHeard;
    private readonly DateTimeOffset _now;

    public PeriodBuilder(DeviceTemplate template, DateOnly from, DateOnly until, IReadOnlyList<DeviceDay> days, DateTimeOffset? enrolledAt, DateTimeOffset now)
    {
        _template = template;
        _from = from;
        _until = until;
        _now = now;
        _days = [.. days.Where(d => d.Day >= from && d.Day <= until && d.FirstReading is not null).OrderBy(static d => d.Day).DistinctBy(static d => d.Day)];
        _imports = [.. days.Where(d => d.Day >= from && d.Day <= until && d.FirstReading is null && d.Imported > 0).OrderBy(static d => d.Day).DistinctBy(static d => d.Day)];
        _interval = template.ExpectedInterval * 1000L;
        var begin = Midnight(from);
        var enrolled = enrolledAt?.ToUnixTimeMilliseconds() ?? long.MinValue;
        _beginsWithEnrolment = enrolled >= begin;
        _start = Math.Max(begin, enrolled);
        var end = Math.Min(Midnight(until) + DeviceSchedule.Day, now.ToUnixTimeMilliseconds());
        var last = _days.Count > 0 ? _days[^1].LastReading!.Value.ToUnixTimeMilliseconds() : _start; // A day with a first reading has a last.
        _lastHeard = FindingList.Time(last);
        // A device sends now and then: what is not here yet is missing only when the device should have been heard of since.
        _isSilent = template.Hours.TimeBetween(last, now.ToUnixTimeMilliseconds()) > template.SilenceAfter * 3_600_000;
        _expectedUntil = _isSilent ? end : _days.Count > 0 ? Math.Min(end, last + (_interval / 2) + 1) : _start;
    }

    public DevicePeriod Build()
    {
        var (gaps, gapFindings) = JoinGaps();
        List<Finding> findings =
        [
            .. _days.Concat(_imports).SelectMany(static d => d.Findings).Where(static f => f.Code is not (FindingCodes.Gap or FindingCodes.SequenceGap)),
            .. gapFindings,
            .. FindSequenceFaults(),
            .. FindRollbacksAcrossDays(),
            .. FindClocksBackAcrossDays(),
        ];
        if (_isSilent && _until >= DateOnly.FromDateTime(_now.UtcDateTime) && DevicePeriod.FindSilence(_template, _lastHeard, _now) is { } silence)
        {
            findings.Add(silence);
        }
        findings = FindingList.Order(findings);
        var expected = _template.Hours.ReadingsBetween(_start, _expectedUntil, _interval);
        var covered = Math.Min(expected, _days.Sum(static d => (long)d.CoveredReadings));
        var operating = Sum(static d => d.OperatingSeconds);
        var scheduled = _template.Hours.TimeBetween(_start, _expectedUntil) / 1000.0;
        return new DevicePeriod
        {
            From = _from,
            Until = _until,
            DaysWithStatements = _days.Count + _imports.Count,
            ExpectedReadings = expected,
            CoveredReadings = covered,
            ReceivedReadings = _days.Sum(static d => (long)d.ReceivedReadings),
            Statements = _days.Concat(_imports).Sum(static d => (long)d.Statements),
            OperatingSeconds = operating,
            DistanceMetres = Sum(static d => d.DistanceMetres),
            EnergyWattHours = Sum(static d => d.EnergyWattHours),
            Cycles = Sum(static d => d.Cycles),
            Utilisation = operating is { } seconds && scheduled > 0 ? Math.Min(1, seconds / scheduled) : null,
            StateOfHealth = _imports.Concat(_days).LastOrDefault(static d => d.StateOfHealth is not null)?.StateOfHealth,
            BatteryLevel = _imports.Concat(_days).LastOrDefault(static d => d.BatteryLevel is not null)?.BatteryLevel,
            DowntimeSeconds = Sum(static d => d.DowntimeSeconds),
            Alarms = (int?)Sum(static d => d.Alarms),
            Gaps = gaps,
            Findings = findings,
            MoreFindings = _days.Concat(_imports).Sum(static d => d.MoreFindings),
            Verdicts = Judge(findings, expected, covered),
        };
    }

    /// <summary>Gaps within days as the days found them, and those from one day's last reading to the next one's first, over as many days as lie between.</summary>
    private (List<DeviceGap> Gaps, List<Finding> Findings) JoinGaps()
    {
        var (gaps, findings) = (new List<DeviceGap>(), new List<Finding>());
        var half = _interval / 2;
        var (previous, missingFrom, record) = (_start, _start, 0L);
        DeviceDay? before = null;
        foreach (var day in _days)
        {
            var (first, last) = (day.FirstReading!.Value, day.LastReading!.Value); // Days without were left out.
            Add(first.ToUnixTimeMilliseconds(), first.ToUnixTimeMilliseconds() - half + 1, [record, day.Sequences is [var s, ..] ? s.FirstRecord : 0], before is not null && WasOn(before, day));
            before = day;
            foreach (var gap in day.Gaps.Where(g => g.From >= first && g.Until <= last))
            {
                gaps.Add(gap);
                findings.Add(day.Findings.FirstOrDefault(f => f.Code == FindingCodes.Gap && f.From == gap.From) ?? Make(gap, [], false));
            }
            previous = Math.Max(previous, last.ToUnixTimeMilliseconds());
            missingFrom = Math.Max(missingFrom, last.ToUnixTimeMilliseconds() + half + 1);
            record = day.Sequences is [.., var r] ? r.LastRecord : 0;
        }
        if (_isSilent)
        {
            Add(_expectedUntil, _expectedUntil, [record], false);
        }
        return (gaps, findings);

        void Add(long until, long missingUntil, long[] records, bool wasOn)
        {
            if (_template.Hours.TimeBetween(previous, until) > SummaryBuilder.KnownIntervals * _interval)
            {
                var (start, end) = _template.Hours.Clip(previous, until);
                var gap = new DeviceGap(FindingList.Time(start), FindingList.Time(end), (int)Math.Min(int.MaxValue, _template.Hours.ReadingsBetween(missingFrom, missingUntil, _interval)));
                gaps.Add(gap);
                findings.Add(Make(gap, records, wasOn));
            }
        }

        static Finding Make(DeviceGap gap, long[] records, bool wasOn)
        {
            var (start, end) = (gap.From.ToUnixTimeMilliseconds(), gap.Until.ToUnixTimeMilliseconds());
            return FindingList.Make(FindingCodes.Gap, FindingSeverity.Notice, start, end, null,
                $"{gap.Readings} expected readings are missing from {FindingList.Show(start)} to {FindingList.Show(end)}.{(wasOn ? FindingList.WasOn : "")}", records.Where(static r => r > 0));
        }
    }

    /// <summary>Whether the count of starts did not rise from the last statement of a day to the first of the next with statements, which follows it. A day tells where it rose.</summary>
    private static bool WasOn(DeviceDay earlier, DeviceDay later) =>
        earlier.Sequences is [.., var last] && later.Sequences is [var first, ..] && first.KeyNumber == last.KeyNumber && first.First == last.Last + 1
        && !later.Findings.Any(f => f.Code is FindingCodes.Reboot or FindingCodes.BootBack && f.Records.Contains(first.FirstRecord));

    /// <summary>Numbers over all days: one that is in any day is not missing, one that is in two is a fork.</summary>
    private List<Finding> FindSequenceFaults()
    {
        var findings = new List<Finding>();
        var ranges = _days.SelectMany(static d => d.Sequences.Select(s => (Day: d, Range: s))).OrderBy(static r => r.Range.KeyNumber).ThenBy(static r => r.Range.First).ThenBy(static r => r.Day.Day).ToList();
        var (key, last, lastDay, lastRange) = (-1, 0L, (DeviceDay?)null, (StatementRange?)null);
        foreach (var (day, range) in ranges)
        {
            if (range.KeyNumber != key)
            {
                // What came before the period is not known, but a key that begins in it begins with 1.
                last = key >= 0 || _beginsWithEnrolment ? 0 : range.First - 1;
                (key, lastDay, lastRange) = (range.KeyNumber, null, null);
            }
            var moment = day.FirstReading!.Value.ToUnixTimeMilliseconds(); // Days without were left out.
            var before = lastDay?.LastReading!.Value.ToUnixTimeMilliseconds() ?? moment;
            long[] records = lastRange is null ? [range.FirstRecord] : [lastRange.LastRecord, range.FirstRecord];
            if (range.First > last + 1)
            {
                var known = day.Findings.FirstOrDefault(f => f.Code == FindingCodes.SequenceGap && f.Records.Contains(range.FirstRecord));
                findings.Add(FindingList.Make(FindingCodes.SequenceGap, FindingSeverity.Notice, known?.From.ToUnixTimeMilliseconds() ?? before, known?.Until.ToUnixTimeMilliseconds() ?? moment, null,
                    $"{range.First - last - 1} statements of key {key} are missing: number {last + 1} to {range.First - 1}.", records));
            }
            else if (range.First <= last && lastDay != day)
            {
                if (!day.Findings.Any(f => f.Code == FindingCodes.SequenceFork && f.Records.Contains(range.FirstRecord)))
                {
                    findings.Add(FindingList.Make(FindingCodes.SequenceFork, FindingSeverity.Alarm, before, moment, null,
                        $"Statements of two days have number {range.First} of key {key}.", records));
                }
            }
            else if (lastRange is { } r && range.First == last + 1 && range.Previous != r.Digest && lastDay is { Forks: 0 } && !IsKnown(day, FindingCodes.ChainBroken, range.FirstRecord))
            {
                findings.Add(FindingList.Make(FindingCodes.ChainBroken, FindingSeverity.Alarm, before, moment, null,
                    $"Statement {range.First} of key {key} does not name statement {last} as the one before it.", records));
            }
            if (range.Last > last)
            {
                (last, lastDay, lastRange) = (range.Last, day, range);
            }
        }
        return findings;

        static bool IsKnown(DeviceDay day, string code, long record) => day.Findings.Any(f => f.Code == code && f.Records.Contains(record));
    }

    /// <summary>A day sees only what was before it: a clock that is set back to an earlier day runs back against a statement of a later one.</summary>
    private List<Finding> FindClocksBackAcrossDays()
    {
        var findings = new List<Finding>();
        (DeviceDay Day, StatementRange Range)? earlier = null;
        foreach (var (day, range) in _days.SelectMany(static d => d.Sequences.Select(s => (Day: d, Range: s))).OrderBy(static r => r.Range.KeyNumber).ThenBy(static r => r.Range.First).ThenBy(static r => r.Day.Day))
        {
            if (earlier is { } e && e.Day.Day > day.Day && e.Range.KeyNumber == range.KeyNumber && e.Range.Last < range.First && e.Range.LastClock is { } before && range.FirstClock is { } after
                && (before - after).TotalSeconds > _template.MaxClockDrift)
            {
                var (from, until) = (after.ToUnixTimeMilliseconds(), before.ToUnixTimeMilliseconds());
                findings.Add(FindingList.Make(FindingCodes.ClockBack, FindingSeverity.Notice, from, until, null,
                    $"The clock of statement {range.First} is {FindingList.Length(until - from)} behind that of statement {e.Range.Last}, signed before it.", [e.Range.LastRecord, range.FirstRecord]));
            }
            earlier = (day, range);
        }
        return findings;
    }

    /// <summary>A day sees only the last statement before it: one that leaves a counter out must not hide that it fell.</summary>
    private List<Finding> FindRollbacksAcrossDays()
    {
        var findings = new List<Finding>();
        for (var i = 0; i < _template.Measures.Count; i++)
        {
            var measure = _template.Measures[i];
            DeviceDay? earlier = null;
            foreach (var day in measure.Kind == MeasureKind.Counter ? _days : [])
            {
                if (Of(day, measure) is not { First: { } first })
                {
                    continue;
                }
                if (earlier is not null && Of(earlier, measure) is { Last: { } last } && SummaryBuilder.IsFall(last, first) && IsAfter(day, earlier)
                    && !day.Findings.Any(f => f.Code == FindingCodes.MeterRollback && f.Measure == measure.Name))
                {
                    findings.Add(FindingList.Make(
                        FindingCodes.MeterRollback, FindingSeverity.Alarm, earlier.LastReading!.Value.ToUnixTimeMilliseconds(), day.FirstReading!.Value.ToUnixTimeMilliseconds(), measure.Name, // Days without were left out.
                        $"{measure.Name} fell by {FindingList.Show(last - first)} {measure.Unit}, from {FindingList.Show(last)} to {FindingList.Show(first)}.",
                        [earlier.Sequences[^1].LastRecord, day.Sequences[0].FirstRecord]));
                }
                earlier = day;
            }
        }
        return findings;
    }

    private static MeasureDay? Of(DeviceDay day, DeviceMeasure measure) => day.Measures.FirstOrDefault(m => m.Name == measure.Name);

    private static bool IsAfter(DeviceDay later, DeviceDay earlier) =>
        later.Sequences is [var first, ..] && earlier.Sequences is [.., var last]
        && (first.KeyNumber > last.KeyNumber || (first.KeyNumber == last.KeyNumber && first.First > last.Last));

    private double? Sum(Func<DeviceDay, double?> figure) => _days.Concat(_imports).Select(figure).Aggregate((double?)null, static (sum, value) => value is null ? sum : (sum ?? 0) + value);

    private static long Midnight(DateOnly day) => new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds();
}
