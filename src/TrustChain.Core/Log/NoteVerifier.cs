using System.Diagnostics.CodeAnalysis;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// Verifier key of a signed note (C2SP signed-note): <c>name+hash+key</c>, where hash is 8 hexadecimal digits of the key ID and key is base64 of
/// the type byte 0x01 and the 32 bytes of an Ed25519 public key.
/// </summary>
public sealed class NoteVerifier
{
    private const byte Ed25519Type = 1;

    private NoteVerifier(string name, PublicKey key, byte[] bytes)
    {
        Name = name;
        KeyId = NoteKeyText.ComputeKeyId(name, Ed25519Type, bytes);
        Key = key;
        Text = NoteKeyText.Format(name, KeyId, Ed25519Type, bytes);
    }

    /// <summary>The signer's name; for a log, its origin. Not empty, no white space, no plus sign.</summary>
    public string Name { get; }

    /// <summary>First four bytes of SHA-256(name || 0x0A || 0x01 || key), big-endian.</summary>
    public uint KeyId { get; }

    /// <summary>The Ed25519 key.</summary>
    public PublicKey Key { get; }

    /// <summary>The key in its one textual form.</summary>
    public string Text { get; }

    /// <summary>Names an Ed25519 key.</summary>
    /// <exception cref="ArgumentException">The name is not allowed or the key is not Ed25519.</exception>
    public static NoteVerifier Create(string name, PublicKey key) => new(name, key, NoteKeyText.Check(name, key));

    /// <summary>Reads the textual form; false for another key type, a hash that does not fit, or anything malformed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out NoteVerifier? verifier)
    {
        verifier = NoteKeyText.TryParse(text, Ed25519Type, out var name, out var key) ? Create(name, key) : null;
        return verifier is not null;
    }
}
