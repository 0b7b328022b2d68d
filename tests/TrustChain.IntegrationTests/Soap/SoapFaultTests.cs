using System.Text;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Soap;

/// <summary>The operations beside Poll, and messages that are wrong.</summary>
[Collection(typeof(OneSoapServer))]
public sealed class SoapFaultTests(SoapFixture fixture)
{
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Versions_AndNames_AreTold(int version)
    {
        Assert.Equal("1.2", (await fixture.Client.CallAsync("<q:GetStandardVersion/>", null, version)).Value);
        Assert.StartsWith("urn:x-trustchain:version:", (await fixture.Client.CallAsync("<q:GetVendorVersion/>", null, version)).Value, StringComparison.Ordinal);
        var names = await fixture.Client.CallAsync("<q:GetQueryNames/>", null, version);
        Assert.Equal(SoapClient.Query + "GetQueryNamesResult", names.Name);
        Assert.Equal(["SimpleEventQuery", "SimpleMasterDataQuery"], names.Elements("string").Select(static s => s.Value));
        Assert.Empty((await fixture.Client.CallAsync("<q:GetSubscriptionIDs><queryName>SimpleEventQuery</queryName></q:GetSubscriptionIDs>", null, version)).Elements());
    }

    [Theory]
    [InlineData("<q:GetSubscriptionIDs><queryName>Mine</queryName></q:GetSubscriptionIDs>", "NoSuchNameException")]
    [InlineData("<q:Poll><queryName>Mine</queryName><params/></q:Poll>", "NoSuchNameException")]
    [InlineData("<q:Subscribe><queryName>Mine</queryName><params/><dest>http://example.org</dest><controls/><subscriptionID>s</subscriptionID></q:Subscribe>", "NoSuchNameException")]
    [InlineData("<q:Subscribe><queryName>SimpleEventQuery</queryName><params/><dest>http://example.org</dest><controls/><subscriptionID>s</subscriptionID></q:Subscribe>", "SubscribeNotPermittedException")]
    [InlineData("<q:Unsubscribe><subscriptionID>s</subscriptionID></q:Unsubscribe>", "NoSuchSubscriptionException")]
    [InlineData("<q:Unsubscribe/>", "ValidationException")]
    [InlineData("<q:GetSubscriptionIDs/>", "ValidationException")]
    [InlineData("<q:Poll><queryName>SimpleEventQuery</queryName></q:Poll>", "ValidationException")]
    [InlineData("<q:Poll><queryName>SimpleEventQuery</queryName><params><param><name>x</name></param></params></q:Poll>", "ValidationException")]
    [InlineData("<q:Delete/>", "ValidationException")]
    [InlineData("<Poll/>", "ValidationException")]
    public async Task Operations_ThatCannotBeDone_GiveTheExceptionOfTheStandard(string body, string exception)
    {
        Assert.Equal(SoapClient.Query + exception, (await fixture.Client.FailAsync(body)).Name);
        Assert.Equal(SoapClient.Query + exception, (await fixture.Client.FailAsync(body, null, 12)).Name);
    }

    [Fact]
    public async Task SoapAction_OfAnyKind_IsTolerated()
    {
        foreach (var action in (string?[])[null, "", "\"\"", "\"urn:something:else\"", "nonsense"])
        {
            (await fixture.Client.SendAsync("<q:GetStandardVersion/>", action: action)).Expect(200);
        }
    }

    [Theory]
    [InlineData("", "Client")]
    [InlineData("no XML at all", "Client")]
    [InlineData("<open>", "Client")]
    [InlineData("<other/>", "Client")]
    [InlineData("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body/></e:Envelope>", "Client")]
    [InlineData("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><a/><b/></e:Body></e:Envelope>", "Client")]
    [InlineData("<?xml version='1.0' encoding='x-none'?><a/>", "Client")]
    [InlineData("<!DOCTYPE a><a/>", "Client")]
    [InlineData("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/hostname'>]><a>&b;</a>", "Client")]
    [InlineData("<a>&undeclared;</a>", "Client")]
    public async Task Messages_ThatAreNoSoap_AreFaultsOfTheClient(string message, string code)
    {
        var answer = (await fixture.Client.SendAsync(SoapClient.Text(message, "text/xml"))).Expect(400);

        SoapClient.FaultOf(answer, 11, code);
        SoapClient.FaultOf((await fixture.Client.SendAsync(SoapClient.Text(message, "application/soap+xml"))).Expect(400), message.Contains("schemas.xmlsoap", StringComparison.Ordinal) ? 11 : 12);
    }

