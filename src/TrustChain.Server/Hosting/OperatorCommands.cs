using Npgsql;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Organisations;
using TrustChain.Postgres.Partitions;
using TrustChain.Server.Partitions;

namespace TrustChain.Server.Hosting;

/// <summary>Verbs of the server program beside serving: <c>migrate</c> and <c>init --admin ID --name NAME --key-out FILE</c>.</summary>
internal static class OperatorCommands
{
    private static readonly TimeSpan InvitationLifetime = TimeSpan.FromDays(1);

    public static async Task<int> RunAsync(string[] args, IConfiguration configuration)
    {
        var options = configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
        if (ServerOptionsValidator.FindFaultOfDatabase(options) is { } fault)
        {
            await Console.Error.WriteLineAsync(fault);
            return 2;
        }
        var connection = options.ConnectionString;
        await using var database = NpgsqlDataSource.Create(connection);
        try
        {
            var applied = await Migrator.ApplyAsync(database, CancellationToken.None);
            await new PartitionStore(database, (configuration.GetSection(StorageOptions.Section).Get<StorageOptions>() ?? new StorageOptions()).Plan).EnsureAsync(CancellationToken.None);
            Console.WriteLine(applied.Count == 0 ? "The schema is up to date." : $"Applied {string.Join(", ", applied)}.");
            return args is ["init", "--admin", var id, "--name", var name, "--key-out", var path] ? await InitialiseAsync(database, options.PublicUrl, id, name, path)
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
    private static async Task<int> InitialiseAsync(NpgsqlDataSource database, string publicUrl, string id, string name, string path)
    {
        var organisations = new OrganisationStore(database, TimeProvider.System);
        if ((await organisations.ListAsync(CancellationToken.None)).Any(static o => o.IsAdmin))
        {
            await Console.Error.WriteLineAsync("There is an admin already.");
            return 1;
        }
        var (keys, members, audit) = (new ApiKeyStore(database, TimeProvider.System), new MemberStore(database, TimeProvider.System), new AuditStore(database, TimeProvider.System));
        Organisation? organisation = null;
        NewInvitation? invitation = null;
        var key = await audit.DoAsync(
            async connection =>
            {
                organisation = await organisations.AddAsync(connection, id, name, [Organisation.Admin], null, CancellationToken.None);
                if (organisation is null)
                {
                    return null;
                }
                invitation = await members.InviteAsync(connection, organisation.Id, OrganisationRole.Admin, "first admin", "operator", InvitationLifetime, CancellationToken.None);
                return await keys.AddAsync(connection, organisation.Id, "first key", OrganisationRole.Admin, null, "operator", CancellationToken.None);
            },
            _ => new AuditAct(organisation!.Id, "operator", "organisation-added", id, ""), // It was made, else there is no key.
            CancellationToken.None);
        if (key is null)
        {
            await Console.Error.WriteLineAsync($"There is an organisation \"{id}\" already.");
            return 1;
        }
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        await using (var file = new StreamWriter(path, options))
        {
            await file.WriteLineAsync(key.Key);
        }
        Console.WriteLine($"Made the organisation {id}; its API key is in {path}.");
        Console.WriteLine($"To make the first admin's account, open {publicUrl}/account/join?token={invitation!.Token} within a day; the link works once."); // Made with the key.
        return 0;
    }

    private static int Usage()
    {
        Console.Error.WriteLine(Commands.ServerCommandLine.Usage);
        return 2;
    }
}
