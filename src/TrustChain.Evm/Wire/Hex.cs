using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text;
using TrustChain.Core.Log;

namespace TrustChain.Evm.Wire;

/// <summary>The two hexadecimal forms of the Ethereum JSON-RPC interface: "data" (two digits a byte) and "quantity" (no leading zeros), both with 0x.</summary>
public static class Hex
{
    /// <summary>Lower-case digits after 0x; "0x" for no bytes.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    /// <summary>64 lower-case digits after 0x.</summary>
    public static string Encode(Hash32 hash) => "0x" + hash.ToHex();

    /// <summary>A number without leading zeros; "0x0" for zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static string EncodeQuantity(BigInteger value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        var digits = value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
        return digits.Length == 0 ? "0x0" : "0x" + digits;
    }

    /// <summary>Reads data of any length. 0x is required; digits may be of either case.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> ascii, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (!ascii.StartsWith("0x"u8) || ascii.Length % 2 != 0)
        {
            return false;
        }
        var decoded = new byte[(ascii.Length - 2) / 2];
        if (Convert.FromHexString(ascii[2..], decoded, out _, out _) != OperationStatus.Done)
        {
            return false;
        }
        bytes = decoded;
        return true;
    }

    /// <inheritdoc cref="TryDecode(ReadOnlySpan{byte}, out byte[])"/>
    public static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? bytes) => TryDecode(Encoding.UTF8.GetBytes(text), out bytes);

    /// <summary>Reads exactly 32 bytes of data.</summary>
    public static bool TryDecodeHash(ReadOnlySpan<byte> ascii, out Hash32 hash)
    {
        hash = default;
        if (ascii.Length != 2 + (2 * Hash32.Size) || !TryDecode(ascii, out var bytes))
        {
            return false;
        }
        hash = new Hash32(bytes);
        return true;
    }

    /// <summary>Reads a quantity of at most 256 bits. Leading zeros are accepted, because some nodes write them.</summary>
    public static bool TryDecodeQuantity(ReadOnlySpan<byte> ascii, out BigInteger value)
    {
        value = default;
        if (!ascii.StartsWith("0x"u8) || ascii.Length is < 3 or > 66)
        {
            return false;
        }
        // The leading 0 keeps BigInteger from reading the first digit as a sign.
        return BigInteger.TryParse("0" + Encoding.ASCII.GetString(ascii[2..]), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
