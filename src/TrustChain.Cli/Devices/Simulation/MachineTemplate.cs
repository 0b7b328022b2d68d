using TrustChain.DeviceClient;

namespace TrustChain.Cli.Devices.Simulation;

/// <summary>One series of values of a simulated machine.</summary>
/// <param name="Name">Name in the template.</param>
/// <param name="Type"><c>type</c> of the sensor report.</param>
/// <param name="Component"><c>component</c> of the sensor report.</param>
/// <param name="Unit">UN/ECE code; null for a state, whose values are 0 and 1.</param>
/// <param name="Decimals">Decimals that are reported; 0 for a meter, which is reported in whole numbers.</param>
/// <param name="IsMeter">Whether it never falls.</param>
/// <param name="Factor">What a meter's value is multiplied by for its unit: machines count hours, kilometres and kWh.</param>
/// <param name="Group">The group of day keys that encrypts it, as the template wants; null for what is said in the clear.</param>
internal sealed record SimulatedMeasure(string Name, string Type, string? Component, string? Unit, int Decimals, bool IsMeter, double Factor = 1, string? Group = null);

/// <summary>The values of one moment, in the order of the template's measures; NaN for what was not measured then.</summary>
internal readonly record struct SimulatedReading(DateTimeOffset Time, double[] Values);

/// <summary>A kind of machine that can be simulated.</summary>
internal sealed record MachineTemplate
{
    private const string Measure = "urn:trustchain:measure:";

    private static readonly SimulatedMeasure[] Position =
        [new("latitude", "Angle", "latitude", "DD", 6, false, Group: "position"), new("longitude", "Angle", "longitude", "DD", 6, false, Group: "position")];
    private static readonly SimulatedMeasure OperatingTime = new("operatingHours", Measure + "operating-time", null, "MIN", 0, true, 60);
    private static readonly SimulatedMeasure Energy = new("energy", "Energy", null, "WHR", 0, true, 1000);
    private static readonly SimulatedMeasure BatteryLevel = NewGauge("batteryLevel", Measure + "battery-level", "P1");
    private static readonly SimulatedMeasure Running = NewState("running");

    private static readonly SimulatedMeasure[] Bicycle =
    [
        OperatingTime, new("distance", "Length", null, "MTR", 0, true, 1000), Energy, NewMeter("chargeCycles", "charge-cycles", "C62"), BatteryLevel,
        NewGauge("stateOfHealth", Measure + "state-of-health", "P1"), Temperature("batteryTemperature"), Running, NewState("fault"), .. Position,
    ];

    private static readonly SimulatedMeasure[] Rider =
        [NewGauge("riderPower", Measure + "rider-power", "WTT") with { Group = "rider" }, NewGauge("cadence", Measure + "cadence", "RPM") with { Group = "rider" }];

    private MachineTemplate(
        string name, string maker, string model, int intervalSeconds, string meter, string? gauge, bool canJump, SimulatedMeasure[] measures, Func<Pcg, Machine> create, bool isSealed = false, bool hasItsPlace = false)
    {
        (IsEncrypted, IsSealed, HasItsPlace) = (measures.Any(static m => m.Group is not null), isSealed, hasItsPlace);
        (Name, Maker, Model, Interval, Measures, Create) = (name, maker, model, TimeSpan.FromSeconds(intervalSeconds), measures, create);
        (Meter, Gauge, Latitude, CanJump) = (IndexOf(meter), gauge is null ? -1 : IndexOf(gauge), IndexOf("latitude"), canJump);
    }

    /// <summary>Name of the template on the server.</summary>
    public string Name { get; }

    /// <summary>Who makes such machines.</summary>
    public string Maker { get; }

    /// <summary>Model of such machines.</summary>
    public string Model { get; }

    /// <summary>Time between readings where nothing else is asked for.</summary>
    public TimeSpan Interval { get; }

    /// <summary>What it measures.</summary>
    public IReadOnlyList<SimulatedMeasure> Measures { get; }

    /// <summary>Place of the meter that a rollback falls on.</summary>
    public int Meter { get; }

    /// <summary>Place of the gauge that gets stuck; -1 where the template judges none.</summary>
    public int Gauge { get; }

    /// <summary>Place of the latitude, which the longitude follows; -1 where there is none.</summary>
    public int Latitude { get; }

