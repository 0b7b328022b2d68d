using System.Globalization;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Query;

/// <summary>Pages of events: complete, without repetition, in the order of one large page, and tokens good for nothing else.</summary>
[Collection(QueryCollection.Name)]
public sealed class PagingTests(QueryFixture fixture)
{
    private const int Count = 15;

    /// <summary>Ties, numbers, times, texts and nothing at all.</summary>
    private static readonly string?[] Ranks = ["3", "1", null, "\"b\"", "2", "\"a\"", "2", "\"2026-01-01T00:00:00Z\"", null, "10", "\"ä\"", "\"B\"", "2.5", "[7,1]", "\"\""];

    public static TheoryData<string> Orders =>
        ["", "orderBy=eventTime&orderDirection=ASC", "orderBy=eventTime", "orderBy=recordTime&orderDirection=ASC", "orderBy=recordTime&orderDirection=DESC", "orderBy=ex:rank&orderDirection=ASC", "orderBy=ex:rank&orderDirection=DESC"];

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Pages_OfEverySize_GiveTheOrderOfOneLargePage(string order)
    {
        var company = await CompanyWithEventsAsync();
        // One query whose conditions are all in the index, one that is compared event by event, and one of the item index, where types do not tell.
        foreach (var condition in (string[])["EQ_bizStep=storing", "EXISTS_ex:number=", "EQ_bizTransaction_po=urn:example:order:1"])
        {
            var path = $"/epcis/events?{condition}&{order}".TrimEnd('&');
            var whole = (await GetAsync(company, path + "&perPage=1000")).EventIds;
            Assert.Equal(condition.StartsWith("EQ_bizT", StringComparison.Ordinal) ? 8 : Count, whole.Count);
            foreach (var size in (int[])[1, 2, 7])
            {
                var pages = await fixture.PagesAsync($"{path}&perPage={size}", company.ApiKey, Prefix);

                Assert.Equal(whole, pages.SelectMany(static p => p.EventIds));
                Assert.All(pages, page => Assert.InRange(page.EventIds.Count, 1, size));
            }
        }
    }

    [Fact]
    public async Task Order_ByTime_IsThatOfTheEvents()
    {
        var company = await CompanyWithEventsAsync();

        var ascending = await TimesAsync(company, "orderBy=eventTime&orderDirection=ASC", "eventTime");
        var descending = await TimesAsync(company, "orderBy=eventTime", "eventTime");
        var recorded = await TimesAsync(company, "orderBy=recordTime&orderDirection=ASC", "recordTime");

        Assert.Equal(ascending.Order(), ascending);
        Assert.Equal(descending.OrderDescending(), descending);
        Assert.Equal(recorded.Order(), recorded);
    }

