using System.Text;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

public sealed class TrustFileTests
{
    [Fact]
    public void TrustFile_WrittenAndRead_IsTheSame()
    {
        foreach (var trust in new[] { EvidenceVectors.Tea.Log.Trust, EvidenceVectors.WitnessedTrust })
        {
            Assert.True(TrustFile.TryParse(trust.ToUtf8(), out var read, out var error), error);
            Assert.Equal(
                (trust.Origin, trust.LogKey, trust.ChainId, trust.Registry, trust.Genesis, trust.Quorum),
                (read.Origin, read.LogKey, read.ChainId, read.Registry, read.Genesis, read.Quorum));
            Assert.Equal(trust.Witnesses.Select(static w => w.Text), read.Witnesses.Select(static w => w.Text));
            Assert.Equal(trust.TimestampAuthorities, read.TimestampAuthorities);
            Assert.Equal(trust.ToUtf8(), read.ToUtf8());
        }
    }

    [Theory]
    [InlineData(""", "quorum":1""")]
    [InlineData(""", "witnesses":[]""")]
    [InlineData(""", "witnesses":["log.example/tea+05425c6a+AbcsM+rBfkcHBa48zmLhSM/ypvi4zGtvB0+ReKNoSuIF"]""")]
    [InlineData(""", "witnesses":["WITNESS","WITNESS"]""")]
    [InlineData(""", "witnesses":["WITNESS"],"quorum":0""")]
    [InlineData(""", "witnesses":["WITNESS"],"quorum":2""")]
    [InlineData(""", "witnesses":["WITNESS"],"quorum":"1" """)]
    [InlineData(""", "witnesses":"WITNESS" """)]
    [InlineData(""", "timestampAuthorities":[]""")]
    [InlineData(""", "timestampAuthorities":["AAAA"]""")]
    [InlineData(""", "timestampAuthorities":["?"]""")]
    [InlineData(""", "timestampAuthorities":[1]""")]
    public void TrustFile_WithWrongWitnessesOrAuthorities_IsRefused(string members)
    {
        var json = $$$"""{"origin":"o","logKey":"k","chainId":1,"registry":"r","genesis":"g"{{{members.Replace("WITNESS", Witness.East.Verifier.Text, StringComparison.Ordinal)}}}}""";
        Assert.False(TrustFile.TryParse(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.NotNull(error);
    }

    [Theory]
    [InlineData("""{"origin":"o","logKey":"k","chainId":1,"registry":"r","genesis":"g","more":1}""")]
    [InlineData("""{"origin":"o","logKey":"k","chainId":1,"registry":"r"}""")]
    [InlineData("""{"origin":"o","logKey":"k","chainId":"1","registry":"r","genesis":"g"}""")]
    [InlineData("""{"origin":"o","logKey":"k","chainId":1.5,"registry":"r","genesis":"g"}""")]
    [InlineData("""{"origin":"o","origin":"p","logKey":"k","chainId":1,"registry":"r","genesis":"g"}""")]
    [InlineData("""{"origin":null,"logKey":"k","chainId":1,"registry":"r","genesis":"g"}""")]
    [InlineData("[]")]
    [InlineData("")]
    public void TrustFile_WithOtherMembers_IsRefused(string json)
    {
        Assert.False(TrustFile.TryParse(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.NotNull(error);
    }
}
