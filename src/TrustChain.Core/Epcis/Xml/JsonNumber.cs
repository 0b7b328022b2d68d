namespace TrustChain.Core.Epcis.Xml;

/// <summary>Numbers of XML Schema (decimal, double) as JSON numbers, digit for digit.</summary>
internal static class JsonNumber
{
    /// <summary>
    /// The text as a JSON number: as given where it is one, else without plus sign and needless leading zeros and with digits on both sides of the
    /// point. False for INF, NaN and whatever is no number.
    /// </summary>
    public static bool TryFormat(ReadOnlySpan<char> text, out string number)
    {
        number = "";
        var rest = text;
        var isNegative = rest.StartsWith('-');
        if (isNegative || rest.StartsWith('+'))
        {
            rest = rest[1..];
        }
        var whole = rest[..Digits(rest)];
        rest = rest[whole.Length..];
        ReadOnlySpan<char> fraction = default;
        if (rest.StartsWith('.'))
        {
            rest = rest[1..];
            fraction = rest[..Digits(rest)];
            rest = rest[fraction.Length..];
        }
        if ((whole.IsEmpty && fraction.IsEmpty) || !IsExponent(rest))
        {
            return false;
        }
        whole = whole.TrimStart('0');
        number = $"{(isNegative ? "-" : "")}{(whole.IsEmpty ? "0" : whole)}{(fraction.IsEmpty ? "" : ".")}{fraction}{rest}";
        return true;
    }

    private static bool IsExponent(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return true;
        }
        if (text[0] is not ('e' or 'E'))
        {
            return false;
        }
        text = text[1..];
        if (text.StartsWith('+') || text.StartsWith('-'))
        {
            text = text[1..];
        }
        return !text.IsEmpty && Digits(text) == text.Length;
    }

    private static int Digits(ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('0', '9') is >= 0 and var end ? end : text.Length;
}
