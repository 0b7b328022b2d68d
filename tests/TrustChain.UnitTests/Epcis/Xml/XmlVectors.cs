using System.Text;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;

namespace TrustChain.UnitTests.Epcis.Xml;

/// <summary>The official XML documents and short ways to read them.</summary>
internal static class XmlVectors
{
    public const string Folder = "epcis-xml";

    public static EpcisReadOptions Lenient { get; } = new() { CheckDigits = CheckDigitPolicy.Warn };

    /// <summary>All documents, the answers of capture jobs left out: those are no EPCIS documents.</summary>
    public static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(Vectors.PathOf(Folder), "*.xml", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Vectors.PathOf(Folder), path).Replace('\\', '/'))
            .Where(name => !name.Contains("CaptureJob", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    public static byte[] Bytes(string document) => File.ReadAllBytes(Vectors.PathOf($"{Folder}/{document}"));

    /// <summary>The JSON of a document that has no faults.</summary>
    public static EpcisReadResult ReadJson(ReadOnlyMemory<byte> xml, out EpcisXmlDocument document)
    {
        document = EpcisXmlReader.ReadDocument(xml, Lenient);
        Assert.Empty(document.Faults);
        return EpcisReader.Read(document.Utf8, Lenient);
    }
}
