using System.Text;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

public sealed class TrustFileTests
{
    [Fact]
    public void TrustFile_WrittenAndRead_IsTheSame()
    {
        Assert.True(TrustFile.TryParse(EvidenceVectors.Tea.Log.Trust.ToUtf8(), out var read, out var error), error);
        Assert.Equal(EvidenceVectors.Tea.Log.Trust, read);
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