    [Theory]
    [InlineData("ASC", "1 2 2 2.5 3 10 \"\" \"B\" \"a\" \"b\" \"ä\"")]
    [InlineData("DESC", "10 3 2.5 2 2 1 \"ä\" \"b\" \"a\" \"B\" \"\"")]
    public async Task Order_ByExtensionField_IsThatOfNumbersAndTexts(string direction, string expected)
    {
        var company = await CompanyWithEventsAsync();

        var answer = await GetAsync(company, $"/epcis/events?orderBy=ex:rank&orderDirection={direction}");

        // Where events without the field stand is not said; nor where a time or a list stands among the others.
        var ranks = answer.Answer.EventList.Select(static e => e.TryGetProperty("ex:rank", out var rank) ? rank.GetRawText() : null).OfType<string>().Where(static r => !r.Contains('[') && !r.Contains("2026", StringComparison.Ordinal));
        Assert.Equal(expected, string.Join(' ', ranks.Select(static r => r.Replace("\\u00e4", "ä", StringComparison.OrdinalIgnoreCase))));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Events_CapturedBetweenPages_BreakNothing(string order)
    {
        var company = await CompanyWithEventsAsync();
        var path = $"/epcis/events?EQ_bizStep=storing&perPage=4&{order}".TrimEnd('&');
        var before = (await GetAsync(company, path.Replace("perPage=4", "perPage=1000", StringComparison.Ordinal))).EventIds.ToHashSet();
        var given = new List<string>();
        var number = 100;
        for (var next = path; next is not null;)
        {
            var page = await GetAsync(company, next);
            given.AddRange(page.EventIds);
            next = page.Next;
            if (number < 103)
            {
                await CaptureAsync(company, Event(number, number % 2 == 0 ? "1" : "99"), Event(number + 50, null));
                number++;
            }
        }

        Assert.Equal(given.Distinct(), given);
        var all = (await GetAsync(company, "/epcis/events?EQ_bizStep=storing&perPage=1000")).EventIds.ToHashSet();
        Assert.Subset(all, given.ToHashSet());
        Assert.Subset(given.ToHashSet(), before);
    }

    [Theory]
    [InlineData("EQ_bizStep=storing", 15)]
    [InlineData("EXISTS_ex:number=", 15)]
    [InlineData("EQ_bizTransaction_po=urn:example:order:1", 8)]
    public async Task CountLimit_OverPages_EndsThere(string condition, int matches)
    {
        var company = await CompanyWithEventsAsync();
        foreach (var order in (string[])["eventTime", "recordTime", "ex:rank"])
        {
            var whole = (await GetAsync(company, $"/epcis/events?{condition}&orderBy={order}&orderDirection=ASC")).EventIds;
            foreach (var (limit, size) in ((int, int)[])[(5, 1), (5, 2), (5, 5), (5, 7), (1, 1), (100, 4)])
            {
                var pages = await fixture.PagesAsync($"/epcis/events?{condition}&orderBy={order}&orderDirection=ASC&eventCountLimit={limit}&perPage={size}", company.ApiKey, Prefix);

                Assert.Equal(whole.Take(limit), pages.SelectMany(static p => p.EventIds));
                Assert.Equal((Math.Min(limit, matches) + size - 1) / size, pages.Count);
            }
        }
    }

    [Fact]
    public async Task MaxEventCount_Exceeded_Is413()
    {
        var company = await CompanyWithEventsAsync();

        (await GetAsync(company, "/epcis/events?maxEventCount=14")).ExpectException(413, "QueryTooLargeException");
        (await GetAsync(company, "/epcis/events?maxEventCount=7&EXISTS_ex:number=&GE_ex:number=7")).ExpectException(413, "QueryTooLargeException");
        Assert.Equal(8, (await GetAsync(company, "/epcis/events?maxEventCount=8&GE_ex:number=7")).EventIds.Count);
        Assert.Equal(Count, (await fixture.PagesAsync("/epcis/events?maxEventCount=15&perPage=4", company.ApiKey)).Sum(static p => p.EventIds.Count));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("abc")]
    [InlineData("1.5")]
    [InlineData("")]
    [InlineData("99999999999")]
    public async Task PerPage_NotACount_Is400(string value)
    {
        foreach (var path in (string[])["/epcis/events", "/epcis/epcs", "/epcis/bizSteps", "/epcis/queries", "/epcis/queries/SimpleEventQuery/events"])
        {
            (await fixture.GetAsync($"{path}?perPage={value}")).ExpectFault("perPage");
        }
    }

    [Fact]
    public async Task Link_NamesTheNextPageOnly()
    {
        const string Path = "/epcis/events?EQ_bizStep=sensor_reporting&EQ_ex%3Anone=a%26b%7Cc%2Bd%20e&perPage=3";
        var none = await fixture.GetAsync(Path);
        Assert.Null(none.Next);

        var page = await fixture.GetAsync("/epcis/events?EQ_bizStep=sensor_reporting&EQ_type=Temperature%7CMass&perPage=3");

        var next = Assert.IsType<string>(page.Next);
        Assert.StartsWith("/epcis/events?", next, StringComparison.Ordinal);
        Assert.Contains("EQ_bizStep=sensor_reporting", next, StringComparison.Ordinal);
        Assert.Contains("perPage=3", next, StringComparison.Ordinal);
        Assert.DoesNotContain(fixture.Owner.ApiKey, page.Header("Link"), StringComparison.Ordinal);
        Assert.DoesNotContain("bearer", page.Header("Link"), StringComparison.OrdinalIgnoreCase);
        Assert.True(DateTimeOffset.Parse(page.Header("GS1-Next-Page-Token-Expires")!, CultureInfo.InvariantCulture) > DateTimeOffset.UtcNow);
        Assert.Null((await fixture.GetAsync(next)).Next);
    }

    [Theory]
    [InlineData("epcs", "urn:example:item:a%2Fb")]
    [InlineData("epcs", "urn:example:item:a/b")]
    [InlineData("readPoints", "urn:example:place:100%25")]
    public async Task Link_UnderAnEscapedAddress_LeadsOn(string collection, string value)
    {
        var company = await fixture.Server.AddOrganisationAsync();
        await CaptureAsync(company, [.. Enumerable.Range(0, 3).Select(n => Event(n, null, $"\"epcList\":[\"{(collection == "epcs" ? value : "urn:example:item:1")}\"],\"readPoint\":{{\"id\":\"{(collection == "epcs" ? "urn:example:place:1" : value)}\"}},"))]);

        var pages = await fixture.PagesAsync($"/epcis/{collection}/{Uri.EscapeDataString(value)}/events?perPage=2", company.ApiKey);

        Assert.Equal(3, pages.SelectMany(static p => p.EventIds).Distinct().Count());
    }

    [Fact]
    public async Task NamedQuery_InPages_IsTheSame()
    {
        await using var query = await NamedQuery.CreateAsync(fixture, new System.Text.Json.Nodes.JsonObject { ["EQ_bizStep"] = new System.Text.Json.Nodes.JsonArray("sensor_reporting"), ["orderBy"] = "eventTime" });
        var pages = await fixture.PagesAsync($"{query.Path}/events?perPage=3", fixture.Owner.ApiKey);

        Assert.Equal(["s8", "s7", "s6", "s5", "s4", "s3", "s2", "s1"], pages.SelectMany(p => fixture.NamesInOrder(p).Split(' ')));
    }

    [Fact]
    public async Task Token_OfAnythingElse_Is400()
    {
        var company = await CompanyWithEventsAsync();
        var stranger = await fixture.Server.AddOrganisationAsync();
        const string Path = "/epcis/events?EQ_bizStep=storing&perPage=2";
        var token = TokenOf((await GetAsync(company, Path)).Next);

        (await GetAsync(company, $"{Path}&nextPageToken={token}")).Answer.Expect(200);
        (await GetAsync(company, $"/epcis/events?EQ_bizStep=storing&perPage=5&nextPageToken={token}")).Answer.Expect(200); // The size is not part of the query.
        (await GetAsync(company, $"/epcis/events?EQ_bizStep=packing&perPage=2&nextPageToken={token}")).ExpectFault("nextPageToken");
        (await GetAsync(company, $"{Path}&orderBy=eventTime&nextPageToken={token}")).ExpectFault("nextPageToken");
        (await GetAsync(company, $"/epcis/bizSteps/storing/events?nextPageToken={token}")).ExpectFault("nextPageToken");
        (await GetAsync(company, $"/epcis/epcs?nextPageToken={token}")).ExpectFault("nextPageToken");
        (await GetAsync(stranger, $"{Path}&nextPageToken={token}")).ExpectFault("nextPageToken");
        (await fixture.SendAsync(HttpMethod.Get, $"{Path}&nextPageToken={token}", null)).ExpectFault("nextPageToken");
        foreach (var broken in (string[])["", "x", "....", new string('A', 9000), token[..^1], token + "A", token + "=", token[..(token.Length / 2)]])
        {
            (await GetAsync(company, $"{Path}&nextPageToken={broken}")).ExpectFault("nextPageToken");
        }
    }

    [Fact]
    public async Task Token_AlteredAnywhere_Is400()
    {
        const string Path = "/epcis/events?EQ_bizStep=sensor_reporting&perPage=2";
        var token = TokenOf((await fixture.GetAsync(Path)).Next);
        for (var i = 0; i < token.Length; i += i < token.Length - 3 ? 9 : 1)
        {
            var altered = token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..];

            (await fixture.GetAsync($"{Path}&nextPageToken={altered}")).ExpectFault("nextPageToken");
        }
    }

