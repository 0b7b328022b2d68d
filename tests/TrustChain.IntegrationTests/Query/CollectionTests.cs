using System.Text.Json.Nodes;

namespace TrustChain.IntegrationTests.Query;

/// <summary>The lists of what there is.</summary>
[Collection(QueryCollection.Name)]
public sealed class CollectionTests(QueryFixture fixture)
{
    private static readonly string[] Lists = ["eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions"];

    [Fact]
    public async Task TopLevel_NamesTheResources()
    {
        var answer = await fixture.GetAsync("/epcis");

        foreach (var name in Lists.Concat(["capture", "events", "queries"]))
        {
            Assert.Contains(name, answer.Members);
        }
        Assert.Equal("Collection", answer.Answer.Text("type"));
    }

    [Fact]
    public async Task Lists_OfTheCorpus_HaveEachValueOnce()
    {
        Assert.Equal(["AggregationEvent", "AssociationEvent", "ObjectEvent", "TransactionEvent", "TransformationEvent", "ex:TeaEvent"], (await fixture.GetAsync("/epcis/eventTypes")).Members);
        Assert.Equal([Corpus.Gate, "urn:example:place:aXb", "urn:example:place:a_b"], (await fixture.GetAsync("/epcis/readPoints")).Members.Order(StringComparer.Ordinal));
        Assert.Equal(["https://id.gs1.org/414/0614141007295", Corpus.Hall, "urn:example:place:100%25", "urn:example:place:100x"], (await fixture.GetAsync("/epcis/bizLocations")).Members.Order(StringComparer.Ordinal));
        var steps = (await fixture.GetAsync("/epcis/bizSteps?perPage=1000")).Members;
        Assert.Equal(steps.Distinct(), steps);
        Assert.Equal(["commissioning", "transporting", "ex:peeling", "ex:Peeling"], steps.Where(static s => s is "commissioning" or "transporting" || s.Contains(':')).OrderBy(static s => s.Contains(':')).ThenByDescending(static s => s.Contains(':') ? s : ""));
        Assert.Equal(["urn:example:disp:peeled"], (await fixture.GetAsync("/epcis/dispositions?perPage=1000")).Members.Where(static d => d.Contains(':')));
        var epcs = (await fixture.GetAsync("/epcis/epcs?perPage=1000")).Members;
        Assert.Equal(epcs.Distinct(), epcs);
        Assert.Contains(Corpus.Item, epcs);
        Assert.Contains(Corpus.Pallet, epcs);
        Assert.DoesNotContain("https://id.gs1.org/01/10614141073464/10/L1", epcs);
        Assert.Single(epcs, static e => e.StartsWith("urn:example:item:x%2", StringComparison.Ordinal)); // The two spellings are one item.
    }

    [Fact]
    public async Task Lists_InPages_AreTheWholeList()
    {
        foreach (var list in Lists)
        {
            var whole = (await fixture.GetAsync($"/epcis/{list}?perPage=1000")).Members;
            foreach (var size in (int[])[1, 2, 7])
            {
                var pages = await fixture.PagesAsync($"/epcis/{list}?perPage={size}", fixture.Owner.ApiKey, ("GS1-Extensions", $"ex={Corpus.Extensions}"));

                Assert.Equal(whole, pages.SelectMany(static p => p.Members));
                Assert.All(pages, page => Assert.InRange(page.Members.Count, 1, size));
            }
        }
    }

    [Fact]
    public async Task Lists_AskedForAnythingElse_Are400()
    {
        foreach (var list in Lists)
        {
            (await fixture.GetAsync($"/epcis/{list}?EQ_action=ADD")).ExpectFault("EQ_action");
            (await fixture.GetAsync($"/epcis/{list}?nextPageToken=x")).ExpectFault("nextPageToken");
        }
    }

    [Fact]
    public async Task NamedQueries_AreListedInPages_AndAreEachOrganisationsOwn()
    {
        var other = await fixture.Server.AddOrganisationAsync();
        await using var first = await NamedQuery.CreateAsync(fixture, new JsonObject { ["EQ_action"] = new JsonArray("ADD") });
        await using var second = await NamedQuery.CreateAsync(fixture, []);

        var pages = await fixture.PagesAsync("/epcis/queries?perPage=1", fixture.Owner.ApiKey);

        Assert.Equal(2, pages.Count);
        Assert.Equal("ADD", (await fixture.GetAsync(first.Path)).Answer.Expect(200).Json.GetProperty("query").GetProperty("EQ_action")[0].GetString());
        (await fixture.SendAsync(HttpMethod.Get, first.Path, other.ApiKey)).ExpectException(404, "NoSuchNameException");
        (await fixture.SendAsync(HttpMethod.Get, $"{first.Path}/events", other.ApiKey)).ExpectException(404, "NoSuchNameException");
        (await fixture.SendAsync(HttpMethod.Delete, first.Path, other.ApiKey)).ExpectException(404, "NoSuchNameException");
        Assert.Equal(0, (await fixture.SendAsync(HttpMethod.Get, "/epcis/queries", other.ApiKey)).Answer.Expect(200).Json.GetArrayLength());
        (await fixture.SendAsync(HttpMethod.Get, "/epcis/queries", null)).Answer.ExpectProblem(401, "not-authenticated");
        (await first.GetEventsAsync("?EQ_action=DELETE")).ExpectFault("EQ_action");
    }
}
