using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Transactions;

/// <summary>Takes the bytes of a signed transaction of type 2 apart (EIP-1559, EIP-2718); knows the form, not the rules.</summary>
internal static class SignedTransactionReader
{
    public static bool TryRead(
        ReadOnlyMemory<byte> raw, [NotNullWhen(true)] out Eip1559Transaction? transaction, [NotNullWhen(true)] out Secp256k1Signature? signature)
    {
        transaction = null;
        signature = null;
        if (raw.Length < 2 || raw.Span[0] != Eip1559Transaction.TypeByte || !Rlp.TryDecode(raw[1..], out var list) || list.Items.Count != 12)
        {
            return false;
        }
        var fields = list.Items;
        if (!fields[0].TryReadInteger(8, out var chainId) || !fields[1].TryReadInteger(8, out var nonce)
            || !fields[2].TryReadInteger(32, out var priorityFee) || !fields[3].TryReadInteger(32, out var fee)
            || !fields[4].TryReadInteger(8, out var gasLimit) || !TryReadTo(fields[5], out var to)
            || !fields[6].TryReadInteger(32, out var value) || fields[7].IsList
            || !TryReadAccessList(fields[8], out var accessList)
            || !fields[9].TryReadInteger(1, out var parity) || parity > 1
            || !TryReadScalar(fields[10], out var r) || !TryReadScalar(fields[11], out var s))
        {
            return false;
        }
        transaction = new Eip1559Transaction
        {
            ChainId = (ulong)chainId,
            Nonce = (ulong)nonce,
            MaxPriorityFeePerGas = priorityFee,
            MaxFeePerGas = fee,
            GasLimit = (ulong)gasLimit,
            To = to,
            Value = value,
            Data = fields[7].Bytes,
            AccessList = accessList,
        };
        signature = new Secp256k1Signature(r, s, (byte)parity);
        return true;
    }

    private static bool TryReadTo(RlpItem item, out Address? to)
    {
        to = null;
        if (item.IsList || (item.Bytes.Length != 0 && item.Bytes.Length != Address.Size))
        {
            return false;
        }
        to = item.Bytes.IsEmpty ? null : new Address(item.Bytes.Span);
        return true;
    }

    private static bool TryReadAccessList(RlpItem item, [NotNullWhen(true)] out List<AccessListEntry>? accessList)
    {
        accessList = null;
        if (!item.IsList)
        {
            return false;
        }
        var entries = new List<AccessListEntry>(item.Items.Count);
        foreach (var entry in item.Items)
        {
            if (entry.Items.Count != 2 || entry.Items[0].Bytes.Length != Address.Size || !entry.Items[1].IsList
                || entry.Items[1].Items.Any(key => key.Bytes.Length != Hash32.Size))
            {
                return false;
            }
            entries.Add(new AccessListEntry(
                new Address(entry.Items[0].Bytes.Span), [.. entry.Items[1].Items.Select(key => new Hash32(key.Bytes.Span))]));
        }
        accessList = entries;
        return true;
    }

    /// <summary>Signature numbers are integers on the wire, without leading zeros.</summary>
    private static bool TryReadScalar(RlpItem item, out Hash32 scalar)
    {
        scalar = default;
        if (!item.TryReadInteger(Hash32.Size, out _))
        {
            return false;
        }
        Span<byte> bytes = stackalloc byte[Hash32.Size];
        bytes.Clear();
        item.Bytes.Span.CopyTo(bytes[^item.Bytes.Length..]);
        scalar = new Hash32(bytes);
        return true;
    }
}
