using System.Globalization;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Query;

namespace TrustChain.IntegrationTests.Query;

/// <summary>Events so large that a page has room for few: nothing is lost, nothing comes twice, and no read takes more than its bytes.</summary>
[Collection(QueryCollection.Name)]
public sealed class LargeEventTests(QueryFixture fixture)
{
    private const int Count = 12;
    private const int Size = 900_000;
    private const int EventLimit = 1 << 20;

    private static TestOrganisation? _company;

    public static TheoryData<string> Orders =>
        ["EQ_disposition=ex:large", "EXISTS_ex:rank=", "EXISTS_ex:rank=&orderBy=eventTime", "orderBy=recordTime&orderDirection=ASC", "orderBy=ex:rank&orderDirection=ASC", "orderBy=ex:rank&orderDirection=DESC", "EQ_bizLocation=urn:example:hall:large"];

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Pages_OfLargeEvents_EndByBytesAndAreComplete(string query)
    {
        var company = await CompanyAsync();
        var single = await fixture.PagesAsync($"/epcis/events?{query}&perPage=1", company.ApiKey, Prefix);

        var pages = await fixture.PagesAsync($"/epcis/events?{query}&perPage=1000", company.ApiKey, Prefix);

        Assert.Equal(Count, single.SelectMany(static p => p.EventIds).Distinct().Count());
        Assert.Equal(single.SelectMany(static p => p.EventIds), pages.SelectMany(static p => p.EventIds));
        Assert.Equal(2, pages.Count);
        Assert.All(pages, static page => Assert.InRange(page.Answer.Body.Length, Size, EventSearchStore.MaxBytes + EventLimit));
    }

    [Fact]
    public async Task CountsAndLimits_OfLargeEvents_AreThoseOfAll()
    {
        var company = await CompanyAsync();

        (await GetAsync(company, $"/epcis/events?EXISTS_ex:rank=&maxEventCount={Count - 1}")).ExpectException(413, "QueryTooLargeException");
        Assert.Equal(Count, (await fixture.PagesAsync($"/epcis/events?EXISTS_ex:rank=&maxEventCount={Count}", company.ApiKey, Prefix)).Sum(static p => p.EventIds.Count));
        foreach (var order in (string[])["eventTime", "ex:rank"])
        {
            Assert.Equal(Count - 1, (await fixture.PagesAsync($"/epcis/events?EXISTS_ex:rank=&orderBy={order}&eventCountLimit={Count - 1}&perPage=1000", company.ApiKey, Prefix)).Sum(static p => p.EventIds.Count));
        }
        // The only match lies beyond what one read holds.
        Assert.Single((await fixture.PagesAsync($"/epcis/events?EQ_ex:rank={Count - 1}&orderBy=eventTime&orderDirection=ASC", company.ApiKey, Prefix)).SelectMany(static p => p.EventIds));
        Assert.Single((await fixture.PagesAsync("/epcis/events?EQ_ex:rank=0&orderBy=eventTime&orderDirection=DESC&perPage=1", company.ApiKey, Prefix)).SelectMany(static p => p.EventIds));
    }

    [Fact]
    public async Task Search_OfLargeEvents_ReadsNoMoreThanItsBytes()
    {
        var company = await CompanyAsync();
        var store = new EventSearchStore(fixture.Server.Database);
        var reader = new EventReaderScope(await IdOfAsync(company), []);
        foreach (var order in Enum.GetValues<SearchOrder>())
        {
            foreach (var descending in (bool[])[false, true])
            {
                var search = new EventSearch { Reader = reader, Order = order, Descending = descending, Dispositions = [Postgres.Capture.ItemKey.Compute("https://ext.example/epcis/large")] };
                var given = new List<long>();
                BoundedRows<FoundEvent> found;
                do
                {
                    found = await store.ListAsync(search, 1001, TestContext.Current.CancellationToken);
                    Assert.InRange(found.Rows.Sum(static e => (long)e.Event.Length), Size, EventSearchStore.MaxBytes + EventLimit);
                    given.AddRange(found.Rows.Select(static e => e.RecordId));
                    var last = found.Rows[^1];
                    search = search with { After = new SearchPosition(order == SearchOrder.RecordTime ? last.RecordTime : last.EventTime, last.RecordId) };
                }
                while (!found.IsLast);

                Assert.Equal(Count, given.Distinct().Count());
                Assert.Equal(Count, given.Count);
                Assert.Empty((await store.ListAsync(search, 1001, TestContext.Current.CancellationToken)).Rows);
            }
        }
    }

