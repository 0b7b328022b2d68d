using Npgsql;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Server.Hosting;

/// <summary>Verbs of the server program beside serving: <c>migrate</c> and <c>init --admin ID --name NAME --key-out FILE</c>.</summary>
internal static class OperatorCommands
{
    public static async Task<int> RunAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true).AddEnvironmentVariables().Build();
        if (configuration[$"{ServerOptions.Section}:{nameof(ServerOptions.Database)}"] is not { Length: > 0 } connection)
        {
            await Console.Error.WriteLineAsync("TrustChain:Database is not set (environment variable TrustChain__Database).");
            return 2;
        }
        await using var database = NpgsqlDataSource.Create(connection);
        try
        {
            var applied = await Migrator.ApplyAsync(database, CancellationToken.None);
            Console.WriteLine(applied.Count == 0 ? "The schema is up to date." : $"Applied {string.Join(", ", applied)}.");
            return args is ["init", "--admin", var id, "--name", var name, "--key-out", var path] ? await InitialiseAsync(database, id, name, path)
                : args is ["migrate"] ? 0
                : Usage();
        }
        catch (Exception exception) when (exception is MigrationException or NpgsqlException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    /// <summary>Makes the first admin; refused when the deployment has one already.</summary>
    private static async Task<int> InitialiseAsync(NpgsqlDataSource database, string id, string name, string path)
    {
        var organisations = new OrganisationStore(database, TimeProvider.System);
        if ((await organisations.ListAsync(CancellationToken.None)).Any(static o => o.IsAdmin))
        {
            await Console.Error.WriteLineAsync("There is an admin already.");
            return 1;
        }
        if (await organisations.AddAsync(id, name, [Organisation.Admin], null, CancellationToken.None) is not { } organisation)
        {
            await Console.Error.WriteLineAsync($"There is an organisation \"{id}\" already.");
            return 1;
        }
        var key = await organisations.AddApiKeyAsync(organisation.Id, "first key", CancellationToken.None);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        await using (var file = new StreamWriter(path, options))
        {
            await file.WriteLineAsync(key);
        }
        Console.WriteLine($"Made the organisation {id}; its API key is in {path}.");
        return 0;
    }

    private static int Usage()
    {
        Console.Error.WriteLine("Usage: trustchain-server [migrate | init --admin ID --name NAME --key-out FILE]");
        return 2;
    }
}
