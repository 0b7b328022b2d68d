using System.Diagnostics;
using System.Globalization;

namespace TrustChain.Devnet.Serving;

/// <summary>What the server is started with.</summary>
public sealed record ServerSettings
{
    public required DevnetFolder Folder { get; init; }

    public required OperatorKeys Keys { get; init; }

    public required string Database { get; init; }

    public required string RpcUrl { get; init; }

    /// <summary>Address of the registry contract.</summary>
    public required string Registry { get; init; }

    /// <summary>Hash of the chain's first block, where the chain may be another than at the last start; null: the server remembers the one it saw first.</summary>
    public string? Genesis { get; init; }

    /// <summary>Port; 0 = any free port.</summary>
    public int Port { get; init; }

    /// <summary>Address in QR codes; null: the server's own. When set, the server listens on all interfaces, so that a phone can reach it.</summary>
    public string? PublicUrl { get; init; }

    /// <summary>Name of the child in logs and process files; several servers need several names.</summary>
    public string Name { get; init; } = "server";

    /// <summary>Path of another server's assembly, such as an earlier version's; null: the solution's own.</summary>
    public string? Assembly { get; init; }

    /// <summary>Settings on top, in the form of environment variables; they win.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
}

/// <summary>A running server.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly ChildProcess _child;

    private ServerProcess(ChildProcess child, string baseUrl)
    {
        _child = child;
        BaseUrl = baseUrl;
    }

    /// <summary>Without a slash at the end.</summary>
    public string BaseUrl { get; }

    public int ProcessId => _child.Id;

    /// <summary>Exit code; 128 plus the signal number when a signal ended it.</summary>
    /// <exception cref="InvalidOperationException">It still runs.</exception>
    public int ExitCode => _child.ExitCode;

    /// <summary>Starts the server and waits until it is ready.</summary>
    /// <exception cref="DevnetException">It ended or did not become ready; the message has its own reason.</exception>
    public static async Task<ServerProcess> StartAsync(ServerSettings settings, CancellationToken cancellationToken)
    {
        await EndLeftoverAsync(settings.Folder, settings.Name, cancellationToken);
        var port = settings.Port == 0 ? LocalPort.FindFree() : settings.Port;
        var baseUrl = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        var host = settings.PublicUrl is null ? "127.0.0.1" : "0.0.0.0";
        var environment = Environment(settings, settings.PublicUrl ?? baseUrl);
        environment["ASPNETCORE_URLS"] = string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}");
        foreach (var (name, value) in settings.Environment)
        {
            environment[name] = value;
        }
        var child = await ChildProcess.StartAsync(Command(settings.Folder, settings.Name, settings.Assembly, [], environment), cancellationToken);
        var server = new ServerProcess(child, baseUrl);
        try
        {
            await server.WaitUntilReadyAsync(settings.Folder.LogFile(settings.Name), cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the first admin, unless there is one; its API key is in <c>admin.key</c> afterwards.</summary>
    /// <param name="folder">Where the key's file goes.</param>
    /// <param name="database">Connection string.</param>
    /// <param name="assembly">Path of another server's assembly; null: the solution's own.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    public static async Task InitialiseAsync(DevnetFolder folder, string database, string? assembly, CancellationToken cancellationToken)
    {
        var keyFile = folder.PathOf("admin.key");
        if (File.Exists(keyFile))
        {
            return;
        }
        var command = Command(
            folder,
            "server-init",
            assembly,
            ["init", "--admin", "operator", "--name", "Devnet operator 演示运营方", "--key-out", keyFile],
            new Dictionary<string, string?> { ["TrustChain__Database"] = database });
        if (await ChildProcess.RunAsync(command, cancellationToken) != 0)
        {
            throw new DevnetException($"The database could not be initialised; the reason is in {folder.LogFile("server-init")}.");
        }
    }

    /// <summary>Brings the schema of a database up to date with the solution's own server. Servers may run on it.</summary>
    public static async Task MigrateAsync(DevnetFolder folder, string database, CancellationToken cancellationToken)
    {
        var command = Command(folder, "server-migrate", null, ["migrate"], new Dictionary<string, string?> { ["TrustChain__Database"] = database });
        if (await ChildProcess.RunAsync(command, cancellationToken) != 0)
        {
            throw new DevnetException($"The schema could not be brought up to date; the reason is in {folder.LogFile("server-migrate")}.");
        }
    }

    /// <summary>Has <c>doctor</c> examine what a server with these settings would find; returns its report as JSON.</summary>
    public static async Task<string> ExamineAsync(ServerSettings settings, CancellationToken cancellationToken)
    {
        var environment = Environment(settings, settings.PublicUrl ?? "https://trace.example.org");
        foreach (var (name, value) in settings.Environment)
        {
            environment[name] = value;
        }
        await ChildProcess.RunAsync(Command(settings.Folder, "doctor", null, ["doctor", "--json"], environment), cancellationToken);
        return await File.ReadAllTextAsync(settings.Folder.LogFile("doctor"), cancellationToken);
    }

    public static Task EndLeftoverAsync(DevnetFolder folder, string name, CancellationToken cancellationToken) =>
        TrustChain.Devnet.PidFile.EndLeftoverAsync(folder.PidFile(name), Signal.Terminate, TimeSpan.FromSeconds(10), cancellationToken);

    /// <summary>Completes when it ends, wanted or not.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => _child.WaitForExitAsync(cancellationToken);

    public ValueTask DisposeAsync() => _child.DisposeAsync();

    /// <summary>Path of a program of the solution, built in the same configuration as this one.</summary>
    public static string PathOf(string project, string assembly)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent?.Name is "Release" ? "Release" : "Debug";
        var path = Repository.PathOf($"src/{project}/bin/{configuration}/net10.0/{assembly}.dll");
        return File.Exists(path) ? path : throw new DevnetException($"{path} is missing; build the solution first: dotnet build.");
    }

    /// <summary>The settings of a server, without those on top, in the form of environment variables.</summary>
    public static Dictionary<string, string?> Environment(ServerSettings settings, string publicUrl) => new()
    {
        ["TrustChain__Database"] = settings.Database + ";Maximum Pool Size=40",
        ["TrustChain__Origin"] = OperatorKeys.Origin,
        ["TrustChain__PublicUrl"] = publicUrl,
        ["TrustChain__Operator"] = "TrustChain devnet",
        ["TrustChain__LogKeyFile"] = settings.Keys.LogKeyFile,
        ["TrustChain__CustodialKeyFile"] = settings.Keys.CustodialKeyFile,
        ["TrustChain__PassPhraseFile"] = settings.Keys.PassPhraseFile,
        ["Anchoring__RpcUrl"] = settings.RpcUrl,
        ["Anchoring__ChainId"] = AnvilProcess.ChainId.ToString(CultureInfo.InvariantCulture),
        ["Anchoring__Registry"] = settings.Registry,
        ["Anchoring__Genesis"] = settings.Genesis ?? "",
        ["Anchoring__KeystoreFile"] = settings.Keys.PublisherFile,
        ["Anchoring__PassPhraseFile"] = settings.Keys.PassPhraseFile,
        ["Anchoring__ConfirmationDepth"] = "1",
        ["Anchoring__Interval"] = "00:00:05",
        ["Anchoring__PollInterval"] = "00:00:00.5",
    };

    private static ChildCommand Command(DevnetFolder folder, string name, string? assembly, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> environment) => new()
    {
        Name = "the server",
        Program = System.Environment.ProcessPath is { } self && Path.GetFileName(self) == "dotnet" ? self : "dotnet",
        Arguments = [assembly ?? PathOf("TrustChain.Server", "trustchain-server"), .. arguments],
        LogFile = folder.LogFile(name),
        PidFile = folder.PidFile(name),
        Environment = environment,
    };

    private async Task WaitUntilReadyAsync(string logFile, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (_child.HasExited)
            {
                throw new DevnetException($"The server did not start: {_child.ReadReason("Exception", "fail:", "must be", "is not")} (log: {logFile}).");
            }
            if (clock.Elapsed > StartTimeout)
            {
                throw new DevnetException($"The server was not ready within {StartTimeout.TotalSeconds:0} s (log: {logFile}).");
            }
            try
            {
                using var answer = await client.GetAsync($"{BaseUrl}/health/ready", cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Listening, but slow on a busy machine.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }
    }
}
