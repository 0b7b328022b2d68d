namespace TrustChain.Core.Devices;

/// <summary>Numbers, chain, clocks and keys.</summary>
internal sealed partial class DayBuilder
{
    // What lies between a statement's arrival and its being sent at once: the way, and a queue.
    private const long Way = 5 * 60_000;

    // A clock that lags is told from a device that was offline by so many statements over so long, all late by the same.
    private const int LagStatements = 6;
    private const long LagTime = 2 * 3_600_000;

    private long Drift => _template.MaxClockDrift * 1000L;

    private int FindForks()
    {
        var forks = 0;
        foreach (var same in _all.Concat(_before is { } b ? [b] : []).GroupBy(static s => (s.KeyNumber, s.Sequence)))
        {
            var statements = same.DistinctBy(static s => s.Digest).ToList();
            if (statements.Count == 1)
            {
                continue;
            }
            forks++;
            _findings.Add(FindingCodes.SequenceFork, FindingSeverity.Alarm, statements.Min(static s => Moment(s, s.Summary.From)), statements.Max(static s => Moment(s, s.Summary.Until)), null,
                $"{statements.Count} different statements have number {same.Key.Sequence} of key {same.Key.KeyNumber}.", statements.Select(static s => s.RecordId));
        }
        return forks;
    }

    private void FindSequenceGaps()
    {
        StatementFacts? earlier = null;
        foreach (var s in _chain)
        {
            var known = earlier?.KeyNumber == s.KeyNumber ? earlier.Sequence
                : _before is null || _before.KeyNumber < s.KeyNumber ? 0
                : _before.KeyNumber == s.KeyNumber && _before.Sequence < s.Sequence ? _before.Sequence
                // The number of a day before is larger: what lies between is not this day's.
                : s.Sequence - 1;
            var missing = s.Sequence - known - 1;
            if (missing > 0 && !(_before?.KeyNumber == s.KeyNumber && _before.Sequence > known && _before.Sequence < s.Sequence))
            {
                var prior = earlier?.KeyNumber == s.KeyNumber ? earlier : _before?.KeyNumber == s.KeyNumber ? _before : null;
                _findings.Add(FindingCodes.SequenceGap, FindingSeverity.Notice, Moment(prior ?? s, prior?.Summary.Until ?? s.Summary.From), Moment(s, s.Summary.From), null,
                    $"{missing} statements of key {s.KeyNumber} are missing: number {known + 1} to {s.Sequence - 1}.", Ids(prior, s));
            }
            earlier = s;
        }
    }

    private void FindBrokenChains()
    {
        var digests = _all.Concat(_before is { } b ? [b] : []).ToLookup(static s => (s.KeyNumber, s.Sequence));
        foreach (var s in _all)
        {
            var earlier = digests[(s.KeyNumber, s.Sequence - 1)].ToList();
            if (earlier.Count > 0 && !earlier.Exists(e => e.IsNamedBy(s.Previous)))
            {
                _findings.Add(FindingCodes.ChainBroken, FindingSeverity.Alarm, Moment(earlier[0], earlier[0].Summary.Until), Moment(s, s.Summary.From), null,
                    $"Statement {s.Sequence} of key {s.KeyNumber} does not name statement {s.Sequence - 1} as the one before it.", earlier.Select(static e => e.RecordId).Append(s.RecordId));
            }
        }
    }

    private void FindClockFaults()
    {
        FindAheadOfArrival();
        FindReadingsAfterClock();
        foreach (var key in _chain.GroupBy(static s => s.KeyNumber))
        {
            FindLag([.. key]);
        }
        StatementFacts? earlier = _before;
        foreach (var s in _chain)
        {
            if (earlier is not null && earlier.KeyNumber == s.KeyNumber && earlier.Sequence < s.Sequence)
            {
                CompareClocks(earlier, s);
            }
            earlier = s;
        }
    }

    private void CompareClocks(StatementFacts earlier, StatementFacts s)
    {
        var back = Clock(earlier) - Clock(s);
        if (back > Drift)
        {
            _findings.Add(FindingCodes.ClockBack, FindingSeverity.Notice, Clock(s), Clock(earlier), null,
                $"The clock of statement {s.Sequence} is {FindingList.Length(back)} behind that of statement {earlier.Sequence}, signed before it.", Ids(earlier, s));
        }
        if (s.Boot < earlier.Boot)
        {
            _findings.Add(FindingCodes.BootBack, FindingSeverity.Alarm, Clock(earlier), Clock(s), null,
                $"The count of starts fell from {earlier.Boot} to {s.Boot}.", Ids(earlier, s));
        }
        else if (s.Boot > earlier.Boot)
        {
            _findings.Add(FindingCodes.Reboot, FindingSeverity.Info, Clock(earlier), Clock(s), null,
                $"The device started anew: the count of starts rose from {earlier.Boot} to {s.Boot}.", Ids(earlier, s));
        }
    }

