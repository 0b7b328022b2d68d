namespace TrustChain.IntegrationTests.Query;

/// <summary>Events under the resources of the standard: the same that the parameter finds which the address stands for.</summary>
[Collection(QueryCollection.Name)]
public sealed class ResourcePathTests(QueryFixture fixture)
{
    [Theory]
    [InlineData("eventTypes", "AggregationEvent", "a1 a2")]
    [InlineData("eventTypes", "https://ext.example/epcis/TeaEvent", "y1")]
    [InlineData("eventTypes", "ex:TeaEvent", "y1")]
    [InlineData("eventTypes", "https://ext.example/epcis/CoffeeEvent", "")]
    [InlineData("epcs", Corpus.ItemUrn, "a1 f1 f2 o1 o2")]
    [InlineData("epcs", Corpus.Item, "a1 f1 f2 o1 o2")]
    [InlineData("epcs", "https://brand.example/tea/01/10614141073464/21/2017", "a1 f1 f2 o1 o2")]
    [InlineData("epcs", "https://id.gs1.org/01/10614141073464/10/L1", "a1 f1 o3")]
    [InlineData("epcs", "urn:epc:class:lgtin:0614141.107346.L1", "a1 f1 o3")]
    [InlineData("epcs", "urn:example:item:x%2fy", "o5 o6")]
    [InlineData("epcs", "urn:example:item:a_b", "o5")]
    [InlineData("epcs", "urn:example:item:none", "")]
    [InlineData("bizSteps", "receiving", "o3")]
    [InlineData("bizSteps", "urn:epcglobal:cbv:bizstep:receiving", "o3")]
    [InlineData("bizSteps", "https://ref.gs1.org/cbv/BizStep-receiving", "o3")]
    [InlineData("bizSteps", "https://ext.example/epcis/peeling", "o5")]
    [InlineData("bizSteps", "ex:Peeling", "o6")]
    [InlineData("bizSteps", "transporting", "")]
    [InlineData("dispositions", "in_transit", "o2")]
    [InlineData("dispositions", "urn:epcglobal:cbv:disp:in_transit", "o2")]
    [InlineData("dispositions", "https://ref.gs1.org/cbv/Disp-in_transit", "o2")]
    [InlineData("dispositions", "urn:example:disp:peeled", "o5")]
    [InlineData("readPoints", Corpus.GateUrn, "o1 o2")]
    [InlineData("readPoints", Corpus.Gate, "o1 o2")]
    [InlineData("readPoints", "urn:example:place:a_b", "o5")]
    [InlineData("bizLocations", Corpus.Hall, "o1")]
    [InlineData("bizLocations", "urn:epc:id:sgln:0614141.00888.0", "o1")]
    [InlineData("bizLocations", "urn:example:place:100%25", "o5")]
    public async Task Events_OfResource_AreThoseOfItsParameter(string collection, string value, string expected)
    {
        var path = $"/epcis/{collection}/{Uri.EscapeDataString(value)}";

        Assert.Equal(expected, fixture.NamesIn(await fixture.GetAsync($"{path}/events")));

        // The resource itself is there when it has events; what the standard names is there in any case.
        var isThere = expected.Length > 0 || value == "transporting";
        var resource = await fixture.GetAsync(path);
        if (isThere)
        {
            Assert.Equal(["events"], resource.Members);
        }
        else
        {
            resource.ExpectException(404, "NoSuchResourceException");
        }
    }

