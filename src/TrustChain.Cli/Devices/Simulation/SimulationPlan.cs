using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Devices.Simulation;

/// <summary>What is to be simulated. Everything that follows from it is the same each time, but for keys and signatures.</summary>
internal sealed record SimulationOptions
{
    /// <summary>Kind of machine.</summary>
    public required MachineTemplate Template { get; init; }

    /// <summary>Whether statements are COSE_Sign1, and not JWS.</summary>
    public bool Cbor { get; init; }

    /// <summary>How many machines, 1 to 100,000.</summary>
    public required int Devices { get; init; }

    /// <summary>First day (UTC).</summary>
    public required DateOnly From { get; init; }

    /// <summary>How many days, 1 to 3,660.</summary>
    public required int Days { get; init; }

    /// <summary>Chooses machines, days and sizes.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Time between readings, 10 seconds to a day.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>What to plant, each once.</summary>
    public required IReadOnlyList<FaultKind> Faults { get; init; }
}

/// <summary>Which machine has which faults, and when.</summary>
internal static class SimulationPlan
{
    private const ulong PlanStream = 1;
    private const int Attempts = 200;

    /// <summary>The faults of each machine, by the time they begin. Those of one machine lie a day apart, and none on the first or last day.</summary>
    /// <exception cref="CliException">They do not fit into the machines and days.</exception>
    public static IReadOnlyList<IReadOnlyList<PlantedFault>> Plant(SimulationOptions options)
    {
        var random = new Pcg(options.Seed, PlanStream);
        var order = Enumerable.Range(0, options.Devices).ToList();
        random.Shuffle(order);
        var plan = Enumerable.Range(0, options.Devices).Select(static _ => new List<PlantedFault>()).ToList();
        var next = 0;
        foreach (var kind in options.Faults)
        {
            if (!kind.Fits(options.Template))
            {
                continue;
            }
            var planted = false;
            for (var attempt = 0; attempt < Attempts && !planted; attempt++)
            {
                planted = TryPlant(options, kind, random, plan[order[next++ % order.Count]]);
            }
            if (!planted)
            {
                throw new CliException($"The fault {kind.Code} does not fit into {options.Devices} devices and {options.Days} days beside the others; give more of either.");
            }
        }
        plan.ForEach(static faults => faults.Sort(static (a, b) => a.From.CompareTo(b.From)));
        return plan;
    }

    private static bool TryPlant(SimulationOptions options, FaultKind kind, Pcg random, List<PlantedFault> faults)
    {
        var choices = options.Days - kind.Days - 1;
        if (choices < 1)
        {
            return false;
        }
        var midnight = new DateTimeOffset(options.From, TimeOnly.MinValue, TimeSpan.Zero);
        var start = midnight.AddDays(1 + random.Next(choices));
        var (from, until) = (start, start.AddDays(kind.Days));
        if (kind == FaultKind.MeterRollback || kind == FaultKind.ModuleSwap || kind == FaultKind.Reboot)
        {
            from = until = start + TimeSpan.FromMinutes(60 + random.Next(480)); // Working hours at its place.
        }
        else if (kind == FaultKind.SpeedImpossible)
        {
            from = start + TimeSpan.FromMinutes(60 + random.Next(300));
            until = from + TimeSpan.FromMinutes(60 + random.Next(60)) + (2 * options.Interval);
        }
        if (faults.Exists(f => f.From.Date <= start.AddDays(kind.Days + 1) && f.Until.Date >= start.AddDays(-1)))
        {
            return false;
        }
        faults.Add(new PlantedFault(kind, from, until, random.NextDouble()));
        return true;
    }
}
