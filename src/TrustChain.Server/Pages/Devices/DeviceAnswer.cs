using TrustChain.Core.Devices;

namespace TrustChain.Server.Pages.Devices;

/// <summary>What the checks of a device's history say together.</summary>
public enum DeviceAnswerKind
{
    /// <summary>Nothing failed.</summary>
    Passed,

    /// <summary>Something is missing or odd that may be innocent.</summary>
    TakeCare,

    /// <summary>Something honest operation does not bring about.</summary>
    DoNotRely,

    /// <summary>There was nothing to check.</summary>
    CouldNotCheck,
}

/// <summary>The answer over a period.</summary>
/// <param name="Kind">The answer.</param>
/// <param name="Check">The check that decided it; <c>refusals</c> for statements that were refused though a key of the device signed them; empty when none did.</param>
/// <param name="AlsoFailed">Further checks that failed.</param>
/// <param name="NotChecked">How many checks could not be made.</param>
public sealed record DeviceAnswer(DeviceAnswerKind Kind, string Check, IReadOnlyList<string> AlsoFailed, int NotChecked)
{
    /// <summary>How it is shown.</summary>
    public VerdictTone Tone => Kind switch
    {
        DeviceAnswerKind.Passed => VerdictTone.Good,
        DeviceAnswerKind.TakeCare => VerdictTone.Warning,
        DeviceAnswerKind.DoNotRely => VerdictTone.Bad,
        _ => VerdictTone.Unsure,
    };

    /// <summary>Whether what made a check fail is more than a notice.</summary>
    /// <param name="verdict">The answer of the check.</param>
    /// <param name="period">Where it comes from.</param>
    public static bool IsGrave(DeviceVerdict verdict, DevicePeriod period) =>
        verdict.Outcome == VerdictOutcome.Failed && period.Findings.Any(f => f.Code == verdict.Code && f.Severity == FindingSeverity.Alarm);

    /// <summary>The answer of a period.</summary>
    /// <param name="period">The period.</param>
    /// <param name="refusals">Statements that were refused though a key of the device signed them.</param>
    public static DeviceAnswer Of(DevicePeriod period, IEnumerable<Finding> refusals)
    {
        var failed = period.Verdicts.Where(static v => v.Outcome == VerdictOutcome.Failed).OrderByDescending(v => IsGrave(v, period)).ToList();
        var isGrave = failed.Count > 0 && IsGrave(failed[0], period);
        List<string> checks = [.. failed.Select(static v => v.Check)];
        if (refusals.Any(static r => r.Severity == FindingSeverity.Alarm))
        {
            checks.Insert(isGrave ? 1 : 0, "refusals");
            isGrave = true;
        }
        var kind = isGrave ? DeviceAnswerKind.DoNotRely
            : checks.Count > 0 ? DeviceAnswerKind.TakeCare
            : period.Statements > 0 ? DeviceAnswerKind.Passed
            : DeviceAnswerKind.CouldNotCheck;
        return new DeviceAnswer(kind, checks.Count > 0 ? checks[0] : "", [.. checks.Skip(1)], period.Verdicts.Count(static v => v.Outcome == VerdictOutcome.CouldNotCheck));
    }
}
