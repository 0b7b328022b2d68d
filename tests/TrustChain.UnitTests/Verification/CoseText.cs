using System.Formats.Cbor;
using System.Globalization;
using System.Text.Json;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Verification;

/// <summary>Makes COSE_Sign1 messages, good ones and such as nobody should make. It checks no rule.</summary>
internal static class CoseText
{
    /// <summary>The CBOR of a JSON value: whole numbers as integers, others as the shortest float.</summary>
    public static byte[] Of(string json)
    {
        using var document = JsonDocument.Parse(json);
        var writer = new CborWriter();
        Write(writer, document.RootElement);
        return writer.Encode();
    }

    /// <summary>The protected header that says the same as that of a JWS.</summary>
    public static byte[] HeaderOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        var writer = new CborWriter();
        writer.WriteStartMap(document.RootElement.EnumerateObject().Count());
        foreach (var member in document.RootElement.EnumerateObject())
        {
            var value = member.Value.GetString()!; // All are strings.
            switch (member.Name)
            {
                case "alg":
                    writer.WriteInt32(1);
                    writer.WriteInt32(value switch { SignatureAlgorithms.ES256 => -7, SignatureAlgorithms.EdDsa => -8, SignatureAlgorithms.ES256K => -47, _ => int.Parse(value, CultureInfo.InvariantCulture) });
                    break;
                case "kid" or "prev":
                    Assert.True(Base64UrlText.TryDecode(value, out var digest));
                    Label(member.Name, 4);
                    writer.WriteByteString(digest);
                    break;
                case "typ":
                    writer.WriteInt32(16);
                    writer.WriteTextString(value == Statement.TelemetryType ? CoseSign1.TelemetryType : value);
                    break;
                case "seq" or "boot":
                    writer.WriteTextString(member.Name);
                    writer.WriteInt64(long.Parse(value, CultureInfo.InvariantCulture));
                    break;
                default:
                    writer.WriteTextString(member.Name);
                    writer.WriteTextString(value);
                    break;
            }
        }
        writer.WriteEndMap();
        return writer.Encode();

        void Label(string name, int number)
        {
            if (name == "kid")
            {
                writer.WriteInt32(number);
            }
            else
            {
                writer.WriteTextString(name);
            }
        }
    }

    public static byte[] ToSign(byte[] header, byte[] payload) => Array(w =>
    {
        w.WriteTextString("Signature1");
        w.WriteByteString(header);
        w.WriteByteString([]);
        w.WriteByteString(payload);
    });

    public static byte[] Message(byte[] header, byte[] payload, byte[] signature) =>
    [
        0xD2,
        .. Array(w =>
        {
            w.WriteByteString(header);
            w.WriteStartMap(0);
            w.WriteEndMap();
            w.WriteByteString(payload);
            w.WriteByteString(signature);
        }),
    ];

    /// <summary>The bytes with one run in the place of another, which must be there once.</summary>
    public static byte[] With(this byte[] bytes, string oldHex, string newHex)
    {
        var (text, old) = (Convert.ToHexString(bytes), oldHex.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant());
        var places = Enumerable.Range(0, bytes.Length).Where(i => text.AsSpan(i * 2).StartsWith(old)).ToList();
        var place = Assert.Single(places);
        return Convert.FromHexString(string.Concat(text.AsSpan(0, place * 2), newHex.Replace(" ", "", StringComparison.Ordinal), text.AsSpan((place * 2) + old.Length)));
    }

    private static byte[] Array(Action<CborWriter> four)
    {
        var writer = new CborWriter();
        writer.WriteStartArray(4);
        four(writer);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static void Write(CborWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartMap(value.EnumerateObject().Count());
                foreach (var member in value.EnumerateObject())
                {
                    writer.WriteTextString(member.Name);
                    Write(writer, member.Value);
                }
                writer.WriteEndMap();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray(value.GetArrayLength());
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteTextString(value.GetString()!); // It is a string.
                break;
            case JsonValueKind.Number when value.TryGetInt64(out var whole):
                writer.WriteInt64(whole);
                break;
            case JsonValueKind.Number:
                WriteFloat(writer, value.GetDouble());
                break;
            case JsonValueKind.Null:
                writer.WriteNull();
                break;
            default:
                writer.WriteBoolean(value.GetBoolean());
                break;
        }
    }

    private static void WriteFloat(CborWriter writer, double value)
    {
        if ((double)(Half)value == value)
        {
            writer.WriteHalf((Half)value);
        }
        else if ((float)value == value)
        {
            writer.WriteSingle((float)value);
        }
        else
        {
            writer.WriteDouble(value);
        }
    }
}
