using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using TrustChain.Core.Verification;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Stage;

/// <summary>One log with its database, keys and contract, and the servers of it: processes that can be killed, halted and started again at the same addresses.</summary>
internal sealed class Site : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private const int Killed = 128 + (int)Signal.Kill;

    private readonly PostgresProcess _postgres;
    private readonly TemporaryFolder _temporary;
    private readonly DevnetFolder _folder;
    private ServerSettings _settings;
    private readonly ServerProcess?[] _servers;
    private readonly int[] _ports;
    private readonly string _databaseName;

    private Site(PostgresProcess postgres, TemporaryFolder temporary, DevnetFolder folder, ServerSettings settings, Registry registry, string databaseName, int servers)
    {
        (_postgres, _temporary, _folder, _settings, Registry, _databaseName) = (postgres, temporary, folder, settings, registry, databaseName);
        _servers = new ServerProcess?[servers];
        _ports = [.. Enumerable.Range(0, servers).Select(static _ => LocalPort.FindFree())];
        (Database, Trust) = (settings.Database, registry.Trust);
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public HttpClient Client { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 64 }) { Timeout = TimeSpan.FromSeconds(60) };

    public Registry Registry { get; }

    /// <summary>What a stranger trusts; a test adds a timestamp authority where there is one.</summary>
    public TrustFile Trust { get; set; }

    public OperatorKeys Keys => _settings.Keys;

    public string RpcUrl => _settings.RpcUrl;

    public string TrustFile => _folder.PathOf("trust.json");

    /// <summary>Connection string of the database that counts at present.</summary>
    public string Database { get; set; }

    /// <summary>Connection string for the servers started from now on; null: the same.</summary>
    private string? ServerDatabase { get; set; }

    /// <summary>Whether only the first state of the log is anchored.</summary>
    public bool AnchorsOnce => _settings.Environment["Anchoring__Interval"] != "00:00:01";

    public int ServerCount => _servers.Length;

    /// <summary>Makes a log and starts its servers.</summary>
    /// <param name="postgres">Where its database is made.</param>
    /// <param name="rpcUrl">The chain on which its contract is deployed.</param>
    /// <param name="servers">How many.</param>
    /// <param name="settings">Settings on top, as environment variables.</param>
    /// <param name="assembly">Path of the assembly of another version's server, which makes the database and all servers; null: the solution's own.</param>
    /// <param name="standby">Of that PostgreSQL; servers have both to choose from.</param>
    public static async Task<Site> StartAsync(
        PostgresProcess postgres, string rpcUrl, int servers = 1, IReadOnlyDictionary<string, string?>? settings = null, string? assembly = null, PostgresProcess? standby = null)
    {
        var name = $"fault_{Guid.NewGuid():N}";
        var temporary = new TemporaryFolder();
        var folder = DevnetFolder.Open(temporary.PathOf("site"));
        var keys = OperatorKeys.Open(folder);
        var registry = await Registry.EnsureAsync(folder, rpcUrl, keys, Cancel);
        var connection = assembly is null ? await FreshDatabase.CreateAsync(postgres, folder, name) : await FreshDatabase.CreateByAsync(postgres, folder, name, assembly);
        var environment = new Dictionary<string, string?>
        {
            ["Anchoring__Interval"] = "00:00:01",
            ["Anchoring__PollInterval"] = "00:00:00.2",
            ["TrustChain__SequencingInterval"] = "00:00:00.05",
        };
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>())
        {
            environment[key] = value;
        }
        var site = new Site(
            postgres,
            temporary,
            folder,
            new ServerSettings { Folder = folder, Keys = keys, Database = connection, RpcUrl = rpcUrl, Registry = registry.Address.ToString(), Environment = environment, Assembly = assembly },
            registry,
            name,
            servers);
        if (standby is not null)
        {
            site.NameBoth(postgres, standby, "");
        }
        for (var i = 0; i < servers; i++)
        {
            await site.StartServerAsync(i);
        }
        return site;
    }

    /// <summary>Where clients go who do not choose a server: a proxy; null where there is none.</summary>
    public string? Entrance { get; set; }

    /// <summary>Where a client goes: in by the entrance, or to a server where there is none.</summary>
    public string EntranceTo(int server) => Entrance ?? BaseUrl(server);

    public string BaseUrl(int server) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_ports[server]}");

    /// <summary>Name under which a server's sessions are known to the database.</summary>
    public static string SessionName(int server) => string.Create(CultureInfo.InvariantCulture, $"server-{server}");

    /// <summary>The same database on another PostgreSQL.</summary>
    public string DatabaseOn(PostgresProcess postgres) => postgres.ConnectionStringTo(_databaseName);

    /// <summary>The site's database as superuser.</summary>
    public NpgsqlDataSource OpenDatabase() => SharedStack.Open(_postgres, Database);

    /// <summary>Starts all servers anew, with both of these to choose from.</summary>
    /// <param name="one">The primary at present.</param>
    /// <param name="other">Its standby.</param>
    /// <param name="options">More for the connection string.</param>
    public async Task UseBothAsync(PostgresProcess one, PostgresProcess other, string options = "")
    {
        NameBoth(one, other, options);
        for (var i = 0; i < ServerCount; i++)
        {
            await StopAsync(i);
            await StartServerAsync(i);
        }
    }

    /// <summary>Servers that are started from now on anchor nothing any more.</summary>
    public void AnchorNoMore() =>
        _settings = _settings with { Environment = new Dictionary<string, string?>(_settings.Environment) { ["Anchoring__Interval"] = "12:00:00" } };

    /// <summary>Brings the schema up to date with the solution's own server, whatever runs meanwhile.</summary>
    public Task MigrateAsync() => ServerProcess.MigrateAsync(_folder, Database, Cancel);

    /// <summary>Servers that are started from now on are the solution's own, or another version's.</summary>
    public void UseVersion(string? assembly) => _settings = _settings with { Assembly = assembly };

    /// <summary>Starts a server and waits until it is ready.</summary>
    public async Task StartServerAsync(int server)
    {
        File.Delete(CrashFile(server));
        var environment = new Dictionary<string, string?>(_settings.Environment) { ["TRUSTCHAIN_CRASH_AT"] = CrashFile(server) };
        _servers[server] = await ServerProcess.StartAsync(
            _settings with
            {
                Name = SessionName(server),
                Port = _ports[server],
                Environment = environment,
                Database = $"{ServerDatabase ?? Database};Application Name={SessionName(server)}",
            },
            Cancel);
    }

    /// <summary>Starts a server that is not going to be ready, and waits until it answers at all.</summary>
    public async Task<IAsyncDisposable> StartUnreadyAsync(int server)
    {
        var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var starting = ServerProcess.StartAsync(
            _settings with { Name = SessionName(server), Port = _ports[server], Database = Database }, stopping.Token);
        await Eventually.TrueAsync("answer from the started server", async () => await GetStatusAsync(BaseUrl(server) + "/health/live") == 200);
        return new Starting(starting, stopping);
    }

    /// <summary>Has a running server killed when it comes to a step.</summary>
    /// <param name="server">Its number.</param>
    /// <param name="step">Name of the crash point, and after a colon at which pass from now on.</param>
    public void CrashAt(int server, string step)
    {
        File.WriteAllText(CrashFile(server) + ".new", step);
        File.Move(CrashFile(server) + ".new", CrashFile(server));
    }

    /// <summary>Ends a server as a crash would.</summary>
    public async Task KillAsync(int server)
    {
        var process = Running(server);
        LinuxProcess.Send(process.ProcessId, Signal.Kill);
        await WaitUntilKilledAsync(server);
    }

    /// <summary>Waits until a server was killed, by the test or by its own crash point, and fails if it ended in another way.</summary>
    public async Task WaitUntilKilledAsync(int server)
    {
        var process = Running(server);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            Assert.Fail("Within 3 minutes the server did not come to the step at which it was to be killed.");
        }
        Assert.Equal(Killed, process.ExitCode);
        await process.DisposeAsync();
        _servers[server] = null;
    }

    public async Task StopAsync(int server)
    {
        await Running(server).DisposeAsync();
        _servers[server] = null;
    }

    /// <summary>Tells a server to end (SIGTERM), and waits until it has, however long it drains.</summary>
    public async Task EndAsync(int server)
    {
        var process = Running(server);
        LinuxProcess.Send(process.ProcessId, Signal.Terminate);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(Patience);
        await process.WaitForExitAsync(patience.Token);
        Assert.Equal(0, process.ExitCode);
        await process.DisposeAsync();
        _servers[server] = null;
    }

    /// <summary>Halts every thread of a server where it is; returns when none runs any more, which the signal alone does not wait for.</summary>
    public void Halt(int server)
    {
        var process = Running(server).ProcessId;
        LinuxProcess.Send(process, Signal.Stop);
        Assert.True(SpinWait.SpinUntil(() => Directory.GetDirectories($"/proc/{process}/task").All(IsStopped), Patience), $"Server {server} is not halted after {Patience}.");

        // "ID (name) STATE …", where the name may have spaces and brackets.
        static bool IsStopped(string thread)
        {
            try
            {
                var stat = File.ReadAllText(Path.Combine(thread, "stat"));
                return stat[(stat.LastIndexOf(')') + 2)..] is ['T', ..];
            }
            catch (IOException)
            {
                return true; // It ended meanwhile.
            }
        }
    }

    public void Wake(int server) => LinuxProcess.Send(Running(server).ProcessId, Signal.Continue);

    public bool IsRunning(int server) => _servers[server] is not null;

    /// <summary>What a server has written to its log.</summary>
    public async Task<string> ReadLogAsync(int server) => await File.ReadAllTextAsync(_folder.LogFile(SessionName(server)), Cancel);

    /// <summary>Asks; null when nobody answers.</summary>
    public async Task<int?> GetStatusAsync(string url)
    {
        try
        {
            using var answer = await Client.GetAsync(url, Cancel);
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>A new organisation, whose inspections are public; returns its API key.</summary>
    public async Task<string> AddOrganisationAsync(string code) =>
        (await PostAsAdminAsync("/api/organisations", new { id = code, name = code, roles = new[] { "producer" }, template = "tea" })).GetProperty("apiKey").GetString()!; // A created organisation has a key.

    /// <summary>Sends JSON as the deployment's admin; returns the answer, which has to be a success.</summary>
    public async Task<JsonElement> PostAsAdminAsync(string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, BaseUrl(0) + path) { Content = JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(_folder.PathOf("admin.key"), Cancel)).Trim());
        using var answer = await Client.SendAsync(request, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            if (server is not null)
            {
                LinuxProcess.Send(server.ProcessId, Signal.Continue); // A halted one would not hear that it is to stop.
                await server.DisposeAsync();
            }
        }
        Client.Dispose();
        _folder.Dispose();
        _temporary.Dispose();
    }

    private void NameBoth(PostgresProcess one, PostgresProcess other, string options) =>
        ServerDatabase = new NpgsqlConnectionStringBuilder(DatabaseOn(one))
        {
            Host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{one.Port},127.0.0.1:{other.Port}"),
            HostRecheckSeconds = 1,
        } + options;

    private string CrashFile(int server) => _folder.PathOf(string.Create(CultureInfo.InvariantCulture, $"crash-{server}"));

    private ServerProcess Running(int server) => _servers[server] ?? throw new InvalidOperationException($"Server {server} does not run.");

    private sealed class Starting(Task<ServerProcess> starting, CancellationTokenSource stopping) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await stopping.CancelAsync();
            try
            {
                await (await starting).DisposeAsync();
            }
            catch (OperationCanceledException)
            {
                // It never became ready, and the cancellation has stopped it.
            }
            stopping.Dispose();
        }
    }
}
