using System.Buffers;
using System.Text;
using TrustChain.Core.Identifiers;

namespace TrustChain.Core.Epcis;

/// <summary>Single values and extensions of the pre-hash string.</summary>
internal readonly ref partial struct EventPreHash
{
    /// <summary>Members that are left out wherever they stand.</summary>
    private static readonly NameTable LeftOut = new(
        "eventID", "recordTime", "errorDeclaration", "@context", "comment", "rdfs:comment");

    private void WriteName(ReadOnlySpan<byte> name)
    {
        _out.Append(name);
        _out.Append((byte)'=');
    }

    private void WriteTime(ReadOnlySpan<byte> name, int value)
    {
        if (!EpcisTime.TryParse(_tree.Text(value), out var instant))
        {
            throw new InvalidOperationException("A time the reader accepted is none.");
        }
        WriteName(name);
        EpcisTime.Write(instant, _out.Take(EpcisTime.WrittenSize));
    }

    private void WriteTerm(ReadOnlySpan<byte> name, int value, Vocabulary vocabulary)
    {
        var uri = vocabulary.FindUtf8(_tree.Text(value));
        if (uri.IsEmpty)
        {
            WriteScalar(name, value);
            return;
        }
        WriteName(name);
        _out.Append(uri);
    }

    /// <summary><c>name=value</c> of a standard member; nothing when the value is blank.</summary>
    private void WriteScalar(ReadOnlySpan<byte> name, int value)
    {
        var start = _out.Length;
        WriteName(name);
        var valueStart = _out.Length;
        WriteValue(value);
        KeepIf(_out.Length > valueStart, start);
    }

    /// <summary>The members of an object that are not in <paramref name="standard"/>, sorted.</summary>
    private void WriteExtensions(int parent, NameTable standard, int except = -1)
    {
        var group = _out.BeginSort();
        for (var member = parent + 1; member < _tree[parent].Next; member = _tree[member].Next)
        {
            if (standard.Find(_tree.Name(member)) < 0 && member != except)
            {
                WriteExtension(member, _tree.Name(member));
            }
        }
        _out.EndSort(group);
    }

    /// <summary>All members of an extension object or of ilmd, sorted; false when none of them is written.</summary>
    private bool WriteMembers(int parent, int except = -1)
    {
        var start = _out.Length;
        WriteExtensions(parent, LeftOut, except);
        return _out.Length > start;
    }

    /// <summary>
    /// One extension member as one part of the current group, an array as one part per item at any depth of arrays. Null, empty objects and empty
    /// arrays, and objects of nothing else, give no part.
    /// </summary>
    private void WriteExtension(int value, ReadOnlySpan<byte> name)
    {
        if (LeftOut.Find(name) >= 0 || name.StartsWith("@xmlns"u8))
        {
            return;
        }
        var start = _out.Length;
        switch (_tree.KindOf(value))
        {
            case JsonKind.Null:
                return;
            case JsonKind.Array:
                for (var item = value + 1; item < _tree[value].Next; item = _tree[item].Next)
                {
                    WriteExtension(item, name);
                }
                return;
            case JsonKind.Object:
                WriteExtensionName(name);
                // The text of an XML element that has attributes too: the element's value, as if it had none.
                var text = _tree.Find(value, "#text"u8);
                var isText = text > 0 && _tree.KindOf(text) is not (JsonKind.Object or JsonKind.Array or JsonKind.Null);
                var hasText = isText && WriteText(text);
                if (!WriteMembers(value, isText ? text : -1) && !hasText)
                {
                    _out.Truncate(start);
                    return;
                }
                break;
            default:
                WriteExtensionName(name);
                WriteText(value);
                break;
        }
        _out.EndPart(start);
    }

    /// <summary><c>=value</c>; false, and nothing, when it is blank: that leaves the name alone.</summary>
    private bool WriteText(int value)
    {
        var start = _out.Length;
        _out.Append((byte)'=');
        WriteValue(value);
        KeepIf(_out.Length > start + 1, start);
        return _out.Length > start;
    }

    private void WriteExtensionName(ReadOnlySpan<byte> name)
    {
        if (_scope.TryExpand(name, out var namespaceUri, out var local))
        {
            _out.Append((byte)'{');
            _out.Append(namespaceUri);
            _out.Append((byte)'}');
            _out.Append(local);
        }
        else
        {
            _out.Append(name);
        }
    }

    /// <summary>A scalar in its one spelling: trimmed, then vocabulary, prefix, number, identifier.</summary>
    private void WriteValue(int value)
    {
        if (_tree.Identifier(value) is { } known)
        {
            _out.Append(known);
            return;
        }
        var text = Trim(_tree.Text(value));
        if (text.IsEmpty)
        {
            return;
        }
        if (text[0] <= '9' && PlainNumber.TryParse(text, out var number))
        {
            var start = _out.Length;
            var written = number.Write(_out.Take(number.MaxSize));
            _out.Truncate(start + written);
        }
        else if (!text.Contains((byte)':'))
        {
            _out.Append(text);
        }
        else if (Vocabulary.TryReplaceUrn(text, out var uriStart, out var word))
        {
            _out.Append(uriStart);
            _out.Append(word);
        }
        else
        {
            WriteUri(text);
        }
    }

    private void WriteUri(ReadOnlySpan<byte> text)
    {
        var isPrefixed = _scope.TryExpand(text, out var namespaceUri, out var local);
        if (isPrefixed || MayBeKey(text))
        {
            var uri = isPrefixed
                ? Encoding.UTF8.GetString(namespaceUri) + Encoding.UTF8.GetString(local)
                : Encoding.UTF8.GetString(text);
            _out.Append(CanonicalDigitalLink.TryCanonicalise(uri, out var canonical) ? canonical : uri);
        }
        else
        {
            _out.Append(text);
        }
    }

    /// <summary>Whether the text could be an EPC URN or a Digital Link, so that making a string of it is worth it.</summary>
    private static bool MayBeKey(ReadOnlySpan<byte> text) =>
        text.Length <= CanonicalDigitalLink.MaxLength && (text[0] | 0x20) is 'u' or 'h' && text.Contains((byte)':');

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || (text[0] is > 0x20 and < 0x80 && text[^1] is > 0x20 and < 0x80))
        {
            return text;
        }
        while (Rune.DecodeFromUtf8(text, out var first, out var size) == OperationStatus.Done && IsBlank(first))
        {
            text = text[size..];
        }
        while (Rune.DecodeLastFromUtf8(text, out var last, out var size) == OperationStatus.Done && IsBlank(last))
        {
            text = text[..^size];
        }
        return text;
    }

    // Unicode white space and the four separators U+001C to U+001F, as the reference implementation strips them.
    private static bool IsBlank(Rune rune) => Rune.IsWhiteSpace(rune) || rune.Value is >= 0x1C and <= 0x1F;
}
