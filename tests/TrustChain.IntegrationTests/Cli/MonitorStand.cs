using System.Text.Json;
using TrustChain.Cli.Fsck;
using TrustChain.Cli.Http;
using TrustChain.Cli.Monitor;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>A monitor, with a clock that can be put forward, behind a proxy to a real server and one to a real node.</summary>
internal sealed class MonitorStand : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RunningServer _server;
    private readonly List<SigningKey> _keys = [];

    private MonitorStand(RunningServer server, TamperingProxy web, TamperingProxy node) => (_server, Web, Node) = (server, web, node);

    /// <summary>Between monitor and server.</summary>
    public TamperingProxy Web { get; }

    /// <summary>Between monitor and node.</summary>
    public TamperingProxy Node { get; }

    public OffsetClock Clock { get; } = new();

    /// <summary>An address that gets alarms.</summary>
    public Uri? Webhook { get; set; }

    public string? Command { get; set; }

    public string? ApiKey { get; set; }

    /// <summary>Whether a node is asked, and not the server's list alone.</summary>
    public bool AsksNode { get; set; } = true;

    /// <summary>What alarms have been written to the state folder.</summary>
    public IReadOnlyList<JsonElement> Alarms => File.Exists(StateFile("alarms.jsonl")) ? [.. File.ReadLines(StateFile("alarms.jsonl")).Select(static l => JsonDocument.Parse(l).RootElement)] : [];

    /// <summary>The same in short: <c>raised fork</c>.</summary>
    public IEnumerable<string> Told => Alarms.Select(static a => $"{a.GetProperty("what").GetString()} {a.GetProperty("code").GetString()}");

    public string Receipts => Directory.CreateDirectory(_folder.PathOf("receipts")).FullName;

    public string PathOf(string file) => _folder.PathOf(file);

    public static async Task<MonitorStand> StartAsync(RunningServer server)
    {
        var web = await TamperingProxy.StartAsync(server.BaseUrl);
        var node = await TamperingProxy.StartAsync(server.RpcUrl);
        return new MonitorStand(server, web, node);
    }

    public string StateFile(string file) => Path.Combine(_folder.PathOf("state"), file);

    /// <summary>One round.</summary>
    public async Task<CliResult> RoundAsync()
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var shell = new Shell(output, errors, static () => Stream.Null);
        var options = new MonitorOptions { StateFolder = _folder.PathOf("state"), Once = true, MinRecoveryDelay = TimeSpan.FromMinutes(30), ReceiptFolder = Receipts, StatusFile = _folder.PathOf("status.json") };
        using var client = new ServerClient(new Uri(Web.BaseUrl));
        using var asking = new ServerClient(new Uri(Web.BaseUrl), ApiKey);
        using var audit = new LogAudit(client, _server.Registry.Trust, AsksNode ? [new Uri(Node.BaseUrl)] : []);
        using var sender = new AlarmSender(Webhook, Command);
        var exitCode = await new LogMonitor(shell, audit, asking, sender, options, Clock).RunAsync(TestContext.Current.CancellationToken);
        return new CliResult("monitor", exitCode, output.ToString().Trim(), errors.ToString().Trim());
    }

    /// <summary>The server's log with entries from an index on replaced or appended, signed with the server's own key.</summary>
    /// <param name="from">How many entries stay.</param>
    /// <param name="more">Further entries of events.</param>
    /// <param name="last">Entries after those.</param>
    public async Task<ForgedLog> ForgeAsync(int from, int more, params byte[][] last)
    {
        var copy = await LogCopy.FetchAsync(_server, await _server.GetCoveringCheckpointAsync());
        return new ForgedLog(_server.Registry.Trust.Origin, OpenLogKey(), [.. copy.Entries.Take(from), .. ForgedLog.Entries(more, "forged"), .. last]);
    }

    /// <summary>The log as the server has it now, to be shown from here on whatever the server does.</summary>
    public async Task<ForgedLog> CopyAsync()
    {
        var copy = await LogCopy.FetchAsync(_server, await _server.GetCoveringCheckpointAsync());
        return new ForgedLog(_server.Registry.Trust.Origin, OpenLogKey(), copy.Entries);
    }

    /// <summary>Shows this log for the server's; its list of anchors stays.</summary>
    public void Show(ForgedLog log) => Web.Instead = request =>
        Task.FromResult(request.Path == "/log/anchors" ? null : log.Answer(request.Path));

    /// <summary>Shows the server's own log.</summary>
    public void ShowServer() => Web.Instead = static _ => Task.FromResult<ProxyAnswer?>(null);

    public async ValueTask DisposeAsync()
    {
        await Web.DisposeAsync();
        await Node.DisposeAsync();
        _keys.ForEach(static k => k.Dispose());
        _folder.Dispose();
    }

    private SigningKey OpenLogKey()
    {
        var passPhrase = File.ReadAllText(_server.Keys.PassPhraseFile).TrimEnd('\n');
        Assert.True(SigningKey.TryParse(EncryptedKeyFile.Decrypt(File.ReadAllText(_server.Keys.LogKeyFile), passPhrase), out var key, out var error), error);
        _keys.Add(key);
        return key;
    }
}
