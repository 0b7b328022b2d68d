namespace TrustChain.Core.Epcis.Xml;

/// <summary>Master data: a <c>VocabularyList</c> as the JSON array <c>vocabularyList</c>.</summary>
internal sealed partial class EventMapping
{
    private void WriteVocabularyList(XmlElementNode list)
    {
        RefuseAttributes(list);
        RefuseText(list);
        _json.StartArray(list.Line);
        foreach (var vocabulary in list.Children)
        {
            if (!IsOurs(vocabulary) || vocabulary.LocalName != "Vocabulary")
            {
                Refuse(vocabulary, "A VocabularyList has only Vocabulary elements.");
                continue;
            }
            _json.StartObject(vocabulary.Line);
            WriteIdentified(vocabulary, "type", child =>
            {
                if (child.LocalName != "VocabularyElementList")
                {
                    return false;
                }
                _json.Name("vocabularyElementList");
                WriteEntries(child, "VocabularyElement", WriteVocabularyElement);
                return true;
            });
            _json.EndObject();
        }
        _json.EndArray();
    }

    private void WriteVocabularyElement(XmlElementNode element)
    {
        var attributes = new List<XmlElementNode>();
        _json.StartObject(element.Line);
        WriteIdentified(element, "id", child =>
        {
            if (child.LocalName == "attribute")
            {
                attributes.Add(child);
                return true;
            }
            if (child.LocalName != "children")
            {
                return false;
            }
            _json.Name("children");
            WriteEntries(child, "id", id => _json.Text(Value(id), id.Line));
            return true;
        });
        if (attributes.Count > 0)
        {
            _json.Name("attributes");
            _json.StartArray(attributes[0].Line);
            foreach (var attribute in attributes)
            {
                WriteMasterDataAttribute(attribute);
            }
            _json.EndArray();
        }
        _json.EndObject();
    }

    private void WriteMasterDataAttribute(XmlElementNode attribute)
    {
        _json.StartObject(attribute.Line);
        if (attribute.Attribute("id") is { } id)
        {
            _json.Text("id", _names.Value(id.Trim(), attribute.Scope), attribute.Line);
        }
        _json.Name("attribute");
        var content = new XmlElementNode(attribute.Prefix, attribute.LocalName, attribute.NamespaceUri, attribute.Line, attribute.Scope);
        content.Append(attribute.Text, isWhiteSpace: false);
        content.Close();
        content.Children.AddRange(attribute.Children);
        // JSON master data has numbers, strings and objects but no booleans and no null: those stay text.
        content.Attributes.AddRange(attribute.Attributes.Where(a => a.NamespaceUri.Length > 0 && a.NamespaceUri != XmlNames.Instance));
        _extensions.WriteContent(content);
        _json.EndObject();
    }

    /// <summary>The members of an element whose attribute <paramref name="key"/> identifies it, extensions included.</summary>
    private void WriteIdentified(XmlElementNode element, string key, Func<XmlElementNode, bool> tryWrite)
    {
        if (element.Attribute(key) is { } value)
        {
            _json.Text(key, _names.Value(value.Trim(), element.Scope), element.Line);
        }
        var members = new ExtensionMembers();
        var rest = new XmlElementNode(element.Prefix, element.LocalName, element.NamespaceUri, element.Line, element.Scope);
        rest.Attributes.AddRange(element.Attributes.Where(a => a.NamespaceUri.Length > 0 || a.LocalName != key));
        rest.Children.AddRange(element.Children);
        WriteObjectMembers(rest, members, tryWrite, isWrapped: false);
        _extensions.Write(members);
    }

    private void WriteEntries(XmlElementNode list, string entryName, Action<XmlElementNode> writeEntry)
    {
        _json.StartArray(list.Line);
        foreach (var entry in list.Children)
        {
            if (IsOurs(entry) && entry.LocalName == entryName)
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
}
