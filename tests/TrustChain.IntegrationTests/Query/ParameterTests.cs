using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace TrustChain.IntegrationTests.Query;

/// <summary>Every parameter of the query language, in a URL and in a named query.</summary>
[Collection(QueryCollection.Name)]
public sealed class ParameterTests(QueryFixture fixture)
{
    /// <summary>Parameters of the page, not of the query.</summary>
    private static readonly string[] OfThePage = ["perPage", "nextPageToken"];

    private static IReadOnlyList<QueryCase> Cases { get; } = [.. StandardCases.All, .. FieldCases.All, .. ReadingCases.All];

    public static IEnumerable<TheoryDataRow<string>> ParameterNames => Cases.Select(static c => c.Parameter).Distinct().Select(static name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(ParameterNames))]
    public async Task Url_OfEveryCase_FindsWhatItShould(string parameter)
    {
        await CheckAllAsync(parameter, async (c, faults) => Check(c, c.ToUrl(), await fixture.GetAsync($"/epcis/events?{c.ToUrl()}"), faults));
    }

    [Theory]
    [MemberData(nameof(ParameterNames))]
    public async Task NamedQuery_OfEveryCase_FindsWhatItShould(string parameter)
    {
        await CheckAllAsync(parameter, async (c, faults) =>
        {
            await using var query = await NamedQuery.CreateAsync(fixture, c.ToJson());
            Check(c, query.Json, c.Kind == CaseKind.Refused || query.Answer.Status != 201 ? query.Answer : await query.GetEventsAsync(), faults);
        });
    }

    [Fact]
    public void Table_HasEveryParameterThatGs1Publishes()
    {
        using var openApi = QueryVectors.TryRead("epcis-schema/openapi.json");
        using var schema = QueryVectors.TryRead("epcis-schema/query-schema.json");
        if (openApi is null || schema is null)
        {
            Assert.Skip("conformance not run: no vectors folder");
        }
        var parameters = openApi.RootElement.GetProperty("components").GetProperty("parameters");
        var inUrl = openApi.RootElement.GetProperty("paths").GetProperty("/events").GetProperty("get").GetProperty("parameters").EnumerateArray()
            .Select(p => p.TryGetProperty("$ref", out var reference) ? parameters.GetProperty(reference.GetString()!.Split('/')[^1]) : p)
            .Where(static p => p.GetProperty("in").GetString() == "query").Select(static p => p.GetProperty("name").GetString()!).Except(OfThePage);
        var query = schema.RootElement.GetProperty("definitions").GetProperty("EPCIS-Query");
        var inJson = query.GetProperty("properties").EnumerateObject().Select(static p => p.Name).Where(static name => name != "@context");

        var names = inUrl.Union(inJson).Select(static name => (Name: name, Pattern: $"^{Regex.Escape(name)}$")).ToList();
        // The published patterns have one backslash too many in front of the colon and of "w"; names of attributes have prefixes as well.
        var patterns = query.GetProperty("patternProperties").EnumerateObject()
            .Select(static p => (p.Name, Pattern: p.Name.Replace("\\\\", "\\", StringComparison.Ordinal).Replace("\\w+_\\w+", "\\w+_[\\w:]+", StringComparison.Ordinal))).ToList();

        Assert.True(names.Count > 60, "The files list too few parameters to be GS1's.");
        Assert.True(patterns.Count > 90, "The schema lists too few patterns to be GS1's.");
        Assert.Empty(names.Concat(patterns).SelectMany(static p => Missing(p.Name, p.Pattern)));
    }

    private static IEnumerable<string> Missing(string name, string pattern)
    {
        var kinds = Cases.Where(c => Regex.IsMatch(c.Parameter, pattern)).Select(static c => c.Kind).ToHashSet();
        return Enum.GetValues<CaseKind>().Where(kind => kind != CaseKind.Refused && !kinds.Contains(kind)).Select(kind => $"{name} has no case {kind}");
    }

    /// <summary>Runs the parameter's cases, some at a time, and reports all that failed.</summary>
    private static async Task CheckAllAsync(string parameter, Func<QueryCase, ConcurrentQueue<string>, Task> check)
    {
        var faults = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            Cases.Where(c => c.Parameter == parameter), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (c, _) => await check(c, faults));

        Assert.True(faults.IsEmpty, string.Join('\n', faults));
    }

    private void Check(QueryCase c, string asked, EpcisAnswer answer, ConcurrentQueue<string> faults)
    {
        try
        {
            if (c.Kind == CaseKind.Refused)
            {
                answer.ExpectFault(c.Expected);
                return;
            }
            var found = fixture.NamesIn(answer);
            if (found != c.Expected)
            {
                faults.Enqueue($"{asked}: expected [{c.Expected}], got [{found}]");
            }
        }
        catch (Exception exception) when (exception is Xunit.Sdk.XunitException or KeyNotFoundException or JsonException)
        {
            faults.Enqueue($"{asked}: {answer.Status} {exception.Message} {answer.Answer.Body}");
        }
    }
}
