using System.Net.Http.Headers;
using System.Text;
using System.Xml.Linq;
using TrustChain.Core.Epcis.Xml;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests;
using TrustChain.UnitTests.Epcis.Xml;

namespace TrustChain.IntegrationTests.Soap;

/// <summary>A SOAP client of the simplest kind: text in, text out.</summary>
internal sealed class SoapClient(string baseUrl) : IDisposable
{
    public const string Path = "/epcis/soap";
    public const string Envelope11 = "http://schemas.xmlsoap.org/soap/envelope/";
    public const string Envelope12 = "http://www.w3.org/2003/05/soap-envelope";

    public static readonly XNamespace Query = "urn:epcglobal:epcis-query:xsd:1";

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    public static string MediaTypeOf(int version) => version == 11 ? "text/xml" : "application/soap+xml";

    public static AuthenticationHeaderValue Bearer(string key) => new("Bearer", key);

    public static AuthenticationHeaderValue Basic(string user, string key) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{key}")));

    public static string Wrap(string body, int version = 11, string header = "")
    {
        var ns = version == 11 ? Envelope11 : Envelope12;
        return $"""
            <?xml version="1.0"?>
            <s:Envelope xmlns:s="{ns}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:q="{Query}">
              {header}<s:Body>{body}</s:Body>
            </s:Envelope>
            """;
    }

    /// <summary>A Poll in the words of the schema.</summary>
    public static string Poll(string queryName, params string[] parameters) => $"<q:Poll><queryName>{queryName}</queryName><params>{string.Concat(parameters)}</params></q:Poll>";

    public static string Param(string name, string typedValue) => $"<param><name>{name}</name>{typedValue}</param>";

    public static string List(string name, params string[] values) =>
        Param(name, $"<value xsi:type=\"q:ArrayOfString\">{string.Concat(values.Select(static v => $"<string>{v}</string>"))}</value>");

    public static string Void(string name) => Param(name, "<value xsi:type=\"q:VoidHolder\"/>");

    public static string Typed(string name, string type, string value) => Param(name, $"<value xsi:type=\"xsd:{type}\">{value}</value>");

    public async Task<Answer> SendAsync(HttpContent content, AuthenticationHeaderValue? authorization = null, string path = Path, string? action = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, baseUrl + path) { Content = content };
        request.Headers.Authorization = authorization;
        if (action is not null)
        {
            request.Headers.TryAddWithoutValidation("SOAPAction", action);
        }
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.FromAsync(response);
    }

    public Task<Answer> SendAsync(string body, AuthenticationHeaderValue? authorization = null, int version = 11, string? action = "\"\"") =>
        SendAsync(Text(Wrap(body, version), MediaTypeOf(version)), authorization, action: action);

    public static StringContent Text(string text, string mediaType) => new(text, Encoding.UTF8, mediaType);

    /// <summary>The result of an operation that goes well, valid by the official schema.</summary>
    public async Task<XElement> CallAsync(string body, AuthenticationHeaderValue? authorization = null, int version = 11)
    {
        var answer = (await SendAsync(body, authorization, version)).Expect(200);
        Assert.Equal(MediaTypeOf(version), answer.MediaType);
        return BodyOf(answer, version);
    }

    /// <summary>The exception in the detail of a fault, valid by the official schema.</summary>
    public async Task<XElement> FailAsync(string body, AuthenticationHeaderValue? authorization = null, int version = 11) =>
        DetailOf((await SendAsync(body, authorization, version)).Expect(version == 11 ? 500 : 400), version);

    public static XElement DetailOf(Answer answer, int version = 11)
    {
        XNamespace soap = version == 11 ? Envelope11 : Envelope12;
        var fault = FaultOf(answer, version);
        var exception = Assert.Single((version == 11 ? fault.Element("detail") : fault.Element(soap + "Detail"))!.Elements());
        Validate(exception);
        return exception;
    }

    /// <summary>The fault, with the code checked.</summary>
    public static XElement FaultOf(Answer answer, int version = 11, string? code = null)
    {
        XNamespace soap = version == 11 ? Envelope11 : Envelope12;
        Assert.Equal(MediaTypeOf(version), answer.MediaType);
        var fault = Parse(answer).Element(soap + "Body")!.Element(soap + "Fault");
        Assert.True(fault is not null, answer.Body);
        var (given, reason) = version == 11
            ? (fault.Element("faultcode")!.Value, fault.Element("faultstring")!.Value)
            : (fault.Element(soap + "Code")!.Element(soap + "Value")!.Value, fault.Element(soap + "Reason")!.Element(soap + "Text")!.Value);
        Assert.NotEmpty(reason);
        if (code is not null)
        {
            Assert.Equal($"soap:{code}", given);
        }
        return fault;
    }

    public void Dispose() => _http.Dispose();

    private static XElement BodyOf(Answer answer, int version)
    {
        XNamespace soap = version == 11 ? Envelope11 : Envelope12;
        var result = Assert.Single(Parse(answer).Element(soap + "Body")!.Elements());
        Validate(result);
        return result;
    }

    private static XElement Parse(Answer answer) => XElement.Parse(answer.Body);

    private static void Validate(XElement element)
    {
        if (Vectors.Available)
        {
            XmlSchemas.AssertValid(Encoding.UTF8.GetBytes(new XElement(element).ToString(SaveOptions.DisableFormatting)), EpcisXmlVersion.V1);
        }
        else
        {
            Console.WriteLine("conformance not run: no vectors folder (set TRUSTCHAIN_VECTORS)");
        }
    }
}
