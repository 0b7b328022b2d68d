using TrustChain.Core.Identifiers;

namespace TrustChain.UnitTests.Identifiers;

/// <summary>Our answers where other implementations disagree, as docs/identifiers-disputed.md lists them; a change here is a change of policy.</summary>
public sealed class DisputedIdentifierTests
{
    private const string File = "digital-link/epc-disputed.json";

    [Theory]
    [InlineData("https://id.gs1.org/255/1234567890123", null)]
    [InlineData("https://id.gs1.org/8003/1234567890128", null)]
    [InlineData("https://id.gs1.org/253/1247575784846!", "https://id.gs1.org/253/1247575784846%21")]
    [InlineData("https://id.gs1.org/01/74384738478344/10/8484892%", "https://id.gs1.org/01/74384738478344/10/8484892%25")]
    [InlineData("https://id.gs1.org/8010/8585885039434/38", null)]
    [InlineData("https://hello.comain//cpi/381366783201294-5A", null)]
    [InlineData("https://myownDomain/gtin/12345678901231/ser/9999", "https://id.gs1.org/01/12345678901231/21/9999")]
    [InlineData("urn:epc:id:gdti:124757.578484.!", "https://id.gs1.org/253/1247575784846%21")]
    [InlineData("urn:epc:id:grai:1234567890.12.4ABC", "https://id.gs1.org/8003/012345678901284ABC")]
    [InlineData("urn:epc:idpat:sgcn:743874837438..*", "https://id.gs1.org/255/7438748374382")]
    [InlineData("urn:epc:id:ginc:656987789012.", null)]
    [InlineData("urn:epc:class:lgtin:4384738478.734.8484892%", null)]
    [InlineData("urn:epc:id:cpi:4748374./23748#94/.94304", null)]
    public void TryParse_EachKindOfDispute_FollowsOurDecision(string input, string? expected)
    {
        var parsed = Gs1Identifier.TryParse(input, Gs1Reading.Lenient | Gs1Reading.VerifyCheckDigit, out var id, out _);
        Assert.Equal(expected is not null, parsed);
        Assert.Equal(expected, id?.DigitalLink);
    }

    [Fact]
    public void PublishedDisputes_AreDecidedAsCounted()
    {
        if (!Vectors.Available)
        {
            Assert.Skip("conformance not run: no vectors folder");
        }
        var pairs = VectorCases.Of(File).Where(c => c.Text("urn") is not null).ToArray();
        var urns = 0;
        var links = 0;
        var converted = 0;
        foreach (var pair in pairs)
        {
            var urn = pair.Text("urn")!;
            var prefixLength = urn.Split(':')[4].IndexOf('.', StringComparison.Ordinal);
            urns += Gs1Identifier.TryParse(urn, Gs1Reading.Strict, out _, out _) ? 1 : 0;
            if (Gs1Identifier.TryParse(pair.Text("dl")!, Gs1Reading.Strict, out var id, out _))
            {
                links++;
                converted += id.TryToEpcUrn(prefixLength, out _, out _) ? 1 : 0;
            }
        }
        Assert.Equal((55, 37, 33, 4), (pairs.Length, urns, links, converted));
    }
}
