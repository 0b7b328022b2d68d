using System.CommandLine;
using System.CommandLine.Parsing;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.Cli.Contracts;

/// <summary><c>contracts deploy</c>: makes the contract that a new log is anchored in.</summary>
internal static class ContractsCommands
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("contracts", "Makes the contract that a log is anchored in.") { Deploy(shell) };

    private static Command Deploy(Shell shell)
    {
        var rpc = SharedOptions.Rpc();
        rpc.Description = "JSON-RPC address of a node of the chain.";
        rpc.Required = true;
        var key = new Option<string>("--key") { Description = "Key file (Web3 Secret Storage) of the account that pays.", HelpName = "FILE", Required = true };
        var passPhrase = new Option<string>("--pass-phrase-file") { Description = "File with the key file's pass phrase.", HelpName = "FILE", Required = true };
        var origin = new Option<string>("--origin") { Description = "The log's name, as in TrustChain:Origin. It is fixed in the contract for good.", HelpName = "NAME", Required = true };
        var publisher = AddressOption("--publisher", "Account that may anchor. Default: the one that pays.");
        var admin = AddressOption("--admin", "Account that may name another publisher. Default: nobody, for good.");
        var chainId = new Option<long?>("--chain-id") { Description = "Chain the node must serve. Default: whatever it serves.", HelpName = "ID" };
        var maxFee = new Option<int>("--max-fee-gwei") { Description = "Highest fee per gas paid.", HelpName = "N", DefaultValueFactory = static _ => 200 };
        var timeout = new Option<int>("--timeout") { Description = "Seconds to wait for a block that holds the transaction.", HelpName = "N", DefaultValueFactory = static _ => 300 };
        var logKey = new Option<string?>("--log-key") { Description = "The log's verifier key, as trustchain-server keys prints it; for --trust-out.", HelpName = "KEY" };
        var trust = new Option<string?>("--trust-out") { Description = "Writes the trust file of the log, which verifiers need. Needs --log-key.", HelpName = "FILE" };
        var command = new Command("deploy", "Deploys the AnchorRegistry contract of a new log, waits for the block, and prints where it is.")
        {
            rpc, key, passPhrase, origin, publisher, admin, chainId, maxFee, timeout, logKey, trust,
        };
        command.SetAction((parsed, cancellationToken) => ContractDeployment.RunAsync(
            shell,
            new ContractDeploymentOptions
            {
                Rpc = parsed.GetRequiredValue(rpc) is [var one] ? one : throw new CliException("--rpc names one node here."),
                KeyFile = parsed.GetRequiredValue(key),
                PassPhraseFile = parsed.GetRequiredValue(passPhrase),
                Origin = CheckOrigin(parsed.GetRequiredValue(origin)),
                Publisher = parsed.GetValue(publisher),
                Admin = parsed.GetValue(admin),
                ChainId = parsed.GetValue(chainId),
                MaxFeeGwei = AtLeastOne("--max-fee-gwei", parsed.GetValue(maxFee)),
                Timeout = TimeSpan.FromSeconds(AtLeastOne("--timeout", parsed.GetValue(timeout))),
                LogKey = CheckLogKey(parsed.GetValue(logKey), parsed.GetRequiredValue(origin)),
                TrustFile = CheckTrustFile(parsed.GetValue(trust), parsed.GetValue(logKey)),
            },
            cancellationToken));
        return command;
    }

    private static Option<Address?> AddressOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "ADDRESS",
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

    private static int AtLeastOne(string option, int value) => value >= 1 ? value : throw new CliException($"{option} must be 1 or more.");

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
