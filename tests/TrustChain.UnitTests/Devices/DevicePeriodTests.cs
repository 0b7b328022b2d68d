using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using static TrustChain.UnitTests.Devices.DeviceWorld;

namespace TrustChain.UnitTests.Devices;

public sealed class DevicePeriodTests
{
    private static readonly DateTimeOffset After = Midnight.AddDays(3).AddHours(1);

    [Fact]
    public void HonestPeriod_PassesEveryCheck()
    {
        var period = new HonestDevice().Work(0, 72).Period(3, After, enrolledAt: Midnight);
        Assert.Empty(period.Findings);
        Assert.Equal(DevicePeriod.Checks, period.Verdicts.Select(static v => v.Check));
        Assert.All(period.Verdicts, static v => Assert.True(v is { Outcome: VerdictOutcome.Passed, Code: "ok" }, v.ToString()));
        Assert.Equal((3, 4320, 4320, 72), (period.DaysWithStatements, period.ExpectedReadings, period.CoveredReadings, period.Statements));
        Assert.Equal((3 * 480 * 60, 0, null), (period.OperatingSeconds, period.Alarms, period.DistanceMetres));
        Assert.Equal(1 / 3.0, period.Utilisation!.Value, 3);
        Assert.Contains("4320 of 4320", period.Verdicts[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotSentYet_IsNoGap_UntilTheDeviceIsSilent()
    {
        var device = new HonestDevice().Work(0, 20);
        var soon = device.Period(1, Midnight.AddHours(31));
        Assert.Empty(soon.Findings);
        Assert.Equal((1200, 1200, VerdictOutcome.Passed), (soon.ExpectedReadings, soon.CoveredReadings, Verdict(soon, "coverage").Outcome));

        var late = device.Period(2, Midnight.AddHours(33));
        Assert.Equal([FindingCodes.Gap, FindingCodes.Silence], late.Findings.Select(static f => f.Code).Order(StringComparer.Ordinal));
        Assert.Equal((33 * 60, 1200), (late.ExpectedReadings, late.CoveredReadings));
        Assert.Equal((VerdictOutcome.Failed, FindingCodes.Silence), (Verdict(late, "coverage").Outcome, Verdict(late, "coverage").Code));
        Assert.Contains("1200 of 1980", Verdict(late, "coverage").Detail, StringComparison.Ordinal);
        // Of a period that is over nobody asks whether the device is silent now.
        Assert.Equal([FindingCodes.Gap], device.Period(1, Midnight.AddDays(9)).Findings.Select(static f => f.Code));
    }

    [Fact]
    public void GapsOfAdjacentDays_AreOne()
    {
        var device = new HonestDevice { Measures = static t => t < Midnight.AddHours(22) || t >= Midnight.AddHours(52) }.Work(0, 72);
        var period = device.Period(3, After);
        var gap = Assert.Single(period.Gaps);
        Assert.Equal(30 * 60, gap.Readings);
        Assert.InRange(gap.Until - gap.From, TimeSpan.FromHours(30), TimeSpan.FromMinutes(1802));
        var finding = Assert.Single(period.Findings);
        Assert.Equal([1021, 1022], finding.Records);
        Assert.Equal((4320, 2520), (period.ExpectedReadings, period.CoveredReadings));
    }

    [Fact]
    public void GapAcrossMidnight_IsFoundThoughNeitherDayHasOne()
    {
        var device = new HonestDevice { Measures = static t => t < Midnight.AddMinutes(1438) || t >= Midnight.AddMinutes(1442) }.Work(0, 48);
        Assert.Empty(device.Compute().Findings);
        Assert.Empty(device.Compute(1).Findings);
        Assert.Equal(4, Assert.Single(device.Period(2, Midnight.AddDays(2)).Gaps).Readings);
    }

    [Fact]
    public void NumbersOfOtherDays_AreNotMissing()
    {
        // The backlog of the first day is signed after the statements of the second.
        var device = new HonestDevice().Work(0, 48);
        var first = device.Statements.Take(24).ToList();
        var second = device.Statements.Skip(24).ToList();
        var renumbered = second.Take(12).Select(static (s, i) => s with { Sequence = i + 1 })
            .Concat(first.Select(static (s, i) => s with { Sequence = i + 13 })).Concat(second.Skip(12).Select(static (s, i) => s with { Sequence = i + 37 })).ToList();
        var chained = renumbered.Select((s, i) => s with { Previous = i == 0 ? null : renumbered[i - 1].Digest });
        var period = device.Period(2, Midnight.AddDays(2), chained);
        Assert.Equal(VerdictOutcome.Passed, Verdict(period, "meters").Outcome);
        Assert.Equal(("ok", "ok"), (Verdict(period, "sequence").Code, Verdict(period, "coverage").Code));
    }

    [Fact]
    public void SequenceFaults_AreFoundAcrossDays()
    {
        var device = new HonestDevice().Work(0, 72);
        var missing = device.Period(3, After, device.Statements.Where(static s => s.Sequence is < 20 or > 30), Midnight);
        var gap = missing.Findings.Single(static f => f.Code == FindingCodes.SequenceGap);
        Assert.Contains("11 statements of key 0 are missing: number 20 to 30", gap.Detail, StringComparison.Ordinal);
        Assert.Equal([1018, 1030], gap.Records);
        Assert.Equal((VerdictOutcome.Failed, FindingCodes.SequenceGap), (Verdict(missing, "sequence").Outcome, Verdict(missing, "sequence").Code));

        // One number on the first day and again on the third.
        var fork = device.Statements.Select(static s => s.Sequence == 60 ? s with { Sequence = 5 } : s);
        Assert.Contains(device.Period(3, After, fork).Findings, static f => f.Code == FindingCodes.SequenceFork && f.Records.Contains(1059));

        // What was before the period is not known.
        var later = DevicePeriod.Compute(Machine, Day.AddDays(1), Day.AddDays(2), [device.Compute(1), device.Compute(2)], Midnight, After);
        Assert.Empty(later.Findings);
        Assert.Equal(2880, later.ExpectedReadings);
    }

    [Fact]
    public void Rollback_BehindAStatementWithoutTheMeter_IsFound()
    {
        var device = new HonestDevice
        {
            Change = static (time, values) =>
            {
                values["hours"] -= time >= Midnight.AddDays(1) ? 500 : 0;
                if (time.Hour == 23)
                {
                    values.Remove("hours");
                }
            },
        }.Work(0, 48);
        Assert.Empty(device.Compute(1).Findings);
        var period = device.Period(2, Midnight.AddDays(2));
        Assert.Equal((VerdictOutcome.Failed, FindingCodes.MeterRollback), (Verdict(period, "meters").Outcome, Verdict(period, "meters").Code));
        Assert.Equal([1023, 1024], Verdict(period, "meters").Records);
    }

    [Fact]
    public void PlantedFaults_FailTheirChecksAlone()
    {
        void Fails(string check, string code, Action<DateTimeOffset, Dictionary<string, double>> change)
        {
            var period = new HonestDevice { Change = change }.Work(0, 48).Period(2, Midnight.AddDays(2), enrolledAt: Midnight);
            Assert.Equal([(check, VerdictOutcome.Failed, code)], period.Verdicts.Where(static v => v.Outcome != VerdictOutcome.Passed).Select(static v => (v.Check, v.Outcome, v.Code)));
            Assert.NotEmpty(Verdict(period, check).Records);
        }
        Fails("meters", FindingCodes.MeterRollback, static (time, values) => values["hours"] -= time.Hour == 20 && time.Day == Midnight.Day ? 700 : 0);
        Fails("range", FindingCodes.OutOfRange, static (time, values) => values["temperature"] += time is { Hour: 20, Minute: 3 } ? 70 : 0);
        Fails("place", FindingCodes.OutsideGeofence, static (time, values) => values["latitude"] += time.Hour == 20 ? 0.003 * Math.Min(time.Minute, 60 - time.Minute) : 0);
        Fails("stuck", FindingCodes.StuckValue, static (time, values) => values["temperature"] = time.Hour is >= 9 and < 15 ? 21.5 : values["temperature"]);
    }

    [Fact]
    public void EncryptedMeasures_AreNeverJudgedPassed()
    {
        var template = Template(static t =>
        {
            t["privacy"] = "sealed";
            foreach (var measure in t["measures"]!.AsArray())
            {
                measure!["privacy"] = "encrypted";
            }
        });
        var jwe = "eyJhbGciOiJFQ0RILUVTIn0..AAAA.QUJD.BBBB";
        var readings = Enumerable.Range(0, 60).Select(i => (Midnight.AddMinutes(i), new[] { Report("urn:x:time", null, jwe), Report("Energy", null, jwe), Report("Angle", "latitude", jwe), Report("Angle", "longitude", jwe) })).ToArray();
        var summary = TelemetrySummary.Of(Read(Bytes(Event(readings)), template), template);
        Assert.Null(summary.RunningSeconds);
        var facts = new StatementFacts(1, 0, 1, Hash32.Compute([1]), null, 0, Midnight.AddHours(1), Midnight.AddHours(1), false, TelemetrySummary.Parse(summary.ToBytes()));
        var day = DeviceDay.Compute(template, Day, null, [facts], null);
        Assert.Equal((60, null, null, null), (day.Measures[0].Count, day.Measures[0].First, day.OperatingSeconds, day.EnergyWattHours));
        Assert.Empty(day.Positions);

        var period = DevicePeriod.Compute(template, Day, Day, [day], null, Midnight.AddHours(2));
        foreach (var check in new[] { "meters", "speed", "place", "energy", "stuck", "range" })
        {
            Assert.Equal((VerdictOutcome.CouldNotCheck, "sealed"), (Verdict(period, check).Outcome, Verdict(period, check).Code));
        }
        Assert.Equal(VerdictOutcome.Passed, Verdict(period, "sequence").Outcome);
        Assert.Equal(VerdictOutcome.Passed, Verdict(period, "coverage").Outcome);
    }

    [Fact]
    public void Checks_SayWhyTheyCouldNotBeMade()
    {
        var empty = DevicePeriod.Compute(Machine, Day, Day, [], Midnight, Midnight.AddHours(1));
        Assert.All(empty.Verdicts, static v => Assert.Equal((VerdictOutcome.CouldNotCheck, "no-data"), (v.Outcome, v.Code)));
        var nothing = DevicePeriod.Compute(Machine, Day, Day, [], Midnight, Midnight.AddDays(2));
        Assert.Equal((1440, VerdictOutcome.Failed, 1440), (nothing.ExpectedReadings, Verdict(nothing, "coverage").Outcome, Assert.Single(nothing.Gaps).Readings));

        var bare = Template(static t => { t.Remove("geofence"); t.Remove("maxSpeed"); t.Remove("minWattsWhileRunning"); t.Remove("maxWattsWhileRunning"); });
        var period = new HonestDevice { Template = bare }.Work(0, 24).Period(1, Midnight.AddDays(1));
        Assert.Equal(["speed", "place", "energy"], period.Verdicts.Where(static v => v.Code == "not-in-template").Select(static v => v.Check));

        var imported = new HonestDevice { Imported = true, Change = static (_, values) => values.Remove("temperature") }.Work(0, 24).Period(1, Midnight.AddDays(1));
        Assert.Equal(("imported", "imported", "imported"), (Verdict(imported, "clock").Code, Verdict(imported, "range").Code, Verdict(imported, "meters").Code));
    }

    [Fact]
    public void Verdicts_CiteAtMostTwentyRecords()
    {
        var period = new HonestDevice { Change = static (_, values) => values["temperature"] = 95 + (values["temperature"] / 100) }.Work(0, 48).Period(2, Midnight.AddDays(2));
        Assert.Equal((20, 28), (Verdict(period, "range").Records.Count, Verdict(period, "range").MoreRecords));
    }

    [Fact]
    public void PassedVerdicts_CiteTheFirstAndLastStatement_OfEachRunOfNumbers()
    {
        var device = new HonestDevice().Work(0, 72);
        var passed = device.Period(3, After, enrolledAt: Midnight);
        Assert.All(passed.Verdicts, static v => Assert.Equal(([1000, 1071], 70), (v.Records, v.MoreRecords), (a, b) => a.Item1.SequenceEqual(b.Item1) && a.Item2 == b.Item2));
        Assert.All(passed.Verdicts, static v => Assert.Equal(new StatementRun(0, 1, 72), Assert.Single(v.Runs)));

        // A hole in the numbers makes two runs; a failed check cites its findings and names no run.
        var holed = device.Period(3, After, device.Statements.Where(static s => s.Sequence is < 20 or > 30), Midnight);
        Assert.Equal([new StatementRun(0, 1, 19), new StatementRun(0, 31, 72)], Verdict(holed, "keys").Runs);
        Assert.Equal(([1000, 1018, 1030, 1071], 61 - 4), (Verdict(holed, "keys").Records, Verdict(holed, "keys").MoreRecords), (a, b) => a.Item1.SequenceEqual(b.Item1) && a.Item2 == b.Item2);
        Assert.Empty(Verdict(holed, "sequence").Runs);

        // Numbers go on with the next key, and a check of values rests on the days that have some.
        var swapped = new HonestDevice { Change = static (time, values) => { if (time >= Midnight.AddDays(1)) { values.Remove("temperature"); } } }.Work(0, 24);
        swapped.SwapKey();
        var both = swapped.Work(24, 48).Period(2, Midnight.AddDays(2));
        Assert.Equal([new StatementRun(0, 1, 24), new StatementRun(1, 1, 24)], Verdict(both, "meters").Runs);
        Assert.Equal([1000, 1023], Verdict(both, "range").Records);

        // Many holes: ten runs are named, twenty records cited, the last of all among them.
        var torn = device.Period(3, After, device.Statements.Where(static s => s.Sequence % 3 != 0), Midnight);
        var keys = Verdict(torn, "keys");
        Assert.Equal((DeviceVerdict.MaxRuns, Finding.MaxRecords, 48 - 20, 1070), (keys.Runs.Count, keys.Records.Count, keys.MoreRecords, keys.Records[^1]));
    }

    [Fact]
    public void ForwardJumpOfTheClock_IsFound_OnceAStatementIsSentAheadOfItsTimeOrTheClockIsSetBack()
    {
        var jump = TimeSpan.FromHours(48);

        // Online: it arrives before the clock says that it was signed.
        var online = Jumped(signed => signed >= Midnight.AddHours(58) ? TimeSpan.FromSeconds(3) - jump : TimeSpan.FromSeconds(3)).Work(58, 70);
        Assert.Equal(FindingCodes.ClockDrift, Verdict(Look(online), "clock").Code);

        // Offline all the time, and sent when the clock had still not been caught up with: at the true hour 24, which the device takes for hour 72.
        var backlog = Jumped(static signed => Midnight.AddHours(24) - signed).Work(58, 70);
        Assert.Equal(FindingCodes.ClockDrift, Verdict(Look(backlog), "clock").Code);

        // Offline all the time, and set right before anything was sent.
        var corrected = Jumped(static signed => Midnight.AddDays(9) - signed).Work(58, 64).Work(16, 24);
        var back = Assert.Single(Look(corrected).Findings, static f => f.Code == FindingCodes.ClockBack);
        Assert.Equal(FindingCodes.ClockBack, Verdict(Look(corrected), "clock").Code);
        Assert.Equal([1015, 1016], back.Records);
        Assert.StartsWith("The clock of statement 17 is 47 h behind that of statement 16", back.Detail, StringComparison.Ordinal);
        // Days that were computed before clocks were kept in them are read still, and say less.
        var day = corrected.Compute();
        Assert.Null(DeviceDay.Parse(System.Text.Encoding.UTF8.GetBytes(System.Text.RegularExpressions.Regex.Replace(System.Text.Encoding.UTF8.GetString(day.ToJson()), ",\"(first|last)Clock\":\"[^\"]*\"", ""))).Sequences[0].FirstClock);

        static HonestDevice Jumped(Func<DateTimeOffset, TimeSpan> delay) => new HonestDevice { Delay = delay }.Work(0, 10);

        static DevicePeriod Look(HonestDevice device) => device.Period(3, Midnight.AddDays(10));
    }

    /// <summary>
    /// A clock that jumps while the device is offline, and is caught up with by the true time before the device says anything more: what was signed is what a device signs that stopped measuring
    /// for as long. Nothing tells the two apart, so the answer is the same: readings are missing, and the sentence says what it may be.
    /// </summary>
    [Fact]
    public void ForwardJumpThatTimeCaughtUpWith_LooksLikeAnOutage_AndIsShownAsAGap()
    {
        var late = new HonestDevice { Delay = static signed => Midnight.AddDays(9) - signed };
        late.Work(0, 10).Work(58, 72);
        var jumped = late.Period(3, Midnight.AddDays(10));
        Assert.Equal([FindingCodes.Gap], jumped.Findings.Select(static f => f.Code));
        Assert.Equal((VerdictOutcome.Failed, FindingCodes.Gap), (Verdict(jumped, "coverage").Outcome, Verdict(jumped, "coverage").Code));
        Assert.Equal((VerdictOutcome.Passed, VerdictOutcome.Passed), (Verdict(jumped, "clock").Outcome, Verdict(jumped, "sequence").Outcome));
        var gap = Assert.Single(jumped.Findings);
        Assert.Equal([1009, 1010], gap.Records);
        Assert.EndsWith("The device was not started anew in between: it stopped measuring, or its clock jumped.", gap.Detail, StringComparison.Ordinal);
        Assert.EndsWith(gap.Detail, Verdict(jumped, "coverage").Detail, StringComparison.Ordinal);

        // Within one day too, and not where the device says that it was started meanwhile or a statement between is missing.
        Assert.EndsWith("or its clock jumped.", Assert.Single(new HonestDevice().Work(0, 4).Work(9, 24).Compute().Findings).Detail, StringComparison.Ordinal);
        foreach (var hours in (int[])[9, 33])
        {
            var off = new HonestDevice().Work(0, 4);
            off.Boot++;
            var gaps = off.Work(hours, 48).Period(2, Midnight.AddDays(2)).Findings;
            Assert.Equal([FindingCodes.Gap, FindingCodes.Reboot], gaps.Select(static f => f.Code).Order(StringComparer.Ordinal));
            Assert.All(gaps, static f => Assert.DoesNotContain("clock jumped", f.Detail, StringComparison.Ordinal));
        }
        var unsent = new HonestDevice().Work(0, 48);
        Assert.All(unsent.Period(2, Midnight.AddDays(2), unsent.Statements.Where(static s => s.Sequence is < 20 or > 30)).Findings, static f => Assert.DoesNotContain("clock jumped", f.Detail, StringComparison.Ordinal));
    }

    [Fact]
    public void Silence_CountsScheduledTimeOnly()
    {
        var template = Template(static t => t["schedule"] = "22-06");
        Assert.Null(DevicePeriod.FindSilence(template, Midnight, Midnight.AddHours(28)));
        Assert.Equal(FindingCodes.Silence, DevicePeriod.FindSilence(template, Midnight, Midnight.AddHours(29))?.Code);
        Assert.NotNull(DevicePeriod.FindSilence(template, DateTimeOffset.MinValue, DateTimeOffset.MaxValue));
        Assert.Null(DevicePeriod.FindSilence(template, DateTimeOffset.MaxValue, DateTimeOffset.MinValue));
    }

    [Fact]
    public void LongPeriods_AreComputedByArithmetic()
    {
        var period = DevicePeriod.Compute(Machine, DateOnly.MinValue, DateOnly.MaxValue.AddDays(-1), [], null, DateTimeOffset.MaxValue);
        Assert.Equal(1440L * DateOnly.MaxValue.DayNumber, period.ExpectedReadings);
    }

    private static DeviceVerdict Verdict(DevicePeriod period, string check) => period.Verdicts.Single(v => v.Check == check);
}
