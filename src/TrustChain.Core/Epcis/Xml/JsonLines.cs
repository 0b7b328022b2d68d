using System.Text.Json;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>Finds the line of a JSON value among the lines kept for all values of a text, which are in document order.</summary>
internal static class JsonLines
{
    /// <summary>The line of the deepest value on the pointer's way; <paramref name="otherwise"/> when there is no text or no line.</summary>
    public static int Find(ReadOnlySpan<byte> json, ReadOnlySpan<int> lines, string pointer, int otherwise)
    {
        if (json.IsEmpty)
        {
            return otherwise;
        }
        var index = IndexOf(json, pointer);
        return index < lines.Length ? lines[index] : otherwise;
    }

    /// <summary>How many values, and so lines, a JSON text has.</summary>
    public static int CountValues(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4096 });
        var count = 0;
        while (reader.Read())
        {
            count += reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray or JsonTokenType.PropertyName ? 0 : 1;
        }
        return count;
    }

    private static int IndexOf(ReadOnlySpan<byte> json, string pointer)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4096 });
        reader.Read();
        var found = 0;
        var index = 0;
        foreach (var segment in pointer.Split('/').Skip(1))
        {
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            if (!isObject && reader.TokenType != JsonTokenType.StartArray)
            {
                break;
            }
            var name = segment.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (!TryEnter(ref reader, isObject, name, ref index))
            {
                break;
            }
            found = index;
        }
        return found;
    }

    /// <summary>Moves onto the member or item; false at the end of the container. The index counts values passed over.</summary>
    private static bool TryEnter(ref Utf8JsonReader reader, bool isObject, string name, ref int index)
    {
        for (var position = 0; reader.Read() && reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray); position++)
        {
            var isIt = isObject ? reader.ValueTextEquals(name) : position.ToString(System.Globalization.CultureInfo.InvariantCulture) == name;
            if (isObject)
            {
                reader.Read();
            }
            index++;
            if (isIt)
            {
                return true;
            }
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                Skip(ref reader, ref index);
            }
        }
        return false;
    }

    private static void Skip(ref Utf8JsonReader reader, ref int index)
    {
        var depth = reader.CurrentDepth;
        while (reader.Read())
        {
            var isEnd = reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray;
            if (isEnd && reader.CurrentDepth == depth)
            {
                return;
            }
            if (!isEnd && reader.TokenType != JsonTokenType.PropertyName)
            {
                index++;
            }
        }
    }
}
