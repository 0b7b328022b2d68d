using System.Runtime.CompilerServices;
using Npgsql;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Devnet;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>
/// Databases with the schema and a first admin. The first one of a PostgreSQL is made by the server program, as an operator makes it; the others are copies of it,
/// since that program takes two seconds of a processor.
/// </summary>
public static class FreshDatabase
{
    private static readonly ConditionalWeakTable<PostgresProcess, Lazy<Task<Template>>> Templates = [];

    private static readonly ConditionalWeakTable<PostgresProcess, NpgsqlDataSource> Maintenance = [];

    private sealed record Template(string Name, string AdminKey);

    /// <summary>Makes a database and writes its admin's API key into the folder.</summary>
    /// <param name="postgres">Where.</param>
    /// <param name="folder">The folder of the server that will use it.</param>
    /// <param name="name">Its name.</param>
    /// <returns>The connection string.</returns>
    public static async Task<string> CreateAsync(PostgresProcess postgres, DevnetFolder folder, string name)
    {
        // Not the cancellation of the test that happens to come first: the others wait for the same one.
        var template = await Templates.GetValue(postgres, static p => new Lazy<Task<Template>>(() => PrepareAsync(p))).Value;
        await ExecuteAsync(postgres, $"create database {name} template {template.Name}", TestContext.Current.CancellationToken);
        folder.WriteSecret("admin.key", template.AdminKey);
        return postgres.ConnectionStringTo(name);
    }

    /// <summary>The same, made by another server program.</summary>
    /// <param name="postgres">Where.</param>
    /// <param name="folder">The folder of the server that will use it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="assembly">Path of the program's assembly.</param>
    public static async Task<string> CreateByAsync(PostgresProcess postgres, DevnetFolder folder, string name, string assembly)
    {
        await ExecuteAsync(postgres, $"create database {name}", TestContext.Current.CancellationToken);
        await ServerProcess.InitialiseAsync(folder, postgres.ConnectionStringTo(name), assembly, TestContext.Current.CancellationToken);
        return postgres.ConnectionStringTo(name);
    }

    private static async Task<Template> PrepareAsync(PostgresProcess postgres)
    {
        var name = $"template_{Guid.NewGuid():N}";
        await ExecuteAsync(postgres, $"create database {name}", CancellationToken.None);
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("template"));
        await ServerProcess.InitialiseAsync(folder, postgres.ConnectionStringTo(name), null, CancellationToken.None);
        return new Template(name, await File.ReadAllTextAsync(folder.PathOf("admin.key")));
    }

    private static async Task ExecuteAsync(PostgresProcess postgres, string sql, CancellationToken cancellationToken)
    {
        await using var command = Maintenance.GetValue(postgres, static p => SharedStack.Open(p, p.ConnectionString)).CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