    [Fact]
    public async Task Log_WithLargeEvents_IsReadByBytes()
    {
        var company = await CompanyAsync();
        var store = new EventSearchStore(fixture.Server.Database);
        var reader = new EventReaderScope(await IdOfAsync(company), []);
        var size = await Eventually.GetAsync<object>("all events in the log", async () => await LoggedAsync(company) == Count ? await store.GetLogSizeAsync(TestContext.Current.CancellationToken) : null);
        var given = new List<string>();
        for (var (at, isLast) = (0L, false); !isLast;)
        {
            var found = await store.ListByLeafAsync(reader, at, (long)size, null, 1000, 2 * Size, TestContext.Current.CancellationToken);
            Assert.InRange(found.Rows.Sum(static r => (long)r.Event.Event.Length), 1, (2 * Size) + EventLimit);
            given.AddRange(found.Rows.Where(static r => r.Event.Event.Length > Size).Select(static r => r.Event.EffectiveEventId));
            at = found.Rows[^1].LeafIndex + 1;
            isLast = found.IsLast;
        }

        Assert.Equal(Count, given.Count);
        Assert.Equal(Count, given.Distinct().Count());
    }

    [Theory]
    [InlineData("epcs")]
    [InlineData("readPoints")]
    [InlineData("bizSteps")]
    public async Task Lists_FromLargeEvents_EndByBytesAndAreComplete(string list)
    {
        var company = await CompanyAsync();

        var pages = await fixture.PagesAsync($"/epcis/{list}?perPage=1000", company.ApiKey);
        var small = await fixture.PagesAsync($"/epcis/{list}?perPage=5", company.ApiKey);

        var members = pages.SelectMany(static p => p.Members).ToList();
        Assert.Equal(members.Distinct(), members);
        Assert.Equal(members, small.SelectMany(static p => p.Members));
        Assert.Equal(Count, members.Count(static m => m.Contains("large-", StringComparison.Ordinal)));
        Assert.True(pages.Count > 1, "One page read all events.");
    }

    [Fact]
    public async Task List_OfTheManyItemsOfOneLargeEvent_HasWholePages()
    {
        var company = await fixture.Server.AddOrganisationAsync();
        var items = Enumerable.Range(0, 2500).Select(static n => $"urn:example:item:{n}:{new string('x', 300)}").ToList();
        (await company.CaptureAsync(Corpus.Document([Event(0, "urn:example:event:" + Guid.NewGuid(), $"\"epcList\":[{string.Join(',', items.Select(static i => $"\"{i}\""))}]", 1000)]))).Expect(202);

        var pages = await fixture.PagesAsync("/epcis/epcs?perPage=1000", company.ApiKey);

        var own = pages.SelectMany(static p => p.Members).Where(static m => m.EndsWith("xxx", StringComparison.Ordinal)).ToList();
        Assert.Equal(items.Order(StringComparer.Ordinal), own.Order(StringComparer.Ordinal));
        Assert.All(pages.SkipLast(1), static page => Assert.Equal(1000, page.Members.Count));
    }

    private static (string, string) Prefix => ("GS1-Extensions", $"ex={Corpus.Extensions}");

    private Task<EpcisAnswer> GetAsync(TestOrganisation company, string path) => fixture.SendAsync(HttpMethod.Get, path, company.ApiKey, Prefix);

    private async Task<int> IdOfAsync(TestOrganisation company)
    {
        await using var command = fixture.Server.Database.CreateCommand("select id from organisation where code = $1");
        command.Parameters.Add(new() { Value = company.Id });
        return (int)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // It was made.
    }

    private async Task<long> LoggedAsync(TestOrganisation company)
    {
        await using var command = fixture.Server.Database.CreateCommand(
            "select count(*) from log_entry e join event_body b on b.record_id = e.record_id where b.organisation_id = $1 and octet_length(b.event) > $2");
        command.Parameters.Add(new() { Value = await IdOfAsync(company) });
        command.Parameters.Add(new() { Value = Size });
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // count(*) always answers.
    }

    // Tests only read what this one has: one is made for all of them.
    private async Task<TestOrganisation> CompanyAsync()
    {
        if (_company is null)
        {
            var company = await fixture.Server.AddOrganisationAsync();
            for (var number = 0; number < Count; number++)
            {
                (await company.CaptureAsync(Corpus.Document([Event(number, $"urn:uuid:{Guid.NewGuid()}", $"\"epcList\":[\"urn:example:item:large-{number}\"]", Size)]))).Expect(202);
            }
            _company = company;
        }
        return _company;
    }

    // Every two have the same time.
    private static string Event(int number, string id, string what, int size) => string.Create(CultureInfo.InvariantCulture, $$"""
        {"type":"ObjectEvent","eventTime":"2026-03-{{(number / 2) + 1:00}}T00:00:00Z","eventTimeZoneOffset":"+00:00","eventID":"{{id}}",{{what}},"action":"OBSERVE",
         "disposition":"https://ext.example/epcis/{{(size == Size ? "large" : "small")}}","bizStep":"https://ext.example/epcis/large-{{number}}","readPoint":{"id":"urn:example:place:large-{{number}}"},"bizLocation":{"id":"urn:example:hall:large"},
         "ex:rank":{{number}},"ex:note":"{{new string('n', size)}}"}
        """);
}
