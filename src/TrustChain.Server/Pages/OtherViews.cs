namespace TrustChain.Server.Pages;

/// <summary>What the page about an unknown item shows.</summary>
/// <param name="Item">The identifier as understood, or the address as typed when it could not be understood.</param>
/// <param name="Labels">Its keys and qualifiers; empty when there are none.</param>
/// <param name="Fault">What is wrong with the code itself, such as a wrong check digit; null when it is well-formed.</param>
public sealed record UnknownItemView(string Item, IReadOnlyList<ItemLabel> Labels, Phrase? Fault = null);

/// <summary>What the page about an error shows. Never an exception's message.</summary>
/// <param name="Status">HTTP status code.</param>
/// <param name="Code">Problem code as in the API's problem details; null for none.</param>
/// <param name="Detail">One sentence on what is wrong, where the reader can mend it; null else.</param>
/// <param name="TraceId">Identifier to tell the operator; null for none.</param>
/// <param name="RetryAfter">When to try again; null when unknown.</param>
public sealed record ProblemView(int Status, string? Code = null, Phrase? Detail = null, string? TraceId = null, TimeSpan? RetryAfter = null);

/// <summary>What the home page shows.</summary>
public sealed record HomeView
{
    /// <summary>Items to look at, such as the demos; empty for none.</summary>
    public IReadOnlyList<HomeItem> Items { get; init; } = [];

    /// <summary>Name of the log.</summary>
    public required string LogOrigin { get; init; }

    /// <summary>Entries under the latest checkpoint; 0 while there is none.</summary>
    public long LogSize { get; init; }

    /// <summary>When the latest checkpoint was signed; null while there is none.</summary>
    public DateTimeOffset? CheckpointTime { get; init; }

    /// <summary>The latest final anchor; null while there is none.</summary>
    public AnchorView? LastAnchor { get; init; }

    /// <summary>Further links, such as documentation; label and address.</summary>
    public IReadOnlyList<(Phrase Label, string Url)> Links { get; init; } = [];
}

/// <summary>An item on the home page.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Url">Path of its page.</param>
/// <param name="Remark">What there is to see; null for nothing.</param>
public sealed record HomeItem(Phrase Name, string Url, Phrase? Remark = null);
