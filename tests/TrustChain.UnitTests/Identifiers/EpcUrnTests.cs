using System.Globalization;
using System.Text.Json;
using TrustChain.Core.Identifiers;

namespace TrustChain.UnitTests.Identifiers;

public sealed class EpcUrnTests
{
    public static IEnumerable<TheoryDataRow<string>> Pairs() =>
        Vectors.Rows(() => VectorCases.Of("digital-link/epc-urn-dl-pairs.json").Select(c => c.GetRawText()));

    public static IEnumerable<TheoryDataRow<string>> Invalid() =>
        Vectors.Rows(() => VectorCases.Of("digital-link/epc-invalid.json").Select(c => c.GetRawText()));

    [Theory]
    [MemberData(nameof(Pairs))]
    public void PublishedPair_ConvertsBothWays(string row)
    {
        var test = JsonDocument.Parse(row).RootElement;
        var urn = test.Text("urn")!;
        var link = test.Text("dl")!;
        Assert.True(Gs1Identifier.TryParse(link, Gs1Reading.Strict, out var fromLink, out var error), error);
        Assert.True(Gs1Identifier.TryParse(urn, Gs1Reading.Strict, out var fromUrn, out error), error);
        Assert.Equal(fromLink, fromUrn);
        Assert.Equal(fromLink.DigitalLink, fromUrn.DigitalLink);
        Assert.Equal(urn, fromUrn.EpcUrn);
        if (link.StartsWith(CanonicalDigitalLink.Domain, StringComparison.Ordinal))
        {
            Assert.Equal(link, fromUrn.DigitalLink);
        }
        // The prefix ends at the first dot; where the case names its length, both agree.
        var prefixLength = urn.Split(':')[^1].IndexOf('.', StringComparison.Ordinal);
        Assert.Equal(test.TryGetProperty("gcpLength", out var length) ? length.GetInt32() : prefixLength, prefixLength);
        Assert.True(fromLink.TryToEpcUrn(prefixLength, out var written, out error), error);
        Assert.Equal(urn, written);
        Assert.Equal(test.Text("level") == "instance", written.StartsWith("urn:epc:id:", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void PublishedInvalidInput_CannotBeConverted(string row)
    {
        var test = JsonDocument.Parse(row).RootElement;
        var operation = test.Text("operation")!;
        var wantsInstance = operation.EndsWith(" instance", StringComparison.Ordinal);
        if (operation.StartsWith("urn->dl", StringComparison.Ordinal))
        {
            Assert.False(Gs1Identifier.TryParse(test.Text("input")!, out var fromUrn, out var error));
            Assert.Null(fromUrn);
            Assert.NotEmpty(error);
            return;
        }
        // Conversion proper, without the check digit, so that a wrong one cannot hide the reason why the case is invalid.
        if (!Gs1Identifier.TryParse(test.Text("input")!, Gs1Reading.Strict, out var id, out var reason))
        {
            Assert.NotEmpty(reason);
            return;
        }
        var lengths = test.TryGetProperty("gcpLength", out var length) ? [length.GetInt32()] : Enumerable.Range(6, 7);
        foreach (var prefixLength in lengths)
        {
            var done = EpcUrnConversion.TryFormat(new ElementValue(id.PrimaryKey, id.Value), id.Qualifiers, prefixLength, out var urn, out _);
            Assert.False(done && urn!.StartsWith("urn:epc:id:", StringComparison.Ordinal) == wantsInstance, urn);
        }
    }

    [Fact]
    public void TryToEpcUrn_WrongCheckDigit_IsRefused()
    {
        Assert.True(Gs1Identifier.TryParse("https://id.gs1.org/01/12345678901234", out var id, out _));
        Assert.False(id.TryToEpcUrn(6, out var urn, out var error));
        Assert.Null(urn);
        Assert.Contains("check digit", error, StringComparison.Ordinal);
        Assert.Null(id.ToEpcUrn(6));
    }

    [Theory]
    [InlineData("https://id.gs1.org/8006/095201234567880102/10/L", 7)]
    [InlineData("https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2K", 7)]
    [InlineData("https://id.gs1.org/414/9520123456788/7040/1ABC", 7)]
    [InlineData("https://id.gs1.org/00/952012345678912345", 5)]
    [InlineData("https://id.gs1.org/00/952012345678912345", 13)]
    public void TryToEpcUrn_NoSchemeOrBadPrefixLength_IsRefused(string link, int prefixLength)
    {
        Assert.True(Gs1Identifier.TryParse(link, out var id, out var error), error);
        Assert.False(id.TryToEpcUrn(prefixLength, out _, out error));
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("https://id.gs1.org/01/04012345123456/21/A%2FB%22%25%26%3C%3E%3F", "urn:epc:id:sgtin:4012345.012345.A%2FB%22%25%26%3C%3E%3F")]
    [InlineData("https://id.gs1.org/01/04012345123456/21/%21%27%28%29%2A%2B%2C-.%3A%3B%3D_", "urn:epc:id:sgtin:4012345.012345.!'()*+,-.:;=_")]
    [InlineData("https://id.gs1.org/01/04012345123456/22/V", "urn:epc:idpat:sgtin:4012345.012345.*")]
    [InlineData("https://id.gs1.org/01/04012345123456/22/V/10/L", "urn:epc:class:lgtin:4012345.012345.L")]
    [InlineData("https://id.gs1.org/01/04012345123456/10/L/21/S", "urn:epc:id:sgtin:4012345.012345.S")]
    [InlineData("https://id.gs1.org/8010/4012345A%23B%2FC/8011/1", "urn:epc:id:cpi:4012345.A%23B%2FC.1")]
    public void TryToEpcUrn_EscapesAndLevels_FollowTheStandard(string link, string expected)
    {
        Assert.True(Gs1Identifier.TryParse(link, out var id, out var error), error);
        Assert.Equal(expected, id.ToEpcUrn(7));
    }

    [Fact]
    public void RandomIdentifiers_SurviveTheRoundTrip()
    {
        var random = new Random(20240517);
        var seen = new HashSet<string>();
        for (var i = 0; i < 4000; i++)
        {
            var urn = RandomUrn.Next(random);
            var prefixLength = urn.Split(':')[4].IndexOf('.', StringComparison.Ordinal);
            Assert.True(Gs1Identifier.TryParse(urn, Gs1Reading.VerifyCheckDigit, out var id, out var error), $"{urn}: {error}");
            Assert.True(Gs1Identifier.TryParse(id.DigitalLink, Gs1Reading.VerifyCheckDigit, out var again, out error), $"{id.DigitalLink}: {error}");
            Assert.Equal(id, again);
            Assert.Equal(urn, again.ToEpcUrn(prefixLength));
            Assert.True(CanonicalDigitalLink.TryCanonicalise(urn, out var canonical));
            Assert.Equal(canonical, id.DigitalLink);
            Assert.True(Gs1Identifier.TryParse(id.ElementString, out var fromElements, out error), $"{id.ElementString}: {error}");
            Assert.Equal(id, fromElements);
            Assert.StartsWith(urn.Split(':')[4][..prefixLength], id.CompanyPrefixDigits, StringComparison.Ordinal);
            Assert.Equal(id.CompanyPrefixDigits, LeadingDigits(CompanyPrefix.DigitsOf(canonical).ToString(), id.CompanyPrefixDigits.Length));
            seen.Add(string.Join(':', urn.Split(':')[2..4]));
        }
        Assert.Equal(RandomUrn.Kinds, seen.Count);
    }

    [Fact]
    public void RandomDamage_NeverThrowsAndNeverDisagrees()
    {
        var random = new Random(7);
        var accepted = 0;
        for (var i = 0; i < 20000; i++)
        {
            var damaged = Damage(RandomUrn.Next(random), random);
            var parsed = Gs1Identifier.TryParse(damaged, out var id, out var error);
            Assert.Equal(parsed, error is null);
            Assert.Equal(parsed, CanonicalDigitalLink.TryCanonicalise(damaged, out _));
            accepted += parsed ? 1 : 0;
            if (parsed)
            {
                var link = Damage(id!.DigitalLink, random);
                Assert.Equal(Gs1Identifier.TryParse(link, out _, out error), error is null);
                CanonicalDigitalLink.TryCanonicalise(link, out _);
            }
        }
        Assert.InRange(accepted, 1000, 19000);
    }

    private static string LeadingDigits(string text, int length) => text[..Math.Min(length, text.Length)];

    private static string Damage(string text, Random random)
    {
        var place = random.Next(text.Length);
        const string Alphabet = "0aZ.:/%*?#(\u00e9\u0660 \t";
        return random.Next(3) switch
        {
            0 => text.Remove(place, 1),
            1 => text.Insert(place, Alphabet[random.Next(Alphabet.Length)].ToString(CultureInfo.InvariantCulture)),
            _ => text[..place] + Alphabet[random.Next(Alphabet.Length)] + text[(place + 1)..],
        };
    }
}
