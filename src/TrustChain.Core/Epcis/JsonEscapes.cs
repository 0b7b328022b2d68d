using System.Buffers.Text;
using System.Text;

namespace TrustChain.Core.Epcis;

/// <summary>The escapes of JSON strings (RFC 8259 section 7).</summary>
internal static class JsonEscapes
{
    /// <summary>
    /// Writes the text without its escapes; the result is never longer. The escapes must be well-formed. False when a surrogate stands alone or
    /// the text has U+0000, which no text store downstream can keep.
    /// </summary>
    public static bool TryUnescape(ReadOnlySpan<byte> text, Span<byte> destination, out int length)
    {
        length = 0;
        while (!text.IsEmpty)
        {
            var plain = text.IndexOf((byte)'\\');
            if (plain < 0)
            {
                plain = text.Length;
            }
            text[..plain].CopyTo(destination[length..]);
            length += plain;
            text = text[plain..];
            if (text.IsEmpty)
            {
                break;
            }
            if (text[1] == 'u')
            {
                if (!TryReadRune(ref text, out var rune))
                {
                    return false;
                }
                length += rune.EncodeToUtf8(destination[length..]);
                continue;
            }
            destination[length++] = text[1] switch
            {
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                var itself => itself,
            };
            text = text[2..];
        }
        return true;
    }

    private static bool TryReadRune(ref ReadOnlySpan<byte> text, out Rune rune)
    {
        var first = CodeUnit(text);
        text = text[6..];
        if (first == 0)
        {
            rune = default;
            return false;
        }
        if (Rune.TryCreate(first, out rune))
        {
            return true;
        }
        if (text.Length < 6 || text[0] != '\\' || text[1] != 'u' || !Rune.TryCreate(first, CodeUnit(text), out rune))
        {
            return false;
        }
        text = text[6..];
        return true;
    }

    private static char CodeUnit(ReadOnlySpan<byte> escape) =>
        Utf8Parser.TryParse(escape.Slice(2, 4), out ushort unit, out _, 'x') ? (char)unit : '\0';
}
