using System.Numerics;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Transactions;

/// <summary>A transaction of type 2 (EIP-1559) before it is signed. Amounts and fees are in wei and below 2^256.</summary>
public sealed record Eip1559Transaction
{
    /// <summary>The EIP-2718 type byte before the RLP of the fields.</summary>
    internal const byte TypeByte = 2;

    /// <summary>The chain the transaction is valid on.</summary>
    public required ulong ChainId { get; init; }

    /// <summary>How many transactions the sender sent before this one.</summary>
    public required ulong Nonce { get; init; }

    /// <summary>What the block's proposer gets per gas, at most.</summary>
    public required BigInteger MaxPriorityFeePerGas { get; init; }

    /// <summary>What the sender pays per gas at most, base fee and priority fee together.</summary>
    public required BigInteger MaxFeePerGas { get; init; }

    /// <summary>Gas the execution may use.</summary>
    public required ulong GasLimit { get; init; }

    /// <summary>The called account; null creates a contract.</summary>
    public required Address? To { get; init; }

    /// <summary>Wei sent along.</summary>
    public BigInteger Value { get; init; }

    /// <summary>Call data, or bytecode and constructor arguments of a new contract.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Accounts and slots declared beforehand.</summary>
    public IReadOnlyList<AccessListEntry> AccessList { get; init; } = [];

    /// <summary>The type byte and the RLP of the nine fields: what the signature is over.</summary>
    public byte[] EncodeUnsigned() => [TypeByte, .. Rlp.Encode(RlpItem.List(Fields()))];

    /// <summary>Signs the transaction.</summary>
    public SignedTransaction Sign(Secp256k1Key key)
    {
        var signature = key.Sign(Keccak256.Compute(EncodeUnsigned()));
        RlpItem[] fields =
        [
            .. Fields(),
            RlpItem.Integer(signature.RecoveryId),
            RlpItem.Integer(ToNumber(signature.R)),
            RlpItem.Integer(ToNumber(signature.S)),
        ];
        byte[] raw = [TypeByte, .. Rlp.Encode(RlpItem.List(fields))];
        return new SignedTransaction(this, signature, key.Address, raw, Keccak256.Compute(raw));
    }

    /// <summary>
    /// Gas the transaction costs before anything is executed, by the rules of the Cancun fork: 21000, the data bytes, the access list, and for a new
    /// contract its creation and EIP-3860 words.
    /// </summary>
    internal long ComputeIntrinsicGas()
    {
        var gas = 21_000L;
        foreach (var octet in Data.Span)
        {
            gas += octet == 0 ? 4 : 16;
        }
        foreach (var entry in AccessList)
        {
            gas += 2_400 + (1_900L * entry.StorageKeys.Count);
        }
        return To is null ? gas + 32_000 + (2L * ((Data.Length + 31) / 32)) : gas;
    }

    private RlpItem[] Fields() =>
    [
        RlpItem.Integer(ChainId),
        RlpItem.Integer(Nonce),
        RlpItem.Integer(MaxPriorityFeePerGas),
        RlpItem.Integer(MaxFeePerGas),
        RlpItem.Integer(GasLimit),
        RlpItem.String(To),
        RlpItem.Integer(Value),
        RlpItem.String(Data),
        RlpItem.List([.. AccessList.Select(entry =>
            RlpItem.List(RlpItem.String(entry.Address), RlpItem.List([.. entry.StorageKeys.Select(key => RlpItem.String(key))])))]),
    ];

    private static BigInteger ToNumber(Hash32 bytes) => new(bytes.ToArray(), isUnsigned: true, isBigEndian: true);
}
