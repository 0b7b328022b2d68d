using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace TrustChain.Core.Canonical;

/// <summary>Writes one flat object in canonical form (RFC 8785), whatever the order in which its members are given. Names are ASCII.</summary>
internal sealed class JcsObject
{
    private readonly SortedDictionary<string, Action<ArrayBufferWriter<byte>>> _members = new(StringComparer.Ordinal);

    /// <summary>Adds a string; null leaves the member out.</summary>
    public JcsObject Add(string name, string? value)
    {
        if (value is not null)
        {
            _members.Add(name, output => Jcs.WriteString(value, output));
        }
        return this;
    }

    /// <summary>Adds an integer; null leaves the member out.</summary>
    public JcsObject Add(string name, long? value)
    {
        if (value is { } number)
        {
            _members.Add(name, output => Ascii(output, number.ToString(CultureInfo.InvariantCulture)));
        }
        return this;
    }

    /// <summary>Adds a value whose canonical form is at hand; null leaves the member out.</summary>
    public JcsObject AddCanonical(string name, byte[]? json)
    {
        if (json is not null)
        {
            _members.Add(name, output => output.Write(json));
        }
        return this;
    }

    /// <summary>The object's bytes.</summary>
    public byte[] ToUtf8()
    {
        var output = new ArrayBufferWriter<byte>(512);
        var separator = '{';
        foreach (var (name, write) in _members)
        {
            Ascii(output, $"{separator}\"{name}\":");
            write(output);
            separator = ',';
        }
        Ascii(output, separator == '{' ? "{}" : "}");
        return output.WrittenSpan.ToArray();
    }

    private static void Ascii(ArrayBufferWriter<byte> output, string text) => output.Advance(Encoding.ASCII.GetBytes(text, output.GetSpan(text.Length)));
}

/// <summary>Reads the members of a flat object that has all of the required ones, perhaps some of the optional ones, and no other.</summary>
internal readonly struct JcsMembers
{
    private readonly JsonElement _json;

    private JcsMembers(JsonElement json) => _json = json;

    /// <summary>False for another type, a missing required member, or one that is not known.</summary>
    public static bool TryRead(JsonElement json, ReadOnlySpan<string> required, ReadOnlySpan<string> optional, out JcsMembers members)
    {
        members = new JcsMembers(json);
        if (json.ValueKind != JsonValueKind.Object || !JsonTexts.AreUnicode(json))
        {
            return false;
        }
        var found = 0;
        foreach (var member in json.EnumerateObject())
        {
            if (required.Contains(member.Name))
            {
                found++;
            }
            else if (!optional.Contains(member.Name))
            {
                return false;
            }
        }
        return found == required.Length;
    }

    /// <summary>Whether the member is there, of whatever type.</summary>
    public bool Has(string name) => _json.TryGetProperty(name, out _);

    /// <summary>The member, which must be there.</summary>
    public JsonElement Get(string name) => _json.GetProperty(name);

    /// <summary>A string; null when absent or of another type.</summary>
    public string? Text(string name) => _json.TryGetProperty(name, out var m) && m.ValueKind == JsonValueKind.String ? m.GetString() : null;

    /// <summary>An integer of zero or more; null when absent or anything else.</summary>
    public long? Number(string name) =>
        _json.TryGetProperty(name, out var m) && m.ValueKind == JsonValueKind.Number && m.TryGetInt64(out var n) && n >= 0 ? n : null;

    /// <summary>Whether an optional string is absent or a string.</summary>
    public bool IsTextOrAbsent(string name) => !Has(name) || Text(name) is not null;

    /// <summary>Whether an optional integer is absent or an integer of zero or more.</summary>
    public bool IsNumberOrAbsent(string name) => !Has(name) || Number(name) is not null;
}
