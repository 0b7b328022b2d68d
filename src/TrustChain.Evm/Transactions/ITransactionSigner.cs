using TrustChain.Core.Log;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;

namespace TrustChain.Evm.Transactions;

/// <summary>Holds the key of an account, here or elsewhere, and gets its transactions to a node.</summary>
public interface ITransactionSigner
{
    /// <summary>The account that pays.</summary>
    Address Account { get; }

    /// <summary>Signs the transaction, so that its bytes and hash can be stored before it is sent. Null: the signer does both in one when sending.</summary>
    SignedTransaction? Sign(Eip1559Transaction transaction);

    /// <summary>
    /// Gives the transaction to a node. Safe to repeat with the same fields: the nonce lets only one be mined.
    /// </summary>
    /// <param name="transaction">The fields.</param>
    /// <param name="signed">What <see cref="Sign"/> gave for them; null where it gave null.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <returns>The hash in an acceptance is default where the signer did not tell it.</returns>
    /// <exception cref="RpcUnavailableException">It is not known whether it arrived.</exception>
    /// <exception cref="RpcErrorException">It was refused for a reason that <see cref="SendResult"/> does not know.</exception>
    Task<SendResult> SendAsync(Eip1559Transaction transaction, SignedTransaction? signed, CancellationToken cancellationToken);
}

/// <summary>A key in this process.</summary>
public sealed class KeySigner(EvmNode node, Secp256k1Key key) : ITransactionSigner
{
    /// <inheritdoc/>
    public Address Account => key.Address;

    /// <inheritdoc/>
    public SignedTransaction? Sign(Eip1559Transaction transaction) => transaction.Sign(key);

    /// <inheritdoc/>
    public Task<SendResult> SendAsync(Eip1559Transaction transaction, SignedTransaction? signed, CancellationToken cancellationToken) =>
        node.SendRawTransactionAsync((signed ?? transaction.Sign(key)).Raw, cancellationToken);
}

/// <summary>
/// A key in an external signer that takes <c>eth_sendTransaction</c>, such as Web3Signer, signs, and passes the transaction on to its own node. The hash is
/// known only once it has answered; when the answer is lost, the chain has to be asked what became of the nonce.
/// </summary>
/// <param name="signer">The signer's endpoint; its requests must not be repeated by themselves.</param>
/// <param name="account">The account whose key it holds.</param>
public sealed class ExternalSigner(EvmNode signer, Address account) : ITransactionSigner
{
    /// <inheritdoc/>
    public Address Account => account;

    /// <inheritdoc/>
    public SignedTransaction? Sign(Eip1559Transaction transaction) => null;

    /// <inheritdoc/>
    public Task<SendResult> SendAsync(Eip1559Transaction transaction, SignedTransaction? signed, CancellationToken cancellationToken) =>
        signer.SendTransactionAsync(account, transaction, cancellationToken);
}
