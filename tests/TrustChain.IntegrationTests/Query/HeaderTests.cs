using System.Globalization;
using System.Xml.Linq;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Query;

/// <summary>Forms of answers, versions, and what a resource says of itself.</summary>
[Collection(QueryCollection.Name)]
public sealed class HeaderTests(QueryFixture fixture)
{
    private const string Mixed = "/epcis/events?EQ_eventID=urn:test:event:a1";
    private const string AsLinks = "https://id.gs1.org/00/106141412345678908 https://id.gs1.org/01/10614141073464/21/2017 https://id.gs1.org/01/10614141073464/21/2018 https://id.gs1.org/01/10614141073464/10/L1";
    private const string AsUrns = "urn:epc:id:sscc:0614141.1234567890 urn:epc:id:sgtin:0614141.107346.2017 urn:epc:id:sgtin:0614141.107346.2018 urn:epc:class:lgtin:0614141.107346.L1";
    private const string AsSent = "urn:epc:id:sscc:0614141.1234567890 https://id.gs1.org/01/10614141073464/21/2017 urn:epc:id:sgtin:0614141.107346.2018 https://id.gs1.org/01/10614141073464/10/L1";

    [Theory]
    [InlineData("", "Always_GS1_Digital_Link", AsLinks)]
    [InlineData("Always_GS1_Digital_Link", "Always_GS1_Digital_Link", AsLinks)]
    [InlineData("Always_EPC_URN", "Always_EPC_URN", AsUrns)]
    [InlineData("Never_Translates", "Never_Translates", AsSent)]
    [InlineData("No_Preference", "No_Preference", AsSent)]
    public async Task EpcFormat_OfEveryValue_IsThatOfTheAnswer(string asked, string answered, string expected)
    {
        var answer = await fixture.GetAsync(Mixed, asked.Length == 0 ? [] : [("GS1-EPC-Format", asked)]);

        var e = Assert.Single(answer.Answer.Expect(200).EventList);
        Assert.Equal(expected, string.Join(' ', [e.GetProperty("parentID").GetString(), .. e.GetProperty("childEPCs").EnumerateArray().Select(static c => c.GetString()), e.GetProperty("childQuantityList")[0].GetProperty("epcClass").GetString()]));
        Assert.Equal(answered, answer.Header("GS1-EPC-Format"));
    }

    [Fact]
    public async Task EpcFormat_Unknown_Is406() => (await fixture.GetAsync(Mixed, ("GS1-EPC-Format", "Always_Both"))).ExpectException(406, "NotAcceptableException");

    [Fact]
    public async Task EpcFormat_OfLists_IsThatOfTheirMembers()
    {
        Assert.Contains(Corpus.ItemUrn, (await fixture.GetAsync("/epcis/epcs?perPage=1000", ("GS1-EPC-Format", "Always_EPC_URN"))).Members);
        Assert.Contains(Corpus.GateUrn, (await fixture.GetAsync("/epcis/readPoints", ("GS1-EPC-Format", "Always_EPC_URN"))).Members);
        Assert.Contains(Corpus.Gate, (await fixture.GetAsync("/epcis/readPoints")).Members);
    }

    [Theory]
    [InlineData("application/json", "application/json")]
    [InlineData("application/ld+json", "application/ld+json")]
    [InlineData("application/xml", "application/xml")]
    [InlineData("text/xml", "application/xml")]
    [InlineData("*/*", "application/json")]
    [InlineData("application/*;q=0.5, application/xml", "application/xml")]
    [InlineData("application/xml;q=0.1, application/ld+json;q=0.9", "application/ld+json")]
    [InlineData("text/html, application/json;q=0.1", "application/json")]
    public async Task Accept_OfEveryForm_IsAnswered(string accept, string mediaType)
    {
        var answer = await fixture.GetAsync(Mixed, ("Accept", accept));

        Assert.Equal(mediaType, answer.Answer.Expect(200).MediaType);
        Assert.Contains(mediaType == "application/xml" ? "<eventID>urn:test:event:a1</eventID>" : "\"eventID\":\"urn:test:event:a1\"", answer.Answer.Body, StringComparison.Ordinal);
        Assert.Equal("2.0.0", answer.Header("GS1-EPCIS-Version"));
        Assert.Equal("2.0.0", answer.Header("GS1-CBV-Version"));
    }

