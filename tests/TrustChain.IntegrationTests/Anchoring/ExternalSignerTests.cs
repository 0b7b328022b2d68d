using System.Globalization;
using System.Numerics;
using System.Text.Json;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Transactions;
using TrustChain.Evm.Wire;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>A server without the publisher's key: a signer of its own process holds it and sends, as Web3Signer does.</summary>
public sealed class ExternalSignerTests(SharedStack stack)
{
    [Fact]
    public async Task Signer_SendsAnchors_AndALostAnswerOrAPauseLosesNone()
    {
        await using var http = await TestHttp.StartAsync();
        var signer = new Signer();
        http.Answer = signer.AnswerAsync;
        await using var stage = await ChainStage.StartAsync(stack.Postgres, new Dictionary<string, string?>
        {
            ["Anchoring__KeystoreFile"] = null,
            ["Anchoring__ExternalSigner"] = http.Url,
            // Set right once the keys exist.
            ["Anchoring__Publisher"] = "0x0000000000000000000000000000000000000001",
            ["Anchoring__ReplaceAfter"] = "00:00:02",
        });
        await stage.LogAsync();
        await stage.AlarmAsync("not-publisher", open: true);
        signer.Use(stage.Server.Keys.Publisher, stage.Anvil.RpcUrl);
        await stage.Server.StopAsync();
        stage.Server.Environment["Anchoring__Publisher"] = stage.Server.Keys.Publisher.Address.ToString();
        await stage.Server.StartAgainAsync();

        var first = await stage.FinalAsync(await stage.LogAsync());
        Assert.StartsWith("0x", first.GetProperty("transaction").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, await stage.ScalarAsync("select count(*) from anchor_transaction where raw is not null"));

        signer.LosesAnswers = true;
        var lost = await stage.LogAsync();
        await stage.FinalAsync(lost);
        signer.LosesAnswers = false;

        signer.IsAway = true;
        var waiting = await stage.LogAsync();
        await stage.AlarmAsync("signer-away", open: true);
        signer.IsAway = false;
        await stage.FinalAsync(waiting);

        await stage.AlarmAsync("signer-away", open: false);
        await stage.RecoveredAsync();
        await stage.AssertChainAgreesAsync();
    }

    [Fact]
    public async Task StuckTransaction_IsReplacedThroughTheSigner()
    {
        await using var http = await TestHttp.StartAsync();
        var signer = new Signer();
        http.Answer = signer.AnswerAsync;
        await using var stage = await ChainStage.StartAsync(stack.Postgres, new Dictionary<string, string?> { ["Anchoring__ReplaceAfter"] = "00:00:02" });
        await stage.LogAndAnchorAsync();
        signer.Use(stage.Server.Keys.Publisher, stage.Anvil.RpcUrl);
        await stage.Server.StopAsync();
        stage.Server.Environment["Anchoring__KeystoreFile"] = null;
        stage.Server.Environment["Anchoring__ExternalSigner"] = http.Url;
        stage.Server.Environment["Anchoring__Publisher"] = stage.Server.Keys.Publisher.Address.ToString();
        await stage.Server.StartAgainAsync();
        await stage.StopMiningAsync();
        var size = await stage.LogAsync();
        await Eventually.GetAsync(
            "replacement", async () => await stage.ScalarAsync($"select count(*) from anchor_transaction t join anchor a on a.id = anchor_id where size = {size} and hash is not null") >= 2 ? "" : null,
            TimeSpan.FromMinutes(2));
        await stage.MineEverySecondAsync();

        await stage.FinalAsync(size);

        await stage.RecoveredAsync();
        await stage.AssertChainAgreesAsync();
    }

    /// <summary>Signs what <c>eth_sendTransaction</c> asks for and passes it on to the chain.</summary>
    private sealed class Signer
    {
        private Secp256k1Key? _key;
        private string _rpcUrl = "";

        public bool LosesAnswers { get; set; }

        public bool IsAway { get; set; }

        public void Use(Secp256k1Key key, string rpcUrl) => (_key, _rpcUrl) = (key, rpcUrl);

        public async Task<(int Status, string Type, byte[] Body)?> AnswerAsync(byte[] body)
        {
            if (IsAway || _key is null)
            {
                return null;
            }
            using var request = JsonDocument.Parse(body);
            Assert.Equal("eth_sendTransaction", request.RootElement.GetProperty("method").GetString());
            var asked = request.RootElement.GetProperty("params")[0];
            Assert.Equal(_key.Address.ToString(), asked.GetProperty("from").GetString(), ignoreCase: true);
            Assert.True(Hex.TryDecode(asked.GetProperty("data").GetString()!, out var data));
            var transaction = new Eip1559Transaction
            {
                ChainId = 31337,
                Nonce = (ulong)Number(asked, "nonce"),
                MaxFeePerGas = Number(asked, "maxFeePerGas"),
                MaxPriorityFeePerGas = Number(asked, "maxPriorityFeePerGas"),
                GasLimit = (ulong)Number(asked, "gas"),
                To = Address.Parse(asked.GetProperty("to").GetString()!),
                Data = data,
            };
            using var chain = new ChainWitness(_rpcUrl);
            var sent = await chain.Node.SendRawTransactionAsync(transaction.Sign(_key).Raw, TestContext.Current.CancellationToken);
            if (LosesAnswers)
            {
                return null;
            }
            var id = request.RootElement.GetProperty("id").GetInt64();
            var answer = sent switch
            {
                Evm.Rpc.SendResult.Accepted accepted => JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", id, result = Hex.Encode(accepted.TransactionHash) }),
                Evm.Rpc.SendResult.Underpriced poor => Error(id, poor.NodeMessage),
                Evm.Rpc.SendResult.NonceTooLow low => Error(id, low.NodeMessage),
                _ => Error(id, "insufficient funds"),
            };
            return (200, "application/json", answer);
        }

        private static byte[] Error(long id, string message) => JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", id, error = new { code = -32000, message } });

        private static BigInteger Number(JsonElement asked, string member) =>
            BigInteger.Parse("0" + asked.GetProperty(member).GetString()![2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
