using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// A key of a signed note in its textual form (C2SP signed-note): <c>name+hash+key</c>, where hash is 8 hexadecimal digits of the key ID and key is base64 of
/// a type byte and the 32 bytes of an Ed25519 public key. https://c2sp.org/signed-note
/// </summary>
public abstract class NoteKey
{
    private protected NoteKey(string name, byte type, PublicKey key)
    {
        var bytes = NoteKeyText.Check(name, key);
        Name = name;
        KeyId = NoteKeyText.ComputeKeyId(name, type, bytes);
        Key = key;
        Text = NoteKeyText.Format(name, KeyId, type, bytes);
    }

    /// <summary>The signer's name: for a log its origin, for a witness by custom a URL without scheme. Not empty, no white space, no plus sign.</summary>
    public string Name { get; }

    /// <summary>First four bytes of SHA-256(name || 0x0A || type || key), big-endian.</summary>
    public uint KeyId { get; }

    /// <summary>The Ed25519 key.</summary>
    public PublicKey Key { get; }

    /// <summary>The key in its one textual form.</summary>
    public string Text { get; }
}
