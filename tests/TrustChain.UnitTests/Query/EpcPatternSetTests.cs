using TrustChain.Core.Query;

namespace TrustChain.UnitTests.Query;

public sealed class EpcPatternSetTests
{
    private const string Sgtin = "urn:epc:id:sgtin:4012345.011111.1";
    private const string Sscc = "urn:epc:id:sscc:4012345.0123456789";

    [Theory]
    [InlineData("urn:epc:idpat:sgtin:4012345.*.*", Sgtin, true)]
    [InlineData("urn:epc:idpat:sgtin:4012345.011111.*", Sgtin, true)]
    [InlineData("urn:epc:idpat:sgtin:4012345.011111.1", Sgtin, true)]
    [InlineData("urn:epc:idpat:sgtin:*.*.*", Sgtin, true)]
    [InlineData("urn:epc:id:sgtin:4012345.011111.1", Sgtin, true)]
    [InlineData("urn:epc:idpat:sgtin:40123451.*.*", Sgtin, true)] // The same number with another length of the company prefix.
    [InlineData("urn:epc:idpat:sgtin:40123456.*.*", Sgtin, false)]
    [InlineData("urn:epc:idpat:sgtin:4012345.01111.*", Sgtin, false)]
    [InlineData("urn:epc:idpat:sgtin:4012345.022222.*", Sgtin, false)]
    [InlineData("urn:epc:idpat:sgtin:4012345.011111.11", Sgtin, false)]
    [InlineData("urn:epc:idpat:sscc:4012345.*", Sgtin, false)]
    [InlineData("urn:epc:idpat:sscc:*.*", Sgtin, false)]
    [InlineData("urn:epc:idpat:sscc:4012345.*", Sscc, true)]
    [InlineData("urn:epc:idpat:sscc:*.*", Sscc, true)]
    [InlineData("urn:epc:idpat:sgtin:*.*.*", Sscc, false)]
    [InlineData("urn:epc:idpat:sscc:4012346.*", Sscc, false)]
    [InlineData("https://example.org/an/item", "https://example.org/an/item", true)]
    [InlineData("urn:epc:idpat:sgtin:*.*.*", "https://example.org/an/item", false)]
    public void Matches_AsEpcis_AloneAndAmongOthers(string pattern, string uri, bool expected)
    {
        var canonical = ItemUris.Canonicalise(uri);
        var others = Enumerable.Range(0, 1000).SelectMany(static n => (string[])[$"urn:epc:idpat:sgln:{7_000_000 + n}.*.*", $"urn:epc:idpat:sgtin:{90_000_000 + n}.*.*", $"urn:epc:idpat:grai:7654321.{n:00000}.*", $"https://example.org/other/{n}"]);

        Assert.Equal(expected, new EpcPatternSet([Parse(pattern)]).Matches(canonical));
        Assert.Equal(expected, new EpcPatternSet([.. others.Append(pattern).Select(Parse)]).Matches(canonical));
        Assert.False(new EpcPatternSet([.. others.Select(Parse)]).Matches(canonical));
    }

    private static EpcPattern Parse(string text)
    {
        Assert.True(EpcPattern.TryParse(text, out var pattern, out var error), error);
        return pattern;
    }
}
