using System.Text;
using System.Xml;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>Writes events of a <see cref="JsonTree"/> as XML. One instance serves all events of a document, one after the other.</summary>
internal sealed partial class EventXml : IDisposable
{
    private static readonly EpcisReadOptions Stored = new() { MaxDepth = 1000, MaxValues = int.MaxValue };

    private readonly XmlWriter _xml;
    private readonly bool _isV1;
    private readonly bool _asUrn;
    private readonly bool _translate;
    private readonly int[] _fields = new int[EventShape.Members.Count];
    private readonly List<int> _others = [];
    private JsonTree _tree = new(default);
    private FaultList _losses = new();
    private PrefixScope _scope = PrefixScope.Standard;

    public EventXml(XmlWriter xml, EpcisXmlWriteOptions options)
    {
        _xml = xml;
        _isV1 = options.Version == EpcisXmlVersion.V1;
        _asUrn = options.CbvFormat == EpcisXmlCbvFormat.AlwaysUrn || (_isV1 && options.CbvFormat != EpcisXmlCbvFormat.AlwaysWebUri);
        _translate = options.CbvFormat != EpcisXmlCbvFormat.NeverTranslates;
    }

    private string OwnNamespace => _isV1 ? XmlNames.Epcis1 : XmlNames.Epcis2;

    public IReadOnlyList<EpcisXmlLoss> Write(ReadOnlyMemory<byte> utf8, string? recordTime, string? eventId)
    {
        Read(utf8, JsonKind.Object);
        Collect();
        var type = Field(EventField.Type) == 0 ? "" : Text(Field(EventField.Type));
        var shape = EventXmlShape.For(type, _isV1);
        var isStandard = EventShape.Find(Encoding.UTF8.GetBytes(type)) is not null;
        if (!isStandard && _isV1)
        {
            Lose(0, "EPCIS 1.2 has no place for event types of one's own.");
            return Losses();
        }
        for (var i = 0; i < shape.ListWrappers; i++)
        {
            _xml.WriteStartElement("extension");
        }
        var name = isStandard ? new XmlName("", type, "") : NameOf(type);
        _xml.WriteStartElement(name.Prefix, name.Local, name.Namespace);
        DeclarePrefixes();
        WriteHead(recordTime, eventId, isV1: _isV1 && type != "AssociationEvent");
        WriteFields(shape.Direct, shape.Required);
        WriteWrapped(shape);
        WriteOthers(_others, inOwnNamespace: false);
        _xml.WriteEndElement();
        for (var i = 0; i < shape.ListWrappers; i++)
        {
            _xml.WriteEndElement();
        }
        return Losses();
    }

    public void Dispose() => _tree.Dispose();

    /// <summary>Takes the text to write next; its tree is kept until the one after.</summary>
    private void Read(ReadOnlyMemory<byte> utf8, JsonKind kind)
    {
        _losses = new FaultList();
        _scope = PrefixScope.Standard;
        _tree.Dispose();
        _tree = new JsonTree(utf8);
        var faults = new FaultList();
        if (!JsonTreeReader.TryRead(utf8, Stored, faults, _tree) || _tree.KindOf(0) != kind)
        {
            throw new ArgumentException($"These bytes are no stored JSON: {(faults.Count > 0 ? faults.Faults[0] : "another type")}", nameof(utf8));
        }
    }

    private void Collect()
    {
        Array.Clear(_fields);
        _others.Clear();
        for (var member = 1; member < _tree[0].Next; member = _tree[member].Next)
        {
            if (EventShape.Members.Find(_tree.Name(member)) is >= 0 and var field)
            {
                _fields[field] = member;
            }
            else
            {
                _others.Add(member);
            }
        }
        if (Field(EventField.Context) is not 0 and var context)
        {
            _scope = ContextReader.Read(_tree, context, PrefixScope.Standard, new FaultList());
        }
    }

    private int Field(EventField field) => _fields[(int)field];

