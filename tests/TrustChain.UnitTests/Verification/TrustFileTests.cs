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

    [Fact]
    public async Task SeveralTrustFiles_TheOneOfTheBundlesLogCounts_ToEveryVerifier()
    {
        var (tea, other) = (EvidenceVectors.Tea.Log.Trust, EvidenceVectors.Other.Log.Trust);
        var moved = tea with { Registry = other.Registry }; // The same log in another contract.
        var bundle = VectorFiles.Read("evidence/good-root-es256.json");
        var chain = VectorFiles.Read("evidence/chain.json");
        foreach (var (trusted, counts, answer) in ((TrustFile[], TrustFile, string)[])
        [
            ([tea], tea, "passed"),
            ([other, moved, tea], tea, "passed"),
            ([tea with { Registry = tea.Registry.ToUpperInvariant().Replace("0X", "0x", StringComparison.Ordinal) }, other], tea, "passed"),
            ([moved, other], moved, "failed foreign-log"),
            ([other], other, "failed foreign-log"),
            ([tea with { Genesis = "0x" + new string('0', 64) }, tea], tea with { Genesis = "0x" + new string('0', 64) }, "failed foreign-log"), // The first that names it.
        ])
        {
            var list = Encoding.UTF8.GetBytes($"[{string.Join(',', trusted.Select(static t => Encoding.UTF8.GetString(t.ToUtf8())))}]");
            Assert.True(TrustFile.TryParseAll(list, out var read, out var error), error);
            Assert.True(EvidenceBundle.TryParse(bundle, out var parsed, out error), error);
            Assert.Equal(counts.ToUtf8(), TrustFile.Find(read, parsed.Log).ToUtf8(), (a, b) => Encoding.UTF8.GetString(a).Equals(Encoding.UTF8.GetString(b), StringComparison.OrdinalIgnoreCase));
            var line = $"identity bundle {answer}";
            foreach (var answers in new[] { await OtherVerifiers.RunPythonAsync([new VerifierCase(bundle, list, chain)]), await OtherVerifiers.RunBrowserAsync([new VerifierCase(bundle, list, chain)]) })
            {
                Assert.Contains(line, Assert.Single(answers).Lines);
                Assert.True(answers[0].Short is null || answers[0].Short == answer.Split(' ')[0], $"The short verifier says {answers[0].Short}.");
            }
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("[[TRUST]]")]
    [InlineData("[TRUST,{}]")]
    [InlineData("{}")]
    [InlineData("[TRUST")]
    [InlineData("")]
    public void SeveralTrustFiles_WithOneThatIsNone_AreRefused(string text)
    {
        var json = text.Replace("TRUST", Encoding.UTF8.GetString(EvidenceVectors.Tea.Log.Trust.ToUtf8()), StringComparison.Ordinal);
        Assert.False(TrustFile.TryParseAll(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.NotNull(error);
    }

    [Fact]
    public void SeveralTrustFiles_MoreThanSixteen_AreRefused()
    {
        var one = Encoding.UTF8.GetString(EvidenceVectors.Tea.Log.Trust.ToUtf8());
        Assert.True(TrustFile.TryParseAll(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(one, 16))}]"), out var most, out _));
        Assert.Equal(16, most.Count);
        Assert.False(TrustFile.TryParseAll(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(one, 17))}]"), out _, out _));
    }
}
