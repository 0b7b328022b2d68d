using System.Net;
using TrustChain.Evm.Rpc;

namespace TrustChain.UnitTests.Evm;

public sealed class JsonRpcClientTests
{
    private static readonly Uri Endpoint = new("http://127.0.0.1:8545/v3/secret-key");

    private readonly ManualTime _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CallAsync_Result_IsReadFromOneWellFormedRequest()
    {
        var node = new ScriptedNode(ScriptedNode.Result("\"0x7a69\""));

        Assert.Equal(0x7a69UL, await ChainIdAsync(node));

        var request = Assert.Single(node.Requests);
        Assert.Equal("2.0", request.GetProperty("jsonrpc").GetString());
        Assert.Equal("eth_chainId", request.GetProperty("method").GetString());
        Assert.Equal(0, request.GetProperty("params").GetArrayLength());
        Assert.Empty(_time.Fired);
    }

    [Fact]
    public async Task CallAsync_TransportFailsTwice_SucceedsAfterGrowingPauses()
    {
        var node = new ScriptedNode(
            ScriptedNode.Unreachable(), ScriptedNode.Raw(HttpStatusCode.ServiceUnavailable, "busy"), ScriptedNode.Result("\"0x1\""));

        Assert.Equal(1UL, await ChainIdAsync(node));

        Assert.Equal([TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500)], _time.Fired);
    }

    [Fact]
    public async Task CallAsync_PausesGrowBeyondTheLongest_StayThere()
    {
        var node = new ScriptedNode(ScriptedNode.Unreachable());
        var options = new JsonRpcOptions { Attempts = 5, FirstDelay = TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(3) };

        await Assert.ThrowsAsync<RpcUnavailableException>(() => ChainIdAsync(node, options));

        Assert.Equal([1, 2, 3, 3], _time.Fired.Select(due => due.TotalSeconds));
    }

    [Fact]
    public async Task CallAsync_NeverReached_IsUnavailableAfterAllAttemptsAndHidesThePath()
    {
        var node = new ScriptedNode(ScriptedNode.Unreachable());

        var exception = await Assert.ThrowsAsync<RpcUnavailableException>(() => ChainIdAsync(node));

        Assert.Equal(3, node.Requests.Count);
        Assert.IsType<HttpRequestException>(exception.InnerException);
        Assert.Contains("http://127.0.0.1:8545", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-key", exception.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task CallAsync_ServerFailureEvenWithAResultInside_IsUnavailableAfterAllAttempts(HttpStatusCode status)
    {
        var node = new ScriptedNode(ScriptedNode.Raw(status, """{"jsonrpc":"2.0","id":1,"result":"0x1"}"""));

        await Assert.ThrowsAsync<RpcUnavailableException>(() => ChainIdAsync(node));

        Assert.Equal(3, node.Requests.Count);
    }

    [Fact]
    public async Task CallAsync_SilentNode_TimesOutEachAttempt()
    {
        _time.FiresWithin = TimeSpan.FromSeconds(10);
        var node = new ScriptedNode(ScriptedNode.Silent());

        var exception = await Assert.ThrowsAsync<RpcUnavailableException>(() => ChainIdAsync(node));

        Assert.Equal(3, node.Requests.Count);
        Assert.IsAssignableFrom<OperationCanceledException>(exception.InnerException);
        Assert.Equal(3, _time.Fired.Count(due => due == TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task CallAsync_CallerCancels_IsCancellationAndNotUnavailable()
    {
        using var cancellation = new CancellationTokenSource();
        var node = new ScriptedNode((_, cancellationToken) =>
        {
            cancellation.Cancel();
            return ScriptedNode.Silent()(default, cancellationToken);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Node(node).GetChainIdAsync(cancellation.Token));

        Assert.Single(node.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":2,"result":"0x1"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"1","result":"0x1"}""")]
    [InlineData("""{"jsonrpc":"2.0","result":"0x1"}""")]
    [InlineData("""{"id":1,"result":"0x1"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":null}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":"1"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":"0x"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":"0x10000000000000000"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":"\ud800"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":"0x1","result":"0x2"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"x"}}""")]
    public async Task CallAsync_MalformedAnswer_IsUnavailableWithoutRepetition(string body)
    {
        var node = new ScriptedNode(ScriptedNode.Raw(HttpStatusCode.OK, body));

        await Assert.ThrowsAsync<RpcUnavailableException>(() => ChainIdAsync(node));

        Assert.Single(node.Requests);
    }

    [Fact]
    public async Task CallAsync_ResultUnderAnHttpError_IsUnavailable()
    {
        var node = new ScriptedNode(ScriptedNode.Raw(HttpStatusCode.Forbidden, """{"jsonrpc":"2.0","id":1,"result":"0x1"}"""));

        await Assert.ThrowsAsync<RpcUnavailableException>(() => ChainIdAsync(node));
    }

    [Fact]
    public async Task CallAsync_ErrorOfTheNode_CarriesCodeMessageAndRevertDataWithoutRepetition()
    {
        var node = new ScriptedNode(ScriptedNode.Error("""{"code":3,"message":"execution reverted","data":"0x08c379a0"}"""));

        var exception = await Assert.ThrowsAsync<RpcErrorException>(() => ChainIdAsync(node));

        Assert.Equal((3, "execution reverted", true), (exception.Code, exception.NodeMessage, exception.IsRevert));
        Assert.Equal([0x08, 0xc3, 0x79, 0xa0], exception.Data!.Value.ToArray());
        Assert.Single(node.Requests);
    }

    [Theory]
    [InlineData("""{"code":-32000,"message":"\ud800"}""")]
    [InlineData("""{"code":"x","message":7,"data":{"data":"none"}}""")]
    [InlineData("{}")]
    public async Task CallAsync_ErrorWithOddMembers_IsStillAnErrorOfTheNode(string error)
    {
        var exception = await Assert.ThrowsAsync<RpcErrorException>(() => ChainIdAsync(new ScriptedNode(ScriptedNode.Error(error))));

        Assert.Null(exception.Data);
    }

    [Fact]
    public async Task CallAsync_LongErrorMessage_IsCut()
    {
        var node = new ScriptedNode(ScriptedNode.Error($$"""{"code":1,"message":"{{new string('x', 5000)}}"}"""));

        var exception = await Assert.ThrowsAsync<RpcErrorException>(() => ChainIdAsync(node));

        Assert.Equal(500, exception.NodeMessage.Length);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task CallAsync_AnswerAtAndBeyondTheBound_IsReadOrUnavailable(int excess, bool isRead)
    {
        var body = """{"jsonrpc":"2.0","id":1,"result":"0x1"}""".PadRight(1000 + excess);
        foreach (var announcesLength in (bool[])[true, false])
        {
            var node = new ScriptedNode((_, _) =>
            {
                HttpContent content = announcesLength ? new StringContent(body) : new StreamContent(new UnseekableStream(body));
                return Task.FromResult(new HttpResponseMessage { Content = content });
            });

            var answer = ChainIdAsync(node, new JsonRpcOptions { MaxResponseBytes = 1000 });

            if (isRead)
            {
                Assert.Equal(1UL, await answer);
            }
            else
            {
                await Assert.ThrowsAsync<RpcUnavailableException>(() => answer);
            }
        }
    }

    [Fact]
    public void Constructor_OptionOrEndpointOutOfRange_Throws()
    {
        using var http = new HttpClient(new ScriptedNode());

        Assert.Throws<ArgumentException>(() => new JsonRpcClient(http, new Uri("ftp://x"), new JsonRpcOptions(), _time));
        Assert.Throws<ArgumentException>(() => new JsonRpcClient(http, new Uri("/x", UriKind.Relative), new JsonRpcOptions(), _time));
        Assert.Throws<ArgumentException>(() => new JsonRpcClient(http, Endpoint, new JsonRpcOptions { Attempts = 0 }, _time));
    }

    private Task<ulong> ChainIdAsync(ScriptedNode node, JsonRpcOptions? options = null) => Node(node, options).GetChainIdAsync(Cancellation);

    private EvmNode Node(ScriptedNode node, JsonRpcOptions? options = null) =>
        new(new JsonRpcClient(new HttpClient(node), Endpoint, options ?? new JsonRpcOptions(), _time));

    /// <summary>A stream that hides its length, as a chunked answer does.</summary>
    private sealed class UnseekableStream(string text) : MemoryStream(System.Text.Encoding.UTF8.GetBytes(text))
    {
        public override bool CanSeek => false;
    }
}
