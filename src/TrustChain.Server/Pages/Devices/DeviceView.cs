using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Devices;
using TrustChain.Server.Pages.Charts;

namespace TrustChain.Server.Pages.Devices;

/// <summary>What the page of a device shows.</summary>
public sealed record DeviceView
{
    /// <summary>The device.</summary>
    public required StoredDevice Device { get; init; }

    /// <summary>Name of its owner.</summary>
    public required Phrase Owner { get; init; }

    /// <summary>Its template.</summary>
    public required DeviceTemplate Template { get; init; }

    /// <summary>The newest of it; null before it has said anything.</summary>
    public DeviceNewest? Newest { get; init; }

    /// <summary>The newest values as they were stored: JSON by measure.</summary>
    public IReadOnlyDictionary<string, MeasureValue> Values { get; init; } = new Dictionary<string, MeasureValue>();

    /// <summary>The period with its answers.</summary>
    public required DevicePeriod Period { get; init; }

    /// <summary>Number of days when the period is the last so many; null for any other.</summary>
    public int? LastDays { get; init; }

    /// <summary>Whether the period that was asked for was no period.</summary>
    public bool WasPeriodWrong { get; init; }

    /// <summary>The period's days that have statements, in order.</summary>
    public required IReadOnlyList<DeviceDay> Days { get; init; }

    /// <summary>Whether newer data wait to be computed.</summary>
    public bool IsBehind { get; init; }

    /// <summary>The answer.</summary>
    public required DeviceAnswer Answer { get; init; }

    /// <summary>Findings in the order of time, each with how often it was counted.</summary>
    public required IReadOnlyList<(Finding Finding, int Times)> Findings { get; init; }

    /// <summary>Where cited records are to be found.</summary>
    public required IReadOnlyDictionary<long, RecordPlace> Cited { get; init; }

    /// <summary>Where it was.</summary>
    public required PlaceHistory Places { get; init; }

    /// <summary>Where it was last, as exactly as <see cref="Places"/>, and on which day; null when that is not known.</summary>
    public (Place Place, DateOnly Day)? LastPlace { get; init; }

    /// <summary>What was done to it in the period, in the order of time.</summary>
    public IReadOnlyList<StoredMaintenance> Maintenance { get; init; } = [];

    /// <summary>Whether there is more than <see cref="Maintenance"/>.</summary>
    public bool HasMoreMaintenance { get; init; }

    /// <summary>What became of keys and ownership, oldest first.</summary>
    public required IReadOnlyList<DeviceLifeStep> Life { get; init; }

    /// <summary>The maker's word; null when there is none.</summary>
    public AttestationView? Attestation { get; init; }

    /// <summary>Days by weeks; null when there is nothing to draw.</summary>
    public CalendarChart? Calendar { get; init; }

    /// <summary>Whether <see cref="Calendar"/> shows coverage because utilisation is not known.</summary>
    public bool CalendarIsCoverage { get; init; }

    /// <summary>The meter; null when there is nothing to draw.</summary>
    public MeterCurve? Meter { get; init; }

    /// <summary>State of health; null when the template has none, or nothing came.</summary>
    public LineChart? Health { get; init; }

    /// <summary>Whether whoever looks owns it.</summary>
    public bool IsOwner { get; init; }

    /// <summary>Whether whoever looks may make a new claim code.</summary>
    public bool MayRenewClaim { get; init; }

    /// <summary>Id in addresses.</summary>
    public string Id => Device.Pseudonym.ToBase64Url();

    /// <summary>Path of the evidence of the period.</summary>
    public required string EvidenceUrl { get; init; }

    /// <summary>Command that verifies it.</summary>
    public required string CommandLine { get; init; }
}

/// <summary>A newest value: a number or a state.</summary>
/// <param name="Number">The number, in the template's unit.</param>
/// <param name="State">The state.</param>
public readonly record struct MeasureValue(double? Number, bool? State);

/// <summary>The curve of a meter with what it is of.</summary>
/// <param name="Chart">The curve.</param>
/// <param name="Measure">The measure.</param>
/// <param name="MoreMarks">How many odd things are not written in it.</param>
public sealed record MeterCurve(LineChart Chart, DeviceMeasure Measure, int MoreMarks);

/// <summary>One entry of a device's life.</summary>
/// <param name="At">When.</param>
/// <param name="Act">What.</param>
/// <param name="Organisation">Name of the organisation that signed, or in a rotation of the owner.</param>
/// <param name="To">Name of the next owner, of an offer.</param>
/// <param name="Kid">Thumbprint of the key that is admitted.</param>
/// <param name="Reason">Why, in the owner's words.</param>
/// <param name="CompromisedSince">From which entry on the key that ended must not be believed.</param>
/// <param name="Entry">Its place in the log; null until it has one.</param>
/// <param name="Custody">How the signing key was held.</param>
public sealed record DeviceLifeStep(
    DateTimeOffset At, DeviceActKind Act, Phrase Organisation, Phrase? To, string? Kid, Phrase? Reason, long? CompromisedSince, long? Entry, Custody Custody);

/// <summary>The maker's word about a device's key, and what came of checking it.</summary>
/// <param name="IsChecked">Whether the check passed; else it could not be made.</param>
/// <param name="Issuer">Who says so.</param>
/// <param name="Subject">About what.</param>
/// <param name="Why">Why it could not be checked; null when it passed.</param>
/// <param name="ValidUntil">End of the certificate.</param>
/// <param name="CheckedAt">When it was checked.</param>
public sealed record AttestationView(bool IsChecked, Phrase? Issuer, Phrase? Subject, string? Why, DateTimeOffset? ValidUntil, DateTimeOffset? CheckedAt);
