namespace TrustChain.Cli.Devices.Simulation;

/// <summary>An honest machine: goes on from reading to reading. Not safe for concurrent use.</summary>
internal abstract class Machine(Pcg random)
{
    // A degree of latitude in kilometres.
    private const double KilometresPerDegree = 111.2;

    /// <summary>Hours that the place is ahead of UTC.</summary>
    public static readonly TimeSpan Zone = TimeSpan.FromHours(8);

    /// <summary>Whether it works as long as it can: what is stuck shows only while a machine runs.</summary>
    public bool WorksLong { get; set; }

    /// <summary>Its chance.</summary>
    protected Pcg Random { get; } = random;

    /// <summary>Goes on.</summary>
    /// <param name="local">Time at its place at the end of the step.</param>
    /// <param name="hours">Length of the step.</param>
    /// <returns>The values then, in the order of the template's measures.</returns>
    public abstract double[] Advance(DateTime local, double hours);

    /// <summary>Hour of the day with its fraction.</summary>
    protected static double HourOf(DateTime local) => local.TimeOfDay.TotalHours;

    /// <summary>Whether a time of day lies in a span that does not cross midnight.</summary>
    protected static bool Within(double hour, double from, double until) => hour >= from && hour < until;

    /// <summary>A place so many kilometres to the north and to the east.</summary>
    protected static (double Latitude, double Longitude) Move((double Latitude, double Longitude) place, double north, double east) =>
        (place.Latitude + (north / KilometresPerDegree), place.Longitude + (east / (KilometresPerDegree * Math.Cos(place.Latitude * Math.PI / 180))));

    /// <summary>A place as a receiver tells it: within some metres.</summary>
    protected (double Latitude, double Longitude) Seen((double Latitude, double Longitude) place) => Move(place, Random.Noise() * 0.002, Random.Noise() * 0.002);

    /// <summary>A temperature that follows another one within an hour or so, as the metal of a motor does.</summary>
    protected double Follow(double temperature, double target, double hours) => temperature + ((target - temperature) * Math.Min(1, 1.5 * hours)) + (Random.Noise() * 0.15);

    /// <summary>Temperature of the air at an hour of a mild day.</summary>
    protected static double Air(double hour) => 16 + (6 * Math.Sin((hour - 9) / 24 * 2 * Math.PI));

    /// <summary>A place in a region.</summary>
    protected (double Latitude, double Longitude) Somewhere(double kilometres, (double Latitude, double Longitude)? centre = null) => Move(centre ?? (30.25, 120.17), Random.Between(-kilometres, kilometres), Random.Between(-kilometres, kilometres));
}

/// <summary>A battery that is used, charged, and ages with what goes through it.</summary>
/// <param name="capacity">New, in kWh.</param>
/// <param name="health">What is left of the capacity, 0 to 1.</param>
/// <param name="level">How full it is, 0 to 1.</param>
internal sealed class Battery(double capacity, double health, double level)
{
    private const double WearPerFullCharge = 0.00012;

    /// <summary>How full it is, 0 to 1.</summary>
    public double Level { get; private set; } = level;

    /// <summary>What is left of the capacity, 0 to 1.</summary>
    public double Health { get; private set; } = health;

    /// <summary>What went into it since the simulation began, in full charges of its capacity.</summary>
    public double Charges { get; private set; }

    /// <summary>Takes energy out, as far as there is any.</summary>
    /// <returns>What was taken, in kWh.</returns>
    public double Use(double energy)
    {
        var taken = Math.Min(energy, Math.Max(0, Level - 0.04) * capacity * Health);
        Level -= taken / (capacity * Health);
        return taken;
    }

    /// <summary>Puts energy in, until it is full.</summary>
    public void Charge(double energy)
    {
        var put = Math.Min(energy / (capacity * Health), 1 - Level);
        Level += put;
        Charges += put;
        Health -= put * WearPerFullCharge;
    }
}
