using System.Xml;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>
/// Reads EPCIS 2.0 and 1.x XML and gives each event as EPCIS 2.0 JSON, for <see cref="EpcisReader"/> to validate and hash. It holds one event at
/// a time, whatever the document's length. No input makes it throw; an error of the stream itself passes through. Not for use by several threads.
/// <para>
/// It reads no DTD (a declaration of nothing but a name is passed over), expands no entity other than the five of XML and character references, and opens nothing but the stream. Of the options it applies
/// <see cref="EpcisReadOptions.MaxDepth"/> (nesting of elements, from the root), <see cref="EpcisReadOptions.MaxEvents"/> (in the document) and
/// <see cref="EpcisReadOptions.MaxValues"/> (elements and attributes of one event). An element has at most 256 attributes, and an event or the master
/// data at most 16,777,216 characters of text. How long the document may be is for the caller to bound.
/// </para>
/// </summary>
public sealed class EpcisXmlReader : IDisposable
{
    private const int ChunkSize = 4096;

    private readonly XmlReader _xml;
    private readonly IXmlLineInfo _place;
    private readonly XmlWalk _walk;
    private readonly char[] _chunk = new char[ChunkSize];
    private bool _isAtEnd;

    private EpcisXmlReader(Stream xml, EpcisReadOptions options)
    {
        _xml = XmlReader.Create(new BareDoctype(xml), new XmlReaderSettings
        {
            CloseInput = false,
            ConformanceLevel = ConformanceLevel.Document,
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersFromEntities = 1024,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
        });
        _place = (IXmlLineInfo)_xml;
        _walk = new XmlWalk(options);
    }

    /// <summary>
    /// Faults of the document as a whole, each with its line; after one of them nothing more is read. Faults of one event are with the event.
    /// </summary>
    public IReadOnlyList<EpcisFault> Faults => _walk.Faults;

    /// <summary>Starts reading. The stream stays open and is the caller's; nothing is read yet.</summary>
    /// <param name="xml">The document, in UTF-8 or an encoding that its first bytes or XML declaration tell.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is not positive, or <see cref="EpcisReadOptions.MaxDepth"/> is above 1,000.</exception>
    public static EpcisXmlReader Open(Stream xml, EpcisReadOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxEvents);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxValues);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxDepth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxDepth, 1000);
        return new EpcisXmlReader(xml, options);
    }

    /// <summary>Reads a whole document at once and makes one JSON document of it. Safe to call from several threads.</summary>
    /// <param name="xml">The document.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is not positive, or <see cref="EpcisReadOptions.MaxDepth"/> is above 1,000.</exception>
    public static EpcisXmlDocument ReadDocument(ReadOnlyMemory<byte> xml, EpcisReadOptions options)
    {
        using var stream = new MemoryStream(xml.ToArray(), writable: false);
        using var reader = Open(stream, options);
        return DocumentMapping.Read(reader);
    }

    /// <summary>What surrounds the events, reading as far as the first of them; null when there are <see cref="Faults"/>.</summary>
    public EpcisXmlEnvelope? ReadEnvelope()
    {
        while (_walk.Envelope is null && Advance())
        {
        }
        return _walk.IsFailed ? null : _walk.Envelope;
    }

    /// <summary>The next event; null at the end of the document and when there are <see cref="Faults"/>.</summary>
    public EpcisXmlEvent? ReadEvent()
    {
        while (_walk.Event is null && Advance())
        {
        }
        var taken = _walk.IsFailed ? null : _walk.Event;
        _walk.Event = null;
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _xml.Dispose();
        _walk.Dispose();
    }

    /// <summary>One node further; false when there is nothing more to read.</summary>
    private bool Advance()
    {
        if (_isAtEnd)
        {
            return false;
        }
        try
        {
            if (!_xml.Read())
            {
                return End();
            }
            if (IsText() && _walk.TakesText)
            {
                var line = _place.LineNumber;
                while (_xml.ReadValueChunk(_chunk, 0, ChunkSize) is > 0 and var count && Append(count, line))
                {
                }
            }
            else
            {
                _walk.Step(_xml, _place.LineNumber);
            }
        }
        catch (XmlException error)
        {
            _walk.Fail(error);
        }
        return GoOn();
    }

    private bool IsText() =>
        _xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace;

    private bool Append(int count, int line) =>
        _walk.Append(_chunk.AsSpan(0, count), _xml.NodeType is XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace, line);

    private bool End()
    {
        _isAtEnd = true;
        _walk.End();
        return false;
    }

    private bool GoOn()
    {
        _isAtEnd |= _walk.IsFailed;
        return !_isAtEnd;
    }
}
