using System.Buffers;
using System.Globalization;
using System.Text;
using System.Xml;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>
/// Writes stored events, one at a time, or master data as an EPCIS XML query document, in the order of the official schemas. What XML cannot say is left
/// out and reported by the call that met it. Nothing is read back or kept. Not for use by several threads.
/// </summary>
public sealed class EpcisXmlWriter : IDisposable
{
    private readonly XmlWriter _xml;
    private readonly EventXml _events;
    private readonly bool _isV1;
    private readonly bool _isPart;
    private State _state;

    /// <summary>Writes to a stream, without waiting; it stays open.</summary>
    public EpcisXmlWriter(Stream output, EpcisXmlWriteOptions options)
    {
        _xml = XmlWriter.Create(output, new XmlWriterSettings
        {
            Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            CloseOutput = false,
            NewLineHandling = NewLineHandling.Entitize,
        });
        _isV1 = options.Version == EpcisXmlVersion.V1;
        _events = new EventXml(_xml, options);
    }

    /// <summary>Writes to a buffer, which has all bytes of an event when the call that writes it returns.</summary>
    public EpcisXmlWriter(IBufferWriter<byte> output, EpcisXmlWriteOptions options)
        : this(new BufferWriterStream(output), options)
    {
    }

    /// <summary>
    /// Writes into a document that the caller has begun, ends and disposes of, such as a message around the results: <see cref="BeginQueryResults"/>, then
    /// events or master data, then <see cref="End"/>.
    /// </summary>
    public EpcisXmlWriter(XmlWriter document, EpcisXmlWriteOptions options)
    {
        _xml = document;
        _isPart = true;
        _isV1 = options.Version == EpcisXmlVersion.V1;
        _events = new EventXml(_xml, options);
    }

    private string QueryNamespace => _isV1 ? XmlNames.Query1 : XmlNames.Query2;

    private enum State
    {
        New,
        Query,
        Events,
        Vocabularies,
        Ended,
    }

    /// <summary>Begins an <c>EPCISQueryDocument</c> with <c>QueryResults</c>.</summary>
    /// <param name="creationDate">Written in UTC with milliseconds.</param>
    /// <param name="queryName">The query's name, such as <c>SimpleEventQuery</c>.</param>
    /// <param name="subscriptionId">The subscription the results belong to; null for a query asked once.</param>
    public void BeginQueryDocument(DateTimeOffset creationDate, string queryName, string? subscriptionId)
    {
        Require(State.New);
        _xml.WriteStartDocument();
        _xml.WriteStartElement("epcisq", "EPCISQueryDocument", QueryNamespace);
        WriteDeclarations();
        _xml.WriteAttributeString("schemaVersion", _isV1 ? "1.2" : "2.0");
        _xml.WriteAttributeString("creationDate", Format(creationDate));
        _xml.WriteStartElement("EPCISBody");
        _xml.WriteStartElement("epcisq", "QueryResults", QueryNamespace);
        WriteResultsHead(queryName, subscriptionId);
    }

    /// <summary>Begins <c>QueryResults</c> on their own, as they stand in a SOAP message. Only for the constructor that takes a document.</summary>
    /// <param name="queryName">The query's name.</param>
    /// <param name="subscriptionId">The subscription the results belong to; null for a query asked once.</param>
    public void BeginQueryResults(string queryName, string? subscriptionId)
    {
        Require(State.New);
        _xml.WriteStartElement("epcisq", "QueryResults", QueryNamespace);
        WriteDeclarations();
        WriteResultsHead(queryName, subscriptionId);
    }

    /// <summary>Writes one event.</summary>
    /// <param name="utf8">A valid EPCIS 2.0 event in JSON that stands on its own, as <see cref="EpcisEvent.ToStandaloneUtf8"/> gives it.</param>
    /// <param name="recordTime">The repository's record time, in place of any in the event; null leaves it.</param>
    /// <param name="eventId">An eventID for an event that has none; null for none.</param>
    /// <returns>What was left out, up to 50; a loss with an empty pointer is the whole event. Empty when the XML says all the event says.</returns>
    /// <exception cref="ArgumentException">The bytes are no JSON object.</exception>
    public IReadOnlyList<EpcisXmlLoss> WriteEvent(ReadOnlyMemory<byte> utf8, DateTimeOffset? recordTime = null, string? eventId = null)
    {
        if (_state == State.Query)
        {
            _xml.WriteStartElement("EventList");
            _state = State.Events;
        }
        Require(State.Events);
        var losses = _events.Write(utf8, recordTime is { } time ? Format(time) : null, eventId);
        _xml.Flush();
        return losses;
    }

    /// <summary>Writes the results of a master data query, in place of events and once.</summary>
    /// <param name="utf8">The JSON array <c>vocabularyList</c> in UTF-8.</param>
    /// <param name="context">The JSON <c>@context</c> value it stands under; empty when it uses no prefixes but the standard's.</param>
    /// <returns>What was left out, up to 50.</returns>
    /// <exception cref="ArgumentException">The bytes are no JSON array.</exception>
    public IReadOnlyList<EpcisXmlLoss> WriteVocabularyList(ReadOnlyMemory<byte> utf8, ReadOnlyMemory<byte> context)
    {
        Require(State.Query);
        _state = State.Vocabularies;
        var losses = _events.WriteVocabularyList(utf8, context);
        _xml.Flush();
        return losses;
    }

    /// <summary>Completes the document, or the query results in the caller's. Without events it has an empty <c>EventList</c>.</summary>
    public void End()
    {
        var isInList = _state == State.Events;
        if (_state == State.Query)
        {
            _xml.WriteStartElement("EventList");
            _xml.WriteEndElement();
        }
        else if (_state != State.Vocabularies)
        {
            Require(State.Events);
        }
        if (_isPart)
        {
            if (isInList)
            {
                _xml.WriteEndElement();
            }
            _xml.WriteEndElement(); // resultsBody
            _xml.WriteEndElement(); // QueryResults
        }
        else
        {
            _xml.WriteEndDocument();
        }
        _xml.Flush();
        _state = State.Ended;
    }

    /// <summary>Ends without completing the document.</summary>
    public void Dispose()
    {
        _events.Dispose();
        // Closing an XmlWriter in the middle would end all elements and so pretend that the document is whole.
        if (_state == State.Ended && !_isPart)
        {
            _xml.Dispose();
        }
    }

    private void WriteDeclarations()
    {
        _xml.WriteAttributeString("xmlns", "xsi", null, XmlNames.Instance);
        _xml.WriteAttributeString("xmlns", "xs", null, XmlNames.Schema);
        _xml.WriteAttributeString("xmlns", "cbvmda", null, "urn:epcglobal:cbv:mda:");
    }

    private void WriteResultsHead(string queryName, string? subscriptionId)
    {
        _xml.WriteElementString("queryName", EventXml.Printable(queryName));
        if (subscriptionId is not null)
        {
            _xml.WriteElementString("subscriptionID", EventXml.Printable(subscriptionId));
        }
        _xml.WriteStartElement("resultsBody");
        _state = State.Query;
    }

    private static string Format(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private void Require(State state)
    {
        if (_state != state)
        {
            throw new InvalidOperationException($"The document is in the state {_state}, not {state}.");
        }
    }
}
