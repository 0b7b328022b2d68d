namespace TrustChain.Server.Soap;

/// <summary>The versions of SOAP, each with its own namespace and media type.</summary>
internal enum SoapVersion
{
    /// <summary>SOAP 1.1: <c>text/xml</c>.</summary>
    V11,

    /// <summary>SOAP 1.2: <c>application/soap+xml</c>.</summary>
    V12,
}

/// <summary>Names of the binding.</summary>
internal static class SoapNames
{
    public const string Envelope11 = "http://schemas.xmlsoap.org/soap/envelope/";
    public const string Envelope12 = "http://www.w3.org/2003/05/soap-envelope";

    /// <summary>Messages and exceptions of EPCIS 1.2.</summary>
    public const string Query = "urn:epcglobal:epcis-query:xsd:1";

    public const string Schema = "http://www.w3.org/2001/XMLSchema";
    public const string Instance = "http://www.w3.org/2001/XMLSchema-instance";

    public const string MediaType11 = "text/xml";
    public const string MediaType12 = "application/soap+xml";

    public static string EnvelopeOf(SoapVersion version) => version == SoapVersion.V11 ? Envelope11 : Envelope12;

    public static string ContentTypeOf(SoapVersion version) => (version == SoapVersion.V11 ? MediaType11 : MediaType12) + "; charset=utf-8";
}
