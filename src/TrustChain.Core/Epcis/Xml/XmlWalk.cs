using System.Xml;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>
/// Follows the nodes of an XML document from root to event and builds the tree of one event at a time. It is fed node by node, so the same code
/// serves reading with and without waiting.
/// </summary>
internal sealed class XmlWalk(EpcisReadOptions options) : IDisposable
{
    /// <summary>Most attributes of one element, namespace declarations included, and most namespace declarations in force at one place.</summary>
    public const int MaxAttributes = 256;

    /// <summary>Most characters of text and attributes in one event or in the master data.</summary>
    public const int MaxEventCharacters = 16 * 1024 * 1024;

    private static readonly string[] EventTypes =
        ["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent", "QuantityEvent"];

    private readonly List<EpcisFault> _faults = [];
    private readonly Stack<(Place Place, XmlScope Scope)> _open = new();
    private readonly Stack<XmlElementNode> _building = new();
    private readonly EventMapping _mapping = new();
    private Place _target = Place.Skip;
    private string _namespace = XmlNames.Epcis2;
    private EpcisDocumentKind _kind;
    private EpcisXmlVersion _version;
    private (int Line, string? Version, string? Date) _root;
    private (string? Name, string? Subscription) _query;
    private (byte[] List, int[] Lines, byte[]? Context) _vocabulary = ([], [], null);
    private int _events;
    private int _values;
    private int _characters;

    /// <summary>Where the walk is, or what is being built.</summary>
    private enum Place
    {
        Skip,
        Document,
        Header,
        HeaderExtension,
        MasterData,
        Body,
        QueryResults,
        ResultsBody,
        EventList,
        EventListExtension,
        Event,
        VocabularyList,
        QueryName,
        SubscriptionId,
    }

    /// <summary>Set once nothing that is still to come belongs to it.</summary>
    public EpcisXmlEnvelope? Envelope { get; private set; }

    /// <summary>The event just completed; the driver takes it away.</summary>
    public EpcisXmlEvent? Event { get; set; }

    public IReadOnlyList<EpcisFault> Faults => _faults;

    public bool IsFailed => _faults.Count > 0;

    /// <summary>Whether the current text belongs to what is being built; other text is passed over unread.</summary>
    public bool TakesText => _building.Count > 0;

    public void Dispose() => _mapping.Dispose();

    public void Fail(string rule, string message, int line)
    {
        if (_faults.Count < FaultList.Limit)
        {
            _faults.Add(new EpcisFault("", rule, message) { Line = Math.Max(line, 1) });
        }
    }

    /// <summary>An error of the parser, at the line it tells. Of a DOCTYPE it tells none, which then counts as the first.</summary>
    public void Fail(XmlException error)
    {
        // The parser has no error codes. It refuses a DOCTYPE before the root; nothing else there mentions one.
        var isDtd = _kind == EpcisDocumentKind.Unknown && error.Message.Contains("DTD", StringComparison.OrdinalIgnoreCase);
        Fail(
            isDtd ? EpcisRules.XmlDtdProhibited : EpcisRules.MalformedXml,
            isDtd ? "A document type declaration (DOCTYPE) is not read." : "The input is not well-formed XML: it cannot go on like this here.",
            error.LineNumber);
    }

    /// <summary>Takes a piece of text; false when there was too much of it.</summary>
    public bool Append(ReadOnlySpan<char> text, bool isWhiteSpace, int line)
    {
        _building.Peek().Append(text, isWhiteSpace);
        return Count(text.Length, line);
    }

    /// <summary>Takes an element's start or end; other nodes are passed over.</summary>
    public void Step(XmlReader xml, int line)
    {
        if (xml.NodeType == XmlNodeType.Element)
        {
            Open(xml, line);
        }
        else if (xml.NodeType == XmlNodeType.EndElement)
        {
            Close(line);
        }
    }

    /// <summary>The document has ended as it should.</summary>
    public void End()
    {
        if (!IsFailed)
        {
            CompleteEnvelope();
        }
    }

