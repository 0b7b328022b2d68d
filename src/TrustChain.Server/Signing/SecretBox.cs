using System.Security.Cryptography;
using TrustChain.Core.Signing;

namespace TrustChain.Server.Signing;

/// <summary>Seals small texts under a key of the deployment (A256GCM), for clients to carry or the database to keep. Safe for concurrent use.</summary>
internal sealed class SecretBox(byte[] key) : IDisposable
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly AesGcm _cipher = new(key, TagSize);
    private readonly Lock _one = new();

    /// <summary>Base64url of nonce, ciphertext and tag.</summary>
    public string Seal(ReadOnlySpan<byte> plain)
    {
        var output = new byte[NonceSize + plain.Length + TagSize];
        RandomNumberGenerator.Fill(output.AsSpan(0, NonceSize));
        lock (_one)
        {
            _cipher.Encrypt(output.AsSpan(0, NonceSize), plain, output.AsSpan(NonceSize, plain.Length), output.AsSpan(NonceSize + plain.Length));
        }
        return Base64UrlText.Encode(output);
    }

    /// <summary>What was sealed, or null when the text was not made here or was altered.</summary>
    public byte[]? Open(ReadOnlySpan<char> text)
    {
        if (text.Length > 8192 || !Base64UrlText.TryDecode(text, out var bytes) || bytes.Length < NonceSize + TagSize)
        {
            return null;
        }
        var plain = new byte[bytes.Length - NonceSize - TagSize];
        try
        {
            lock (_one)
            {
                _cipher.Decrypt(bytes.AsSpan(0, NonceSize), bytes.AsSpan(NonceSize, plain.Length), bytes.AsSpan(NonceSize + plain.Length), plain);
            }
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null; // the answer to the question asked
        }
    }

    public void Dispose() => _cipher.Dispose();
}
