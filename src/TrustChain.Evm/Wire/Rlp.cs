using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace TrustChain.Evm.Wire;

/// <summary>Recursive Length Prefix encoding (Ethereum Yellow Paper, appendix B). Each value has one encoding; decoding accepts no other.</summary>
public static class Rlp
{
    /// <summary>Longest input <see cref="TryDecode"/> looks at: above any transaction a node takes into its pool (128 KiB).</summary>
    public const int MaxInputBytes = 1 << 20;

    /// <summary>Deepest nesting of lists that is decoded; a transaction needs four.</summary>
    public const int MaxDepth = 32;

    private const int ShortLimit = 55;
    private const byte StringOffset = 0x80;
    private const byte ListOffset = 0xc0;

    /// <summary>The encoding of the value.</summary>
    public static byte[] Encode(RlpItem item)
    {
        var destination = new byte[EncodedLength(item)];
        Write(item, destination);
        return destination;
    }

    /// <summary>
    /// Reads one value that fills the input exactly. False for leftover or missing bytes, for lengths or single bytes not in their shortest form, for
    /// more than <see cref="MaxInputBytes"/> and for lists nested deeper than <see cref="MaxDepth"/>. The value keeps slices of the input.
    /// </summary>
    public static bool TryDecode(ReadOnlyMemory<byte> input, [NotNullWhen(true)] out RlpItem? item)
    {
        item = null;
        return input.Length <= MaxInputBytes && TryRead(ref input, 0, out item) && input.IsEmpty;
    }

    private static int EncodedLength(RlpItem item)
    {
        if (!item.IsList && item.Bytes.Length == 1 && item.Bytes.Span[0] < StringOffset)
        {
            return 1;
        }
        var length = PayloadLength(item);
        return length + (length <= ShortLimit ? 1 : 1 + LengthOfLength(length));
    }

    private static int PayloadLength(RlpItem item)
    {
        if (!item.IsList)
        {
            return item.Bytes.Length;
        }
        var length = 0;
        foreach (var inner in item.Items)
        {
            length = checked(length + EncodedLength(inner));
        }
        return length;
    }

    private static int LengthOfLength(int length) => length switch { <= 0xff => 1, <= 0xffff => 2, <= 0xffffff => 3, _ => 4 };

    private static Span<byte> Write(RlpItem item, Span<byte> destination)
    {
        if (!item.IsList && item.Bytes.Length == 1 && item.Bytes.Span[0] < StringOffset)
        {
            destination[0] = item.Bytes.Span[0];
            return destination[1..];
        }
        var offset = item.IsList ? ListOffset : StringOffset;
        var length = PayloadLength(item);
        if (length <= ShortLimit)
        {
            destination[0] = (byte)(offset + length);
            destination = destination[1..];
        }
        else
        {
            var size = LengthOfLength(length);
            destination[0] = (byte)(offset + ShortLimit + size);
            Span<byte> bigEndian = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(bigEndian, length);
            bigEndian[^size..].CopyTo(destination[1..]);
            destination = destination[(1 + size)..];
        }
        if (!item.IsList)
        {
            item.Bytes.Span.CopyTo(destination);
            return destination[length..];
        }
        foreach (var inner in item.Items)
        {
            destination = Write(inner, destination);
        }
        return destination;
    }

    private static bool TryRead(ref ReadOnlyMemory<byte> input, int depth, [NotNullWhen(true)] out RlpItem? item)
    {
        item = null;
        if (input.IsEmpty || depth > MaxDepth)
        {
            return false;
        }
        var first = input.Span[0];
        if (first < StringOffset)
        {
            item = RlpItem.String(input[..1]);
            input = input[1..];
            return true;
        }
        var isList = first >= ListOffset;
        if (!TryReadPayload(ref input, first - (isList ? ListOffset : StringOffset), out var payload))
        {
            return false;
        }
        if (!isList)
        {
            // A single byte below 0x80 is its own encoding.
            if (payload.Length == 1 && payload.Span[0] < StringOffset)
            {
                return false;
            }
            item = RlpItem.String(payload);
            return true;
        }
        var items = new List<RlpItem>();
        while (!payload.IsEmpty)
        {
            if (!TryRead(ref payload, depth + 1, out var inner))
            {
                return false;
            }
            items.Add(inner);
        }
        item = RlpItem.List([.. items]);
        return true;
    }

    /// <summary>Takes prefix and payload off the input; <paramref name="code"/> is the prefix byte less its offset, 0 to 63.</summary>
    private static bool TryReadPayload(ref ReadOnlyMemory<byte> input, int code, out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        var prefix = 1;
        long length = code;
        if (code > ShortLimit)
        {
            var size = code - ShortLimit;
            // MaxInputBytes fits three bytes, so a longer length cannot be satisfied whatever it says.
            if (size > 3 || input.Length < 1 + size || input.Span[1] == 0)
            {
                return false;
            }
            length = 0;
            foreach (var digit in input.Span.Slice(1, size))
            {
                length = (length << 8) | digit;
            }
            if (length <= ShortLimit)
            {
                return false;
            }
            prefix += size;
        }
        if (length > input.Length - prefix)
        {
            return false;
        }
        payload = input.Slice(prefix, (int)length);
        input = input[(prefix + (int)length)..];
        return true;
    }
}
