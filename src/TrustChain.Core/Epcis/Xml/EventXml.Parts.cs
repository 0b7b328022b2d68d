using System.Text;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>The lists and small objects of an event.</summary>
internal sealed partial class EventXml
{
    private void WriteList(string name, int list, string entryName, bool allowEmpty, Action<int> writeEntry)
    {
        if (!allowEmpty && _tree.ChildCount(list) == 0)
        {
            // The schema wants an entry; a list without one says nothing.
            return;
        }
        _xml.WriteStartElement(name);
        for (var entry = list + 1; entry < _tree[list].Next; entry = _tree[entry].Next)
        {
            _xml.WriteStartElement(entryName);
            writeEntry(entry);
            _xml.WriteEndElement();
        }
        _xml.WriteEndElement();
    }

    private void WriteQuantity(int element)
    {
        WriteIfThere(element, "epcClass");
        if (_tree.Find(element, "quantity"u8) is > 0 and var quantity)
        {
            _xml.WriteElementString("quantity", Decimal(_tree.Text(quantity)));
        }
        else if (_tree.Find(element, "uom"u8) > 0)
        {
            // The schema has a unit only behind a quantity, which may be nil.
            _xml.WriteStartElement("quantity");
            _xml.WriteAttributeString("xsi", "nil", XmlNames.Instance, "true");
            _xml.WriteEndElement();
        }
        WriteIfThere(element, "uom");
    }

    private void WriteIfThere(int parent, string name)
    {
        if (_tree.Find(parent, Encoding.ASCII.GetBytes(name)) is > 0 and var member)
        {
            WriteElement(name, member);
        }
    }

    /// <summary>A JSON number as xsd:decimal, which has no exponent.</summary>
    private static string Decimal(ReadOnlySpan<byte> number)
    {
        if (number.IndexOfAny((byte)'e', (byte)'E') < 0 || !PlainNumber.TryParse(number, out var parts))
        {
            return Encoding.ASCII.GetString(number);
        }
        Span<byte> plain = new byte[parts.MaxSize];
        return Encoding.ASCII.GetString(plain[..parts.Write(plain)]);
    }

    private void WriteReference(int entry, ReadOnlySpan<byte> valueName, Terms types)
    {
        if (_tree.Find(entry, "type"u8) is > 0 and var type)
        {
            _xml.WriteAttributeString("type", Term(type, types));
        }
        if (_tree.Find(entry, valueName) is > 0 and var value)
        {
            WriteValue(value);
        }
    }

    private void WritePersistentDisposition(string name, int node)
    {
        _xml.WriteStartElement(name);
        foreach (var listName in (ReadOnlySpan<string>)["unset", "set"])
        {
            if (_tree.Find(node, Encoding.ASCII.GetBytes(listName)) is > 0 and var list)
            {
                for (var item = list + 1; item < _tree[list].Next; item = _tree[item].Next)
                {
                    WriteTerm(listName, item, Terms.Disposition);
                }
            }
        }
        _xml.WriteEndElement();
    }

    private void WriteErrorMember(int member, string name)
    {
        switch (name)
        {
            case "declarationTime":
                _xml.WriteElementString(name, Text(member).ToUpperInvariant());
                break;
            case "reason":
                WriteTerm(name, member, Terms.ErrorReason);
                break;
            default:
                WriteList(name, member, "correctiveEventID", allowEmpty: true, WriteValue);
                break;
        }
    }

    /// <summary>An object: its standard members in the order given, then its extensions.</summary>
    private void WriteObject(string name, int node, string[] standard, Action<int, string> writeStandard)
    {
        _xml.WriteStartElement(name);
        WriteObjectMembers(node, standard, writeStandard);
        _xml.WriteEndElement();
    }

    private void WriteObjectMembers(int node, string[] standard, Action<int, string> writeStandard)
    {
        foreach (var name in standard)
        {
            if (_tree.Find(node, Encoding.ASCII.GetBytes(name)) is > 0 and var member)
            {
                writeStandard(member, name);
            }
        }
        var others = new List<int>();
        for (var member = node + 1; member < _tree[node].Next; member = _tree[member].Next)
        {
            if (!standard.Contains(Encoding.UTF8.GetString(_tree.Name(member))))
            {
                others.Add(member);
            }
        }
        var later = others.Where(IsOwn).ToList();
        if (later.Count > 0)
        {
            WriteInWrapper(1, () => WriteOthers(later, inOwnNamespace: true));
        }
        WriteOthers(others, inOwnNamespace: false);
    }

    private void WriteSensorElement(int element) => WriteObjectMembers(element, ["sensorMetadata", "sensorReport"], (member, name) =>
    {
        if (name == "sensorMetadata")
        {
            WriteSensorFields(name, member, SensorFields.Metadata);
            return;
        }
        for (var report = member + 1; report < _tree[member].Next; report = _tree[report].Next)
        {
            WriteSensorFields(name, report, SensorFields.Report);
        }
    });

    private void WriteSensorFields(string name, int node, SensorFields fields)
    {
        _xml.WriteStartElement(name);
        var attributes = new HashSet<XmlName>();
        for (var member = node + 1; member < _tree[node].Next; member = _tree[member].Next)
        {
            if (fields.Find(_tree.Name(member)) is { } field)
            {
                if (SensorText(member, field) is var text && IsXml(text))
                {
                    _xml.WriteAttributeString(Encoding.UTF8.GetString(_tree.Name(member)), text);
                }
                else
                {
                    Lose(member, Unprintable);
                }
            }
            else if (!TryWriteAttribute(member, attributes))
            {
                Lose(member, "Sensor data in XML has only attributes, which hold no objects and no lists.");
            }
        }
        _xml.WriteEndElement();
    }

    private string SensorText(int node, SensorValue field) => field switch
    {
        SensorValue.MeasurementType => Term(node, Terms.Measurement),
        SensorValue.AlertType => Term(node, Terms.SensorAlert),
        SensorValue.Component => Term(node, Terms.Component),
        SensorValue.Time => Text(node).ToUpperInvariant(),
        _ => Value(node),
    };
}
