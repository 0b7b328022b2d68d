using System.Globalization;
using TrustChain.Cli.Devices;
using TrustChain.Cli.Devices.Simulation;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Epcis;
using TrustChain.Core.Signing;
using TrustChain.DeviceClient;

namespace TrustChain.UnitTests.Devices;

public sealed class SimulationTests
{
    private const int Days = 40;

    private static readonly TimeSpan Step = TimeSpan.FromMinutes(5);

    public static TheoryData<string> Templates { get; } = [.. MachineTemplate.All.Select(static t => t.Name)];

    [Theory]
    [MemberData(nameof(Templates))]
    public void Simulation_SameSeed_IsTheSameAndAnotherSeedIsNot(string template)
    {
        var options = Options(template, devices: 9, days: 7, faults: FaultKind.All) with { Interval = TimeSpan.FromMinutes(30) };
        Assert.Equal(Text(options), Text(options));
        Assert.NotEqual(Text(options), Text(options with { Seed = 8 }));
        Assert.NotEqual(
            SimulationPlan.Plant(options).SelectMany(static f => f).Select(static f => f.From),
            SimulationPlan.Plant(options with { Seed = 8 }).SelectMany(static f => f).Select(static f => f.From));
    }

    [Fact]
    public void Simulation_IsTheOneOfBefore()
    {
        // Not the seed's own business alone: whoever compares findings of two versions needs the same days.
        var first = SimulatedDevice.Generate(Options("loom", 1, 1), 0, [])[0];
        Assert.Equal("2026-10-01T00:59:00.246Z 2026-10-01T00:59:02.597Z", $"{Iso(first.Readings[^1].Time)} {Iso(first.Clock)}");
    }

    // A rider is there while the bicycle is ridden, and never in the clear.
    [Fact]
    public void Rider_PedalsWhileTheBicycleRuns_AndIsEncryptedAsSuch()
    {
        var options = Options("e-bike", devices: 1, days: Days);
        var template = options.Template;
        var (running, power, cadence) = (template.IndexOf("running"), template.IndexOf("riderPower"), template.IndexOf("cadence"));
        var readings = SimulatedDevice.Generate(options, 0, []).SelectMany(static s => s.Readings).ToList();
        Assert.Contains(readings, r => r.Values[running] > 0);
        Assert.All(readings, r =>
        {
            Assert.Equal(r.Values[running] > 0, r.Values[power] is >= 30 and <= 130);
            Assert.Equal(r.Values[running] > 0, r.Values[cadence] is >= 50 and <= 90);
            Assert.Equal(r.Values[running] > 0 ? 2 : 0, template.ToMeasurements(r).Count(m => template.GroupOf(m) == "rider"));
        });
        Assert.All(MachineTemplate.All.Where(static t => t.Name != "e-bike"), static t => Assert.DoesNotContain(t.Measures, static m => m.Group == "rider"));
    }

