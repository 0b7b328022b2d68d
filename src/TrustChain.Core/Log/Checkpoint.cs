using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace TrustChain.Core.Log;

/// <summary>The text of a signed tree head (C2SP tlog-checkpoint): origin, size in decimal, root in base64, one a line.</summary>
/// <param name="Origin">Name of the log.</param>
/// <param name="Size">Leaves in the tree.</param>
/// <param name="Root">Its root.</param>
public sealed record Checkpoint(string Origin, long Size, Hash32 Root)
{
    /// <summary>The text to be signed as a note.</summary>
    public string ToText() => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root.ToArray())}\n");

    /// <summary>Reads the text of a note. Extension lines after the third are allowed and ignored; they must not be empty.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        var lines = text.Split('\n');
        if (lines.Length < 4 || lines[^1].Length != 0 || lines[..^1].Any(static line => line.Length == 0))
        {
            return false;
        }
        var root = new byte[Hash32.Size + 4];
        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || lines[1] != size.ToString(CultureInfo.InvariantCulture)
            || lines[2].Length != 44 || !Convert.TryFromBase64String(lines[2], root, out var written) || written != Hash32.Size)
        {
            return false;
        }
        checkpoint = new Checkpoint(lines[0], size, new Hash32(root.AsSpan(0, Hash32.Size)));
        return true;
    }
}
