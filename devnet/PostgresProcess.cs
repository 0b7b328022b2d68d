using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TrustChain.Devnet;

/// <summary>How to run PostgreSQL.</summary>
public sealed record PostgresSettings
{
    /// <summary>The <c>node_modules</c> folder that holds its programs.</summary>
    public required string NodeModules { get; init; }

    /// <summary>The folder above the <c>bin</c> of another PostgreSQL, 15 or newer, to run instead of the one in <see cref="NodeModules"/>; null: that one.</summary>
    public string? Installation { get; init; }

    /// <summary>The devnet's folder; the data lies in it and is kept.</summary>
    public required DevnetFolder Folder { get; init; }

    /// <summary>Port on 127.0.0.1; 0 = any free port.</summary>
    public int Port { get; init; }

    /// <summary>Server settings on top of the defaults, as in <c>postgresql.conf</c>.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>As root: where to put what user nobody must reach when the repository or the data folder is private.</summary>
    public PublicFolder PublicFolder { get; init; } = PublicFolder.Default;
}

/// <summary>
/// PostgreSQL on 127.0.0.1 with a password of its own, since other users may share the loopback interface. As root it runs as user nobody.
/// Commits are flushed to disk as in production.
/// </summary>
public sealed class PostgresProcess : IAsyncDisposable
{
    public const string Database = "trustchain";
    public const string User = "postgres";
    private const string LogName = "postgres";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private readonly ChildProcess _child;
    private readonly string _password;

    private PostgresProcess(ChildProcess child, int port, string password, PostgresData data)
    {
        _child = child;
        _password = password;
        Port = port;
        DataFolder = data.Path;
    }

    public int Port { get; }

    public int ProcessId => _child.Id;

    /// <summary>Where PostgreSQL keeps its files.</summary>
    public string DataFolder { get; }

    /// <summary>Npgsql connection string of the database <see cref="Database"/>, as superuser.</summary>
    public string ConnectionString => ConnectionStringTo(Database);

    public string ConnectionStringTo(string database) =>
        string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Username={User};Password={_password};Database={database}");

    /// <summary>Starts it, creating the data on first use, and waits until it answers.</summary>
    /// <exception cref="DevnetException">It could not start; the message has PostgreSQL's own reason.</exception>
    public static async Task<PostgresProcess> StartAsync(PostgresSettings settings, CancellationToken cancellationToken)
    {
        await EndLeftoverAsync(settings.Folder, cancellationToken);
        var binaries = settings.Installation is { } installation
            ? PostgresBinaries.In(installation)
            : await PostgresBinaries.FindAsync(settings.NodeModules, settings.Folder, settings.PublicFolder, cancellationToken);
        var data = await PostgresData.OpenAsync(settings.Folder, settings.PublicFolder, binaries, cancellationToken);
        // A free port may be taken by somebody else between finding and using it.
        for (var attemptsLeft = settings.Port == 0 ? 3 : 1; ; attemptsLeft--)
        {
            var port = settings.Port == 0 ? LocalPort.FindFree() : settings.Port;
            var child = await ChildProcess.StartAsync(Describe(settings, binaries, data, port), cancellationToken);
            try
            {
                if (await IsReadyAsync(child, data, port, cancellationToken))
                {
                    return new PostgresProcess(child, port, data.Password, data);
                }
                if (attemptsLeft == 1)
                {
                    throw new DevnetException($"PostgreSQL did not start: {child.ReadReason("FATAL:", "ERROR:")} (log: {settings.Folder.LogFile(LogName)}).");
                }
            }
            catch
            {
                await child.DisposeAsync();
                throw;
            }
            await child.DisposeAsync();
        }
    }

    /// <summary>Stops one that an earlier starter left behind on this folder, so that its port is free again.</summary>
    public static Task EndLeftoverAsync(DevnetFolder folder, CancellationToken cancellationToken) =>
        PostgresData.EndLeftoverAsync(folder, cancellationToken);

    /// <summary>Completes when it ends, wanted or not.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => _child.WaitForExitAsync(cancellationToken);

    public ValueTask DisposeAsync() => _child.DisposeAsync();

    private static ChildCommand Describe(PostgresSettings settings, PostgresBinaries binaries, PostgresData data, int port)
    {
        var parameters = new Dictionary<string, string>
        {
            ["listen_addresses"] = "127.0.0.1",
            ["port"] = port.ToString(CultureInfo.InvariantCulture),
            // No socket file: its path would be limited to 107 bytes, and nothing here needs it.
            ["unix_socket_directories"] = "",
            ["fsync"] = "on",
        };
        foreach (var (name, value) in settings.Parameters)
        {
            parameters[name] = value;
        }
        return data.Command("PostgreSQL", binaries.Postgres, settings.Folder.LogFile(LogName)) with
        {
            Arguments = ["-D", data.Path, .. parameters.SelectMany(parameter => (string[])["-c", $"{parameter.Key}={parameter.Value}"])],
            PidFile = settings.Folder.PidFile(LogName),
            // "Fast" breaks off transactions and shuts down cleanly; "immediate" leaves recovery to the next start.
            StopSignals = [Signal.Interrupt, Signal.Quit],
        };
    }

    /// <summary>False: it ended instead.</summary>
    private static async Task<bool> IsReadyAsync(ChildProcess child, PostgresData data, int port, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (!child.HasExited)
        {
            if (data.IsReady(child.Id) && await AnswersAsync(port, cancellationToken))
            {
                return true;
            }
            if (clock.Elapsed > StartTimeout)
            {
                throw new DevnetException(string.Create(
                    CultureInfo.InvariantCulture, $"PostgreSQL was not ready within {StartTimeout.TotalSeconds} s; its last line: {child.ReadReason()}"));
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        }
        return false;
    }

    /// <summary>Asks for encryption as every client does (PostgreSQL protocol, SSLRequest); the server's answer is one byte, here no.</summary>
    private static async Task<bool> AnswersAsync(int port, CancellationToken cancellationToken)
    {
        byte[] sslRequest = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];
        var answer = new byte[1];
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
            await socket.SendAsync(sslRequest, cancellationToken);
            return await socket.ReceiveAsync(answer, cancellationToken) == 1 && answer[0] == (byte)'N';
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
