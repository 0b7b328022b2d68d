namespace TrustChain.Core.Epcis.Xml;

/// <summary>The two families of EPCIS XML, told apart by their namespace.</summary>
public enum EpcisXmlVersion
{
    /// <summary>EPCIS 1.0, 1.1 and 1.2: namespace <c>urn:epcglobal:epcis:xsd:1</c>. Written as 1.2.</summary>
    V1,

    /// <summary>EPCIS 2.0: namespace <c>urn:epcglobal:epcis:xsd:2</c>. Also assumed for a bare event in no namespace.</summary>
    V2,
}

/// <summary>What surrounds the events of an XML document, as far as it is known before the first event.</summary>
public sealed record EpcisXmlEnvelope
{
    /// <summary>Document, query document, or one event on its own. A master data document counts as a document without events.</summary>
    public required EpcisDocumentKind Kind { get; init; }

    /// <summary>The family of the root's namespace.</summary>
    public required EpcisXmlVersion Version { get; init; }

    /// <summary>The root's <c>schemaVersion</c> as given, such as <c>1.2</c>; null for a bare event.</summary>
    public string? SchemaVersion { get; init; }

    /// <summary>The root's <c>creationDate</c> as given; null for a bare event. It is not checked here.</summary>
    public string? CreationDate { get; init; }

    /// <summary>The <c>queryName</c> of a query document.</summary>
    public string? QueryName { get; init; }

    /// <summary>The <c>subscriptionID</c> of a query document.</summary>
    public string? SubscriptionId { get; init; }

    /// <summary>
    /// Master data as the JSON array <c>vocabularyList</c> of EPCIS 2.0, in UTF-8: that of the header, or the result of a master data query. Empty
    /// when there is none.
    /// </summary>
    public ReadOnlyMemory<byte> VocabularyList { get; init; }

    /// <summary>The JSON <c>@context</c> value, in UTF-8, that declares the prefixes <see cref="VocabularyList"/> uses; never empty.</summary>
    public required ReadOnlyMemory<byte> Context { get; init; }

    /// <summary>The line of each value of <see cref="VocabularyList"/>, in document order.</summary>
    internal IReadOnlyList<int> VocabularyLines { get; init; } = [];

    /// <summary>The line of the root element, from 1.</summary>
    internal int Line { get; init; }
}
