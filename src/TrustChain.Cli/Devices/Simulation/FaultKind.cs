namespace TrustChain.Cli.Devices.Simulation;

/// <summary>Something that is planted into the days of a machine.</summary>
/// <param name="Code">Its name; of a fault the code of the finding that has to be made of it (<c>docs/devices.md</c>).</param>
/// <param name="IsFault">False for what looks odd and is innocent.</param>
/// <param name="Days">How many days it may take.</param>
/// <param name="Also">Codes of findings that it brings about beside its own.</param>
internal sealed record FaultKind(string Code, bool IsFault, int Days, params string[] Also)
{
    /// <summary>A meter shows less from one reading to the next, and goes on from there.</summary>
    public static readonly FaultKind MeterRollback = new("meter-rollback", true, 1, "energy-implausible");

    /// <summary>Three days never come, though they were signed.</summary>
    public static readonly FaultKind Gap = new("gap", true, 3, "sequence-gap", "silence");

    /// <summary>A copy of the key says for a day that the machine stood still.</summary>
    public static readonly FaultKind SequenceFork = new("sequence-fork", true, 1, "chain-broken", "meter-rollback", "energy-implausible", "rate-impossible", "speed-impossible", "stuck-value");

    /// <summary>The owner puts another module in, with a key of its own.</summary>
    public static readonly FaultKind ModuleSwap = new("module-swap", true, 1, "boot-back");

    /// <summary>For an hour or two the machine is hundreds of kilometres away.</summary>
    public static readonly FaultKind SpeedImpossible = new("speed-impossible", true, 1, "outside-geofence");

    /// <summary>A gauge shows one value for days.</summary>
    public static readonly FaultKind StuckValue = new("stuck-value", true, 3);

    /// <summary>The clock of the module runs slow for a day, against readings whose time comes from elsewhere.</summary>
    public static readonly FaultKind ClockDrift = new("clock-drift", true, 1);

    /// <summary>No connection for two days; then everything comes, in no order.</summary>
    public static readonly FaultKind Offline = new("offline", false, 2);

    /// <summary>The module starts anew.</summary>
    public static readonly FaultKind Reboot = new("reboot", false, 1, "reboot");

    /// <summary>For a day a machine that has its place stands somewhere else.</summary>
    public static readonly FaultKind OutsideGeofence = new("outside-geofence", true, 1);

    /// <summary>All of them, in the order of the help. A new one stands at the end: those before it then fall where they fell.</summary>
    public static IReadOnlyList<FaultKind> All { get; } = [MeterRollback, Gap, SequenceFork, ModuleSwap, SpeedImpossible, StuckValue, ClockDrift, Offline, Reboot, OutsideGeofence];

    /// <summary>Whether a kind of machine can have it.</summary>
    public bool Fits(MachineTemplate template) => (this != SpeedImpossible || template.CanJump) && (this != StuckValue || template.Gauge >= 0) && (this != OutsideGeofence || template.HasItsPlace);
}

/// <summary>A fault of one machine.</summary>
/// <param name="Kind">What.</param>
/// <param name="From">When it begins.</param>
/// <param name="Until">When it ends; the same moment for what has no length.</param>
/// <param name="Size">How much of it, 0 to 1.</param>
internal sealed record PlantedFault(FaultKind Kind, DateTimeOffset From, DateTimeOffset Until, double Size);
