using System.Text;
using TrustChain.Core.Epcis;

namespace TrustChain.UnitTests.Epcis;

public sealed class StandaloneEventTests
{
    private const string Start = """{"type":"ObjectEvent","eventTime":"2026-03-04T08:15:30Z","eventTimeZoneOffset":"+08:00","epcList":["urn:uuid:1"],"action":"OBSERVE" """;

    [Fact]
    public void Standalone_OfAnEventWithoutExtensions_IsItsOwnBytes()
    {
        var read = Samples.ReadOne(Samples.Document(Start + "}"));

        Assert.False(read.NeedsDocumentContext);
        Assert.Equal(Start + "}", Text(read));
    }

    [Theory]
    [InlineData(",\"ex:a\":1}")]
    [InlineData(",\"disposition\":\"ex:odd\"}")]
    [InlineData(",\"rdfs:comment\":\"hello\"}")]
    [InlineData(",\"readPoint\":{\"id\":\"urn:x:1\",\"ex:floor\":1}}")]
    [InlineData(",\"undeclared:a\":1}")]
    public void Standalone_OfAnEventThatReliesOnItsDocument_CarriesTheContext(string rest)
    {
        var read = Samples.ReadOne(Samples.Document(Start + rest));

        Assert.Equal("{\"@context\":" + Samples.Context + "," + (Start + rest)[1..], Text(read));
        AssertSame(read);
    }

    [Fact]
    public void Standalone_OfAnEventWithAContextOfItsOwn_HasBothAndItsOwnWins()
    {
        const string Own = """{"own":"https://own.example/","ex":"https://other.example/"}""";
        var read = Samples.ReadOne(Samples.Document(
            Start + ",\"@context\":" + Own + ",\"ex:a\":1,\"own:b\":2,\"doc:c\":3}",
            """[{"ex":"https://ns.example.com/epcis/"},{"doc":"https://doc.example/"}]"""));

        Assert.Contains("""[{"ex":"https://ns.example.com/epcis/"},{"doc":"https://doc.example/"},{"own":""", Text(read), StringComparison.Ordinal);
        Assert.EndsWith("{https://doc.example/}c=3{https://other.example/}a=1{https://own.example/}b=2", EventHash.ComputePreHash(read), StringComparison.Ordinal);
        AssertSame(read);
    }

    [Fact]
    public void Standalone_OfAnEventThatRepeatsTheDocumentsContext_NamesItOnce()
    {
        var read = Samples.ReadOne(Samples.Document(Start + ",\"@context\":\"https://a.example/c\",\"ex:a\":1}", """["https://a.example/c",{"ex":"https://b.example/"}]"""));

        Assert.Contains("""[{"ex":"https://b.example/"},"https://a.example/c"]""", Text(read), StringComparison.Ordinal);
        AssertSame(read);
    }

    [Fact]
    public void Standalone_OfAnEventThatDeclaresAllItUses_IsItsOwnBytes()
    {
        var text = Start + ",\"@context\":{\"ex\":\"https://own.example/\"},\"ex:a\":1}";

        Assert.Equal(text, Text(Samples.ReadOne(Samples.Document(text))));
    }

    [Fact]
    public void BareEvent_WithExtensionsButNoContext_IsRefused()
    {
        Assert.Empty(Samples.Read(Start + "}").Faults);
        Assert.Equal(EpcisRules.MissingContext, Assert.Single(Samples.Read(Start + ",\"ex:a\":1}").Faults).Rule);
    }

    private static string Text(EpcisEvent read) => Encoding.UTF8.GetString(read.ToStandaloneUtf8().Span);

    private static void AssertSame(EpcisEvent read)
    {
        var again = Samples.ReadOne(Text(read));
        Assert.Equal(read.EventHash, again.EventHash);
        Assert.Equal(read.Items, again.Items);
        Assert.Equal(Text(read), Text(again));
    }
}