    [Fact]
    public async Task Token_GivenBack_Is400()
    {
        const string Path = "/epcis/events?EQ_bizStep=sensor_reporting&perPage=2";
        var (token, other) = (TokenOf((await fixture.GetAsync(Path)).Next), TokenOf((await fixture.GetAsync(Path)).Next));

        (await fixture.SendAsync(HttpMethod.Delete, $"/epcis/nextPageToken/{token}", fixture.Owner.ApiKey)).Answer.Expect(204);
        (await fixture.SendAsync(HttpMethod.Delete, $"/epcis/nextPageToken/{token}", fixture.Owner.ApiKey)).Answer.Expect(204);
        (await fixture.SendAsync(HttpMethod.Delete, "/epcis/nextPageToken/nothing", fixture.Owner.ApiKey)).Answer.Expect(204);

        (await fixture.GetAsync($"{Path}&nextPageToken={token}")).ExpectFault("nextPageToken");
        (await fixture.GetAsync($"{Path}&nextPageToken={other}")).Answer.Expect(200);
    }

    private static (string, string) Prefix => ("GS1-Extensions", $"ex={Corpus.Extensions}");

    private Task<EpcisAnswer> GetAsync(TestOrganisation company, string path) => fixture.SendAsync(HttpMethod.Get, path, company.ApiKey, Prefix);