    /// <summary>What every event begins with.</summary>
    private void WriteHead(string? recordTime, string? eventId, bool isV1)
    {
        WriteTime(EventField.EventTime);
        if (recordTime is not null)
        {
            _xml.WriteElementString("recordTime", recordTime);
        }
        else
        {
            WriteTime(EventField.RecordTime);
        }
        WriteField(EventField.EventTimeZoneOffset);
        var hasMore = Field(EventField.EventId) != 0 || eventId is not null || Field(EventField.ErrorDeclaration) != 0
            || Field(EventField.CertificationInfo) != 0;
        if (!hasMore)
        {
            return;
        }
        if (isV1)
        {
            _xml.WriteStartElement("baseExtension");
        }
        if (Field(EventField.EventId) != 0)
        {
            WriteField(EventField.EventId);
        }
        else if (eventId is not null)
        {
            _xml.WriteElementString("eventID", eventId);
        }
        WriteField(EventField.ErrorDeclaration);
        if (Field(EventField.CertificationInfo) != 0)
        {
            WriteInWrapper(isV1 ? 1 : 0, () => WriteField(EventField.CertificationInfo));
        }
        if (isV1)
        {
            _xml.WriteEndElement();
        }
    }

    private void WriteTime(EventField field)
    {
        if (Field(field) != 0)
        {
            // RFC 3339 lets the letters be small, the schema does not.
            _xml.WriteElementString(NameOf(field), Text(Field(field)).ToUpperInvariant());
        }
    }

    private void WriteFields(EventField[] fields, EventField? required)
    {
        foreach (var field in fields)
        {
            if (Field(field) != 0)
            {
                WriteField(field);
            }
            else if (field == required)
            {
                _xml.WriteStartElement(NameOf(field));
                _xml.WriteEndElement();
            }
        }
    }

    /// <summary>The wrappers of EPCIS 1.2, and of either version for elements the schema calls its own later ones.</summary>
    private void WriteWrapped(EventXmlShape shape)
    {
        var later = _others.Where(IsOwn).ToList();
        var hasInner = shape.Inner.Any(field => Field(field) != 0) || later.Count > 0;
        if (!hasInner && !shape.Extension.Any(field => Field(field) != 0))
        {
            return;
        }
        _xml.WriteStartElement("extension");
        WriteFields(shape.Extension, required: null);
        if (hasInner)
        {
            WriteInWrapper(_isV1 && shape.HasTwoWrappers ? 1 : 0, () =>
            {
                WriteFields(shape.Inner, required: null);
                WriteOthers(later, inOwnNamespace: true);
            });
        }
        _xml.WriteEndElement();
    }

    private void WriteInWrapper(int count, Action write)
    {
        if (count > 0)
        {
            _xml.WriteStartElement("extension");
        }
        write();
        if (count > 0)
        {
            _xml.WriteEndElement();
        }
    }

    private void WriteField(EventField field)
    {
        var node = Field(field);
        if (node == 0)
        {
            return;
        }
        var name = NameOf(field);
        switch (field)
        {
            case EventField.EpcList or EventField.ChildEpcs or EventField.InputEpcList or EventField.OutputEpcList:
                WriteList(name, node, "epc", allowEmpty: true, WriteValue);
                break;
            case EventField.QuantityList or EventField.ChildQuantityList or EventField.InputQuantityList or EventField.OutputQuantityList:
                WriteList(name, node, "quantityElement", allowEmpty: true, WriteQuantity);
                break;
            case EventField.BizTransactionList:
                WriteList(
                    name, node, "bizTransaction", allowEmpty: false, entry => WriteReference(entry, "bizTransaction"u8, Terms.BizTransactionType));
                break;
            case EventField.SourceList:
                WriteList(name, node, "source", allowEmpty: false, entry => WriteReference(entry, "source"u8, Terms.SourceDestinationType));
                break;
            case EventField.DestinationList:
                WriteList(
                    name, node, "destination", allowEmpty: false, entry => WriteReference(entry, "destination"u8, Terms.SourceDestinationType));
                break;
            case EventField.SensorElementList:
                WriteList(name, node, "sensorElement", allowEmpty: false, WriteSensorElement);
                break;
            case EventField.BizStep:
                WriteTerm(name, node, Terms.BizStep);
                break;
            case EventField.Disposition:
                WriteTerm(name, node, Terms.Disposition);
                break;
            case EventField.PersistentDisposition:
                WritePersistentDisposition(name, node);
                break;
            case EventField.ReadPoint or EventField.BizLocation:
                WriteObject(name, node, ["id"], (member, _) => WriteElement("id", member));
                break;
            case EventField.ErrorDeclaration:
                WriteObject(name, node, ["declarationTime", "reason", "correctiveEventIDs"], WriteErrorMember);
                break;
            case EventField.Ilmd:
                WriteObject(name, node, [], static (_, _) => { });
                break;
            case EventField.CertificationInfo when _tree.KindOf(node) == JsonKind.Array:
                for (var item = node + 1; item < _tree[node].Next; item = _tree[item].Next)
                {
                    WriteElement(name, item);
                }
                break;
            default:
                WriteElement(name, node);
                break;
        }
    }

