namespace TrustChain.Core.Epcis;

/// <summary>The one spelling of a decimal number in the event hash: exact, no exponent, no sign on zero, no needless zeros.</summary>
internal static class PlainNumber
{
    /// <summary>Largest exponent (either way) that is written out; a number beyond it is not plain and stays as it is.</summary>
    public const int MaxExponent = 308;

    /// <summary>
    /// Splits <c>[+-] digits [. digits] [e [+-] digits]</c> (a digit on either side of the point is enough). False when the text has another form
    /// or its exponent is out of range.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out PlainNumberParts parts)
    {
        parts = default;
        var negative = false;
        if (text.Length > 0 && text[0] is (byte)'+' or (byte)'-')
        {
            negative = text[0] == '-';
            text = text[1..];
        }
        var whole = text[..CountDigits(text)];
        text = text[whole.Length..];
        ReadOnlySpan<byte> fraction = default;
        if (text.Length > 0 && text[0] == '.')
        {
            text = text[1..];
            fraction = text[..CountDigits(text)];
            text = text[fraction.Length..];
        }
        if ((whole.IsEmpty && fraction.IsEmpty) || !TryParseExponent(text, out var exponent))
        {
            return false;
        }
        whole = whole.TrimStart((byte)'0');
        fraction = fraction.TrimEnd((byte)'0');
        parts = new PlainNumberParts(negative && !(whole.IsEmpty && fraction.IsEmpty), whole, fraction, exponent);
        return true;
    }

    private static bool TryParseExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        if (text.IsEmpty)
        {
            return true;
        }
        if ((text[0] | 0x20) != 'e')
        {
            return false;
        }
        text = text[1..];
        var negative = text.Length > 0 && text[0] == '-';
        if (text.Length > 0 && text[0] is (byte)'+' or (byte)'-')
        {
            text = text[1..];
        }
        if (text.IsEmpty || CountDigits(text) != text.Length)
        {
            return false;
        }
        foreach (var digit in text)
        {
            exponent = (exponent * 10) + digit - '0';
            if (exponent > MaxExponent)
            {
                return false;
            }
        }
        exponent = negative ? -exponent : exponent;
        return true;
    }

    private static int CountDigits(ReadOnlySpan<byte> text) =>
        text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') is >= 0 and var end ? end : text.Length;
}

/// <summary>A number as sign, digits and decimal exponent.</summary>
/// <param name="negative">Whether a minus sign is written; never for zero.</param>
/// <param name="whole">Digits before the point, without leading zeros.</param>
/// <param name="fraction">Digits after the point, without trailing zeros.</param>
/// <param name="exponent">Power of ten the two are multiplied with.</param>
internal readonly ref struct PlainNumberParts(bool negative, ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction, int exponent)
{
    private readonly ReadOnlySpan<byte> _whole = whole;
    private readonly ReadOnlySpan<byte> _fraction = fraction;

    /// <summary>An upper bound of what <see cref="Write"/> writes.</summary>
    public int MaxSize => _whole.Length + _fraction.Length + Math.Abs(exponent) + 3;

    /// <summary>Writes the plain form and returns its length.</summary>
    public int Write(Span<byte> destination)
    {
        // All digits in one row, with the place of the point counted from the start of the row.
        var length = 0;
        if (negative)
        {
            destination[length++] = (byte)'-';
        }
        var digits = _whole.Length + _fraction.Length;
        var point = _whole.Length + exponent;
        var skipped = 0;
        while (skipped < digits && DigitAt(skipped) == '0')
        {
            skipped++;
        }
        var end = digits;
        while (end > skipped && DigitAt(end - 1) == '0')
        {
            end--;
        }
        if (end == skipped)
        {
            destination[0] = (byte)'0';
            return 1;
        }
        if (point <= skipped)
        {
            destination[length++] = (byte)'0';
        }
        for (var i = skipped; i < Math.Max(point, skipped); i++)
        {
            destination[length++] = i < digits ? DigitAt(i) : (byte)'0';
        }
        if (end > point)
        {
            destination[length++] = (byte)'.';
            for (var i = point; i < end; i++)
            {
                destination[length++] = i < skipped ? (byte)'0' : DigitAt(i);
            }
        }
        return length;
    }

    private byte DigitAt(int index) => index < _whole.Length ? _whole[index] : _fraction[index - _whole.Length];
}
