using System.Diagnostics.CodeAnalysis;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// Verifier key of a witness (C2SP tlog-cosignature): as <see cref="NoteVerifier"/>, but of key type 0x04, timestamped Ed25519 cosignatures. A type of its
/// own, so that a witness's key is never taken for a log's. https://c2sp.org/tlog-cosignature
/// </summary>
public sealed class WitnessVerifier
{
    private const byte CosignatureType = 4;

    private WitnessVerifier(string name, PublicKey key, byte[] bytes)
    {
        Name = name;
        KeyId = NoteKeyText.ComputeKeyId(name, CosignatureType, bytes);
        Key = key;
        Text = NoteKeyText.Format(name, KeyId, CosignatureType, bytes);
    }

    /// <summary>The witness's name, by custom a URL without scheme. Not empty, no white space, no plus sign.</summary>
    public string Name { get; }

    /// <summary>First four bytes of SHA-256(name || 0x0A || 0x04 || key), big-endian.</summary>
    public uint KeyId { get; }

    /// <summary>The Ed25519 key. A cosignature does not commit to the name: one key must not serve two witnesses.</summary>
    public PublicKey Key { get; }

    /// <summary>The key in its one textual form.</summary>
    public string Text { get; }

    /// <summary>Names a witness's Ed25519 key.</summary>
    /// <exception cref="ArgumentException">The name is not allowed or the key is not Ed25519.</exception>
    public static WitnessVerifier Create(string name, PublicKey key) => new(name, key, NoteKeyText.Check(name, key));

    /// <summary>Reads the textual form; false for another key type, a hash that does not fit, or anything malformed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out WitnessVerifier? verifier)
    {
        verifier = NoteKeyText.TryParse(text, CosignatureType, out var name, out var key) ? Create(name, key) : null;
        return verifier is not null;
    }
}
