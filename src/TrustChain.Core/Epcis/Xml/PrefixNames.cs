using System.Text;
using System.Xml;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>
/// Gives the XML namespaces of one event their prefixes in JSON: one namespace one prefix and one prefix one namespace, whatever the XML redeclares.
/// The XML prefix is kept where it can be.
/// </summary>
internal sealed class PrefixNames
{
    private readonly Dictionary<string, string> _prefixes = [];
    private readonly HashSet<string> _taken = [];
    private readonly List<(string Prefix, string Namespace)> _declared = [];

    private int _numbered;

    /// <summary>Whether the event has to say its context.</summary>
    public bool IsContextNeeded { get; private set; }

    public void Clear()
    {
        _prefixes.Clear();
        _taken.Clear();
        _declared.Clear();
        _numbered = 0;
        IsContextNeeded = false;
        foreach (var (prefix, uri) in XmlNames.Standard)
        {
            _prefixes.Add(uri, prefix);
            _taken.Add(prefix);
        }
        _taken.Add("id");
        _taken.Add("type");
    }

    /// <summary>
    /// Keeps prefixes free that values use without declaring them: such a value means nothing more than its letters, in JSON too.
    /// </summary>
    public void ReserveUndeclared(XmlElementNode node)
    {
        ReserveUndeclared(node.Text, node.Scope);
        foreach (var attribute in node.Attributes)
        {
            ReserveUndeclared(attribute.Value, node.Scope);
        }
        foreach (var child in node.Children)
        {
            ReserveUndeclared(child);
        }
    }

    private void ReserveUndeclared(string text, XmlScope scope)
    {
        if (TryGetPrefix(text, out var prefix) && scope.Find(prefix) is null)
        {
            _taken.Add(prefix.ToString());
        }
    }

    /// <summary>The member name of an element or attribute.</summary>
    public string Name(string xmlPrefix, string namespaceUri, string localName)
    {
        var local = Local(localName);
        if (namespaceUri.Length == 0)
        {
            return local;
        }
        IsContextNeeded = true;
        return namespaceUri == XmlNames.WholeName ? XmlConvert.DecodeName(localName) : $"{For(namespaceUri, xmlPrefix)}:{local}";
    }

    /// <summary>A value, its prefix changed to the one its namespace has in JSON where it is a prefixed name.</summary>
    public string Value(string text, XmlScope scope)
    {
        if (!TryGetPrefix(text, out var prefix))
        {
            return text;
        }
        var uri = scope.Find(prefix);
        if (uri is null)
        {
            IsContextNeeded |= XmlNames.FindStandard(prefix) is not null;
            return text;
        }
        if (XmlNames.IsFormat(uri))
        {
            return text;
        }
        IsContextNeeded = true;
        var json = For(uri, prefix.ToString());
        return prefix.SequenceEqual(json) ? text : json + text[prefix.Length..];
    }

    /// <summary>A prefixed name's whole URI; null when the value is none or its prefix is not declared.</summary>
    public static string? Expand(string text, XmlScope scope)
    {
        if (!TryGetPrefix(text, out var prefix))
        {
            return null;
        }
        var uri = scope.Find(prefix);
        uri = uri is null || XmlNames.IsFormat(uri) ? XmlNames.FindStandard(prefix) : uri;
        return uri is null ? null : uri + text[(prefix.Length + 1)..];
    }

    /// <summary>Writes the <c>@context</c> value: the standard's URL, then one object for each other prefix.</summary>
    public void WriteContext(LinedJson json, int line)
    {
        json.StartArray(line);
        json.Text(XmlNames.StandardContext, line);
        foreach (var (prefix, uri) in _declared)
        {
            json.StartObject(line);
            json.Text(prefix, uri, line);
            json.EndObject();
        }
        json.EndArray();
    }

    private string For(string namespaceUri, string preferred)
    {
        if (_prefixes.TryGetValue(namespaceUri, out var known))
        {
            return known;
        }
        var prefix = namespaceUri switch
        {
            XmlNames.Epcis1 => "epcis1",
            XmlNames.Epcis2 => "epcis2",
            _ => preferred.Replace('_', '-'),
        };
        while (!IsUsable(prefix) || !_taken.Add(prefix))
        {
            prefix = $"ns{++_numbered}";
        }
        _prefixes.Add(namespaceUri, prefix);
        _declared.Add((prefix, namespaceUri));
        return prefix;
    }

    /// <summary>A prefix in JSON has the form of a URI scheme, and must not be one in use.</summary>
    private static bool IsUsable(string prefix)
    {
        foreach (var c in prefix)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.'))
            {
                return false;
            }
        }
        return prefix.Length > 0 && char.IsAsciiLetter(prefix[0]) && !XmlNames.IsScheme(prefix);
    }

    private static bool TryGetPrefix(string text, out ReadOnlySpan<char> prefix)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        prefix = colon < 1 ? default : text.AsSpan(0, colon);
        return colon > 0 && !text.AsSpan(colon + 1).StartsWith("//") && !XmlNames.IsScheme(prefix);
    }

    /// <summary>
    /// Names of EPCIS in JSON are URIs, so other letters are percent-encoded (RFC 3987 section 3.1); <c>_x0040_</c> is what a writer puts for
    /// characters no XML name can have.
    /// </summary>
    public static string Local(string name)
    {
        if (name.Contains("_x", StringComparison.Ordinal))
        {
            return XmlConvert.DecodeName(name);
        }
        if (System.Text.Ascii.IsValid(name))
        {
            return name;
        }
        var encoded = new StringBuilder(name.Length * 3);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.IsAscii)
            {
                encoded.Append((char)rune.Value);
                continue;
            }
            foreach (var b in utf8[..rune.EncodeToUtf8(utf8)])
            {
                encoded.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }
        return encoded.ToString();
    }
}
