using System.Collections.Concurrent;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>
/// "A new publisher key" of the runbook, twice on a server under load: once too early, with an anchor of the old key waiting in the pool that is mined after all, and
/// once with one that can only revert.
/// </summary>
public sealed class PublisherRotationTests(SharedStack stack)
{
    private ChainStage? _stage;
    private string _registry = "";

    private ChainStage Stage => _stage ?? throw new InvalidOperationException("The chain has not started.");

    private string RpcUrl => Stage.Anvil.RpcUrl;

    [Fact]
    public async Task NewPublisher_TakesOverUnderLoad_AndNoAnchorIsLostOrDoubled()
    {
        OperatorFolder? admin = null, first = null, second = null, third = null;
        try
        {
            await using var stage = _stage = await ChainStage.StartAsync(stack.Postgres, async anvil =>
            {
                admin = await OperatorFolder.OpenAsync(anvil.RpcUrl);
                first = await OperatorFolder.OpenAsync(anvil.RpcUrl);
                second = await OperatorFolder.OpenAsync(anvil.RpcUrl);
                third = await OperatorFolder.OpenAsync(anvil.RpcUrl);
                _registry = await admin.DeployAsync(anvil.RpcUrl, OperatorKeys.Origin, "--publisher", first.Account, "--admin", admin.Account);
                return new Dictionary<string, string?>(first.Settings) { ["Anchoring__Registry"] = _registry };
            });
            await using var load = new Captures(stage);
            var item = await load.AddAsync();
            await stage.FinalAsync((await stage.Server.GetCoveringCheckpointAsync()).Size);
            var old = await KeptEvidence.GetAnchoredAsync(stage.Server, stage.Company, item);
            Assert.Contains($"ok contract: {_registry} is this log's and takes anchors from {first!.Account} -> ", await stage.Server.ExamineAsync());
            load.Start();

            await TakeOverTooEarlyAsync(load, admin!, first, second!);
            await TakeOverFromAPoolAsync(load, admin!, second!, third!);

            await load.EndAsync();
            await stage.FinalAsync((await stage.Server.GetCoveringCheckpointAsync()).Size);
            await stage.RecoveredAsync();
            await stage.AssertChainAgreesAsync();
            Assert.Equal(3, await stage.ScalarAsync("select count(distinct sender) from anchor where state = 'final'"));
            Assert.Equal(0, await stage.ScalarAsync("select count(*) from anchor_failure where code not in ('not-publisher', 'chain-away')"));
            await ExpectEvidenceAsync(load, old);
        }
        finally
        {
            foreach (var folder in (OperatorFolder?[])[admin, first, second, third])
            {
                folder?.Dispose();
            }
        }
    }

    /// <summary>The server is given the new key before the contract is: it says so, sends nothing, and what the old key had sent is final all the same.</summary>
    private async Task TakeOverTooEarlyAsync(Captures load, OperatorFolder admin, OperatorFolder from, OperatorFolder to)
    {
        (await admin.ContractsAsync(RpcUrl, "name-publisher", "--registry", _registry, "--publisher", to.Account)).Expect(0);
        await Stage.StopMiningAsync();
        await load.AddAsync();
        var size = (await Stage.Server.GetCoveringCheckpointAsync()).Size;
        var waiting = await Stage.AnchorAsync(size - 50, "sent"); // Under load it is of the checkpoint that was newest when it was due.
        await SwitchAsync(to);

        await Stage.AlarmAsync("not-publisher", open: true);
        var said = Assert.Single(await Stage.Server.ExamineAsync(), static f => f.StartsWith("fault contract", StringComparison.Ordinal));
        Assert.Equal(
            $"fault contract: {_registry} takes anchors from {from.Account}, but ours is {to.Account} -> the admin has named ours already: trustchain contracts accept-publisher makes it the publisher", said);
        Assert.Equal(1, await Stage.ScalarAsync("select count(*) from anchor where state = 'sent'"));
        await Stage.MineEverySecondAsync();
        var mined = await Stage.FinalAsync(waiting.GetProperty("size").GetInt64());
        Assert.Equal(waiting.GetProperty("transaction").GetString(), mined.GetProperty("transaction").GetString());
        await Stage.AlarmAsync("not-publisher", open: true);
        Assert.Equal(0, await Stage.ScalarAsync($"select count(*) from anchor where sender = '{to.Account}'"));

        await AcceptAsync(to);
        await Stage.FinalAsync((await Stage.Server.GetCoveringCheckpointAsync()).Size);
        await Stage.AlarmAsync("not-publisher", open: false);
        Assert.Contains($"ok contract: {_registry} is this log's and takes anchors from {to.Account} -> ", await Stage.Server.ExamineAsync());
    }

