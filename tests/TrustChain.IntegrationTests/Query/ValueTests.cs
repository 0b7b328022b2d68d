using System.Text;
using System.Text.Json.Nodes;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Query;

/// <summary>What values may look like: patterns, characters that mean something elsewhere, too many and too long ones.</summary>
[Collection(QueryCollection.Name)]
public sealed class ValueTests(QueryFixture fixture)
{
    [Theory]
    [InlineData("urn:epc:idpat:sgtin:0614141.107346.*", "a1 f1 f2 o1 o2")]
    [InlineData("urn:epc:idpat:sgtin:0614141.112345.*", "d1 d2 f1 f2 o4 s1 s2 s3 s4 s5 s6 s7 s8 t1 x1 x2")]
    [InlineData("urn:epc:idpat:sgtin:0614141.*.*", "a1 d1 d2 f1 f2 o1 o2 o4 s1 s2 s3 s4 s5 s6 s7 s8 t1 x1 x2")]
    [InlineData("urn:epc:idpat:sgtin:*.*.*", "a1 d1 d2 f1 f2 o1 o2 o4 s1 s2 s3 s4 s5 s6 s7 s8 t1 x1 x2")]
    [InlineData("urn:epc:idpat:sscc:0614141.*", "a1 a2 t1")]
    [InlineData("urn:epc:idpat:giai:0614141.*", "s0")]
    [InlineData("urn:epc:idpat:grai:0614141.12345.*", "s0")]
    [InlineData("urn:epc:idpat:grai:0614141.12346.*", "")]
    [InlineData("urn:epc:idpat:sgtin:0614142.*.*", "")]
    [InlineData("urn:epc:idpat:sgtin:0614141.107346.201", "")]
    [InlineData("urn:epc:idpat:sgtin:0614141.107346.2017", "a1 f1 f2 o1 o2")]
    public async Task AnyEpc_OfAPattern_FindsWhatItCovers(string pattern, string expected) =>
        Assert.Equal(expected, fixture.NamesIn(await fixture.GetAsync($"/epcis/events?MATCH_anyEPC={Uri.EscapeDataString(pattern)}")));

    [Theory]
    [InlineData("urn:epc:idpat:sgtin:0614141.*.400")]
    [InlineData("urn:epc:idpat:sgtin:*.107346.*")]
    [InlineData("urn:epc:idpat:sgtin:0614141.1073*.*")]
    [InlineData("urn:epc:idpat:nothing:0614141.*")]
    [InlineData("urn:epc:idpat:sgtin")]
    [InlineData("urn:epc:idpat:sgtin:")]
    public async Task AnyEpc_OfABrokenPattern_Is400(string pattern) => (await fixture.GetAsync($"/epcis/events?MATCH_anyEPC={Uri.EscapeDataString(pattern)}")).ExpectFault("MATCH_anyEPC");

    [Theory]
    [InlineData("MATCH_epc", "urn:example:item:a_b", "o5")]
    [InlineData("MATCH_epc", "urn:example:item:A_B", "o6")]
    [InlineData("MATCH_epc", "urn:example:item:a*b", "")]
    [InlineData("MATCH_epc", "urn:example:item:x%2Fy", "o5 o6")]
    [InlineData("MATCH_epc", "urn:example:item:x%2fy", "o5 o6")]
    [InlineData("MATCH_epc", "urn:example:item:x/y", "")]
    [InlineData("EQ_readPoint", "urn:example:place:a_b", "o5")]
    [InlineData("EQ_bizLocation", "urn:example:place:100%25", "o5")]
    [InlineData("EQ_bizLocation", "URN:example:place:100x", "")]
    [InlineData("EQ_eventID", "urn:test:event:o_", "")]
    [InlineData("EQ_eventID", "urn:test:event:%25", "")]
    public async Task Characters_OfPatternsElsewhere_AreLiteral(string parameter, string value, string expected) =>
        Assert.Equal(expected, fixture.NamesIn(await fixture.GetAsync($"/epcis/events?{parameter}={Uri.EscapeDataString(value)}")));

