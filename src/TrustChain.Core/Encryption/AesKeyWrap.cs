using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TrustChain.Core.Encryption;

/// <summary>AES Key Wrap (RFC 3394) with its default initial value.</summary>
internal static class AesKeyWrap
{
    private static readonly byte[] InitialValue = [0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6];

    /// <param name="key">16, 24 or 32 bytes.</param>
    /// <param name="plain">At least 16 bytes, a multiple of 8.</param>
    public static byte[] Wrap(byte[] key, ReadOnlySpan<byte> plain)
    {
        var n = plain.Length / 8;
        var output = new byte[plain.Length + 8];
        plain.CopyTo(output.AsSpan(8));
        Span<byte> block = stackalloc byte[16];
        InitialValue.CopyTo(block);
        using var aes = Aes.Create();
        aes.Key = key;
        for (var j = 0; j < 6; j++)
        {
            for (var i = 1; i <= n; i++)
            {
                output.AsSpan(8 * i, 8).CopyTo(block[8..]);
                aes.EncryptEcb(block, block, PaddingMode.None);
                BinaryPrimitives.WriteUInt64BigEndian(block, BinaryPrimitives.ReadUInt64BigEndian(block) ^ (ulong)((n * j) + i));
                block[8..].CopyTo(output.AsSpan(8 * i));
            }
        }
        block[..8].CopyTo(output);
        return output;
    }

    /// <summary>Null when the integrity check fails, or the length is none of a wrapped key of 16 to 64 bytes.</summary>
    public static byte[]? Unwrap(byte[] key, ReadOnlySpan<byte> wrapped)
    {
        if (wrapped.Length < 24 || wrapped.Length % 8 != 0 || wrapped.Length > 72)
        {
            return null;
        }
        var n = (wrapped.Length / 8) - 1;
        var output = wrapped[8..].ToArray();
        Span<byte> block = stackalloc byte[16];
        wrapped[..8].CopyTo(block);
        using var aes = Aes.Create();
        aes.Key = key;
        for (var j = 5; j >= 0; j--)
        {
            for (var i = n; i >= 1; i--)
            {
                BinaryPrimitives.WriteUInt64BigEndian(block, BinaryPrimitives.ReadUInt64BigEndian(block) ^ (ulong)((n * j) + i));
                output.AsSpan(8 * (i - 1), 8).CopyTo(block[8..]);
                aes.DecryptEcb(block, block, PaddingMode.None);
                block[8..].CopyTo(output.AsSpan(8 * (i - 1)));
            }
        }
        return CryptographicOperations.FixedTimeEquals(block[..8], InitialValue) ? output : null;
    }
}
