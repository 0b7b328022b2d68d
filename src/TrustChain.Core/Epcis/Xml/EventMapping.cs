namespace TrustChain.Core.Epcis.Xml;

/// <summary>
/// Turns the element of one event into EPCIS 2.0 JSON. The wrappers of EPCIS 1.x (<c>extension</c>, <c>baseExtension</c>) and the bare form of 2.0
/// give the same JSON. It refuses what JSON has no place for and leaves all other checks to <see cref="EpcisReader"/>. One instance serves all events of a
/// document, one after the other.
/// </summary>
internal sealed partial class EventMapping : IDisposable
{
    private readonly LinedJson _json = new();
    private readonly LinedJson _head = new();
    private readonly PrefixNames _names = new();
    private readonly ExtensionMapping _extensions;
    private readonly List<EpcisFault> _faults = [];
    private readonly List<XmlElementNode> _certifications = [];
    private string _namespace = XmlNames.Epcis2;

    public EventMapping() => _extensions = new ExtensionMapping(_json, _names);

    /// <summary>Maps one event. <paramref name="namespaceUri"/> is the EPCIS namespace of the document.</summary>
    public EpcisXmlEvent Map(XmlElementNode element, string namespaceUri)
    {
        Start(element, namespaceUri);
        var members = new ExtensionMembers();
        _certifications.Clear();
        _json.StartObject(element.Line);
        if (element.LocalName == "QuantityEvent" && IsOurs(element))
        {
            WriteQuantityEvent(element, members);
        }
        else
        {
            var type = IsOurs(element) ? element.LocalName : _names.Name(element.Prefix, element.NamespaceUri, element.LocalName);
            _json.Text("type", type, element.Line);
            WriteMembers(element, members, isWrapped: false);
        }
        WriteCertifications();
        _extensions.Write(members);
        _json.EndObject();
        return Finish(element.Line);
    }

    /// <summary>Maps a <c>VocabularyList</c>: the array and its lines, its context, and faults.</summary>
    public (byte[] List, int[] Lines, byte[] Context, IReadOnlyList<EpcisFault> Faults) MapVocabularyList(XmlElementNode element, string namespaceUri)
    {
        Start(element, namespaceUri);
        WriteVocabularyList(element);
        _head.Clear();
        _names.WriteContext(_head, element.Line);
        return (_json.Written.ToArray(), [.. _json.Lines], _head.Written.ToArray(), [.. _faults]);
    }

    /// <summary>The context of a document that has no prefixes of its own.</summary>
    public static byte[] StandardContext { get; } = [.. "[\""u8, .. System.Text.Encoding.ASCII.GetBytes(XmlNames.StandardContext), .. "\"]"u8];

    public void Dispose()
    {
        _json.Dispose();
        _head.Dispose();
    }

    private void Start(XmlElementNode element, string namespaceUri)
    {
        _namespace = namespaceUri;
        _faults.Clear();
        _json.Clear();
        _names.Clear();
        _names.ReserveUndeclared(element);
    }

    /// <summary>Puts the context in front, which is known only now.</summary>
    private EpcisXmlEvent Finish(int line)
    {
        if (_faults.Count > 0)
        {
            return new EpcisXmlEvent(default, line, [], [.. _faults]);
        }
        if (!_names.IsContextNeeded)
        {
            return new EpcisXmlEvent(_json.Written.ToArray(), line, [.. _json.Lines], []);
        }
        _head.Clear();
        _names.WriteContext(_head, line);
        var context = _head.Written;
        var body = _json.Written;
        var start = "{\"@context\":"u8;
        byte[] whole = [.. start, .. context, (byte)',', .. body[1..]];
        int[] lines = [line, .. _head.Lines, .. _json.Lines.Skip(1)];
        return new EpcisXmlEvent(whole, line, lines, []);
    }

    /// <summary>Whether an element belongs to EPCIS itself: it has no namespace, as the schemas say, or that of the document.</summary>
    private bool IsOurs(XmlElementNode element) => element.NamespaceUri.Length == 0 || element.NamespaceUri == _namespace;

    private void WriteMembers(XmlElementNode parent, ExtensionMembers members, bool isWrapped)
    {
        _extensions.AddAttributes(members, parent);
        RefuseText(parent);
        foreach (var child in parent.Children)
        {
            if (!IsOurs(child))
            {
                _extensions.AddElement(members, child);
            }
            else if (child.LocalName is "extension" or "baseExtension")
            {
                WriteMembers(child, members, isWrapped: true);
            }
            else if (!TryWriteMember(child))
            {
                // What stands in an extension wrapper without a namespace is, by the schema, a later element of the EPCIS namespace.
                _extensions.AddElement(members, child, isWrapped ? _namespace : "");
            }
        }
    }

