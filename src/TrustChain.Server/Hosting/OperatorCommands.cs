using Npgsql;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Organisations;
using TrustChain.Postgres.Partitions;
using TrustChain.Server.Partitions;

namespace TrustChain.Server.Hosting;

/// <summary>Verbs of the server program that work on its database alone: <c>migrate</c>, <c>init --admin ID --name NAME --key-out FILE</c> and <c>invite --organisation ID --role ROLE</c>.</summary>
internal static class OperatorCommands
{
    private static readonly TimeSpan InvitationLifetime = TimeSpan.FromDays(1);

    public static async Task<int> RunAsync(string[] args, IConfiguration configuration)
    {
        if (args is not (["init", "--admin", _, "--name", _, "--key-out", _] or ["invite", "--organisation", _, "--role", "viewer" or "operator" or "admin"] or ["migrate"]))
        {
            return Usage();
        }
        var options = configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
        if (ServerOptionsValidator.FindFaultOfDatabase(options) is { } fault)
        {
            await Console.Error.WriteLineAsync(fault);
            return 2;
        }
        await using var database = DatabaseSources.CreatePrimary(options.ConnectionString);
        try
        {
            var applied = await Migrator.ApplyAsync(database, CancellationToken.None);
            await new PartitionStore(database, (configuration.GetSection(StorageOptions.Section).Get<StorageOptions>() ?? new StorageOptions()).Plan).EnsureAsync(CancellationToken.None);
            Console.WriteLine(applied.Count == 0 ? "The schema is up to date." : $"Applied {string.Join(", ", applied)}.");
            return args switch
            {
                ["init", _, var id, _, var name, _, var path] => await InitialiseAsync(database, options.PublicUrl, id, name, path),
                ["invite", _, var organisation, _, var role] => await InviteAsync(database, options.PublicUrl, organisation, Enum.Parse<OrganisationRole>(role, ignoreCase: true)),
                _ => 0,
            };
        }
        catch (Exception exception) when (exception is MigrationException or NpgsqlException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    /// <summary>Makes the first admin; refused when the deployment has one already.</summary>
    private static async Task<int> InitialiseAsync(NpgsqlDataSource database, string publicUrl, string id, string name, string path)
    {
        var organisations = new OrganisationStore(database, TimeProvider.System);
        if (await organisations.HasAdminAsync(CancellationToken.None))
        {
            await Console.Error.WriteLineAsync("There is an admin already.");
            return 1;
        }
        // First of all, so that no key is made that could not be handed out: where the file is there already or cannot be written, nothing has happened.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        await using var file = new StreamWriter(path, options);
        var isMade = false;
        try
        {
            if (await MakeAdminAsync(database, organisations, id, name) is not (var key, var token))
            {
                await Console.Error.WriteLineAsync($"There is an organisation \"{id}\" already.");
                return 1;
            }
            await file.WriteLineAsync(key);
            await file.FlushAsync();
            isMade = true;
            Console.WriteLine($"Made the organisation {id}; its API key is in {path}.");
            Console.WriteLine($"To make the first admin's account, open {publicUrl}/account/join?token={token} within a day; the link works once.");
            return 0;
        }
        finally
        {
            if (!isMade)
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Organisation, API key and invitation at once; null where there is an organisation of this name.</summary>
    private static async Task<(string Key, string Token)?> MakeAdminAsync(NpgsqlDataSource database, OrganisationStore organisations, string id, string name)
    {
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
        return key is null ? null : (key.Key, invitation!.Token); // Made with the key.
    }

    /// <summary>Makes an invitation: whoever runs this program has the database, and so is more than any admin.</summary>
    private static async Task<int> InviteAsync(NpgsqlDataSource database, string publicUrl, string id, OrganisationRole role)
    {
        if (await new OrganisationStore(database, TimeProvider.System).FindAsync(id, CancellationToken.None) is not { } organisation)
        {
            await Console.Error.WriteLineAsync($"There is no organisation \"{id}\".");
            return 1;
        }
        var members = new MemberStore(database, TimeProvider.System);
        var invitation = await new AuditStore(database, TimeProvider.System).DoAsync(
            connection => members.InviteAsync(connection, organisation.Id, role, "by the operator", "operator", InvitationLifetime, CancellationToken.None),
            _ => new AuditAct(organisation.Id, "operator", "member-invited", role.ToString().ToLowerInvariant(), ""),
            CancellationToken.None);
        Console.WriteLine($"To join {organisation.Name}, open {publicUrl}/account/join?token={invitation!.Token} within a day; the link works once."); // An invitation for an organisation that is there is made.
        return 0;
    }

    private static int Usage()
    {
        Console.Error.WriteLine(Commands.ServerCommandLine.Usage);
        return 2;
    }
}