    /// <summary>Nothing arrives before it is sent: a clock ahead of the arrival is wrong, however long the way was.</summary>
    private void FindAheadOfArrival()
    {
        var ahead = _chain.Where(s => Clock(s) - Arrival(s) > Drift).ToList();
        if (ahead.Count > 0)
        {
            var most = ahead.Max(static s => Clock(s) - Arrival(s));
            _findings.Add(FindingCodes.ClockDrift, FindingSeverity.Notice, ahead.Min(Clock), ahead.Max(Clock), null,
                $"The clock is up to {FindingList.Length(most)} ahead of the time of arrival, in {ahead.Count} statements.", ahead.Select(static s => s.RecordId));
        }
    }

    /// <summary>A device cannot sign what it has not measured yet.</summary>
    private void FindReadingsAfterClock()
    {
        var early = _chain.Where(s => Moment(s, s.Summary.Until) - Clock(s) > Drift).ToList();
        if (early.Count > 0)
        {
            var most = early.Max(static s => Moment(s, s.Summary.Until) - Clock(s));
            _findings.Add(FindingCodes.ClockDrift, FindingSeverity.Notice, early.Min(static s => Moment(s, s.Summary.Until)), early.Max(static s => Moment(s, s.Summary.Until)), null,
                $"Readings are up to {FindingList.Length(most)} later than the clock when they were signed, in {early.Count} statements.", early.Select(static s => s.RecordId));
        }
    }

    /// <summary>
    /// Late arrival alone says nothing: a device that was offline catches up, and what it sends then is late by all sorts of times. A clock that is slow makes
    /// every statement late by the same, also those that come one by one as they are signed.
    /// </summary>
    private void FindLag(List<StatementFacts> statements)
    {
        if (statements.Count < LagStatements)
        {
            return;
        }
        var least = statements.Min(static s => Arrival(s) - Clock(s));
        var most = statements.Max(static s => Arrival(s) - Clock(s));
        var arrivals = statements.Max(Arrival) - statements.Min(Arrival);
        if (least > Drift + Way && most - least <= Drift + Way && arrivals >= LagTime)
        {
            _findings.Add(FindingCodes.ClockDrift, FindingSeverity.Notice, statements.Min(Clock), statements.Max(Clock), null,
                $"The clock is {FindingList.Length(least)} behind, or everything is sent so late: all {statements.Count} statements arrived so long after it.", statements.Select(static s => s.RecordId));
        }
    }

    private void FindKeyFaults()
    {
        StatementFacts? earlier = _before;
        foreach (var s in _chain)
        {
            if (earlier is not null && earlier.KeyNumber < s.KeyNumber)
            {
                _findings.Add(FindingCodes.ModuleSwap, FindingSeverity.Info, Moment(earlier, earlier.Summary.Until), Moment(s, s.Summary.From), null,
                    $"Key {s.KeyNumber} took over from key {earlier.KeyNumber}.", Ids(earlier, s));
            }
            earlier = s;
        }
        foreach (var key in _chain.GroupBy(static s => s.KeyNumber))
        {
            // Two devices' clocks may be wrong in opposite directions.
            var newer = _chain.Concat(_before is { } b ? [b] : []).Where(s => s.KeyNumber > key.Key).Select(Clock).DefaultIfEmpty(long.MaxValue).Min();
            var late = key.Where(s => Clock(s) - (2 * Drift) > newer).ToList();
            if (late.Count > 0)
            {
                _findings.Add(FindingCodes.KeySwapped, FindingSeverity.Alarm, newer, late.Max(Clock), null,
                    $"{late.Count} statements were signed with key {key.Key} after a newer key had begun.", late.Select(static s => s.RecordId));
            }
        }
    }

    private static long Clock(StatementFacts s) => s.Clock.ToUnixTimeMilliseconds();

    private static long Arrival(StatementFacts s) => s.ReceivedAt.ToUnixTimeMilliseconds();

    private static IEnumerable<long> Ids(StatementFacts? earlier, StatementFacts later) => earlier is null ? [later.RecordId] : [earlier.RecordId, later.RecordId];
}
