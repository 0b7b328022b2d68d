using System.Text.Json.Serialization;

namespace TrustChain.Core.Devices;

/// <summary>Answer of a check.</summary>
[JsonConverter(typeof(KebabCaseEnum<VerdictOutcome>))]
public enum VerdictOutcome
{
    /// <summary>Everything it looks at was there, and nothing was wrong.</summary>
    Passed,

    /// <summary>Something is wrong.</summary>
    Failed,

    /// <summary>What it looks at is missing or encrypted.</summary>
    CouldNotCheck,
}

/// <summary>Answer of one check over a period.</summary>
/// <param name="Check"><c>coverage</c>, <c>sequence</c>, <c>meters</c>, <c>speed</c>, <c>place</c>, <c>energy</c>, <c>stuck</c>, <c>range</c>, <c>clock</c> or <c>keys</c>.</param>
/// <param name="Outcome">The answer.</param>
/// <param name="Code"><c>ok</c>; the code of the gravest finding; or <c>sealed</c>, <c>no-data</c>, <c>imported</c> or <c>not-in-template</c> when it could not check.</param>
/// <param name="Detail">One sentence of English.</param>
/// <param name="Records">Ids of records it rests on, ascending, at most 20: those of its findings, or, where it passed, the first and the last of every run of statements.</param>
/// <param name="MoreRecords">How many more there are.</param>
public sealed record DeviceVerdict(string Check, VerdictOutcome Outcome, string Code, string Detail, IReadOnlyList<long> Records, int MoreRecords)
{
    /// <summary>
    /// <see cref="ServicePlaces.Basis"/> where the answer rests on the service's word: it decrypted what it looked at. Null where whoever has the statements computes the same; in
    /// evidence always.
    /// </summary>
    public string? Basis { get; init; }

    /// <summary>Most <see cref="Runs"/> that are named.</summary>
    public const int MaxRuns = 10;

    /// <summary>Where it passed: the numbers of the statements that it looked at, by key and number, at most <see cref="MaxRuns"/>. Else empty.</summary>
    public IReadOnlyList<StatementRun> Runs { get; init; } = [];
}

/// <summary>Statements with numbers that follow each other, of one or more days.</summary>
/// <param name="KeyNumber">The key: 0 for the device's first.</param>
/// <param name="First">First number.</param>
/// <param name="Last">Last number.</param>
public readonly record struct StatementRun(int KeyNumber, long First, long Last);

/// <summary>What a device's days say together, and the answer of every check (<c>docs/devices.md</c> section 7). Pure.</summary>
public sealed record DevicePeriod
{
    /// <summary>The checks, in the order of <see cref="Verdicts"/>.</summary>
    public static readonly IReadOnlyList<string> Checks = ["coverage", "sequence", "meters", "speed", "place", "energy", "stuck", "range", "clock", "keys"];

    /// <summary>First day.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Last day, included.</summary>
    public required DateOnly Until { get; init; }

    /// <summary>Days that have statements.</summary>
    public required int DaysWithStatements { get; init; }

    /// <summary>How many readings were expected, from enrolment until now.</summary>
    public required long ExpectedReadings { get; init; }

    /// <summary>How many of them there are.</summary>
    public required long CoveredReadings { get; init; }

    /// <summary>How many readings there are, outside the schedule too.</summary>
    public required long ReceivedReadings { get; init; }

    /// <summary>Number of statements.</summary>
    public required long Statements { get; init; }

    /// <summary>Sum of the days' operating seconds; null when no day has any, as all that follow.</summary>
    public double? OperatingSeconds { get; init; }

    /// <summary>Sum of distances in metres.</summary>
    public double? DistanceMetres { get; init; }

    /// <summary>Sum of energy in watt hours.</summary>
    public double? EnergyWattHours { get; init; }

    /// <summary>Sum of cycles.</summary>
    public double? Cycles { get; init; }

    /// <summary><see cref="OperatingSeconds"/> as a part of the scheduled time until now, 0 to 1.</summary>
    public double? Utilisation { get; init; }

    /// <summary>Last state of health.</summary>
    public double? StateOfHealth { get; init; }

    /// <summary>Last battery level.</summary>
    public double? BatteryLevel { get; init; }

    /// <summary>Sum of downtime in seconds.</summary>
    public double? DowntimeSeconds { get; init; }

    /// <summary>Sum of alarms.</summary>
    public int? Alarms { get; init; }

    /// <summary>Every gap, those of adjacent days joined.</summary>
    public required IReadOnlyList<DeviceGap> Gaps { get; init; }

    /// <summary>Findings of all days with gaps and sequences judged over the whole period, in the order of time.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>How many findings the days do not list.</summary>
    public required int MoreFindings { get; init; }

    /// <summary>One verdict for each of <see cref="Checks"/>.</summary>
    public required IReadOnlyList<DeviceVerdict> Verdicts { get; init; }

    /// <summary>Computes a period.</summary>
    /// <param name="template">The device's template.</param>
    /// <param name="from">First day.</param>
    /// <param name="until">Last day, included.</param>
    /// <param name="days">The days with statements, in any order; days outside the period are left out.</param>
    /// <param name="enrolledAt">When the device was enrolled; null for always.</param>
    /// <param name="now">The reader's clock: nothing is expected after it.</param>
    public static DevicePeriod Compute(
        DeviceTemplate template, DateOnly from, DateOnly until, IReadOnlyList<DeviceDay> days, DateTimeOffset? enrolledAt, DateTimeOffset now) =>
        new PeriodBuilder(template, from, until, days, enrolledAt, now).Build();

    /// <summary>The finding that a device is silent; null when it is not.</summary>
    /// <param name="template">The device's template.</param>
    /// <param name="lastReading">Time of its last reading, or of its enrolment.</param>
    /// <param name="now">The reader's clock.</param>
    public static Finding? FindSilence(DeviceTemplate template, DateTimeOffset lastReading, DateTimeOffset now)
    {
        var (since, until) = (lastReading.ToUnixTimeMilliseconds(), now.ToUnixTimeMilliseconds());
        var silent = template.Hours.TimeBetween(since, until);
        return silent <= template.SilenceAfter * 3_600_000
            ? null
            : FindingList.Make(FindingCodes.Silence, FindingSeverity.Alarm, since, since, null,
                $"Nothing was heard since {FindingList.Show(since)}: {FindingList.Length(silent)} in which readings were expected.", []);
    }
}