    private void Open(XmlReader xml, int line)
    {
        if (xml.Depth >= options.MaxDepth)
        {
            Fail(EpcisRules.TooDeep, $"Elements are nested deeper than {options.MaxDepth} here.", line);
            return;
        }
        if (xml.AttributeCount > MaxAttributes)
        {
            Fail(EpcisRules.TooManyValues, $"The element has more than {MaxAttributes} attributes.", line);
            return;
        }
        // Asked before the attributes: on an attribute the reader would answer for that.
        var isEmpty = xml.IsEmptyElement;
        var (prefix, name, uri) = (xml.Prefix, xml.LocalName, xml.NamespaceURI);
        var attributes = ReadAttributes(xml, out var scope);
        if (scope.Count > MaxAttributes)
        {
            Fail(EpcisRules.TooManyValues, $"More than {MaxAttributes} namespace declarations are in force here.", line);
            return;
        }
        var place = Place.Skip;
        if (_building.Count > 0)
        {
            Build(new XmlElementNode(prefix, name, uri, line, scope), attributes, line);
        }
        else
        {
            place = _open.Count == 0 ? OpenRoot(name, uri, attributes, line) : Next(_open.Peek().Place, name, uri, line);
            if (place >= Place.Event)
            {
                _target = place;
                (_values, _characters) = (0, 0);
                Build(new XmlElementNode(prefix, name, uri, line, scope), attributes, line);
            }
        }
        if (IsFailed)
        {
            return;
        }
        _open.Push((place, scope));
        if (isEmpty)
        {
            Close(line);
        }
    }

    private List<XmlAttributeNode> ReadAttributes(XmlReader xml, out XmlScope scope)
    {
        scope = _open.Count == 0 ? XmlScope.Empty : _open.Peek().Scope;
        if (xml.AttributeCount == 0)
        {
            return [];
        }
        var attributes = new List<XmlAttributeNode>(xml.AttributeCount);
        List<(string, string)>? declarations = null;
        while (xml.MoveToNextAttribute())
        {
            if (xml.NamespaceURI == XmlNames.Declarations)
            {
                (declarations ??= []).Add((xml.Prefix.Length == 0 ? "" : xml.LocalName, xml.Value));
            }
            else
            {
                attributes.Add(new XmlAttributeNode(xml.Prefix, xml.LocalName, xml.NamespaceURI, xml.Value));
            }
        }
        xml.MoveToElement();
        scope = declarations is null ? scope : new XmlScope(scope, declarations);
        return attributes;
    }

    private void Build(XmlElementNode element, List<XmlAttributeNode> attributes, int line)
    {
        element.Attributes.AddRange(attributes);
        if (_building.TryPeek(out var parent))
        {
            parent.Children.Add(element);
        }
        _building.Push(element);
        _values += 1 + attributes.Count;
        if (_values > options.MaxValues)
        {
            Fail(EpcisRules.TooManyValues, $"The event has more than {options.MaxValues} values.", line);
        }
        foreach (var attribute in attributes)
        {
            Count(attribute.Value.Length, line);
        }
    }

    private bool Count(int characters, int line)
    {
        _characters += characters;
        if (_characters <= MaxEventCharacters)
        {
            return true;
        }
        Fail(EpcisRules.EventTooLarge, $"An event has at most {MaxEventCharacters} characters of text.", line);
        return false;
    }

    private void Close(int line)
    {
        _open.Pop();
        if (_building.Count == 0)
        {
            return;
        }
        var element = _building.Pop();
        element.Close();
        if (_building.Count > 0)
        {
            return;
        }
        switch (_target)
        {
            case Place.Event:
                CompleteEnvelope();
                if (++_events > options.MaxEvents)
                {
                    Fail(EpcisRules.TooManyEvents, $"The document has more than {options.MaxEvents} events.", element.Line);
                    return;
                }
                Event = _mapping.Map(element, _namespace);
                break;
            case Place.VocabularyList:
                var (list, lines, context, faults) = _mapping.MapVocabularyList(element, _namespace);
                _faults.AddRange(faults);
                _vocabulary = (list, lines, context);
                break;
            case Place.QueryName:
                _query.Name = element.Text.Trim();
                break;
            case Place.SubscriptionId:
                _query.Subscription = element.Text.Trim();
                break;
        }
    }

