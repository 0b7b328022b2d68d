using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>Writes JSON and keeps, for each value in document order, the line of the XML it was made of.</summary>
internal sealed class LinedJson : IDisposable
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 4096,
        SkipValidation = true,
    };

    private readonly ArrayBufferWriter<byte> _output = new(2048);
    private readonly List<int> _lines = [];
    private readonly Utf8JsonWriter _json;

    public LinedJson() => _json = new Utf8JsonWriter(_output, Options);

    public IReadOnlyList<int> Lines => _lines;

    /// <summary>What was written so far; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written
    {
        get
        {
            _json.Flush();
            return _output.WrittenSpan;
        }
    }

    /// <summary>Starts a new text.</summary>
    public void Clear()
    {
        _output.ResetWrittenCount();
        _json.Reset(_output);
        _lines.Clear();
    }

    public void Name(string name) => _json.WritePropertyName(name);

    public void StartObject(int line)
    {
        _lines.Add(line);
        _json.WriteStartObject();
    }

    public void EndObject() => _json.WriteEndObject();

    public void StartArray(int line)
    {
        _lines.Add(line);
        _json.WriteStartArray();
    }

    public void EndArray() => _json.WriteEndArray();

    public void Text(string value, int line)
    {
        _lines.Add(line);
        _json.WriteStringValue(value);
    }

    public void Text(string name, string value, int line)
    {
        _json.WritePropertyName(name);
        Text(value, line);
    }

    public void Boolean(bool value, int line)
    {
        _lines.Add(line);
        _json.WriteBooleanValue(value);
    }

    public void Null(int line)
    {
        _lines.Add(line);
        _json.WriteNullValue();
    }

    /// <summary>A number in its exact text, or a string when the text has no form as a JSON number, for the reader to refuse.</summary>
    public void Number(string text, int line)
    {
        if (JsonNumber.TryFormat(text.AsSpan().Trim(), out var number))
        {
            _lines.Add(line);
            _json.WriteRawValue(number, skipInputValidation: true);
        }
        else
        {
            Text(text, line);
        }
    }

    /// <summary>A finished value with its lines.</summary>
    public void Raw(ReadOnlySpan<byte> value, ReadOnlySpan<int> lines)
    {
        _lines.AddRange(lines);
        _json.WriteRawValue(value, skipInputValidation: true);
    }

    public void Dispose() => _json.Dispose();
}
