using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.Evm.Wire;

/// <summary>
/// Arguments of a contract call in the Solidity ABI, for the types the registry uses: uint64, uint256, bytes32, address, bool and bytes32[].
/// Static values take one 32-byte word of the head; an array puts its offset there and its length and elements behind the head.
/// </summary>
public sealed class AbiArguments
{
    /// <summary>Bytes of one ABI word.</summary>
    public const int WordBytes = 32;

    private readonly List<(Hash32 Word, IReadOnlyList<Hash32>? Array)> _head = [];

    /// <summary>The first four bytes of the Keccak-256 of a canonical signature such as <c>anchor(uint64,bytes32)</c>.</summary>
    public static byte[] ComputeSelector(string signature) => Keccak256.Compute(Encoding.ASCII.GetBytes(signature)).ToArray()[..4];

    /// <summary>Adds an unsigned integer of at most 256 bits, as uint64 or uint256 alike.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative or needs more than 256 bits.</exception>
    public AbiArguments Add(BigInteger value)
    {
        Span<byte> word = stackalloc byte[WordBytes];
        word.Clear();
        if (value.Sign < 0 || value.GetByteCount(isUnsigned: true) > WordBytes)
        {
            throw new ArgumentOutOfRangeException(nameof(value), "An ABI integer has 0 to 256 bits.");
        }
        var size = value.GetByteCount(isUnsigned: true);
        value.TryWriteBytes(word[^size..], out _, isUnsigned: true, isBigEndian: true);
        return AddWord(word);
    }

    /// <summary>Adds a bytes32.</summary>
    public AbiArguments Add(Hash32 value)
    {
        _head.Add((value, null));
        return this;
    }

    /// <summary>Adds an address, right-aligned in its word.</summary>
    public AbiArguments Add(Address value)
    {
        Span<byte> word = stackalloc byte[WordBytes];
        word.Clear();
        value.CopyTo(word[^Address.Size..]);
        return AddWord(word);
    }

    /// <summary>Adds a bool, as 0 or 1.</summary>
    public AbiArguments Add(bool value) => Add(value ? BigInteger.One : BigInteger.Zero);

    /// <summary>Adds a bytes32[].</summary>
    public AbiArguments Add(IReadOnlyList<Hash32> values)
    {
        _head.Add((default, values));
        return this;
    }

    /// <summary>The arguments alone, as they follow the bytecode of a contract that is created.</summary>
    public byte[] ToArray() => Encode([]);

    /// <summary>The selector of the signature and the arguments: the data of a call.</summary>
    public byte[] ToCall(string signature) => Encode(ComputeSelector(signature));

    private AbiArguments AddWord(ReadOnlySpan<byte> word)
    {
        _head.Add((new Hash32(word), null));
        return this;
    }

    private byte[] Encode(ReadOnlySpan<byte> prefix)
    {
        var words = _head.Sum(slot => slot.Array is null ? 1 : 2 + slot.Array.Count);
        var encoded = new byte[prefix.Length + (words * WordBytes)];
        prefix.CopyTo(encoded);
        var arguments = encoded.AsSpan(prefix.Length);
        var tail = _head.Count * WordBytes;
        for (var i = 0; i < _head.Count; i++)
        {
            var slot = arguments.Slice(i * WordBytes, WordBytes);
            if (_head[i].Array is not { } array)
            {
                _head[i].Word.CopyTo(slot);
                continue;
            }
            BinaryPrimitives.WriteInt32BigEndian(slot[^4..], tail);
            BinaryPrimitives.WriteInt32BigEndian(arguments.Slice(tail + WordBytes - 4, 4), array.Count);
            tail += WordBytes;
            foreach (var element in array)
            {
                element.CopyTo(arguments[tail..]);
                tail += WordBytes;
            }
        }
        return encoded;
    }
}
