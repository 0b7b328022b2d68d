using System.Numerics;
using TrustChain.Cli.Terminal;
using TrustChain.Cli.Verification;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;
using TrustChain.Evm.Wire;

namespace TrustChain.Cli.Contracts;

/// <summary>What to deploy, already checked as far as it can be without the chain.</summary>
internal sealed record ContractDeploymentOptions
{
    public required Uri Rpc { get; init; }

    public required string KeyFile { get; init; }

    public required string PassPhraseFile { get; init; }

    public required string Origin { get; init; }

    /// <summary>Null: the account that pays.</summary>
    public Address? Publisher { get; init; }

    /// <summary>Null: nobody.</summary>
    public Address? Admin { get; init; }

    /// <summary>Null: the one of the node.</summary>
    public long? ChainId { get; init; }

    public required int MaxFeeGwei { get; init; }

    public required TimeSpan Timeout { get; init; }

    public NoteVerifier? LogKey { get; init; }

    /// <summary>Where the trust file goes; null: none is written.</summary>
    public string? TrustFile { get; init; }
}

/// <summary>Deploys an AnchorRegistry. Everything that can be wrong without the chain was refused before the first request.</summary>
internal static class ContractDeployment
{
    public static async Task<int> RunAsync(Shell shell, ContractDeploymentOptions options, CancellationToken cancellationToken)
    {
        var key = await OpenKeyAsync(options, cancellationToken);
        using var node = new NodeConnection(options.Rpc);
        try
        {
            var (chainId, genesis) = await node.GetIdentityAsync(cancellationToken);
            if (chainId < 0 || (options.ChainId is { } wanted && wanted != chainId))
            {
                throw new CliException($"{node.Name} serves chain {chainId}, not {options.ChainId}.");
            }
            var balance = await node.Node.GetBalanceAsync(key.Address, BlockTag.Latest, cancellationToken);
            if (balance.IsZero)
            {
                throw new CliException($"{key.Address} has no coins on chain {chainId}: it pays for the transaction.");
            }
            var ceiling = new BigInteger(options.MaxFeeGwei) * 1_000_000_000;
            var fees = new FeePolicy { MaxFeePerGasCeiling = ceiling, MaxPriorityFeePerGasCeiling = ceiling };
            var deployed = await RegistryDeployment.DeployAsync(
                node.Node, key, (ulong)chainId, RegistryDeployment.HashOrigin(options.Origin), options.Admin ?? default, options.Publisher ?? key.Address, fees, TimeProvider.System,
                options.Timeout, cancellationToken);
            await WriteAsync(shell, options, key.Address, deployed, chainId, genesis, cancellationToken);
            return ExitCodes.Good;
        }
        catch (RegistryDeploymentException exception)
        {
            throw new CliException(exception.Message, ExitCodes.Bad);
        }
        catch (RpcErrorException exception)
        {
            throw new CliException(exception.Message, ExitCodes.Bad);
        }
        catch (RpcUnavailableException exception)
        {
            throw new CliException($"{exception.Message} If a transaction was sent, its contract may still come: look at what {key.Address} sent before deploying again.");
        }
    }

    private static async Task<Secp256k1Key> OpenKeyAsync(ContractDeploymentOptions options, CancellationToken cancellationToken)
    {
        try
        {
            var opened = await Keystore.DecryptFileAsync(options.KeyFile, options.PassPhraseFile, cancellationToken);
            return opened.Succeeded ? opened.Key : throw new CliException($"{options.KeyFile}: {opened.Detail}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException(exception.Message);
        }
    }

    private static async Task WriteAsync(
        Shell shell, ContractDeploymentOptions options, Address payer, RegistryDeployment deployed, long chainId, string genesis, CancellationToken cancellationToken)
    {
        var publisher = options.Publisher ?? payer;
        var transaction = Hex.Encode(deployed.TransactionHash);
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                json.WriteString("registry", deployed.Registry.ToString());
                json.WriteString("transaction", transaction);
                json.WriteNumber("block", deployed.BlockNumber);
                json.WriteNumber("chainId", chainId);
                json.WriteString("genesis", genesis);
                json.WriteString("publisher", publisher.ToString());
                json.WriteString("admin", options.Admin?.ToString());
            });
        }
        else
        {
            shell.Output.WriteLine($"registry     {deployed.Registry}");
            shell.Output.WriteLine($"transaction  {transaction}");
            shell.Output.WriteLine($"block        {deployed.BlockNumber}");
            shell.Output.WriteLine($"chain id     {chainId}");
            shell.Output.WriteLine($"genesis      {genesis}");
            shell.Output.WriteLine($"publisher    {publisher}");
            shell.Output.WriteLine($"admin        {options.Admin?.ToString() ?? "nobody"}");
        }
        if (options.Admin is null)
        {
            shell.Warn("nobody can name another publisher: if the publisher's key is lost, the log cannot be anchored here any more (--admin).");
        }
        // Last, so that the address is on the screen whatever happens to the file.
        if (options is { TrustFile: { } file, LogKey: { } logKey })
        {
            await OutputFile.WriteAsync(file, new TrustFile(options.Origin, logKey.Text, chainId, deployed.Registry.ToString(), genesis).ToUtf8(), cancellationToken);
        }
    }
}
