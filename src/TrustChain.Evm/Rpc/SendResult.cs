using TrustChain.Core.Log;

namespace TrustChain.Evm.Rpc;

/// <summary>
/// What a node said to a raw transaction. The refusals tell what the node thinks now; they do not prove that this transaction, sent before with the answer
/// lost, is not already in a block, so look for its receipt before acting on one.
/// </summary>
/// <param name="TransactionHash">Keccak-256 of the bytes that were sent, computed here.</param>
public abstract record SendResult(Hash32 TransactionHash)
{
    /// <summary>The node has the transaction in its pool.</summary>
    /// <param name="TransactionHash">The transaction.</param>
    /// <param name="AlreadyKnown">True when the node had it before.</param>
    public sealed record Accepted(Hash32 TransactionHash, bool AlreadyKnown) : SendResult(TransactionHash);

    /// <summary>A transaction with this nonce is in a block: this very one or another.</summary>
    public sealed record NonceTooLow(Hash32 TransactionHash, string NodeMessage) : SendResult(TransactionHash);

    /// <summary>The fees are too low: for the pool, for the base fee, or to replace a waiting transaction of the same nonce.</summary>
    public sealed record Underpriced(Hash32 TransactionHash, string NodeMessage) : SendResult(TransactionHash);

    /// <summary>The account cannot pay gas limit times fee and value.</summary>
    public sealed record InsufficientFunds(Hash32 TransactionHash, string NodeMessage) : SendResult(TransactionHash);

    /// <summary>
    /// Sorts a node's refusal by its words, since codes differ between nodes; null where they are not known. The words are those of geth and its
    /// relatives, reth, anvil, Nethermind, Besu and Erigon.
    /// </summary>
    internal static SendResult? Recognise(Hash32 transactionHash, string nodeMessage)
    {
        // "Known transaction" only at the start: "unknown transaction type" is a refusal.
        if (Says("already known", "alreadyknown", "already imported", "already in mempool")
            || nodeMessage.StartsWith("known transaction", StringComparison.OrdinalIgnoreCase))
        {
            return new Accepted(transactionHash, AlreadyKnown: true);
        }
        if (Says("nonce too low", "nonce is too low", "oldnonce", "nonce below", "nonce is below"))
        {
            return new NonceTooLow(transactionHash, nodeMessage);
        }
        if (Says("underpriced", "feetoolow", "fee too low", "less than block base fee", "below current base fee", "replacementnotallowed",
            "replacement not allowed"))
        {
            return new Underpriced(transactionHash, nodeMessage);
        }
        if (Says("insufficient funds", "insufficientfunds", "insufficient balance", "exceeds account balance"))
        {
            return new InsufficientFunds(transactionHash, nodeMessage);
        }
        return null;

        bool Says(params ReadOnlySpan<string> words)
        {
            foreach (var word in words)
            {
                if (nodeMessage.Contains(word, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
            return false;
        }
    }
}
