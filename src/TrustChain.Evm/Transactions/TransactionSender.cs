using System.Diagnostics;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;

namespace TrustChain.Evm.Transactions;

/// <summary>
/// Signs transactions of one account and gives them to a node, in two steps that never happen together: <see cref="PrepareAsync"/> signs, the caller makes
/// the signed bytes durable, <see cref="SendAsync"/> sends them. So a crash in between leaves either nothing or a transaction that can be sent again, and
/// never a second one with a nonce that is already in use. The caller hands out the nonces.
/// </summary>
public sealed class TransactionSender(EvmNode node, Secp256k1Key key, ulong chainId, FeePolicy fees)
{
    private readonly TransactionBuilder _builder = new(node, key.Address, chainId, fees);

    /// <summary>The account that signs and pays.</summary>
    public Address Sender => key.Address;

    /// <summary>
    /// Builds and signs a transaction without value, sending nothing; see <see cref="TransactionBuilder.BuildAsync"/>.
    /// </summary>
    public async Task<PrepareResult> PrepareAsync(
        Address? to, ReadOnlyMemory<byte> data, ulong nonce, SignedTransaction? replaces, CancellationToken cancellationToken) =>
        await _builder.BuildAsync(to, data, nonce, replaces?.Transaction, cancellationToken) switch
        {
            BuildResult.Ready ready => new PrepareResult.Ready(ready.Transaction.Sign(key)),
            BuildResult.WouldRevert revert => new PrepareResult.WouldRevert(revert.RevertData, revert.NodeMessage),
            BuildResult.AboveCeiling above => new PrepareResult.AboveCeiling(above.Detail),
            _ => throw new UnreachableException(),
        };

    /// <summary>Gives a prepared transaction to the node; safe to repeat, also after a restart.</summary>
    /// <exception cref="RpcUnavailableException">It is not known whether the node has the transaction: send it again later.</exception>
    /// <exception cref="RpcErrorException">The node refused for a reason that <see cref="SendResult"/> does not know.</exception>
    public Task<SendResult> SendAsync(SignedTransaction prepared, CancellationToken cancellationToken) =>
        node.SendRawTransactionAsync(prepared.Raw, cancellationToken);
}
