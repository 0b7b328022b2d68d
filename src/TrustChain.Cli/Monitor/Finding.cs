using TrustChain.Cli.Fsck;

namespace TrustChain.Cli.Monitor;

/// <summary>Something a round found wrong or could not check.</summary>
/// <param name="Code">One of <see cref="AlarmCodes"/> or <see cref="FaultCodes"/>.</param>
/// <param name="Subject">What it is about: with the code the name under which it is the same finding in the next round.</param>
/// <param name="Message">What is wrong.</param>
internal sealed record Finding(string Code, string Subject, string Message)
{
    /// <summary>What shows it to others, where there is more than the newest checkpoint.</summary>
    public FaultEvidence? Evidence { get; init; }

    /// <summary>A warning says nothing against the log: something could not be checked, or somebody may have to act.</summary>
    public bool IsWarning => Code is AlarmCodes.Unreachable or AlarmCodes.UnusableReceipt or AlarmCodes.RecoveryAnnounced;
}

/// <summary>Kinds of alarms beside <see cref="FaultCodes"/>. Fixed like those.</summary>
internal static class AlarmCodes
{
    /// <summary>What has been in the log for too long is under no anchor yet.</summary>
    public const string LateAnchor = "late-anchor";

    /// <summary>A promise of the log fell due, and the log does not show what it promised.</summary>
    public const string BrokenReceipt = "broken-receipt";

    /// <summary>A warning: the server or a node did not answer.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>A warning: the operator announced a new key for an organisation, which can still object.</summary>
    public const string RecoveryAnnounced = "recovery-announced";

    /// <summary>A warning: a file is no receipt of this log, or nothing says which events it is about.</summary>
    public const string UnusableReceipt = "unusable-receipt";
}

/// <summary>What one round saw.</summary>
internal sealed record RoundResult
{
    /// <summary>What is wrong now.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Codes that were checked to the end: an open alarm of such a code that is not among the findings is over.</summary>
    public required IReadOnlySet<string> Settled { get; init; }

    /// <summary>Alarms that stay as they are although their code was checked.</summary>
    public required IReadOnlySet<(string Code, string Subject)> Undecided { get; init; }

    /// <summary>Size of the served checkpoint; null when there was none.</summary>
    public long? ServedSize { get; init; }

    /// <summary>Size under the newest anchor; null when nobody said.</summary>
    public long? AnchoredSize { get; init; }
}
