using System.Text.Json;
using TrustChain.Core.Identifiers;

namespace TrustChain.UnitTests.Identifiers;

public sealed class CanonicalDigitalLinkTests
{
    private const string File = "digital-link/normalise.json";

    public static IEnumerable<TheoryDataRow<string>> Cases() => Vectors.Rows(() => VectorCases.Of(File).Select(c => c.GetRawText()));

    [Theory]
    [MemberData(nameof(Cases))]
    public void TryCanonicalise_PublishedCase_GivesPublishedForm(string row)
    {
        var test = JsonDocument.Parse(row).RootElement;
        var done = CanonicalDigitalLink.TryCanonicalise(test.GetProperty("input").GetString()!, out var canonical);
        Assert.Equal(test.GetProperty("canonical").GetString(), canonical);
        Assert.Equal(canonical is not null, done);
    }

    [Theory]
    [InlineData("https://localhost:5001/gtin/12345678901231/ser/9999", "https://id.gs1.org/01/12345678901231/21/9999")]
    [InlineData("https://id.gs1.org/01/09520123456788/21/A#top", "https://id.gs1.org/01/09520123456788/21/A")]
    [InlineData("https://id.gs1.org/01/09520123456788/21/A#top?x=1", "https://id.gs1.org/01/09520123456788/21/A")]
    [InlineData("https://id.gs1.org/01/09520123456788/21/a%2fb", "https://id.gs1.org/01/09520123456788/21/a%2fb")]
    [InlineData("https://shop.example/x/01/09520123456788/21/a%2Fb", "https://id.gs1.org/01/09520123456788/21/a%2Fb")]
    [InlineData("HTTPS://EXAMPLE.COM/01/09520123456788", "https://id.gs1.org/01/09520123456788")]
    [InlineData("https://example.com/00/faux/00/006141411234567890", "https://id.gs1.org/00/006141411234567890")]
    [InlineData("https://example.com/01/96385074", "https://id.gs1.org/01/00000096385074")]
    [InlineData("https://example.com/01/09520123456780", "https://id.gs1.org/01/09520123456780")]
    [InlineData("https://example.com/414/9520123456788/254/0", "https://id.gs1.org/414/9520123456788/254/0")]
    [InlineData("https://example.com/01/09520123456788/22/2A/235/T", "https://id.gs1.org/01/09520123456788/235/T")]
    [InlineData("https://example.com/8006/095201234567880102/22/2A/10/L", "https://id.gs1.org/8006/095201234567880102/10/L")]
    [InlineData("urn:epc:id:grai:123456789012..s", "https://id.gs1.org/8003/01234567890128s")]
    [InlineData("urn:epc:id:gdti:123456789012..s", "https://id.gs1.org/253/1234567890128s")]
    [InlineData("urn:epc:idpat:sgcn:743874837438..*", "https://id.gs1.org/255/7438748374382")]
    [InlineData("urn:epc:id:sgtin:4012345.012345.a.b", "https://id.gs1.org/01/04012345123456/21/a.b")]
    [InlineData("urn:epc:id:sgtin:4012345.012345.a%2fb';=_", "https://id.gs1.org/01/04012345123456/21/a%2fb';=_")]
    [InlineData("urn:epc:id:cpi:4012345.A%23B.1", "https://id.gs1.org/8010/4012345A%23B/8011/1")]
    public void TryCanonicalise_Identifier_GivesOneForm(string input, string expected)
    {
        Assert.True(CanonicalDigitalLink.TryCanonicalise(input, out var canonical));
        Assert.Equal(expected, canonical);
    }

    [Theory]
    [InlineData("")]
    [InlineData("urn:epc:id:sgtin:4012345.012345.")]
    [InlineData("urn:epc:id:sgtin:4012345.012345.*x%")]
    [InlineData("urn:epc:id:sgtin:4012345.012345.a/b")]
    [InlineData("urn:epc:id:sgtin:4012345.012345.123456789012345678901")]
    [InlineData("urn:epc:id:sgtin:4012345.0123456.1")]
    [InlineData("urn:epc:id:lgtin:4012345.012345.1")]
    [InlineData("urn:epc:class:sgtin:4012345.012345.1")]
    [InlineData("urn:epc:idpat:sgtin:4012345.*.*")]
    [InlineData("urn:epc:idpat:sscc:4012345.0000000001")]
    [InlineData("urn:epcglobal:cbv:bizstep:shipping")]
    [InlineData("https://ref.gs1.org/cbv/BizStep-shipping")]
    [InlineData("https:///01/09520123456788")]
    [InlineData("https://example.com/01/09520123456788/")]
    [InlineData("https://example.com/01/09520123456788/10/L/22/V")]
    [InlineData("https://example.com/01/09520123456788/21/S/10/L")]
    [InlineData("https://example.com/01/09520123456788/254/S")]
    [InlineData("https://example.com/01/09520123456788/21/a b")]
    [InlineData("https://example.com/01/09520123456788/21/a%7Eb")]
    [InlineData("https://example.com/01/09520123456")]
    [InlineData("https://example.com/01/०९५२०१२३४५६७८८")]
    [InlineData("https://example.com/8004/123")]
    [InlineData("https://example.com/8013/1987654Ad4X4bL5ttr2310c2K")]
    [InlineData("ftp://example.com/01/09520123456788")]
    public void TryCanonicalise_NoIdentifier_IsRefused(string input)
    {
        Assert.False(CanonicalDigitalLink.TryCanonicalise(input, out var canonical));
        Assert.Null(canonical);
    }

    [Fact]
    public void TryCanonicalise_InputOverLimit_IsRefused()
    {
        const string Tail = "/01/09520123456788";
        var fits = "https://example.com/" + new string('a', CanonicalDigitalLink.MaxLength - 20 - Tail.Length) + Tail;
        Assert.True(CanonicalDigitalLink.TryCanonicalise(fits, out _));
        Assert.False(CanonicalDigitalLink.TryCanonicalise(fits.Replace(".com/", ".com/b", StringComparison.Ordinal), out _));
    }

    [Fact]
    public void TryCanonicalise_LongestParts_FitTheBuffer()
    {
        var serial = string.Concat(Enumerable.Repeat("%2F", 28));
        Assert.True(CanonicalDigitalLink.TryCanonicalise("urn:epc:id:upui:1234567.098765." + serial, out var upui));
        Assert.EndsWith(serial, upui);
        var asset = string.Concat(Enumerable.Repeat("!", 24));
        Assert.True(CanonicalDigitalLink.TryCanonicalise("urn:epc:id:giai:123456." + asset, out var giai));
        Assert.EndsWith(string.Concat(Enumerable.Repeat("%21", 24)), giai);
    }

    [Fact]
    public void TryCanonicalise_CanonicalForm_IsReturnedAsTheSameString()
    {
        var uri = "https://id.gs1.org/01/09520123456788/21/A";
        Assert.True(CanonicalDigitalLink.TryCanonicalise(uri, out var canonical));
        Assert.Same(uri, canonical);
    }

    [Theory]
    [InlineData("urn:epcglobal:cbv:bizstep:shipping")]
    [InlineData("2024-05-01T12:00:00.000Z")]
    [InlineData("hello world")]
    public void TryCanonicalise_NoCandidate_DoesNotAllocate(string input)
    {
        CanonicalDigitalLink.TryCanonicalise(input, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        CanonicalDigitalLink.TryCanonicalise(input, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