    [Theory]
    [InlineData("/epcis/events", "text/html")]
    [InlineData("/epcis/events", "application/json;q=0")]
    [InlineData("/epcis/events/urn:test:event:a1", "image/png")]
    [InlineData("/epcis/bizSteps/packing/events", "text/csv")]
    [InlineData("/epcis", "text/html")]
    [InlineData("/epcis/queries", "text/html")]
    public async Task Accept_OfAnotherForm_Is406(string path, string accept) => (await fixture.GetAsync(path, ("Accept", accept))).ExpectException(406, "NotAcceptableException");

    [Theory]
    [InlineData("/epcis/epcs", 406, "epcisException:NotAcceptableException")]
    [InlineData("/epcis", 406, "epcisException:NotAcceptableException")]
    [InlineData("/epcis/queries", 406, "epcisException:NotAcceptableException")]
    [InlineData("/epcis/events?EQ_bizStep%00=1", 400, "epcisException:QueryParameterException")]
    public async Task Problem_ForAReaderOfXml_IsXml(string path, int status, string type)
    {
        var answer = (await fixture.GetAsync(path, ("Accept", "application/xml"))).Answer.Expect(status);

        Assert.Equal("application/problem+xml", answer.MediaType);
        var problem = XElement.Parse(answer.Body);
        Assert.Equal(type, problem.Element(problem.Name.Namespace + "type")?.Value);
        Assert.Equal(status.ToString(CultureInfo.InvariantCulture), problem.Element(problem.Name.Namespace + "status")?.Value);
    }

    [Theory]
    [InlineData("GS1-EPCIS-Min", "2.0.0", 200)]
    [InlineData("GS1-EPCIS-Min", "1.0.0", 200)]
    [InlineData("GS1-EPCIS-Min", "2.1.0", 406)]
    [InlineData("GS1-EPCIS-Min", "3", 406)]
    [InlineData("GS1-EPCIS-Max", "2", 200)]
    [InlineData("GS1-EPCIS-Max", "2.0.0", 200)]
    [InlineData("GS1-EPCIS-Max", "1.2.0", 406)]
    [InlineData("GS1-EPCIS-Max", "two", 406)]
    [InlineData("GS1-EPCIS-Max", "2.0.0.0", 406)]
    [InlineData("GS1-CBV-Min", "2.1.0", 406)]
    [InlineData("GS1-CBV-Max", "1.2.2", 406)]
    [InlineData("GS1-CBV-Max", "2.0", 200)]
    public async Task Versions_OutsideOfWhatIsSpoken_Are406(string header, string value, int status)
    {
        foreach (var path in (string[])["/epcis/events", Mixed, "/epcis/events/urn:test:event:a1", "/epcis/bizSteps/packing/events", "/epcis/epcs", "/epcis/eventTypes", "/epcis/queries", "/epcis"])
        {
            var answer = await fixture.GetAsync(path, (header, value));
            Assert.True(answer.Status == status, $"{path}: {answer.Status}");
            if (status == 406)
            {
                answer.ExpectException(406, "NotAcceptableException");
            }
        }
    }

    [Theory]
    [InlineData("", "GET, OPTIONS")]
    [InlineData("/capture", "GET, OPTIONS, POST")]
    [InlineData("/capture/x", "GET, OPTIONS")]
    [InlineData("/events", "GET, OPTIONS, POST")]
    [InlineData("/events/x", "GET, OPTIONS")]
    [InlineData("/eventTypes", "GET, OPTIONS")]
    [InlineData("/eventTypes/x", "GET, OPTIONS")]
    [InlineData("/eventTypes/x/events", "GET, OPTIONS")]
    [InlineData("/epcs", "GET, OPTIONS")]
    [InlineData("/epcs/x", "GET, OPTIONS")]
    [InlineData("/epcs/x/events", "GET, OPTIONS")]
    [InlineData("/bizSteps", "GET, OPTIONS")]
    [InlineData("/bizSteps/x", "GET, OPTIONS")]
    [InlineData("/bizSteps/x/events", "GET, OPTIONS")]
    [InlineData("/bizLocations", "GET, OPTIONS")]
    [InlineData("/bizLocations/x", "GET, OPTIONS")]
    [InlineData("/bizLocations/x/events", "GET, OPTIONS")]
    [InlineData("/readPoints", "GET, OPTIONS")]
    [InlineData("/readPoints/x", "GET, OPTIONS")]
    [InlineData("/readPoints/x/events", "GET, OPTIONS")]
    [InlineData("/dispositions", "GET, OPTIONS")]
    [InlineData("/dispositions/x", "GET, OPTIONS")]
    [InlineData("/dispositions/x/events", "GET, OPTIONS")]
    [InlineData("/queries", "GET, OPTIONS, POST")]
    [InlineData("/queries/x", "DELETE, GET, OPTIONS")]
    [InlineData("/queries/x/events", "GET, OPTIONS")]
    public async Task Options_OfEveryRoute_SaysWhatItCanDo(string route, string allow)
    {
        var answer = await fixture.SendAsync(HttpMethod.Options, $"/epcis{route}", null);

        answer.Answer.Expect(204);
        Assert.Equal(allow, string.Join(", ", answer.Allow.Order(StringComparer.Ordinal)));
        foreach (var header in (string[])["GS1-EPCIS-Version", "GS1-EPCIS-Min", "GS1-EPCIS-Max", "GS1-CBV-Version", "GS1-CBV-Min", "GS1-CBV-Max", "GS1-EPC-Format", "GS1-Vendor-Version"])
        {
            Assert.False(string.IsNullOrEmpty(answer.Header(header)), $"{header} is missing.");
        }
    }

