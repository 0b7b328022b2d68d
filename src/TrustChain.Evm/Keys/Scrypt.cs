using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TrustChain.Evm.Keys;

/// <summary>
/// scrypt (RFC 7914). Our own because BouncyCastle refuses r = 1 with N of 2^16 and above, as RFC 7914 section 2 does too, while published and existing
/// key files have it.
/// </summary>
internal static class Scrypt
{
    private const int SalsaWords = 16;

    /// <summary>Bytes the computation needs beside its input and output: 128 r (N + p + 2).</summary>
    public static long MemoryBytes(long n, long r, long p) => checked(128 * r * (n + p + 2));

    /// <summary>Derives a key. N is a power of two above 1; the caller has bounded the memory.</summary>
    public static byte[] DeriveKey(ReadOnlySpan<byte> passPhrase, ReadOnlySpan<byte> salt, int n, int r, int p, int lengthBytes)
    {
        var blocks = Rfc2898DeriveBytes.Pbkdf2(passPhrase, salt, 1, HashAlgorithmName.SHA256, checked(p * 128 * r));
        var words = MemoryMarshal.Cast<byte, uint>(blocks.AsSpan());
        SwapOnBigEndian(words);
        var blockWords = 2 * SalsaWords * r;
        var table = GC.AllocateUninitializedArray<uint>(checked(n * blockWords));
        var spare = new uint[blockWords];
        for (var i = 0; i < p; i++)
        {
            MixRow(words.Slice(i * blockWords, blockWords), spare, table, n);
        }
        SwapOnBigEndian(words);
        var key = Rfc2898DeriveBytes.Pbkdf2(passPhrase, blocks, 1, HashAlgorithmName.SHA256, lengthBytes);
        CryptographicOperations.ZeroMemory(blocks);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(table.AsSpan()));
        return key;
    }

    /// <summary>scryptROMix, RFC 7914 section 5.</summary>
    private static void MixRow(Span<uint> block, Span<uint> spare, Span<uint> table, int n)
    {
        var width = block.Length;
        for (var i = 0; i < n; i++)
        {
            block.CopyTo(table[(i * width)..]);
            MixBlock(block, spare);
        }
        for (var i = 0; i < n; i++)
        {
            var j = (int)(block[width - SalsaWords] & (uint)(n - 1));
            Xor(block, table.Slice(j * width, width));
            MixBlock(block, spare);
        }
    }

    /// <summary>scryptBlockMix, RFC 7914 section 4: even results go to the first half, odd ones to the second.</summary>
    private static void MixBlock(Span<uint> block, Span<uint> spare)
    {
        Span<uint> x = stackalloc uint[SalsaWords];
        block[^SalsaWords..].CopyTo(x);
        var chunks = block.Length / SalsaWords;
        for (var i = 0; i < chunks; i++)
        {
            Xor(x, block.Slice(i * SalsaWords, SalsaWords));
            Salsa(x);
            var target = (i / 2) + (i % 2 == 0 ? 0 : chunks / 2);
            x.CopyTo(spare[(target * SalsaWords)..]);
        }
        spare.CopyTo(block);
    }

    private static void Xor(Span<uint> target, ReadOnlySpan<uint> other)
    {
        var step = Vector<uint>.Count;
        for (var i = 0; i < target.Length; i += step)
        {
            (new Vector<uint>(target[i..]) ^ new Vector<uint>(other[i..])).CopyTo(target[i..]);
        }
    }

    /// <summary>Salsa20/8, RFC 7914 section 3: four double rounds on a 4 by 4 matrix, then the input added.</summary>
    private static void Salsa(Span<uint> x)
    {
        var (x0, x1, x2, x3, x4, x5, x6, x7) = (x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]);
        var (x8, x9, x10, x11, x12, x13, x14, x15) = (x[8], x[9], x[10], x[11], x[12], x[13], x[14], x[15]);
        for (var round = 0; round < 4; round++)
        {
            Quarter(ref x0, ref x4, ref x8, ref x12);
            Quarter(ref x5, ref x9, ref x13, ref x1);
            Quarter(ref x10, ref x14, ref x2, ref x6);
            Quarter(ref x15, ref x3, ref x7, ref x11);
            Quarter(ref x0, ref x1, ref x2, ref x3);
            Quarter(ref x5, ref x6, ref x7, ref x4);
            Quarter(ref x10, ref x11, ref x8, ref x9);
            Quarter(ref x15, ref x12, ref x13, ref x14);
        }
        (x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]) =
            (x[0] + x0, x[1] + x1, x[2] + x2, x[3] + x3, x[4] + x4, x[5] + x5, x[6] + x6, x[7] + x7);
        (x[8], x[9], x[10], x[11], x[12], x[13], x[14], x[15]) =
            (x[8] + x8, x[9] + x9, x[10] + x10, x[11] + x11, x[12] + x12, x[13] + x13, x[14] + x14, x[15] + x15);
    }

    private static void Quarter(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        b ^= BitOperations.RotateLeft(a + d, 7);
        c ^= BitOperations.RotateLeft(b + a, 9);
        d ^= BitOperations.RotateLeft(c + b, 13);
        a ^= BitOperations.RotateLeft(d + c, 18);
    }

    private static void SwapOnBigEndian(Span<uint> words)
    {
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(words, words);
        }
    }
}
