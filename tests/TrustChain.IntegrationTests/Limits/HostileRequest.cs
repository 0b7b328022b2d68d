using System.Text;
using System.Text.Json;
using TrustChain.UnitTests.Hostile;

namespace TrustChain.IntegrationTests.Limits;

/// <summary>What a stranger sends.</summary>
/// <param name="Method">Any token.</param>
/// <param name="Target">Path and query as they go over the wire.</param>
/// <param name="Headers">Names and values.</param>
/// <param name="Body">Null: none.</param>
internal sealed record HostileRequest(string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, byte[]? Body)
{
    public override string ToString() => $"{Method} {Target} {string.Join("; ", Headers.Select(static h => $"{h.Name}: {h.Value}"))} {(Body is null ? "" : Convert.ToBase64String(Body.AsSpan(0, Math.Min(Body.Length, 3000))))}";
}

/// <summary>Makes requests out of an OpenAPI document: its routes with every method, its parameters with values that fit and values that do not, its examples changed. One seed, one sequence.</summary>
internal sealed class HostileRequests
{
    private static readonly string[] Methods = ["GET", "GET", "GET", "POST", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "QUERY"];

    private static readonly string[] MediaTypes =
        ["application/json", "application/ld+json", "application/xml", "text/xml", "application/jose", "application/vnd.trustchain.statement+json", "application/soap+xml", "text/plain", "*/*", "application/json; charset=utf-16", "nonsense", ";;;", ""];

    private static readonly string[] Names =
    [
        "Accept", "Accept-Language", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "Range", "GS1-EPCIS-Version", "GS1-CBV-Version", "GS1-EPC-Format", "GS1-CBV-XML-Format", "GS1-EPCIS-Min",
        "GS1-Capture-Error-Behaviour", "GS1-Extensions", "X-Forwarded-For", "Forwarded", "Cookie", "SOAPAction", "Prefer", "Content-Language", "X-HTTP-Method-Override",
    ];

    private static readonly string[] Values =
    [
        "", "0", "-1", "1", "30", "1e9", "9223372036854775807", "9223372036854775808", "2147483648", "null", "true", "*", "shipping", "%00", "%2e%2e%2f", "%ED%A0%80", "%zz", "%", "a%0d%0ab", "'", "\"", "<script>", "urn:epc:id:sgtin:4012345.011111.1",
        "urn:epc:idpat:sgtin:4012345.*.*", "urn:epc:idpat:sgtin:*.*.*", "https://id.gs1.org/01/04012345123456/21/1", "ni:///sha-256;" + "00000000000000000000000000000000000000000000000000000000000000ab" + "?ver=CBV2.0", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+14:00",
        "0001-01-01T00:00:00-14:00", "x001/067", "000", "000.p/1", "2.0.0", "99999999999.0", "eventTime", "ASC", "\uD83D\uDE00", "茶", "..", "http://169.254.169.254/", "aGVsbG8", "[0-59]", "a|b|c", "1|2|3", "zh", "en", "newest", "svg", "png",
    ];

    private readonly List<(string Path, IReadOnlyList<string> Query, IReadOnlyList<byte[]> Examples)> _routes = [];
    private readonly HostileInput _bodies;
    private readonly HostileInput _texts;
    private readonly IReadOnlyList<string?> _keys;
    private readonly Random _random;

