using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Devnet;

/// <summary>The built starter as a process of its own, as a person runs it.</summary>
internal sealed class StarterProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly Process _process;
    private readonly string _folder;
    private readonly bool _ownsFolder;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private StarterProcess(Process process, string folder, bool ownsFolder)
    {
        _process = process;
        _folder = folder;
        _ownsFolder = ownsFolder;
        process.OutputDataReceived += (_, line) => _output.AppendLine(line.Data);
        process.ErrorDataReceived += (_, line) => _errors.AppendLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it wrote to standard error, once it has ended.</summary>
    public string Errors => _errors.ToString().Trim();

    /// <summary>What it wrote to standard output, once it has ended.</summary>
    public string Output => _output.ToString().Trim();

    public int Id => _process.Id;

    /// <summary>Starts it on any free ports, unless <paramref name="arguments"/> name others, with <paramref name="folder"/> as data
    /// folder.</summary>
    /// <param name="folder">Data folder.</param>
    /// <param name="arguments">Further options.</param>
    /// <param name="path">PATH it gets; null: the one of the tests.</param>
    /// <param name="ownsFolder">False when another starter runs on the folder.</param>
    public static StarterProcess Start(string folder, IReadOnlyList<string> arguments, string? path = null, bool ownsFolder = true)
    {
        var startInfo = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : Tools.FindOnPath("dotnet") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] freePorts = [.. ((string[])["--http", "--rpc", "--pg"]).Except(arguments).SelectMany(option => (string[])[option, "0"])];
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "trustchain-devnet.dll"), "--empty", "--data", folder, .. freePorts, .. arguments])
        {
            startInfo.ArgumentList.Add(argument);
        }
        if (path is not null)
        {
            startInfo.Environment["PATH"] = path;
        }
        return new StarterProcess(Process.Start(startInfo)!, folder, ownsFolder);
    }

    /// <summary>Waits until it is ready and returns what devnet.json says.</summary>
    public async Task<DevnetDescription> WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        var file = Path.Combine(_folder, "devnet.json");
        var clock = Stopwatch.StartNew();
        while (!File.Exists(file))
        {
            Assert.False(_process.HasExited, $"The starter ended: {Errors}{Output}");
            Assert.True(clock.Elapsed < Patience, "The starter was not ready in time.");
            await Task.Delay(20, cancellationToken);
        }
        return JsonSerializer.Deserialize(await File.ReadAllTextAsync(file, cancellationToken), DevnetJson.Default.DevnetDescription)!;
    }

    /// <summary>The processes it started and that run now, by the pid files of its folder.</summary>
    public IReadOnlyList<RunningChild> FindChildren() =>
        [.. Directory.GetFiles(Path.Combine(_folder, "run"), "*.pid").Select(FindChild).OfType<RunningChild>()];

    public void Send(Signal signal) => LinuxProcess.Send(_process.Id, signal);

    /// <summary>Waits for its end and returns the exit code.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Ends it and everything it started, whatever the test did.</summary>
    public async ValueTask DisposeAsync()
    {
        var children = _ownsFolder && Directory.Exists(Path.Combine(_folder, "run")) ? FindChildren() : [];
        if (!_process.HasExited)
        {
            LinuxProcess.Send(_process.Id, Signal.Terminate);
            await WaitForExitAsync(CancellationToken.None);
        }
        foreach (var child in children)
        {
            child.Kill();
        }
        _process.Dispose();
    }

    private static RunningChild? FindChild(string pidFile)
    {
        try
        {
            var id = int.Parse(File.ReadLines(pidFile).First(), CultureInfo.InvariantCulture);
            return new RunningChild(Path.GetFileNameWithoutExtension(pidFile), id, LinuxProcess.FindIdentity(id) ?? "");
        }
        catch (FileNotFoundException)
        {
            return null; // stopped since the files were listed
        }
    }
}

/// <summary>A process that the starter, not the test, is the parent of.</summary>
internal sealed record RunningChild(string Name, int Id, string Identity)
{
    public bool IsRunning => Identity.Length > 0 && LinuxProcess.FindIdentity(Id) == Identity;

    public void Kill()
    {
        if (IsRunning)
        {
            LinuxProcess.Send(Id, Signal.Kill);
        }
    }

    public async Task WaitForEndAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (IsRunning)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"{Name} still runs as process {Id}.");
            await Task.Delay(20, cancellationToken);
        }
    }
}
