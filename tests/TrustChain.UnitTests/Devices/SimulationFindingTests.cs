using TrustChain.Cli.Devices.Simulation;
using TrustChain.Core.Devices;
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

    private static string Show(Finding finding) => $"{finding.Code} {finding.Measure} {finding.From:u}: {finding.Detail}";

    private static (DevicePeriod Period, PlantedFault? Fault) Judge(string name, FaultKind? kind)
    {
        Assert.True(DeviceTemplate.TryParse(File.ReadAllBytes(Path.Combine(Root(), "src/TrustChain.Server/Templates/devices", name + ".json")), out var template, out var error), error);
        var machine = MachineTemplate.All.Single(t => t.Name == name);
        var options = new SimulationOptions { Template = machine, Devices = 1, Days = Days, From = From, Seed = 11, Interval = machine.Interval, Faults = kind is null ? [] : [kind] };
        using var fleet = new SimulatedFleet(options, "9521321");
        var end = new DateTimeOffset(From.AddDays(Days), TimeOnly.MinValue, TimeSpan.Zero).AddHours(1);
        var facts = fleet.Sign(0, "log.example").Select((s, place) =>
        {
            Assert.True(Statement.TryParse(s.Statement, out var statement, out var fault), fault);
            Assert.True(Telemetry.TryRead(statement.Message.Payload, fleet.Devices[0].Uri, template, end, out var telemetry, out var why), why?.ToString());
            Assert.Empty(telemetry.UnknownMeasures);
            var header = statement.Telemetry!; // It is telemetry.
            return new StatementFacts(place + 1, s.Key, s.Sequence, statement.Digest, header.Previous, header.Boot, header.Clock, end.AddMilliseconds(place), false, TelemetrySummary.Of(telemetry, template));
        }).ToList();
        var days = facts.GroupBy(static f => f.Summary.Day).OrderBy(static g => g.Key).Select(day => DeviceDay.Compute(
            template, day.Key, facts.Where(f => f.Summary.Day < day.Key).OrderBy(static f => (f.KeyNumber, f.Sequence)).LastOrDefault(), [.. day], null)).ToList();
        return (DevicePeriod.Compute(template, From, From.AddDays(Days - 1), days, null, end), fleet.Faults[0].SingleOrDefault());
    }

    private static string Root()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "TrustChain.sln")))
        {
            root = root.Parent ?? throw new DirectoryNotFoundException("TrustChain.sln was not found above the tests.");
        }
        return root.FullName;
    }
}
