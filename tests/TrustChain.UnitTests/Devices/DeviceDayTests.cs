using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using static TrustChain.UnitTests.Devices.DeviceWorld;

namespace TrustChain.UnitTests.Devices;

/// <summary>A day of an honest device has no finding, and every planted fault is found.</summary>
public sealed class DeviceDayTests
{
    [Fact]
    public void HonestDay_HasItsFiguresAndNoFinding()
    {
        var device = new HonestDevice().Work(0, 24);
        var day = device.Compute();

        Assert.Empty(day.Findings);
        Assert.Equal((1440, 1440, 1440, 24, 0), (day.ExpectedReadings, day.CoveredReadings, day.ReceivedReadings, day.Statements, day.Forks));
        Assert.Equal(480 * 60, day.OperatingSeconds);
        Assert.Equal(1 / 3.0, day.Utilisation!.Value, 6);
        Assert.InRange(day.EnergyWattHours!.Value, 480 * 20, 480 * 40);
        Assert.Equal((null, null, 0), (day.DistanceMetres, day.Cycles, day.Alarms));
        Assert.Empty(day.Gaps);
        Assert.Equal([new StatementRange(0, 1, 24, null, day.Sequences[0].Digest, 1000, 1023) { FirstClock = device.Statements[0].Clock, LastClock = device.Statements[^1].Clock }], day.Sequences);
        Assert.InRange(day.Hours.Sum(static h => h.RunningSeconds!.Value), (480 * 60) - 10, (480 * 60) + 10);
        Assert.Equal(day.EnergyWattHours.Value, day.Hours.Sum(static h => h.EnergyWattHours!.Value), 6);
        Assert.All(day.Hours, static h => Assert.Equal(60, h.Readings));
        Assert.True(day.Hours[10].RunningSeconds > 3500 && day.Hours[20].RunningSeconds == 0);
        var temperature = day.Measures[2];
        Assert.True(temperature.Min < temperature.Mean && temperature.Mean < temperature.Max && temperature.Count == 1440);
        Assert.Null(day.Measures[6].First);
        Assert.InRange(day.Positions.Count, 1, 9);
        Assert.True(day.IsEnergyJudged);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void HonestDevice_ThatWasOfflineAndCatchesUp_HasNoFinding(int seed)
    {
        // What was signed from 3 to 20 hours arrives at 20 hours, in the wrong order at that.
        var back = Midnight.AddHours(20);
        var device = new HonestDevice(seed) { Delay = signed => signed.Hour is >= 3 and < 20 && signed.Day == Midnight.Day ? back - signed + TimeSpan.FromMilliseconds(signed.Hour * 7 % 5) : TimeSpan.FromSeconds(2) };
        device.Work(0, 48);
        Assert.Empty(device.Compute().Findings);
        Assert.Empty(device.Compute(1).Findings);
    }

    [Fact]
    public void HonestDevice_ThatSendsOnceADayOrDriftsAsAllowed_HasNoFinding()
    {
        var daily = new HonestDevice { Delay = static signed => Midnight.AddDays(signed.Day - Midnight.Day + 1).AddMinutes(10) - signed }.Work(0, 24);
        Assert.Empty(daily.Compute().Findings);
        Assert.Empty(new HonestDevice { Drift = TimeSpan.FromSeconds(59) }.Work(0, 24).Compute().Findings);
        Assert.Empty(new HonestDevice { Drift = TimeSpan.FromSeconds(-59) }.Work(0, 24).Compute().Findings);
    }

    [Fact]
    public void HonestDevice_ThatIsOffOutsideItsSchedule_HasNoGap()
    {
        var template = Template(static t => t["schedule"] = "06-20");
        var device = new HonestDevice { Template = template, Measures = static t => t.Hour is >= 6 and < 20 }.Work(0, 48);
        foreach (var day in new[] { device.Compute(), device.Compute(1) })
        {
            Assert.Empty(day.Findings);
            Assert.Equal((14 * 60, 14 * 60), (day.ExpectedReadings, day.CoveredReadings));
        }
    }

    [Fact]
    public void Gap_IsFoundWithItsEnds_AndTwoMissingReadingsAreNone()
    {
        var device = new HonestDevice { Measures = static t => !(t.Hour == 5 && t.Minute is >= 10 and < 30) && !(t.Hour == 7 && t.Minute is 20 or 21) }.Work(0, 24);
        var day = device.Compute();
        var finding = Assert.Single(day.Findings);
        Assert.Equal((FindingCodes.Gap, FindingSeverity.Notice), (finding.Code, finding.Severity));
        Assert.Equal((5, 9, 5, 30), (finding.From.Hour, finding.From.Minute, finding.Until.Hour, finding.Until.Minute));
        Assert.Equal([1005], finding.Records);
        Assert.Contains("20 expected readings", finding.Detail, StringComparison.Ordinal);
        Assert.Equal(20, Assert.Single(day.Gaps).Readings);
        Assert.InRange(day.CoveredReadings, 1440 - 22, 1440 - 21);
    }

    [Fact]
    public void TheRestOfTheDay_IsAGapButNoFindingYet()
    {
        var day = new HonestDevice().Work(0, 10).Compute();
        Assert.Empty(day.Findings);
        Assert.Equal(Midnight.AddDays(1), Assert.Single(day.Gaps).Until);
        Assert.Equal(600, day.CoveredReadings);
        Assert.Equal(14 * 60, day.Gaps[0].Readings);
    }

    [Fact]
    public void NothingIsExpected_BeforeEnrolment()
    {
        var device = new HonestDevice().Work(10, 24);
        Assert.Empty(device.Compute(enrolledAt: Midnight.AddHours(10)).Findings);
        Assert.Equal((840, 840), (device.Compute(enrolledAt: Midnight.AddHours(10)).ExpectedReadings, device.Compute(enrolledAt: Midnight.AddHours(10)).CoveredReadings));
        Assert.Equal(FindingCodes.Gap, Assert.Single(device.Compute(enrolledAt: Midnight.AddDays(-1)).Findings).Code);
    }

    [Fact]
    public void SequenceGap_NamesTheNumbers()
    {
        var device = new HonestDevice().Work(0, 24);
        var day = device.Compute(statements: device.Statements.Where(static s => s.Sequence is not (7 or 8)));
        var finding = day.Findings.Single(static f => f.Code == FindingCodes.SequenceGap);
        Assert.Contains("number 7 to 8", finding.Detail, StringComparison.Ordinal);
        Assert.Equal([1005, 1008], finding.Records);
        Assert.Equal(2, day.Sequences.Count);
        Assert.Equal([FindingCodes.Gap, FindingCodes.SequenceGap], day.Findings.Select(static f => f.Code));
    }

    [Fact]
    public void SequenceGap_IsFoundAtTheStartAndOverMidnight()
    {
        var device = new HonestDevice().Work(0, 48);
        Assert.Contains("number 1 to 2", Only(device.Compute(statements: device.Statements.Where(static s => s.Sequence > 2)), FindingCodes.SequenceGap).Detail, StringComparison.Ordinal);
        Assert.Contains("number 24 to 24", Only(device.Compute(1, device.Statements.Where(static s => s.Sequence != 24)), FindingCodes.SequenceGap).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Fork_IsFound_AndItsSecondStatementIsNotCounted()
    {
        var device = new HonestDevice().Work(0, 24);
        var fork = device.Statements[9] with { RecordId = 5000, Digest = Hash32.Compute([9]) };
        var day = device.Compute(statements: [.. device.Statements, fork]);
        var finding = Assert.Single(day.Findings);
        Assert.Equal((FindingCodes.SequenceFork, FindingSeverity.Alarm), (finding.Code, finding.Severity));
        Assert.Equal([1009, 5000], finding.Records);
        Assert.Equal((1, 1440, 24), (day.Forks, day.ReceivedReadings, day.Statements));
        // The same statement again is one.
        Assert.Empty(device.Compute(statements: [.. device.Statements, device.Statements[9] with { RecordId = 6000 }]).Findings);
    }

    [Fact]
    public void BrokenChain_IsFound_OverMidnightToo()
    {
        var device = new HonestDevice().Work(0, 48);
        var broken = device.Statements.Select(static s => s.Sequence is 6 or 25 ? s with { Previous = Hash32.Compute([1]) } : s).ToList();
        Assert.Equal([1004, 1005], Only(device.Compute(statements: broken), FindingCodes.ChainBroken).Records);
        Assert.Equal([1023, 1024], Only(device.Compute(1, broken), FindingCodes.ChainBroken).Records);
    }

    [Fact]
    public void StatementThatNamesTheTwinOfTheOneBeforeIt_BreaksNoChain_OverMidnightAndInThePeriodToo()
    {
        var device = new HonestDevice().Work(0, 48);
        var (inside, atMidnight, stranger) = (Hash32.Compute([6]), Hash32.Compute([25]), Hash32.Compute([1]));
        StatementFacts[] Named(Hash32 sixth, Hash32 twentyFifth) =>
        [
            .. device.Statements.Select(s => s.Sequence switch
            {
                5 => s with { Twin = inside },
                24 => s with { Twin = atMidnight },
                6 => s with { Previous = sixth },
                25 => s with { Previous = twentyFifth },
                _ => s,
            }),
        ];
        var honest = device.Period(2, Midnight.AddHours(48));
        Assert.Empty(Codes(honest));
        // The device signed the one of each pair, and the other came first.
        var twins = Named(inside, atMidnight);
        Assert.Empty(device.Compute(statements: twins).Findings);
        Assert.Empty(device.Compute(1, twins).Findings);
        Assert.Empty(Codes(device.Period(2, Midnight.AddHours(48), twins)));
        Assert.Equal(device.Statements[23].Digest.ToBase64Url(), device.Compute(1, twins).Sequences[0].Previous); // The recorded one, which a period compares.
        // Anything else breaks it, and so does the twin of another statement.
        Assert.Equal([FindingCodes.ChainBroken, FindingCodes.ChainBroken], Codes(device.Period(2, Midnight.AddHours(48), Named(stranger, stranger))));
        Assert.Equal([FindingCodes.ChainBroken, FindingCodes.ChainBroken], Codes(device.Period(2, Midnight.AddHours(48), Named(atMidnight, inside))));

        static List<string> Codes(DevicePeriod period) => [.. period.Findings.Select(static f => f.Code)];
    }

    [Fact]
    public void Rollback_IsFound_WithinAStatementBetweenTwoAndOverMidnight()
    {
        static Action<DateTimeOffset, Dictionary<string, double>> From(int hour, int minute) => (time, values) => values["hours"] -= time >= Midnight.AddHours(hour).AddMinutes(minute) ? 500 : 0;
        var inside = Only(new HonestDevice { Change = From(10, 30) }.Work(0, 24).Compute(), FindingCodes.MeterRollback);
        Assert.Equal(("hours", FindingSeverity.Alarm), (inside.Measure, inside.Severity));
        Assert.Equal([1010], inside.Records);
        Assert.Contains("499 MIN", inside.Detail, StringComparison.Ordinal);
        var between = Only(new HonestDevice { Change = From(10, 0) }.Work(0, 24).Compute(), FindingCodes.MeterRollback);
        Assert.Equal([1009, 1010], between.Records);
        var overnight = new HonestDevice { Change = From(24, 0) }.Work(0, 48);
        Assert.Empty(overnight.Compute().Findings);
        Assert.Equal([1023, 1024], Only(overnight.Compute(1), FindingCodes.MeterRollback).Records);
        Assert.Equal(480 * 60, overnight.Compute(1).OperatingSeconds);
    }

    [Fact]
    public void ImpossibleRate_IsFound_AtOnceOrSlowly()
    {
        var jump = Only(new HonestDevice { Change = static (time, values) => values["hours"] += time.Hour >= 10 && time.Minute >= 30 || time.Hour > 10 ? 600 : 0 }.Work(0, 24).Compute(), FindingCodes.RateImpossible);
        Assert.Equal(("hours", 1010), (jump.Measure, Assert.Single(jump.Records)));
        // A tenth too fast while running: too little for one statement, too much for a day.
        var slow = Only(new HonestDevice { Change = static (time, values) => values["hours"] = Math.Floor(100_000 + ((time - Midnight).TotalMinutes * 1.03)) }.Work(0, 24).Compute(), FindingCodes.RateImpossible);
        Assert.True(slow.Records.Count > 1 && slow.Until - slow.From > TimeSpan.FromHours(12));
    }

    [Fact]
    public void ImpossibleSpeed_IsFound_WithinAStatementAndBetweenTwo()
    {
        static Action<DateTimeOffset, Dictionary<string, double>> At(int hour, int minute) => (time, values) => values["latitude"] += time >= Midnight.AddHours(hour).AddMinutes(minute) ? 0.2 : 0;
        var template = Template(static t => t.Remove("geofence"));
        Assert.Equal([1010], Only(new HonestDevice { Template = template, Change = At(10, 20) }.Work(0, 24).Compute(), FindingCodes.SpeedImpossible).Records);
        var between = Only(new HonestDevice { Template = template, Change = At(10, 0) }.Work(0, 24).Compute(), FindingCodes.SpeedImpossible);
        Assert.Equal([1009, 1010], between.Records);
        Assert.Equal(FindingSeverity.Alarm, between.Severity);
        // The same way on a lorry over a night is none.
        Assert.DoesNotContain(new HonestDevice { Template = template, Change = At(10, 0), Measures = static t => t.Hour is not 9 }.Work(0, 24).Compute().Findings, static f => f.Code == FindingCodes.SpeedImpossible);
    }

    [Fact]
    public void LeavingTheArea_IsFound_AndNoiseAtItsBorderIsNot()
    {
        var away = Only(new HonestDevice { Template = Template(static t => t.Remove("maxSpeed")), Change = static (time, values) => values["latitude"] += time.Hour == 14 ? 0.1 : 0 }.Work(0, 24).Compute(), FindingCodes.OutsideGeofence);
        Assert.Equal([1014], away.Records);
        Assert.Contains("60 positions", away.Detail, StringComparison.Ordinal);
        // 5,000 m are 0.045 degrees.
        Assert.Empty(new HonestDevice { Change = static (_, values) => values["latitude"] = 26.5 + 0.0465 }.Work(0, 24).Compute().Findings);
    }

    [Fact]
    public void ImplausibleEnergy_IsFound_WhenHoursOrEnergyAreMadeUp()
    {
        var noEnergy = new HonestDevice { Change = static (_, values) => values["energy"] = 5_000_000 }.Work(0, 24).Compute();
        Assert.Equal("energy", Only(noEnergy, FindingCodes.EnergyImplausible).Measure);
        var noHours = new HonestDevice { Change = static (_, values) => { values["hours"] = 100_000; values["energy"] = 5_000_000 + ((values["energy"] - 5_000_000) * 3); } }.Work(0, 24).Compute();
        Only(noHours, FindingCodes.EnergyImplausible);
    }

    [Fact]
    public void EnergyByARunningState_DoesNotBlameWhatNobodySaw()
    {
        var template = Template(static t => t["measures"]!.AsArray().RemoveAt(0));
        var device = new HonestDevice { Template = template, Change = static (_, values) => values.Remove("hours"), Measures = static t => t.Hour is not (11 or 12 or 13) }.Work(0, 24);
        Assert.DoesNotContain(device.Compute().Findings, static f => f.Code == FindingCodes.EnergyImplausible);
        Assert.True(device.Compute().IsEnergyJudged);
        Assert.Equal(5 * 3600, device.Compute().OperatingSeconds!.Value, 200.0);
    }

    [Fact]
    public void StuckValue_IsFound_OverStatements_WhileRunningOnly()
    {
        var stuck = Only(new HonestDevice { Change = static (time, values) => values["temperature"] = time.Hour is >= 9 and < 14 ? 21.5 : values["temperature"] }.Work(0, 24).Compute(), FindingCodes.StuckValue);
        Assert.Equal("temperature", stuck.Measure);
        Assert.Equal([1009, 1010, 1011, 1012, 1013], stuck.Records);
        // By night it may be as constant as it likes, and three hours are no fault.
        Assert.Empty(new HonestDevice { Change = static (time, values) => values["temperature"] = time.Hour < 11 ? 21.5 : values["temperature"] }.Work(0, 24).Compute().Findings);
    }

    [Fact]
    public void ValueOutOfRange_IsFound()
    {
        var high = Only(new HonestDevice { Change = static (time, values) => values["temperature"] = time.Hour == 9 && time.Minute == 9 ? 90.5 : values["temperature"] }.Work(0, 24).Compute(), FindingCodes.OutOfRange);
        Assert.Contains("90.5 CEL, above 90", high.Detail, StringComparison.Ordinal);
        Assert.Contains("-21 CEL, below -20", Only(new HonestDevice { Change = static (time, values) => values["temperature"] = time.Hour == 9 ? -21 : values["temperature"] }.Work(0, 24).Compute(), FindingCodes.OutOfRange).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void ClockAhead_IsFound_ThoughReadingsAreRight()
    {
        var finding = Only(new HonestDevice { Drift = TimeSpan.FromMinutes(5) }.Work(0, 24).Compute(), FindingCodes.ClockDrift);
        Assert.Contains("ahead", finding.Detail, StringComparison.Ordinal);
        Assert.Equal((20, 4), (finding.Records.Count, finding.MoreRecords));
    }

    [Fact]
    public void ClockBehind_IsFound_WhenEverythingIsLateByTheSame()
    {
        var device = new HonestDevice { Delay = static _ => TimeSpan.FromHours(1) }.Work(0, 24);
        Assert.Contains("behind", Only(device.Compute(), FindingCodes.ClockDrift).Detail, StringComparison.Ordinal);
        Assert.Equal([FindingCodes.Imported], new HonestDevice { Delay = static _ => TimeSpan.FromHours(1), Imported = true }.Work(0, 24).Compute().Findings.Select(static f => f.Code));
    }

    [Fact]
    public void ReadingsAfterTheClock_AreFound() =>
        Assert.Contains("later than the clock", Only(new HonestDevice { Drift = TimeSpan.FromMinutes(-5) }.Work(0, 24).Compute(), FindingCodes.ClockDrift).Detail, StringComparison.Ordinal);

    [Fact]
    public void ClockAndBootsThatRunBack_AreFound_AndAStartIsTold()
    {
        var device = new HonestDevice().Work(0, 24);
        var back = device.Statements.Select(static s => s.Sequence == 8 ? s with { Clock = s.Clock.AddHours(-3) } : s);
        Assert.Contains(device.Compute(statements: back).Findings, static f => f.Code == FindingCodes.ClockBack && f.Records.SequenceEqual([1006, 1007]));
        var boots = device.Statements.Select(static s => s with { Boot = s.Sequence < 8 ? 3 : s.Sequence < 16 ? 5 : 4 });
        var day = device.Compute(statements: boots);
        Assert.Equal([(FindingCodes.Reboot, FindingSeverity.Info), (FindingCodes.BootBack, FindingSeverity.Alarm)], day.Findings.Select(static f => (f.Code, f.Severity)));
    }

    [Fact]
    public void NewKey_IsTold_AndAnOldOneThatGoesOnIsFound()
    {
        var device = new HonestDevice();
        device.Work(0, 12);
        device.SwapKey();
        device.Work(12, 24);
        var honest = Assert.Single(device.Compute().Findings);
        Assert.Equal((FindingCodes.ModuleSwap, FindingSeverity.Info), (honest.Code, honest.Severity));
        Assert.Equal([1011, 1012], honest.Records);

        var last = device.Statements[11];
        var late = device.Statements[15] with { RecordId = 7000, KeyNumber = 0, Sequence = 13, Previous = last.Digest, Digest = Hash32.Compute([7]) };
        var day = device.Compute(statements: [.. device.Statements, late]);
        Assert.Equal([7000], Only(day, FindingCodes.KeySwapped, FindingCodes.ModuleSwap).Records);
        Assert.Equal(480 * 60, day.OperatingSeconds);
    }

    [Fact]
    public void Alarms_CountWhenTheyAreRaised()
    {
        var device = new HonestDevice { Change = static (time, values) => values["alarm"] = time.Hour is 3 or 4 || (time.Hour == 6 && time.Minute is 5 or 7) ? 1 : 0 }.Work(0, 24);
        var day = device.Compute();
        Assert.Equal(3, day.Alarms);
        Assert.Equal(7200 + 120, day.Measures[4].TrueSeconds!.Value, 20.0);
    }

    [Fact]
    public void Findings_AreAtMostTwentyOfACode()
    {
        var device = new HonestDevice { Change = static (time, values) => values["hours"] -= time.Minute % 2 == 0 ? 500 : 0 }.Work(0, 24);
        var day = device.Compute();
        Assert.Equal(20, day.Findings.Count(static f => f.Code == FindingCodes.MeterRollback));
        Assert.True(day.MoreFindings > 0);
    }

    [Fact]
    public void Keys_TellFindingsApart()
    {
        var day = new HonestDevice { Change = static (time, values) => { values["hours"] -= time.Minute % 2 == 0 ? 500 : 0; values["energy"] -= time.Minute % 2 == 0 ? 500 : 0; } }.Work(0, 24).Compute();
        Assert.Equal(day.Findings.Count, day.Findings.Select(static f => f.Key).Distinct().Count());
    }

    [Fact]
    public void StatementOfAnotherDay_IsABug()
    {
        var device = new HonestDevice().Work(0, 25);
        Assert.Throws<ArgumentException>(() => DeviceDay.Compute(Machine, Day, null, device.Statements, null));
        Assert.Throws<ArgumentException>(() => DeviceDay.Compute(Machine, Day, device.Statements[0], [device.Statements[1]], null));
    }

    [Fact]
    public void EmptyDay_IsOneGap()
    {
        var day = DeviceDay.Compute(Machine, Day, null, [], null);
        Assert.Equal((1440, 0, 1440), (day.ExpectedReadings, day.CoveredReadings, Assert.Single(day.Gaps).Readings));
        Assert.Empty(day.Findings);
    }

    [Fact]
    public void EveryCode_HasATitleInBothLanguages()
    {
        var codes = typeof(FindingCodes).GetFields().Select(static f => (string)f.GetRawConstantValue()!).Order(StringComparer.Ordinal);
        Assert.Equal(codes, FindingTexts.Titles.Keys.Order(StringComparer.Ordinal));
        Assert.All(FindingTexts.Titles.Values, static t => Assert.NotEqual(t.En, t.Zh));
        Assert.Equal(("Silent", "设备失联", "other"), (FindingTexts.Title("silence", "en"), FindingTexts.Title("silence", "zh"), FindingTexts.Title("other", "en")));
    }

    /// <summary>The one finding of a code, where nothing else is found but what is allowed.</summary>
    private static Finding Only(DeviceDay day, string code, params string[] allowed)
    {
        // What is missing or made up shows in more than one way; these two say so.
        string[] alike = code switch
        {
            FindingCodes.SequenceGap => [FindingCodes.Gap],
            FindingCodes.RateImpossible => [FindingCodes.EnergyImplausible],
            _ => [],
        };
        Assert.DoesNotContain(day.Findings, f => f.Code != code && !allowed.Contains(f.Code) && !alike.Contains(f.Code));
        return day.Findings.Single(f => f.Code == code);
    }
}
