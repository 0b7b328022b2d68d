using TrustChain.Core.Devices;

namespace TrustChain.UnitTests.Devices.Imports;

/// <summary>What imports do to a day and a period: they add findings, and better nothing.</summary>
public sealed class MixedDayTests
{
    private static readonly DateOnly Day = new(2026, 9, 1);
    private static readonly DateTimeOffset Now = new(2026, 9, 5, 0, 0, 0, TimeSpan.Zero);

    // The device signs each hour of the morning and is silent for the rest of the day; the next day it signs all hours.
    private static readonly StatementFacts Morning = ImportWorld.Statement(1, false, Hours(0, 0, 9, 100));
    private static readonly StatementFacts Next = ImportWorld.Statement(2, false, Hours(1, 0, 24, 109));
    private static readonly StatementFacts Afternoon = ImportWorld.Statement(3, true, Hours(0, 9, 24, 102.25));

    private static (DateTimeOffset, double)[] Hours(int day, int from, int until, double meter, double step = 0.25) =>
        [.. Enumerable.Range(from, until - from).Select(h => (new DateTimeOffset(Day.AddDays(day), new TimeOnly(h, 30), TimeSpan.Zero), meter + (step * (h - from))))];

    private static DeviceDay Compute(int day, StatementsBefore before, params StatementFacts[] statements) =>
        DeviceDays.Compute(ImportWorld.Machine, Day.AddDays(day), before, statements, new DateTimeOffset(Day, TimeOnly.MinValue, TimeSpan.Zero));

    private static DevicePeriod Period(params StatementFacts[] statements)
    {
        var days = new List<DeviceDay>();
        var before = default(StatementsBefore);
        foreach (var day in statements.GroupBy(static s => s.Summary.Day).OrderBy(static g => g.Key))
        {
            days.Add(DeviceDay.Parse(Compute(day.Key.DayNumber - Day.DayNumber, before, [.. day]).ToJson()));
            before = before.After([.. day]);
        }
        return DevicePeriod.Compute(ImportWorld.Machine, Day, Day.AddDays(1), days, new DateTimeOffset(Day, TimeOnly.MinValue, TimeSpan.Zero), Now);
    }

    [Fact]
    public void Imports_CoverNoGap()
    {
        var alone = Compute(0, default, Morning);
        var mixed = Compute(0, default, Morning, Afternoon);
        Assert.True(alone.CoveredReadings < alone.ExpectedReadings);
        Assert.Equal((alone.ExpectedReadings, alone.CoveredReadings, alone.ReceivedReadings), (mixed.ExpectedReadings, mixed.CoveredReadings, mixed.ReceivedReadings));
        Assert.Equal(alone.Gaps, mixed.Gaps);
        Assert.Equal((alone.FirstReading, alone.LastReading, alone.OperatingSeconds), (mixed.FirstReading, mixed.LastReading, mixed.OperatingSeconds));
        Assert.Equal((2, 1), (mixed.Statements, mixed.Imported));
        Assert.Equal(["imported"], mixed.Findings.Select(static f => f.Code));
        Assert.Equal([103L], Assert.Single(mixed.Findings).Records);
    }

    [Fact]
    public void Verdicts_AreNeverBetterWithImports()
    {
        var tooFast = ImportWorld.Statement(4, false, Hours(1, 0, 24, 140));
        var fallen = ImportWorld.Statement(4, false, Hours(1, 0, 24, 50));
        StatementFacts[][] signed = [[], [Morning], [Morning, Next], [Morning, tooFast], [Morning, fallen]];
        // One that lies between, one that hides the border of the days, one over everything.
        StatementFacts[] imports = [Afternoon, ImportWorld.Statement(5, true, Hours(0, 0, 24, 100, 1)), ImportWorld.Statement(6, true, Hours(1, 0, 24, 120)), ImportWorld.Statement(7, true, Hours(0, 20, 24, 50, 0.1))];
        foreach (var own in signed)
        {
            var before = Period(own);
            foreach (var import in imports.Append(null))
            {
                var after = Period(import is null ? [.. own, .. imports] : [.. own, import]);
                Assert.Equal((before.ExpectedReadings, before.CoveredReadings), (after.ExpectedReadings, after.CoveredReadings));
                Assert.Equal(before.Gaps, after.Gaps);
                foreach (var (one, other) in before.Verdicts.Zip(after.Verdicts))
                {
                    Assert.True(
                        one.Outcome == other.Outcome || other.Outcome == VerdictOutcome.Failed,
                        $"{one.Check}: {one.Outcome} {one.Code} became {other.Outcome} {other.Code} with {own.Length} signed statements.");
                }
                Assert.All(before.Findings, f => Assert.Contains(after.Findings, a => a.Key == f.Key));
            }
        }
    }

    [Fact]
    public void OnlyImports_ArePassedByNoCheck()
    {
        var period = Period(Afternoon);
        Assert.DoesNotContain(period.Verdicts, static v => v.Outcome == VerdictOutcome.Passed);
        Assert.Equal("imported", period.Verdicts.Single(static v => v.Check == "meters").Code);
        Assert.Equal(14 * 0.25 * 3600, period.OperatingSeconds!.Value, 3);
    }

    [Fact]
    public void History_FromBeforeTheFirstSignedStatement_CountsOnceAndShowsATurnedBackMeter()
    {
        var history = ImportWorld.Statement(8, true, Hours(0, 0, 24, 5000));
        var honest = Period(history, ImportWorld.Statement(1, false, Hours(1, 0, 24, 5006)));
        Assert.Equal(((23 * 0.25) + 0.25 + (23 * 0.25)) * 3600, honest.OperatingSeconds!.Value, 3);
        Assert.Equal(["imported"], honest.Findings.Where(static f => f.Code != FindingCodes.Gap).Select(static f => f.Code));

        var turned = Period(history, ImportWorld.Statement(1, false, Hours(1, 0, 24, 300)));
        var finding = Assert.Single(turned.Findings, static f => f.Code == FindingCodes.MeterRollback);
        Assert.Equal([101L, 108L], finding.Records);
        Assert.Equal(FindingCodes.MeterRollback, turned.Verdicts.Single(static v => v.Check == "meters").Code);
    }

    [Fact]
    public void ImportedDays_BetweenSignedOnes_AddToNoFigure()
    {
        var own = new[] { Morning, ImportWorld.Statement(2, false, Hours(3, 0, 24, 109)) };
        var between = ImportWorld.Statement(9, true, Hours(2, 0, 24, 104));
        var with = new[] { Compute(2, new StatementsBefore(Morning), between), Compute(3, new StatementsBefore(Morning, between), own[1]) };
        Assert.Null(with[0].OperatingSeconds);
        Assert.Equal(Compute(3, new StatementsBefore(Morning), own[1]).OperatingSeconds, with[1].OperatingSeconds);
    }

    [Fact]
    public void AStepOfTheResolution_BetweenTwoSources_IsNoFall()
    {
        var rounded = ImportWorld.Statement(10, true, Hours(0, 10, 24, 101.2, 0));
        Assert.DoesNotContain(Compute(0, default, Morning, rounded).Findings, static f => f.Code == FindingCodes.MeterRollback);
    }

    [Fact]
    public void Order_OfStatements_DoesNotMatter()
    {
        var import = ImportWorld.Statement(11, true, Hours(0, 3, 12, 90));
        Assert.Equal(Compute(0, default, Morning, Afternoon, import).ToJson(), Compute(0, default, import, Afternoon, Morning).ToJson());
    }
}
