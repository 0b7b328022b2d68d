namespace TrustChain.Core.Epcis.Xml;

/// <summary>A whole XML document as one EPCIS 2.0 JSON document, or the reasons why it has no such form.</summary>
public sealed class EpcisXmlDocument
{
    private readonly int[] _lines;

    internal EpcisXmlDocument(ReadOnlyMemory<byte> utf8, int[] lines, EpcisXmlEnvelope? envelope, int[] eventLines, IReadOnlyList<EpcisFault> faults)
    {
        Utf8 = utf8;
        _lines = lines;
        Envelope = envelope;
        EventLines = eventLines;
        Faults = faults;
    }

    /// <summary>True when <see cref="Utf8"/> is there; it is still for <see cref="EpcisReader"/> to validate.</summary>
    public bool IsReadable => Faults.Count == 0;

    /// <summary>The JSON in UTF-8: document, query document or event. Empty when there are faults.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    /// <summary>What surrounds the events; null when reading failed before it was known.</summary>
    public EpcisXmlEnvelope? Envelope { get; }

    /// <summary>The line of each event's element, from 1, in document order.</summary>
    public IReadOnlyList<int> EventLines { get; }

    /// <summary>Up to 50 faults, each with its line.</summary>
    public IReadOnlyList<EpcisFault> Faults { get; }

    /// <summary>
    /// The line of the XML element that a value of <see cref="Utf8"/> was made of; that of the nearest value around it when there is none there.
    /// </summary>
    /// <param name="jsonPointer">JSON Pointer (RFC 6901) from the document's object.</param>
    public int LineOf(string jsonPointer) => JsonLines.Find(Utf8.Span, _lines, jsonPointer, 1);

    /// <summary>A fault that <see cref="EpcisReader"/> found in <see cref="Utf8"/>, with its line in the XML in place of any in the JSON.</summary>
    public EpcisFault Locate(EpcisFault fault) => fault with { Line = LineOf(fault.JsonPointer), ByteOffset = null };
}
