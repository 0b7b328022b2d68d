using System.Buffers.Binary;
using System.Security.Cryptography;
using TrustChain.Core.Log;

namespace TrustChain.Evm.Keys;

/// <summary>The cipher and the authentication code of a version 3 key file; both use one half each of a derived key of 32 bytes.</summary>
internal static class KeystoreCipher
{
    public const int IvBytes = 16;

    /// <summary>AES-128 in counter mode with a big-endian 128-bit counter; encryption and decryption are the same.</summary>
    public static byte[] Apply(ReadOnlySpan<byte> derivedKey, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> input)
    {
        using var aes = Aes.Create();
        aes.Key = derivedKey[..16].ToArray();
        var counter = BinaryPrimitives.ReadUInt128BigEndian(iv);
        var output = input.ToArray();
        Span<byte> block = stackalloc byte[16];
        for (var start = 0; start < output.Length; start += block.Length, counter++)
        {
            BinaryPrimitives.WriteUInt128BigEndian(block, counter);
            aes.EncryptEcb(block, block, PaddingMode.None);
            for (var i = 0; i < block.Length && start + i < output.Length; i++)
            {
                output[start + i] ^= block[i];
            }
        }
        return output;
    }

    /// <summary>Keccak-256 of the second half of the derived key and the cipher text.</summary>
    public static Hash32 ComputeMac(ReadOnlySpan<byte> derivedKey, ReadOnlySpan<byte> cipherText) =>
        Keccak256.Compute([.. derivedKey[16..32], .. cipherText]);
}
