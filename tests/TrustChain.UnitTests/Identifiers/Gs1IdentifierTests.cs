using System.Text.Json;
using TrustChain.Core.Identifiers;

namespace TrustChain.UnitTests.Identifiers;

public sealed class Gs1IdentifierTests
{
    public static IEnumerable<TheoryDataRow<string>> Normalisable() => Vectors.Rows(
        () => VectorCases.Of("digital-link/normalise.json").Where(c => c.Text("canonical") is not null).Select(c => c.GetRawText()));

    [Theory]
    [MemberData(nameof(Normalisable))]
    public void TryParse_WhatTheEventHashCanonicalises_GivesTheSameUri(string row)
    {
        var test = JsonDocument.Parse(row).RootElement;
        Assert.True(Gs1Identifier.TryParse(test.Text("input")!, out var id, out var error), error);
        Assert.Equal(test.Text("canonical"), id.DigitalLink);
        var expected = test.GetProperty("checkDigitOk");
        Assert.Equal(expected.ValueKind == JsonValueKind.Null ? null : expected.GetBoolean(), id.CheckDigitOk);
    }

    [Fact]
    public void TryParse_ThreeNotations_AreEqual()
    {
        string[] notations =
        [
            "urn:epc:class:lgtin:4012345.012345.ABC",
            "https://shop.example/x/01/04012345123456/10/ABC?17=261231",
            "http://shop.example/gtin/4012345123456/lot/ABC",
            "(01)04012345123456(10)ABC(17)261231",
        ];
        var ids = notations.Select(notation =>
        {
            Assert.True(Gs1Identifier.TryParse(notation, out var id, out var error), error);
            return id;
        }).ToArray();
        Assert.Single(ids.Distinct());
        Assert.Equal("https://id.gs1.org/01/04012345123456/10/ABC", ids[1].DigitalLink);
        Assert.Equal("(01)04012345123456(10)ABC", ids[0].ElementString);
        Assert.Equal(notations[0], ids[0].EpcUrn);
        Assert.Null(ids[1].EpcUrn);
        Assert.Equal(notations[0], ids[3].ToEpcUrn(7));
    }

    [Fact]
    public void TryParse_WrongCheckDigit_IsReportedOrRefused()
    {
        const string Wrong = "https://id.gs1.org/01/04012345123457";
        Assert.True(Gs1Identifier.TryParse(Wrong, out var id, out _));
        Assert.False(id.CheckDigitOk);
        Assert.False(Gs1Identifier.TryParse(Wrong, Gs1Reading.Lenient | Gs1Reading.VerifyCheckDigit, out id, out var error));
        Assert.Null(id);
        Assert.Equal("The check digit of (01) is wrong.", error);
    }

    [Theory]
    [InlineData("/01/09520123456788/10/LOT-7", "https://id.gs1.org/01/09520123456788/10/LOT-7")]
    [InlineData("/01/9520123456788", "https://id.gs1.org/01/09520123456788")]
    [InlineData("/gtin/09520123456788/lot/A%2fB", "https://id.gs1.org/01/09520123456788/10/A%2FB")]
    [InlineData("/01/09520123456788/22/V/10/L/21/S", "https://id.gs1.org/01/09520123456788/21/S")]
    [InlineData("/8004/9520614141234567", "https://id.gs1.org/8004/9520614141234567")]
    [InlineData("/8004/9520614141234567/7040/1ABC", "https://id.gs1.org/8004/9520614141234567/7040/1ABC")]
    [InlineData("/01/09520123456788/10/%61%27b%20", null)]
    [InlineData("/01/09520123456788/10/%61%27b", "https://id.gs1.org/01/09520123456788/10/a'b")]
    [InlineData("/01/09520123456788/", null)]
    [InlineData("/x/01/09520123456788", null)]
    [InlineData("//01/09520123456788", null)]
    [InlineData("01/09520123456788", null)]
    [InlineData("/01/09520123456788?10=A", null)]
    [InlineData("/01/09520123456788/10/\u00e4", null)]
    [InlineData("/", null)]
    [InlineData("", null)]
    public void TryParsePath_ItemPage_GivesCanonicalUri(string path, string? expected)
    {
        Assert.Equal(expected is not null, Gs1Identifier.TryParsePath(path, out var id, out var error));
        Assert.Equal(expected is null, error is not null);
        Assert.Equal(expected, id?.DigitalLink);
    }

