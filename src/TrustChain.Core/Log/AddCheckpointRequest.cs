using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace TrustChain.Core.Log;

/// <summary>
/// Body of the call <c>add-checkpoint</c> (C2SP tlog-witness): a line <c>old N</c>, a consistency proof with one hash in base64 a line, an empty line, and
/// the signed checkpoint. https://c2sp.org/tlog-witness
/// </summary>
/// <param name="OldSize">The size that the witness is believed to have cosigned last; 0 when it has cosigned nothing.</param>
/// <param name="Proof">Consistency proof from that size to the checkpoint's; empty from 0.</param>
/// <param name="Checkpoint">The checkpoint as a signed note.</param>
public sealed record AddCheckpointRequest(long OldSize, IReadOnlyList<Hash32> Proof, string Checkpoint)
{
    /// <summary>Longest body read, in bytes.</summary>
    public const int MaxBytes = 128 << 10;

    private const int MaxProof = 63;
    private const string OldPrefix = "old ";

    /// <summary>The answer's media type when the witness knows another size: its body is that size in decimal and a newline.</summary>
    public const string SizeMediaType = "text/x.tlog.size";

    /// <summary>The body as it is sent, in UTF-8.</summary>
    public byte[] ToUtf8()
    {
        var text = new StringBuilder(OldPrefix).Append(CultureInfo.InvariantCulture, $"{OldSize}\n");
        foreach (var hash in Proof)
        {
            text.Append(Convert.ToBase64String(hash.ToArray())).Append('\n');
        }
        return Encoding.UTF8.GetBytes(text.Append('\n').Append(Checkpoint).ToString());
    }

    /// <summary>Reads a body strictly: only the one spelling of each number and hash. The checkpoint is not looked at.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out AddCheckpointRequest? request)
    {
        request = null;
        if (utf8.Length > MaxBytes || !TryDecode(utf8, out var text))
        {
            return false;
        }
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        var lines = end < 0 ? [] : text[..end].Split('\n');
        if (lines.Length is 0 or > MaxProof + 1 || !lines[0].StartsWith(OldPrefix, StringComparison.Ordinal) || !TryParseSize(lines[0][OldPrefix.Length..], out var oldSize))
        {
            return false;
        }
        var proof = new Hash32[lines.Length - 1];
        for (var i = 0; i < proof.Length; i++)
        {
            if (!TryParseHash(lines[i + 1], out proof[i]))
            {
                return false;
            }
        }
        request = new AddCheckpointRequest(oldSize, proof, text[(end + 2)..]);
        return true;
    }

    /// <summary>Reads the body of the answer 409: a size in decimal without leading zeros, and a newline.</summary>
    public static bool TryParseConflict(string body, out long size)
    {
        size = 0;
        return body.EndsWith('\n') && TryParseSize(body[..^1], out size);
    }

    private static bool TryParseSize(string text, out long size)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size) && text == size.ToString(CultureInfo.InvariantCulture))
        {
            return true;
        }
        size = 0;
        return false;
    }

    private static bool TryParseHash(string text, out Hash32 hash)
    {
        var bytes = new byte[Hash32.Size + 4];
        hash = default;
        if (!Convert.TryFromBase64String(text, bytes, out var written) || written != Hash32.Size || Convert.ToBase64String(bytes.AsSpan(0, written)) != text)
        {
            return false;
        }
        hash = new Hash32(bytes.AsSpan(0, written));
        return true;
    }

    private static bool TryDecode(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out string? text)
    {
        text = System.Text.Unicode.Utf8.IsValid(utf8) ? Encoding.UTF8.GetString(utf8) : null;
        return text is not null;
    }
}
