namespace TrustChain.Core.Epcis.Xml;

/// <summary>The namespaces of EPCIS XML.</summary>
internal static class XmlNames
{
    public const string Epcis1 = "urn:epcglobal:epcis:xsd:1";
    public const string Epcis2 = "urn:epcglobal:epcis:xsd:2";
    public const string Query1 = "urn:epcglobal:epcis-query:xsd:1";
    public const string Query2 = "urn:epcglobal:epcis-query:xsd:2";
    public const string MasterData1 = "urn:epcglobal:epcis-masterdata:xsd:1";
    public const string MasterData2 = "urn:epcglobal:epcis-masterdata:xsd:2";
    public const string Instance = "http://www.w3.org/2001/XMLSchema-instance";
    public const string Schema = "http://www.w3.org/2001/XMLSchema";
    public const string Xml = "http://www.w3.org/XML/1998/namespace";
    public const string Declarations = "http://www.w3.org/2000/xmlns/";

    /// <summary>
    /// A namespace of this program's: its elements stand for JSON members whose names have no namespace to be written in (whole URIs, undeclared
    /// prefixes); the local name is the member's whole name.
    /// </summary>
    public const string WholeName = "urn:x-trustchain:epcis-member";

    /// <summary>The JSON-LD context of EPCIS 2.0.</summary>
    public const string StandardContext = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

    /// <summary>The prefixes that context declares.</summary>
    public static readonly (string Prefix, string Namespace)[] Standard =
    [
        ("epcis", "https://ref.gs1.org/epcis/"),
        ("cbv", "https://ref.gs1.org/cbv/"),
        ("cbvmda", "urn:epcglobal:cbv:mda:"),
        ("gs1", "https://gs1.org/voc/"),
        ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
        ("owl", "http://www.w3.org/2002/07/owl#"),
        ("xsd", "http://www.w3.org/2001/XMLSchema#"),
        ("dcterms", "http://purl.org/dc/terms/"),
    ];

    /// <summary>Starts of absolute URIs: a value that begins with one is no prefixed name, whatever prefixes the document declares.</summary>
    private static readonly string[] Schemes =
        ["urn", "http", "https", "ni", "nih", "geo", "did", "tag", "info", "data", "mailto", "tel", "ftp", "file", "uuid", "oid"];

    public static bool IsScheme(ReadOnlySpan<char> prefix)
    {
        foreach (var scheme in Schemes)
        {
            if (prefix.Equals(scheme, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Namespaces that name the parts of the format and no vocabulary, so that values are never prefixed names of them.</summary>
    public static bool IsFormat(string namespaceUri) => namespaceUri
        is Epcis1 or Epcis2 or Query1 or Query2 or MasterData1 or MasterData2 or Instance or Schema or Xml or WholeName;

    /// <summary>The namespace of a standard prefix; null for any other prefix.</summary>
    public static string? FindStandard(ReadOnlySpan<char> prefix)
    {
        foreach (var (standard, uri) in Standard)
        {
            if (prefix.SequenceEqual(standard))
            {
                return uri;
            }
        }
        return null;
    }
}
