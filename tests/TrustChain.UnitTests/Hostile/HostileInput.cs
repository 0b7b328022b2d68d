using System.Globalization;
using System.Text;

namespace TrustChain.UnitTests.Hostile;

/// <summary>
/// Makes hostile input out of good input: bytes changed, cut, doubled and repeated, words of the formats put in the wrong places, two inputs joined, nesting without end,
/// huge numbers, members twice, text that is no Unicode. The same seed makes the same input.
/// </summary>
internal sealed class HostileInput(IReadOnlyList<byte[]> good, int seed)
{
    /// <summary>No input is longer: what is larger is refused by length before it is parsed, and that has its own tests.</summary>
    public const int MaxLength = 96 << 10;

    private static readonly byte[][] Words =
    [
        .. ((string[])[
            "{", "}", "[", "]", "[[[[", "{\"a\":", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\\udfff", "null", "true", "-0", "1e999", "-1e-999", "0x10", "1E+400", "9223372036854775807", "9223372036854775808",
            "-9223372036854775809", "18446744073709551616", "0.1e1000000000", "NaN", "Infinity", "\"@context\":", "\"type\":", "\"eventID\":", "\"__proto__\":{}", "<", ">", "</", "<!--", "-->", "<![CDATA[", "]]>", "<?xml ",
            "<!DOCTYPE a [<!ENTITY b \"c\">]>", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\">", "&b;", "&#0;", "&#x10FFFF;", "&lt;", "xmlns:a=\"urn:b\"", " xmlns=\"\"", "%00", "%2F", "%", "%zz", "%ED%A0%80", "..", "/", "//", "?", "#", ";", "&", "=", "+",
            "—", "\n", "\n\n", "\r\n", "\t", "\0", "\u202E", "\uFEFF", "\uFFFF", " ", "=", "==", "_", "-", ".", "..", "...", "eyJhbGciOiJub25lIn0", "urn:epc:id:sgtin:", "urn:epc:idpat:", "https://id.gs1.org/01/", "(01)", "\u001d", "ni:///sha-256;",
            "2026-13-45T99:99:99.999999999999Z", "+99:99", "9999-12-31T23:59:59.9999999+14:00", "0000-00-00", "[0-59]", "0/0", "59/1000000000", "*", "x000/x000", "p/256", "' or 1=1--", "${jndi:ldap://a}", "<script>alert(1)</script>",
        ]).Select(Encoding.UTF8.GetBytes),
        [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xFE, 0xFF], [0x80], [0x30, 0x80, 0x00, 0x00], [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF],
        [0xBF], [0x9F], [0x5F, 0x41], [0x81], [0xA1, 0x61], [0xD2, 0x84], [0xC2], [0xF7], [0xF8, 0x20], [0xF9, 0x7E, 0x00], [0x9B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xBA, 0xFF, 0xFF, 0xFF, 0xFF], [0x5A, 0x7F, 0xFF, 0xFF, 0xFF],
    ];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        var bytes = good[_random.Next(good.Count)];
        for (var changes = 1 + _random.Next(4); changes > 0; changes--)
        {
            bytes = Change(bytes);
            if (bytes.Length > MaxLength)
            {
                bytes = bytes[..MaxLength];
            }
        }
        return bytes;
    }

    private byte[] Change(byte[] bytes)
    {
        var at = _random.Next(bytes.Length + 1);
        var end = Math.Min(bytes.Length, at + 1 + _random.Next(_random.Next(4) == 0 ? 400 : 20));
        switch (_random.Next(12))
        {
            case 0: // a bit
                return bytes.Length == 0 ? bytes : Join(bytes, at = Math.Min(at, bytes.Length - 1), at + 1, [(byte)(bytes[at] ^ (1 << _random.Next(8)))]);
            case 1: // any byte
                return Join(bytes, at, Math.Min(at + 1, bytes.Length), [(byte)_random.Next(256)]);
            case 2: // the end missing
                return bytes[..at];
            case 3: // a piece missing
                return Join(bytes, at, end, []);
            case 4: // a piece elsewhere
                return Join(bytes, _random.Next(bytes.Length + 1), null, bytes[at..end]);
            case 5: // a piece again and again
                return Join(bytes, at, null, Repeat(bytes[at..end], 1 + _random.Next(3000)));
            case 6 or 7: // a word
                return Join(bytes, at, _random.Next(2) == 0 ? null : end, Words[_random.Next(Words.Length)]);
            case 8: // a word again and again
                return Join(bytes, at, null, Repeat(Words[_random.Next(Words.Length)], 1 + _random.Next(3000)));
            case 9: // part of another
                var other = good[_random.Next(good.Count)];
                return [.. bytes[..at], .. other.AsSpan(_random.Next(other.Length + 1))];
            case 10: // a member twice, or one of another's
                return Join(bytes, at, null, [.. Encoding.UTF8.GetBytes(","), .. Member(bytes)]);
            default: // a huge number instead of one
                return Number(bytes);
        }
    }

    /// <summary>From a quotation mark to the next comma.</summary>
    private byte[] Member(byte[] bytes)
    {
        var start = bytes.AsSpan(_random.Next(bytes.Length + 1)) is var rest && rest.IndexOf((byte)'"') is >= 0 and var found ? bytes.Length - rest.Length + found : 0;
        var length = bytes.AsSpan(start).IndexOf((byte)',');
        return bytes[start..(length < 0 ? bytes.Length : start + length)];
    }

    private byte[] Number(byte[] bytes)
    {
        var start = Array.FindIndex(bytes, _random.Next(bytes.Length + 1) % Math.Max(1, bytes.Length), static b => b is >= (byte)'0' and <= (byte)'9');
        if (bytes.Length == 0 || start < 0)
        {
            return bytes;
        }
        var end = start;
        while (end < bytes.Length && bytes[end] is >= (byte)'0' and <= (byte)'9')
        {
            end++;
        }
        var number = _random.Next(4) switch
        {
            0 => new string('9', 1 + _random.Next(2000)),
            1 => "-" + _random.NextInt64().ToString(CultureInfo.InvariantCulture),
            2 => "1e" + _random.Next().ToString(CultureInfo.InvariantCulture),
            _ => "0",
        };
        return Join(bytes, start, end, Encoding.ASCII.GetBytes(number));
    }

    /// <summary>Replaces a piece; inserts where the end is null.</summary>
    private static byte[] Join(byte[] bytes, int start, int? end, byte[] middle) => [.. bytes.AsSpan(0, start), .. middle, .. bytes.AsSpan(end ?? start)];

    private static byte[] Repeat(byte[] piece, int times)
    {
        times = Math.Min(times, MaxLength / Math.Max(1, piece.Length));
        var all = new byte[piece.Length * times];
        for (var i = 0; i < times; i++)
        {
            piece.CopyTo(all, i * piece.Length);
        }
        return all;
    }
}
