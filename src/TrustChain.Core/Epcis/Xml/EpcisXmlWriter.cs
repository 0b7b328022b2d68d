using System.Buffers;
using System.Globalization;
using System.Text;
using System.Xml;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>
/// Writes stored events as an EPCIS XML document, one at a time, in the order of the official schemas. What XML cannot say is left out and reported
/// by the call that met it. Nothing is read back or kept. Not for use by several threads.
/// </summary>
public sealed class EpcisXmlWriter : IDisposable
{
    private readonly XmlWriter _xml;
    private readonly EventXml _events;
    private readonly bool _isV1;
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

    private enum State
    {
        New,
        Document,
        Query,
        Events,
        Vocabularies,
        Ended,
    }

    /// <summary>Begins an <c>EPCISDocument</c>.</summary>
    /// <param name="creationDate">Written in UTC with milliseconds.</param>
    /// <param name="vocabularyList">
    /// Master data for the header, a JSON array in UTF-8; empty for none. EPCIS 1.2 allows it only beside a Standard Business Document Header, so
    /// there it is left out and reported.
    /// </param>
    /// <param name="context">The JSON <c>@context</c> value of the master data; empty when it uses no prefixes but the standard's.</param>
    /// <returns>What was left out.</returns>
    /// <exception cref="ArgumentException">The master data is no JSON array.</exception>
    public IReadOnlyList<EpcisXmlLoss> BeginDocument(
        DateTimeOffset creationDate, ReadOnlyMemory<byte> vocabularyList = default, ReadOnlyMemory<byte> context = default)
    {
        Require(State.New);
        WriteRoot("epcis", "EPCISDocument", _isV1 ? XmlNames.Epcis1 : XmlNames.Epcis2, creationDate);
        IReadOnlyList<EpcisXmlLoss> losses = [];
        if (!vocabularyList.IsEmpty && _isV1)
        {
            losses = [new EpcisXmlLoss("", "EPCIS 1.2 has master data in a header only beside a Standard Business Document Header.")];
        }
        else if (!vocabularyList.IsEmpty)
        {
            _xml.WriteStartElement("EPCISHeader");
            _xml.WriteStartElement("extension");
            _xml.WriteStartElement("EPCISMasterData");
            losses = _events.WriteVocabularyList(vocabularyList, context);
            _xml.WriteEndElement();
            _xml.WriteEndElement();
            _xml.WriteEndElement();
        }
        _xml.WriteStartElement("EPCISBody");
        _state = State.Document;
        return losses;
    }

    /// <summary>Begins an <c>EPCISQueryDocument</c> with <c>QueryResults</c>.</summary>
    /// <param name="creationDate">Written in UTC with milliseconds.</param>
    /// <param name="queryName">The query's name, such as <c>SimpleEventQuery</c>.</param>
    /// <param name="subscriptionId">The subscription the results belong to; null for a query asked once.</param>
    public void BeginQueryDocument(DateTimeOffset creationDate, string queryName, string? subscriptionId)
    {
        Require(State.New);
        var uri = _isV1 ? XmlNames.Query1 : XmlNames.Query2;
        WriteRoot("epcisq", "EPCISQueryDocument", uri, creationDate);
        _xml.WriteStartElement("EPCISBody");
        _xml.WriteStartElement("epcisq", "QueryResults", uri);
        _xml.WriteElementString("queryName", EventXml.Printable(queryName));
        if (subscriptionId is not null)
        {
            _xml.WriteElementString("subscriptionID", EventXml.Printable(subscriptionId));
        }
        _xml.WriteStartElement("resultsBody");
        _state = State.Query;
    }

    /// <summary>Writes one event.</summary>
    /// <param name="utf8">A valid EPCIS 2.0 event in JSON that stands on its own, as <see cref="EpcisEvent.ToStandaloneUtf8"/> gives it.</param>
    /// <param name="recordTime">The repository's record time, in place of any in the event; null leaves it.</param>
    /// <param name="eventId">An eventID for an event that has none; null for none.</param>
    /// <returns>What was left out, up to 50; a loss with an empty pointer is the whole event. Empty when the XML says all the event says.</returns>
    /// <exception cref="ArgumentException">The bytes are no JSON object.</exception>
    public IReadOnlyList<EpcisXmlLoss> WriteEvent(ReadOnlyMemory<byte> utf8, DateTimeOffset? recordTime = null, string? eventId = null)
    {
        if (_state is State.Document or State.Query)
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

    /// <summary>Completes the document. Without events it has an empty <c>EventList</c>.</summary>
    public void End()
    {
        if (_state is State.Document or State.Query)
        {
            _xml.WriteStartElement("EventList");
            _xml.WriteEndElement();
        }
        else if (_state != State.Vocabularies)
        {
            Require(State.Events);
        }
        _xml.WriteEndDocument();
        _xml.Flush();
        _state = State.Ended;
    }

    /// <summary>Ends without completing the document.</summary>
    public void Dispose()
    {
        _events.Dispose();
        // Closing an XmlWriter in the middle would end all elements and so pretend that the document is whole.
        if (_state == State.Ended)
        {
            _xml.Dispose();
        }
    }

    private void WriteRoot(string prefix, string name, string uri, DateTimeOffset creationDate)
    {
        _xml.WriteStartDocument();
        _xml.WriteStartElement(prefix, name, uri);
        _xml.WriteAttributeString("xmlns", "xsi", null, XmlNames.Instance);
        _xml.WriteAttributeString("xmlns", "xs", null, XmlNames.Schema);
        _xml.WriteAttributeString("xmlns", "cbvmda", null, "urn:epcglobal:cbv:mda:");
        _xml.WriteAttributeString("schemaVersion", _isV1 ? "1.2" : "2.0");
        _xml.WriteAttributeString("creationDate", Format(creationDate));
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
