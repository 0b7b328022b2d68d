using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Log;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.UnitTests.Canonical;

public sealed class JcsTests
{
    public static IEnumerable<TheoryDataRow<string>> Published() => Vectors.Rows(() => Directory.GetFiles(Vectors.PathOf("jcs/input")).Select(f => Path.GetFileName(f)));

    [Theory, MemberData(nameof(Published))]
    public void PublishedPair_IsCanonicalised(string file)
    {
        using var input = JsonDocument.Parse(File.ReadAllBytes(Vectors.PathOf($"jcs/input/{file}")));
        Assert.Equal(File.ReadAllText(Vectors.PathOf($"jcs/output/{file}")), Encoding.UTF8.GetString(Jcs.Canonicalize(input.RootElement)));
    }

    // RFC 8785 appendix B, by the bits of the double.
    [Theory]
    [InlineData(0x0000000000000000, "0")]
    [InlineData(0x8000000000000000, "0")]
    [InlineData(0x0000000000000001, "5e-324")]
    [InlineData(0x8000000000000001, "-5e-324")]
    [InlineData(0x7fefffffffffffff, "1.7976931348623157e+308")]
    [InlineData(0x4340000000000000, "9007199254740992")]
    [InlineData(0xc340000000000000, "-9007199254740992")]
    [InlineData(0x4430000000000000, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6, "1e+23")]
    [InlineData(0x444b1ae4d6e2ef4f, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8d, "0.000001")]
    [InlineData(0x41b3de4355555553, "333333333.3333332")]
    [InlineData(0xbecbf647612f3696, "-0.0000033333333333333333")]
    public void Number_IsWrittenAsEcmaScriptDoes(ulong bits, string expected)
    {
        using var document = JsonDocument.Parse(BitConverter.UInt64BitsToDouble(bits).ToString("R", System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(expected, Encoding.UTF8.GetString(Jcs.Canonicalize(document.RootElement)));
    }

    [Fact]
    public void Record_WrittenDirectly_IsItsOwnCanonicalForm_AndReadsBack()
    {
        var record = new Record(
            100, Custody.Custodial, $"ni:///sha-256;{MerkleTree.HashLeaf([1]).ToHex()}?ver=CBV2.0", 7, MerkleTree.HashLeaf([2]).ToBase64Url(), 99,
            new DateTimeOffset(2026, 11, 21, 8, 0, 0, 5, TimeSpan.FromHours(8)), MerkleTree.HashLeaf([3]));
        using var document = JsonDocument.Parse(record.ToJcs());
        Assert.Equal(Encoding.UTF8.GetString(Jcs.Canonicalize(document.RootElement)), Encoding.UTF8.GetString(record.ToJcs()));
        Assert.True(Record.TryParse(document.RootElement, out var read));
        Assert.Equal(record.ToJcs(), read.ToJcs());
    }
}
