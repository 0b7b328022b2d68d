using TrustChain.Server.Anchoring;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>Pages name a node to everybody: an access key in the operator's own address must not be in it.</summary>
public sealed class RpcUrlForVisitorsTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8545", "", "http://127.0.0.1:8545")]
    [InlineData("https://node.example.org/", "", "https://node.example.org/")]
    [InlineData("https://node.example.org/v3/0123456789abcdef", "", null)]
    [InlineData("https://node.example.org/?key=0123456789abcdef", "", null)]
    [InlineData("https://user:secret@node.example.org", "", null)]
    [InlineData("https://node.example.org/v3/0123456789abcdef", "https://public.example.org/rpc", "https://public.example.org/rpc")]
    [InlineData("", "", null)]
    public void Url_IsTheOneForBrowsers_OrAHostAlone(string own, string forBrowsers, string? expected) =>
        Assert.Equal(expected, new AnchoringOptions { RpcUrl = own, PublicRpcUrl = forBrowsers }.RpcUrlForVisitors);
}