    private static string TokenOf(string? next)
    {
        Assert.NotNull(next);
        return next[(next.IndexOf("nextPageToken=", StringComparison.Ordinal) + "nextPageToken=".Length)..];
    }

    private async Task<List<DateTimeOffset>> TimesAsync(TestOrganisation company, string order, string member) =>
        [.. (await GetAsync(company, $"/epcis/events?{order}")).Answer.EventList.Select(e => DateTimeOffset.Parse(e.GetProperty(member).GetString()!, CultureInfo.InvariantCulture))];

    /// <summary>Fifteen events in three captures, out of their order in time.</summary>
    private async Task<TestOrganisation> CompanyWithEventsAsync()
    {
        var company = await fixture.Server.AddOrganisationAsync();
        var events = Ranks.Select(static (rank, n) => Event(n, rank)).ToList();
        foreach (var part in (int[][])[[7, 0, 12, 3, 9], [14, 1, 5, 11, 6], [2, 13, 4, 10, 8]])
        {
            await CaptureAsync(company, [.. part.Select(n => events[n])]);
        }
        return company;
    }

    private static async Task CaptureAsync(TestOrganisation company, params string[] events) => (await company.CaptureAsync(Corpus.Document(events))).Expect(202);

    /// <summary>Every third has the time of the one before; the transaction is an order or an invoice by turns.</summary>
    private static string Event(int number, string? rank, string what = "\"epcList\":[\"urn:example:item:1\"],") => string.Create(CultureInfo.InvariantCulture, $$"""
        {"type":"ObjectEvent","eventTime":"2026-03-{{(number % 50 / 3 * 2 % 27) + 1:00}}T00:00:00Z","eventTimeZoneOffset":"+00:00","eventID":"urn:uuid:{{Guid.NewGuid()}}",{{what}}"action":"OBSERVE","bizStep":"storing",
         "bizTransactionList":[{"type":"{{(number % 2 == 0 ? "po" : "inv")}}","bizTransaction":"urn:example:order:1"}],"ex:number":{{number}}{{(rank is null ? "" : $",\"ex:rank\":{rank}")}}}
        """);
}
