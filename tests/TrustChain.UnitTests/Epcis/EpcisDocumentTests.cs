using System.Text;
using TrustChain.Core.Epcis;

namespace TrustChain.UnitTests.Epcis;

public sealed class EpcisDocumentTests
{
    private const string Query = """
        {"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld","type":"EPCISQueryDocument",
         "epcisBody":{"queryResults":{"queryName":"q","resultsBody":{"eventList":[EVENT]}}}}
        """;

    private static string Event => Samples.ObjectEvent().ToJsonString();

    [Fact]
    public void Read_OfADocument_GivesItsEventsAsSlicesOfTheInput()
    {
        var input = Encoding.UTF8.GetBytes(Samples.Document(Event + " , " + Samples.AggregationEvent().ToJsonString()));

        var result = EpcisReader.Read(input, EpcisReadOptions.Default);

        Assert.Empty(result.Faults);
        Assert.Equal(EpcisDocumentKind.Document, result.Kind);
        Assert.Equal(["ObjectEvent", "AggregationEvent"], result.Events.Select(e => e.EventType));
        Assert.Equal(Event, Encoding.UTF8.GetString(result.Events[0].Utf8.Span));
        Assert.True(input.AsSpan().Overlaps(result.Events[1].Utf8.Span));
        Assert.Equal(new EpcisItem("https://id.gs1.org/00/140123451111111117", ItemRole.ParentId), result.Events[1].Items[0]);
    }

    [Fact]
    public void Read_OfAQueryDocument_GivesItsEvents()
    {
        var result = Samples.Read(Query.Replace("EVENT", Event, StringComparison.Ordinal));

        Assert.Empty(result.Faults);
        Assert.Equal(EpcisDocumentKind.QueryDocument, result.Kind);
        Assert.Single(result.Events);
    }

    [Theory]
    [InlineData("\"schemaVersion\":\"2.0\",", "", EpcisRules.MissingMember, "")]
    [InlineData("\"2.0\"", "\"two\"", EpcisRules.InvalidFormat, "/schemaVersion")]
    [InlineData("\"creationDate\":\"2026-03-04T08:15:30Z\",", "", EpcisRules.MissingMember, "")]
    [InlineData("\"creationDate\":\"2026-03-04T08:15:30Z\"", "\"creationDate\":\"2026-03-04\"", EpcisRules.InvalidTime, "/creationDate")]
    [InlineData("\"epcisBody\":{\"eventList\"", "\"epcisBody\":{\"events\":[],\"eventList\"", EpcisRules.UnknownMember, "/epcisBody/events")]
    [InlineData("\"eventList\":[", "\"eventList\":[7", EpcisRules.WrongType, "/epcisBody/eventList/0")]
    [InlineData("\"type\":\"EPCISDocument\"", "\"type\":\"EPCISDocument\",\"note\":1", EpcisRules.UnknownMember, "/note")]
    [InlineData("\"type\":\"EPCISDocument\"", "\"type\":\"EPCISDocument\",\"id\":\"no uri\"", EpcisRules.InvalidUri, "/id")]
    [InlineData("\"type\":\"EPCISDocument\"", "\"type\":\"EPCISDocument\",\"sender\":1", EpcisRules.WrongType, "/sender")]
    [InlineData("\"type\":\"EPCISDocument\"", "\"type\":\"EPCISDocument\",\"epcisHeader\":{\"x\":1}", EpcisRules.UnknownMember, "/epcisHeader/x")]
    [InlineData("\"type\":\"EPCISDocument\"", "\"type\":\"EPCISDocument\",\"epcisHeader\":{\"epcisMasterData\":{\"vocabularyList\":[{}]}}", EpcisRules.MissingMember, "/epcisHeader/epcisMasterData/vocabularyList/0")]
    [InlineData("\"type\":\"EPCISDocument\"", "\"type\":\"EPCISDocument\",\"epcisHeader\":{\"epcisMasterData\":{\"vocabularyList\":[{\"type\":\"ex:t\",\"vocabularyElementList\":[{\"id\":\"ex:i\",\"attributes\":[{\"id\":\"ex:a\",\"attribute\":[]}]}]}]}}", EpcisRules.WrongType, "/epcisHeader/epcisMasterData/vocabularyList/0/vocabularyElementList/0/attributes/0/attribute")]
    public void Read_OfADocumentWithOneThingWrong_NamesItAndItsPlace(string part, string replacement, string rule, string pointer)
    {
        var json = Samples.Document("");
        Assert.Contains(part, json, StringComparison.Ordinal);

        var fault = Assert.Single(Samples.Read(json.Replace(part, replacement, StringComparison.Ordinal)).Faults);

        Assert.Equal((rule, pointer), (fault.Rule, fault.JsonPointer));
    }