    // What the device encrypts is what the newest template on the server wants encrypted, and under the same groups.
    [Theory]
    [MemberData(nameof(Templates))]
    public void Groups_AreThoseOfTheTemplate(string name)
    {
        var template = DeviceTemplateTests.Newest(name);
        var machine = MachineTemplate.All.Single(t => t.Name == name);
        Assert.Equal(
            machine.Measures.Select(static m => m.Group),
            machine.Measures.Select(m => template.FindEncryptionGroup(m.Type, m.Component) is { } group ? Core.Devices.Encryption.DayKeyName.Name(group) : null));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void HonestDays_MetersNeverRunBackAndStayPlausible(string name)
    {
        var options = Options(name, devices: 2, days: Days) with { Interval = TimeSpan.FromMinutes(10) };
        var template = options.Template;
        for (var number = 0; number < options.Devices; number++)
        {
            var readings = SimulatedDevice.Generate(options, number, []).SelectMany(static s => s.Readings).ToList();
            Assert.Equal(Days * (int)(TimeSpan.FromDays(1) / options.Interval), readings.Count);
            for (var i = 0; i < template.Measures.Count; i++)
            {
                var measure = template.Measures[i];
                var values = readings.Select(r => r.Values[i]).ToList();
                if (measure.IsMeter)
                {
                    Assert.All(values.Zip(values.Skip(1)), static pair => Assert.True(pair.Second >= pair.First));
                    Assert.True(values[^1] > values[0] || measure.Name == "irrigation", $"{measure.Name} stands still."); // Not in a month of rain.
                }
                else if (measure.Unit == "P1")
                {
                    Assert.All(values, static v => Assert.InRange(v, 0, 100.5));
                }
                else if (measure.Unit == "CEL")
                {
                    Assert.All(values, static v => Assert.InRange(v, -20, 75));
                }
                else if (measure.Unit is null)
                {
                    Assert.All(values, static v => Assert.True(v is 0 or 1));
                }
            }
        }
    }

    [Theory]
    [InlineData("aerial-platform", 1200, 3000)]
    [InlineData("loom", 2400, 3700)]
    public void HonestDays_EnergyFitsTheHours(string name, double least, double most)
    {
        var options = Options(name, devices: 2, days: 20) with { Interval = TimeSpan.FromMinutes(5) };
        var (hours, energy, running) = (options.Template.IndexOf("operatingHours"), options.Template.IndexOf("energy"), options.Template.IndexOf("running"));
        for (var number = 0; number < options.Devices; number++)
        {
            var readings = SimulatedDevice.Generate(options, number, []).SelectMany(static s => s.Readings).ToList();
            var (worked, used) = (readings[^1].Values[hours] - readings[0].Values[hours], readings[^1].Values[energy] - readings[0].Values[energy]);
            Assert.InRange(used / worked * 1000, least, most);
            // The first reading's own step was before it.
            Assert.Equal(readings.Skip(1).Sum(r => r.Values[running]) * options.Interval.TotalHours, worked, 6);
            Assert.All(readings.Where(static r => (r.Time + Machine.Zone).Hour is >= 23 or < 5), r => Assert.Equal(0, r.Values[running]));
        }
    }

    [Theory]
    [InlineData("aerial-platform", 17)]
    public void HonestDays_NothingMovesFasterThanItCan(string name, double metresPerSecond)
    {
        var options = Options(name, devices: 2, days: 20);
        for (var number = 0; number < options.Devices; number++)
        {
            var readings = SimulatedDevice.Generate(options, number, []).SelectMany(static s => s.Readings).ToList();
            var fastest = readings.Zip(readings.Skip(1)).Max(pair => Metres(options.Template, pair.First, pair.Second) / (pair.Second.Time - pair.First.Time).TotalSeconds);
            Assert.InRange(fastest, 0.5, metresPerSecond); // It does move.
        }
    }

    [Fact]
    public void Statements_InCbor_AreReadByTheServiceAndChained() => Check("aerial-platform", cbor: true);

    [Theory]
    [MemberData(nameof(Templates))]
    public void Statements_AreReadByTheServiceAndChained(string name) => Check(name, cbor: false);

    private static void Check(string name, bool cbor)
    {
        var options = Options(name, devices: 1, days: 60, faults: [.. FaultKind.All.Where(static f => f != FaultKind.ModuleSwap)]) with { Interval = TimeSpan.FromHours(1), Cbor = cbor };
        using var fleet = new SimulatedFleet(options, "9521321");
        var digests = new Dictionary<string, long>();
        var arrived = fleet.Sign(0, "log.example");
        foreach (var (_, sequence, compact, readings) in arrived)
        {
            Assert.True(Statement.TryParse(compact, out var statement, out var error), error);
            Assert.Equal((sequence, fleet.Devices[0].Uri, "log.example"), (statement.Telemetry!.Sequence, statement.Telemetry.Device, statement.Message.Audience)); // It is telemetry.
            digests.Add(statement.Digest.ToBase64Url(), sequence);
            var read = EpcisReader.Read(statement.Message.Payload, EpcisReadOptions.Default);
            Assert.True(read.IsValid, string.Join('\n', read.Faults));
            using var json = System.Text.Json.JsonDocument.Parse(statement.Message.Payload);
            var times = json.RootElement.GetProperty("sensorElementList").EnumerateArray().Select(static e => e.GetProperty("sensorMetadata").GetProperty("time").GetDateTimeOffset()).ToList();
            Assert.Equal(readings, times.Count);
            Assert.Equal(times.Distinct().Order(), times);
            Assert.Single(times.Select(static t => t.UtcDateTime.Date).Distinct());
        }
        var missing = 0;
        foreach (var (_, sequence, compact, _) in arrived)
        {
            var previous = Statement.TryParse(compact, out var statement, out _) ? statement.Telemetry!.Previous : null; // As above.
            missing += previous is not null && !digests.ContainsKey(previous.Value.ToBase64Url()) ? 1 : 0;
            Assert.True(previous is not null == sequence > 1);
        }
        Assert.Equal(1, missing); // After the gap.
        Assert.True(arrived.Select(static s => s.Sequence).Distinct().Count() < arrived.Count); // The fork.
        Assert.NotEqual(arrived.Select(static s => s.Sequence).Order(), arrived.Select(static s => s.Sequence)); // Offline.
    }

    [Fact]
    public void Plan_FaultsOfOneMachineLieApart()
    {
        for (var seed = 0UL; seed < 40; seed++)
        {
            var options = Options("aerial-platform", devices: 2, days: 60, faults: FaultKind.All) with { Seed = seed };
            var plan = SimulationPlan.Plant(options);
            Assert.Equal(FaultKind.All.Count(f => f.Fits(options.Template)), plan.Sum(static f => f.Count));
            foreach (var faults in plan)
            {
                Assert.All(faults.Zip(faults.Skip(1)), static pair => Assert.True(pair.Second.From - pair.First.Until >= TimeSpan.FromHours(12)));
                Assert.All(faults, f => Assert.True(f.From >= Start.AddDays(1) && f.Until <= Start.AddDays(59)));
            }
        }
    }

    [Fact]
    public void Plan_HasNoRoom_SaysSo() =>
        Assert.Contains("gap", Assert.Throws<CliException>(static () => SimulationPlan.Plant(Options("loom", 1, 4, [FaultKind.Gap]))).Message, StringComparison.Ordinal);

    [Fact]
    public void Plan_MachineDoesNotMove_HasNoJump() =>
        Assert.Equal(FaultKind.All.Count - 2, SimulationPlan.Plant(Options("loom", 9, 20, FaultKind.All)).Sum(static f => f.Count));

    [Fact]
    public void Rollback_MeterFallsOnceAndGoesOn()
    {
        var (faults, readings) = One(FaultKind.MeterRollback);
        var meter = MachineTemplate.All[0].Meter;
        var falls = readings.Zip(readings.Skip(1)).Where(pair => pair.Second.Values[meter] < pair.First.Values[meter]).ToList();
        var fall = Assert.Single(falls);
        Assert.InRange(faults.From, fall.First.Time, fall.Second.Time);
        Assert.InRange(fall.First.Values[meter] - fall.Second.Values[meter], 3, fall.First.Values[meter] * 0.4);
    }

    [Fact]
    public void StuckValue_GaugeStandsStillWhileTheMachineRuns()
    {
        var (fault, readings) = One(FaultKind.StuckValue);
        var template = MachineTemplate.All[0];
        var stuck = readings.Where(r => r.Time >= fault.From && r.Time < fault.Until).ToList();
        Assert.Single(stuck.Select(r => r.Values[template.Gauge]).Distinct());
        Assert.True(stuck.Sum(r => r.Values[template.IndexOf("running")]) * Step.TotalHours > 24);
    }

    [Fact]
    public void Jump_IsFarAndBack()
    {
        var (fault, readings) = One(FaultKind.SpeedImpossible);
        var fast = readings.Zip(readings.Skip(1)).Where(static pair => Metres(MachineTemplate.All[0], pair.First, pair.Second) > 100_000).ToList();
        Assert.Equal(2, fast.Count);
        Assert.InRange(fault.From, fast[0].First.Time, fast[0].Second.Time);
        Assert.InRange(fault.Until, fast[1].First.Time, fast[1].Second.Time);
    }

    [Fact]
    public void NewFault_LeavesTheOthersWhereTheyWere()
    {
        var options = Options("orchard", devices: 9, days: 30, faults: FaultKind.All);
        var (with, without) = (SimulationPlan.Plant(options), SimulationPlan.Plant(options with { Faults = [.. FaultKind.All.SkipLast(1)] }));
        Assert.Single(with.SelectMany(static f => f), static f => f.Kind == FaultKind.OutsideGeofence);
        Assert.Equal(without.Select(static f => f.ToList()), with.Select(static f => f.Where(static f => f.Kind != FaultKind.OutsideGeofence).ToList()));
    }

    [Fact]
    public void Gap_ThreeDaysAreSignedAndNeverArrive()
    {
        var (fault, statements) = Statements(FaultKind.Gap);
        var lost = statements.Where(static s => s.Fate == StatementFate.Lost).ToList();
        Assert.Equal(TimeSpan.FromDays(3), fault.Until - fault.From);
        Assert.Equal(statements.Where(s => s.Readings[0].Time >= fault.From && s.Readings[0].Time < fault.Until), lost);
        Assert.Equal(Enumerable.Range(1, statements.Count).Select(static n => (long)n), statements.Select(static s => s.Sequence));
        Assert.Equal(statements.Count - lost.Count, SimulatedDevice.Arrivals(statements, 7).Count);
    }

    [Fact]
    public void Fork_CopyTakesTheSameNumbersForADay()
    {
        var (fault, statements) = Statements(FaultKind.SequenceFork);
        var copies = statements.Where(static s => s.IsCopy).ToList();
        Assert.NotEmpty(copies);
        Assert.All(copies, c =>
        {
            Assert.InRange(c.Readings[0].Time, fault.From, fault.Until);
            var own = Assert.Single(statements, s => !s.IsCopy && s.Sequence == c.Sequence);
            Assert.NotEqual(own.Readings, c.Readings);
        });
        Assert.Equal(copies[0].Previous, statements.First(s => !s.IsCopy && s.Sequence == copies[0].Sequence).Previous);
    }

    [Fact]
    public void ModuleSwap_NewKeyBeginsAtOne()
    {
        var (fault, statements) = Statements(FaultKind.ModuleSwap);
        var second = statements.Where(static s => s.Key == 1).ToList();
        Assert.Equal((1, -1), (second[0].Sequence, second[0].Previous));
        Assert.All(statements, s => Assert.Equal(s.Readings[0].Time >= fault.From, s.Key == 1));
    }

    [Fact]
    public void ClockDrift_ClockFallsBehindTheReadingsForADay()
    {
        var (fault, statements) = Statements(FaultKind.ClockDrift);
        Assert.All(statements, s =>
        {
            var behind = s.Readings[^1].Time - s.Clock;
            Assert.Equal(s.Readings[0].Time >= fault.From && s.Readings[0].Time < fault.Until, behind > TimeSpan.FromSeconds(30));
        });
        Assert.Equal(statements.Select(static s => s.Clock).Order(), statements.Select(static s => s.Clock));
    }

    [Fact]
    public void OfflineAndReboot_AreNoFaults_NothingIsMissing()
    {
        var (offline, statements) = Statements(FaultKind.Offline);
        var arrivals = SimulatedDevice.Arrivals(statements, 7);
        Assert.Equal(Enumerable.Range(0, statements.Count), arrivals.Order());
        Assert.NotEqual(arrivals.Order(), arrivals);
        Assert.Equal(TimeSpan.FromDays(2), offline.Until - offline.From);
        var (_, started) = Statements(FaultKind.Reboot);
        Assert.Equal([0L, 1L], started.Select(static s => s.Boot).Distinct());
        Assert.False(FaultKind.Offline.IsFault || FaultKind.Reboot.IsFault);
    }

    [Fact]
    public void FaultsOption_NamesKnownOnes()
    {
        Assert.Equal(FaultKind.All, SimulateCommand.ParseFaults("all"));
        Assert.Empty(SimulateCommand.ParseFaults("none"));
        Assert.Equal([FaultKind.Gap, FaultKind.Reboot], SimulateCommand.ParseFaults("gap, reboot"));
        Assert.Throws<CliException>(static () => SimulateCommand.ParseFaults("gap,theft"));
    }

    private static readonly DateTimeOffset Start = new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero);

