namespace TrustChain.Core.Epcis;

/// <summary>The literal IP addresses of URIs (RFC 3986 section 3.2.2): IPv6 and what may come after it, in brackets.</summary>
internal static class IpLiteral
{
    /// <summary>
    /// Where the address lies between its brackets, when the authority at the start of <paramref name="text"/> has a sound one as its host;
    /// a start of 0 otherwise.
    /// </summary>
    public static (int Start, int End) Find(ReadOnlySpan<byte> text)
    {
        var authority = text.IndexOfAny("/?#"u8) is >= 0 and var slash ? text[..slash] : text;
        var open = authority.IndexOf((byte)'[');
        var close = authority.IndexOf((byte)']');
        if (open < 0 || close < open)
        {
            return default;
        }
        var user = authority[..open];
        var port = authority[(close + 1)..];
        var isHost = (user.IsEmpty || user.IndexOf((byte)'@') == user.Length - 1)
            && (port.IsEmpty || (port[0] == ':' && !port[1..].ContainsAnyExceptInRange((byte)'0', (byte)'9')));
        var address = authority[(open + 1)..close];
        return isHost && (IsV6(address) || IsFuture(address)) ? (open + 1, close) : default;
    }

    /// <summary>Groups of up to four hexadecimal digits: eight, or fewer with one double colon; an IPv4 address may stand for the last two.</summary>
    private static bool IsV6(ReadOnlySpan<byte> address)
    {
        var gap = address.IndexOf("::"u8);
        if (gap < 0)
        {
            return CountGroups(address, mayEndInV4: true) == 8;
        }
        var before = CountGroups(address[..gap], mayEndInV4: false);
        var after = CountGroups(address[(gap + 2)..], mayEndInV4: true);
        return before >= 0 && after >= 0 && before + after <= 7;
    }

    private static int CountGroups(ReadOnlySpan<byte> text, bool mayEndInV4)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        var groups = 0;
        while (true)
        {
            var colon = text.IndexOf((byte)':');
            if (colon < 0 && mayEndInV4 && text.Contains((byte)'.'))
            {
                return IsV4(text) ? groups + 2 : -1;
            }
            var group = colon < 0 ? text : text[..colon];
            if (group.Length is 0 or > 4 || !IsHexadecimal(group))
            {
                return -1;
            }
            groups++;
            if (colon < 0)
            {
                return groups;
            }
            text = text[(colon + 1)..];
        }
    }

    private static bool IsV4(ReadOnlySpan<byte> text)
    {
        var parts = 0;
        foreach (var range in text.Split((byte)'.'))
        {
            var part = text[range];
            var value = 0;
            foreach (var b in part)
            {
                value = char.IsAsciiDigit((char)b) ? (value * 10) + b - '0' : 256;
            }
            if (part.Length is 0 or > 3 || value > 255)
            {
                return false;
            }
            parts++;
        }
        return parts == 4;
    }

    /// <summary><c>v</c>, a hexadecimal version, a point and whatever that version defines; which characters is checked here too.</summary>
    private static bool IsFuture(ReadOnlySpan<byte> address)
    {
        var point = address.IndexOf((byte)'.');
        return point > 1 && point < address.Length - 1 && (address[0] | 0x20) == 'v' && IsHexadecimal(address[1..point])
            && address[(point + 1)..].IndexOfAnyExcept(FutureCharacters) < 0;
    }

    private static readonly System.Buffers.SearchValues<byte> FutureCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:"u8);

    private static bool IsHexadecimal(ReadOnlySpan<byte> text)
    {
        foreach (var b in text)
        {
            if (!char.IsAsciiHexDigit((char)b))
            {
                return false;
            }
        }
        return true;
    }
}
