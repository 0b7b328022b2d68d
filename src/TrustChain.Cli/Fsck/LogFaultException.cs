namespace TrustChain.Cli.Fsck;

/// <summary>Ends a check at the first place where the log contradicts itself, its checkpoints, or the chain. The message names the place.</summary>
/// <param name="code">One of <see cref="FaultCodes"/>.</param>
/// <param name="subject">The place alone, such as <c>leaf 12</c>: the same for as long as it is the same fault.</param>
/// <param name="message">What is wrong there.</param>
internal sealed class LogFaultException(string code, string subject, string message) : Exception(message)
{
    /// <summary>One of <see cref="FaultCodes"/>.</summary>
    public string Code { get; } = code;

    /// <summary>The place alone.</summary>
    public string Subject { get; } = subject;

    /// <summary>What a stranger needs to see the same contradiction, where signed things contradict each other.</summary>
    public FaultEvidence? Evidence { get; init; }
}

/// <summary>Kinds of faults. Fixed: scripts rely on them, and <c>docs/auditing.md</c> says of each what it proves.</summary>
internal static class FaultCodes
{
    /// <summary>Two checkpoints, both signed by the log, of which the larger does not continue the smaller.</summary>
    public const string Fork = "fork";

    /// <summary>The log shows a smaller checkpoint than one it signed before.</summary>
    public const string Rollback = "rollback";

    /// <summary>The checkpoint is malformed, or not signed by the log.</summary>
    public const string BadCheckpoint = "bad-checkpoint";

    /// <summary>An entry or tile is missing, malformed, or does not lead to the signed root.</summary>
    public const string BadEntry = "bad-entry";

    /// <summary>A key entry or device entry breaks the rules by which keys succeed each other.</summary>
    public const string BadKeyChange = "bad-key-change";

    /// <summary>An anchor, listed or in the contract, is not one of this log's roots.</summary>
    public const string AnchorMismatch = "anchor-mismatch";
}
