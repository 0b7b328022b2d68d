using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Npgsql;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Log;
using TrustChain.Server.Commands;
using TrustChain.Server.Doctor;
using TrustChain.Server.Hosting;

namespace TrustChain.IntegrationTests.Installation;

/// <summary>A sound installation without a running server, and doctor looking at it in this process.</summary>
public sealed class DoctorStage(SharedStack stack) : IAsyncLifetime
{
    private readonly TemporaryFolder _temporary = new();
    private DevnetFolder? _folder;

    public string RpcUrl => stack.Anvil.RpcUrl;

    /// <summary>As a superuser.</summary>
    public string Database { get; private set; } = "";

    public OperatorKeys Keys { get; private set; } = null!; // set by InitializeAsync

    public Registry Registry { get; private set; } = null!; // set by InitializeAsync

    public string PathOf(string name) => _temporary.PathOf(name);

    public async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        Database = stack.Postgres.ConnectionStringTo(await CreateDatabaseAsync()) + ";Maximum Pool Size=20";
        await using (var database = NpgsqlDataSource.Create(Database))
        {
            await Migrator.ApplyAsync(database, cancellationToken);
            await new LogStore(database).InitialiseAsync(OperatorKeys.Origin, cancellationToken);
        }
        _folder = DevnetFolder.Open(_temporary.PathOf("keys"));
        Keys = OperatorKeys.Open(_folder);
        Registry = await Registry.EnsureAsync(_folder, RpcUrl, Keys, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        _folder?.Dispose();
        _temporary.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>An empty database on the same PostgreSQL.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"doctor_{Guid.NewGuid():N}";
        await ExecuteAsync(stack.Postgres.ConnectionString, $"create database {name}");
        return name;
    }

    public string ConnectionStringTo(string database) => stack.Postgres.ConnectionStringTo(database) + ";Maximum Pool Size=20";

    public static async Task ExecuteAsync(string connection, string sql)
    {
        await using var database = NpgsqlDataSource.Create(connection + ";Pooling=false");
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>What doctor finds with some settings changed; null takes one away.</summary>
    internal Task<IReadOnlyList<Finding>> ExamineAsync(params (string Key, string? Value)[] changes) => ExamineAsync(null, changes);

    /// <summary>The same, with a configuration file below these settings.</summary>
    internal async Task<IReadOnlyList<Finding>> ExamineAsync(string? file, params (string Key, string? Value)[] changes)
    {
        var settings = new Dictionary<string, string?>
        {
            ["TrustChain:Database"] = Database,
            ["TrustChain:Origin"] = OperatorKeys.Origin,
            ["TrustChain:PublicUrl"] = "https://trace.example.org",
            ["Proxy:TrustedNetworks:0"] = "10.0.0.5",
            ["TrustChain:Operator"] = "Doctor's patient",
            ["TrustChain:LogKeyFile"] = Keys.LogKeyFile,
            ["TrustChain:CustodialKeyFile"] = Keys.CustodialKeyFile,
            ["TrustChain:PassPhraseFile"] = Keys.PassPhraseFile,
            ["Anchoring:RpcUrl"] = RpcUrl,
            ["Anchoring:ChainId"] = AnvilProcess.ChainId.ToString(CultureInfo.InvariantCulture),
            ["Anchoring:Registry"] = Registry.Address.ToString(),
            ["Anchoring:Genesis"] = Registry.Trust.Genesis,
            ["Anchoring:KeystoreFile"] = Keys.PublisherFile,
            ["Anchoring:PassPhraseFile"] = Keys.PassPhraseFile,
        };
        foreach (var (key, value) in changes)
        {
            settings[key] = value;
        }
        foreach (var (key, _) in changes.Where(static c => c.Value is null))
        {
            settings.Remove(key); // Null is a setting too.
        }
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.Sources.Clear();
        if (file is not null)
        {
            builder.Configuration.AddConfigurationFile(file);
        }
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddServerHosting();
        builder.Services.AddAnchoring();
        await using var app = builder.Build();
        return (await DoctorCommand.ExamineAsync(app.Services, app.Configuration, TimeProvider.System, TestContext.Current.CancellationToken)).Findings;
    }
}
