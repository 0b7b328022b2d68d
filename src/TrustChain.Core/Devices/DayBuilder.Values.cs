namespace TrustChain.Core.Devices;

/// <summary>Measures, positions and energy.</summary>
internal sealed partial class DayBuilder
{
    // Shorter times say nothing about power.
    private const long PowerTime = 3_600_000;

    // How much each counter rose; NaN where there is no value. Filled by MeasureValues.
    private double[] _increases = [];
    private bool _isEnergyJudged;

    private MeasureDay[] MeasureValues()
    {
        _increases = new double[_template.Measures.Count];
        var days = new MeasureDay[_template.Measures.Count];
        for (var i = 0; i < days.Length; i++)
        {
            var measure = _template.Measures[i];
            var values = Values(i);
            _increases[i] = measure.Kind == MeasureKind.Counter && values.Count > 0 ? FollowCounter(i, measure) : double.NaN;
            if (measure.Kind == MeasureKind.Gauge)
            {
                FindStuck(i, measure);
            }
            FindOutOfRange(measure, values);
            days[i] = Summarise(i, measure, values);
        }
        return days;
    }

    private MeasureDay Summarise(int index, DeviceMeasure measure, List<(StatementFacts Statement, MeasureSummary Measure)> values)
    {
        var count = _timed.Sum(s => s.Summary.Measure(index).Count);
        if (values.Count == 0)
        {
            return new MeasureDay { Name = measure.Name, Count = count };
        }
        var isState = measure.Kind == MeasureKind.State;
        return new MeasureDay
        {
            Name = measure.Name,
            Count = count,
            First = values[0].Measure.First,
            Last = values.MaxBy(static v => Moment(v.Statement, v.Measure.LastAt)).Measure.Last,
            Min = values.Min(static v => v.Measure.Min),
            Max = values.Max(static v => v.Measure.Max),
            Mean = measure.Kind is MeasureKind.Gauge or MeasureKind.State ? values.Sum(static v => v.Measure.Sum) / count : null,
            Increase = measure.Kind == MeasureKind.Counter ? _increases[index] : null,
            TrueSeconds = isState ? (values.Sum(static v => v.Measure.TrueTime) + Links().Sum(l => LinkTrue(l.Earlier, l.Later, index))) / 1000.0 : null,
            Rises = isState ? values.Sum(static v => v.Measure.Rises) + CountRisesBetween(index, values) : null,
        };
    }

    /// <summary>Rises of a state from one statement to the next; one at the very start counts, since it was not seen before.</summary>
    private int CountRisesBetween(int index, List<(StatementFacts Statement, MeasureSummary Measure)> values)
    {
        var (rises, last) = (0, _before?.Summary.Measure(index) is { HasValues: true } before ? before.Last : 0);
        foreach (var (_, measure) in values)
        {
            rises += measure.First > last ? 1 : 0;
            last = measure.Last;
        }
        return rises;
    }

    /// <summary>The statements of the day, in the order of time, that have values of a measure.</summary>
    private List<(StatementFacts Statement, MeasureSummary Measure)> Values(int index) =>
        [.. _timed.Select(s => (s, s.Summary.Measure(index))).Where(static v => v.Item2.HasValues)];

    /// <summary>The same with the last statement of the days before in front, and each with whether it is later in time than all before it.</summary>
    private IEnumerable<(StatementFacts Statement, MeasureSummary Measure, bool IsLater)> Following(int index)
    {
        var latest = long.MinValue;
        foreach (var s in _before is { } before ? _timed.Prepend(before) : _timed)
        {
            if (s.Summary.Measure(index) is { HasValues: true } measure)
            {
                yield return (s, measure, Moment(s, measure.FirstAt) >= latest);
                latest = Math.Max(latest, Moment(s, measure.LastAt));
            }
        }
    }

