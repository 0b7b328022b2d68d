using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Keys;

/// <summary>A 20-byte account or contract address. The default value is the zero address.</summary>
public readonly record struct Address
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 20;

    // Words instead of an array, so that the struct compares by value.
    private readonly ulong _a;
    private readonly ulong _b;
    private readonly uint _c;

    /// <summary>Takes the 20 bytes of an address.</summary>
    /// <exception cref="ArgumentException">The span is not 20 bytes long.</exception>
    public Address(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"An address has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        }
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>True for the zero address, which stands for nobody.</summary>
    public bool IsDefault => (_a | _b | _c) == 0;

    /// <summary>The last 20 bytes of the Keccak-256 of the 64 bytes after the 0x04 of an uncompressed point.</summary>
    /// <exception cref="ArgumentException">Not the 65 bytes of an uncompressed point.</exception>
    public static Address FromPublicKey(ReadOnlySpan<byte> uncompressedPoint)
    {
        if (uncompressedPoint.Length != 65 || uncompressedPoint[0] != 4)
        {
            throw new ArgumentException("An uncompressed public key has 65 bytes and begins with 0x04.", nameof(uncompressedPoint));
        }
        return FromDigestOf(uncompressedPoint[1..]);
    }

    /// <summary>The address of the contract that a transaction of <paramref name="sender"/> with <paramref name="nonce"/> creates.</summary>
    public static Address ForContract(Address sender, ulong nonce) =>
        FromDigestOf(Rlp.Encode(RlpItem.List(RlpItem.String(sender), RlpItem.Integer((BigInteger)nonce))));

    /// <summary>
    /// Reads 0x and 40 digits. Digits all of one case carry no check; mixed case must be the EIP-55 checksum.
    /// </summary>
    public static bool TryParse(string text, out Address address)
    {
        address = default;
        if (text.Length != 2 + (2 * Size) || !Hex.TryDecode(text, out var bytes))
        {
            return false;
        }
        var parsed = new Address(bytes);
        var digits = text.AsSpan(2);
        if (digits.ContainsAnyInRange('a', 'f') && digits.ContainsAnyInRange('A', 'F') && text != parsed.ToString())
        {
            return false;
        }
        address = parsed;
        return true;
    }

    /// <inheritdoc cref="TryParse"/>
    /// <exception cref="FormatException">The text is not an address.</exception>
    public static Address Parse(string text) =>
        TryParse(text, out var address)
            ? address
            : throw new FormatException("Not an address: 0x and 40 hexadecimal digits, with a correct checksum where the case is mixed.");

    /// <summary>The 20 bytes in a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Writes the 20 bytes to the start of <paramref name="destination"/>.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _c);
    }

    /// <summary>
    /// 0x and 40 digits in the mixed case of EIP-55: a letter is upper case where the digest of the lower-case digits has a nibble of 8 or more.
    /// </summary>
    public override string ToString()
    {
        var digits = Convert.ToHexStringLower(ToArray());
        var digest = Keccak256.Compute(Encoding.ASCII.GetBytes(digits)).ToHex();
        return string.Create(2 + digits.Length, (digits, digest), static (text, source) =>
        {
            "0x".CopyTo(text);
            for (var i = 0; i < source.digits.Length; i++)
            {
                text[2 + i] = source.digest[i] >= '8' ? char.ToUpperInvariant(source.digits[i]) : source.digits[i];
            }
        });
    }

    private static Address FromDigestOf(ReadOnlySpan<byte> bytes) => new(Keccak256.Compute(bytes).ToArray().AsSpan(12));
}