    private Place OpenRoot(string name, string uri, List<XmlAttributeNode> attributes, int line)
    {
        _version = uri is XmlNames.Epcis1 or XmlNames.Query1 or XmlNames.MasterData1 ? EpcisXmlVersion.V1 : EpcisXmlVersion.V2;
        _namespace = _version == EpcisXmlVersion.V1 ? XmlNames.Epcis1 : XmlNames.Epcis2;
        _root.Line = line;
        if (uri is "" or XmlNames.Epcis1 or XmlNames.Epcis2 && EventTypes.Contains(name))
        {
            _kind = EpcisDocumentKind.Event;
            return Place.Event;
        }
        _kind = (name, uri) switch
        {
            ("EPCISDocument", XmlNames.Epcis1 or XmlNames.Epcis2) => EpcisDocumentKind.Document,
            ("EPCISMasterDataDocument", XmlNames.MasterData1 or XmlNames.MasterData2) => EpcisDocumentKind.Document,
            ("EPCISQueryDocument", XmlNames.Query1 or XmlNames.Query2) => EpcisDocumentKind.QueryDocument,
            _ => EpcisDocumentKind.Unknown,
        };
        if (_kind == EpcisDocumentKind.Unknown)
        {
            Fail(EpcisRules.NotEpcis, "The root is no EPCISDocument, EPCISQueryDocument or event of EPCIS 1.x or 2.0.", line);
            return Place.Skip;
        }
        _root.Version = attributes.Find(a => a is { LocalName: "schemaVersion", NamespaceUri: "" }).Value?.Trim();
        _root.Date = attributes.Find(a => a is { LocalName: "creationDate", NamespaceUri: "" }).Value?.Trim();
        if (_root.Version is null || _root.Date is null)
        {
            Fail(EpcisRules.MissingMember, "The root has no schemaVersion or no creationDate.", line);
        }
        return Place.Document;
    }

    /// <summary>What a child of a place is. Elements of other namespaces may stand anywhere around the events and are passed over.</summary>
    private Place Next(Place place, string name, string uri, int line)
    {
        if (place == Place.Skip)
        {
            return Place.Skip;
        }
        if (uri.Length > 0 && !XmlNames.IsFormat(uri))
        {
            return place is Place.EventList or Place.EventListExtension ? Place.Event : Place.Skip;
        }
        switch (place, name)
        {
            case (Place.Document, "EPCISHeader"):
                if (Envelope is not null)
                {
                    Fail(EpcisRules.MemberNotAllowed, "The EPCISHeader comes before the EPCISBody.", line);
                }
                return Place.Header;
            case (Place.Document, "EPCISBody"):
                return Place.Body;
            case (Place.Header or Place.HeaderExtension, "extension"):
                return Place.HeaderExtension;
            case (Place.HeaderExtension, "EPCISMasterData"):
                return Place.MasterData;
            case (Place.Body, "QueryResults") when _kind == EpcisDocumentKind.QueryDocument:
                return Place.QueryResults;
            case (Place.QueryResults, "queryName"):
                return Place.QueryName;
            case (Place.QueryResults, "subscriptionID"):
                return Place.SubscriptionId;
            case (Place.QueryResults, "resultsBody"):
                return Place.ResultsBody;
            case (Place.MasterData or Place.Body or Place.ResultsBody, "VocabularyList"):
                return Place.VocabularyList;
            case (Place.Body, "EventList") when _kind == EpcisDocumentKind.Document:
            case (Place.ResultsBody, "EventList"):
                CompleteEnvelope();
                return Place.EventList;
            case (Place.EventList or Place.EventListExtension, "extension"):
                return Place.EventListExtension;
            case (Place.EventList or Place.EventListExtension, _):
                if (!EventTypes.Contains(name))
                {
                    Fail(EpcisRules.UnknownEventType, $"{FaultList.Quote(System.Text.Encoding.UTF8.GetBytes(name))} is no EPCIS event type.", line);
                }
                return Place.Event;
            case (Place.Body, _) when _kind == EpcisDocumentKind.QueryDocument:
                Fail(EpcisRules.NotEpcis, "The query document has no QueryResults.", line);
                return Place.Skip;
            default:
                return Place.Skip;
        }
    }

    private void CompleteEnvelope() => Envelope ??= new EpcisXmlEnvelope
    {
        Kind = _kind,
        Version = _version,
        SchemaVersion = _root.Version,
        CreationDate = _root.Date,
        QueryName = _query.Name,
        SubscriptionId = _query.Subscription,
        VocabularyList = _vocabulary.List,
        VocabularyLines = _vocabulary.Lines,
        Context = _vocabulary.Context ?? EventMapping.StandardContext,
        Line = _root.Line,
    };
}
