namespace TrustChain.Core.Epcis;

/// <summary>One reason why a document was refused, or a warning about it.</summary>
/// <param name="JsonPointer">JSON Pointer (RFC 6901) to the value at fault; empty for the whole document and for syntax errors.</param>
/// <param name="Rule">Stable kebab-case code, one of <see cref="EpcisRules"/>.</param>
/// <param name="Message">One sentence for people. It may quote up to 100 characters of the input.</param>
public sealed record EpcisFault(string JsonPointer, string Rule, string Message)
{
    /// <summary>Line of a syntax error, or of the XML element at fault, from 1; null for other faults.</summary>
    public int? Line { get; init; }

    /// <summary>Offset of a syntax error in bytes from the start of the input; null for other faults.</summary>
    public int? ByteOffset { get; init; }

    /// <inheritdoc/>
    public override string ToString() => (Line, ByteOffset) switch
    {
        (null, _) => $"{(JsonPointer.Length == 0 ? "/" : JsonPointer)}: {Message} [{Rule}]",
        (_, null) => $"line {Line}: {Message} [{Rule}]",
        _ => $"line {Line}, byte {ByteOffset}: {Message} [{Rule}]",
    };
}

/// <summary>The rule codes of <see cref="EpcisFault.Rule"/>.</summary>
public static class EpcisRules
{
    /// <summary>The input is not one JSON text (RFC 8259).</summary>
    public const string MalformedJson = "malformed-json";

    /// <summary>The input is not UTF-8, or a string has an escape of a lone surrogate or of U+0000.</summary>
    public const string InvalidUnicode = "invalid-unicode";

    /// <summary>An object has two members of one name.</summary>
    public const string DuplicateMember = "duplicate-member";

    /// <summary>Nesting beyond <see cref="EpcisReadOptions.MaxDepth"/>.</summary>
    public const string TooDeep = "too-deep";

    /// <summary>More than <see cref="EpcisReadOptions.MaxValues"/> values.</summary>
    public const string TooManyValues = "too-many-values";

    /// <summary>More than <see cref="EpcisReadOptions.MaxEvents"/> events.</summary>
    public const string TooManyEvents = "too-many-events";

    /// <summary>More than <see cref="EpcisReadOptions.MaxEpcs"/> identifiers.</summary>
    public const string TooManyEpcs = "too-many-epcs";

    /// <summary>The JSON is neither an EPCIS document, nor a query document, nor an event.</summary>
    public const string NotEpcis = "not-epcis";

    /// <summary>A value has another JSON type than the standard gives it.</summary>
    public const string WrongType = "wrong-type";

    /// <summary>A required member is absent.</summary>
    public const string MissingMember = "missing-member";

    /// <summary>A member that the standard does not define and that is no extension (<c>prefix:name</c>).</summary>
    public const string UnknownMember = "unknown-member";

    /// <summary>A member that the standard defines, but not for this event type or action.</summary>
    public const string MemberNotAllowed = "member-not-allowed";

    /// <summary>The <c>@context</c> is not a URI, an object, or an array of distinct URIs and objects.</summary>
    public const string InvalidContext = "invalid-context";

    /// <summary>An event outside a document uses extensions but has no <c>@context</c>.</summary>
    public const string MissingContext = "missing-context";

    /// <summary>The <c>type</c> is none of the five event types and no URI or prefixed name.</summary>
    public const string UnknownEventType = "unknown-event-type";

    /// <summary>A value that must be an absolute URI (RFC 3986) or a prefixed name is not, or is longer than 2,048 characters.</summary>
    public const string InvalidUri = "invalid-uri";

    /// <summary>A time is no RFC 3339 date-time with an offset.</summary>
    public const string InvalidTime = "invalid-time";

    /// <summary>A time zone offset is not of the form <c>+hh:mm</c> or <c>-hh:mm</c> up to 14:00.</summary>
    public const string InvalidTimeZoneOffset = "invalid-time-zone-offset";

    /// <summary>A value is not one of those the standard lists.</summary>
    public const string UnknownValue = "unknown-value";

    /// <summary>A text does not have the form the standard gives it.</summary>
    public const string InvalidFormat = "invalid-format";

    /// <summary>A list has fewer entries than required.</summary>
    public const string EmptyList = "empty-list";

    /// <summary>A list of distinct values has one twice.</summary>
    public const string DuplicateValue = "duplicate-value";

    /// <summary>The event says nothing about anything: the lists its type and action need are absent or empty.</summary>
    public const string MissingSubject = "missing-subject";

    /// <summary>The check digit of a GS1 key is wrong.</summary>
    public const string WrongCheckDigit = "wrong-check-digit";

    /// <summary>An EPC URN of a GS1 scheme breaks the grammar of the Tag Data Standard.</summary>
    public const string InvalidEpcUrn = "invalid-epc-urn";

    /// <summary>The input is not well-formed XML 1.0 with namespaces, or not in the encoding it says.</summary>
    public const string MalformedXml = "malformed-xml";

    /// <summary>The XML has a document type declaration, which is never read.</summary>
    public const string XmlDtdProhibited = "xml-dtd-prohibited";

    /// <summary>One event of an XML document has more text than is held in memory.</summary>
    public const string EventTooLarge = "event-too-large";
}
