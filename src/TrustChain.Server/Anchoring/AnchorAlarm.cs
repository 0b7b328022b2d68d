namespace TrustChain.Server.Anchoring;

/// <summary>What can be wrong with a target. The codes are in the database, the API, the metrics and <c>docs/anchoring.md</c>, which says what to do about each.</summary>
internal static class AnchorAlarm
{
    public const string ChainAway = "chain-away";
    public const string NodeBehind = "node-behind";
    public const string WrongChain = "wrong-chain";
    public const string WrongRegistry = "wrong-registry";
    public const string NotPublisher = "not-publisher";
    public const string FeeCeiling = "fee-ceiling";
    public const string SpendingCeiling = "spending-ceiling";
    public const string OutOfFunds = "out-of-funds";
    public const string WouldRevert = "would-revert";
    public const string Refused = "refused";
    public const string SignerAway = "signer-away";
    public const string Late = "late";
    public const string Reverted = "reverted";
    public const string NonceTaken = "nonce-taken";
    public const string DeepReorg = "deep-reorg";
    public const string AuthorityAway = "authority-away";
    public const string AuthorityRefused = "authority-refused";
    public const string AuthorityUntrusted = "authority-untrusted";

    /// <summary>Those that are over as soon as a whole round goes by without them.</summary>
    public static IReadOnlyList<string> Conditions { get; } =
    [
        ChainAway, NodeBehind, WrongChain, WrongRegistry, NotPublisher, FeeCeiling, SpendingCeiling, OutOfFunds, WouldRevert, Refused, SignerAway,
        AuthorityAway, AuthorityRefused, AuthorityUntrusted,
    ];

    /// <summary>Those that happened at one moment; they are over once a later anchor is final.</summary>
    public static IReadOnlyList<string> Incidents { get; } = [Reverted, NonceTaken, DeepReorg];
}

/// <summary>Something keeps a target from being worked on in this round.</summary>
/// <param name="code">One of <see cref="AnchorAlarm"/>.</param>
/// <param name="message">One sentence naming place and rule, for the operator.</param>
internal sealed class AnchorFaultException(string code, string message) : Exception(message)
{
    public string Code => code;
}

/// <summary>What a round of a target brought to light.</summary>
internal sealed class AnchorRound
{
    private readonly Dictionary<string, string> _raised = new(StringComparer.Ordinal);

    /// <summary>Codes with their details.</summary>
    public IReadOnlyDictionary<string, string> Raised => _raised;

    /// <summary>Everything was looked at: what was not raised is not the case.</summary>
    public bool IsWhole { get; set; } = true;

    /// <summary>Nothing waits to be anchored or mined, and the chain was not asked.</summary>
    public bool IsIdle { get; set; }

    /// <summary>An anchor became final.</summary>
    public bool BecameFinal { get; set; }

    /// <summary>Wei of the publisher, where it was asked.</summary>
    public System.Numerics.BigInteger? Balance { get; set; }

    public void Raise(string code, string detail) => _raised[code] = detail;
}
