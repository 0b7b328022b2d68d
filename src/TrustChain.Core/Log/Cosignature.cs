using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>Answer of a look for one witness's cosignature on a note.</summary>
/// <param name="IsPresent">Whether the note has a line with the witness's name and key ID.</param>
/// <param name="Check">Whether that line is a cosignature by the witness over this text; invalid when there is none.</param>
/// <param name="Time">When the witness says it cosigned, in whole seconds; set only when the cosignature is valid.</param>
public readonly record struct CosignatureCheck(bool IsPresent, SignatureCheck Check, DateTimeOffset? Time);

/// <summary>
/// Timestamped Ed25519 cosignature (C2SP tlog-cosignature): a witness says that at a time the largest tree it had seen of the log named by the first line
/// had this size and root, and that it had only grown. https://c2sp.org/tlog-cosignature
/// </summary>
public static class Cosignature
{
    private const int TimeSize = 8;

    /// <summary>Cosigns the text of a checkpoint.</summary>
    /// <param name="text">The checkpoint's text with its last newline, without signature lines; extension lines are covered too.</param>
    /// <param name="name">The witness's name.</param>
    /// <param name="key">The witness's Ed25519 key.</param>
    /// <param name="time">Time of cosigning; counted in whole seconds, from 1970 on.</param>
    /// <returns>The signature line, ending in a newline.</returns>
    /// <exception cref="ArgumentException">The name is not allowed, the key is not Ed25519, the text has no last newline, or the time is before 1970.</exception>
    public static string Sign(string text, string name, SigningKey key, DateTimeOffset time)
    {
        var verifier = WitnessVerifier.Create(name, key.PublicKey);
        var seconds = time.ToUnixTimeSeconds();
        if (!text.EndsWith('\n'))
        {
            throw new ArgumentException("A note's text ends in a newline.", nameof(text));
        }
        ArgumentOutOfRangeException.ThrowIfNegative(seconds, nameof(time));
        var signature = new byte[TimeSize + Ed25519.SignatureSize];
        BinaryPrimitives.WriteInt64BigEndian(signature, seconds);
        key.Sign(Message(text, seconds)).CopyTo(signature, TimeSize);
        return new NoteSignature(name, verifier.KeyId, signature).ToLine();
    }

    /// <summary>Checks the bytes of one signature line. A time past the year 9999 counts as invalid.</summary>
    internal static CosignatureCheck Verify(WitnessVerifier verifier, string text, ReadOnlySpan<byte> signature)
    {
        var seconds = signature.Length == TimeSize + Ed25519.SignatureSize ? BinaryPrimitives.ReadInt64BigEndian(signature) : -1;
        if (seconds < 0 || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return new CosignatureCheck(true, SignatureCheck.Invalid, null);
        }
        var check = verifier.Key.Verify(Message(text, seconds), signature[TimeSize..]);
        return new CosignatureCheck(true, check, check == SignatureCheck.Valid ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null);
    }

    private static byte[] Message(string text, long seconds) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {seconds}\n{text}"));
}
