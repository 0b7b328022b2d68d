using System.Runtime.InteropServices;
using TrustChain.Devnet.Serving;

namespace TrustChain.Devnet;

/// <summary>A running devnet. Whatever was started is stopped in reverse order, when this is disposed and when a start fails half-way.</summary>
public sealed class DevnetHost : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _started = new();

    private DevnetHost(DevnetOptions options, DevnetFolder folder)
    {
        Options = options;
        Folder = folder;
    }

    public DevnetOptions Options { get; }

    public DevnetFolder Folder { get; }

    public PostgresProcess Postgres { get; private set; } = null!; // set by StartAsync, the only way to get a host

    public AnvilProcess Anvil { get; private set; } = null!; // set by StartAsync, the only way to get a host

    public OperatorKeys Keys { get; private set; } = null!; // set by StartAsync, the only way to get a host

    public Registry Registry { get; private set; } = null!; // set by StartAsync, the only way to get a host

    public ServerProcess Server { get; private set; } = null!; // set by StartAsync, the only way to get a host

    /// <summary>The admin's API key.</summary>
    public string AdminKey => File.ReadAllText(Folder.PathOf("admin.key")).Trim();

    /// <summary>Starts everything and returns when all of it answers.</summary>
    /// <param name="options">What to start.</param>
    /// <param name="output">Gets lines of progress.</param>
    /// <param name="cancellationToken">Breaks the start off; what was started is stopped before this throws.</param>
    /// <exception cref="DevnetException">Something the caller can put right.</exception>
    public static async Task<DevnetHost> StartAsync(DevnetOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.OSArchitecture != Architecture.X64)
        {
            throw new DevnetException("The devnet runs on Linux x64 only; on another system use a virtual machine or WSL 2.");
        }
        var folder = DevnetFolder.Open(options.DataFolder ?? Repository.PathOf(".devnet"));
        var host = new DevnetHost(options, folder);
        try
        {
            await host.StartPartsAsync(output, cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Completes when a part ends by itself, with a line that says which.</summary>
    public async Task<string> WaitForFailureAsync(CancellationToken cancellationToken)
    {
        var postgres = Postgres.WaitForExitAsync(cancellationToken);
        var anvil = Anvil.WaitForExitAsync(cancellationToken);
        var server = Server.WaitForExitAsync(cancellationToken);
        var ended = await Task.WhenAny(postgres, anvil, server);
        await ended;
        var name = ended == postgres ? "PostgreSQL" : ended == anvil ? "anvil" : "The server";
        return $"{name} ended by itself; its log is in {Path.Combine(Folder.Root, "logs")}.";
    }

    public async ValueTask DisposeAsync()
    {
        while (_started.TryPop(out var part))
        {
            await part.DisposeAsync();
        }
        Folder.Dispose();
    }

    private async Task StartPartsAsync(TextWriter output, CancellationToken cancellationToken)
    {
        await PostgresProcess.EndLeftoverAsync(Folder, cancellationToken);
        await AnvilProcess.EndLeftoverAsync(Folder, cancellationToken);
        await ServerProcess.EndLeftoverAsync(Folder, "server", cancellationToken);
        LocalPort.EnsureFree(Options.HttpPort, "the server", "--http");
        LocalPort.EnsureFree(Options.RpcPort, "the chain", "--rpc");
        LocalPort.EnsureFree(Options.PostgresPort, "PostgreSQL", "--pg");

        var packages = await NodePackages.EnsureAsync(
            Repository.PathOf("devnet"), Folder.PathOf("packages"), PostgresBinaries.CreateLinks, output, cancellationToken);
        await output.WriteLineAsync("Starting PostgreSQL and the chain");
        await Task.WhenAll(StartPostgresAsync(packages, cancellationToken), StartAnvilAsync(packages, cancellationToken));

        Keys = OperatorKeys.Open(Folder);
        Registry = await Registry.EnsureAsync(Folder, Anvil.RpcUrl, Keys, cancellationToken);
        await output.WriteLineAsync("Starting the server");
        await ServerProcess.InitialiseAsync(Folder, Postgres.ConnectionString, null, cancellationToken);
        Server = Started(await ServerProcess.StartAsync(
            new ServerSettings
            {
                Folder = Folder,
                Keys = Keys,
                Database = Postgres.ConnectionString,
                RpcUrl = Anvil.RpcUrl,
                Registry = Registry.Address.ToString(),
                Port = Options.HttpPort,
                PublicUrl = Options.PublicUrl,
                Genesis = Registry.Trust.Genesis,
            },
            cancellationToken));
    }

    /// <summary>Writes <c>devnet.json</c>: from then on other programs may rely on the devnet.</summary>
    /// <param name="organisations">Those made by demos; the admin is added.</param>
    public void Announce(IEnumerable<DevnetOrganisation> organisations) => Folder.WriteDescription(new DevnetDescription
    {
        BaseUrl = Server.BaseUrl,
        RpcUrl = Anvil.RpcUrl,
        ChainId = AnvilProcess.ChainId,
        AnchorRegistry = Registry.Address.ToString(),
        LogPublicKey = Keys.LogVerifier.Text,
        TrustFile = Folder.PathOf("trust.json"),
        Postgres = Postgres.ConnectionString,
        Organisations = [new DevnetOrganisation { Id = "operator", Roles = ["admin"], ApiKey = AdminKey }, .. organisations],
    });

    private async Task StartPostgresAsync(string packages, CancellationToken cancellationToken)
    {
        Postgres = Started(await PostgresProcess.StartAsync(
            new PostgresSettings { NodeModules = packages, Folder = Folder, Port = Options.PostgresPort }, cancellationToken));
    }

    private async Task StartAnvilAsync(string packages, CancellationToken cancellationToken)
    {
        Anvil = Started(await AnvilProcess.StartAsync(
            new AnvilSettings { NodeModules = packages, Folder = Folder, Port = Options.RpcPort, BlockTime = TimeSpan.FromSeconds(Options.Check ? 1 : 4) }, cancellationToken));
    }

    private T Started<T>(T part)
        where T : IAsyncDisposable
    {
        lock (_started)
        {
            _started.Push(part);
        }
        return part;
    }
}
