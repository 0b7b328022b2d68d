using System.Xml.Linq;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Soap;

/// <summary>Events polled as a client of EPCIS 1.2 does; every result is checked against the official schema.</summary>
[Collection(typeof(OneSoapServer))]
public sealed class SoapPollTests(SoapFixture fixture)
{
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Poll_ByEpcUrn_GivesItsEventsWithUrns(int version)
    {
        var results = await fixture.Client.CallAsync(Poll(OfTin), fixture.Key, version);

        Assert.Equal(SoapClient.Query + "QueryResults", results.Name);
        Assert.Equal("SimpleEventQuery", results.Element("queryName")!.Value);
        var events = EventsOf(results);
        Assert.Equal(3, events.Count);
        Assert.All(events, e => Assert.Equal(fixture.Tin, Assert.Single(e.Descendants("epc")).Value));
        Assert.All(events, e => Assert.Equal(fixture.Warehouse, e.Element("readPoint")!.Element("id")!.Value));
        Assert.All(events, e => Assert.NotNull(e.Element("recordTime")));
        Assert.Contains(events, static e => e.Element("bizStep")!.Value == "urn:epcglobal:cbv:bizstep:commissioning");
        Assert.Contains(events, static e => e.Element(XName.Get("garden", "http://example.org/tea"))?.Value == "west");
    }

