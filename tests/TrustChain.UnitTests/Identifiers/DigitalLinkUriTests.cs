using System.Text;
using System.Text.Json;
using TrustChain.Core.Identifiers;

namespace TrustChain.UnitTests.Identifiers;

public sealed class DigitalLinkUriTests
{
    public static IEnumerable<TheoryDataRow<string>> ParseCases() => Rows("dl-parse");

    public static IEnumerable<TheoryDataRow<string>> GenerateCases() => Rows("dl-generate");

    public static IEnumerable<TheoryDataRow<string>> EscapeCases() => Rows("uri-escape");

    public static IEnumerable<TheoryDataRow<string>> SequenceCases() => Rows("valid-path-ai-sequences");

    public static IEnumerable<TheoryDataRow<string>> ToolkitCases() => Rows("toolkit-examples");

    [Theory]
    [MemberData(nameof(ParseCases))]
    public void TryParse_PublishedCase_GivesPublishedElements(string row)
    {
        var test = JsonDocument.Parse(row).RootElement;
        var parsed = DigitalLinkUri.TryParse(test.Text("uri")!, ReadingOf(test), out var link, out var error);
        Assert.True(parsed == test.GetProperty("valid").GetBoolean(), error);
        Assert.Equal(parsed, error is null);
        Assert.Equal(test.Text("expectAIs"), parsed ? BarcodeData(link!.Elements) : null);
        if (test.GetProperty("checkDigitOk").ValueKind != JsonValueKind.Null)
        {
            Assert.True(Gs1Identifier.TryParse(test.Text("uri")!, ReadingOf(test), out var id, out error), error);
            Assert.Equal(test.GetProperty("checkDigitOk").GetBoolean(), id.CheckDigitOk ?? true);
        }
    }

    [Theory]
    [MemberData(nameof(GenerateCases))]
    public void TryCreate_PublishedCase_GivesPublishedUri(string row)
    {
        var test = JsonDocument.Parse(row).RootElement;
        Assert.True(ElementString.TryParse(test.Text("elementString")!, Gs1Reading.Strict, out var elements, out var error), error);
        var created = DigitalLinkUri.TryCreate(elements, test.Text("stem"), out var link, out error);
        Assert.True(created == test.GetProperty("valid").GetBoolean(), error);
        Assert.Equal(test.Text("expectUri"), link?.ToUri());
    }

    [Theory]
    [MemberData(nameof(EscapeCases))]
    public void Escaping_PublishedCase_GivesPublishedText(string row)
    {
        var test = JsonDocument.Parse(row).RootElement;
        var input = test.Text("input")!;
        if (test.Text("kind") == "escape")
        {
            Assert.Equal(test.Text("path"), LinkEscaping.EscapePath(input));
            Assert.Equal(test.Text("query"), LinkEscaping.EscapeQuery(input));
        }
        else
        {
            Assert.Equal(test.Text("path"), LinkEscaping.Unescape(input, plusIsSpace: false));
            Assert.Equal(test.Text("query"), LinkEscaping.Unescape(input, plusIsSpace: true));
        }
    }

    [Theory]
    [MemberData(nameof(SequenceCases))]
    public void TryParse_PublishedSequence_IsAccepted(string row)
    {
        var sequence = JsonDocument.Parse(row).RootElement.GetProperty("sequence").EnumerateArray().Select(ai => ai.GetString()!).ToArray();
        Assert.True(DigitalLinkUri.TryParse(UriOf(sequence), Gs1Reading.Strict, out var link, out var error), error);
        Assert.Equal(sequence, link.Path.Select(element => element.Ai));
        Assert.Equal(UriOf(sequence), link.ToUri());
        if (sequence.Length > 2)
        {
            Assert.False(DigitalLinkUri.TryParse(UriOf([sequence[0], .. sequence[1..].Reverse()]), Gs1Reading.Strict, out _, out _));
        }
    }

    [Theory]
    [MemberData(nameof(ToolkitCases))]
    public void ToolkitExample_ConvertsAsPrinted(string row)
    {
        var test = JsonDocument.Parse(row).RootElement;
        var text = test.Text("elementString")!;
        Assert.True(DigitalLinkUri.TryParse(test.Text("dl")!, Gs1Reading.Lenient, out var link, out var error), error);
        Assert.True(ElementString.TryParse(text, Gs1Reading.Strict, out var elements, out error), error);
        Assert.Equal(elements.ToHashSet(), link.Elements.ToHashSet());
        if (test.TryGetProperty("ais", out var ais))
        {
            Assert.Equal(ais.EnumerateObject().Select(p => new ElementValue(p.Name, p.Value.GetString()!)).ToHashSet(), link.Elements.ToHashSet());
            Assert.Equal(text, ElementString.Format(link.Elements));
        }
        else
        {
            Assert.True(DigitalLinkUri.TryCreate(elements, test.Text("stem"), out var created, out error), error);
            Assert.Equal(test.Text("dl"), created.ToUri(test.GetProperty("shortNames").GetBoolean()));
        }
    }

