using System.CommandLine;
using System.Numerics;
using TrustChain.Cli.Terminal;
using TrustChain.Cli.Verification;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;

namespace TrustChain.Cli.Contracts;

/// <summary>Options of every verb that sends a transaction: where, from which account, at what price.</summary>
internal sealed class PayerOptions
{
    private readonly Option<Uri[]> _rpc = SharedOptions.Rpc();
    private readonly Option<string> _key = new("--key") { Description = "Key file (Web3 Secret Storage) of the account that signs and pays.", HelpName = "FILE", Required = true };
    private readonly Option<string> _passPhrase = new("--pass-phrase-file") { Description = "File with the key file's pass phrase.", HelpName = "FILE", Required = true };
    private readonly Option<long?> _chainId = new("--chain-id") { Description = "Chain the node must serve. Default: whatever it serves.", HelpName = "ID" };
    private readonly Option<int> _maxFee = new("--max-fee-gwei") { Description = "Highest fee per gas paid.", HelpName = "N", DefaultValueFactory = static _ => 200 };
    private readonly Option<int> _timeout = new("--timeout") { Description = "Seconds to wait for a block that holds the transaction.", HelpName = "N", DefaultValueFactory = static _ => 300 };

    /// <summary>Adds the options to a verb.</summary>
    public PayerOptions(Command command)
    {
        _rpc.Description = "JSON-RPC address of a node of the chain.";
        _rpc.Required = true;
        foreach (var option in (Option[])[_rpc, _key, _passPhrase, _chainId, _maxFee, _timeout])
        {
            command.Options.Add(option);
        }
    }

    /// <exception cref="CliException">A value makes no sense.</exception>
    public Payer Read(ParseResult parsed) => new(
        parsed.GetRequiredValue(_rpc) is [var one] ? one : throw new CliException("--rpc names one node here."),
        parsed.GetRequiredValue(_key),
        parsed.GetRequiredValue(_passPhrase),
        parsed.GetValue(_chainId),
        AtLeastOne("--max-fee-gwei", parsed.GetValue(_maxFee)),
        TimeSpan.FromSeconds(AtLeastOne("--timeout", parsed.GetValue(_timeout))));

    private static int AtLeastOne(string option, int value) => value >= 1 ? value : throw new CliException($"{option} must be 1 or more.");
}

/// <summary>An account, and the chain it pays on.</summary>
internal sealed record Payer(Uri Rpc, string KeyFile, string PassPhraseFile, long? ChainId, int MaxFeeGwei, TimeSpan Timeout)
{
    /// <summary>Opens the key, makes sure of the chain and that there is money, and acts; every failure is one line.</summary>
    public async Task<int> RunAsync(Func<OpenedPayer, Task> act, CancellationToken cancellationToken)
    {
        var key = await OpenKeyAsync(cancellationToken);
        using var node = new NodeConnection(Rpc);
        try
        {
            var (chainId, genesis) = await node.GetIdentityAsync(cancellationToken);
            if (chainId < 0 || (ChainId is { } wanted && wanted != chainId))
            {
                throw new CliException($"{node.Name} serves chain {chainId}, not {ChainId}.");
            }
            if ((await node.Node.GetBalanceAsync(key.Address, BlockTag.Latest, cancellationToken)).IsZero)
            {
                throw new CliException($"{key.Address} has no coins on chain {chainId}: it pays for the transaction.");
            }
            var ceiling = new BigInteger(MaxFeeGwei) * 1_000_000_000;
            await act(new OpenedPayer(node.Node, key, chainId, genesis, new FeePolicy { MaxFeePerGasCeiling = ceiling, MaxPriorityFeePerGasCeiling = ceiling }, Timeout));
            return ExitCodes.Good;
        }
        catch (Exception exception) when (exception is OneTransactionException or RpcErrorException or RegistryMismatchException)
        {
            throw new CliException(exception.Message, ExitCodes.Bad);
        }
        catch (RpcUnavailableException exception)
        {
            throw new CliException($"{exception.Message} If a transaction was sent, it may still be mined: look at what {key.Address} sent before trying again.");
        }
    }

    private async Task<Secp256k1Key> OpenKeyAsync(CancellationToken cancellationToken)
    {
        try
        {
            var opened = await Keystore.DecryptFileAsync(KeyFile, PassPhraseFile, cancellationToken);
            return opened.Succeeded ? opened.Key : throw new CliException($"{KeyFile}: {opened.Detail}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException(exception.Message);
        }
    }
}

/// <summary>What a transaction needs, and what was learnt of the chain.</summary>
internal sealed record OpenedPayer(EvmNode Node, Secp256k1Key Key, long ChainId, string Genesis, FeePolicy Fees, TimeSpan Timeout);
