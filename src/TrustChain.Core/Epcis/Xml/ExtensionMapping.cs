namespace TrustChain.Core.Epcis.Xml;

/// <summary>Turns elements and attributes the standard does not define into JSON members. The rules are in <c>docs/xml.md</c>.</summary>
internal sealed class ExtensionMapping(LinedJson json, PrefixNames names)
{
    /// <summary>The XML Schema types whose values JSON has types for.</summary>
    private static readonly string[] NumberTypes =
    [
        "decimal", "integer", "double", "float", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger",
        "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte",
    ];

    /// <summary>Writes the members, those of one name as one array.</summary>
    public void Write(ExtensionMembers members)
    {
        foreach (var (name, values) in members.Groups)
        {
            json.Name(name);
            if (values.Count == 1)
            {
                Write(values[0]);
                continue;
            }
            json.StartArray(values[0].Owner.Line);
            foreach (var value in values)
            {
                Write(value);
            }
            json.EndArray();
        }
    }

    /// <summary>Collects attributes: of an extension all, of a standard element those the standard gives it no meaning for.</summary>
    public void AddAttributes(ExtensionMembers members, XmlElementNode owner, Func<XmlAttributeNode, bool>? isStandard = null)
    {
        foreach (var attribute in owner.Attributes)
        {
            if (!IsMarkup(attribute, owner.Scope) && !(isStandard?.Invoke(attribute) ?? false))
            {
                var name = names.Name(attribute.Prefix, attribute.NamespaceUri, attribute.LocalName);
                members.Add(name, new ExtensionValue(owner, null, attribute.Value));
            }
        }
    }

    public void AddElement(ExtensionMembers members, XmlElementNode element, string? namespaceUri = null) =>
        members.Add(names.Name(element.Prefix, namespaceUri ?? element.NamespaceUri, element.LocalName), new ExtensionValue(element, element, ""));

    private void Write(ExtensionValue value)
    {
        if (value.Element is null)
        {
            json.Text(names.Value(value.Text, value.Owner.Scope), value.Owner.Line);
        }
        else
        {
            WriteContent(value.Element);
        }
    }

    /// <summary>The element's content as a value: scalar, object, or null for <c>xsi:nil</c>.</summary>
    public void WriteContent(XmlElementNode element)
    {
        var members = new ExtensionMembers();
        AddAttributes(members, element);
        foreach (var child in element.Children)
        {
            AddElement(members, child);
        }
        if (members.IsEmpty)
        {
            WriteScalar(element);
            return;
        }
        json.StartObject(element.Line);
        Write(members);
        if (element.Text.Length > 0)
        {
            json.Text("#text", names.Value(element.Text, element.Scope), element.Line);
        }
        json.EndObject();
    }

    private void WriteScalar(XmlElementNode element)
    {
        var text = element.Text;
        if (text.Length == 0 && element.Attribute(XmlNames.Instance, "nil")?.Trim() is "true" or "1")
        {
            json.Null(element.Line);
            return;
        }
        var type = element.Attribute(XmlNames.Instance, "type") is { } given ? FindSchemaType(given, element.Scope) : null;
        if (type is not null && NumberTypes.Contains(type) && JsonNumber.TryFormat(text.AsSpan().Trim(), out _))
        {
            json.Number(text, element.Line);
        }
        else if (type == "boolean" && text.Trim() is "true" or "false" or "1" or "0")
        {
            json.Boolean(text.Trim() is "true" or "1", element.Line);
        }
        else
        {
            json.Text(names.Value(text, element.Scope), element.Line);
        }
    }

    /// <summary>Whether an attribute speaks about the XML and is no data. A type of the document's own schema is data.</summary>
    public static bool IsMarkup(XmlAttributeNode attribute, XmlScope scope) => attribute.NamespaceUri == XmlNames.Instance
        ? attribute.LocalName is "nil" or "schemaLocation" or "noNamespaceSchemaLocation"
            || (attribute.LocalName == "type" && FindSchemaType(attribute.Value, scope) is not null)
        : attribute.NamespaceUri == XmlNames.Xml && attribute.LocalName == "space";

    /// <summary>The local name of a type of XML Schema itself; null for any other type.</summary>
    private static string? FindSchemaType(string name, XmlScope scope)
    {
        name = name.Trim();
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && scope.Find(name.AsSpan(0, colon)) == XmlNames.Schema ? name[(colon + 1)..] : null;
    }
}

/// <summary>A value of an extension member: an element, or the text of an attribute of <paramref name="Owner"/>.</summary>
internal readonly record struct ExtensionValue(XmlElementNode Owner, XmlElementNode? Element, string Text);

/// <summary>The extension members of one object, in the order of their first appearance.</summary>
internal sealed class ExtensionMembers
{
    private readonly List<(string Name, List<ExtensionValue> Values)> _groups = [];
    private Dictionary<string, int>? _index;

    public bool IsEmpty => _groups.Count == 0;

    public IReadOnlyList<(string Name, List<ExtensionValue> Values)> Groups => _groups;

    public void Add(string name, ExtensionValue value)
    {
        _index ??= [];
        if (_index.TryGetValue(name, out var position))
        {
            _groups[position].Values.Add(value);
        }
        else
        {
            _index.Add(name, _groups.Count);
            _groups.Add((name, [value]));
        }
    }
}
