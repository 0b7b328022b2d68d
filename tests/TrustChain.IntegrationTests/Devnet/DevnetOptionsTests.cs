using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Devnet;

public sealed class DevnetOptionsTests
{
    [Fact]
    public void TryParse_Nothing_GivesDefaults()
    {
        Assert.True(DevnetOptions.TryParse([], out var options, out _));

        Assert.Equal(new DevnetOptions { HttpPort = 8080, RpcPort = 8545, PostgresPort = 5433 }, options);
    }

    [Fact]
    public void TryParse_Everything_GivesEverything()
    {
        Assert.True(DevnetOptions.TryParse(
            ["--check", "--empty", "--http", "0", "--rpc", "1", "--pg", "65535", "--data", "here", "--public-url", "https://example.org/"], out var options, out _));

        Assert.Equal(
            new DevnetOptions { Check = true, Empty = true, HttpPort = 0, RpcPort = 1, PostgresPort = 65535, DataFolder = "here", PublicUrl = "https://example.org" },
            options);
    }

    [Theory]
    [InlineData("--http")]
    [InlineData("--http", "")]
    [InlineData("--http", "65536")]
    [InlineData("--http", "-1")]
    [InlineData("--http", "0x50")]
    [InlineData("--data")]
    [InlineData("--public-url", "example.org")]
    [InlineData("--public-url", "file:///etc/passwd")]
    [InlineData("--http", "9000", "--rpc", "9000")]
    [InlineData("--unknown")]
    [InlineData("check")]
    public void TryParse_Wrong_SaysWhyInOneLine(params string[] arguments)
    {
        Assert.False(DevnetOptions.TryParse(arguments, out _, out var error));

        Assert.NotEmpty(error);
        Assert.DoesNotContain('\n', error);
    }
}
