using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace TrustChain.Core.Canonical;

/// <summary>
/// CBOR as the JSON that says the same (<c>docs/evidence-format.md</c> section 4.1): maps with texts as keys, arrays, texts, integers in decimal, finite floats as ECMAScript
/// prints a double, true, false and null. Byte strings, tags, undefined and all other simple values, and what <see cref="CborItems"/> refuses, have no JSON.
/// </summary>
public static class CborJson
{
    private static readonly JsonWriterOptions PlainText = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Converts one CBOR item. No input makes it throw; a byte of it becomes at most 24 bytes of JSON.</summary>
    /// <param name="cbor">The item, and nothing after it.</param>
    /// <param name="maxDepth">Most levels of maps and arrays in each other.</param>
    /// <param name="json">UTF-8.</param>
    /// <param name="fault">One sentence with the place (in bytes of <paramref name="cbor"/>) and the rule.</param>
    public static bool TryConvert(ReadOnlyMemory<byte> cbor, int maxDepth, [NotNullWhen(true)] out byte[]? json, [NotNullWhen(false)] out string? fault)
    {
        var output = new ArrayBufferWriter<byte>(Math.Max(256, cbor.Length * 2));
        using var writer = new Utf8JsonWriter(output, PlainText);
        var isRead = CborItems.Try(
            items =>
            {
                Write(items, writer, maxDepth, new ArrayBufferWriter<byte>(32));
                items.End();
            },
            new CborItems(cbor),
            "the payload",
            out fault);
        writer.Flush();
        json = isRead ? output.WrittenSpan.ToArray() : null;
        return isRead;
    }

    private static void Write(CborItems items, Utf8JsonWriter writer, int depth, ArrayBufferWriter<byte> number)
    {
        switch (items.Next)
        {
            case CborReaderState.StartMap:
                var pairs = items.StartMap();
                Descend(depth);
                writer.WriteStartObject();
                for (; pairs > 0; pairs--)
                {
                    writer.WritePropertyName(items.ReadText());
                    Write(items, writer, depth - 1, number);
                }
                items.EndMap();
                writer.WriteEndObject();
                break;
            case CborReaderState.StartArray:
                var count = items.StartArray();
                Descend(depth);
                writer.WriteStartArray();
                for (; count > 0; count--)
                {
                    Write(items, writer, depth - 1, number);
                }
                items.EndArray();
                writer.WriteEndArray();
                break;
            case CborReaderState.TextString:
                writer.WriteStringValue(items.ReadText());
                break;
            case CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger:
                writer.WriteRawValue(items.ReadInteger().ToString(CultureInfo.InvariantCulture), skipInputValidation: true);
                break;
            case CborReaderState.HalfPrecisionFloat or CborReaderState.SinglePrecisionFloat or CborReaderState.DoublePrecisionFloat:
                number.ResetWrittenCount();
                Jcs.WriteNumber(items.ReadFloat() is var value && double.IsFinite(value) ? value : throw CborItems.Wrong("a number must be finite"), number);
                writer.WriteRawValue(number.WrittenSpan, skipInputValidation: true);
                break;
            case CborReaderState.Boolean or CborReaderState.Null:
                if (items.ReadSimple() is { } isTrue)
                {
                    writer.WriteBooleanValue(isTrue);
                }
                else
                {
                    writer.WriteNullValue();
                }
                break;
            case CborReaderState.StartIndefiniteLengthTextString or CborReaderState.StartIndefiniteLengthByteString:
                throw CborItems.Wrong("lengths must be definite");
            case CborReaderState.ByteString:
                throw CborItems.Wrong("JSON has no byte strings");
            case CborReaderState.Tag:
                throw CborItems.Wrong("JSON has no tags");
            default:
                throw CborItems.Wrong("JSON has no such simple value");
        }
    }

    private static void Descend(int depth)
    {
        if (depth == 0)
        {
            throw CborItems.Wrong("maps and arrays are nested too deep");
        }
    }
}
