using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>One signature line of a note, not verified.</summary>
/// <param name="Name">Name of the signer.</param>
/// <param name="KeyId">Key ID.</param>
/// <param name="Signature">What follows the key ID: at least one byte.</param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature)
{
    /// <summary>The line in its canonical spelling, ending in a newline.</summary>
    public string ToLine()
    {
        var bytes = new byte[4 + Signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
        Signature.Span.CopyTo(bytes.AsSpan(4));
        return $"{SignedNote.SignaturePrefix}{Name} {Convert.ToBase64String(bytes)}\n";
    }
}

/// <summary>A signed note (C2SP signed-note): text that ends in a newline, an empty line, and one or more signature lines.</summary>
public sealed class SignedNote
{
    /// <summary>Longest note read, in characters: room for 16 signatures of the longest type assigned, which has 3.3 kB.</summary>
    public const int MaxBytes = 65_536;

    internal const string SignaturePrefix = "\u2014 ";

    private const int MaxSignatures = 100;
    private const int MaxSignatureLength = 8192; // in base64

    private readonly List<NoteSignature> _signatures;

    private SignedNote(string text, List<NoteSignature> signatures)
    {
        Text = text;
        _signatures = signatures;
    }

    /// <summary>The signed text with its last newline.</summary>
    public string Text { get; }

    /// <summary>Names on the signature lines, in order.</summary>
    public IEnumerable<string> Signers => _signatures.Select(static s => s.Name);

    /// <summary>The signature lines, in order. Nothing of them is verified.</summary>
    public IReadOnlyList<NoteSignature> Signatures => _signatures;

    /// <summary>Signs a text that ends in a newline.</summary>
    /// <exception cref="ArgumentException">The text does not end in a newline, or holds control characters.</exception>
    public static string Sign(string text, string name, SigningKey key)
    {
        if (!text.EndsWith('\n') || text.Any(static c => char.IsControl(c) && c != '\n'))
        {
            throw new ArgumentException("A note's text ends in a newline and has no other control characters.", nameof(text));
        }
        var verifier = NoteVerifier.Create(name, key.PublicKey);
        return $"{text}\n{new NoteSignature(name, verifier.KeyId, key.Sign(Encoding.UTF8.GetBytes(text))).ToLine()}";
    }

    /// <summary>The note with further signature lines at its end, each ending in a newline. Nothing is verified.</summary>
    /// <exception cref="ArgumentException">What comes out is not a note.</exception>
    public static string Append(string note, IEnumerable<string> lines)
    {
        var longer = string.Concat([note, .. lines]);
        return TryParse(note, out var before) && TryParse(longer, out var after) && before.Text == after.Text
            ? longer
            : throw new ArgumentException("Only signature lines can be appended to a note.", nameof(lines));
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
        var signatures = new List<NoteSignature>();
        foreach (var line in note[(split + 2)..^1].Split('\n'))
        {
            if (signatures.Count == MaxSignatures || ParseLine(line) is not { } signature)
            {
                return false;
            }
            signatures.Add(signature);
        }
        parsed = new SignedNote(note[..(split + 1)], signatures);
        return true;
    }

    /// <summary>Looks for the verifier's signature line, by name and key ID, and checks it. Invalid when there is none.</summary>
    public SignatureCheck Verify(NoteVerifier verifier) =>
        Find(verifier.Name, verifier.KeyId) is { } line ? verifier.Key.Verify(Encoding.UTF8.GetBytes(Text), line.Signature.Span) : SignatureCheck.Invalid;

    /// <summary>
    /// Looks for the witness's cosignature, by name and key ID, and checks it (C2SP tlog-cosignature). Of several lines of one witness the first counts.
    /// Whether the text is a checkpoint of the right log is for the caller to check.
    /// </summary>
    public CosignatureCheck VerifyCosignature(WitnessVerifier verifier) => Find(verifier.Name, verifier.KeyId) is { } line
        ? Cosignature.Verify(verifier, Text, line.Signature.Span)
        : new CosignatureCheck(false, SignatureCheck.Invalid, null);

    private NoteSignature? Find(string name, uint keyId) => _signatures.Find(s => s.KeyId == keyId && s.Name == name);

    private static NoteSignature? ParseLine(string line)
    {
        var parts = line.StartsWith(SignaturePrefix, StringComparison.Ordinal) ? line[SignaturePrefix.Length..].Split(' ') : [];
        if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length > MaxSignatureLength)
        {
            return null;
        }
        var bytes = new byte[(parts[1].Length / 4 * 3) + 3];
        return Convert.TryFromBase64String(parts[1], bytes, out var written) && written >= 5
            ? new NoteSignature(parts[0], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(4..written))
            : null;
    }
}
