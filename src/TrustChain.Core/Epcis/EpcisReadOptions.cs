namespace TrustChain.Core.Epcis;

/// <summary>What to do with an identifier that looks like a GS1 key but breaks its rules (check digit, EPC URN grammar).</summary>
public enum CheckDigitPolicy
{
    /// <summary>The document is refused.</summary>
    Refuse,

    /// <summary>The document is read and the finding is listed in <see cref="EpcisReadResult.Warnings"/>.</summary>
    Warn,
}

/// <summary>Limits and choices of one <see cref="EpcisReader.Read"/>. Every limit is a positive number; beyond it the document is refused.</summary>
public sealed record EpcisReadOptions
{
    /// <summary>The limits of a signed body: 1,000 events, depth 32, 20,000 EPCs, check digits refused.</summary>
    public static EpcisReadOptions Default { get; } = new();

    /// <summary>Most events in one document.</summary>
    public int MaxEvents { get; init; } = 1000;

    /// <summary>Deepest nesting of JSON objects and arrays; the outermost object is depth 1. At most 1,000.</summary>
    public int MaxDepth { get; init; } = 32;

    /// <summary>Most EPCs, EPC classes and parents over all events of one document.</summary>
    public int MaxEpcs { get; init; } = 20_000;

    /// <summary>Most JSON values (objects, arrays and scalars together) in one document.</summary>
    public int MaxValues { get; init; } = 2_000_000;

    /// <summary>What to do with a wrong check digit or a malformed EPC URN.</summary>
    public CheckDigitPolicy CheckDigits { get; init; } = CheckDigitPolicy.Refuse;

    /// <summary>
    /// Whether standard vocabulary may be written with its old URN (<c>urn:epcglobal:cbv:bizstep:shipping</c>) or, for sensor types, with the
    /// GS1 Web Vocabulary URI. The JSON schema refuses both spellings, so the default is false; the event hash is the same either way.
    /// </summary>
    public bool AllowLongVocabulary { get; init; }
}