    private void WriteElement(string name, int node)
    {
        _xml.WriteStartElement(name);
        WriteValue(node);
        _xml.WriteEndElement();
    }

    private void WriteValue(int node) => _xml.WriteString(Value(node));

    private void WriteTerm(string name, int node, Terms terms) => _xml.WriteElementString(name, Term(node, terms));

    private string Term(int node, Terms terms)
    {
        var text = Text(node);
        var expanded = _scope.TryExpand(_tree.Text(node), out var uri, out var local)
            ? Encoding.UTF8.GetString(uri) + Encoding.UTF8.GetString(local)
            : null;
        var written = terms.ToXml(text, expanded, _asUrn, _translate);
        return ReferenceEquals(written, text) ? Value(node) : written;
    }

    private string Text(int node) => Encoding.UTF8.GetString(_tree.Text(node));

    /// <summary>The text of a value. A prefix that XML cannot declare, or that looks like the start of a URI there, is expanded.</summary>
    private string Value(int node)
    {
        var text = Text(node);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || _scope.OwnCount == 0 || _tree.KindOf(node) != JsonKind.String || CanDeclare(text.AsSpan(0, colon)))
        {
            return text;
        }
        return _scope.FindOwn(Encoding.UTF8.GetBytes(text[..colon])) is not null && _scope.TryExpand(_tree.Text(node), out var uri, out var local)
            ? Encoding.UTF8.GetString(uri) + Encoding.UTF8.GetString(local)
            : text;
    }

    private void DeclarePrefixes()
    {
        foreach (var (prefix, uri) in _scope.Own.DistinctBy(entry => Encoding.UTF8.GetString(entry.Prefix)))
        {
            // The last declaration of a prefix is the one that counts.
            var name = Encoding.UTF8.GetString(prefix);
            var last = Encoding.UTF8.GetString(_scope.FindOwn(prefix) ?? uri);
            if (CanDeclare(name) && last.Length > 0 && last is not (XmlNames.Xml or XmlNames.Declarations) && IsXml(last))
            {
                _xml.WriteAttributeString("xmlns", name, null, last);
            }
        }
    }

    private static bool CanDeclare(ReadOnlySpan<char> prefix) =>
        !XmlNames.IsScheme(prefix) && !prefix.StartsWith("xml", StringComparison.OrdinalIgnoreCase) && IsName(prefix);

    private static bool IsName(ReadOnlySpan<char> name)
    {
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_'))
            {
                return false;
            }
        }
        return name.Length > 0 && (char.IsAsciiLetter(name[0]) || name[0] == '_');
    }

    private void Lose(int node, string reason) => _losses.Add(_tree, node, "xml", reason);

    private IReadOnlyList<EpcisXmlLoss> Losses() => [.. _losses.Faults.Select(fault => new EpcisXmlLoss(fault.JsonPointer, fault.Message))];

    private static string NameOf(EventField field) => Encoding.ASCII.GetString(EventShape.Members[(int)field]);
}
