using System.Diagnostics.CodeAnalysis;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>Verifier key of a signed note, of key type 0x01: Ed25519 signatures. A log's checkpoints and receipts are signed with such a key.</summary>
public sealed class NoteVerifier : NoteKey
{
    private const byte Ed25519Type = 1;

    private NoteVerifier(string name, PublicKey key)
        : base(name, Ed25519Type, key)
    {
    }

    /// <summary>Names an Ed25519 key.</summary>
    /// <exception cref="ArgumentException">The name is not allowed or the key is not Ed25519.</exception>
    public static NoteVerifier Create(string name, PublicKey key) => new(name, key);

    /// <summary>Reads the textual form; false for another key type, a hash that does not fit, or anything malformed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out NoteVerifier? verifier)
    {
        verifier = NoteKeyText.TryParse(text, Ed25519Type, out var name, out var key) ? Create(name, key) : null;
        return verifier is not null;
    }
}
