using System.Text.Json;

namespace TrustChain.Server.Hosting;

/// <summary>Reads request bodies within a limit, however they are sent: a length header is believed only for refusing early.</summary>
internal static class RequestBody
{
    /// <summary>The whole body, or null when it is larger than the limit.</summary>
    public static async Task<byte[]?> ReadAsync(HttpRequest request, int limitBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limitBytes)
        {
            return null;
        }
        var (body, isWhole) = await ReadStartAsync(request, limitBytes, cancellationToken);
        return isWhole ? body : null;
    }

    /// <summary>The body up to the limit, and whether that is all; else a little more may have been read, and the rest is still to be.</summary>
    public static async Task<(byte[] Body, bool IsWhole)> ReadStartAsync(HttpRequest request, int limitBytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Clamp(request.ContentLength ?? 16_384, 1, limitBytes) + 1];
        var length = 0;
        while (true)
        {
            var read = await request.Body.ReadAsync(buffer.AsMemory(length), cancellationToken);
            length += read;
            if (read == 0)
            {
                return (buffer.AsSpan(0, length).ToArray(), true);
            }
            if (length > limitBytes)
            {
                return (buffer.AsSpan(0, length).ToArray(), false);
            }
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, limitBytes + 1));
            }
        }
    }

    /// <summary>A small JSON object read strictly, or the problem to answer with.</summary>
    public static async Task<(JsonElement Json, IResult? Problem)> ReadJsonAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        const int Limit = 65_536;
        if (await ReadAsync(request, Limit, cancellationToken) is not { } body)
        {
            return (default, Problems.TooLarge(Limit));
        }
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
            ReadTexts(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? (document.RootElement.Clone(), null)
                : (default, Problems.InvalidRequest("The body must be a JSON object."));
        }
        catch (JsonException exception)
        {
            return (default, Problems.InvalidRequest($"The body is not JSON without repeated members: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}."));
        }
        catch (InvalidOperationException)
        {
            return (default, Problems.InvalidRequest("The body holds an escaped surrogate without its other half, which is no text."));
        }
    }

    /// <summary>Reads every text once, so that whoever asks for one later finds text.</summary>
    /// <exception cref="InvalidOperationException">One is no Unicode.</exception>
    private static void ReadTexts(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in json.EnumerateObject())
                {
                    _ = member.Name;
                    ReadTexts(member.Value);
                }
                break;
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray())
                {
                    ReadTexts(item);
                }
                break;
            case JsonValueKind.String:
                _ = json.GetString();
                break;
        }
    }
}

/// <summary>Reads members of a JSON object and collects what is wrong with them, so that an answer names every fault at once.</summary>
internal sealed class JsonFields(JsonElement json)
{
    private readonly List<(string Pointer, string Detail)> _faults = [];
    private readonly HashSet<string> _known = [];

    /// <summary>A string of 1 to <paramref name="max"/> characters, or null: when it is absent and not required, and when it is wrong.</summary>
    public string? Text(string name, bool required = true, int max = 1000)
    {
        _known.Add(name);
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            if (required)
            {
                Fault(name, "is missing.");
            }
            return null;
        }
        string? text = null;
        try
        {
            text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // An escaped lone surrogate: no text.
        }
        if (text is null || text.Length == 0 || text.Length > max || text.Any(static c => char.IsControl(c) && c is not ('\n' or '\t')))
        {
            Fault(name, $"must be a string of 1 to {max} characters without control characters.");
            return null;
        }
        return text;
    }

    /// <summary>A decimal number, or null.</summary>
    public decimal? Number(string name, bool required = true)
    {
        _known.Add(name);
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            if (required)
            {
                Fault(name, "is missing.");
            }
            return null;
        }
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number))
        {
            return number;
        }
        Fault(name, "must be a number.");
        return null;
    }

    /// <summary>An RFC 3339 time with offset, or null.</summary>
    public DateTimeOffset? Time(string name, bool required = true)
    {
        var text = Text(name, required, 40);
        if (text is null)
        {
            return null;
        }
        if (text.Length >= 20 && text[10] is 'T' or 't' && (text[^1] is 'Z' or 'z' || text[^6] is '+' or '-')
            && DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None, out var time))
        {
            return time;
        }
        Fault(name, "must be a time with offset, such as 2026-04-05T08:00:00+08:00.");
        return null;
    }

    /// <summary>A list of short strings; empty when absent.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        _known.Add(name);
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= 100
            && value.EnumerateArray().All(static v => v.ValueKind == JsonValueKind.String && v.GetString() is { Length: > 0 and <= 200 }))
        {
            return [.. value.EnumerateArray().Select(static v => v.GetString()!)]; // Checked above.
        }
        Fault(name, "must be a list of at most 100 strings.");
        return [];
    }

    /// <summary>An object, or null.</summary>
    public JsonElement? Object(string name, bool required = true)
    {
        _known.Add(name);
        if (json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object)
        {
            return value;
        }
        if (!required && value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return null;
        }
        Fault(name, "must be an object.");
        return null;
    }

    public void Fault(string name, string detail) => _faults.Add(($"/{name}", $"\"{name}\" {detail}"));

    /// <summary>The problem with every fault, members nobody asked for included; null when there is none.</summary>
    public IResult? Problem()
    {
        foreach (var member in json.EnumerateObject().Where(m => !_known.Contains(m.Name)))
        {
            Fault(member.Name, "is not known here.");
        }
        return _faults.Count == 0
            ? null
            : Problems.Create(400, ProblemCodes.InvalidRequest, _faults[0].Detail, null, _faults.Select(static f => (object)new { pointer = f.Pointer, detail = f.Detail }));
    }
}
