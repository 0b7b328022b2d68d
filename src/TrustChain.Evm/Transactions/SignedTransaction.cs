using System.Diagnostics.CodeAnalysis;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.Evm.Transactions;

/// <summary>A signed transaction of type 2, ready to send as often as needed: the same bytes always mean the same transaction.</summary>
/// <param name="Transaction">The signed fields.</param>
/// <param name="Signature">The signature over them.</param>
/// <param name="Sender">The account of the signing key.</param>
/// <param name="Raw">The bytes a node takes.</param>
/// <param name="Hash">Keccak-256 of the bytes: the name of the transaction on the chain.</param>
public sealed record SignedTransaction(
    Eip1559Transaction Transaction, Secp256k1Signature Signature, Address Sender, ReadOnlyMemory<byte> Raw, Hash32 Hash)
{
    /// <summary>
    /// Reads the bytes of a signed transaction and recovers its sender. False, with the reason, for bytes in any but the one proper form and for
    /// transactions no block can hold, by the rules of the Cancun fork.
    /// </summary>
    public static bool TryDecode(ReadOnlyMemory<byte> raw, [NotNullWhen(true)] out SignedTransaction? signed, [NotNullWhen(false)] out string? fault)
    {
        signed = null;
        if (!SignedTransactionReader.TryRead(raw, out var transaction, out var signature))
        {
            fault = "Not the encoding of a transaction of type 2.";
            return false;
        }
        fault = FindFault(transaction);
        if (fault is not null)
        {
            return false;
        }
        if (!signature.TryRecover(Keccak256.Compute(transaction.EncodeUnsigned()), out var sender))
        {
            fault = "The signature is not a valid one.";
            return false;
        }
        signed = new SignedTransaction(transaction, signature, sender, raw, Keccak256.Compute(raw.Span));
        return true;
    }

    private static string? FindFault(Eip1559Transaction transaction)
    {
        const int MaxInitCodeBytes = 49_152;
        if (transaction.MaxPriorityFeePerGas > transaction.MaxFeePerGas)
        {
            return "The priority fee is above the whole fee.";
        }
        if ((transaction.MaxFeePerGas * transaction.GasLimit).GetByteCount(isUnsigned: true) > 32)
        {
            return "Gas limit times fee needs more than 256 bits.";
        }
        if (transaction.Nonce == ulong.MaxValue)
        {
            return "The nonce is the one EIP-2681 excludes.";
        }
        if (transaction.To is null && transaction.Data.Length > MaxInitCodeBytes)
        {
            return "The initialisation code is longer than EIP-3860 allows.";
        }
        return (ulong)transaction.ComputeIntrinsicGas() > transaction.GasLimit ? "The gas limit is below what the transaction costs before execution." : null;
    }
}
