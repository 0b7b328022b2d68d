using System.Text;
using System.Xml;

namespace TrustChain.Server.Soap;

/// <summary>A message being written: the envelope is begun, what is in its body comes from the operation. Not for use by several threads.</summary>
internal sealed class SoapAnswer : IDisposable
{
    private readonly MemoryStream _bytes = new();
    private readonly SoapVersion _version;

    public SoapAnswer(SoapVersion version)
    {
        _version = version;
        Xml = XmlWriter.Create(_bytes, new XmlWriterSettings { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), NewLineHandling = NewLineHandling.Entitize });
        Xml.WriteStartElement("soap", "Envelope", SoapNames.EnvelopeOf(version));
        Xml.WriteStartElement("soap", "Body", SoapNames.EnvelopeOf(version));
    }

    /// <summary>Inside the body.</summary>
    public XmlWriter Xml { get; }

    /// <summary>Events and parts of them that EPCIS 1.2 has no place for.</summary>
    public int LeftOut { get; set; }

    /// <summary>Bytes written so far, up to the last flush.</summary>
    public long Length => _bytes.Length;

    /// <summary>A fault as a whole message.</summary>
    public static byte[] Write(SoapVersion version, SoapFault fault)
    {
        using var answer = new SoapAnswer(version);
        answer.WriteFault(fault);
        return answer.Complete();
    }

    /// <summary>An element of the query namespace with text.</summary>
    public void WriteText(string name, string text) => Xml.WriteElementString("epcisq", name, SoapNames.Query, text);

    /// <summary>An element of the query namespace with strings.</summary>
    public void WriteStrings(string name, IEnumerable<string> strings)
    {
        Xml.WriteStartElement("epcisq", name, SoapNames.Query);
        foreach (var text in strings)
        {
            Xml.WriteElementString("string", text);
        }
        Xml.WriteEndElement();
    }

    /// <summary>Ends the message.</summary>
    public byte[] Complete()
    {
        Xml.WriteEndDocument();
        Xml.Flush();
        return _bytes.ToArray();
    }

    public void Dispose()
    {
        Xml.Dispose();
        _bytes.Dispose();
    }

    private void WriteFault(SoapFault fault)
    {
        var ns = SoapNames.EnvelopeOf(_version);
        Xml.WriteStartElement("soap", "Fault", ns);
        if (_version == SoapVersion.V11)
        {
            var code = fault.Code switch { SoapFaultCode.Sender => "Client", SoapFaultCode.Receiver => "Server", var other => other.ToString() };
            Xml.WriteElementString("faultcode", $"soap:{code}");
            Xml.WriteElementString("faultstring", Printable(fault.Reason));
            if (fault.Exception is not null)
            {
                Xml.WriteStartElement("detail");
                WriteException(fault, fault.Exception);
                Xml.WriteEndElement();
            }
        }
        else
        {
            Xml.WriteStartElement("soap", "Code", ns);
            Xml.WriteElementString("soap", "Value", ns, $"soap:{fault.Code}");
            Xml.WriteEndElement();
            Xml.WriteStartElement("soap", "Reason", ns);
            Xml.WriteStartElement("soap", "Text", ns);
            Xml.WriteAttributeString("xml", "lang", null, "en");
            Xml.WriteString(Printable(fault.Reason));
            Xml.WriteEndElement();
            Xml.WriteEndElement();
            if (fault.Exception is not null)
            {
                Xml.WriteStartElement("soap", "Detail", ns);
                WriteException(fault, fault.Exception);
                Xml.WriteEndElement();
            }
        }
        Xml.WriteEndElement();
    }

    private void WriteException(SoapFault fault, string exception)
    {
        Xml.WriteStartElement("epcisq", exception, SoapNames.Query);
        Xml.WriteElementString("reason", Printable(fault.Reason));
        if (exception == "ImplementationException")
        {
            // ERROR, in the words of the standard, leaves everything as it was before, as reading does; SEVERE would not.
            Xml.WriteElementString("severity", "ERROR");
        }
        if (fault.QueryName is not null)
        {
            Xml.WriteElementString("queryName", fault.QueryName);
        }
        Xml.WriteEndElement();
    }

    // Reasons quote what was sent, and a cut may go through a surrogate pair, which XML does not take.
    private static string Printable(string text)
    {
        var printable = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            printable.Append(rune.Value < 0x10000 && !XmlConvert.IsXmlChar((char)rune.Value) ? "�" : rune.ToString());
        }
        return printable.ToString();
    }
}