    [Theory]
    [InlineData("eventTypes/ObjectEvent", "EQ_bizStep=storing", "x1 x2")]
    [InlineData("bizSteps/commissioning", "eventType=TransformationEvent", "f1")]
    [InlineData("dispositions/active", "EQ_action=ADD", "o1")]
    // The official OpenAPI has this parameter here and leaves out those that other paths imply.
    [InlineData("dispositions/active", "EQ_disposition=active&EQ_action=ADD", "o1")]
    [InlineData("dispositions/active", "EQ_disposition=in_transit", "")]
    [InlineData("epcs/https%3A%2F%2Fid.gs1.org%2F01%2F10614141073464%2F21%2F2017", "EQ_action=ADD&GE_eventTime=2026-04-09T00%3A00%3A00Z", "a1")]
    [InlineData("epcs/https%3A%2F%2Fid.gs1.org%2F01%2F10614141073464%2F21%2F2017", "MATCH_inputEPC=urn:epc:id:sgtin:0614141.112345.400", "f2")]
    [InlineData("readPoints/https%3A%2F%2Fid.gs1.org%2F414%2F0614141007776", "WD_bizLocation=https%3A%2F%2Fid.gs1.org%2F414%2F0614141007295", "o2")]
    [InlineData("bizLocations/https%3A%2F%2Fid.gs1.org%2F414%2F0614141008889", "EQ_ILMD_ex%3Agrade=5", "o1")]
    public async Task Events_OfResourceWithAQuery_MeetBoth(string resource, string query, string expected) =>
        Assert.Equal(expected, fixture.NamesIn(await fixture.GetAsync($"/epcis/{resource}/events?{query}")));

    [Theory]
    [InlineData("eventTypes/ObjectEvent", "eventType=ObjectEvent", "eventType")]
    [InlineData("bizSteps/storing", "EQ_bizStep=storing", "EQ_bizStep")]
    [InlineData("readPoints/urn%3Aexample%3Aplace%3Aa_b", "EQ_readPoint=urn%3Aexample%3Aplace%3Aa_b", "EQ_readPoint")]
    [InlineData("bizLocations/urn%3Aexample%3Aplace%3Aa_b", "EQ_bizLocation=urn%3Aexample%3Aplace%3Aa_b", "EQ_bizLocation")]
    [InlineData("epcs/urn%3Aexample%3Aitem%3Aa_b", "MATCH_anyEPC=urn%3Aexample%3Aitem%3Aa_b", "MATCH_anyEPC")]
    public async Task Events_AskedTwiceForTheSame_Are400(string resource, string query, string parameter) =>
        (await fixture.GetAsync($"/epcis/{resource}/events?{query}")).ExpectFault(parameter);

    [Theory]
    [InlineData("epcs/urn%3Aepc%3Aidpat%3Anone")]
    [InlineData("epcs/urn%3Aepc%3Aidpat%3Asgtin%3A0614141.%2A.5")]
    [InlineData("bizSteps/Receiving")]
    [InlineData("eventTypes/objectevent")]
    public async Task Resource_WhoseNameBreaksItsGrammar_Is400(string resource)
    {
        (await fixture.GetAsync($"/epcis/{resource}")).ExpectException(400, "QueryParameterException");
        (await fixture.GetAsync($"/epcis/{resource}/events")).ExpectException(400, "QueryParameterException");
    }

    [Fact]
    public async Task Event_ByItsId_IsInAQueryDocument()
    {
        foreach (var (name, id) in fixture.Ids)
        {
            Assert.Equal(name, fixture.NamesIn(await fixture.GetAsync($"/epcis/events/{Uri.EscapeDataString(id)}")));
        }
    }

    [Theory]
    [InlineData("urn:test:event:none")]
    [InlineData("urn:test:event:O1")]
    [InlineData("no uri")]
    [InlineData("a%b")]
    [InlineData("ni:///sha-256;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?ver=CBV2.0")]
    public async Task Event_ThatIsNotThere_Is404(string id) => (await fixture.GetAsync($"/epcis/events/{Uri.EscapeDataString(id)}")).ExpectException(404, "NoSuchResourceException");

    [Fact]
    public async Task Event_WithoutIdOfItsOwn_IsFoundByItsHash() =>
        Assert.Equal("x1", fixture.NamesIn(await fixture.GetAsync($"/epcis/events?EQ_eventID={Uri.EscapeDataString(fixture.Ids["x1"])}")));
}
