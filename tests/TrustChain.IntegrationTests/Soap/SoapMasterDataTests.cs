using System.Xml.Linq;

namespace TrustChain.IntegrationTests.Soap;

/// <summary>Master data polled as a client of EPCIS 1.2 does.</summary>
[Collection(typeof(OneSoapServer))]
public sealed class SoapMasterDataTests(SoapFixture fixture)
{
    private const string Locations = "urn:epcglobal:epcis:vtype:BusinessLocation";
    private const string Name = "urn:epcglobal:cbv:mda:name";
    private const string City = "urn:epcglobal:cbv:mda:city";

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Poll_OfAll_GivesVocabulariesWithAttributesAndChildren(int version)
    {
        var results = await fixture.Client.CallAsync(Poll("true", "true"), fixture.Key, version);

        var vocabularies = results.Element("resultsBody")!.Element("VocabularyList")!.Elements("Vocabulary").ToList();
        Assert.Equal([Locations, "urn:epcglobal:epcis:vtype:ReadPoint"], vocabularies.Select(static v => v.Attribute("type")!.Value));
        var warehouse = vocabularies[0].Descendants("VocabularyElement").Single(e => e.Attribute("id")!.Value == fixture.Warehouse);
        Assert.Equal([(Name, "Warehouse"), (City, "Hangzhou")], warehouse.Elements("attribute").Select(static a => (a.Attribute("id")!.Value, a.Value)));
        Assert.Equal(fixture.Shelf, Assert.Single(warehouse.Element("children")!.Elements("id")).Value);
        Assert.Equal("Gate", Assert.Single(vocabularies[1].Descendants("attribute")).Value);
    }

    [Fact]
    public async Task Poll_WithoutAttributesAndChildren_GivesNamesAlone()
    {
        var elements = await PollAsync("false", "false", SoapClient.List("vocabularyName", Locations), SoapClient.List("attributeNames", Name));

        Assert.Equal(2, elements.Count);
        Assert.All(elements, static e => Assert.Empty(e.Elements()));
    }

    [Fact]
    public async Task Poll_ByName_FindsItInEveryVocabulary() =>
        Assert.Equal(2, (await PollAsync("true", "true", SoapClient.List("EQ_name", fixture.Warehouse))).Count);

    [Fact]
    public async Task Poll_ByNameWithDescendants_FindsThoseBelow()
    {
        var elements = await PollAsync("true", "false", SoapClient.List("WD_name", fixture.Warehouse), SoapClient.List("vocabularyName", Locations));

        Assert.Equal([fixture.Warehouse, fixture.Shelf], elements.Select(static e => e.Attribute("id")!.Value).Order(StringComparer.Ordinal));
        Assert.Equal(fixture.Shelf, Assert.Single(await PollAsync("true", "true", SoapClient.List("WD_name", fixture.Shelf))).Attribute("id")!.Value);
    }

    [Fact]
    public async Task Poll_ByAttributes_FindsThoseThatHaveAll()
    {
        Assert.Single(await PollAsync("true", "true", SoapClient.List("HASATTR", City, "urn:epcglobal:cbv:mda:none")));
        Assert.Equal(3, (await PollAsync("true", "true", SoapClient.List("HASATTR", Name))).Count);
        Assert.Equal(2, (await PollAsync("true", "true", SoapClient.List($"EQATTR_{Name}", "Gate", "Shelf"))).Count);
        Assert.Empty(await PollAsync("true", "true", SoapClient.List($"EQATTR_{Name}", "Gate", "Shelf"), SoapClient.List("HASATTR", City)));
    }

    [Fact]
    public async Task Poll_WithAttributeNames_TellsOnlyThose()
    {
        var warehouse = Assert.Single(await PollAsync("true", "true", SoapClient.List("HASATTR", City), SoapClient.List("attributeNames", City)));

        Assert.Equal("Hangzhou", Assert.Single(warehouse.Elements("attribute")).Value);
    }

    [Fact]
    public async Task Poll_OfMoreThanMaxElementCount_IsQueryTooLarge()
    {
        Assert.Equal(3, (await PollAsync("true", "true", SoapClient.Typed("maxElementCount", "int", "3"))).Count);

        var exception = await fixture.Client.FailAsync(Poll("true", "true", SoapClient.Typed("maxElementCount", "int", "2")), fixture.Key);

        Assert.Equal(SoapClient.Query + "QueryTooLargeException", exception.Name);
    }

    [Theory]
    [InlineData("<param><name>includeChildren</name><value>true</value></param>", "includeAttributes")]
    [InlineData("<param><name>includeAttributes</name><value>true</value></param>", "includeChildren")]
    [InlineData("<param><name>includeAttributes</name><value>yes</value></param><param><name>includeChildren</name><value>true</value></param>", "includeAttributes")]
    [InlineData("<param><name>includeAttributes</name><value>true</value></param><param><name>includeChildren</name><value>true</value></param><param><name>MATCH_epc</name><value>a:b</value></param>", "MATCH_epc")]
    public async Task Poll_WithAWrongParameter_IsQueryParameterException(string parameters, string named)
    {
        var exception = await fixture.Client.FailAsync(SoapClient.Poll("SimpleMasterDataQuery", parameters), fixture.Key);

        Assert.Equal(SoapClient.Query + "QueryParameterException", exception.Name);
        Assert.Contains(named, exception.Element("reason")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Poll_ByOthers_GivesNothingOfTheOwners()
    {
        Assert.Empty(ElementsOf(await fixture.Client.CallAsync(Poll("true", "true"), SoapClient.Bearer(fixture.Stranger.ApiKey))));
        Assert.Empty(ElementsOf(await fixture.Client.CallAsync(Poll("true", "true"))));
    }

    private static string Poll(string attributes, string children, params string[] parameters) => SoapClient.Poll(
        "SimpleMasterDataQuery",
        [SoapClient.Typed("includeAttributes", "boolean", attributes), SoapClient.Typed("includeChildren", "boolean", children), .. parameters]);

    private async Task<List<XElement>> PollAsync(string attributes, string children, params string[] parameters) =>
        ElementsOf(await fixture.Client.CallAsync(Poll(attributes, children, parameters), fixture.Key));

    private static List<XElement> ElementsOf(XElement results) => [.. results.Element("resultsBody")!.Element("VocabularyList")!.Descendants("VocabularyElement")];
}
