using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>The textual form that every Ed25519 key of a signed note has (C2SP signed-note): <c>name+hash+base64(type || 32 bytes)</c>.</summary>
internal static class NoteKeyText
{
    private const int MaxLength = 1024;

    public static bool IsName(string name) => name.Length is > 0 and <= 256 && !name.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+');

    /// <summary>First four bytes of SHA-256(name || 0x0A || type || key), big-endian.</summary>
    public static uint ComputeKeyId(string name, byte type, ReadOnlySpan<byte> key) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', type, .. key]));

    public static string Format(string name, uint keyId, byte type, ReadOnlySpan<byte> key) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}+{keyId:x8}+{Convert.ToBase64String([type, .. key])}");

    /// <summary>The 32 bytes of a key that may sign a note under this name.</summary>
    /// <exception cref="ArgumentException">The name is not allowed or the key is not Ed25519.</exception>
    public static byte[] Check(string name, PublicKey key)
    {
        if (!IsName(name))
        {
            throw new ArgumentException("A note signer's name has no white space and no plus sign, and is not empty.", nameof(name));
        }
        return key.Ed25519Bytes() ?? throw new ArgumentException("A note is signed with an Ed25519 key.", nameof(key));
    }

    /// <summary>Reads the one canonical spelling of a key of this type.</summary>
    public static bool TryParse(string text, byte type, [NotNullWhen(true)] out string? name, [NotNullWhen(true)] out PublicKey? key)
    {
        (name, key) = (null, null);
        var parts = text.Length > MaxLength ? [] : text.Split('+', 3);
        if (parts.Length != 3 || !IsName(parts[0]))
        {
            return false;
        }
        var decoded = new byte[64];
        if (!Convert.TryFromBase64String(parts[2], decoded, out var written) || written != 1 + Ed25519.PublicKeySize || decoded[0] != type)
        {
            return false;
        }
        var bytes = decoded.AsSpan(1, Ed25519.PublicKeySize);
        if (Format(parts[0], ComputeKeyId(parts[0], type, bytes), type, bytes) != text)
        {
            return false;
        }
        name = parts[0];
        return PublicKey.TryParse($$"""{"crv":"Ed25519","kty":"OKP","x":"{{Base64UrlText.Encode(bytes)}}"}""", out key, out _);
    }
}
