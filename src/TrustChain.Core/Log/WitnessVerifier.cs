using System.Diagnostics.CodeAnalysis;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// Verifier key of a witness (C2SP tlog-cosignature), of key type 0x04: timestamped Ed25519 cosignatures. A type of its own, so that a witness's key is never
/// taken for a log's. A cosignature does not commit to the name: one key must not serve two witnesses. https://c2sp.org/tlog-cosignature
/// </summary>
public sealed class WitnessVerifier : NoteKey
{
    private const byte CosignatureType = 4;

    private WitnessVerifier(string name, PublicKey key)
        : base(name, CosignatureType, key)
    {
    }

    /// <summary>Names a witness's Ed25519 key.</summary>
    /// <exception cref="ArgumentException">The name is not allowed or the key is not Ed25519.</exception>
    public static WitnessVerifier Create(string name, PublicKey key) => new(name, key);

    /// <summary>Reads the textual form; false for another key type, a hash that does not fit, or anything malformed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out WitnessVerifier? verifier)
    {
        verifier = NoteKeyText.TryParse(text, CosignatureType, out var name, out var key) ? Create(name, key) : null;
        return verifier is not null;
    }
}
