using System.Text;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>One attribute that is no namespace declaration.</summary>
internal readonly record struct XmlAttributeNode(string Prefix, string LocalName, string NamespaceUri, string Value);

/// <summary>One element of an event that is being read, with what it contains.</summary>
internal sealed class XmlElementNode(string prefix, string localName, string namespaceUri, int line, XmlScope scope)
{
    private StringBuilder? _text;

    public string Prefix { get; } = prefix;

    public string LocalName { get; } = localName;

    public string NamespaceUri { get; } = namespaceUri;

    /// <summary>Where the start tag begins, from 1.</summary>
    public int Line { get; } = line;

    public XmlScope Scope { get; } = scope;

    public List<XmlAttributeNode> Attributes { get; } = [];

    public List<XmlElementNode> Children { get; } = [];

    /// <summary>All text directly in the element, CDATA included; empty when it is only white space.</summary>
    public string Text { get; private set; } = "";

    /// <summary>White space counts only between other text: an element's indentation is no text of it.</summary>
    public void Append(ReadOnlySpan<char> text, bool isWhiteSpace)
    {
        if (!isWhiteSpace || _text is { Length: > 0 })
        {
            (_text ??= new StringBuilder()).Append(text);
        }
    }

    public void Close()
    {
        if (_text is not null)
        {
            var text = _text.ToString();
            Text = string.IsNullOrWhiteSpace(text) ? "" : text;
            _text = null;
        }
    }

    /// <summary>The value of an attribute in no namespace; null when it is absent.</summary>
    public string? Attribute(string localName) => Attribute("", localName);

    /// <summary>The value of an attribute; null when it is absent.</summary>
    public string? Attribute(string namespaceUri, string localName)
    {
        foreach (var attribute in Attributes)
        {
            if (attribute.LocalName == localName && attribute.NamespaceUri == namespaceUri)
            {
                return attribute.Value;
            }
        }
        return null;
    }
}
