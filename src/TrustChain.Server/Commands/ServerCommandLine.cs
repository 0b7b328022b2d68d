using System.Text.RegularExpressions;

namespace TrustChain.Server.Commands;

/// <summary>What the program is asked to do.</summary>
internal enum ServerVerb
{
    Serve,
    Migrate,
    Init,
    Keys,
    PassPhrase,
    Doctor,
    Health,
    Archive,
    Erase,
    Devices,
    Help,
    Version,
    Refused,
}

/// <summary>The command line, read: one verb, the configuration file, and what belongs to the verb.</summary>
internal sealed partial record ServerCommandLine
{
    public const string Usage = """
        Usage: trustchain-server [VERB] [--config FILE] [OPTION...]
          serve [--NAME=VALUE...]
                            run the server (the default); settings may be given on top, such as --urls=http://127.0.0.1:8080
          keys [--json]     make the operator's key files that are missing, and say the public halves
          pass-phrase [--new FILE] [--of FILE]
                            encrypt the key files under another pass phrase: the one line of FILE, or a random one; --of: that of another
                            pass phrase file than TrustChain:PassPhraseFile. Servers may run; a run that was broken off is ended by the next
          migrate           bring the database's schema up to date
          init --admin ID --name NAME --key-out FILE
                            make the first organisation with the role admin; its API key goes to a new file
          invite --organisation ID --role viewer|operator|admin
                            make a link, good once and for a day, for a person who joins the organisation: also for an admin who can no longer sign in
          doctor [--json]   check configuration, keys, database, chain, contract, clock and disk; changes nothing
          archive list [--json] | export NUMBER --out FILE [--location TEXT] | drop NUMBER --file FILE | restore FILE
                            take the content of a full partition out to a file, and bring it back (docs/operations.md)
          erase INDEX --reason TEXT [--whole-statement]
                            take the content of the record at this place of the log away for good; digests and proofs stay (docs/operations.md)
          devices recompute [--device ID] [--from DAY] [--to DAY] [--summaries]
                            have days of devices computed again by the running servers, after a rule changed (docs/operations.md)
          health URL        ask a running server whether it is ready (for container engines)
          --help, --version
        The configuration is FILE, else /etc/trustchain/trustchain.json where it exists, over appsettings.json beside the program;
        environment variables (TrustChain__Database) are over all of them.
        Exit codes: 0 done, 1 it failed or a fault was found, 2 wrong usage or configuration.
        """;

    public required ServerVerb Verb { get; init; }

    /// <summary>Path given with <c>--config</c>; null: the default.</summary>
    public string? ConfigFile { get; init; }

    public bool Json { get; init; }

    /// <summary>The verb and its arguments without <c>--config</c>; for <see cref="ServerVerb.Serve"/> only the settings on top.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>With <see cref="ServerVerb.Refused"/>: what is wrong.</summary>
    public string Fault { get; init; } = "";

    public static ServerCommandLine Parse(IReadOnlyList<string> args)
    {
        var rest = new List<string>();
        string? config = null;
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i] == "--config" && i + 1 < args.Count)
            {
                config = args[++i];
            }
            else if (args[i].StartsWith("--config=", StringComparison.Ordinal))
            {
                config = args[i]["--config=".Length..];
            }
            else
            {
                rest.Add(args[i]);
            }
        }
        return config is "" || rest.Contains("--config") ? Refuse("--config needs the path of a file.") : ParseVerb(rest) with { ConfigFile = config };
    }

    private static ServerCommandLine ParseVerb(List<string> rest) => rest switch
    {
        [] => new() { Verb = ServerVerb.Serve },
        ["--help" or "-h" or "help", ..] => new() { Verb = ServerVerb.Help },
        ["--version"] => new() { Verb = ServerVerb.Version },
        ["serve", .. var settings] => ParseServe(settings),
        [['-', '-', ..], ..] => ParseServe(rest),
        ["migrate"] => new() { Verb = ServerVerb.Migrate, Arguments = rest },
        ["init" or "invite", ..] => new() { Verb = ServerVerb.Init, Arguments = rest },
        ["keys"] or ["keys", "--json"] => new() { Verb = ServerVerb.Keys, Json = rest.Count > 1 },
        ["pass-phrase", ..] => PassPhraseCommand.IsUsed(rest) ? new() { Verb = ServerVerb.PassPhrase, Arguments = rest } : Refuse("pass-phrase takes --new FILE and --of FILE; a pass phrase itself is never an argument."),
        ["doctor"] or ["doctor", "--json"] => new() { Verb = ServerVerb.Doctor, Json = rest.Count > 1 },
        ["health", ['h', 't', 't', 'p', ..]] => new() { Verb = ServerVerb.Health, Arguments = [rest[1]] },
        ["archive", ..] => ArchiveCommand.IsUsed(rest) ? new() { Verb = ServerVerb.Archive, Arguments = rest } : Refuse("archive needs what to do: list, export, drop or restore."),
        ["erase", ..] => EraseCommand.IsUsed(rest) ? new() { Verb = ServerVerb.Erase, Arguments = rest } : Refuse("erase needs the index of an entry and --reason TEXT of at most 500 characters."),
        ["devices", ..] => DevicesCommand.Parse(rest) is not null
            ? new() { Verb = ServerVerb.Devices, Arguments = rest }
            : Refuse("devices needs what to do: recompute, with --device ID, --from DAY, --to DAY and --summaries as wanted; a day is such as 2026-04-05."),
        ["health", ..] => Refuse("health needs the address of the server, such as http://127.0.0.1:8080."),
        ["migrate" or "keys" or "doctor", .. var others] => Refuse($"\"{others[^1]}\" is not expected after {rest[0]}."),
        [var unknown, ..] => Refuse($"\"{unknown}\" is not a verb."),
    };

    private static ServerCommandLine ParseServe(IReadOnlyList<string> settings) =>
        settings.FirstOrDefault(static s => !Setting().IsMatch(s)) is { } wrong
            ? Refuse($"\"{wrong}\" is neither a verb nor a setting of the form --NAME=VALUE.")
            : new() { Verb = ServerVerb.Serve, Arguments = settings };

    private static ServerCommandLine Refuse(string fault) => new() { Verb = ServerVerb.Refused, Fault = fault };

    [GeneratedRegex("^--[A-Za-z][A-Za-z0-9:_.-]*=")]
    private static partial Regex Setting();
}