    [Fact]
    public async Task Dtd_IsNamedAsTheReason()
    {
        var answer = (await fixture.Client.SendAsync(SoapClient.Text("<!DOCTYPE a [<!ENTITY b 'bbbb'>]><a>&b;</a>", "text/xml"))).Expect(400);

        Assert.Contains("DOCTYPE", SoapClient.FaultOf(answer).Element("faultstring")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_TooDeepOrTooLargeOrOfAnotherType_AreRefused()
    {
        SoapClient.FaultOf((await fixture.Client.SendAsync(string.Concat(Enumerable.Repeat("<a>", 100)) + string.Concat(Enumerable.Repeat("</a>", 100)))).Expect(400));
        SoapClient.FaultOf((await fixture.Client.SendAsync(SoapClient.Text(new string(' ', (256 << 10) + 1), "text/xml"))).Expect(413));
        SoapClient.FaultOf((await fixture.Client.SendAsync(SoapClient.Text("{}", "application/json"))).Expect(415));
        SoapClient.FaultOf((await fixture.Client.SendAsync(new ByteArrayContent([]))).Expect(415));
    }

    [Fact]
    public async Task Envelope_OfAnUnknownVersion_IsVersionMismatch()
    {
        var answer = (await fixture.Client.SendAsync(SoapClient.Text("<e:Envelope xmlns:e='http://www.w3.org/2001/12/soap-envelope'><e:Body/></e:Envelope>", "text/xml"))).Expect(500);

        SoapClient.FaultOf(answer, 11, "VersionMismatch");
    }

    [Theory]
    [InlineData(11, "1", 500)]
    [InlineData(12, "true", 500)]
    [InlineData(11, "0", 200)]
    [InlineData(12, "false", 200)]
    public async Task HeaderBlocks_AreRefusedWhenTheyMustBeUnderstood(int version, string must, int status)
    {
        var message = SoapClient.Wrap("<q:GetStandardVersion/>", version, $"<s:Header><w:Security xmlns:w='urn:example:security' s:mustUnderstand='{must}'/></s:Header>");

        var answer = (await fixture.Client.SendAsync(SoapClient.Text(message, SoapClient.MediaTypeOf(version)))).Expect(status);

        if (status != 200)
        {
            SoapClient.FaultOf(answer, version, "MustUnderstand");
        }
    }

    [Fact]
    public async Task Message_InUtf16OrLatin1_IsRead()
    {
        var text = SoapClient.Wrap("<q:GetStandardVersion/>");
        byte[] utf16 = [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(text)];

        (await fixture.Client.SendAsync(TestOrganisation.Content("text/xml; charset=utf-16", utf16))).Expect(200);
        (await fixture.Client.SendAsync(TestOrganisation.Content("text/xml", utf16))).Expect(200);
        (await fixture.Client.SendAsync(TestOrganisation.Content("text/xml; charset=\"iso-8859-1\"", Encoding.Latin1.GetBytes(text)))).Expect(200);
    }

    [Fact]
    public async Task WrongKey_IsASecurityExceptionWith401()
    {
        var wrong = new string('x', 43);
        foreach (var version in (int[])[11, 12])
        {
            var content = SoapClient.Text(SoapClient.Wrap("<q:GetStandardVersion/>", version), SoapClient.MediaTypeOf(version));
            var answer = (await fixture.Client.SendAsync(content, SoapClient.Basic("user", wrong))).Expect(401);
            Assert.Equal(SoapClient.Query + "SecurityException", SoapClient.DetailOf(answer, version).Name);
        }
        (await fixture.Client.SendAsync("<q:GetStandardVersion/>", SoapClient.Bearer(wrong))).Expect(401);
        (await fixture.Client.SendAsync("<q:GetStandardVersion/>", new("Basic", "no base64"))).Expect(401);
        (await fixture.Client.SendAsync("<q:GetStandardVersion/>", new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(fixture.Owner.ApiKey))))).Expect(401);
        (await fixture.Client.SendAsync("<q:GetStandardVersion/>", new("Digest", fixture.Owner.ApiKey))).Expect(401);
    }

    [Fact]
    public async Task AddressWithLogin_AsksForAKey()
    {
        using var content = SoapClient.Text(SoapClient.Wrap("<q:GetStandardVersion/>"), "text/xml");
        using var http = new HttpClient();
        using var asked = await http.PostAsync(new Uri(fixture.Server.BaseUrl + SoapClient.Path + "?login"), content, TestContext.Current.CancellationToken);

        Assert.Equal(401, (int)asked.StatusCode);
        Assert.Equal("Basic", asked.Headers.WwwAuthenticate.First().Scheme);
        (await fixture.Client.SendAsync(SoapClient.Text(SoapClient.Wrap("<q:GetStandardVersion/>"), "text/xml"), SoapClient.Basic("", fixture.Owner.ApiKey), SoapClient.Path + "?login")).Expect(200);
    }

    [Fact]
    public async Task Basic_OnOtherRoutes_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, fixture.Server.BaseUrl + "/epcis/events");
        request.Headers.Authorization = SoapClient.Basic("user", fixture.Owner.ApiKey);
        using var http = new HttpClient();
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

        (await Answer.FromAsync(response)).ExpectProblem(401, "not-authenticated");
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task OpenApi_DoesNotSpeakOfSoap() =>
        Assert.DoesNotContain(SoapClient.Path, (await fixture.Server.GetAsync("/openapi/v1.json")).Expect(200).Body, StringComparison.Ordinal);

    [Fact]
    public async Task Wsdl_HasASchemaThatCompilesAndThisAddress()
    {
        var answer = (await fixture.Server.GetAsync(SoapClient.Path + "?wsdl")).Expect(200);

        Assert.Equal("text/xml", answer.MediaType);
        var wsdl = XElement.Parse(answer.Body);
        XNamespace ns = "http://schemas.xmlsoap.org/wsdl/";
        Assert.All(wsdl.Descendants(ns + "port"), static port => Assert.EndsWith(SoapClient.Path, port.Elements().Single().Attribute("location")!.Value, StringComparison.Ordinal));
        Assert.Equal(7, wsdl.Element(ns + "portType")!.Elements(ns + "operation").Count());
        var messages = wsdl.Elements(ns + "message").ToDictionary(m => m.Attribute("name")!.Value, m => m.Element(ns + "part")!.Attribute("element")!.Value["epcisq:".Length..]);
        Assert.All(wsdl.Element(ns + "portType")!.Descendants().Attributes("message"), a => Assert.Contains(a.Value["impl:".Length..], messages.Keys));
        var set = new XmlSchemaSet();
        using var schema = wsdl.Descendants(XName.Get("schema", XmlSchema.Namespace)).Single().CreateReader();
        set.Add(null, schema);
        set.Compile();
        Assert.All(messages.Values, name => Assert.True(set.GlobalElements.Contains(new XmlQualifiedName(name, SoapClient.Query.NamespaceName)), name));
    }
}
