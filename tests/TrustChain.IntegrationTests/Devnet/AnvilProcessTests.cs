using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Devnet;

public sealed class AnvilProcessTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartAsync_NewFolder_AnswersWithTheDevelopmentChain()
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        await using var anvil = await StartAsync(folder);

        Assert.Equal("0x7a69", await ChainClient.CallAsync(anvil.RpcUrl, "eth_chainId", [], Cancellation));
        Assert.Contains("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", await ChainClient.CallAsync(anvil.RpcUrl, "eth_accounts", [], Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_SameFolderAgain_KeepsBlocksAndBalances()
    {
        const string receiver = "0x1000000000000000000000000000000000000001";
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        string? block;
        await using (var first = await StartAsync(folder))
        {
            await ChainClient.CallAsync(first.RpcUrl, "eth_sendTransaction", [new { from = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", to = receiver, value = "0x7" }], Cancellation);
            await ChainClient.MineAsync(first.RpcUrl, 300, Cancellation);
            block = await ChainClient.CallAsync(first.RpcUrl, "eth_getBlockByNumber", ["0x1", true], Cancellation);
        }

        await using var second = await StartAsync(folder);

        Assert.Equal("0x12d", await ChainClient.GetBlockNumberAsync(second.RpcUrl, Cancellation));
        Assert.Equal("0x7", await ChainClient.CallAsync(second.RpcUrl, "eth_getBalance", [receiver, "latest"], Cancellation));
        Assert.Equal(block, await ChainClient.CallAsync(second.RpcUrl, "eth_getBlockByNumber", ["0x1", true], Cancellation));
    }

    [Fact]
    public async Task StartAsync_StateCutShort_StartsFromTheLastWholeOne()
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        await using (var first = await StartAsync(folder))
        {
            await ChainClient.MineAsync(first.RpcUrl, 5, Cancellation);
        }
        await using (await StartAsync(folder))
        {
            // A start keeps a copy of what it found.
        }
        var state = folder.PathOf("chain/state.json");
        await File.WriteAllTextAsync(state, (await File.ReadAllTextAsync(state, Cancellation))[..200], Cancellation);

        await using var second = await StartAsync(folder);

        Assert.Equal("0x5", await ChainClient.GetBlockNumberAsync(second.RpcUrl, Cancellation));
    }

    [Fact]
    public async Task StartAsync_BlockTime_MinesWithoutTransactions()
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        await using var anvil = await AnvilProcess.StartAsync(
            new AnvilSettings { NodeModules = await DevnetPackages.GetAsync(Cancellation), Folder = folder, BlockTime = TimeSpan.FromSeconds(1) }, Cancellation);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        timeout.CancelAfter(TimeSpan.FromSeconds(15));

        while (await ChainClient.GetBlockNumberAsync(anvil.RpcUrl, timeout.Token) == "0x0")
        {
            await Task.Delay(50, timeout.Token);
        }
    }

    [Fact]
    public async Task StartAsync_PortTaken_SaysSoInOneLine()
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        using var otherFolder = DevnetFolder.Open(temporary.PathOf("other"));
        await using var other = await StartAsync(otherFolder);
        var settings = new AnvilSettings { NodeModules = await DevnetPackages.GetAsync(Cancellation), Folder = folder, Port = other.Port };

        var failure = await Assert.ThrowsAsync<DevnetException>(() => AnvilProcess.StartAsync(settings, Cancellation));

        Assert.StartsWith("anvil did not start: ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    private static async Task<AnvilProcess> StartAsync(DevnetFolder folder) =>
        await AnvilProcess.StartAsync(new AnvilSettings { NodeModules = await DevnetPackages.GetAsync(Cancellation), Folder = folder }, Cancellation);
}