    /// <summary>As the runbook says; what the old key had sent waits in the pool meanwhile and then reverts there.</summary>
    private async Task TakeOverFromAPoolAsync(Captures load, OperatorFolder admin, OperatorFolder from, OperatorFolder to)
    {
        (await admin.ContractsAsync(RpcUrl, "name-publisher", "--registry", _registry, "--publisher", to.Account)).Expect(0);
        await Stage.StopMiningAsync();
        await load.AddAsync();
        var waiting = await Stage.AnchorAsync((await Stage.Server.GetCoveringCheckpointAsync()).Size - 50, "sent");
        var (size, transaction) = (waiting.GetProperty("size").GetInt64(), waiting.GetProperty("transaction").GetString()!);
        await Stage.Server.StopAsync();
        var raw = await ReadRawAsync(transaction);
        await Stage.CallAsync("anvil_dropTransaction", transaction); // No block may take it before the contract changes hands.
        await Stage.MineEverySecondAsync();
        await AcceptAsync(to);
        await Stage.StopMiningAsync();
        Assert.Equal(transaction, await Stage.CallAsync("eth_sendRawTransaction", raw));
        await using var twin = await Stage.Server.StartTwinAsync(); // Another server, which has the old key a while longer.
        await SwitchAsync(to);

        await UntilAsync("anchor of the new key", $"select count(*) from anchor where sender = '{to.Account}' and state = 'sent' and size >= {size}", 1);
        Assert.Equal(1, await Stage.ScalarAsync(
            $"select count(*) from anchor where transaction = '{transaction}' and state = 'superseded' and sender = '{from.Account}' and reason like 'the contract takes anchors from another%'"));
        await Stage.MineEverySecondAsync();
        await Stage.FinalAsync(size);
        Assert.Equal("0x0", System.Text.Json.JsonDocument.Parse((await Stage.CallAsync("eth_getTransactionReceipt", transaction))!).RootElement.GetProperty("status").GetString());
        Assert.Equal(1, await Stage.ScalarAsync($"select count(*) from anchor where transaction = '{transaction}' and state = 'superseded'"));
        await UntilAsync("alarm of the server with the old key", "select count(*) from anchor_failure where code = 'not-publisher'", 2);
        Assert.Equal(0, await Stage.ScalarAsync($"select count(*) from anchor where sender = '{to.Account}' and state in ('superseded', 'reorged')")); // Nor does the other one interfere.
    }

    private async Task ExpectEvidenceAsync(Captures load, string old)
    {
        using var evidence = new KeptEvidence();
        var trust = await KeptEvidence.GetTrustAsync(Stage.Server);
        var text = System.Text.Encoding.UTF8.GetString(trust.ToUtf8());
        await KeptEvidence.ExpectPassesAsync(old, trust, RpcUrl);
        await evidence.ExpectPassesByAllAsync(old, text, RpcUrl);
        foreach (var item in load.Items)
        {
            await KeptEvidence.ExpectPassesAsync(await KeptEvidence.GetAnchoredAsync(Stage.Server, Stage.Company, item), trust, RpcUrl);
        }
        Assert.True(load.Items.Count > 30, $"Only {load.Items.Count} captures were acknowledged meanwhile: that is no load.");
        Assert.Equal(load.Items.Count, (await Stage.Server.CountAsync()).Records);
        await evidence.ExpectPassesByAllAsync(await KeptEvidence.GetAnchoredAsync(Stage.Server, Stage.Company, load.Items.Last()), text, RpcUrl);
        (await evidence.FsckAsync(Stage.Server, trust)).Expect(0);
    }

    private Task UntilAsync(string awaited, string count, long least) => Eventually.GetAsync(awaited, async () => await Stage.ScalarAsync(count) >= least ? "" : null, TimeSpan.FromMinutes(2));

    private async Task AcceptAsync(OperatorFolder publisher) => (await publisher.ContractsAsync(RpcUrl, "accept-publisher", "--registry", _registry)).Expect(0);

    private async Task SwitchAsync(OperatorFolder publisher)
    {
        await Stage.Server.StopAsync();
        foreach (var (name, value) in publisher.Settings)
        {
            Stage.Server.Environment[name] = value;
        }
        await Stage.Server.StartAgainAsync();
    }

    private async Task<string> ReadRawAsync(string transaction)
    {
        await using var command = Stage.Server.Database.CreateCommand($"select raw from anchor_transaction where hash = '{transaction}'");
        return "0x" + Convert.ToHexStringLower((byte[])(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!); // It was sent, so it was kept.
    }

    /// <summary>A client that captures one item after the other, each until it is acknowledged, whatever happens to the server.</summary>
    private sealed class Captures(ChainStage stage) : IAsyncDisposable
    {
        private readonly ConcurrentQueue<string> _items = [];
        private readonly CancellationTokenSource _end = new();
        private Task _running = Task.CompletedTask;

        public IReadOnlyCollection<string> Items => _items;

        public void Start() => _running = Task.Run(async () =>
        {
            while (!_end.IsCancellationRequested)
            {
                await AddAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(250), TestContext.Current.CancellationToken);
            }
        });

        public async Task EndAsync()
        {
            await _end.CancelAsync();
            await _running;
        }

        /// <summary>Captures one; the same bytes again while there is no answer.</summary>
        public async Task<string> AddAsync()
        {
            var item = stage.Company.NewItem();
            var document = Events.Document(Events.Commissioning(item));
            while (true)
            {
                try
                {
                    var answer = await stage.Company.CaptureAsync(document);
                    if (answer.Status != 503)
                    {
                        answer.Expect(202);
                        _items.Enqueue(item);
                        return item;
                    }
                }
                catch (HttpRequestException)
                {
                    // The server restarts.
                }
                await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            _end.Dispose();
        }
    }
}
