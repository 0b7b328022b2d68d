using System.CommandLine;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.Cli.Contracts;

/// <summary><c>contracts deploy</c> makes the contract that a new log is anchored in; <c>name-publisher</c> and <c>accept-publisher</c> change who may anchor.</summary>
internal static class ContractsCommands
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("contracts", "Makes the contract that a log is anchored in, and changes who may anchor there.")
    {
        Deploy(shell),
        NamePublisher(shell),
        AcceptPublisher(shell),
    };

    private static Command Deploy(Shell shell)
    {
        var origin = new Option<string>("--origin") { Description = "The log's name, as in TrustChain:Origin. It is fixed in the contract for good.", HelpName = "NAME", Required = true };
        var publisher = AddressOption("--publisher", "Account that may anchor. Default: the one that pays.");
        var admin = AddressOption("--admin", "Account that may name another publisher. Default: nobody, for good.");
        var logKey = new Option<string?>("--log-key") { Description = "The log's verifier key, as trustchain-server keys prints it; for --trust-out.", HelpName = "KEY" };
        var trust = new Option<string?>("--trust-out") { Description = "Writes the trust file of the log, which verifiers need. Needs --log-key.", HelpName = "FILE" };
        var command = new Command("deploy", "Deploys the AnchorRegistry contract of a new log, waits for the block, and prints where it is.") { origin, publisher, admin, logKey, trust };
        var payer = new PayerOptions(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var deployment = new ContractDeployment(
                CheckOrigin(parsed.GetRequiredValue(origin)),
                parsed.GetValue(publisher),
                parsed.GetValue(admin),
                CheckLogKey(parsed.GetValue(logKey), parsed.GetRequiredValue(origin)),
                CheckTrustFile(parsed.GetValue(trust), parsed.GetValue(logKey)));
            return payer.Read(parsed).RunAsync(opened => deployment.RunAsync(shell, opened, cancellationToken), cancellationToken);
        });
        return command;
    }

    private static Command NamePublisher(Shell shell)
    {
        var registry = AddressOption("--registry", "The contract.", required: true);
        var next = AddressOption("--publisher", "Account that is to anchor from now on.", required: true);
        var command = new Command("name-publisher", "As the contract's admin, names the next publisher; it has to accept.") { registry, next };
        var payer = new PayerOptions(command);
        command.SetAction((parsed, cancellationToken) => payer.Read(parsed).RunAsync(
            opened => PublisherChange.NameAsync(shell, opened, parsed.GetValue(registry) ?? default, parsed.GetValue(next) ?? default, cancellationToken), cancellationToken));
        return command;
    }

    private static Command AcceptPublisher(Shell shell)
    {
        var registry = AddressOption("--registry", "The contract.", required: true);
        var command = new Command("accept-publisher", "As the account the admin named, becomes the publisher.") { registry };
        var payer = new PayerOptions(command);
        command.SetAction((parsed, cancellationToken) => payer.Read(parsed).RunAsync(
            opened => PublisherChange.AcceptAsync(shell, opened, parsed.GetValue(registry) ?? default, cancellationToken), cancellationToken));
        return command;
    }

    /// <summary>Never the zero address.</summary>
    private static Option<Address?> AddressOption(string name, string description, bool required = false) => new(name)
    {
        Description = description,
        HelpName = "ADDRESS",
        Required = required,
        CustomParser = static result =>
        {
            if (Address.TryParse(result.Tokens[^1].Value, out var address) && !address.IsDefault)
            {
                return address;
            }
            result.AddError($"\"{result.Tokens[^1].Value}\" is no address: 0x and 40 hexadecimal digits, in mixed case with the right checksum, and not zero.");
            return null;
        },
    };

    private static string CheckOrigin(string origin) => origin.Length > 0 && !origin.Any(static c => char.IsWhiteSpace(c) || c == '+')
        ? origin
        : throw new CliException("--origin must not be empty and not hold white space or a plus sign, for example \"log.example.org/tea\".");

    private static NoteVerifier? CheckLogKey(string? text, string origin)
    {
        if (text is null)
        {
            return null;
        }
        if (!NoteVerifier.TryParse(text, out var verifier))
        {
            throw new CliException("--log-key is no verifier key: NAME+HASH+KEY, as trustchain-server keys prints it.");
        }
        return verifier.Name == origin ? verifier : throw new CliException($"--log-key is the key of \"{verifier.Name}\", not of \"{origin}\".");
    }

    private static string? CheckTrustFile(string? file, string? logKey) =>
        file is not null && logKey is null ? throw new CliException("--trust-out needs --log-key: a trust file names the log's key.")
        : file is not null && File.Exists(file) ? throw new CliException($"{file} exists and is not overwritten.")
        : file;
}
