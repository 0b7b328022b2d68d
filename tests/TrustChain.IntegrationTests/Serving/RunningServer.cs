using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Log;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Devnet;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>The built server as a process on a database, keys and a contract of its own.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private static int _companies = 2_000; // GS1's examples have company prefixes that begin with 9521, and those of "trustchain bench" begin with 9529.

    private readonly TemporaryFolder _temporary;
    private readonly DevnetFolder _folder;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(30) };
    private readonly ServerSettings _settings;
    private CancellationTokenSource? _stopping;
    private Task<ServerProcess>? _starting;

    private RunningServer(NpgsqlDataSource database, OperatorKeys keys, Registry registry, DevnetFolder folder, TemporaryFolder temporary, ServerSettings settings)
    {
        (Database, Keys, Registry, _folder, _temporary, _settings) = (database, keys, registry, folder, temporary, settings);
    }

    /// <summary>The server's own database, as superuser.</summary>
    public NpgsqlDataSource Database { get; }

    /// <summary>Of its database, with the password.</summary>
    public string ConnectionString => _settings.Database;

    public OperatorKeys Keys { get; }

    public Registry Registry { get; }

    public string RpcUrl => _settings.RpcUrl;

    public string BaseUrl => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_settings.Port}");

    /// <summary>Settings on top, as environment variables; a change counts from the next start on.</summary>
    public Dictionary<string, string?> Environment { get; private init; } = [];

    /// <summary>What it writes to its console.</summary>
    public string LogFile => _folder.LogFile(_settings.Name);

    public string AdminKey => File.ReadAllText(_folder.PathOf("admin.key")).Trim();

    /// <summary>Starts a server with a fresh log.</summary>
    /// <param name="postgres">Where its database is made.</param>
    /// <param name="anvil">Where its contract is deployed.</param>
    /// <param name="settings">Settings on top, as environment variables.</param>
    /// <param name="assembly">Path of the server's program; null for the one that was built.</param>
    public static async Task<RunningServer> StartAsync(PostgresProcess postgres, AnvilProcess anvil, IReadOnlyDictionary<string, string?>? settings = null, string? assembly = null)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var name = $"test_{Guid.NewGuid():N}";
        var temporary = new TemporaryFolder();
        var folder = DevnetFolder.Open(temporary.PathOf("server"));
        var keys = OperatorKeys.Open(folder);
        var registry = await Registry.EnsureAsync(folder, anvil.RpcUrl, keys, cancellationToken);
        var connection = await FreshDatabase.CreateAsync(postgres, folder, name);
        var environment = new Dictionary<string, string?>
        {
            ["Anchoring__Interval"] = "00:00:01",
            ["Anchoring__PollInterval"] = "00:00:00.2",
            ["TrustChain__SequencingInterval"] = "00:00:00.1",
        };
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>())
        {
            environment[key] = value;
        }
        var server = new RunningServer(SharedStack.Open(postgres, connection), keys, registry, folder, temporary, new ServerSettings
        {
            Folder = folder,
            Keys = keys,
            Database = connection,
            RpcUrl = anvil.RpcUrl,
            Registry = registry.Address.ToString(),
            Port = LocalPort.FindFree(),
            Environment = environment,
            Assembly = assembly,
        })
        {
            Environment = environment,
        };
        await server.StartAgainAsync();
        return server;
    }

    public async Task StopAsync()
    {
        if (_starting is null || _stopping is null)
        {
            return;
        }
        await _stopping.CancelAsync();
        try
        {
            await (await _starting).DisposeAsync();
        }
        catch (Exception exception) when (exception is OperationCanceledException or DevnetException)
        {
            // It never became ready, and is stopped by the cancellation or ended by itself.
        }
        _stopping.Dispose();
        (_starting, _stopping) = (null, null);
    }

    /// <summary>Ends the process at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        var process = await _starting!; // Only a running server can be killed.
        LinuxProcess.Send(process.ProcessId, Signal.Kill);
        await WaitUntilKilledAsync();
    }

    /// <summary>Waits until the process was killed, by the test or by its own crash point.</summary>
    public async Task WaitUntilKilledAsync()
    {
        var process = await _starting!; // Only a running server can be killed.
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(128 + (int)Signal.Kill, process.ExitCode);
        await StopAsync();
    }

    public async Task StartAgainAsync()
    {
        Start();
        await _starting!; // Set by Start.
    }

    /// <summary>Starts it and returns as soon as it answers at all, ready or not.</summary>
    public async Task StartUnreadyAsync()
    {
        Start();
        await Eventually.TrueAsync("answer from the started server", async () =>
        {
            try
            {
                return (await GetAsync("/health/live")).Status == 200;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    private void Start()
    {
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        _starting = ServerProcess.StartAsync(_settings, _stopping.Token);
    }

    /// <summary>What doctor says to the present settings, each line as "level check: text -> mend".</summary>
    public async Task<IReadOnlyList<string>> ExamineAsync()
    {
        using var report = JsonDocument.Parse(await ServerProcess.ExamineAsync(_settings, TestContext.Current.CancellationToken));
        return [.. report.RootElement.GetProperty("findings").EnumerateArray().Select(static f =>
            $"{f.GetProperty("level").GetString()} {f.GetProperty("check").GetString()}: {f.GetProperty("text").GetString()} -> {f.GetProperty("mend").GetString()}")];
    }

    /// <summary>A second server of the same log on the same database.</summary>
    public Task<ServerProcess> StartTwinAsync() =>
        ServerProcess.StartAsync(_settings with { Name = "twin", Port = LocalPort.FindFree() }, TestContext.Current.CancellationToken);

    /// <summary>Runs the server's program with its settings and another verb.</summary>
    public async Task<(int ExitCode, string Output)> RunVerbAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [ServerProcess.PathOf("TrustChain.Server", "trustchain-server"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in ServerProcess.Environment(_settings, BaseUrl).Concat(Environment).Concat(environment ?? new Dictionary<string, string?>()))
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!; // A program that cannot be started throws.
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>All routes that it serves, from a second server of the same log that runs within this process.</summary>
    public async Task<IReadOnlyList<ServedRoute>> ListRoutesAsync()
    {
        var settings = ServerProcess.Environment(_settings, BaseUrl);
        foreach (var (name, value) in Environment)
        {
            settings[name] = value;
        }
        return await ServedRoute.ListAsync(settings.ToDictionary(static s => s.Key.Replace("__", ":", StringComparison.Ordinal), static s => s.Value));
    }

    /// <summary>The most memory the server's process ever had, in bytes.</summary>
    public Task<long> GetPeakWorkingSetAsync() => GetStatusAsync("VmHWM:");

    /// <summary>The memory that the server's process has, in bytes.</summary>
    public Task<long> GetWorkingSetAsync() => GetStatusAsync("VmRSS:");

    private async Task<long> GetStatusAsync(string name)
    {
        var process = await _starting!; // Only a running server has memory.
        var line = File.ReadLines($"/proc/{process.ProcessId}/status").Single(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) << 10;
    }

    public async Task<Answer> SendAsync(
        HttpMethod method,
        string path,
        string? apiKey = null,
        HttpContent? content = null,
        string? accept = null,
        string? baseUrl = null,
        IReadOnlyList<(string Name, string Value)>? headers = null)
    {
        using var request = new HttpRequestMessage(method, (baseUrl ?? BaseUrl) + path) { Content = content };
        if (apiKey is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }
        foreach (var (name, value) in headers ?? [])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.FromAsync(response);
    }

    public Task<Answer> GetAsync(string path, string? apiKey = null, string? accept = null) => SendAsync(HttpMethod.Get, path, apiKey, accept: accept);

    /// <summary>All of a list that is answered in pages.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="member">The member of the answer that has the list.</param>
    /// <param name="apiKey">Who asks.</param>
    /// <param name="cursor">The parameter that takes what the answer says as <c>next</c>.</param>
    public async Task<IReadOnlyList<JsonElement>> ListAsync(string path, string member, string? apiKey, string cursor = "after")
    {
        var (list, address) = (new List<JsonElement>(), path);
        while (true)
        {
            var page = (await GetAsync(address, apiKey)).Expect(200).Json;
            list.AddRange(page.GetProperty(member).EnumerateArray());
            if (page.GetProperty("next") is not { ValueKind: not JsonValueKind.Null } next)
            {
                return list;
            }
            address = $"{path}?{cursor}={Uri.EscapeDataString(next.ToString())}";
        }
    }

    public Task<Answer> PostAsync(string path, object body, string? apiKey) => SendAsync(HttpMethod.Post, path, apiKey, JsonContent.Create(body));

    /// <summary>What the operator may do.</summary>
    public Task<Answer> PostAsAdminAsync(string path, object body) => PostAsync(path, body, AdminKey);

    /// <summary>A new organisation with a company prefix of its own, claimed and, unless told otherwise, verified.</summary>
    public async Task<TestOrganisation> AddOrganisationAsync(string? template = null, bool claims = true, bool verified = true)
    {
        var number = Interlocked.Increment(ref _companies);
        var prefix = string.Create(CultureInfo.InvariantCulture, $"952{number:0000}");
        var id = string.Create(CultureInfo.InvariantCulture, $"company-{number}");
        var added = await PostAsAdminAsync("/api/organisations", new { id, name = $"Company {number}", roles = new[] { "producer" }, template });
        Assert.Equal(201, added.Status);
        var organisation = new TestOrganisation(this, id, added.Text("apiKey"), prefix);
        if (claims)
        {
            var claim = await PostAsync("/api/claims", new { kind = "gcp", value = prefix }, organisation.ApiKey);
            Assert.Equal(201, claim.Status);
            if (verified)
            {
                Assert.Equal(200, (await PostAsAdminAsync($"/api/claims/{claim.Json.GetProperty("id").GetInt32()}/verify", new { })).Status);
            }
        }
        return organisation;
    }

    /// <summary>Everything that was ever stored or is on its way into the log, counted in one snapshot.</summary>
    public async Task<StoredCounts> CountAsync()
    {
        const string Sql = """
            select (select size from log_state) + (select count(*) from log_queue), (select count(*) from statement), (select count(*) from record)
            """;
        await using var command = Database.CreateCommand(Sql);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        Assert.True(await reader.ReadAsync(TestContext.Current.CancellationToken));
        return new StoredCounts(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    /// <summary>The newest checkpoint, its signature checked; null while there is none.</summary>
    public async Task<Checkpoint?> FindCheckpointAsync()
    {
        var answer = await GetAsync("/log/checkpoint");
        if (answer.Status == 404)
        {
            return null;
        }
        Assert.Equal(200, answer.Status);
        Assert.True(SignedNote.TryParse(answer.Body, out var note));
        Assert.Equal(Core.Signing.SignatureCheck.Valid, note.Verify(Keys.LogVerifier));
        Assert.True(Checkpoint.TryParse(note.Text, out var checkpoint));
        Assert.Equal(OperatorKeys.Origin, checkpoint.Origin);
        return checkpoint;
    }

    /// <summary>A checkpoint that covers all that is stored now.</summary>
    public async Task<Checkpoint> GetCoveringCheckpointAsync()
    {
        var (entries, _, _) = await CountAsync();
        return await Eventually.GetAsync($"checkpoint of {entries} entries", async () => await FindCheckpointAsync() is { } checkpoint && checkpoint.Size >= entries ? checkpoint : null);
    }

    /// <summary>The newest final anchor of at least this size, as the server lists it, once evidence names it too: that follows a moment after the list.</summary>
    public async Task<JsonElement> GetFinalAnchorAsync(long size)
    {
        var anchor = await GetFinalAnchorAsync(size, "final");
        await Eventually.TrueAsync($"evidence under an anchor of {size} entries", async () => await GetMetricAsync("trustchain_log_anchor_size") >= size);
        return anchor;
    }

    /// <summary>A gauge without labels.</summary>
    public async Task<double> GetMetricAsync(string name)
    {
        var text = (await GetAsync("/metrics")).Expect(200).Body;
        var line = text.Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal) && l[name.Length] is ' ' or '{' or '_')
            ?? throw new InvalidOperationException($"There is no metric {name} in:\n{text}");
        return double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private async Task<JsonElement> GetFinalAnchorAsync(long size, string state) => (JsonElement)await Eventually.GetAsync<object>($"{state} anchor of {size} entries", async () =>
    {
        foreach (var anchor in (await GetAsync("/log/anchors")).Json.GetProperty("anchors").EnumerateArray())
        {
            if (anchor.GetProperty("state").GetString() == state && anchor.GetProperty("size").GetInt64() >= size)
            {
                return anchor;
            }
        }
        return null;
    });

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
        await Database.DisposeAsync();
        _folder.Dispose();
        _temporary.Dispose();
    }

    /// <summary>A GTIN-14 of a company prefix of seven digits.</summary>
    public static string Gtin(string prefix, int item = 1)
    {
        var digits = string.Create(CultureInfo.InvariantCulture, $"0{prefix}{item:00000}");
        return digits + CheckDigit.Compute(digits);
    }
}

/// <summary>How much is stored.</summary>
internal sealed record StoredCounts(long Entries, long Statements, long Records);
