namespace TrustChain.Core.Epcis.Xml;

/// <summary>
/// One event of an XML document as EPCIS 2.0 JSON that stands on its own. It is not validated yet: that is for <see cref="EpcisReader"/>.
/// </summary>
public sealed class EpcisXmlEvent
{
    private readonly int[] _lines;

    internal EpcisXmlEvent(ReadOnlyMemory<byte> utf8, int line, int[] lines, IReadOnlyList<EpcisFault> faults)
    {
        Utf8 = utf8;
        Line = line;
        _lines = lines;
        Faults = faults;
    }

    /// <summary>
    /// The JSON object in UTF-8, with a <c>@context</c> of its own where it uses prefixes: the standard's URL first. Empty when there are
    /// <see cref="Faults"/>.
    /// </summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    /// <summary>The line where the event's element begins, from 1.</summary>
    public int Line { get; }

    /// <summary>Why the event has no JSON form; each fault has its line. The document's other events can be read all the same.</summary>
    public IReadOnlyList<EpcisFault> Faults { get; }

    internal ReadOnlySpan<int> Lines => _lines;

    /// <summary>
    /// The line of the XML element that a value of <see cref="Utf8"/> was made of; that of the nearest value around it when there is none there.
    /// </summary>
    /// <param name="jsonPointer">JSON Pointer (RFC 6901) from the event's object.</param>
    public int LineOf(string jsonPointer) => JsonLines.Find(Utf8.Span, _lines, jsonPointer, Line);

    /// <summary>A fault that <see cref="EpcisReader"/> found in <see cref="Utf8"/>, with its line in the XML in place of any in the JSON.</summary>
    public EpcisFault Locate(EpcisFault fault) => fault with { Line = LineOf(fault.JsonPointer), ByteOffset = null };
}
