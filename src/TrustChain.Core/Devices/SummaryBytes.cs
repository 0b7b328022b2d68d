using System.Buffers;
using System.Buffers.Binary;

namespace TrustChain.Core.Devices;

/// <summary>
/// Numbers in few bytes: whole ones seven bits a byte, lowest first, the top bit on all but the last. A double is twice its zigzag form where it is
/// whole and below 2^53, else a 1 and its eight bytes, lowest first.
/// </summary>
internal readonly struct SummaryWriter(ArrayBufferWriter<byte> output)
{
    /// <summary>Doubles below have no fraction of their own that a whole number would lose.</summary>
    public const double MaxWhole = 1L << 53;

    public byte[] ToArray() => output.WrittenSpan.ToArray();

    public void Byte(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    public void Whole(long value)
    {
        var rest = (ulong)value;
        for (; rest >= 0x80; rest >>= 7)
        {
            Byte((byte)(rest | 0x80));
        }
        Byte((byte)rest);
    }

    public void Signed(long value) => Whole((value << 1) ^ (value >> 63));

    public void Number(double value)
    {
        if (Math.Abs(value) < MaxWhole && Math.Floor(value).Equals(value))
        {
            var whole = (long)value;
            Whole(((whole << 1) ^ (whole >> 63)) << 1);
            return;
        }
        Byte(1);
        BinaryPrimitives.WriteDoubleLittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }
}

/// <summary>Reads what <see cref="SummaryWriter"/> wrote. What is not that throws a <see cref="FormatException"/>.</summary>
internal ref struct SummaryInput(ReadOnlySpan<byte> bytes)
{
    // Sums of what a statement may say, and what is computed with them, stay finite.
    private const double MaxNumber = 1e150;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _place;

    public byte Byte() => _place < _bytes.Length ? _bytes[_place++] : throw new FormatException("The summary is cut off.");

    public long Whole(long min, long max)
    {
        ulong value = 0;
        for (var shift = 0; shift < 63; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return (long)value >= min && (long)value <= max ? (long)value : throw new FormatException("A number of the summary is out of its range.");
            }
        }
        throw new FormatException("A number of the summary is too long.");
    }

    public long Signed(long min, long max)
    {
        var value = Whole(0, long.MaxValue);
        var signed = (value >> 1) ^ -(value & 1);
        return signed >= min && signed <= max ? signed : throw new FormatException("A number of the summary is out of its range.");
    }

    public double Number()
    {
        var head = Whole(0, long.MaxValue);
        if ((head & 1) == 0)
        {
            head >>= 1;
            return (head >> 1) ^ -(head & 1);
        }
        if (head != 1 || _bytes.Length - _place < 8)
        {
            throw new FormatException("A number of the summary is cut off.");
        }
        var value = BinaryPrimitives.ReadDoubleLittleEndian(_bytes[_place..]);
        _place += 8;
        return Math.Abs(value) <= MaxNumber ? value : throw new FormatException("A number of the summary is out of its range.");
    }

    public GeoPoint Point() => new((int)Signed(-900_000_000, 900_000_000), (int)Signed(-1_800_000_000, 1_800_000_000));

    public readonly void End()
    {
        if (_place != _bytes.Length)
        {
            throw new FormatException("The summary has bytes left over.");
        }
    }
}
