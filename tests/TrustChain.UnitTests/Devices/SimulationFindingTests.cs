using TrustChain.Cli.Devices.Simulation;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Devices;

/// <summary>What the rules of the service find in simulated days: each planted fault at its time, and in honest days nothing.</summary>
public sealed class SimulationFindingTests
{
    private const int Days = 9;

    private static readonly DateOnly From = new(2026, 10, 1);

    public static TheoryData<string, string> Planted { get; } =
        [.. MachineTemplate.All.SelectMany(static t => FaultKind.All.Where(f => f.Fits(t)).Select(f => new TheoryDataRow<string, string>(t.Name, f.Code)))];

    public static TheoryData<string> Templates { get; } = [.. MachineTemplate.All.Select(static t => t.Name)];

    [Theory]
    [MemberData(nameof(Templates))]
    public void HonestDays_NothingIsFound(string template)
    {
        var (period, _) = Judge(template, null);
        Assert.Empty(period.Findings.Select(Show));
        Assert.Equal(period.ExpectedReadings, period.CoveredReadings);
    }

    [Theory]
    [MemberData(nameof(Planted))]
    public void PlantedFault_IsFoundAtItsTime_AndNothingElse(string template, string code)
    {
        var kind = FaultKind.All.Single(f => f.Code == code);
        var (period, fault) = Judge(template, kind);
        if (kind.IsFault)
        {
            Assert.Contains(period.Findings, f => f.Code == code && f.From <= fault!.Until.AddDays(1) && f.Until >= fault.From.AddDays(-1)); // It was planted.
        }
        Assert.Empty(period.Findings.Where(f => f.Code != code && !kind.Also.Contains(f.Code)).Select(Show));
    }

    [Theory]
    [InlineData("aerial-platform", "speed", "ok", "service")]
    [InlineData("aerial-platform", "place", "not-in-template", null)]
    [InlineData("orchard", "speed", "not-in-template", null)]
    [InlineData("orchard", "place", "ok", "service")]
    [InlineData("shared-bike", "speed", "ok", "service")]
    [InlineData("shared-bike", "place", "ok", "service")]
    [InlineData("e-bike", "speed", "sealed", null)]
    [InlineData("e-bike", "place", "sealed", null)]
    [InlineData("loom", "speed", "not-in-template", null)]
    public void HonestDays_PlacesAreCheckedByTheService_AndByNobodyWhereTheyAreSealed(string template, string check, string code, string? basis)
    {
        var verdict = Judge(template, null).Period.Verdicts.Single(v => v.Check == check);
        Assert.Equal((code, basis), (verdict.Code, verdict.Basis));
        Assert.Equal(code == "ok" ? VerdictOutcome.Passed : VerdictOutcome.CouldNotCheck, verdict.Outcome);
    }

    [Fact]
    public void Teleport_WithoutKeys_IsNotSeen()
    {
        var (period, _) = Judge("aerial-platform", FaultKind.SpeedImpossible, withKeys: false);
        Assert.Empty(period.Findings);
        Assert.Equal("sealed", period.Verdicts.Single(static v => v.Check == "speed").Code);
    }

    private static string Show(Finding finding) => $"{finding.Code} {finding.Measure} {finding.From:u}: {finding.Detail}";

    private static (DevicePeriod Period, PlantedFault? Fault) Judge(string name, FaultKind? kind, bool withKeys = true)
    {
        var template = DeviceTemplateTests.Newest(name);
        var machine = MachineTemplate.All.Single(t => t.Name == name);
        var options = new SimulationOptions { Template = machine, Devices = 1, Days = Days, From = From, Seed = 11, Interval = machine.Interval, Faults = kind is null ? [] : [kind] };
        using var fleet = new SimulatedFleet(options, "9521321");
        using var service = DecryptionKey.Generate();
        IReadOnlyList<string> wrapped = machine.IsEncrypted && withKeys ? fleet.WrapKeys(0, [service.PublicKey.Jwk]) : [];
        var keys = wrapped.Select(w => WrappedDayKey.TryParse(w, out var read, out _) && read.TryUnwrap(service, out var key) ? key : throw new InvalidOperationException("A key cannot be opened.")).ToDictionary(static k => k.Name);
        var end = new DateTimeOffset(From.AddDays(Days), TimeOnly.MinValue, TimeSpan.Zero).AddHours(1);
        var places = new Dictionary<long, StatementPlaces>();
        var facts = fleet.Sign(0, "log.example").Select((s, place) =>
        {
            Assert.True(Statement.TryParse(s.Statement, out var statement, out var fault), fault);
            Assert.True(Telemetry.TryRead(statement.Message.Payload, fleet.Devices[0].Uri, template, end, out var telemetry, out var why), why?.ToString());
            Assert.Empty(telemetry.UnknownMeasures);
            places.Add(place + 1, StatementPlaces.Of(telemetry, template, fleet.Devices[0].Uri, keys));
            var header = statement.Telemetry!; // It is telemetry.
            return new StatementFacts(place + 1, s.Key, s.Sequence, statement.Digest, header.Previous, header.Boot, header.Clock, end.AddMilliseconds(place), false, TelemetrySummary.Of(telemetry, template));
        }).ToList();
        var judged = facts.GroupBy(static f => f.Summary.Day).OrderBy(static g => g.Key).Select(day =>
        {
            var before = facts.Where(f => f.Summary.Day < day.Key).OrderBy(static f => (f.KeyNumber, f.Sequence)).LastOrDefault();
            return (Day: DeviceDay.Compute(template, day.Key, before, [.. day], null), Places: DayPlaces.Judge(template, day.Key, new StatementsBefore(before), [.. day], places));
        }).ToList();
        var said = new ServicePlaces(
            [.. judged.Where(static j => j.Places.Encrypted > 0).Select(static j => new PlacesOfDay(j.Day.Day, j.Places.Encrypted, j.Places.Read, j.Places.MoreFindings))],
            [.. template.ServiceJudgesPlaces ? judged.SelectMany(static j => j.Places.Findings) : []]);
        List<DeviceDay> days = [.. judged.Select(static j => j.Day)];
        return (said.Complete(DevicePeriod.Compute(template, From, From.AddDays(Days - 1), days, null, end), template, days), fleet.Faults[0].SingleOrDefault());
    }
}
