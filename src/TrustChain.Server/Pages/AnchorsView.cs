namespace TrustChain.Server.Pages;

/// <summary>What the page about anchoring shows.</summary>
/// <param name="LogSize">Entries under the latest checkpoint; 0 while there is none.</param>
/// <param name="Targets">Where the log is anchored, the one of the evidence first.</param>
public sealed record AnchorsView(long LogSize, IReadOnlyList<AnchorTargetView> Targets);

/// <summary>One place that the log is anchored in.</summary>
public sealed record AnchorTargetView
{
    /// <summary>Name in the configuration.</summary>
    public required string Name { get; init; }

    /// <summary>Chain id of a contract; null for a timestamp authority.</summary>
    public long? ChainId { get; init; }

    /// <summary>Address of the contract, or scheme and host of the authority.</summary>
    public required string Place { get; init; }

    /// <summary><c>failing</c>, <c>anchoring</c>, <c>waiting</c> or <c>current</c>.</summary>
    public required string State { get; init; }

    /// <summary>Entries that no final anchor covers.</summary>
    public required long LagEntries { get; init; }

    /// <summary>Since when the oldest of them waits; null when none does.</summary>
    public DateTimeOffset? WaitingSince { get; init; }

    /// <summary>An entry is anchored at the latest after this time.</summary>
    public required TimeSpan Latency { get; init; }

    /// <summary>Coins per entry; null when not known.</summary>
    public decimal? CostPerRecord { get; init; }

    /// <summary>Coins since midnight UTC; null where nothing is paid.</summary>
    public decimal? SpentToday { get; init; }

    /// <summary>Most coins a day; null where nothing is paid.</summary>
    public decimal? MaxSpendPerDay { get; init; }

    /// <summary>What the coin is called.</summary>
    public string Currency { get; init; } = "";

    /// <summary>What fails or failed, open ones first.</summary>
    public IReadOnlyList<AnchorFailureView> Failures { get; init; } = [];

    /// <summary>Newest first.</summary>
    public IReadOnlyList<AnchorRow> Anchors { get; init; } = [];
}

/// <summary>Something that failed.</summary>
/// <param name="Code">Its code, as in the documentation.</param>
/// <param name="Detail">What exactly, in English.</param>
/// <param name="BeganAt">Since when.</param>
/// <param name="EndedAt">Until when; null while it lasts.</param>
public sealed record AnchorFailureView(string Code, string Detail, DateTimeOffset BeganAt, DateTimeOffset? EndedAt);

/// <summary>A row of the table of anchors.</summary>
/// <param name="Size">Entries.</param>
/// <param name="State">Name of its state in the API.</param>
/// <param name="Time">Time of the block or timestamp; null while there is none.</param>
/// <param name="Block">Its block; null for timestamps and while there is none.</param>
/// <param name="Transaction">Its transaction; empty while it is not known.</param>
/// <param name="Download">Path of a timestamp's token; null for none.</param>
public sealed record AnchorRow(long Size, string State, DateTimeOffset? Time, long? Block, string Transaction, string? Download);
