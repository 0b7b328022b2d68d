using System.Text.Json;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>The comparison of the round trip sees what is not the same, and only that.</summary>
public sealed class SameMembersTests
{
    private const string Sent = """
        {"type":"ObjectEvent","epcList":["ex:a","urn:b:c"],"quantityList":[{"epcClass":"ex:c","quantity":2.50}],"ex:field":{"x":[true,null]},"recordTime":"2020-01-01T00:00:00Z"}
        """;

    /// <summary>The same prefix in another form, with more beside it.</summary>
    private const string Context = """["https://example.com/other.jsonld",{"ex":{"@id":"https://ns.example.com/"},"unused":"https://example.com/"}]""";

    [Theory]
    [InlineData("""{"recordTime":"-","eventID":"-","ex:field":{"x":[true,null]},"quantityList":[{"quantity":25e-1,"epcClass":"ex:c"}],"epcList":["ex:a","urn:b:c"],"type":"ObjectEvent"}""", null)]
    [InlineData("""{"recordTime":"-","eventID":"-","ex:field":{"x":[true,null]},"quantityList":[{"quantity":2.51,"epcClass":"ex:c"}],"epcList":["ex:a","urn:b:c"],"type":"ObjectEvent"}""", "/quantityList/0/quantity is 2.51, not 2.50")]
    [InlineData("""{"recordTime":"-","eventID":"-","ex:field":{"x":[true]},"quantityList":[{"quantity":2.5,"epcClass":"ex:c"}],"epcList":["ex:a","urn:b:c"],"type":"ObjectEvent"}""", "/ex:field/x has 1 entries, not 2")]
    [InlineData("""{"recordTime":"-","eventID":"-","ex:field":{"x":[true,null]},"quantityList":[{"epcClass":"ex:c"}],"epcList":["ex:a","urn:b:c"],"type":"ObjectEvent"}""", "/quantityList/0/quantity is lost")]
    [InlineData("""{"recordTime":"-","eventID":"-","ex:field":{"x":[true,null],"y":1},"quantityList":[{"quantity":2.5,"epcClass":"ex:c"}],"epcList":["ex:a","urn:b:c"],"type":"ObjectEvent"}""", "/ex:field/y is new")]
    [InlineData("""{"recordTime":"-","eventID":"-","ex:field":{"x":[true,null]},"quantityList":[{"quantity":2.5,"epcClass":"ex:c"}],"epcList":["urn:b:c","ex:a"],"type":"ObjectEvent"}""", "/epcList/0 is \"urn:b:c\", not \"ex:a\"")]
    [InlineData("""{"eventID":"-","ex:field":{"x":[true,null]},"quantityList":[{"quantity":2.5,"epcClass":"ex:c"}],"epcList":["ex:a","urn:b:c"],"type":"ObjectEvent"}""", "there is no recordTime")]
    public void Members_Compared(string answered, string? difference)
    {
        var context = """[{"ex":"https://ns.example.com/"}]""";
        var withContext = answered.Insert(1, $"\"@context\":{context},");

        Assert.Equal(difference, SameMembers.FindDifference(new SentEvent(Parse(Sent), Parse(context), null), Parse(withContext)));
    }

    [Fact]
    public void Contexts_Compared()
    {
        var answered = """{"type":"ObjectEvent","epcList":["ex:a","urn:b:c"],"quantityList":[{"epcClass":"ex:c","quantity":2.5}],"ex:field":{"x":[true,null]},"recordTime":"-","eventID":"-"}""";
        var sent = new SentEvent(Parse(Sent), Parse("""[{"ex":"https://ns.example.com/"}]"""), null);
        var elsewhere = new SentEvent(Parse(Sent), Parse("""["https://ns.example.com/context.jsonld"]"""), null);

        Assert.Equal("the prefix ex no longer stands for https://ns.example.com/", SameMembers.FindDifference(sent, Parse(answered)));
        Assert.Null(SameMembers.FindDifference(sent, Parse(answered.Insert(1, $"\"@context\":{Context},"))));
        Assert.Equal("the context https://ns.example.com/context.jsonld is lost", SameMembers.FindDifference(elsewhere, Parse(answered)));
    }

    private static JsonElement Parse(string json) => JsonElement.Parse(json);
}
