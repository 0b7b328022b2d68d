using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace TrustChain.Core.Encryption;

/// <summary>The Concat KDF of NIST SP 800-56A with SHA-256, as RFC 7518 section 4.6.2 uses it, for keys of at most 256 bits: one round.</summary>
internal static class ConcatKdf
{
    /// <param name="secret">The shared secret Z: the x coordinate of the agreed point.</param>
    /// <param name="algorithm">AlgorithmID: <c>alg</c> of the JWE, or <c>enc</c> where the agreed key is the content key.</param>
    /// <param name="partyU">PartyUInfo: the bytes of <c>apu</c>; empty where there is none.</param>
    /// <param name="partyV">PartyVInfo: the bytes of <c>apv</c>; empty where there is none.</param>
    /// <param name="sizeBytes">Length of the key, at most 32.</param>
    public static byte[] Derive(ReadOnlySpan<byte> secret, string algorithm, ReadOnlySpan<byte> partyU, ReadOnlySpan<byte> partyV, int sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, SHA256.HashSizeInBytes);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendNumber(hash, 1);
        hash.AppendData(secret);
        AppendCounted(hash, Encoding.ASCII.GetBytes(algorithm));
        AppendCounted(hash, partyU);
        AppendCounted(hash, partyV);
        AppendNumber(hash, sizeBytes * 8);
        return hash.GetHashAndReset()[..sizeBytes];
    }

    private static void AppendCounted(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        AppendNumber(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AppendNumber(IncrementalHash hash, int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
