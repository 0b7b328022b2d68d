using System.Numerics;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.Evm.Wire;

/// <summary>A value of the Recursive Length Prefix encoding (Ethereum Yellow Paper, appendix B): a byte string or a list of values.</summary>
public sealed class RlpItem
{
    private readonly RlpItem[]? _items;

    private RlpItem(ReadOnlyMemory<byte> bytes, RlpItem[]? items)
    {
        Bytes = bytes;
        _items = items;
    }

    /// <summary>True for a list, false for a byte string.</summary>
    public bool IsList => _items is not null;

    /// <summary>The byte string; empty for a list.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The values of the list; empty for a byte string.</summary>
    public IReadOnlyList<RlpItem> Items => _items ?? [];

    /// <summary>A byte string. The memory is kept, not copied.</summary>
    public static RlpItem String(ReadOnlyMemory<byte> bytes) => new(bytes, null);

    /// <summary>An address as 20 bytes, or the empty string where there is none (contract creation).</summary>
    public static RlpItem String(Address? address) => new(address?.ToArray() ?? [], null);

    /// <summary>All 32 bytes, leading zeros included.</summary>
    public static RlpItem String(Hash32 hash) => new(hash.ToArray(), null);

    /// <summary>A number as its big-endian bytes without leading zeros; zero is the empty string.</summary>
    /// <exception cref="OverflowException">The number is negative.</exception>
    public static RlpItem Integer(BigInteger value) => new(value.IsZero ? [] : value.ToByteArray(isUnsigned: true, isBigEndian: true), null);

    /// <summary>A list. The array is kept, not copied.</summary>
    public static RlpItem List(params RlpItem[] items) => new(default, items);

    /// <summary>Reads a byte string as a number; false for a list, for leading zeros and for more than <paramref name="maxBytes"/> bytes.</summary>
    public bool TryReadInteger(int maxBytes, out BigInteger value)
    {
        value = default;
        if (IsList || Bytes.Length > maxBytes || (Bytes.Length > 0 && Bytes.Span[0] == 0))
        {
            return false;
        }
        value = new BigInteger(Bytes.Span, isUnsigned: true, isBigEndian: true);
        return true;
    }
}
