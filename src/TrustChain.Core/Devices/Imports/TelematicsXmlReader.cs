using System.Globalization;
using System.Text;
using System.Xml;

namespace TrustChain.Core.Devices.Imports;

/// <summary>Reads a feed in XML. Used once.</summary>
internal sealed class TelematicsXmlReader(ReadOnlyMemory<byte> utf8)
{
    // The reader takes in a tag with all its attributes before anybody can count them.
    private const int MaxTagBytes = 16_384;
    private const int MaxNodes = 1_000_000;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersFromEntities = 1024,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
    };

    private readonly TelematicsBuilder _builder = new();
    private int _nodes;

    public (IReadOnlyList<TelematicsEquipment>, ImportFault?) Read()
    {
        if (utf8.Span.IndexOf("<!DOCTYPE"u8) >= 0)
        {
            return ([], new ImportFault(ImportRules.DtdRefused, "", "A document type declaration is refused."));
        }
        if (HasLongTag(utf8.Span))
        {
            return ([], new ImportFault(ImportRules.TooLarge, "", $"A tag is longer than {MaxTagBytes} bytes."));
        }
        // As UTF-8 whatever it declares: in any other encoding the two checks above would not see what is there.
        if (!System.Text.Unicode.Utf8.IsValid(utf8.Span))
        {
            return ([], new ImportFault(ImportRules.Malformed, "", "The body is no XML in UTF-8."));
        }
        using var text = new StreamReader(new MemoryStream(utf8.ToArray(), writable: false), Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
        using var xml = XmlReader.Create(text, Settings);
        var lines = (IXmlLineInfo)xml;
        try
        {
            ReadRoot(xml);
            return (_builder.Equipment, null);
        }
        catch (FeedException exception)
        {
            return ([], new ImportFault(exception.Code, Place(), exception.Message));
        }
        catch (XmlException)
        {
            return ([], new ImportFault(ImportRules.Malformed, Place(), "The body is no XML in UTF-8."));
        }

        string Place() => string.Create(CultureInfo.InvariantCulture, $"line {lines.LineNumber}, column {lines.LinePosition}");
    }

    private void ReadRoot(XmlReader xml)
    {
        while (xml.NodeType != XmlNodeType.Element)
        {
            if (!Advance(xml))
            {
                throw new FeedException(ImportRules.WrongFeed, "There is no element.");
            }
        }
        if (xml.NamespaceURI.Length > 0 && !xml.NamespaceURI.Contains("15143/-3", StringComparison.Ordinal))
        {
            throw new FeedException(ImportRules.WrongFeed, "The root is not in a namespace of ISO 15143-3.");
        }
        ReadContainer(xml);
        _builder.EndEquipment();
        while (Advance(xml))
        {
            // What follows the root must be XML too.
        }
    }

    /// <summary>A fleet, a machine, or the messages of a time series.</summary>
    private void ReadContainer(XmlReader xml)
    {
        var end = xml.Depth;
        if (xml.IsEmptyElement)
        {
            return;
        }
        while (Advance(xml) && xml.Depth > end)
        {
            if (xml.NodeType != XmlNodeType.Element)
            {
                continue;
            }
            if (xml.LocalName.Equals("Equipment", StringComparison.OrdinalIgnoreCase))
            {
                _builder.EndEquipment();
                ReadContainer(xml);
                _builder.EndEquipment();
            }
            else if (TelematicsBuilder.IsAboutFeed(xml.LocalName))
            {
                Pass(xml);
            }
            else
            {
                ReadPoint(xml);
            }
        }
    }

    private void ReadPoint(XmlReader xml)
    {
        var name = Bounded(xml.LocalName);
        var members = TelematicsBuilder.NewMembers();
        for (var i = 0; i < xml.AttributeCount; i++)
        {
            xml.MoveToAttribute(i);
            if (xml.Prefix != "xmlns" && xml.Name != "xmlns" && xml.NamespaceURI.Length == 0)
            {
                TelematicsBuilder.AddMember(members, xml.LocalName, xml.Value);
            }
        }
        xml.MoveToElement();
        var end = xml.Depth;
        if (!xml.IsEmptyElement)
        {
            while (Advance(xml) && xml.Depth > end)
            {
                if (xml.NodeType == XmlNodeType.Element)
                {
                    ReadMember(xml, members);
                }
            }
        }
        _builder.Add(name, members);
    }

    private void ReadMember(XmlReader xml, Dictionary<string, string> members)
    {
        var name = Bounded(xml.LocalName);
        var end = xml.Depth;
        var text = "";
        if (!xml.IsEmptyElement)
        {
            // What is deeper than a member is of no standard, and its text does not count.
            while (Advance(xml) && xml.Depth > end)
            {
                if (xml.Depth == end + 1 && xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
                {
                    text = xml.Value.Length + text.Length <= TelematicsFeed.MaxText ? text + xml.Value : throw new FeedException(ImportRules.TooLarge, $"A text is longer than {TelematicsFeed.MaxText} characters.");
                }
            }
        }
        if (text.Length > 0)
        {
            TelematicsBuilder.AddMember(members, name, text.Trim());
        }
    }

    private void Pass(XmlReader xml)
    {
        var end = xml.Depth;
        if (xml.IsEmptyElement)
        {
            return;
        }
        while (Advance(xml) && xml.Depth > end)
        {
            // Nothing of it is looked at.
        }
    }

    private bool Advance(XmlReader xml)
    {
        if (!xml.Read())
        {
            return false;
        }
        _nodes += 1 + xml.AttributeCount;
        if (xml.Depth > TelematicsFeed.MaxDepth || _nodes > MaxNodes)
        {
            throw new FeedException(ImportRules.TooLarge, $"There are more than {TelematicsFeed.MaxDepth} levels, or more than {MaxNodes} elements, texts and attributes.");
        }
        return true;
    }

    private static string Bounded(string name) =>
        name.Length <= TelematicsFeed.MaxText ? name : throw new FeedException(ImportRules.TooLarge, $"A name is longer than {TelematicsFeed.MaxText} characters.");

    private static bool HasLongTag(ReadOnlySpan<byte> text)
    {
        while (text.IndexOf((byte)'<') is >= 0 and var start)
        {
            text = text[start..];
            var end = text.IndexOf((byte)'>');
            if ((end < 0 ? text.Length : end) > MaxTagBytes)
            {
                return true;
            }
            text = text[(end + 1)..];
            if (end < 0)
            {
                return false;
            }
        }
        return false;
    }
}