    private bool TryWriteMember(XmlElementNode child)
    {
        switch (child.LocalName)
        {
            case "eventTime" or "recordTime" or "eventTimeZoneOffset" or "eventID" or "action" or "parentID" or "transformationID":
                _json.Text(child.LocalName, Value(child), child.Line);
                return true;
            case "certificationInfo":
                _certifications.Add(child);
                return true;
            case "bizStep":
                WriteTerm(child, Terms.BizStep);
                return true;
            case "disposition":
                WriteTerm(child, Terms.Disposition);
                return true;
            case "epcList" or "childEPCs" or "inputEPCList" or "outputEPCList":
                WriteList(child, "epc", epc => _json.Text(Value(epc), epc.Line));
                return true;
            case "quantityList" or "childQuantityList" or "inputQuantityList" or "outputQuantityList":
                WriteList(child, "quantityElement", WriteQuantity);
                return true;
            case "bizTransactionList":
                WriteList(child, "bizTransaction", entry => WriteReference(entry, Terms.BizTransactionType));
                return true;
            case "sourceList":
                WriteList(child, "source", entry => WriteReference(entry, Terms.SourceDestinationType));
                return true;
            case "destinationList":
                WriteList(child, "destination", entry => WriteReference(entry, Terms.SourceDestinationType));
                return true;
            case "persistentDisposition":
                WritePersistentDisposition(child);
                return true;
            case "readPoint" or "bizLocation":
                WritePlace(child);
                return true;
            case "sensorElementList":
                WriteList(child, "sensorElement", WriteSensorElement);
                return true;
            case "errorDeclaration":
                WriteErrorDeclaration(child);
                return true;
            case "ilmd":
                WriteIlmd(child);
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// The QuantityEvent of EPCIS 1.0, deprecated since 1.1 in favour of an ObjectEvent with a quantity list. It has no action: it only counts what
    /// is there, so it is OBSERVE.
    /// </summary>
    private void WriteQuantityEvent(XmlElementNode element, ExtensionMembers members)
    {
        _json.Text("type", "ObjectEvent", element.Line);
        _json.Text("action", "OBSERVE", element.Line);
        _json.Name("quantityList");
        _json.StartArray(element.Line);
        _json.StartObject(element.Line);
        foreach (var child in element.Children)
        {
            if (IsOurs(child) && child.LocalName is "epcClass" or "quantity")
            {
                WriteQuantityMember(child);
            }
        }
        _json.EndObject();
        _json.EndArray();
        var others = new XmlElementNode(element.Prefix, element.LocalName, element.NamespaceUri, element.Line, element.Scope);
        others.Attributes.AddRange(element.Attributes);
        others.Children.AddRange(element.Children.Where(child => !IsOurs(child) || child.LocalName is not ("epcClass" or "quantity")));
        WriteMembers(others, members, isWrapped: false);
    }

    private void WriteCertifications()
    {
        if (_certifications.Count == 0)
        {
            return;
        }
        _json.Name("certificationInfo");
        if (_certifications.Count == 1)
        {
            _json.Text(Value(_certifications[0]), _certifications[0].Line);
            return;
        }
        _json.StartArray(_certifications[0].Line);
        foreach (var certification in _certifications)
        {
            _json.Text(Value(certification), certification.Line);
        }
        _json.EndArray();
    }

    /// <summary>The trimmed text of a standard element that has nothing else in it, its prefix as in JSON.</summary>
    private string Value(XmlElementNode element)
    {
        RefuseChildren(element);
        RefuseAttributes(element);
        return _names.Value(element.Text.Trim(), element.Scope);
    }

    private void WriteTerm(XmlElementNode element, Terms terms)
    {
        _json.Name(element.LocalName);
        WriteTermValue(element, terms);
    }

    private void WriteTermValue(XmlElementNode element, Terms terms)
    {
        RefuseChildren(element);
        RefuseAttributes(element);
        _json.Text(terms.ToJson(element.Text, element.Scope, _names), element.Line);
    }

    private void RefuseChildren(XmlElementNode element)
    {
        foreach (var child in element.Children)
        {
            Refuse(child, $"There is no element {FaultList.Quote(Utf8(child.LocalName))} in {element.LocalName}.");
        }
    }

    private void RefuseAttributes(XmlElementNode element, string? allowed = null)
    {
        foreach (var attribute in element.Attributes)
        {
            if (!ExtensionMapping.IsMarkup(attribute, element.Scope) && (attribute.NamespaceUri.Length > 0 || attribute.LocalName != allowed))
            {
                Refuse(element, $"There is no attribute {FaultList.Quote(Utf8(attribute.LocalName))} of {element.LocalName}.");
            }
        }
    }

    private void RefuseText(XmlElementNode element)
    {
        if (element.Text.Length > 0)
        {
            Refuse(element, $"There is no text in {element.LocalName}.");
        }
    }

    private void Refuse(XmlElementNode element, string message)
    {
        if (_faults.Count < FaultList.Limit)
        {
            _faults.Add(new EpcisFault("", EpcisRules.UnknownMember, message) { Line = element.Line });
        }
    }

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
