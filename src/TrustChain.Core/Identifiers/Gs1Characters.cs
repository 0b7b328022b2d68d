using System.Buffers;

namespace TrustChain.Core.Identifiers;

/// <summary>The character sets of GS1 keys, and how many characters an escaped text stands for.</summary>
internal static class Gs1Characters
{
    private const string Digits = "0123456789";
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Lower = "abcdefghijklmnopqrstuvwxyz";

    /// <summary>GS1 General Specifications, figure 7.11-1 ("character set 82").</summary>
    public static readonly SearchValues<char> Set82 = SearchValues.Create(Digits + Upper + Lower + "!\"%&'()*+,-./:;<=>?_");

    /// <summary>GS1 General Specifications, figure 7.11-2 ("character set 39"), of component and part identifiers.</summary>
    public static readonly SearchValues<char> Set39 = SearchValues.Create(Digits + Upper + "#-/");

    /// <summary>GS1 General Specifications, figure 7.11-3 ("character set 64"): file-safe base64 with padding.</summary>
    public static readonly SearchValues<char> Set64 = SearchValues.Create(Digits + Upper + Lower + "-_=");

    /// <summary>Characters of set 82 that an EPC URN carries unescaped (EPC Tag Data Standard, section 6.2 and annex A).</summary>
    public static readonly SearchValues<char> RawInUrn = SearchValues.Create(Digits + Upper + Lower + "!'()*+,-.:;=_");

    /// <summary>Characters of set 39 that an EPC URN or a path segment carries unescaped.</summary>
    public static readonly SearchValues<char> RawOf39 = SearchValues.Create(Digits + Upper + "-");

    /// <summary>Characters of set 82 that the event hash's canonical form has unescaped in a Digital Link URI.</summary>
    public static readonly SearchValues<char> RawInCanonicalPath = SearchValues.Create(Digits + Upper + Lower + "\"'-.;<=>_");

    /// <summary>Whether there is at least one character and all are ASCII digits.</summary>
    public static bool AreDigits(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExceptInRange('0', '9');

    /// <summary>
    /// Number of characters that <paramref name="text"/> stands for, an escape such as %2F counting once;
    /// -1 where a raw character is not in <paramref name="raw"/> or an escape is broken or not in <paramref name="decoded"/>.
    /// </summary>
    public static int CountEscaped(ReadOnlySpan<char> text, SearchValues<char> raw, SearchValues<char> decoded)
    {
        var count = 0;
        for (var i = 0; i < text.Length; i++, count++)
        {
            if (text[i] != '%')
            {
                if (!raw.Contains(text[i]))
                {
                    return -1;
                }
                continue;
            }
            if (!TryDecode(text, i, out var character) || !decoded.Contains(character))
            {
                return -1;
            }
            i += 2;
        }
        return count;
    }

    /// <summary>The character (0 to 255) that the escape at <paramref name="index"/> stands for; false where no two hexadecimal digits follow.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, int index, out char character)
    {
        character = default;
        if (index + 2 >= text.Length || !char.IsAsciiHexDigit(text[index + 1]) || !char.IsAsciiHexDigit(text[index + 2]))
        {
            return false;
        }
        character = (char)((HexValue(text[index + 1]) << 4) | HexValue(text[index + 2]));
        return true;
    }

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
