using System.Text;

namespace TrustChain.Core.Identifiers;

/// <summary>Percent-encoding of Digital Link paths and queries (RFC 3986, section 2; a plus sign in a query is a space).</summary>
internal static class LinkEscaping
{
    /// <summary>Escapes all but the unreserved characters of RFC 3986. The text is of characters below U+0100.</summary>
    public static string EscapePath(string text) => Escape(text, "-._~");

    /// <summary>As <see cref="EscapePath"/>, with a plus sign for a space.</summary>
    public static string EscapeQuery(string text) => EscapePath(text).Replace("%20", "+", StringComparison.Ordinal);

    /// <summary>
    /// As the event hash's canonical form has it: apostrophe, semicolon and equals sign stay raw, because an EPC URN carries them raw
    /// and a path may.
    /// </summary>
    public static string EscapeCanonical(string text) => Escape(text, "-._~';=");

    /// <summary>
    /// Turns each %XX into the character of that number (0 to 255); what is no complete escape stays as it is.
    /// </summary>
    public static string Unescape(ReadOnlySpan<char> text, bool plusIsSpace)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && Gs1Characters.TryDecode(text, i, out var character))
            {
                result.Append(character);
                i += 2;
            }
            else
            {
                result.Append(plusIsSpace && text[i] == '+' ? ' ' : text[i]);
            }
        }
        return result.ToString();
    }

    private static string Escape(string text, string rawBesideAlphanumerics)
    {
        if (text.Length > CanonicalDigitalLink.MaxLength)
        {
            throw new ArgumentException($"At most {CanonicalDigitalLink.MaxLength} characters can be escaped at once.", nameof(text));
        }
        var writer = new UriWriter(new char[text.Length * 3]);
        foreach (var character in text)
        {
            if (char.IsAsciiLetterOrDigit(character) || rawBesideAlphanumerics.Contains(character))
            {
                writer.Append(character);
            }
            else
            {
                writer.AppendEscape(character);
            }
        }
        return writer.Text.ToString();
    }
}
