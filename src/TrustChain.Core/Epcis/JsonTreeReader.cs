using System.Text.Json;
using System.Text.Unicode;

namespace TrustChain.Core.Epcis;

/// <summary>Reads a JSON text into a <see cref="JsonTree"/>: one pass, limits applied while reading, every failure a fault with its place.</summary>
internal static class JsonTreeReader
{
    /// <summary>False when the tree is incomplete, with a fault that says why. A complete one may have faults too: names that stand twice.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> input, EpcisReadOptions options, FaultList faults, JsonTree tree)
    {
        var span = input.Span;
        if (!Utf8.IsValid(span))
        {
            var at = FirstInvalid(span);
            faults.AddSyntax(span, at, EpcisRules.InvalidUnicode, "The input is not UTF-8 here.");
            return false;
        }
        // One deeper than allowed, so that our own fault comes before the reader's exception.
        var reader = new Utf8JsonReader(span, new JsonReaderOptions { MaxDepth = options.MaxDepth + 1 });
        try
        {
            return Read(span, ref reader, options, faults, tree);
        }
        catch (JsonException error)
        {
            // The one exception the reader has for malformed text; it ends the reading here.
            var at = OffsetOf(span, error.LineNumber ?? 0, error.BytePositionInLine ?? 0);
            faults.AddSyntax(span, at, EpcisRules.MalformedJson, "The input is not one JSON text: it cannot go on like this here.");
            return false;
        }
    }

    private static bool Read(ReadOnlySpan<byte> span, ref Utf8JsonReader reader, EpcisReadOptions options, FaultList faults, JsonTree tree)
    {
        var open = new int[options.MaxDepth + 1];
        var depth = 0;
        int nameStart = 0, nameLength = -1;
        var nameIsAside = false;
        while (reader.Read())
        {
            var start = (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    (nameStart, nameLength, nameIsAside) = (start + 1, reader.ValueSpan.Length, reader.ValueIsEscaped);
                    if (nameIsAside && !tree.TryPutAside(reader.ValueSpan, out nameStart, out nameLength))
                    {
                        faults.AddSyntax(span, start, EpcisRules.InvalidUnicode, "The name has an escape that names no usable character.");
                        return false;
                    }
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    ref var closed = ref tree.Edit(open[--depth]);
                    closed.Length = (int)reader.BytesConsumed - closed.Start;
                    closed.Next = tree.Count;
                    if (closed.Kind == JsonKind.Object && DuplicateMembers.Find(tree, open[depth]) is > 0 and var duplicate)
                    {
                        // The tree is whole all the same, so that the other faults are found as well.
                        faults.Add(tree, duplicate, EpcisRules.DuplicateMember, "The object has two members of this name.");
                    }
                    continue;
            }
            if (tree.Count == options.MaxValues)
            {
                faults.AddSyntax(span, start, EpcisRules.TooManyValues, $"The input has more than {options.MaxValues} JSON values.");
                return false;
            }
            var node = new JsonTreeNode
            {
                Start = start,
                Length = reader.ValueSpan.Length,
                NameStart = nameStart,
                NameLength = nameLength,
                NameIsAside = nameIsAside,
                Next = tree.Count + 1,
                AsideLength = -1,
                Kind = KindOf(reader.TokenType),
            };
            if (node.Kind == JsonKind.String)
            {
                node.Length += 2;
                if (reader.ValueIsEscaped && !tree.TryPutAside(reader.ValueSpan, out node.CountOrAside, out node.AsideLength))
                {
                    faults.AddSyntax(span, start, EpcisRules.InvalidUnicode, "The string has an escape that names no usable character.");
                    return false;
                }
            }
            if (depth > 0)
            {
                tree.Edit(open[depth - 1]).CountOrAside++;
            }
            var index = tree.Add(node);
            nameLength = -1;
            nameIsAside = false;
            if (node.Kind is JsonKind.Object or JsonKind.Array)
            {
                if (depth == options.MaxDepth)
                {
                    faults.AddSyntax(span, start, EpcisRules.TooDeep, $"Objects and arrays are nested deeper than {options.MaxDepth} here.");
                    return false;
                }
                open[depth++] = index;
            }
        }
        return true;
    }

    private static JsonKind KindOf(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => JsonKind.Object,
        JsonTokenType.StartArray => JsonKind.Array,
        JsonTokenType.String => JsonKind.String,
        JsonTokenType.Number => JsonKind.Number,
        JsonTokenType.True => JsonKind.True,
        JsonTokenType.False => JsonKind.False,
        _ => JsonKind.Null,
    };

    private static int OffsetOf(ReadOnlySpan<byte> input, long line, long positionInLine)
    {
        var offset = 0;
        for (; line > 0 && input[offset..].IndexOf((byte)'\n') is >= 0 and var newLine; line--)
        {
            offset += newLine + 1;
        }
        return (int)Math.Min(offset + positionInLine, input.Length);
    }

    private static int FirstInvalid(ReadOnlySpan<byte> input)
    {
        var at = 0;
        while (System.Text.Rune.DecodeFromUtf8(input[at..], out _, out var consumed) == System.Buffers.OperationStatus.Done)
        {
            at += consumed;
        }
        return at;
    }
}
