namespace TrustChain.Cli.Monitor;

/// <summary>How a monitor works.</summary>
internal sealed record MonitorOptions
{
    /// <summary>Folder of its memory.</summary>
    public required string StateFolder { get; init; }

    /// <summary>From the start of one round to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>One round only.</summary>
    public bool Once { get; init; }

    /// <summary>How long an entry may be in the log without an anchor.</summary>
    public TimeSpan MaxAnchorAge { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>A recovery of keys that names a shorter delay leaves no time to object.</summary>
    public TimeSpan MinRecoveryDelay { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Folder of receipts, if any.</summary>
    public string? ReceiptFolder { get; init; }

    /// <summary>File for the state of the last round, if any.</summary>
    public string? StatusFile { get; init; }
}
