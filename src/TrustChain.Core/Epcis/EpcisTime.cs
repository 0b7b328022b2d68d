namespace TrustChain.Core.Epcis;

/// <summary>RFC 3339 date-times with an offset, and the form the event hash gives them.</summary>
internal static class EpcisTime
{
    /// <summary>Bytes that <see cref="Write"/> needs: <c>2005-04-04T02:33:31.116Z</c>.</summary>
    public const int WrittenSize = 24;

    private const int MaxFractionDigits = 30;

    /// <summary>
    /// Reads <c>yyyy-mm-ddThh:mm:ss[.fraction](Z|±hh:mm)</c>. Offsets go to 14:00 as in XML Schema; leap seconds, hour 24 and instants outside the
    /// years 1 to 9999 of UTC are refused.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out DateTimeOffset instant)
    {
        instant = default;
        if (text.Length < 20
            || !Digits(text, 0, 4, out var year) || text[4] != '-' || !Digits(text, 5, 2, out var month) || text[7] != '-'
            || !Digits(text, 8, 2, out var day) || (text[10] | 0x20) != 't'
            || !Digits(text, 11, 2, out var hour) || text[13] != ':' || !Digits(text, 14, 2, out var minute) || text[16] != ':'
            || !Digits(text, 17, 2, out var second)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }
        var rest = text[19..];
        long fraction = 0;
        if (rest[0] == '.')
        {
            var digits = 0;
            long scale = TimeSpan.TicksPerSecond / 10;
            for (rest = rest[1..]; digits < rest.Length && char.IsAsciiDigit((char)rest[digits]); digits++)
            {
                fraction += (rest[digits] - '0') * scale;
                scale /= 10;
            }
            if (digits is 0 or > MaxFractionDigits)
            {
                return false;
            }
            rest = rest[digits..];
        }
        if (!TryParseOffset(rest, out var offsetMinutes))
        {
            return false;
        }
        var ticks = new DateTime(year, month, day, hour, minute, second).Ticks + fraction - (offsetMinutes * TimeSpan.TicksPerMinute);
        // The last half millisecond of year 9999 has no rounded form.
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks - (TimeSpan.TicksPerMillisecond / 2))
        {
            return false;
        }
        instant = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    /// <summary>Whether the text is an <c>eventTimeZoneOffset</c>: sign, two digits, colon, two digits, up to 14:00.</summary>
    public static bool IsOffset(ReadOnlySpan<byte> text) =>
        text.Length == 6 && text[0] is (byte)'+' or (byte)'-' && TryParseOffset(text, out _);

    /// <summary>Writes the instant in UTC with three decimals, rounded half up, and <c>Z</c>.</summary>
    public static void Write(DateTimeOffset instant, Span<byte> destination)
    {
        const long Millisecond = TimeSpan.TicksPerMillisecond;
        var rounded = new DateTime((instant.UtcTicks + (Millisecond / 2)) / Millisecond * Millisecond);
        Put(destination, 0, 4, rounded.Year);
        destination[4] = (byte)'-';
        Put(destination, 5, 2, rounded.Month);
        destination[7] = (byte)'-';
        Put(destination, 8, 2, rounded.Day);
        destination[10] = (byte)'T';
        Put(destination, 11, 2, rounded.Hour);
        destination[13] = (byte)':';
        Put(destination, 14, 2, rounded.Minute);
        destination[16] = (byte)':';
        Put(destination, 17, 2, rounded.Second);
        destination[19] = (byte)'.';
        Put(destination, 20, 3, rounded.Millisecond);
        destination[23] = (byte)'Z';
    }

    private static bool TryParseOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1)
        {
            return (text[0] | 0x20) == 'z';
        }
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':'
            || !Digits(text, 1, 2, out var hour) || !Digits(text, 4, 2, out var minute) || minute > 59 || (hour * 60) + minute > 14 * 60)
        {
            return false;
        }
        minutes = (hour * 60) + minute;
        if (text[0] == '-')
        {
            minutes = -minutes;
        }
        return true;
    }

    private static bool Digits(ReadOnlySpan<byte> text, int start, int count, out int value)
    {
        value = 0;
        for (var i = start; i < start + count; i++)
        {
            var digit = text[i] - '0';
            if ((uint)digit > 9)
            {
                return false;
            }
            value = (value * 10) + digit;
        }
        return true;
    }

    private static void Put(Span<byte> destination, int start, int count, int value)
    {
        for (var i = start + count - 1; i >= start; i--)
        {
            destination[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }
}
