using System.Diagnostics;
using System.Text;
using System.Text.Json;
using TrustChain.Devnet;

namespace TrustChain.EndToEndTests.Stage;

/// <summary>The built starter of the devnet, run as a process of its own as a person runs it: PostgreSQL, the chain, the server and the demo.</summary>
internal sealed class Starter : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _folder;
    private readonly StringBuilder _output = new();

    private Starter(Process process, string folder)
    {
        _process = process;
        _folder = folder;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it has printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts it on any free ports with <paramref name="folder"/> as data folder.</summary>
    public static Starter Start(string folder)
    {
        var startInfo = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : Tools.FindOnPath("dotnet") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "trustchain-devnet.dll"), "--http", "0", "--rpc", "0", "--pg", "0", "--data", folder])
        {
            startInfo.ArgumentList.Add(argument);
        }
        return new Starter(Process.Start(startInfo)!, folder); // never null: UseShellExecute is off
    }

    /// <summary>Waits until the demo is played and everything answers; returns what devnet.json says.</summary>
    public async Task<DevnetDescription> WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        var file = Path.Combine(_folder, "devnet.json");
        var clock = Stopwatch.StartNew();
        while (!File.Exists(file) || !Output.Contains("Ready", StringComparison.Ordinal))
        {
            Assert.False(_process.HasExited, $"The starter ended: {Output}");
            Assert.True(clock.Elapsed < StartTimeout, $"The starter was not ready within {StartTimeout.TotalSeconds} s: {Output}");
            await Task.Delay(50, cancellationToken);
        }
        return JsonSerializer.Deserialize(await File.ReadAllTextAsync(file, cancellationToken), DevnetJson.Default.DevnetDescription)!; // The starter wrote it.
    }

    /// <summary>Asks it to stop, which stops all that it started.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            LinuxProcess.Send(_process.Id, Signal.Terminate);
            await _process.WaitForExitAsync().WaitAsync(StopTimeout);
        }
        _process.Dispose();
    }

    private void Add(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
