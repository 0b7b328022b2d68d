using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace TrustChain.Core.Canonical;

/// <summary>
/// Reads CBOR (RFC 8949) strictly, item by item: definite lengths, the shortest form of every length, integer and tag, no map with a key twice, UTF-8 in texts. So that one
/// content has one spelling but for the order of keys and the width of floats. Whatever is otherwise throws <see cref="CborContentException"/>, which says no place:
/// <see cref="Place"/> does.
/// </summary>
internal sealed class CborItems(ReadOnlyMemory<byte> bytes)
{
    private readonly CborReader _reader = new(bytes, CborConformanceMode.Strict);

    /// <summary>Bytes read so far.</summary>
    public int Place => bytes.Length - _reader.BytesRemaining;

    /// <summary>What comes next.</summary>
    public CborReaderState Next => _reader.PeekState();

    public void ReadTag(CborTag tag)
    {
        Need(CborReaderState.Tag);
        var start = Place;
        Shortest(_reader.ReadTag() == tag ? (ulong)tag : throw Wrong($"tag {(ulong)tag} is needed here"), start);
    }

    /// <summary>Reads a number from 0 on.</summary>
    public ulong ReadUnsigned()
    {
        Need(CborReaderState.UnsignedInteger);
        var start = Place;
        var value = _reader.ReadUInt64();
        Shortest(value, start);
        return value;
    }

    /// <summary>Reads an integer of either sign, -2^64 to 2^64 - 1.</summary>
    public Int128 ReadInteger()
    {
        if (Next != CborReaderState.NegativeInteger)
        {
            return ReadUnsigned();
        }
        var start = Place;
        var value = _reader.ReadCborNegativeIntegerRepresentation();
        Shortest(value, start);
        return -1 - (Int128)value;
    }

    /// <summary>Reads a float of any width.</summary>
    public double ReadFloat() => _reader.ReadDouble();

    public ReadOnlyMemory<byte> ReadBytes()
    {
        Need(CborReaderState.ByteString);
        var start = Place;
        var value = _reader.ReadDefiniteLengthByteString();
        Shortest((ulong)value.Length, start + value.Length);
        return value;
    }

    /// <summary>Reads a text as its UTF-8.</summary>
    public ReadOnlySpan<byte> ReadText()
    {
        Need(CborReaderState.TextString);
        var start = Place;
        var value = _reader.ReadDefiniteLengthTextStringBytes().Span;
        Shortest((ulong)value.Length, start + value.Length);
        return Utf8.IsValid(value) ? value : throw Wrong("the text is not UTF-8");
    }

    public string ReadString() => Encoding.UTF8.GetString(ReadText());

    /// <summary>Reads true, false or null.</summary>
    public bool? ReadSimple()
    {
        var start = Place;
        bool? value = null;
        if (Next == CborReaderState.Null)
        {
            _reader.ReadNull();
        }
        else
        {
            value = _reader.ReadBoolean();
        }
        return Place == start + 1 ? value : throw Wrong("a simple value is written in one byte");
    }

    /// <summary>Starts a map.</summary>
    /// <returns>Its pairs.</returns>
    public int StartMap()
    {
        Need(CborReaderState.StartMap);
        var start = Place;
        return Definite(_reader.ReadStartMap(), start);
    }

    public void EndMap() => _reader.ReadEndMap();

    /// <summary>Starts an array.</summary>
    /// <returns>Its items.</returns>
    public int StartArray()
    {
        Need(CborReaderState.StartArray);
        var start = Place;
        return Definite(_reader.ReadStartArray(), start);
    }

    public void EndArray() => _reader.ReadEndArray();

    /// <summary>Nothing may follow.</summary>
    public void End()
    {
        if (_reader.BytesRemaining > 0) // Its state says finished, whatever follows.
        {
            throw Wrong("nothing may follow");
        }
    }

    public static CborContentException Wrong(string rule) => new(rule);

    /// <summary>Runs a reading.</summary>
    /// <param name="read">Reads from <paramref name="items"/>.</param>
    /// <param name="items">To be read.</param>
    /// <param name="what">What they are, for the sentence.</param>
    /// <param name="fault">One sentence with the place and the rule, when the answer is false.</param>
    public static bool Try(Action<CborItems> read, CborItems items, string what, [NotNullWhen(false)] out string? fault)
    {
        try
        {
            read(items);
            fault = null;
            return true;
        }
        catch (CborContentException exception)
        {
            fault = string.Create(CultureInfo.InvariantCulture, $"At byte {items.Place} of {what}: {exception.Message.TrimEnd('.')}.");
            return false;
        }
    }

    private void Need(CborReaderState state)
    {
        var next = Next;
        if (next != state)
        {
            throw Wrong(
                next is CborReaderState.StartIndefiniteLengthByteString or CborReaderState.StartIndefiniteLengthTextString ? "lengths must be definite"
                : $"{Name(state)} is needed here");
        }
    }

    private static string Name(CborReaderState state) => state switch
    {
        CborReaderState.Tag => "a tag",
        CborReaderState.UnsignedInteger => "an integer that is not negative",
        CborReaderState.ByteString => "a byte string",
        CborReaderState.TextString => "a text",
        CborReaderState.StartMap => "a map",
        _ => "an array",
    };

    private int Definite(int? count, int start)
    {
        Shortest((ulong)(count ?? throw Wrong("lengths must be definite")), start);
        return count.Value;
    }

    /// <summary>What was read since <paramref name="start"/> must be a head with this argument in its shortest form.</summary>
    private void Shortest(ulong argument, int start)
    {
        var length = argument switch
        {
            < 24 => 1,
            <= byte.MaxValue => 2,
            <= ushort.MaxValue => 3,
            <= uint.MaxValue => 5,
            _ => 9,
        };
        if (Place - start != length)
        {
            throw Wrong("lengths, integers and tags must have their shortest form");
        }
    }
}