    /// <summary>Judges a counter, and returns how much it rose.</summary>
    private double FollowCounter(int index, DeviceMeasure measure)
    {
        var rise = 0.0;
        var perMillisecond = (measure.MaxPerHour ?? 0) / 3_600_000;
        var (excess, excessFrom, worst, worstFrom, worstUntil, hasInner) = (0.0, 0L, 0.0, 0L, 0L, false);
        (StatementFacts Statement, MeasureSummary Measure)? previous = null;
        foreach (var (s, m, isLater) in Following(index))
        {
            var (firstAt, lastAt) = (Moment(s, m.FirstAt), Moment(s, m.LastAt));
            if (previous is { } p && isLater)
            {
                var step = m.First - p.Measure.Last;
                if (IsAfter(s, p.Statement) && SummaryBuilder.IsFall(p.Measure.Last, m.First))
                {
                    AddRollback(measure, Moment(p.Statement, p.Measure.LastAt), firstAt, p.Measure.Last, -step, [p.Statement.RecordId, s.RecordId]);
                }
                rise += Math.Max(0, step);
                Extend(step, firstAt - Moment(p.Statement, p.Measure.LastAt), firstAt);
            }
            else if (previous is null)
            {
                excessFrom = s == _before ? lastAt : firstAt;
            }
            if (s != _before)
            {
                if (m.Decrease > 0)
                {
                    AddRollback(measure, firstAt, Moment(s, m.DecreaseAt), null, m.Decrease, [s.RecordId]);
                }
                if (m.Excess > 0)
                {
                    hasInner = true;
                    AddExcess(measure, Moment(s, m.ExcessFrom), Moment(s, m.ExcessUntil), m.Excess, [s.RecordId]);
                }
                if (isLater)
                {
                    rise += m.Increase;
                    Extend(m.Last - m.First, lastAt - firstAt, lastAt);
                }
            }
            previous = isLater ? (s, m) : previous;
        }
        if (measure.MaxPerHour is not null && !hasInner && worst > SummaryBuilder.RateTolerance(_template, measure))
        {
            AddExcess(measure, worstFrom, worstUntil, worst, Within(worstFrom, worstUntil));
        }
        return rise;

        void Extend(double step, long time, long until)
        {
            excess += step - (perMillisecond * time);
            if (excess <= 0)
            {
                (excess, excessFrom) = (0, until);
            }
            else if (excess > worst)
            {
                (worst, worstFrom, worstUntil) = (excess, excessFrom, until);
            }
        }
    }

    private void AddRollback(DeviceMeasure measure, long from, long until, double? last, double fall, long[] records) =>
        _findings.Add(FindingCodes.MeterRollback, FindingSeverity.Alarm, from, until, measure.Name,
            last is { } value
                ? $"{measure.Name} fell by {FindingList.Show(fall)} {measure.Unit}, from {FindingList.Show(value)} to {FindingList.Show(value - fall)}."
                : (FormattableString)$"{measure.Name} fell by {FindingList.Show(fall)} {measure.Unit}.",
            records);

    private void AddExcess(DeviceMeasure measure, long from, long until, double excess, IEnumerable<long> records) =>
        _findings.Add(FindingCodes.RateImpossible, FindingSeverity.Alarm, from, until, measure.Name,
            $"{measure.Name} rose by {FindingList.Show(excess)} {measure.Unit} more than {FindingList.Show(measure.MaxPerHour ?? 0)} in an hour allow, within {FindingList.Length(until - from)}.", records);

    private void FindStuck(int index, DeviceMeasure measure)
    {
        if (measure.StuckAfter is not { } hours || !measure.IsOpen)
        {
            return;
        }
        var limit = hours * 3_600_000;
        var (run, runFrom, longest, longestFrom, longestUntil, value) = (0L, 0L, 0L, 0L, 0L, 0.0);
        (StatementFacts Statement, MeasureSummary Measure)? previous = null;
        foreach (var (s, m, isLater) in Following(index))
        {
            var (firstAt, until) = (Moment(s, m.FirstAt), Moment(s, m.LastAt));
            if (previous is { } p && isLater && p.Measure.Last.Equals(m.First))
            {
                run += LinkRunning(p.Statement, s) + m.LeadRun;
            }
            else
            {
                (run, runFrom) = (m.LeadRun, firstAt);
            }
            var isConstant = m.Min.Equals(m.Max);
            Keep(run, runFrom, until, m.First);
            if (!isConstant)
            {
                Keep(m.LongestRun, firstAt, Moment(s, m.LongestRunUntil), m.Last);
                (run, runFrom) = (m.TrailRun, firstAt);
            }
            previous = (s, m);
        }
        if (longest >= limit)
        {
            _findings.Add(FindingCodes.StuckValue, FindingSeverity.Notice, longestFrom, longestUntil, measure.Name,
                $"{measure.Name} stayed at {FindingList.Show(value)} {measure.Unit} for {FindingList.Length(longest)} of running.", Within(longestFrom, longestUntil));
        }

        void Keep(long time, long from, long until, double of)
        {
            if (time > longest)
            {
                (longest, longestFrom, longestUntil, value) = (time, from, until, of);
            }
        }
    }

