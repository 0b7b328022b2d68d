using System.Numerics;
using TrustChain.Core.Log;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;

namespace TrustChain.UnitTests.Evm;

public sealed class EvmNodeTests
{
    private const string BlockJson = """
        {"number":"0x10","hash":"0x1111111111111111111111111111111111111111111111111111111111111111",
        "parentHash":"0x2222222222222222222222222222222222222222222222222222222222222222","timestamp":"0x5","baseFeePerGas":"0x64","transactions":[]}
        """;

    private const string ReceiptJson = """
        {"transactionHash":"0x3333333333333333333333333333333333333333333333333333333333333333","status":"0x1","blockNumber":"0x10",
        "blockHash":"0x1111111111111111111111111111111111111111111111111111111111111111","gasUsed":"0x5208","effectiveGasPrice":"0x65",
        "contractAddress":null,"logs":[{"address":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","data":"0x01",
        "topics":["0x2222222222222222222222222222222222222222222222222222222222222222"]}]}
        """;

    private static readonly Address Contract = Address.Parse("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    private static readonly Hash32 Three = new(Enumerable.Repeat((byte)0x33, 32).ToArray());
    private static readonly Secp256k1Key Key = new(Keccak256.Compute("key"u8).ToArray());

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetBlockAsync_Block_GivesItsHeader()
    {
        var scripted = new ScriptedNode(ScriptedNode.Result(BlockJson));

        var block = await Node(scripted).GetBlockAsync(BlockTag.Number(16), Cancellation);

        Assert.NotNull(block);
        Assert.Equal((16UL, DateTimeOffset.FromUnixTimeSeconds(5), (BigInteger?)100), (block.Number, block.Timestamp, block.BaseFeePerGas));
        Assert.Equal("0x10", scripted.Requests[0].GetProperty("params")[0].GetString());
    }

    [Fact]
    public async Task GetBlockAsync_NoSuchBlock_IsNull() =>
        Assert.Null(await Node(new ScriptedNode(ScriptedNode.Result("null"))).GetBlockAsync(BlockTag.Finalized, Cancellation));

    [Theory]
    [InlineData("\"hash\"", "\"hush\"")]
    [InlineData("0x5\"", "0xffffffffffff\"")]
    [InlineData("0x64", "100")]
    public async Task GetBlockAsync_MemberMissingOrWrong_IsUnavailable(string member, string replacement)
    {
        var node = Node(new ScriptedNode(ScriptedNode.Result(BlockJson.Replace(member, replacement, StringComparison.Ordinal))));

        await Assert.ThrowsAsync<RpcUnavailableException>(() => node.GetBlockAsync(BlockTag.Latest, Cancellation));
    }

    [Fact]
    public async Task GetReceiptAsync_Receipt_GivesOutcomeAndLogs()
    {
        var receipt = await Node(new ScriptedNode(ScriptedNode.Result(ReceiptJson))).GetReceiptAsync(Three, Cancellation);

        Assert.NotNull(receipt);
        Assert.Equal((true, 16UL, 21_000UL, (BigInteger?)101), (receipt.Succeeded, receipt.BlockNumber, receipt.GasUsed, receipt.EffectiveGasPrice));
        Assert.Null(receipt.ContractAddress);
        var log = Assert.Single(receipt.Logs);
        Assert.Equal((Contract, 1, 1), (log.Address, log.Topics.Count, log.Data.Length));
    }

    [Fact]
    public async Task GetReceiptAsync_NoneOrWithoutBlock_IsNull()
    {
        Assert.Null(await Node(new ScriptedNode(ScriptedNode.Result("null"))).GetReceiptAsync(Three, Cancellation));
        Assert.Null(await Node(new ScriptedNode(ScriptedNode.Result("""{"blockHash":null}"""))).GetReceiptAsync(Three, Cancellation));
    }

    [Fact]
    public async Task GetReceiptAsync_ReceiptOfAnotherTransaction_IsUnavailable() => await Assert.ThrowsAsync<RpcUnavailableException>(
        () => Node(new ScriptedNode(ScriptedNode.Result(ReceiptJson))).GetReceiptAsync(default, Cancellation));

    [Theory]
    [InlineData("already known", typeof(SendResult.Accepted))]
    [InlineData("AlreadyKnown", typeof(SendResult.Accepted))]
    [InlineData("Known transaction", typeof(SendResult.Accepted))]
    [InlineData("transaction already imported", typeof(SendResult.Accepted))]
    [InlineData("nonce too low: next nonce 5, tx nonce 4", typeof(SendResult.NonceTooLow))]
    [InlineData("replacement transaction underpriced", typeof(SendResult.Underpriced))]
    [InlineData("max fee per gas less than block base fee: address 0x…", typeof(SendResult.Underpriced))]
    [InlineData("insufficient funds for gas * price + value", typeof(SendResult.InsufficientFunds))]
    public async Task SendRawTransactionAsync_KnownRefusal_IsATypedOutcome(string message, Type expected)
    {
        var node = Node(new ScriptedNode(ScriptedNode.Error($$"""{"code":-32000,"message":"{{message}}"}""")));

        var result = await node.SendRawTransactionAsync(new byte[] { 1 }, Cancellation);

        Assert.IsType(expected, result);
        Assert.Equal(Keccak256.Compute([1]), result.TransactionHash);
    }

    [Theory]
    [InlineData("unknown transaction type")]
    [InlineData("intrinsic gas too low")]
    [InlineData("invalid chain id")]
    public async Task SendRawTransactionAsync_OtherRefusal_IsTheNodesError(string message)
    {
        var node = Node(new ScriptedNode(ScriptedNode.Error($$"""{"code":-32000,"message":"{{message}}"}""")));

        await Assert.ThrowsAsync<RpcErrorException>(() => node.SendRawTransactionAsync(new byte[] { 1 }, Cancellation));
    }

    [Fact]
    public async Task SendRawTransactionAsync_AnswerLost_SendsTheSameBytesAgain()
    {
        var hash = Keccak256.Compute([1]).ToHex();
        var scripted = new ScriptedNode(ScriptedNode.Unreachable(), ScriptedNode.Result($"\"0x{hash}\""));

        var result = await Node(scripted).SendRawTransactionAsync(new byte[] { 1 }, Cancellation);

        Assert.Equal(new SendResult.Accepted(Keccak256.Compute([1]), AlreadyKnown: false), result);
        Assert.Equal(["0x01", "0x01"], scripted.Requests.Select(request => request.GetProperty("params")[0].GetString()));
    }

    [Fact]
    public async Task SendRawTransactionAsync_AnotherHashAnswered_IsUnavailable()
    {
        var node = Node(new ScriptedNode(ScriptedNode.Result($"\"0x{Three}\"")));

        await Assert.ThrowsAsync<RpcUnavailableException>(() => node.SendRawTransactionAsync(new byte[] { 1 }, Cancellation));
    }

    [Fact]
    public async Task GetLatestAsync_ZeroWordsFromAContract_MeansNothingAnchored()
    {
        var latest = await Registry(ScriptedNode.Result($"\"0x{new string('0', 128)}\"")).GetLatestAsync(BlockTag.Latest, Cancellation);

        Assert.True(latest.IsDefault);
    }

    [Fact]
    public async Task GetLatestAsync_SizeAndRoot_AreRead()
    {
        var words = "2a".PadLeft(64, '0') + Three.ToHex();

        var latest = await Registry(ScriptedNode.Result($"\"0x{words}\"")).GetLatestAsync(BlockTag.Latest, Cancellation);

        Assert.Equal(new RegistryAnchor(42, Three), latest);
    }

    [Fact]
    public async Task GetRootAtAsync_NoCodeAtTheAddress_IsAMismatchAndNotZero()
    {
        var registry = Registry(ScriptedNode.Result("\"0x\""), ScriptedNode.Result("\"0x\""));

        var exception = await Assert.ThrowsAsync<RegistryMismatchException>(() => registry.GetRootAtAsync(1, BlockTag.Latest, Cancellation));

        Assert.Equal((RegistryMismatch.NoCode, Contract), (exception.Reason, exception.Registry));
    }

    [Fact]
    public async Task GetRootAtAsync_NoAnswerAboutTheCode_IsUnavailableAndNotAMismatch()
    {
        var registry = Registry(ScriptedNode.Result("\"0x\""), ScriptedNode.Unreachable());

        await Assert.ThrowsAsync<RpcUnavailableException>(() => registry.GetRootAtAsync(1, BlockTag.Latest, Cancellation));
    }

    [Theory]
    [InlineData("0x")]
    [InlineData("0x00")]
    public async Task GetRootAtAsync_OtherContract_IsAnUnexpectedAnswer(string returned)
    {
        var registry = Registry(ScriptedNode.Result($"\"{returned}\""), ScriptedNode.Result("\"0x6000\""));

        var exception = await Assert.ThrowsAsync<RegistryMismatchException>(() => registry.GetRootAtAsync(1, BlockTag.Latest, Cancellation));

        Assert.Equal(RegistryMismatch.UnexpectedAnswer, exception.Reason);
    }

    [Fact]
    public async Task VerifyLeafAsync_WordThatIsNoBool_IsAnUnexpectedAnswer()
    {
        var registry = Registry(ScriptedNode.Result($"\"0x{"2".PadLeft(64, '0')}\""));

        await Assert.ThrowsAsync<RegistryMismatchException>(() => registry.VerifyLeafAsync(Three, 0, 1, [], BlockTag.Latest, Cancellation));
    }

    [Fact]
    public async Task PrepareAsync_NormalFees_SignsAndSendsNothing()
    {
        var scripted = new ScriptedNode(ScriptedNode.Result(BlockJson), ScriptedNode.Result("\"0x3\""), ScriptedNode.Result("\"0x186a0\""));

        var result = await Sender(scripted).PrepareAsync(Contract, new byte[] { 9 }, 4, null, Cancellation);

        var prepared = Assert.IsType<PrepareResult.Ready>(result).Transaction;
        Assert.True(SignedTransaction.TryDecode(prepared.Raw, out var decoded, out var fault), fault);
        Assert.Equal((4UL, 125_000UL, 203, 3), (decoded.Transaction.Nonce, decoded.Transaction.GasLimit,
            (int)decoded.Transaction.MaxFeePerGas, (int)decoded.Transaction.MaxPriorityFeePerGas));
        Assert.Equal((31337UL, Key.Address, prepared.Hash), (decoded.Transaction.ChainId, decoded.Sender, decoded.Hash));
        Assert.Equal(
            ["eth_getBlockByNumber", "eth_maxPriorityFeePerGas", "eth_estimateGas"],
            scripted.Requests.Select(request => request.GetProperty("method").GetString()));
    }

    [Fact]
    public async Task PrepareAsync_Revert_GivesItsData()
    {
        var scripted = new ScriptedNode(
            ScriptedNode.Result(BlockJson), ScriptedNode.Result("\"0x3\""), ScriptedNode.Error("""{"code":3,"message":"execution reverted","data":"0x01"}"""));

        var result = await Sender(scripted).PrepareAsync(Contract, default, 4, null, Cancellation);

        Assert.Equal([1], Assert.IsType<PrepareResult.WouldRevert>(result).RevertData!.Value.ToArray());
    }

    [Fact]
    public async Task PrepareAsync_GasAboveCeiling_SignsNothing()
    {
        var scripted = new ScriptedNode(ScriptedNode.Result(BlockJson), ScriptedNode.Result("\"0x3\""), ScriptedNode.Result("\"0x7fffffffffffffff\""));

        Assert.IsType<PrepareResult.AboveCeiling>(await Sender(scripted).PrepareAsync(Contract, default, 4, null, Cancellation));
    }

    [Theory]
    [InlineData(100, 3, 203, 3)] // Twice the base fee and the tip.
    [InlineData(100, 50, 220, 20)] // The tip cut to its ceiling.
    [InlineData(400, 3, 500, 3)] // The whole fee cut to its ceiling.
    [InlineData(500, 3, 500, 3)]
    [InlineData(501, 3, null, null)] // Could not be mined now.
    [InlineData(0, 0, 0, 0)]
    public void ComputeFees_FreshNonce_StaysWithinCeilings(int baseFee, int suggested, int? maxFee, int? priorityFee)
    {
        var fees = Policy.ComputeFees(baseFee, suggested, null);

        Assert.Equal((maxFee, priorityFee), ((int?)fees?.MaxFee, (int?)fees?.PriorityFee));
    }

    [Theory]
    [InlineData(100, 8, 208, 10)] // The base fee fell: both fees are raised all the same.
    [InlineData(400, 17, 451, 20)]
    [InlineData(400, 18, null, null)] // The tip cannot be raised any more.
    [InlineData(450, 3, null, null)] // Nor the whole fee.
    public void ComputeFees_Replacement_RaisesBothFeesOrGivesUp(int previousMaxFee, int previousPriorityFee, int? maxFee, int? priorityFee)
    {
        var previous = new Eip1559Transaction
        {
            ChainId = 1,
            Nonce = 0,
            GasLimit = 0,
            To = null,
            MaxFeePerGas = previousMaxFee,
            MaxPriorityFeePerGas = previousPriorityFee,
        };

        var fees = Policy.ComputeFees(100, 8, previous);

        Assert.Equal((maxFee, priorityFee), ((int?)fees?.MaxFee, (int?)fees?.PriorityFee));
    }

    private static FeePolicy Policy => new() { MaxFeePerGasCeiling = 500, MaxPriorityFeePerGasCeiling = 20 };

    private static EvmNode Node(ScriptedNode scripted) =>
        new(new JsonRpcClient(new HttpClient(scripted), new Uri("http://127.0.0.1:8545"), new JsonRpcOptions(), new ManualTime()));

    private static AnchorRegistry Registry(params ScriptedNode.Answer[] answers) => new(Node(new ScriptedNode(answers)), Contract);

    private static TransactionSender Sender(ScriptedNode scripted) => new(Node(scripted), Key, 31337, Policy);
}