    /// <param name="document">The OpenAPI document.</param>
    /// <param name="more">Bodies beside its examples.</param>
    /// <param name="keys">API keys to send; null for none.</param>
    /// <param name="seed">Of everything.</param>
    public HostileRequests(JsonElement document, IEnumerable<byte[]> more, IReadOnlyList<string?> keys, int seed)
    {
        _random = new Random(seed);
        _keys = keys;
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            var query = new HashSet<string>();
            var examples = new List<byte[]>();
            foreach (var operation in path.Value.EnumerateObject().Where(static o => o.Value.ValueKind == JsonValueKind.Object))
            {
                foreach (var parameter in Members(operation.Value, "parameters").Where(static p => p.TryGetProperty("in", out var where) && where.GetString() == "query"))
                {
                    query.Add(parameter.GetProperty("name").GetString() ?? "");
                }
                if (operation.Value.TryGetProperty("requestBody", out var body))
                {
                    examples.AddRange(body.GetProperty("content").EnumerateObject().Where(static c => c.Value.TryGetProperty("example", out _)).Select(static c => c.Value.GetProperty("example"))
                        .Select(static e => Encoding.UTF8.GetBytes(e.ValueKind == JsonValueKind.String ? e.GetString()! : e.GetRawText())));
                }
            }
            _routes.Add((path.Name, [.. query], examples));
        }
        _routes.AddRange([("/", [], []), ("/metrics", [], []), ("/docs/problems", [], []), ("/health/ready", [], []), ("/anchors", ["lang"], []), ("/epcis/soap", ["wsdl", "login"], []), ("/site.css", [], []), ("/openapi/v1.json", [], []), ("/{any}/{any}", [], [])]);
        _bodies = new HostileInput([.. _routes.SelectMany(static r => r.Examples), .. more], seed);
        _texts = new HostileInput([.. Values.Select(Encoding.UTF8.GetBytes)], seed);
    }

    public HostileRequest Next()
    {
        var (path, query, examples) = _routes[_random.Next(_routes.Count)];
        var target = new StringBuilder();
        foreach (var segment in path.Split('/').Skip(1))
        {
            target.Append('/').Append(segment.StartsWith('{') || _random.Next(40) == 0 ? Escape(Value()) : segment);
        }
        for (var i = _random.Next(4); i > 0; i--)
        {
            var name = query.Count > 0 && _random.Next(4) > 0 ? query[_random.Next(query.Count)] : _random.Next(3) == 0 ? Escape(Value()) : Common[_random.Next(Common.Length)];
            target.Append(target.ToString().Contains('?', StringComparison.Ordinal) ? '&' : '?').Append(name).Append('=').Append(Escape(Value()));
        }
        var method = Methods[_random.Next(Methods.Length)];
        var headers = new List<(string, string)>();
        for (var i = _random.Next(3); i > 0; i--)
        {
            var name = Names[_random.Next(Names.Length)];
            headers.Add((name, Visible(name.StartsWith("Accept", StringComparison.Ordinal) && _random.Next(2) == 0 ? MediaTypes[_random.Next(MediaTypes.Length)] : Value())));
        }
        if (_keys[_random.Next(_keys.Count)] is { } key)
        {
            headers.Add(("Authorization", "Bearer " + key));
        }
        else if (_random.Next(10) == 0)
        {
            headers.Add(("Authorization", Visible(Value())));
        }
        byte[]? body = null;
        if (method is "POST" or "PUT" or "PATCH" || _random.Next(20) == 0)
        {
            body = examples.Count > 0 && _random.Next(4) == 0 ? examples[_random.Next(examples.Count)] : _bodies.Next();
            headers.Add(("Content-Type", MediaTypes[_random.Next(MediaTypes.Length)]));
        }
        return new HostileRequest(method, target.ToString(), headers, body);
    }

    private static readonly string[] Common = ["perPage", "nextPageToken", "EQ_bizStep", "GE_eventTime", "MATCH_epc", "EQ_INNER_x", "lang", "order", "uri", "event", "item", "size", "old", "new", "index", "target", "trace", "format", "stream", "second"];

    private string Value() => _random.Next(3) == 0 ? Encoding.UTF8.GetString(_texts.Next()) is var text && text.Length > 6000 && _random.Next(10) > 0 ? text[..200] : text : Values[_random.Next(Values.Length)];

    /// <summary>Mostly escaped as it should be, sometimes as far as a request line can bear.</summary>
    private string Escape(string text) => _random.Next(5) == 0
        ? string.Concat(text.Where(static c => c is > ' ' and < (char)127 and not '#'))
        : string.Concat(Encoding.UTF8.GetBytes(text).Select(static b => b is >= (byte)'0' and <= (byte)'9' or >= (byte)'A' and <= (byte)'Z' or >= (byte)'a' and <= (byte)'z' ? ((char)b).ToString() : $"%{b:X2}"));

    private static string Visible(string text) => string.Concat(text.Where(static c => c is >= ' ' and < (char)127).Take(2000));

    private static IEnumerable<JsonElement> Members(JsonElement json, string name) => json.TryGetProperty(name, out var list) ? list.EnumerateArray() : [];
}