    [Theory]
    [InlineData("MATCH_epc=urn:example:%00x")]
    [InlineData("EQ_bizLocation=urn:example:%00x")]
    [InlineData("EQ_eventID=urn:example:%00x")]
    [InlineData("HASATTR_bizLocation=%00x")]
    [InlineData("EQATTR_bizLocation_name=%00x")]
    [InlineData("EQATTR_bizLocation_%00=x")]
    [InlineData("%00=x")]
    public async Task Characters_ThatNoTextMayHave_Are400(string query) => (await fixture.GetAsync($"/epcis/events?{query}")).ExpectException(400, "QueryParameterException");

    [Fact]
    public async Task StringValue_WithCharactersOfAllKinds_IsJustNotThere()
    {
        foreach (var value in (string[])["%00", "%27%3B--", "%22", "%5C", "%F0%9F%8D%B5", "%FF", "a%20b"])
        {
            Assert.Empty((await fixture.GetAsync($"/epcis/events?EQ_stringValue={value}")).EventIds);
            Assert.Empty((await fixture.GetAsync($"/epcis/events?EQ_ex:batch={value}")).EventIds);
        }
    }

    [Fact]
    public async Task Value_LongerThanAUriMayBe_Is400()
    {
        Assert.Empty((await fixture.GetAsync($"/epcis/events?MATCH_epc=urn:example:{new string('x', 2036)}")).EventIds);
        (await fixture.GetAsync($"/epcis/events?MATCH_epc=urn:example:{new string('x', 2037)}")).ExpectFault("MATCH_epc");
        Assert.Empty((await fixture.GetAsync($"/epcis/events?EQ_ex:batch={new string('x', 20_000)}")).EventIds);
    }

    [Fact]
    public async Task Values_MoreThanAThousand_Are400()
    {
        Assert.Equal("o1", fixture.NamesIn(await fixture.GetAsync($"/epcis/events?EQ_ex:batch={string.Join('|', Enumerable.Range(0, 999))}|A1")));
        (await fixture.GetAsync($"/epcis/events?EQ_ex:batch={string.Join('|', Enumerable.Range(0, 1001))}")).ExpectException(400, "QueryParameterException");

        await using var query = await NamedQuery.CreateAsync(fixture, new JsonObject { ["EQ_eventID"] = new JsonArray([.. Enumerable.Range(0, 1001).Select(static n => (JsonNode)$"urn:x:{n}")]) });
        query.Answer.ExpectException(400, "QueryParameterException");
    }

    [Fact]
    public async Task Address_TooLong_Is414()
    {
        var answer = await fixture.GetAsync($"/epcis/events?EQ_ex:batch={new string('x', 33_000)}");

        answer.ExpectException(414, "URITooLongException");
    }

    [Theory]
    [InlineData("EQ_nothing=1", "EQ_nothing")]
    [InlineData("eq_action=ADD", "eq_action")]
    [InlineData("MATCH_epcs=urn:x:1", "MATCH_epcs")]
    [InlineData("GE_quantities=1", "GE_quantities")]
    [InlineData("WD_disposition=active", "WD_disposition")]
    [InlineData("EXISTS_action=", "EXISTS_action")]
    [InlineData("GT_eventTime=2026-01-01T00:00:00Z", "GT_eventTime")]
    [InlineData("page=2", "page")]
    public async Task Parameter_Unknown_Is400(string query, string parameter) => (await fixture.GetAsync($"/epcis/events?{query}&EQ_bizStep=storing")).ExpectFault(parameter);

    [Fact]
    public async Task Parameter_Repeated_IsAListWhereItIsOne()
    {
        Assert.Equal("a1 a2 o3", fixture.NamesIn(await fixture.GetAsync("/epcis/events?EQ_bizStep=packing&EQ_bizStep=unpacking|receiving")));
        (await fixture.GetAsync("/epcis/events?GE_eventTime=2026-01-01T00:00:00Z&GE_eventTime=2026-02-01T00:00:00Z")).ExpectFault("GE_eventTime");
        (await fixture.GetAsync("/epcis/events?orderBy=eventTime&orderBy=recordTime")).ExpectFault("orderBy");
        (await fixture.GetAsync("/epcis/events?perPage=2&perPage=3")).ExpectFault("perPage");
        (await fixture.GetAsync("/epcis/events?nextPageToken=a&nextPageToken=b")).ExpectFault("nextPageToken");
    }