    private void FindOutOfRange(DeviceMeasure measure, List<(StatementFacts Statement, MeasureSummary Measure)> values)
    {
        var outside = values.Where(v => v.Measure.Min < measure.Min || v.Measure.Max > measure.Max).ToList();
        if (outside.Count == 0)
        {
            return;
        }
        var (least, most) = (outside.Min(static v => v.Measure.Min), outside.Max(static v => v.Measure.Max));
        var what = least < measure.Min
            ? FormattableString.Invariant($"fell to {FindingList.Show(least)} {measure.Unit}, below {FindingList.Show(measure.Min.Value)}")
            : FormattableString.Invariant($"rose to {FindingList.Show(most)} {measure.Unit}, above {FindingList.Show(measure.Max ?? 0)}");
        _findings.Add(FindingCodes.OutOfRange, FindingSeverity.Notice, outside.Min(static v => Moment(v.Statement, v.Measure.FirstAt)), outside.Max(static v => Moment(v.Statement, v.Measure.LastAt)),
            measure.Name, $"{measure.Name} {what}, in {outside.Count} statements.", outside.Select(static v => v.Statement.RecordId));
    }

    /// <summary>What the checks of places find, and nothing else, with the statements that count.</summary>
    public (IReadOnlyList<StatementFacts> Statements, IReadOnlyList<Finding> Findings, int MoreFindings) JudgePlaceAlone()
    {
        JudgePlace();
        var (findings, more) = _findings.ToList();
        return (_chain, findings, more);
    }

    private void JudgePlace()
    {
        if (_template.MaxSpeed is { } limit)
        {
            JudgeSpeed(limit);
        }
        var outside = _timed.Where(static s => s.Summary.Position is { Outside: > 0 }).Select(static s => (s.RecordId, Statement: s, Position: s.Summary.Position!)).ToList(); // It was just seen.
        if (outside.Count > 0)
        {
            _findings.Add(FindingCodes.OutsideGeofence, FindingSeverity.Alarm, outside.Min(static o => Moment(o.Statement, o.Position.OutsideFrom)), outside.Max(static o => Moment(o.Statement, o.Position.OutsideUntil)), null,
                $"{outside.Sum(static o => o.Position.Outside)} positions are outside the area, up to {outside.Max(static o => o.Position.OutsideMetres)} m from its centre.", outside.Select(static o => o.RecordId));
        }
    }

    private void JudgeSpeed(double limit)
    {
        (StatementFacts Statement, PositionSummary Position)? earlier = null;
        foreach (var s in _before is { } before ? _timed.Prepend(before) : _timed)
        {
            if (s.Summary.Position is not { } position)
            {
                continue;
            }
            if (earlier is { } e && Moment(s, position.FirstAt) - Moment(e.Statement, e.Position.LastAt) is >= 0 and var time)
            {
                var metres = e.Position.Last.MetresTo(position.First) - (2 * GeoPoint.Noise);
                Judge(metres, Moment(e.Statement, e.Position.LastAt), Math.Max(1, time), [e.Statement.RecordId, s.RecordId]);
            }
            if (s != _before)
            {
                Judge(position.FastestMetres, Moment(s, position.FastestFrom), Math.Max(1, position.FastestUntil - position.FastestFrom), [s.RecordId]);
            }
            earlier = earlier is { } last && Moment(last.Statement, last.Position.LastAt) > Moment(s, position.LastAt) ? earlier : (s, position);
        }

        void Judge(long metres, long from, long time, long[] records)
        {
            if (metres * 1000.0 > limit * time)
            {
                _findings.Add(FindingCodes.SpeedImpossible, FindingSeverity.Alarm, from, from + time, null,
                    $"It moved {metres + (2 * GeoPoint.Noise)} m in {FindingList.Length(time)}, faster than {FindingList.Show(limit)} m/s.", records);
            }
        }
    }

