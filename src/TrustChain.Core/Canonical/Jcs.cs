using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace TrustChain.Core.Canonical;

/// <summary>
/// JSON Canonicalization Scheme (RFC 8785): members sorted by the UTF-16 code units of their names, no white space, strings escaped
/// the shortest way, numbers as ECMAScript prints a double. Everything that this product hashes as JSON goes through here.
/// </summary>
public static class Jcs
{
    /// <summary>The canonical UTF-8 bytes of a JSON value.</summary>
    /// <exception cref="FormatException">A number is not finite as a double, a string holds a lone surrogate, or an object repeats a member (I-JSON, RFC 7493).</exception>
    public static byte[] Canonicalize(JsonElement value)
    {
        var writer = new ArrayBufferWriter<byte>(256);
        Write(value, writer);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Appends the canonical form of a JSON value. Nesting is bounded by the parser that made <paramref name="value"/> (64 by default).</summary>
    /// <exception cref="FormatException">As <see cref="Canonicalize"/>.</exception>
    public static void Write(JsonElement value, IBufferWriter<byte> output)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(value, output);
                break;
            case JsonValueKind.Array:
                output.Write("["u8);
                var first = true;
                foreach (var item in value.EnumerateArray())
                {
                    if (!first)
                    {
                        output.Write(","u8);
                    }
                    first = false;
                    Write(item, output);
                }
                output.Write("]"u8);
                break;
            case JsonValueKind.String:
                WriteString(value.GetString()!, output); // GetString is null only for JSON null.
                break;
            case JsonValueKind.Number:
                WriteNumber(value.GetDouble(), output);
                break;
            case JsonValueKind.True:
                output.Write("true"u8);
                break;
            case JsonValueKind.False:
                output.Write("false"u8);
                break;
            case JsonValueKind.Null:
                output.Write("null"u8);
                break;
            default:
                throw new FormatException("A JSON value is missing.");
        }
    }

    /// <summary>Appends a string in quotes with the escapes of RFC 8785 section 3.2.2.2.</summary>
    /// <exception cref="FormatException">The string holds a lone surrogate.</exception>
    public static void WriteString(string value, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        var plainFrom = 0;
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (c >= 0x20 && c != '"' && c != '\\')
            {
                continue;
            }
            WriteUtf8(value.AsSpan(plainFrom, i - plainFrom), output);
            plainFrom = i + 1;
            var escape = c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            };
            WriteUtf8(escape, output);
        }
        WriteUtf8(value.AsSpan(plainFrom), output);
        output.Write("\""u8);
    }

    private static void WriteObject(JsonElement value, IBufferWriter<byte> output)
    {
        var members = new List<(string Name, JsonElement Value)>();
        foreach (var member in value.EnumerateObject())
        {
            members.Add((member.Name, member.Value));
        }
        members.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        output.Write("{"u8);
        for (var i = 0; i < members.Count; i++)
        {
            if (i > 0)
            {
                if (members[i].Name == members[i - 1].Name)
                {
                    throw new FormatException($"The member \"{members[i].Name}\" stands twice in one object.");
                }
                output.Write(","u8);
            }
            WriteString(members[i].Name, output);
            output.Write(":"u8);
            Write(members[i].Value, output);
        }
        output.Write("}"u8);
    }

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static void WriteUtf8(ReadOnlySpan<char> text, IBufferWriter<byte> output)
    {
        if (text.IsEmpty)
        {
            return;
        }
        try
        {
            StrictUtf8.GetBytes(text, output);
        }
        catch (EncoderFallbackException)
        {
            throw new FormatException("A string holds a lone surrogate.");
        }
    }

    /// <summary>ECMAScript Number::toString (RFC 8785 section 3.2.2.3).</summary>
    /// <exception cref="FormatException">It is not finite.</exception>
    internal static void WriteNumber(double value, IBufferWriter<byte> output)
    {
        if (!double.IsFinite(value))
        {
            throw new FormatException("A number is too large for a double.");
        }
        if (value == 0)
        {
            output.Write("0"u8); // also for -0
            return;
        }
        // "R" gives the shortest digits that read back to the same double, which is what ECMAScript asks for.
        var (digits, exponent) = Digits(value.ToString("R", CultureInfo.InvariantCulture));
        var result = new StringBuilder(32);
        if (value < 0)
        {
            result.Append('-');
        }
        var n = exponent + 1; // position of the decimal point relative to the first digit
        var k = digits.Length;
        if (k <= n && n <= 21)
        {
            result.Append(digits).Append('0', n - k);
        }
        else if (n > 0 && n <= 21)
        {
            result.Append(digits.AsSpan(0, n)).Append('.').Append(digits.AsSpan(n));
        }
        else if (n > -6 && n <= 0)
        {
            result.Append("0.").Append('0', -n).Append(digits);
        }
        else
        {
            var e = n - 1;
            result.Append(digits[0]);
            if (k > 1)
            {
                result.Append('.').Append(digits.AsSpan(1));
            }
            result.Append('e').Append(e < 0 ? '-' : '+').Append(Math.Abs(e).ToString(CultureInfo.InvariantCulture));
        }
        WriteUtf8(result.ToString(), output);
    }

    /// <summary>Significant digits without leading or trailing zeros, and the power of ten of the first one.</summary>
    private static (string Digits, int Exponent) Digits(string text)
    {
        var mantissa = text.AsSpan().TrimStart('-');
        var exponent = 0;
        var e = mantissa.IndexOf('E');
        if (e >= 0)
        {
            exponent = int.Parse(mantissa[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            mantissa = mantissa[..e];
        }
        var point = mantissa.IndexOf('.');
        var whole = point < 0 ? mantissa : mantissa[..point];
        var all = string.Concat(whole, point < 0 ? [] : mantissa[(point + 1)..]);
        var leading = all.Length - all.TrimStart('0').Length;
        return (all.Trim('0'), exponent + whole.Length - 1 - leading);
    }
}