    [Theory]
    [InlineData("\"queryName\":\"q\",", "", "/epcisBody/queryResults")]
    [InlineData("\"eventList\":[EVENT]", "\"ex:list\":[]", "/epcisBody/queryResults/resultsBody")]
    [InlineData("\"resultsBody\"", "\"ex:body\"", "/epcisBody/queryResults")]
    [InlineData("\"queryResults\"", "\"ex:results\"", "/epcisBody")]
    [InlineData("\"epcisBody\"", "\"ex:body\"", "")]
    public void Read_OfAQueryDocumentWithoutAPart_NamesItsPlace(string part, string replacement, string pointer)
    {
        var fault = Assert.Single(Samples.Read(Query.Replace(part, replacement, StringComparison.Ordinal).Replace("EVENT", Event, StringComparison.Ordinal)).Faults);

        Assert.Equal((EpcisRules.MissingMember, pointer), (fault.Rule, fault.JsonPointer));
    }

    [Fact]
    public void Read_OfOneBadEventAmongMany_GivesNoneAndNamesIt()
    {
        var bad = Samples.With(Samples.ObjectEvent(), "action", "\"MOVE\"").ToJsonString();

        var result = Samples.Read(Samples.Document($"{Event},{bad},{Event}"));

        Assert.Empty(result.Events);
        Assert.Equal("/epcisBody/eventList/1/action", Assert.Single(result.Faults).JsonPointer);
    }

    [Fact]
    public void Read_OfFaultsInSeveralEvents_NamesThemAllUpToFifty()
    {
        static string Bad(int faults)
        {
            var list = string.Join(',', Enumerable.Range(0, faults).Select(i => $"\"plain{i}\""));
            return Samples.With(Samples.ObjectEvent(), "epcList", $"[{list}]").ToJsonString();
        }

        var few = Samples.Read(Samples.Document($"{Bad(1)},{Event},{Bad(2)},7,{Bad(1)}"));
        var many = Samples.Read(Samples.Document($"{Bad(30)},{Bad(30)}"));

        Assert.Equal(
            ["0/epcList/0", "2/epcList/0", "2/epcList/1", "3", "4/epcList/0"],
            few.Faults.Select(fault => fault.JsonPointer["/epcisBody/eventList/".Length..]));
        Assert.Equal(50, many.Faults.Count);
        Assert.Equal("/epcisBody/eventList/1/epcList/19", many.Faults[^1].JsonPointer);
    }

    [Fact]
    public void Read_OverTheLimitOfEpcs_SaysSoOnce()
    {
        var result = Samples.Read(Samples.Document($"{Event},{Event},{Event}"), new EpcisReadOptions { MaxEpcs = 1 });

        Assert.Equal(EpcisRules.TooManyEpcs, Assert.Single(result.Faults).Rule);
    }

    [Fact]
    public void Read_OfEscapedText_ReadsItsCharacters()
    {
        var json = Event.Replace("ObjectEvent", "Object\\u0045vent", StringComparison.Ordinal).Replace("epcList", "epc\\u004Cist", StringComparison.Ordinal)
            .Replace("https://id", "https:\\/\\/id", StringComparison.Ordinal);

        Assert.Equal(Samples.ReadOne(Event).EventHash, Samples.ReadOne(json).EventHash);
    }
}
