namespace TrustChain.Core.Epcis.Xml;

/// <summary>The lists and small objects of an event.</summary>
internal sealed partial class EventMapping
{
    private void WriteList(XmlElementNode list, string entryName, Action<XmlElementNode> writeEntry)
    {
        RefuseAttributes(list);
        RefuseText(list);
        _json.Name(list.LocalName);
        _json.StartArray(list.Line);
        foreach (var entry in list.Children)
        {
            if (entry.LocalName == entryName && IsOurs(entry))
            {
                writeEntry(entry);
            }
            else
            {
                Refuse(entry, $"There is no element {FaultList.Quote(Utf8(entry.LocalName))} in {list.LocalName}.");
            }
        }
        _json.EndArray();
    }

    private void WriteQuantity(XmlElementNode element)
    {
        RefuseAttributes(element);
        RefuseText(element);
        _json.StartObject(element.Line);
        foreach (var child in element.Children)
        {
            if (IsOurs(child) && child.LocalName is "epcClass" or "quantity" or "uom")
            {
                WriteQuantityMember(child);
            }
            else
            {
                Refuse(child, $"There is no element {FaultList.Quote(Utf8(child.LocalName))} in a quantity element.");
            }
        }
        _json.EndObject();
    }

    private void WriteQuantityMember(XmlElementNode child)
    {
        if (child.LocalName != "quantity")
        {
            _json.Text(child.LocalName, Value(child), child.Line);
        }
        else if (child.Text.Length > 0 || child.Attribute(XmlNames.Instance, "nil")?.Trim() is not ("true" or "1"))
        {
            // A nil quantity is unknown, which JSON says by leaving it out.
            var text = Value(child);
            _json.Name(child.LocalName);
            _json.Number(text, child.Line);
        }
    }

    private void WriteReference(XmlElementNode entry, Terms types)
    {
        RefuseChildren(entry);
        RefuseAttributes(entry, "type");
        _json.StartObject(entry.Line);
        if (entry.Attribute("type") is { } type)
        {
            _json.Text("type", types.ToJson(type, entry.Scope, _names), entry.Line);
        }
        _json.Text(entry.LocalName, _names.Value(entry.Text.Trim(), entry.Scope), entry.Line);
        _json.EndObject();
    }

    private void WritePersistentDisposition(XmlElementNode element)
    {
        RefuseAttributes(element);
        RefuseText(element);
        _json.Name(element.LocalName);
        _json.StartObject(element.Line);
        foreach (var name in (ReadOnlySpan<string>)["unset", "set"])
        {
            var isStarted = false;
            foreach (var child in element.Children)
            {
                if (IsOurs(child) && child.LocalName == name)
                {
                    if (!isStarted)
                    {
                        _json.Name(name);
                        _json.StartArray(child.Line);
                        isStarted = true;
                    }
                    WriteTermValue(child, Terms.Disposition);
                }
            }
            if (isStarted)
            {
                _json.EndArray();
            }
        }
        foreach (var child in element.Children)
        {
            if (!IsOurs(child) || child.LocalName is not ("set" or "unset"))
            {
                Refuse(child, $"There is no element {FaultList.Quote(Utf8(child.LocalName))} in persistentDisposition.");
            }
        }
        _json.EndObject();
    }

    private void WritePlace(XmlElementNode element) =>
        WriteObject(element, child =>
        {
            if (child.LocalName != "id")
            {
                return false;
            }
            _json.Text("id", Value(child), child.Line);
            return true;
        });

    private void WriteErrorDeclaration(XmlElementNode element) =>
        WriteObject(element, child =>
        {
            switch (child.LocalName)
            {
                case "declarationTime":
                    _json.Text(child.LocalName, Value(child), child.Line);
                    return true;
                case "reason":
                    WriteTerm(child, Terms.ErrorReason);
                    return true;
                case "correctiveEventIDs":
                    WriteList(child, "correctiveEventID", id => _json.Text(Value(id), id.Line));
                    return true;
                default:
                    return false;
            }
        });

    private void WriteIlmd(XmlElementNode element) => WriteObject(element, static _ => false);