    /// <summary>
    /// Energy must lie between what the running hours use at least and what they use at most; what goes on beside them uses less than running does. Time of
    /// which no reading tells whether the machine ran may have been either.
    /// </summary>
    private void JudgeEnergy()
    {
        if (_template.MinWattsWhileRunning is not { } least || _template.MaxWattsWhileRunning is not { } most
            || _timed.Count == 0 || Increase(_lookup.Energy, 1 / 3600.0) is not { } energy || OperatingSeconds() is not { } seconds)
        {
            return;
        }
        var teller = _lookup.OperatingHours >= 0 ? _lookup.OperatingHours : _lookup.Running;
        // Both must be known of the same time, and a meter that ran back tells nothing.
        if (_timed.Exists(s => !s.Summary.Measure(_lookup.Energy).HasValues || !s.Summary.Measure(teller).HasValues || s.Summary.Measure(_lookup.Energy).Decrease > 0 || s.Summary.Measure(teller).Decrease > 0)
            || (_before is { } b && b.Summary.Measure(_lookup.Energy).HasValues != b.Summary.Measure(teller).HasValues)
            || FallsBetween(_lookup.Energy) || (_lookup.OperatingHours >= 0 && FallsBetween(teller)))
        {
            return;
        }
        var from = _before is { } earlier && earlier.Summary.Measure(teller).HasValues ? Moment(earlier, earlier.Summary.Until) : Moment(_timed[0], _timed[0].Summary.From);
        var until = _timed.Max(static s => Moment(s, s.Summary.Until));
        if (until - from < PowerTime)
        {
            return;
        }
        _isEnergyJudged = true;
        var span = (until - from) / 1000.0;
        var unknown = _lookup.OperatingHours >= 0 ? 0 : Math.Max(0, span - (_timed.Sum(static s => s.Summary.Runs.Sum(static r => (long)r.Until - r.From)) / 1000.0));
        var step = _template.Measures[_lookup.Energy].Step * _lookup.Units[_lookup.Energy]!.Factor / 3600; // A counter has a unit.
        var slack = (2 * _template.ExpectedInterval)
            + (_lookup.OperatingHours >= 0 ? _template.Measures[teller].Step * _lookup.Units[teller]!.Factor : 0);
        var lower = (least * Math.Max(0, seconds - slack) / 3600) - step;
        var idle = Math.Max(0, span - seconds - unknown);
        var upper = (((most * (seconds + unknown + slack)) + (least * idle)) / 3600) + step;
        if (energy < lower || energy > upper)
        {
            _findings.Add(FindingCodes.EnergyImplausible, FindingSeverity.Notice, from, until, _template.Measures[_lookup.Energy].Name,
                $"{FindingList.Show(Math.Round(energy, 1))} Wh were used in {FindingList.Length((long)(seconds * 1000))} of running within {FindingList.Length(until - from)}, where {FindingList.Show(Math.Round(Math.Max(0, lower), 1))} to {FindingList.Show(Math.Round(upper, 1))} Wh are plausible.",
                _timed.Select(static s => s.RecordId));
        }
    }

    private bool FallsBetween(int index)
    {
        MeasureSummary? earlier = null;
        foreach (var (_, measure, isLater) in Following(index))
        {
            if (!isLater || (earlier is not null && SummaryBuilder.IsFall(earlier.Last, measure.First)))
            {
                return true;
            }
            earlier = measure;
        }
        return false;
    }

    private double? OperatingSeconds()
    {
        if (Increase(_lookup.OperatingHours, 1) is { } seconds)
        {
            return seconds;
        }
        return _timed.Exists(static s => s.Summary.RunningSeconds is not null)
            ? _timed.Sum(static s => s.Summary.RunningSeconds ?? 0) + (Links().Sum(l => LinkRunning(l.Earlier, l.Later)) / 1000.0)
            : null;
    }

    /// <summary>How much a counter rose in the base unit of its quantity times a factor.</summary>
    private double? Increase(int index, double factor) =>
        index >= 0 && !double.IsNaN(_increases[index]) ? _increases[index] * _lookup.Units[index]!.Factor * factor : null; // A counter has a unit.

    /// <summary>Milliseconds of running from one statement to the next, within the day.</summary>
    private long LinkRunning(StatementFacts earlier, StatementFacts later)
    {
        if (_lookup.Running >= 0)
        {
            return LinkTrue(earlier, later, _lookup.Running);
        }
        if (_lookup.OperatingHours >= 0)
        {
            return (long)Math.Min(LinkRise(earlier, later, _lookup.OperatingHours) * _lookup.Units[_lookup.OperatingHours]!.Factor * 1000, DeviceSchedule.Day); // A counter has a unit.
        }
        var time = Moment(later, later.Summary.From) - Moment(earlier, earlier.Summary.Until);
        return time >= 0 && time <= SummaryBuilder.KnownTime(_template) ? time : 0;
    }

    private static double LinkRise(StatementFacts earlier, StatementFacts later, int index) =>
        earlier.Summary.Measure(index) is { HasValues: true } first && later.Summary.Measure(index) is { HasValues: true } next ? Math.Max(0, next.First - first.Last) : 0;

    /// <summary>Milliseconds within the day in which a state that was true at the end of a statement stayed so until the next began.</summary>
    private long LinkTrue(StatementFacts earlier, StatementFacts later, int index)
    {
        if (earlier.Summary.Measure(index) is not { HasValues: true, Last: > 0 } state)
        {
            return 0;
        }
        var from = Moment(earlier, state.LastAt);
        var until = Moment(later, later.Summary.From);
        return until > from && until - from <= SummaryBuilder.KnownTime(_template) ? until - Math.Max(from, _start) : 0;
    }

    private IEnumerable<long> Within(long from, long until) =>
        (_before is { } before ? _timed.Prepend(before) : _timed).Where(s => Moment(s, s.Summary.Until) >= from && Moment(s, s.Summary.From) <= until).Select(static s => s.RecordId);
}
