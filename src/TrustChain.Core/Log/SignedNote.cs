using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// Verifier key of a signed note (C2SP signed-note): <c>name+hash+key</c>, where hash is 8 hexadecimal digits of the key ID and key is base64 of
/// the type byte 0x01 and the 32 bytes of an Ed25519 public key.
/// </summary>
public sealed class NoteVerifier
{
    private const byte Ed25519Type = 1;

    private NoteVerifier(string name, uint keyId, PublicKey key, string text)
    {
        Name = name;
        KeyId = keyId;
        Key = key;
        Text = text;
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
    public static NoteVerifier Create(string name, PublicKey key)
    {
        if (!IsName(name))
        {
            throw new ArgumentException("A note signer's name has no white space and no plus sign, and is not empty.", nameof(name));
        }
        var bytes = key.Ed25519Bytes() ?? throw new ArgumentException("A note is signed with an Ed25519 key.", nameof(key));
        var id = ComputeKeyId(name, bytes);
        return new NoteVerifier(name, id, key, string.Create(CultureInfo.InvariantCulture, $"{name}+{id:x8}+{Convert.ToBase64String([Ed25519Type, .. bytes])}"));
    }

    /// <summary>Reads the textual form; false for another key type, a hash that does not fit, or anything malformed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out NoteVerifier? verifier)
    {
        verifier = null;
        var parts = text.Length > 1024 ? [] : text.Split('+', 3);
        if (parts.Length != 3 || !IsName(parts[0]))
        {
            return false;
        }
        var decoded = new byte[64];
        if (!Convert.TryFromBase64String(parts[2], decoded, out var written) || written != 33 || decoded[0] != Ed25519Type)
        {
            return false;
        }
        var jwk = $$"""{"crv":"Ed25519","kty":"OKP","x":"{{Base64UrlText.Encode(decoded.AsSpan(1, 32))}}"}""";
        if (!PublicKey.TryParse(jwk, out var key, out _))
        {
            return false;
        }
        verifier = Create(parts[0], key);
        return verifier.Text == text;
    }

    private static bool IsName(string name) => name.Length is > 0 and <= 256 && !name.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+');

    private static uint ComputeKeyId(string name, byte[] key) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', Ed25519Type, .. key]));
}

/// <summary>A signed note (C2SP signed-note): text that ends in a newline, an empty line, and one or more signature lines.</summary>
public sealed class SignedNote
{
    /// <summary>Longest note read, in bytes of UTF-8.</summary>
    public const int MaxBytes = 65_536;

    private const string SignaturePrefix = "\u2014 ";

    private readonly List<(string Name, uint KeyId, byte[] Signature)> _signatures;

    private SignedNote(string text, List<(string Name, uint KeyId, byte[] Signature)> signatures)
    {
        Text = text;
        _signatures = signatures;
    }

    /// <summary>The signed text with its last newline.</summary>
    public string Text { get; }

    /// <summary>Names on the signature lines, in order.</summary>
    public IEnumerable<string> Signers => _signatures.Select(static s => s.Name);

    /// <summary>Signs a text that ends in a newline.</summary>
    /// <exception cref="ArgumentException">The text does not end in a newline, or holds control characters.</exception>
    public static string Sign(string text, string name, SigningKey key)
    {
        if (!text.EndsWith('\n') || text.Any(static c => char.IsControl(c) && c != '\n'))
        {
            throw new ArgumentException("A note's text ends in a newline and has no other control characters.", nameof(text));
        }
        var verifier = NoteVerifier.Create(name, key.PublicKey);
        var line = new byte[4 + 64];
        BinaryPrimitives.WriteUInt32BigEndian(line, verifier.KeyId);
        key.Sign(Encoding.UTF8.GetBytes(text)).CopyTo(line, 4);
        return $"{text}\n{SignaturePrefix}{name} {Convert.ToBase64String(line)}\n";
    }

    /// <summary>Reads a note without verifying anything.</summary>
    public static bool TryParse(string note, [NotNullWhen(true)] out SignedNote? parsed)
    {
        parsed = null;
        if (note.Length > MaxBytes || note.Any(static c => char.IsControl(c) && c != '\n'))
        {
            return false;
        }
        var split = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || !note.EndsWith('\n') || split + 2 >= note.Length)
        {
            return false;
        }
        var signatures = new List<(string, uint, byte[])>();
        foreach (var line in note[(split + 2)..^1].Split('\n'))
        {
            var parts = line.StartsWith(SignaturePrefix, StringComparison.Ordinal) ? line[SignaturePrefix.Length..].Split(' ') : [];
            var bytes = new byte[1024];
            if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length > 1024 || signatures.Count == 100
                || !Convert.TryFromBase64String(parts[1], bytes, out var written) || written < 5)
            {
                return false;
            }
            signatures.Add((parts[0], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[4..written]));
        }
        parsed = new SignedNote(note[..(split + 1)], signatures);
        return true;
    }

    /// <summary>Looks for the verifier's signature line, by name and key ID, and checks it. Invalid when there is none.</summary>
    public SignatureCheck Verify(NoteVerifier verifier)
    {
        foreach (var (name, keyId, signature) in _signatures)
        {
            if (name == verifier.Name && keyId == verifier.KeyId)
            {
                return verifier.Key.Verify(Encoding.UTF8.GetBytes(Text), signature);
            }
        }
        return SignatureCheck.Invalid;
    }
}