    [Fact]
    public async Task Poll_OfWhatWasToldInJsonWithDigitalLinks_GivesUrns()
    {
        var results = await PollAsync(SoapClient.List("MATCH_anyEPCClass", fixture.Batch), SoapClient.List("EQ_bizStep", Events.PrivateStep));

        var epcClass = Assert.Single(Assert.Single(results).Descendants("epcClass")).Value;
        Assert.StartsWith($"urn:epc:class:lgtin:{fixture.Owner.Prefix}.000001.", epcClass, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Poll_ByTimeWindow_TakesItsStartAndNotItsEnd()
    {
        var first = await PollAsync(OfTin, SoapClient.Typed("GE_eventTime", "dateTime", "2026-04-05T00:00:00Z"), SoapClient.Typed("LT_eventTime", "dateTime", "2026-04-06T00:00:00Z"));
        var later = await PollAsync(OfTin, SoapClient.Typed("GE_eventTime", "dateTime", "2026-04-06T00:00:00Z"));

        Assert.Equal("ADD", Assert.Single(first).Element("action")!.Value);
        Assert.Equal(2, later.Count);
    }

    [Fact]
    public async Task Poll_ByBizStepUrn_FindsIt() =>
        Assert.Single(await PollAsync(OfTin, SoapClient.List("EQ_bizStep", "urn:epcglobal:cbv:bizstep:commissioning", "urn:epcglobal:cbv:bizstep:packing")));

    [Fact]
    public async Task Poll_ByErrorDeclaration_GivesIt()
    {
        var declared = Assert.Single(await PollAsync(OfTin, SoapClient.Void("EXISTS_errorDeclaration")));

        Assert.Equal("urn:epcglobal:cbv:er:incorrect_data", Assert.Single(declared.Descendants("reason")).Value);
        Assert.Single(await PollAsync(OfTin, SoapClient.List("EQ_errorReason", "urn:epcglobal:cbv:er:incorrect_data")));
    }

    [Fact]
    public async Task Poll_WithOrderAndLimit_GivesTheFirst()
    {
        string[] limited = [OfTin, SoapClient.Typed("orderBy", "string", "eventTime"), SoapClient.Typed("eventCountLimit", "int", "+1")];

        var oldest = Assert.Single(await PollAsync([.. limited, SoapClient.Typed("orderDirection", "string", "ASC")]));
        var newest = Assert.Single(await PollAsync(limited));

        Assert.Equal("ADD", oldest.Element("action")!.Value);
        Assert.Equal("OBSERVE", newest.Element("action")!.Value);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Poll_OfMoreThanMaxEventCount_IsQueryTooLarge(int version)
    {
        var exception = await fixture.Client.FailAsync(Poll(OfTin, SoapClient.Typed("maxEventCount", "int", "2")), fixture.Key, version);

        Assert.Equal(SoapClient.Query + "QueryTooLargeException", exception.Name);
        Assert.Equal("SimpleEventQuery", exception.Element("queryName")!.Value);
        Assert.Equal(3, (await PollAsync(OfTin, SoapClient.Typed("maxEventCount", "int", "3"))).Count);
    }

    [Fact]
    public async Task Poll_ByExtensionAsNamespaceAndName_FindsIt()
    {
        Assert.Single(await PollAsync(OfTin, SoapClient.Typed("EQ_http://example.org/tea#garden", "string", "west")));
        Assert.Single(await PollAsync(OfTin, SoapClient.Void("EXISTS_http://example.org/tea#garden")));
        Assert.Empty(await PollAsync(OfTin, SoapClient.List("EQ_http://example.org/tea#garden", "east")));
    }

    [Fact]
    public async Task Poll_OfQuantityEventsToo_IsNoFault()
    {
        Assert.Equal(3, (await PollAsync(OfTin, SoapClient.List("eventType", "ObjectEvent", "QuantityEvent"))).Count);
        Assert.Empty(await PollAsync(OfTin, SoapClient.List("eventType", "QuantityEvent")));
    }

    [Fact]
    public async Task Poll_WithUntypedValues_ReadsThemAsTheyLook()
    {
        Assert.Single(await PollAsync(
            SoapClient.Param("MATCH_epc", $"<value><string>{fixture.Tin}</string></value>"),
            SoapClient.Param("EQ_action", "<value> ADD </value>"),
            SoapClient.Param("GE_eventTime", "<value>2026-01-01T00:00:00Z</value>")));
        Assert.Single(await PollAsync(OfTin, SoapClient.Param("EXISTS_errorDeclaration", "<value/>")));
    }

    [Theory]
    [InlineData("EQ_colour", "<value xsi:type=\"q:ArrayOfString\"><string>red</string></value>", "EQ_colour")]
    [InlineData("MATCH_epc", "<value xsi:type=\"q:ArrayOfString\"><string>urn:epc:id:sgtin:0614141.107346.1</string></value>", "more than once")]
    [InlineData("EQ_action", "<value xsi:type=\"q:ArrayOfString\"/>", "EQ_action")]
    [InlineData("EQ_action", "<value xsi:type=\"q:VoidHolder\">ADD</value>", "EQ_action")]
    [InlineData("EQ_action", "<value xsi:type=\"xsd:duration\">P1D</value>", "type")]
    [InlineData("EQ_action", "<value xsi:type=\"no:string\">ADD</value>", "type")]
    [InlineData("EQ_action", "<value><text>ADD</text></value>", "string")]
    [InlineData("GE_eventTime", "<value xsi:type=\"xsd:dateTime\">2026-04-05T08:00:00</value>", "GE_eventTime")]
    [InlineData("maxEventCount", "<value xsi:type=\"xsd:int\">0</value>", "maxEventCount")]
    [InlineData("eventCountLimit", "<value xsi:type=\"xsd:int\">1</value>", "orderBy")]
    public async Task Poll_WithAWrongParameter_IsQueryParameterException(string name, string value, string named)
    {
        var exception = await fixture.Client.FailAsync(Poll(OfTin, SoapClient.Param(name, value)), fixture.Key);

        Assert.Equal(SoapClient.Query + "QueryParameterException", exception.Name);
        Assert.Contains(named, exception.Element("reason")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Poll_OfSeveralPages_GivesAllEventsOnceAndInOrder()
    {
        var all = await PollAsync(SoapClient.Void($"EXISTS_{SoapFixture.BulkName}"), SoapClient.Typed("orderBy", "string", "eventTime"), SoapClient.Typed("orderDirection", "string", "ASC"));
        var limited = await PollAsync(SoapClient.Void($"EXISTS_{SoapFixture.BulkName}"), SoapClient.Typed("orderBy", "string", "eventTime"), SoapClient.Typed("eventCountLimit", "int", "1100"));

        Assert.Equal(Enumerable.Range(0, 1200), all.Select(NumberOf));
        Assert.Equal(Enumerable.Range(100, 1100).Reverse(), limited.Select(NumberOf));

        static int NumberOf(XElement e) => int.Parse(e.Element(XName.Get("bulk", "http://example.org/ns#"))!.Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Poll_ByDifferentReaders_ShowsEachWhatTheyMaySee()
    {
        var query = Poll(SoapClient.List("MATCH_anyEPCClass", fixture.Batch), SoapClient.List("EQ_bizStep", Events.PublicStep, Events.PrivateStep), SoapClient.Typed("GE_eventTime", "dateTime", "2026-01-01T00:00:00Z"));

        Assert.Equal(2, EventsOf(await fixture.Client.CallAsync(query, fixture.Key)).Count);
        Assert.Equal(2, EventsOf(await fixture.Client.CallAsync(query, SoapClient.Basic("anybody", fixture.Owner.ApiKey))).Count);
        foreach (var other in (System.Net.Http.Headers.AuthenticationHeaderValue?[])[null, SoapClient.Bearer(fixture.Stranger.ApiKey), SoapClient.Basic(fixture.Owner.Id, fixture.Stranger.ApiKey)])
        {
            var seen = Assert.Single(EventsOf(await fixture.Client.CallAsync(query, other)));
            Assert.Equal(Events.PublicStep, seen.Element("bizStep")!.Value);
        }
    }

    [Fact]
    public async Task Poll_OfMoreBytesThanAnAnswerHolds_IsQueryTooLarge()
    {
        var big = fixture.Owner.NewItem();
        for (var part = 0; part < 18; part++)
        {
            var events = Enumerable.Range(0, 2).Select(number => Events.Observation(big, Events.PublicStep)
                .With("@context", $$"""["{{Events.Context}}",{"ex":"http://example.org/ns#"}]""")
                .With("ex:note", $"\"{part}-{number} {new string('n', 500_000)}\""));
            (await fixture.Owner.CaptureAsync(Events.Document([.. events]))).Expect(202);
        }

        var exception = await fixture.Client.FailAsync(Poll(SoapClient.List("MATCH_anyEPCClass", big)), fixture.Key);

        Assert.Equal(SoapClient.Query + "QueryTooLargeException", exception.Name);
        Assert.Contains("16777216", exception.Element("reason")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Poll_OfSeveralPagesThatEndByTheirBytes_GivesAllEventsOnce()
    {
        var large = fixture.Owner.NewItem();
        for (var number = 0; number < 11; number++)
        {
            (await fixture.Owner.CaptureAsync(Events.Document(Events.Observation(large, Events.PublicStep)
                .With("@context", $$"""["{{Events.Context}}",{"ex":"http://example.org/ns#"}]""")
                .With("ex:note", $"\"{number} {new string('n', 900_000)}\"")))).Expect(202);
        }

        var numbers = (await PollAsync(SoapClient.List("MATCH_anyEPCClass", large))).Select(static e => e.Element(XName.Get("note", "http://example.org/ns#"))!.Value.Split(' ')[0]);

        Assert.Equal(Enumerable.Range(0, 11).Select(static n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)), numbers);
    }

    [Fact]
    public async Task Poll_OfNothing_GivesAnEmptyList()
    {
        var results = await fixture.Client.CallAsync(Poll(SoapClient.List("MATCH_epc", "urn:epc:id:sgtin:0614141.107346.none")), fixture.Key);

        Assert.Empty(Assert.Single(results.Element("resultsBody")!.Elements("EventList")).Elements());
    }

    private string OfTin => SoapClient.List("MATCH_epc", fixture.Tin);

    private static string Poll(params string[] parameters) => SoapClient.Poll("SimpleEventQuery", parameters);

    private async Task<List<XElement>> PollAsync(params string[] parameters) => EventsOf(await fixture.Client.CallAsync(Poll(parameters), fixture.Key));

    private static List<XElement> EventsOf(XElement results) => [.. results.Element("resultsBody")!.Element("EventList")!.Elements()];
}
