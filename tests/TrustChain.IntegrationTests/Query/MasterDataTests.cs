using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Query;

/// <summary>Parameters that ask for what the sender's master data say about places.</summary>
[Collection(QueryCollection.Name)]
public sealed class MasterDataTests(QueryFixture fixture)
{
    private const string Site = "https://id.gs1.org/414/0614141007776";
    private const string SiteUrn = "urn:epc:id:sgln:0614141.00777.0";

    // A site with two halls, a shelf in one, and two rooms each of which is said to be in the other.
    private const string Places = """
        {"vocabularyList":[
          {"type":"urn:epcglobal:epcis:vtype:BusinessLocation","vocabularyElementList":[
            {"id":"urn:epc:id:sgln:0614141.00777.0","attributes":[{"id":"ex:name","attribute":"Site"},{"id":"ex:size","attribute":"large"}],"children":["urn:example:hall:1","urn:example:hall:2"]},
            {"id":"urn:example:hall:1","attributes":[{"id":"ex:name","attribute":"Hall"}],"children":["urn:example:shelf:1"]},
            {"id":"urn:example:hall:2","attributes":[{"id":"ex:name","attribute":"Hall|Two"}]},
            {"id":"urn:example:room:1","children":["urn:example:room:2"]},{"id":"urn:example:room:2","children":["urn:example:room:1"]}]},
          {"type":"urn:epcglobal:epcis:vtype:ReadPoint","vocabularyElementList":[
            {"id":"urn:example:gate:1","children":["urn:example:gate:2"]},{"id":"urn:example:gate:2","attributes":[{"id":"ex:name","attribute":"Back door"}],"children":["urn:example:gate:3"]}]},
          {"type":"urn:epcglobal:epcis:vtype:EPCClass","vocabularyElementList":[{"id":"urn:epc:idpat:sgtin:0614141.107346.*","attributes":[{"id":"ex:brand","attribute":"Leaf"}]}]},
          {"type":"https://ref.gs1.org/epcis/BizStep","vocabularyElementList":[{"id":"https://ref.gs1.org/cbv/BizStep-packing","attributes":[{"id":"ex:name","attribute":"Pack"}]}]}]}
        """;

    private static readonly (string Name, string Members)[] Events =
    [
        ("site", $"\"bizLocation\":{{\"id\":\"{Site}\"}},\"bizStep\":\"packing\""), ("hall1", "\"bizLocation\":{\"id\":\"urn:example:hall:1\"}"), ("hall2", "\"bizLocation\":{\"id\":\"urn:example:hall:2\"}"),
        ("shelf", "\"bizLocation\":{\"id\":\"urn:example:shelf:1\"}"), ("room1", "\"bizLocation\":{\"id\":\"urn:example:room:1\"}"), ("room2", "\"bizLocation\":{\"id\":\"urn:example:room:2\"}"),
        ("gate1", "\"readPoint\":{\"id\":\"urn:example:gate:1\"}"), ("gate3", "\"readPoint\":{\"id\":\"urn:example:gate:3\"}"), ("gate2", "\"readPoint\":{\"id\":\"urn:example:gate:2\"},\"bizLocation\":{\"id\":\"urn:example:shelf:1\"}"),
        ("class", "\"quantityList\":[{\"epcClass\":\"https://id.gs1.org/01/10614141073464\",\"quantity\":1}]"),
    ];

    [Theory]
    [InlineData("WD_bizLocation=" + SiteUrn, "gate2 hall1 hall2 shelf site")]
    [InlineData("WD_bizLocation=" + Site, "gate2 hall1 hall2 shelf site")]
    [InlineData("WD_bizLocation=urn:example:hall:1", "gate2 hall1 shelf")]
    [InlineData("WD_bizLocation=urn:example:hall:1|urn:example:hall:2", "gate2 hall1 hall2 shelf")]
    [InlineData("WD_bizLocation=urn:example:shelf:1", "gate2 shelf")]
    [InlineData("WD_bizLocation=urn:example:room:1", "room1 room2")]
    [InlineData("WD_bizLocation=urn:example:room:2", "room1 room2")]
    [InlineData("WD_bizLocation=urn:example:none", "")]
    [InlineData("EQ_bizLocation=" + Site, "site")]
    [InlineData("WD_readPoint=urn:example:gate:1", "gate1 gate2 gate3")]
    [InlineData("WD_readPoint=urn:example:gate:2&WD_bizLocation=" + Site, "gate2")]
    [InlineData("WD_readPoint=" + Site, "")]
    [InlineData("HASATTR_bizLocation=ex:name", "hall1 hall2 site")]
    [InlineData("HASATTR_bizLocation=ex:size|ex:none", "site")]
    [InlineData("HASATTR_bizLocation=https://ext.example/epcis/size", "site")]
    [InlineData("HASATTR_bizLocation=ex:none", "")]
    [InlineData("HASATTR_readPoint=ex:name", "gate2")]
    [InlineData("HASATTR_epcClass=ex:brand", "class")]
    [InlineData("HASATTR_bizStep=ex:name", "site")]
    [InlineData("HASATTR_disposition=ex:name", "")]
    [InlineData("EQATTR_bizLocation_ex:name=Hall", "hall1")]
    [InlineData("EQATTR_bizLocation_ex:name=hall", "")]
    [InlineData("EQATTR_bizLocation_ex:name=Ha_l", "")]
    [InlineData("EQATTR_bizLocation_ex:name=Hall|Site", "hall1 site")]
    [InlineData("EQATTR_bizLocation_ex:size=Hall", "")]
    [InlineData("EQ_ATTR_epcClass_ex:brand=Leaf", "class")]
    [InlineData("EQATTR_bizLocation_ex:name=Site&EQ_bizStep=packing", "site")]
    [InlineData("EQATTR_bizLocation_ex:name=Site&EQ_bizStep=storing", "")]
    public async Task Query_AboutPlaces_KnowsTheOwnersMasterData(string query, string expected)
    {
        var company = await CompanyAsync();

        Assert.Equal(expected, await AskAsync(company, query));
    }

