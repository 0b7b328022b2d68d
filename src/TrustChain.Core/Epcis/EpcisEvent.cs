using TrustChain.Core.Log;

namespace TrustChain.Core.Epcis;

/// <summary>The action of an event (EPCIS 2.0 section 7.3.2).</summary>
public enum EpcisAction
{
    /// <summary>The thing was seen and nothing about it changed.</summary>
    Observe,

    /// <summary>The thing came into being, or was added to its parent.</summary>
    Add,

    /// <summary>The thing ceased to be, or was taken from its parent.</summary>
    Delete,
}

/// <summary>One valid EPCIS 2.0 event. It keeps the buffer it was read from alive.</summary>
public sealed class EpcisEvent
{
    internal EpcisEvent()
    {
    }

    /// <summary>The <c>type</c> as given: one of the five standard names, or a URI or prefixed name of an extension type.</summary>
    public required string EventType { get; init; }

    /// <summary>The type with its prefix expanded: a standard name, or the URI of an extension type.</summary>
    public required string ExpandedEventType { get; init; }

    /// <summary>The <c>eventID</c> as given. It is not compared with <see cref="EventHash"/>.</summary>
    public string? EventId { get; init; }

    /// <summary>The <c>eventTime</c> as an instant (offset zero), cut to 100 ns.</summary>
    public required DateTimeOffset EventTime { get; init; }

    /// <summary>The <c>eventTimeZoneOffset</c> as given, such as <c>+02:00</c>.</summary>
    public required string EventTimeZoneOffset { get; init; }

    /// <summary>The <c>recordTime</c> as an instant (offset zero), cut to 100 ns.</summary>
    public DateTimeOffset? RecordTime { get; init; }

    /// <summary>The <c>action</c>; null for a TransformationEvent.</summary>
    public EpcisAction? Action { get; init; }

    /// <summary>The business step as a URI; a standard one as <c>https://ref.gs1.org/cbv/BizStep-…</c>.</summary>
    public string? BizStep { get; init; }

    /// <summary>The disposition as a URI; a standard one as <c>https://ref.gs1.org/cbv/Disp-…</c>.</summary>
    public string? Disposition { get; init; }

    /// <summary>The read point's canonical URI.</summary>
    public string? ReadPoint { get; init; }

    /// <summary>The business location's canonical URI.</summary>
    public string? BizLocation { get; init; }

    /// <summary>The transformation's canonical URI.</summary>
    public string? TransformationId { get; init; }

    /// <summary>What the event speaks about: parent, EPCs, then classes, each in document order; duplicates stay.</summary>
    public required IReadOnlyList<EpcisItem> Items { get; init; }

    /// <summary>The <c>sourceList</c> in document order.</summary>
    public required IReadOnlyList<EpcisReference> Sources { get; init; }

    /// <summary>The <c>destinationList</c> in document order.</summary>
    public required IReadOnlyList<EpcisReference> Destinations { get; init; }

    /// <summary>The <c>bizTransactionList</c> in document order.</summary>
    public required IReadOnlyList<EpcisReference> BizTransactions { get; init; }

    /// <summary>The <c>certificationInfo</c> as given: none, one or several URIs.</summary>
    public required IReadOnlyList<string> CertificationInfo { get; init; }

    /// <summary>One line per sensor report, and per sensor element whose metadata names a device.</summary>
    public required IReadOnlyList<SensorReading> SensorReadings { get; init; }

    /// <summary>Set when the event declares an earlier one (with the same event hash) wrong.</summary>
    public ErrorDeclaration? ErrorDeclaration { get; init; }

    /// <summary>Whether the event has instance or lot master data.</summary>
    public bool HasIlmd { get; init; }

    /// <summary>The CBV 2.0 event hash (SHA-256).</summary>
    public required Hash32 EventHash { get; init; }

    /// <summary>The event hash as <c>ni:///sha-256;…?ver=CBV2.0</c> with 64 lower-case hexadecimal digits.</summary>
    public string EventHashUri => Epcis.EventHash.ToUri(EventHash);

    /// <summary>The event's JSON object exactly as it stands in the input: a slice, not a copy.</summary>
    public required ReadOnlyMemory<byte> Utf8 { get; init; }

    /// <summary>True when the event uses extensions or prefixes and relies on its document's <c>@context</c> for them.</summary>
    public bool NeedsDocumentContext => !DocumentContext.IsEmpty;

    /// <summary>The document's <c>@context</c> value where the event needs it, else empty.</summary>
    internal ReadOnlyMemory<byte> DocumentContext { get; init; }

    /// <summary>Where the event's own <c>@context</c> value lies within <see cref="Utf8"/>; length 0 when it has none.</summary>
    internal (int Start, int Length) OwnContext { get; init; }

    /// <summary>
    /// The event as JSON that stands on its own: <see cref="Utf8"/> unless it needs its document's <c>@context</c>, which is then put in as its first
    /// member (before the event's own context, if any). Reading these bytes again gives the same event hash.
    /// </summary>
    public ReadOnlyMemory<byte> ToStandaloneUtf8() =>
        NeedsDocumentContext ? StandaloneEvent.Write(Utf8.Span, DocumentContext.Span, OwnContext) : Utf8;
}
