using System.Buffers;

namespace TrustChain.Core.Epcis;

/// <summary>The form of absolute URIs (RFC 3986, JSON Schema format <c>uri</c>). A prefixed name (<c>cbv:BizStep-x</c>) has that form too.</summary>
internal static class UriSyntax
{
    /// <summary>Longest URI taken as a fact of an event. The standard has no limit; an index entry and a web server's request line do.</summary>
    public const int MaxBytes = 2048;

    private static readonly SearchValues<byte> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#@!$&'()*+,;="u8);

    /// <summary>Whether the text is a scheme, a colon and at least one more character, with nothing that must be percent-encoded.</summary>
    public static bool IsAbsolute(ReadOnlySpan<byte> text)
    {
        var colon = text.IndexOf((byte)':');
        if (colon < 1 || colon == text.Length - 1 || !char.IsAsciiLetter((char)text[0]))
        {
            return false;
        }
        foreach (var b in text[1..colon])
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'+' or (byte)'-' or (byte)'.'))
            {
                return false;
            }
        }
        var rest = text[(colon + 1)..];
        return rest[0] is not ((byte)'?' or (byte)'#') && HasOnlyUriCharacters(rest);
    }

    private static bool HasOnlyUriCharacters(ReadOnlySpan<byte> rest)
    {
        var fragment = rest.IndexOf((byte)'#');
        if (fragment >= 0 && rest[(fragment + 1)..].Contains((byte)'#'))
        {
            return false;
        }
        // A literal as host is the one place where brackets may stand.
        return HasOnlyPlain(rest)
            || (rest.StartsWith("//"u8) && IpLiteral.Find(rest[2..]) is { Start: > 0 } host
                && HasOnlyPlain(rest[..(host.Start + 1)]) && HasOnlyPlain(rest[(host.End + 3)..]));
    }

    private static bool HasOnlyPlain(ReadOnlySpan<byte> rest)
    {
        for (var at = rest.IndexOfAnyExcept(Plain); at >= 0; at = rest.IndexOfAnyExcept(Plain))
        {
            if (rest[at] != '%' || at + 2 >= rest.Length || !char.IsAsciiHexDigit((char)rest[at + 1]) || !char.IsAsciiHexDigit((char)rest[at + 2]))
            {
                return false;
            }
            rest = rest[(at + 3)..];
        }
        return true;
    }
}