    [Fact]
    public async Task Query_AboutPlaces_KnowsNobodyElsesMasterData()
    {
        var company = await fixture.Server.AddOrganisationAsync();
        await CaptureEventsAsync(company);
        var other = await fixture.Server.AddOrganisationAsync();
        (await other.CaptureAsync(Corpus.Document([], Places))).Expect(202);

        Assert.Equal("site", await AskAsync(company, $"WD_bizLocation={Site}"));
        Assert.Equal("", await AskAsync(company, "HASATTR_bizLocation=ex:name"));
        Assert.Equal("", await AskAsync(company, "EQATTR_bizLocation_ex:name=Hall"));
        Assert.Equal("", await AskAsync(other, $"WD_bizLocation={Site}"));
        Assert.Empty((await fixture.SendAsync(HttpMethod.Get, $"/epcis/events?WD_bizLocation={Site}", null)).EventIds);
    }

    [Fact]
    public async Task MasterData_SentAgain_ReplaceWhatWasSaidOfTheElement()
    {
        var company = await fixture.Server.AddOrganisationAsync();
        await CaptureEventsAsync(company);
        (await company.CaptureAsync(Corpus.Document([], Places))).Expect(202);
        const string Newer = """
            {"vocabularyList":[{"type":"urn:epcglobal:epcis:vtype:BusinessLocation","vocabularyElementList":[{"id":"https://id.gs1.org/414/0614141007776","attributes":[{"id":"ex:name","attribute":"Works"}],"children":["urn:example:hall:2"]}]}]}
            """;
        (await company.CaptureAsync(Corpus.Document([], Newer))).Expect(202);

        Assert.Equal("hall2 site", await AskAsync(company, $"WD_bizLocation={Site}"));
        Assert.Equal("site", await AskAsync(company, "EQATTR_bizLocation_ex:name=Works"));
        Assert.Equal("", await AskAsync(company, "EQATTR_bizLocation_ex:name=Site"));
        Assert.Equal("", await AskAsync(company, "HASATTR_bizLocation=ex:size"));
        Assert.Equal("gate2 hall1 shelf", await AskAsync(company, "WD_bizLocation=urn:example:hall:1"));
    }

    private async Task<string> AskAsync(TestOrganisation company, string query)
    {
        var escaped = string.Join('&', query.Split('&').Select(static p => p.Split('=', 2)).Select(static p => $"{p[0]}={Uri.EscapeDataString(p[1])}"));
        var answer = await fixture.SendAsync(HttpMethod.Get, $"/epcis/events?{escaped}", company.ApiKey, ("GS1-Extensions", $"ex={Corpus.Extensions}"));
        return string.Join(' ', answer.Answer.Expect(200).EventList.Select(static e => e.GetProperty("ex:name").GetString()).Order(StringComparer.Ordinal));
    }

    // Tests only read what this one has: one is made for all of them.
    private static TestOrganisation? _company;

    private async Task<TestOrganisation> CompanyAsync()
    {
        if (_company is null)
        {
            var company = await fixture.Server.AddOrganisationAsync();
            await CaptureEventsAsync(company);
            (await company.CaptureAsync(Corpus.Document([], Places))).Expect(202);
            _company = company;
        }
        return _company;
    }

    private static async Task CaptureEventsAsync(TestOrganisation company) => (await company.CaptureAsync(Corpus.Document(Events.Select(static e => $$"""
        {"type":"ObjectEvent","eventTime":"2026-03-01T00:00:00Z","eventTimeZoneOffset":"+00:00","eventID":"urn:uuid:{{Guid.NewGuid()}}","action":"OBSERVE","ex:name":"{{e.Name}}",{{(e.Name == "class" ? "" : "\"epcList\":[\"urn:example:item:1\"],")}}{{e.Members}}}
        """)))).Expect(202);
}
