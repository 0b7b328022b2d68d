using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Wire;

namespace TrustChain.Cli.Contracts;

/// <summary>Deploys an AnchorRegistry. Everything that can be wrong without the chain was refused before the first request.</summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Publisher">Who may anchor; null: the account that pays.</param>
/// <param name="Admin">Who may name another publisher; null: nobody.</param>
/// <param name="LogKey">The log's key, for the trust file.</param>
/// <param name="TrustFile">Where the trust file goes; null: none is written.</param>
internal sealed record ContractDeployment(string Origin, Address? Publisher, Address? Admin, NoteVerifier? LogKey, string? TrustFile)
{
    public async Task RunAsync(Shell shell, OpenedPayer payer, CancellationToken cancellationToken)
    {
        var deployed = await RegistryDeployment.DeployAsync(
            payer.Node, payer.Key, (ulong)payer.ChainId, RegistryDeployment.HashOrigin(Origin), Admin ?? default, Publisher ?? payer.Key.Address, payer.Fees, TimeProvider.System,
            payer.Timeout, cancellationToken);
        Write(shell, payer, deployed);
        if (Admin is null)
        {
            shell.Warn("nobody can name another publisher: if the publisher's key is lost, the log cannot be anchored here any more (--admin).");
        }
        // Last, so that the address is on the screen whatever happens to the file.
        if (TrustFile is not null && LogKey is not null)
        {
            await OutputFile.WriteAsync(TrustFile, new TrustFile(Origin, LogKey.Text, payer.ChainId, deployed.Registry.ToString(), payer.Genesis).ToUtf8(), cancellationToken);
        }
    }

    private void Write(Shell shell, OpenedPayer payer, RegistryDeployment deployed)
    {
        var publisher = (Publisher ?? payer.Key.Address).ToString();
        var transaction = Hex.Encode(deployed.TransactionHash);
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                json.WriteString("registry", deployed.Registry.ToString());
                json.WriteString("transaction", transaction);
                json.WriteNumber("block", deployed.BlockNumber);
                json.WriteNumber("chainId", payer.ChainId);
                json.WriteString("genesis", payer.Genesis);
                json.WriteString("publisher", publisher);
                json.WriteString("admin", Admin?.ToString());
            });
            return;
        }
        shell.Output.WriteLine($"registry     {deployed.Registry}");
        shell.Output.WriteLine($"transaction  {transaction}");
        shell.Output.WriteLine($"block        {deployed.BlockNumber}");
        shell.Output.WriteLine($"chain id     {payer.ChainId}");
        shell.Output.WriteLine($"genesis      {payer.Genesis}");
        shell.Output.WriteLine($"publisher    {publisher}");
        shell.Output.WriteLine($"admin        {Admin?.ToString() ?? "nobody"}");
    }
}
