using System.Diagnostics;
using Npgsql;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Devnet;

namespace TrustChain.FaultTests.Stage;

/// <summary>A PostgreSQL of one test, which may stop it in any way, start it again at the same port, copy its files, and put them back.</summary>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    private readonly TemporaryFolder _temporary = new();
    private readonly DevnetFolder _folder;
    private PostgresProcess? _process;
    private int _port;

    private readonly string? _installation;

    private PrivatePostgres(IReadOnlyDictionary<string, string>? parameters, string? installation = null)
    {
        _installation = installation;
        _folder = DevnetFolder.Open(_temporary.PathOf("stack"));
        Parameters = parameters ?? new Dictionary<string, string>();
    }

    /// <summary>Its settings on top of the defaults.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; }

    public PostgresProcess Process => _process ?? throw new InvalidOperationException("PostgreSQL does not run.");

    /// <summary>Makes one and starts it.</summary>
    /// <param name="parameters">Settings on top of the defaults.</param>
    /// <param name="place">Where its data is to be; null: wherever it can.</param>
    /// <param name="installation">Another PostgreSQL than the packaged one.</param>
    public static async Task<PrivatePostgres> StartAsync(IReadOnlyDictionary<string, string>? parameters = null, string? place = null, string? installation = null)
    {
        var postgres = new PrivatePostgres(parameters, installation);
        if (place is not null)
        {
            postgres._folder.WriteSecret("postgres.path", place + "\n");
        }
        await postgres.StartAgainAsync();
        return postgres;
    }

    /// <summary>Starts one on files that were copied from another.</summary>
    /// <param name="original">Whose password they hold.</param>
    /// <param name="place">Where they are.</param>
    /// <param name="parameters">Settings on top of the defaults.</param>
    public static async Task<PrivatePostgres> StartCopyAsync(PrivatePostgres original, string place, IReadOnlyDictionary<string, string> parameters)
    {
        var postgres = new PrivatePostgres(parameters, original._installation);
        postgres._folder.WriteSecret("postgres.path", place + "\n");
        postgres._folder.WriteSecret("postgres.password", await File.ReadAllTextAsync(original._folder.PathOf("postgres.password"), Site.Cancel));
        await postgres.StartAgainAsync();
        return postgres;
    }

    /// <summary>Starts it on the data and at the port it had before.</summary>
    public async Task StartAgainAsync()
    {
        _process = await PostgresProcess.StartAsync(
            new PostgresSettings { NodeModules = await DevnetPackages.GetAsync(Site.Cancel), Folder = _folder, Port = _port, Parameters = Parameters, Installation = _installation }, Site.Cancel);
        _port = _process.Port;
    }

    /// <summary>Stops it: Interrupt shuts down cleanly, Quit at once, Kill takes the postmaster away without a word.</summary>
    public async Task StopAsync(Signal signal)
    {
        LinuxProcess.Send(Process.ProcessId, signal);
        await Process.WaitForExitAsync(Site.Cancel);
        await Process.DisposeAsync();
        _process = null;
    }

    /// <summary>Starts it again if it has given up by itself.</summary>
    public async Task ReviveAsync()
    {
        if (LinuxProcess.FindIdentity(Process.ProcessId) is null)
        {
            await Process.DisposeAsync();
            await StartAgainAsync();
        }
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(Process.ConnectionString + ";Pooling=false");
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Site.Cancel);
    }

    /// <summary>Copies files with owner and modes; what was at the target before is gone.</summary>
    public static async Task CopyAsync(string from, string to)
    {
        if (Directory.Exists(to))
        {
            Directory.Delete(to, recursive: true);
        }
        using var copy = System.Diagnostics.Process.Start(new ProcessStartInfo(Tools.Get("cp"), ["-a", from, to]))!; // Never null: UseShellExecute is off.
        await copy.WaitForExitAsync(Site.Cancel);
        Assert.Equal(0, copy.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
        _folder.Dispose();
        _temporary.Dispose();
    }
}