    /// <summary>Whether some of it is encrypted.</summary>
    public bool IsEncrypted { get; }

    /// <summary>Whether the service gets no day keys.</summary>
    public bool IsSealed { get; }

    /// <summary>Whether the template judges how fast it moves, and the service can.</summary>
    public bool CanJump { get; }

    /// <summary>Whether it stands in one place, which the template knows, and the service can judge it.</summary>
    public bool HasItsPlace { get; }

    /// <summary>Makes a machine with a history of its own.</summary>
    public Func<Pcg, Machine> Create { get; }

    /// <summary>All kinds, with the measures of the newest versions of the server's templates of these names.</summary>
    public static IReadOnlyList<MachineTemplate> All { get; } =
    [
        new("aerial-platform", "Kairui", "KR-14E", 60, "operatingHours", "hydraulicTemperature", canJump: true,
            [OperatingTime, Energy, NewMeter("lifts", "lifts", "C62"), BatteryLevel, Temperature("hydraulicTemperature"), Running, NewState("alarm"), NewState("fault"), .. Position],
            static random => new AerialPlatform(random)),
        new("e-bike", "Velo", "City 2", 300, "distance", null, canJump: false, [.. Bicycle, .. Rider], static random => new EBike(random), isSealed: true),
        new("shared-bike", "Velo", "Share 3", 300, "distance", null, canJump: true, Bicycle, static random => new EBike(random, (31.23, 121.47))),
        new("loom", "Weft", "AJ-190", 60, "operatingHours", "motorTemperature", canJump: false,
            [OperatingTime, Energy, NewMeter("picks", "picks", "C62"), NewMeter("fabricLength", "fabric-length", "MTR"), Temperature("motorTemperature"), Running, NewState("stop"), NewState("fault")],
            static random => new Loom(random)),
        new("orchard", "Field", "S-3", 900, "irrigation", "airTemperature", canJump: false,
            [
                Temperature("airTemperature"), NewGauge("soilTemperature", Measure + "soil-temperature", "CEL"), NewGauge("humidity", "RelativeHumidity", "P1"),
                NewGauge("soilMoisture", Measure + "soil-moisture", "P1"), new("illuminance", "Illuminance", null, "LUX", 0, false), new("irrigation", "Volume", null, "LTR", 0, true),
                NewState("pump"), NewState("frost-alarm"), BatteryLevel, .. Position,
            ],
            static random => new Orchard(random), hasItsPlace: true),
    ];

    /// <summary>Place of a measure; -1 for one that there is not.</summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < Measures.Count; i++)
        {
            if (Measures[i].Name == name)
            {
                return i;
            }
        }
        return -1;
    }

    /// <summary>The group of day keys that encrypts a measurement; null for what is said in the clear.</summary>
    public string? GroupOf(Measurement measurement)
    {
        foreach (var measure in Measures)
        {
            if (measure.Type == measurement.Type && measure.Component == measurement.Component)
            {
                return measure.Group;
            }
        }
        return null;
    }

    /// <summary>A reading as a device says it. A meter shows what is full, and other numbers are rounded.</summary>
    public IEnumerable<Measurement> ToMeasurements(SimulatedReading reading)
    {
        for (var i = 0; i < Measures.Count; i++)
        {
            var (measure, value) = (Measures[i], reading.Values[i]);
            if (double.IsNaN(value))
            {
                continue;
            }
            yield return measure.Unit is not { } unit
                ? Measurement.Flag(reading.Time, measure.Type, value != 0)
                : Measurement.Number(reading.Time, measure.Type, Shown(measure, value), unit, measure.Component);
        }
    }

    private static decimal Shown(SimulatedMeasure measure, double value) =>
        measure.IsMeter ? (decimal)Math.Floor(value * measure.Factor) : Math.Round((decimal)value, measure.Decimals);

    private static SimulatedMeasure NewMeter(string name, string type, string unit) => new(name, Measure + type, null, unit, 0, true);

    private static SimulatedMeasure NewGauge(string name, string type, string unit) => new(name, type, null, unit, 1, false);

    private static SimulatedMeasure Temperature(string name) => NewGauge(name, "Temperature", "CEL");

    private static SimulatedMeasure NewState(string name) => new(name, Measure + name, null, null, 0, false);
}
