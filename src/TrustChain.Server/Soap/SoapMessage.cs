using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace TrustChain.Server.Soap;

/// <summary>An envelope as it was read: the operation, or the fault to answer with.</summary>
/// <param name="Version">The envelope's version; that of the media type where there is no envelope.</param>
/// <param name="Operation">The one element in the body; null with a fault.</param>
/// <param name="Fault">Why there is no operation.</param>
internal sealed record SoapMessage(SoapVersion Version, XElement? Operation, SoapFault? Fault)
{
    /// <summary>Largest message.</summary>
    public const int MaxBytes = 256 << 10;

    private const int MaxDepth = 32;

    /// <summary>Reads a message. No input makes it throw; no document type declaration is read, no entity expanded, nothing outside of it opened.</summary>
    /// <param name="body">The bytes.</param>
    /// <param name="charset">The encoding that the media type names; null: the bytes or the XML declaration tell.</param>
    /// <param name="assumed">The version of the media type.</param>
    public static SoapMessage Read(byte[] body, Encoding? charset, SoapVersion assumed)
    {
        XElement root;
        try
        {
            if (IsTooDeep(body, charset))
            {
                return new SoapMessage(assumed, null, SoapFault.Unreadable($"Elements are nested deeper than {MaxDepth}."));
            }
            using var xml = Open(body, charset);
            root = XElement.Load(xml);
        }
        catch (XmlException error)
        {
            // The parser has no error codes; nothing else it complains of mentions a DTD.
            return new SoapMessage(assumed, null, SoapFault.Unreadable(error.Message.Contains("DTD", StringComparison.Ordinal)
                ? "A document type declaration (DOCTYPE) is not read."
                : $"The message is not well-formed XML: it cannot go on as it does in line {error.LineNumber}, column {error.LinePosition}."));
        }
        return ReadEnvelope(root, assumed);
    }

    /// <summary>A part of a message by its name, which stands in no namespace by the schema, but in that of the messages from some clients.</summary>
    public static bool IsNamed(XElement element, string name) =>
        element.Name.LocalName == name && element.Name.NamespaceName is "" or SoapNames.Query;

    private static SoapMessage ReadEnvelope(XElement root, SoapVersion assumed)
    {
        if (root.Name.LocalName != "Envelope" || root.Name.NamespaceName is not (SoapNames.Envelope11 or SoapNames.Envelope12))
        {
            return new SoapMessage(assumed, null, root.Name.LocalName == "Envelope"
                ? new SoapFault(SoapFaultCode.VersionMismatch, "The envelope is neither of SOAP 1.1 nor of SOAP 1.2.")
                : SoapFault.Unreadable("The message is no SOAP envelope."));
        }
        var ns = root.Name.Namespace;
        var version = ns.NamespaceName == SoapNames.Envelope11 ? SoapVersion.V11 : SoapVersion.V12;
        if (root.Elements(ns + "Header").Elements().FirstOrDefault(block => MustUnderstand(block, ns)) is { } header)
        {
            return new SoapMessage(version, null, new SoapFault(SoapFaultCode.MustUnderstand, $"No header blocks are understood here, {Shorten(header.Name.LocalName)} neither; the API key goes into the HTTP header Authorization."));
        }
        if (root.Elements(ns + "Body").ToList() is not [var body] || body.Elements().ToList() is not [var operation])
        {
            return new SoapMessage(version, null, SoapFault.Unreadable("The envelope has not one Body with one element in it."));
        }
        return operation.Name.NamespaceName == SoapNames.Query
            ? new SoapMessage(version, operation, null)
            : new SoapMessage(version, null, SoapFault.Invalid($"The operation is not in the namespace {SoapNames.Query}."));
    }

    /// <summary>Whether a block is meant for this service and must not be passed over.</summary>
    private static bool MustUnderstand(XElement block, XNamespace ns)
    {
        var target = block.Attribute(ns + "actor")?.Value ?? block.Attribute(ns + "role")?.Value ?? "";
        return block.Attribute(ns + "mustUnderstand")?.Value.Trim() is "1" or "true"
            && (target.Length == 0 || target.EndsWith("/next", StringComparison.Ordinal) || target.EndsWith("/ultimateReceiver", StringComparison.Ordinal));
    }

    private static bool IsTooDeep(byte[] body, Encoding? charset)
    {
        using var xml = Open(body, charset);
        while (xml.Read())
        {
            if (xml.Depth > MaxDepth)
            {
                return true;
            }
        }
        return false;
    }

    private static XmlReader Open(byte[] body, Encoding? charset)
    {
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersFromEntities = 1024,
            MaxCharactersInDocument = MaxBytes,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
        };
        var stream = new MemoryStream(body, writable: false);
        return charset is null or UTF8Encoding ? XmlReader.Create(stream, settings) : XmlReader.Create(new StreamReader(stream, charset), settings);
    }

    private static string Shorten(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