    [Theory]
    [InlineData("https://a.example/shop/eu/01/09520123456788/10/L?3103=000195&x=1#top", "https://a.example/shop/eu")]
    [InlineData("https://user@a.example:8080/01/09520123456788", "https://user@a.example:8080")]
    [InlineData("https://a.example//01/09520123456788", "https://a.example")]
    public void TryParse_StemBeforeKey_IsKept(string uri, string stem)
    {
        Assert.True(DigitalLinkUri.TryParse(uri, Gs1Reading.Strict, out var link, out var error), error);
        Assert.Equal(stem, link.Stem);
    }

    [Theory]
    [InlineData("https://a.example/01/09520123456788/21/S/10/L", "(21)(10)")]
    [InlineData("https://a.example/01/09520123456788?8200=http", "(8200)")]
    [InlineData("https://a.example/01/09520123456788/10/123456789012345678901", "too long")]
    [InlineData("https://a.example/8003/12345678901284ABC", "(8003)")]
    [InlineData("https://a.example/8004/12AB", "company prefix")]
    [InlineData("https://a.example/8010/1234ab", "set 39")]
    [InlineData("https://a.example/01/09520123456788?11=21", "too short")]
    [InlineData("https://a.example/01/09520123456788?01=09520123456788", "twice")]
    [InlineData("https://a.example/01/09520123456788?123456=1", "application identifier")]
    public void TryParse_Fault_NamesPlaceAndRule(string uri, string part)
    {
        Assert.False(DigitalLinkUri.TryParse(uri, Gs1Reading.Strict, out var link, out var error));
        Assert.Null(link);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.EndsWith(".", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryCreate_UncheckedValue_IsRefused()
    {
        Assert.False(DigitalLinkUri.TryCreate([new ElementValue("01", "12312312312326"), new ElementValue("10", "\u4e2d")], null, out _, out var error));
        Assert.Contains("(10)", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(")]
    [InlineData("()")]
    [InlineData("(01")]
    [InlineData("01)12312312312326")]
    [InlineData("(1)2")]
    [InlineData("(01)12312312312326(10)")]
    [InlineData("(01)12312312312326(10)A(10)B")]
    [InlineData("(01)12312312312326(10)a(b")]
    [InlineData("(01)12312312312326(89)X")]
    [InlineData("")]
    public void ElementString_Malformed_IsRefused(string text)
    {
        Assert.False(ElementString.TryParse(text, Gs1Reading.Strict, out var elements, out var error));
        Assert.Null(elements);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void ElementString_BracketInValue_SurvivesTheRoundTrip()
    {
        Assert.True(ElementString.TryParse("(01)12312312312326(10)a\\(10)b", Gs1Reading.Strict, out var elements, out var error), error);
        Assert.Equal("a(10)b", elements[1].Value);
        Assert.Equal("(01)12312312312326(10)a\\(10)b", ElementString.Format(elements));
    }

    private static IEnumerable<TheoryDataRow<string>> Rows(string name) =>
        Vectors.Rows(() => VectorCases.Of($"digital-link/{name}.json").Select(c => c.GetRawText()));

    private static Gs1Reading ReadingOf(JsonElement test)
    {
        var reading = Gs1Reading.Strict;
        reading |= test.Option("permitConvenienceAlphas") ? Gs1Reading.ShortNames : 0;
        reading |= test.Option("permitZeroSuppressedGTIN") ? Gs1Reading.ShortGtin : 0;
        reading |= test.Option("permitUnknownAIs") ? Gs1Reading.UnknownAis : 0;
        reading |= test.Option("unknownAINotDLAttr", whenAbsent: true) ? 0 : Gs1Reading.UnknownAttributes;
        return reading;
    }

    // As a scanner reports it: ^ for the separator, at the start and after every field that is not of predefined length.
    private static string BarcodeData(IEnumerable<ElementValue> elements)
    {
        var data = new StringBuilder();
        var needsSeparator = true;
        foreach (var element in elements)
        {
            data.Append(needsSeparator ? "^" : "").Append(element.Ai).Append(element.Value);
            needsSeparator = ApplicationIdentifiers.Find(element.Ai) is not { IsPredefinedLength: true };
        }
        return data.ToString();
    }

    private static string UriOf(IEnumerable<string> sequence) => "https://a.example/" + string.Join('/', sequence.Select(ai => $"{ai}/{Sample(ai)}"));

    private static string Sample(string ai) => string.Concat(ApplicationIdentifiers.Find(ai)!.Components.Select(component => component.Set switch
    {
        'N' or 'O' => new string('0', component.Max),
        _ => "1234A"[..Math.Min(5, component.Max)],
    }));
}
