using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary><c>trustchain witness serve</c> as a process, with a key and a state of its own.</summary>
internal sealed class WitnessProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private IReadOnlyList<NoteVerifier> _logs = [];
    private ChildProcess? _child;

    /// <summary>One that has a key and an address, and is not running yet.</summary>
    public WitnessProcess(string name)
    {
        Port = LocalPort.FindFree();
        using var key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        File.WriteAllText(_folder.PathOf("key.json"), key.ExportPrivateJwk());
        Directory.CreateDirectory(State);
        Key = WitnessVerifier.Create(name, key.PublicKey);
    }

    public WitnessVerifier Key { get; }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    public string State => _folder.PathOf("state");

    public string KeyFile => _folder.PathOf("key.json");

    /// <summary>What it wrote since it was started.</summary>
    public string Output => File.ReadAllText(_folder.PathOf("witness.log"));

    public static async Task<WitnessProcess> StartAsync(string name, params NoteVerifier[] logs)
    {
        var witness = new WitnessProcess(name);
        await witness.StartAsync(logs);
        return witness;
    }

    public Task StartAsync(params NoteVerifier[] logs)
    {
        _logs = logs;
        return StartAgainAsync();
    }

    public async Task StartAgainAsync()
    {
        _child = await ChildProcess.StartAsync(
            new ChildCommand
            {
                Name = "the witness",
                Program = Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : Tools.FindOnPath("dotnet") ?? "dotnet",
                Arguments =
                [
                    ServerProcess.PathOf("TrustChain.Cli", "trustchain"), "witness", "serve", "--key", KeyFile, "--name", Key.Name, "--state", State, "--listen", Url,
                    .. _logs.SelectMany(static l => (string[])["--log", l.Text]),
                ],
                LogFile = _folder.PathOf("witness.log"),
            },
            TestContext.Current.CancellationToken);
        await Eventually.TrueAsync("listening witness", () => _child.HasExited
            ? throw new InvalidOperationException($"The witness ended with {_child.ExitCode}: {Output}")
            : Task.FromResult(Output.Contains($"listening on {Url} as {Key.Text}", StringComparison.Ordinal)));
    }

    /// <summary>Ends it gently, and tells how it ended.</summary>
    public async Task<int> StopAsync()
    {
        LinuxProcess.Send(_child!.Id, Signal.Terminate); // Only a running witness is stopped.
        await _child.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _child.ExitCode;
    }

    /// <summary>Ends it at once, as a power cut would.</summary>
    public async Task KillAsync()
    {
        LinuxProcess.Send(_child!.Id, Signal.Kill); // Only a running witness is killed.
        await _child.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public Task<Answer> AddAsync(AddCheckpointRequest request) => PostAsync(request.ToUtf8());

    public async Task<Answer> PostAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var response = await _client.PostAsync(new Uri(Url + "/add-checkpoint"), content, TestContext.Current.CancellationToken);
        return await Answer.FromAsync(response);
    }

    public async Task<Answer> GetAsync(string path)
    {
        using var response = await _client.GetAsync(new Uri(Url + path), TestContext.Current.CancellationToken);
        return await Answer.FromAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        if (_child is not null)
        {
            await _child.DisposeAsync();
        }
        _client.Dispose();
        _folder.Dispose();
    }
}
