using System.Text;
using System.Xml;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>Members the standard does not define. The rules are in <c>docs/xml.md</c>.</summary>
internal sealed partial class EventXml
{
    private const string Unprintable = "The text has a character that XML 1.0 cannot hold.";

    /// <summary>For namespaces whose prefix in JSON is none in XML.</summary>
    private const string OtherPrefix = "tc-n";

    /// <summary>The text with such characters replaced, for texts of which no loss is reported.</summary>
    public static string Printable(string text) => IsXml(text) ? text : string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) ? c : '\uFFFD'));

    /// <summary>Whether a member was an element in an <c>extension</c> wrapper of this version.</summary>
    private bool IsOwn(int member) => NameOf(Encoding.UTF8.GetString(_tree.Name(member))).Namespace == OwnNamespace;

    private void WriteOthers(List<int> members, bool inOwnNamespace)
    {
        foreach (var member in members)
        {
            var name = NameOf(Encoding.UTF8.GetString(_tree.Name(member)));
            if (inOwnNamespace)
            {
                WriteExtension(member, name with { Prefix = "", Namespace = "" });
            }
            else if (name.Namespace != OwnNamespace)
            {
                WriteExtension(member, name);
            }
        }
    }

    /// <summary>One member as one element, a list as one per item. Empty objects and lists state nothing and have no element.</summary>
    private void WriteExtension(int node, XmlName name)
    {
        switch (_tree.KindOf(node))
        {
            case JsonKind.Array:
                for (var item = node + 1; item < _tree[node].Next; item = _tree[item].Next)
                {
                    WriteExtension(item, name);
                }
                return;
            case JsonKind.Object when _tree.ChildCount(node) == 0:
                return;
            case JsonKind.String when !IsXml(Text(node)):
                Lose(node, Unprintable);
                return;
        }
        _xml.WriteStartElement(name.Prefix, name.Local, name.Namespace);
        switch (_tree.KindOf(node))
        {
            case JsonKind.Object:
                WriteContent(node);
                break;
            case JsonKind.Null:
                _xml.WriteAttributeString("xsi", "nil", XmlNames.Instance, "true");
                break;
            case JsonKind.Number:
                WriteType(_tree.Text(node).IndexOfAny((byte)'e', (byte)'E') < 0 ? "decimal" : "double");
                WriteValue(node);
                break;
            case JsonKind.True or JsonKind.False:
                WriteType("boolean");
                WriteValue(node);
                break;
            default:
                WriteValue(node);
                break;
        }
        _xml.WriteEndElement();
    }

    /// <summary>The members of an object. Where it has text of its own, its other texts were attributes.</summary>
    private void WriteContent(int node)
    {
        var text = _tree.Find(node, "#text"u8);
        var hasText = text > 0 && _tree.KindOf(text) is not (JsonKind.Object or JsonKind.Array or JsonKind.Null) && IsXml(Text(text));
        var attributes = new HashSet<XmlName>();
        var elements = new List<int>();
        for (var member = node + 1; member < _tree[node].Next; member = _tree[member].Next)
        {
            if (member == text && hasText)
            {
                continue;
            }
            var name = NameOf(Encoding.UTF8.GetString(_tree.Name(member)));
            var isAttribute = name.Namespace is XmlNames.Xml or XmlNames.Instance || (hasText && _tree.KindOf(member) == JsonKind.String);
            if (!isAttribute || !TryWriteAttribute(member, attributes))
            {
                elements.Add(member);
            }
        }
        if (hasText)
        {
            WriteValue(text);
        }
        foreach (var member in elements)
        {
            WriteExtension(member, NameOf(Encoding.UTF8.GetString(_tree.Name(member))));
        }
    }

    /// <summary>Writes a scalar as an attribute; false for another value, for a second one of that name and for text XML cannot hold.</summary>
    private bool TryWriteAttribute(int member, HashSet<XmlName> written)
    {
        if (_tree.KindOf(member) is JsonKind.Null)
        {
            return true;
        }
        var name = NameOf(Encoding.UTF8.GetString(_tree.Name(member)));
        if (_tree.KindOf(member) is JsonKind.Object or JsonKind.Array || !IsXml(Text(member)) || !written.Add(name with { Prefix = "" }))
        {
            return false;
        }
        if (name.Namespace == XmlNames.Xml)
        {
            _xml.WriteAttributeString("xml", name.Local, XmlNames.Xml, Value(member));
        }
        else
        {
            _xml.WriteAttributeString(name.Prefix, name.Local, name.Namespace, Value(member));
        }
        return true;
    }

    private void WriteType(string type)
    {
        // The event's own declarations may hide the root's.
        var prefix = _xml.LookupPrefix(XmlNames.Schema);
        if (string.IsNullOrEmpty(prefix))
        {
            prefix = "xsd-type";
            _xml.WriteAttributeString("xmlns", prefix, null, XmlNames.Schema);
        }
        _xml.WriteAttributeString("xsi", "type", XmlNames.Instance, $"{prefix}:{type}");
    }

    /// <summary>
    /// The XML name of a member: <c>prefix:local</c> in its namespace, a plain name in none, and any other name whole in a namespace for such names.
    /// </summary>
    private XmlName NameOf(string name)
    {
        var utf8 = Encoding.UTF8.GetBytes(name);
        if (_scope.TryExpand(utf8, out var uri, out var local) && !local.IsEmpty && Encoding.UTF8.GetString(uri) is var ns && IsXml(ns)
            && ns != XmlNames.Declarations)
        {
            var prefix = name[..name.IndexOf(':', StringComparison.Ordinal)];
            return new XmlName(CanDeclare(prefix) ? prefix : OtherPrefix, Local(Encoding.UTF8.GetString(local)), ns);
        }
        return name.Contains(':', StringComparison.Ordinal)
            ? new XmlName(OtherPrefix, Local(name), XmlNames.WholeName)
            : new XmlName("", Local(name), "");
    }

    /// <summary>
    /// A name as XML can have it. Percent-encoded letters become themselves where reading gives the same name back; other characters become
    /// <c>_xHHHH_</c>.
    /// </summary>
    private static string Local(string name)
    {
        if (name.Contains('%', StringComparison.Ordinal))
        {
            var plain = Uri.UnescapeDataString(name);
            if (XmlReader.IsName(plain) && !plain.Contains(':', StringComparison.Ordinal) && PrefixNames.Local(plain) == name)
            {
                return plain;
            }
        }
        var encoded = XmlConvert.EncodeLocalName(name) ?? "";
        if (Ascii.IsValid(encoded))
        {
            return encoded;
        }
        var ascii = new StringBuilder(encoded.Length * 3);
        foreach (var c in encoded)
        {
            ascii.Append(char.IsAscii(c) ? c.ToString() : $"_x{(int)c:X4}_");
        }
        return ascii.ToString();
    }

    private static bool IsXml(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (!XmlConvert.IsXmlChar(text[i]))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>A name in XML; the prefix is only a wish.</summary>
    private readonly record struct XmlName(string Prefix, string Local, string Namespace);
}
