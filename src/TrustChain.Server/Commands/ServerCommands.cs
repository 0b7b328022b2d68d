using System.Diagnostics;
using System.Reflection;
using Npgsql;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Log;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Commands;

/// <summary>Runs the verbs that need no host: all but serving and <c>doctor</c>.</summary>
internal static class ServerCommands
{
    public static async Task<int> RunAsync(ServerCommandLine command)
    {
        try
        {
            return command.Verb switch
            {
                ServerVerb.Migrate or ServerVerb.Init => await OperatorCommands.RunAsync([.. command.Arguments], ServerConfiguration.Build(command.ConfigFile)),
                ServerVerb.Keys => KeysCommand.Run(ServerConfiguration.Build(command.ConfigFile), command.Json, Console.Out, Console.Error),
                ServerVerb.PassPhrase => PassPhraseCommand.Run(command.Arguments, ServerConfiguration.Build(command.ConfigFile), Console.Out, Console.Error),
                ServerVerb.Archive => await ArchiveCommand.RunAsync(command.Arguments, ServerConfiguration.Build(command.ConfigFile)),
                ServerVerb.Erase => await EraseCommand.RunAsync(command.Arguments, ServerConfiguration.Build(command.ConfigFile), Console.Out, Console.Error),
                ServerVerb.Devices => await DevicesCommand.RunAsync(command.Arguments, ServerConfiguration.Build(command.ConfigFile), Console.Out, Console.Error),
                ServerVerb.Health => await AskHealthAsync(command.Arguments[0]),
                ServerVerb.Help => Say(ServerCommandLine.Usage),
                ServerVerb.Version => Say($"trustchain-server {Version}"),
                ServerVerb.Refused => Refuse($"{command.Fault}\n{ServerCommandLine.Usage}"),
                _ => throw new UnreachableException(),
            };
        }
        catch (ConfigurationException exception)
        {
            return Refuse(exception.Message);
        }
    }

    /// <summary>Reads the configuration file into the host, or says why it cannot.</summary>
    public static bool TryConfigure(WebApplicationBuilder builder, ServerCommandLine command)
    {
        try
        {
            builder.Configuration.AddConfigurationFile(command.ConfigFile);
            return true;
        }
        catch (ConfigurationException exception)
        {
            Refuse(exception.Message);
            return false;
        }
    }

    /// <summary>Says every setting that is missing or wrong, one a line. True: there is none.</summary>
    public static bool CheckConfiguration(WebApplication app)
    {
        var faults = ServerConfiguration.FindFaults(app.Services);
        if (faults.Count > 0)
        {
            Refuse("the configuration is not usable:\n" + string.Join('\n', faults.Select(static f => "  " + f)));
        }
        return faults.Count == 0;
    }

    /// <summary>Brings the schema up to date, or says in one line why the database cannot be used.</summary>
    public static async Task<bool> PrepareDatabaseAsync(WebApplication app)
    {
        try
        {
            await app.PrepareDatabaseAsync();
            return true;
        }
        catch (Exception exception) when (exception is MigrationException or WrongLogException or NpgsqlException)
        {
            await Console.Error.WriteLineAsync($"trustchain-server: the database is not usable: {exception.Message} (trustchain-server doctor says more)");
            return false;
        }
    }

    private static async Task<int> AskHealthAsync(string server)
    {
        if (!Uri.TryCreate(server.TrimEnd('/') + "/health/ready", UriKind.Absolute, out var url))
        {
            return Refuse($"\"{server}\" is no address.");
        }
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(4) };
        try
        {
            using var answer = await client.GetAsync(url);
            Console.WriteLine(await answer.Content.ReadAsStringAsync());
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            Console.WriteLine($"no answer: {exception.Message}");
            return 1;
        }
    }

    private static string Version =>
        typeof(ServerCommands).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    private static int Say(string text)
    {
        Console.WriteLine(text);
        return 0;
    }

    private static int Refuse(string text)
    {
        Console.Error.WriteLine($"trustchain-server: {text}");
        return 2;
    }
}
