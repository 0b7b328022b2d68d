using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace TrustChain.Devnet;

/// <summary>How to run anvil.</summary>
public sealed record AnvilSettings
{
    /// <summary>The <c>node_modules</c> folder that holds it.</summary>
    public required string NodeModules { get; init; }

    /// <summary>The devnet's folder; the chain's state lies in it and is kept.</summary>
    public required DevnetFolder Folder { get; init; }

    /// <summary>Port on 127.0.0.1; 0 = any free port.</summary>
    public int Port { get; init; }

    /// <summary>EIP-155 id of the chain.</summary>
    public long ChainId { get; init; } = AnvilProcess.ChainId;

    /// <summary>
    /// Also mines a block this often, in whole seconds. Null: only when there is a transaction, which is mined at once in either case.
    /// The chain is held in memory and in one file that is written every second: reckon with 2 kB for each block.
    /// </summary>
    public TimeSpan? BlockTime { get; init; }

    /// <summary>Blocks in an epoch; a block is final once two epochs are on top of it.</summary>
    public int SlotsInAnEpoch { get; init; } = 32;
}

/// <summary>
/// A private Ethereum chain on 127.0.0.1 with ten rich accounts whose keys are public knowledge. It writes its state every second and when it stops;
/// killed hard, it comes back a little younger, which whoever follows it must treat as a reorganisation. Blocks, transactions and logs are kept for
/// good;
/// contract state can be asked for the last <see cref="StatesKept"/> blocks since the start.
/// </summary>
public sealed class AnvilProcess : IAsyncDisposable
{
    /// <summary>EIP-155 id of a chain for which none was chosen.</summary>
    public const long ChainId = 31337;

    /// <summary>The well-known mnemonic of development chains; its accounts must never hold anything of value.</summary>
    public const string Mnemonic = "test test test test test test test test test test test junk";

    /// <summary>More would cost memory for every block, and in the file several hundred megabytes after a few thousand blocks.</summary>
    public const int StatesKept = 200;

    private const string LogName = "anvil";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ChildProcess _child;

    private readonly CancellationTokenSource _stopCopying = new();
    private readonly Task _copying;

    private AnvilProcess(ChildProcess child, int port, AnvilState state)
    {
        _child = child;
        Port = port;
        _copying = state.KeepCopiesAsync(_stopCopying.Token);
    }

    public int Port { get; }

    public int ProcessId => _child.Id;

    public string RpcUrl => UrlOf(Port);

    /// <summary>Starts it and waits until it answers.</summary>
    /// <exception cref="DevnetException">It could not start; the message has anvil's own reason.</exception>
    public static async Task<AnvilProcess> StartAsync(AnvilSettings settings, CancellationToken cancellationToken)
    {
        await EndLeftoverAsync(settings.Folder, cancellationToken);
        var state = new AnvilState(settings.Folder);
        state.Restore();
        var child = await ChildProcess.StartAsync(Describe(settings, state), cancellationToken);
        try
        {
            return await FindReadyPortAsync(child, settings.ChainId, cancellationToken) is { } port
                ? new AnvilProcess(child, port, state)
                : throw new DevnetException($"anvil did not start: {child.ReadReason("Error:", "error:")} (log: {settings.Folder.LogFile(LogName)}).");
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops one that an earlier starter left behind on this folder, so that its port is free again.</summary>
    public static Task EndLeftoverAsync(DevnetFolder folder, CancellationToken cancellationToken) =>
        PidFile.EndLeftoverAsync(folder.PidFile(LogName), Signal.Terminate, Patience, cancellationToken);

    /// <summary>Completes when it ends, wanted or not.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => _child.WaitForExitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _stopCopying.CancelAsync();
            await _copying;
        }
        finally
        {
            await _child.DisposeAsync();
            _stopCopying.Dispose();
        }
    }

    private static string UrlOf(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private static ChildCommand Describe(AnvilSettings settings, AnvilState state)
    {
        string[] interval = settings.BlockTime is { } blockTime
            ? ["--mixed-mining", "--block-time", blockTime.TotalSeconds.ToString(CultureInfo.InvariantCulture)]
            : [];
        return new ChildCommand
        {
            Name = "anvil",
            Program = Path.Combine(settings.NodeModules, "@foundry-rs/anvil-linux-amd64/bin/anvil"),
            Arguments = ["--host", "127.0.0.1", "--port", settings.Port.ToString(CultureInfo.InvariantCulture),
                "--chain-id", settings.ChainId.ToString(CultureInfo.InvariantCulture), "--mnemonic", Mnemonic,
                "--slots-in-an-epoch", settings.SlotsInAnEpoch.ToString(CultureInfo.InvariantCulture),
                "--state", state.Path, "--state-interval", "1",
                "--prune-history", StatesKept.ToString(CultureInfo.InvariantCulture), "--silent", .. interval],
            // It creates caches in the home folder.
            Environment = new Dictionary<string, string?> { ["HOME"] = settings.Folder.PathOf("chain") },
            LogFile = settings.Folder.LogFile(LogName),
            PidFile = settings.Folder.PidFile(LogName),
            Patience = Patience,
        };
    }

    /// <summary>Null: it ended instead.</summary>
    private static async Task<int?> FindReadyPortAsync(ChildProcess child, long chainId, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        var clock = Stopwatch.StartNew();
        while (!child.HasExited)
        {
            if (LocalPort.FindListening(child.Id) is { } port && await AnswersAsync(client, port, chainId, cancellationToken))
            {
                return port;
            }
            if (clock.Elapsed > StartTimeout)
            {
                throw new DevnetException(string.Create(CultureInfo.InvariantCulture, $"anvil did not answer within {StartTimeout.TotalSeconds} s."));
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        }
        return null;
    }

    private static async Task<bool> AnswersAsync(HttpClient client, int port, long chainId, CancellationToken cancellationToken)
    {
        try
        {
            const string request = """{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}""";
            using var content = new StringContent(request, new MediaTypeHeaderValue("application/json"));
            using var response = await client.PostAsync(UrlOf(port), content, cancellationToken);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            return answer.GetProperty("result").GetString() == "0x" + chainId.ToString("x", CultureInfo.InvariantCulture);
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