    private static SimulationOptions Options(string template, int devices, int days, IReadOnlyList<FaultKind>? faults = null)
    {
        var kind = MachineTemplate.All.First(t => t.Name == template);
        return new SimulationOptions { Template = kind, Devices = devices, Days = days, From = new DateOnly(2026, 10, 1), Seed = 7, Interval = kind.Interval, Faults = faults ?? [] };
    }

    private static (PlantedFault Fault, IReadOnlyList<SimulatedStatement> Statements) Statements(FaultKind kind)
    {
        var options = Options("aerial-platform", 1, 10, [kind]) with { Interval = Step };
        var faults = SimulationPlan.Plant(options)[0];
        return (Assert.Single(faults), SimulatedDevice.Generate(options, 0, faults));
    }

    private static (PlantedFault Fault, List<SimulatedReading> Readings) One(FaultKind kind)
    {
        var (fault, statements) = Statements(kind);
        return (fault, [.. statements.SelectMany(static s => s.Readings)]);
    }

    /// <summary>Everything that is to be said, without keys and signatures.</summary>
    private static string Text(SimulationOptions options)
    {
        var plan = SimulationPlan.Plant(options);
        var parts = Enumerable.Range(0, options.Devices).SelectMany(number => SimulatedDevice.Generate(options, number, plan[number])
            .Select(s => $"{s.Key}{s.IsCopy}{s.Sequence}{s.Boot}{Iso(s.Clock)}{s.Fate}{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(TelemetryFormat.WriteEvent("urn:d", [.. s.Readings.SelectMany(options.Template.ToMeasurements)])))}"));
        return string.Concat(parts);
    }

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static double Metres(MachineTemplate template, SimulatedReading one, SimulatedReading other)
    {
        var (north, east) = ((one.Values[template.Latitude] - other.Values[template.Latitude]) * 111_200, (one.Values[template.Latitude + 1] - other.Values[template.Latitude + 1]) * 96_000);
        return Math.Sqrt((north * north) + (east * east));
    }
}
