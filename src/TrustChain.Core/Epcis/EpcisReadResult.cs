namespace TrustChain.Core.Epcis;

/// <summary>What the input of <see cref="EpcisReader.Read"/> was.</summary>
public enum EpcisDocumentKind
{
    /// <summary>Not recognised; there are faults.</summary>
    Unknown,

    /// <summary>An <c>EPCISDocument</c> (capture).</summary>
    Document,

    /// <summary>An <c>EPCISQueryDocument</c> (query answer).</summary>
    QueryDocument,

    /// <summary>One event on its own.</summary>
    Event,
}

/// <summary>The outcome of <see cref="EpcisReader.Read"/>: all events of the input, or the reasons why it was refused.</summary>
public sealed class EpcisReadResult
{
    /// <summary>True when the whole input is valid; then <see cref="Faults"/> is empty.</summary>
    public bool IsValid => Faults.Count == 0;

    /// <summary>What the input says it is.</summary>
    public required EpcisDocumentKind Kind { get; init; }

    /// <summary>The events in document order; empty when there are faults.</summary>
    public required IReadOnlyList<EpcisEvent> Events { get; init; }

    /// <summary>The elements of the document's master data; empty when there are faults.</summary>
    public IReadOnlyList<VocabularyElement> MasterData { get; init; } = [];

    /// <summary>Up to the first 50 faults, in document order within each event.</summary>
    public required IReadOnlyList<EpcisFault> Faults { get; init; }

    /// <summary>Up to the first 50 findings that <see cref="CheckDigitPolicy.Warn"/> lets pass.</summary>
    public required IReadOnlyList<EpcisFault> Warnings { get; init; }
}
