using TrustChain.DeviceClient;

namespace TrustChain.Cli.Devices.Simulation;

/// <summary>One series of values of a simulated machine.</summary>
/// <param name="Name">Name in the template.</param>
/// <param name="Type"><c>type</c> of the sensor report.</param>
/// <param name="Component"><c>component</c> of the sensor report.</param>
/// <param name="Unit">UN/ECE code; null for a state, whose values are 0 and 1.</param>
/// <param name="Decimals">Decimals that are reported; 0 for a meter, which is reported in whole numbers.</param>
/// <param name="IsMeter">Whether it never falls.</param>
internal sealed record SimulatedMeasure(string Name, string Type, string? Component, string? Unit, int Decimals, bool IsMeter);

/// <summary>The values of one moment, in the order of the template's measures.</summary>
internal readonly record struct SimulatedReading(DateTimeOffset Time, double[] Values);

/// <summary>A kind of machine that can be simulated.</summary>
internal sealed record MachineTemplate
{
    /// <summary>Start of the types of measures that GS1 has no word for.</summary>
    public const string TypeBase = "https://trustchain.example/measure/";

    private static readonly SimulatedMeasure[] Position = [new("latitude", "Angle", "latitude", "DD", 6, false), new("longitude", "Angle", "longitude", "DD", 6, false)];

    private MachineTemplate(string name, string maker, string model, int intervalSeconds, string meter, string gauge, SimulatedMeasure[] measures, Func<Pcg, Machine> create)
    {
        (Name, Maker, Model, Interval, Measures, Create) = (name, maker, model, TimeSpan.FromSeconds(intervalSeconds), measures, create);
        (Meter, Gauge) = (IndexOf(meter), IndexOf(gauge));
        Latitude = IndexOf("latitude");
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

    /// <summary>Place of the gauge that gets stuck.</summary>
    public int Gauge { get; }

    /// <summary>Place of the latitude, which the longitude follows; -1 for what does not move.</summary>
    public int Latitude { get; }

    /// <summary>Makes a machine with a history of its own.</summary>
    public Func<Pcg, Machine> Create { get; }

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<MachineTemplate> All { get; } =
    [
        new("aerial-platform", "Kairui", "KR-14E", 300, "operatingHours", "batteryLevel",
            [NewMeter("operatingHours", "HUR"), NewMeter("energy", "KWH"), NewMeter("cycles", "C62"), NewPercent("batteryLevel"), NewPercent("stateOfHealth"), NewState("running"), NewState("alarm"), .. Position],
            static random => new AerialPlatform(random)),
        new("e-bike", "Velo", "City 2", 300, "distance", "batteryLevel",
            [NewMeter("distance", "KMT"), NewMeter("energy", "KWH"), NewMeter("cycles", "C62"), NewPercent("batteryLevel"), NewPercent("stateOfHealth"), NewState("running"), NewState("alarm"), .. Position],
            static random => new EBike(random)),
        new("loom", "Weft", "AJ-190", 60, "operatingHours", "speed",
            [NewMeter("operatingHours", "HUR"), NewMeter("picks", "C62"), NewGauge("speed", "RPM", 1), NewMeter("energy", "KWH"), NewState("running"), NewState("alarm")],
            static random => new Loom(random)),
        new("orchard", "Field", "S-3", 900, "irrigation", "temperature",
            [NewPercent("soilMoisture"), NewGauge("temperature", "CEL", 1), NewMeter("irrigation", "LTR"), NewPercent("batteryLevel"), NewState("alarm")],
            static random => new Orchard(random)),
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

    /// <summary>A reading as a device says it. A meter shows what is full, and other numbers are rounded.</summary>
    public IEnumerable<Measurement> ToMeasurements(SimulatedReading reading)
    {
        for (var i = 0; i < Measures.Count; i++)
        {
            var (measure, value) = (Measures[i], reading.Values[i]);
            yield return measure.Unit is not { } unit
                ? Measurement.Flag(reading.Time, measure.Type, value != 0)
                : Measurement.Number(reading.Time, measure.Type, Shown(measure, value), unit, measure.Component);
        }
    }

    private static decimal Shown(SimulatedMeasure measure, double value) => measure.IsMeter ? (decimal)Math.Floor(value) : Math.Round((decimal)value, measure.Decimals);

    private static SimulatedMeasure NewMeter(string name, string unit) => new(name, TypeBase + name, null, unit, 0, true);

    private static SimulatedMeasure NewPercent(string name) => NewGauge(name, "P1", 1);

    private static SimulatedMeasure NewGauge(string name, string unit, int decimals) => new(name, TypeBase + name, null, unit, decimals, false);

    private static SimulatedMeasure NewState(string name) => new(name, TypeBase + name, null, null, 0, false);
}
