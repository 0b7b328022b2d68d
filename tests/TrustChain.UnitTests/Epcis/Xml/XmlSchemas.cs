using System.Xml;
using System.Xml.Schema;
using TrustChain.Core.Epcis.Xml;

namespace TrustChain.UnitTests.Epcis.Xml;

/// <summary>The official XML schemas. Their imports are resolved within their folder only.</summary>
internal static class XmlSchemas
{
    private static readonly Lazy<XmlSchemaSet> V1 = new(() => Load("xsd-1.2", "EPCglobal-epcis-query-1_2.xsd"));
    private static readonly Lazy<XmlSchemaSet> V2 = new(() => Load("xsd-2.0", "EPCglobal-epcis-query-2_0.xsd"));

    public static void AssertValid(byte[] xml, EpcisXmlVersion version)
    {
        var findings = new List<string>();
        var settings = new XmlReaderSettings
        {
            ValidationType = ValidationType.Schema,
            Schemas = (version == EpcisXmlVersion.V1 ? V1 : V2).Value,
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
        };
        settings.ValidationEventHandler += (_, e) => findings.Add(e.Message);
        using var reader = XmlReader.Create(new MemoryStream(xml), settings);
        while (reader.Read())
        {
        }
        Assert.True(findings.Count == 0, string.Join('\n', findings) + "\n" + System.Text.Encoding.UTF8.GetString(xml));
    }

    private static XmlSchemaSet Load(string folder, string file)
    {
        var path = Vectors.PathOf($"{XmlVectors.Folder}/{folder}");
        var set = new XmlSchemaSet { XmlResolver = new FolderResolver(path) };
        using var reader = XmlReader.Create(
            Path.Combine(path, file), new XmlReaderSettings { XmlResolver = new FolderResolver(path), DtdProcessing = DtdProcessing.Prohibit });
        set.Add(null, reader);
        set.Compile();
        return set;
    }

    private sealed class FolderResolver(string folder) : XmlUrlResolver
    {
        public override object? GetEntity(Uri absoluteUri, string? role, Type? ofObjectToReturn)
        {
            Assert.True(absoluteUri.IsFile && Path.GetDirectoryName(absoluteUri.LocalPath) == Path.GetFullPath(folder), $"{absoluteUri} is elsewhere.");
            return File.OpenRead(absoluteUri.LocalPath);
        }
    }
}
