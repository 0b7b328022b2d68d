using System.Buffers.Binary;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.Evm.Wire;

/// <summary>Reads the static values a contract call returned. Each reader is false when the word is missing or holds more than its type can.</summary>
public readonly ref struct AbiWords(ReadOnlySpan<byte> returned)
{
    private readonly ReadOnlySpan<byte> _returned = returned;

    /// <summary>True when exactly so many words were returned.</summary>
    public bool Has(int count) => _returned.Length == count * AbiArguments.WordBytes;

    /// <summary>Reads word <paramref name="index"/> as a uint64.</summary>
    public bool TryReadUInt64(int index, out ulong value)
    {
        value = 0;
        if (!TryReadWord(index, out var word) || word[..24].ContainsAnyExcept((byte)0))
        {
            return false;
        }
        value = BinaryPrimitives.ReadUInt64BigEndian(word[24..]);
        return true;
    }

    /// <summary>Reads word <paramref name="index"/> as a bytes32.</summary>
    public bool TryReadHash(int index, out Hash32 value)
    {
        value = TryReadWord(index, out var word) ? new Hash32(word) : default;
        return !word.IsEmpty;
    }

    /// <summary>Reads word <paramref name="index"/> as an address.</summary>
    public bool TryReadAddress(int index, out Address value)
    {
        value = default;
        if (!TryReadWord(index, out var word) || word[..12].ContainsAnyExcept((byte)0))
        {
            return false;
        }
        value = new Address(word[12..]);
        return true;
    }

    /// <summary>Reads word <paramref name="index"/> as a bool: 0 or 1 and nothing else.</summary>
    public bool TryReadBool(int index, out bool value)
    {
        value = TryReadUInt64(index, out var number) && number == 1;
        return value || (TryReadWord(index, out var word) && !word.ContainsAnyExcept((byte)0));
    }

    private bool TryReadWord(int index, out ReadOnlySpan<byte> word)
    {
        var start = index * AbiArguments.WordBytes;
        word = start + AbiArguments.WordBytes <= _returned.Length ? _returned.Slice(start, AbiArguments.WordBytes) : default;
        return !word.IsEmpty;
    }
}