    [Theory]
    [InlineData("https://id.gs1.org/01/19520123456785/21/A", "9520123456785")]
    [InlineData("https://id.gs1.org/01/00614141777778", "0614141777778")]
    [InlineData("https://id.gs1.org/00/340123453111111115", "40123453111111115")]
    [InlineData("https://id.gs1.org/8003/03870585000552987", "3870585000552987")]
    [InlineData("https://id.gs1.org/8006/040123451111180102/21/9", "40123451111180102")]
    [InlineData("https://id.gs1.org/8004/4012345ABC345", "4012345")]
    [InlineData("https://id.gs1.org/414/4226350800008/254/12", "4226350800008")]
    [InlineData("https://id.gs1.org/253/4012345000092PO-4711", "4012345000092")]
    [InlineData("https://id.gs1.org/8010/0628165987/8011/9876", "0628165987")]
    [InlineData("https://id.gs1.org/99/123", "")]
    [InlineData("https://id.gs1.org/01", "")]
    [InlineData("https://id.gs1.org/01/", "")]
    [InlineData("https://id.gs1.org.example.com/01/09520123456788", "")]
    [InlineData("https://example.com/01/09520123456788", "")]
    public void CompanyPrefixDigits_OfKey_StartWhereThePrefixDoes(string link, string expected)
    {
        Assert.Equal(expected, CompanyPrefix.DigitsOf(link).ToString());
        if (expected.Length > 0)
        {
            Assert.True(Gs1Identifier.TryParse(link, out var id, out var error), error);
            Assert.Equal(expected, id.CompanyPrefixDigits);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("urn:")]
    [InlineData("urn:epc:")]
    [InlineData("urn:epc:id:")]
    [InlineData("urn:epc:id:sgtin")]
    [InlineData("urn:epc:id:sgtin:")]
    [InlineData("https://")]
    [InlineData("https://a")]
    [InlineData("https://a/")]
    [InlineData("https:///01/09520123456788")]
    [InlineData("(")]
    [InlineData("(99)X")]
    [InlineData("hello")]
    [InlineData("\0")]
    public void TryParse_Malformed_GivesOneSentence(string input)
    {
        Assert.False(Gs1Identifier.TryParse(input, out var id, out var error));
        Assert.Null(id);
        Assert.EndsWith(".", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("urn:epc:id:giai:4012345.")]
    [InlineData("https://id.gs1.org/")]
    [InlineData("(01)")]
    public void TryParse_InputOverLimit_IsRefused(string start)
    {
        var input = start + new string('1', CanonicalDigitalLink.MaxLength + 1 - start.Length);
        Assert.False(Gs1Identifier.TryParse(input, out _, out var error));
        Assert.Contains("2048", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("423", "276528", true)]
    [InlineData("423", "2765", false)]
    [InlineData("423", "276276276276276276", false)]
    [InlineData("8008", "2605011230", true)]
    [InlineData("8008", "26050112", true)]
    [InlineData("8008", "260501123", false)]
    [InlineData("7007", "260501", true)]
    [InlineData("7007", "260501260502", true)]
    [InlineData("7007", "2605012605", false)]
    [InlineData("4330", "001234-", true)]
    [InlineData("8003", "00952012345678812345678", true)]
    [InlineData("8030", "AZaz09-_", true)]
    [InlineData("8030", "AZaz09+/", false)]
    [InlineData("10", "a b", false)]
    public void ElementString_Value_IsCheckedAgainstItsFormat(string ai, string value, bool expected)
    {
        Assert.Equal(expected, ElementString.TryParse($"({ai}){value}", Gs1Reading.Strict, out _, out var error));
        Assert.Equal(expected, error is null);
    }

    [Fact]
    public void ApplicationIdentifiers_Table_IsWhole()
    {
        Assert.Equal(536, ApplicationIdentifiers.All.Count);
        Assert.All(ApplicationIdentifiers.All, ai => Assert.InRange(ai.Length, 2, 4));
        Assert.Equal(18, ApplicationIdentifiers.Find("00")!.CheckedLength);
        Assert.Equal(14, ApplicationIdentifiers.Find("8003")!.CheckedLength);
        Assert.Equal(13, ApplicationIdentifiers.Find("253")!.CheckedLength);
        Assert.Equal(0, ApplicationIdentifiers.Find("10")!.CheckedLength);
        Assert.Null(ApplicationIdentifiers.Find("14"));
    }
}