    /// <summary>
    /// An object with members of the standard, which <paramref name="tryWrite"/> writes, and extensions. Elements in an <c>extension</c> wrapper are
    /// members of the object itself.
    /// </summary>
    private void WriteObject(XmlElementNode element, Func<XmlElementNode, bool> tryWrite)
    {
        _json.Name(element.LocalName);
        _json.StartObject(element.Line);
        var members = new ExtensionMembers();
        WriteObjectMembers(element, members, tryWrite, isWrapped: false);
        _extensions.Write(members);
        _json.EndObject();
    }

    private void WriteObjectMembers(XmlElementNode parent, ExtensionMembers members, Func<XmlElementNode, bool> tryWrite, bool isWrapped)
    {
        RefuseText(parent);
        _extensions.AddAttributes(members, parent);
        foreach (var child in parent.Children)
        {
            if (!IsOurs(child))
            {
                _extensions.AddElement(members, child);
            }
            else if (child.LocalName == "extension")
            {
                WriteObjectMembers(child, members, tryWrite, isWrapped: true);
            }
            else if (!tryWrite(child))
            {
                _extensions.AddElement(members, child, isWrapped ? _namespace : "");
            }
        }
    }

    private void WriteSensorElement(XmlElementNode element)
    {
        _json.StartObject(element.Line);
        var members = new ExtensionMembers();
        var reports = new List<XmlElementNode>();
        WriteObjectMembers(element, members, child =>
        {
            if (child.LocalName == "sensorMetadata")
            {
                _json.Name(child.LocalName);
                WriteSensorFields(child, SensorFields.Metadata);
                return true;
            }
            if (child.LocalName == "sensorReport")
            {
                reports.Add(child);
                return true;
            }
            return false;
        }, isWrapped: false);
        if (reports.Count > 0)
        {
            _json.Name("sensorReport");
            _json.StartArray(reports[0].Line);
            foreach (var report in reports)
            {
                WriteSensorFields(report, SensorFields.Report);
            }
            _json.EndArray();
        }
        _extensions.Write(members);
        _json.EndObject();
    }

    /// <summary>Attributes become members with the JSON types the standard gives them; numbers keep their digits.</summary>
    private void WriteSensorFields(XmlElementNode element, SensorFields fields)
    {
        RefuseText(element);
        _json.StartObject(element.Line);
        foreach (var attribute in element.Attributes)
        {
            if (FieldOf(attribute, fields) is { } field)
            {
                _json.Name(attribute.LocalName);
                WriteSensorValue(attribute.Value, field, element);
            }
        }
        var members = new ExtensionMembers();
        _extensions.AddAttributes(members, element, attribute => FieldOf(attribute, fields) is not null);
        foreach (var child in element.Children)
        {
            _extensions.AddElement(members, child);
        }
        _extensions.Write(members);
        _json.EndObject();
    }

    private static SensorValue? FieldOf(XmlAttributeNode attribute, SensorFields fields) =>
        attribute.NamespaceUri.Length == 0 ? fields.Find(Utf8(attribute.LocalName)) : null;

    private void WriteSensorValue(string text, SensorValue field, XmlElementNode element)
    {
        switch (field)
        {
            case SensorValue.Number:
                _json.Number(text, element.Line);
                break;
            case SensorValue.Boolean when text.Trim() is "true" or "false" or "1" or "0":
                _json.Boolean(text.Trim() is "true" or "1", element.Line);
                break;
            case SensorValue.MeasurementType:
                _json.Text(Terms.Measurement.ToJson(text, element.Scope, _names), element.Line);
                break;
            case SensorValue.AlertType:
                _json.Text(Terms.SensorAlert.ToJson(text, element.Scope, _names), element.Line);
                break;
            case SensorValue.Component:
                _json.Text(Terms.Component.ToJson(text, element.Scope, _names), element.Line);
                break;
            case SensorValue.Text:
                _json.Text(_names.Value(text, element.Scope), element.Line);
                break;
            default:
                _json.Text(_names.Value(text.Trim(), element.Scope), element.Line);
                break;
        }
    }
}