    [Fact]
    public async Task Parameters_SeveralAtFault_AreAllNamed()
    {
        var answer = await fixture.GetAsync("/epcis/events?EQ_action=NO&GE_eventTime=now&none=1");

        Assert.Equal(["EQ_action", "GE_eventTime", "none"], answer.ExpectException(400, "QueryParameterException").GetProperty("errors").EnumerateArray().Select(static e => e.GetProperty("parameter").GetString()!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Prefix_Undeclared_IsNamedWithTheWayToDeclareIt()
    {
        var answer = await fixture.SendAsync(HttpMethod.Get, "/epcis/events?EQ_tea:grade=5", fixture.Owner.ApiKey);

        answer.ExpectFault("EQ_tea:grade");
        Assert.Contains("GS1-Extensions", answer.Answer.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prefix_OfTheHeader_MayHaveAnyName()
    {
        Assert.Equal("o1", fixture.NamesIn(await fixture.SendAsync(HttpMethod.Get, "/epcis/events?EQ_tea:count=5", fixture.Owner.ApiKey, ("GS1-Extensions", $"a=https://a.example/, tea={Corpus.Extensions}"))));
        // The same prefix may mean something else to each caller.
        Assert.Empty((await fixture.SendAsync(HttpMethod.Get, "/epcis/events?EQ_ex:count=5", fixture.Owner.ApiKey, ("GS1-Extensions", "ex=https://other.example/"))).EventIds);
    }

    [Theory]
    [InlineData("""{"EQ_action":"ADD"}""", "EQ_action")]
    [InlineData("""{"EQ_action":[]}""", "EQ_action")]
    [InlineData("""{"EQ_action":[null]}""", "EQ_action")]
    [InlineData("""{"EQ_action":{"ADD":true}}""", "EQ_action")]
    [InlineData("""{"GE_eventTime":["2026-01-01T00:00:00Z"]}""", "GE_eventTime")]
    [InlineData("""{"GE_eventTime":5}""", "GE_eventTime")]
    [InlineData("""{"eventCountLimit":1.5,"orderBy":"eventTime"}""", "eventCountLimit")]
    [InlineData("""{"EXISTS_errorDeclaration":[1]}""", "EXISTS_errorDeclaration")]
    [InlineData("""{"EQ_ex:count":[5]}""", "EQ_ex:count")]
    [InlineData("""{"perPage":5}""", "perPage")]
    public async Task NamedQuery_WithAValueOfTheWrongType_Is400(string query, string parameter)
    {
        await using var named = await NamedQuery.CreateAsync(fixture, JsonNode.Parse(query)!.AsObject());

        var problem = named.Answer.Answer.ExpectProblem(400, "invalid-query");
        Assert.Contains(problem.GetProperty("errors").EnumerateArray(), e => e.GetProperty("parameter").GetString() == parameter);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"name":"q"}""")]
    [InlineData("""{"name":"q","query":[]}""")]
    [InlineData("""{"name":"q","query":{},"more":1}""")]
    [InlineData("""{"name":"q","query":{"EQ_action":["ADD"],"EQ_action":["DELETE"]}}""")]
    [InlineData("""{"name":"","query":{}}""")]
    [InlineData("""{"name":"a b","query":{}}""")]
    [InlineData("""{"name":"q","query":{}""")]
    public async Task NamedQuery_OfAnotherShape_Is400(string body)
    {
        var answer = await fixture.SendAsync(HttpMethod.Post, "/epcis/queries", fixture.Owner.ApiKey, TestOrganisation.Content("application/json", Encoding.UTF8.GetBytes(body)));

        answer.ExpectException(400, "QueryValidationException");
    }
}
