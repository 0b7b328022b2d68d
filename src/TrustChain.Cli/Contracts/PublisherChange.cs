using TrustChain.Cli.Terminal;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;
using TrustChain.Evm.Wire;

namespace TrustChain.Cli.Contracts;

/// <summary>Another account becomes a registry's publisher: the admin names it, and it accepts, so that a wrong address changes nothing.</summary>
internal static class PublisherChange
{
    /// <summary>The admin names the next publisher.</summary>
    public static async Task NameAsync(Shell shell, OpenedPayer payer, Address contract, Address next, CancellationToken cancellationToken)
    {
        var registry = new AnchorRegistry(payer.Node, contract);
        if (await registry.GetAdminAsync(BlockTag.Latest, cancellationToken) is var admin && admin != payer.Key.Address)
        {
            throw new CliException($"The admin of {contract} is {(admin.IsDefault ? "nobody" : admin.ToString())}, not {payer.Key.Address}.", ExitCodes.Bad);
        }
        await SendAsync(shell, payer, contract, AnchorRegistry.EncodeTransferPublisher(next), $"{next} is named; it becomes the publisher when it accepts", cancellationToken);
    }

    /// <summary>The named account accepts.</summary>
    public static async Task AcceptAsync(Shell shell, OpenedPayer payer, Address contract, CancellationToken cancellationToken)
    {
        var registry = new AnchorRegistry(payer.Node, contract);
        if (await registry.GetPendingPublisherAsync(BlockTag.Latest, cancellationToken) is var named && named != payer.Key.Address)
        {
            throw new CliException($"{contract} waits for {(named.IsDefault ? "nobody" : named.ToString())} to accept, not for {payer.Key.Address}.", ExitCodes.Bad);
        }
        await SendAsync(shell, payer, contract, AnchorRegistry.EncodeAcceptPublisher(), $"{payer.Key.Address} is the publisher", cancellationToken);
    }

    private static async Task SendAsync(Shell shell, OpenedPayer payer, Address contract, byte[] call, string done, CancellationToken cancellationToken)
    {
        var receipt = await OneTransaction.SendAsync(payer.Node, payer.Key, (ulong)payer.ChainId, contract, call, payer.Fees, TimeProvider.System, payer.Timeout, cancellationToken);
        var transaction = Hex.Encode(receipt.TransactionHash);
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                json.WriteString("registry", contract.ToString());
                json.WriteString("transaction", transaction);
                json.WriteNumber("block", receipt.BlockNumber);
            });
            return;
        }
        shell.Output.WriteLine($"{done} (transaction {transaction}, block {receipt.BlockNumber})");
    }
}