    [Theory]
    [InlineData(Mixed)]
    [InlineData("/epcis/events/urn:test:event:a1")]
    [InlineData("/epcis/bizSteps/packing/events")]
    [InlineData("/epcis/events?perPage=2")]
    public async Task IfNoneMatch_WithTheTagGiven_Is304(string path)
    {
        var first = await fixture.GetAsync(path);
        var tag = Assert.IsType<string>(first.Header("ETag"));

        var again = await fixture.GetAsync(path, ("If-None-Match", tag));
        Assert.Equal(304, again.Status);
        Assert.Empty(again.Answer.Bytes);
        Assert.Equal(tag, again.Header("ETag"));
        Assert.Equal(304, (await fixture.GetAsync(path, ("If-None-Match", $"\"other\", {tag}"))).Status);
        Assert.Equal(200, (await fixture.GetAsync(path, ("If-None-Match", "\"other\""))).Status);
        // Another form of the same events is another answer.
        Assert.Equal(200, (await fixture.GetAsync(path, ("If-None-Match", tag), ("Accept", "application/xml"))).Status);
        Assert.Equal(200, (await fixture.GetAsync(path, ("If-None-Match", tag), ("GS1-EPC-Format", "Always_EPC_URN"))).Status);
    }

    [Fact]
    public async Task IfNoneMatch_OfAnotherSpellingOfTheVocabulary_Is200()
    {
        var urns = await fixture.GetAsync(Mixed, ("Accept", "application/xml"), ("GS1-CBV-XML-Format", "Always_URN"));
        var uris = await fixture.GetAsync(Mixed, ("Accept", "application/xml"), ("GS1-CBV-XML-Format", "Always_Web_URI"), ("If-None-Match", urns.Header("ETag")!));

        Assert.Contains("urn:epcglobal:cbv:bizstep:packing", urns.Answer.Expect(200).Body, StringComparison.Ordinal);
        Assert.Contains("https://ref.gs1.org/cbv/BizStep-packing", uris.Answer.Expect(200).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IfNoneMatch_AfterANewEvent_Is200()
    {
        var company = await fixture.Server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Observation("urn:test:thing:1")))).Expect(202);
        var tag = (await fixture.SendAsync(HttpMethod.Get, "/epcis/events", company.ApiKey)).Header("ETag")!;
        Assert.Equal(304, (await fixture.SendAsync(HttpMethod.Get, "/epcis/events", company.ApiKey, ("If-None-Match", tag))).Status);

        (await company.CaptureAsync(Events.Document(Events.Observation("urn:test:thing:2")))).Expect(202);

        Assert.Equal(2, (await fixture.SendAsync(HttpMethod.Get, "/epcis/events", company.ApiKey, ("If-None-Match", tag))).EventIds.Count);
    }

    [Fact]
    public async Task WrongApiKey_Everywhere_Is401()
    {
        foreach (var path in (string[])["/epcis", "/epcis/events", "/epcis/epcs", "/epcis/bizSteps/packing/events", "/epcis/queries/SimpleEventQuery/events"])
        {
            (await fixture.SendAsync(HttpMethod.Get, path, new string('x', 43))).Answer.ExpectProblem(401, "not-authenticated");
        }
    }
}
