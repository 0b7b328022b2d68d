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
    private static readonly string[] Methods = ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "QUERY"];

    private static readonly string[] MediaTypes =
        ["application/json", "application/ld+json", "application/xml", "text/xml", "application/jose", "application/vnd.trustchain.statement+json", "application/soap+xml", "text/plain", "text/csv", "*/*", "application/json; charset=utf-16", "nonsense", ";;;", ""];

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

    /// <summary>A path of the document with its methods, the names of its parameters and its examples.</summary>
    private sealed record Route(string Path, IReadOnlyList<string> Methods, IReadOnlyList<string> Query, IReadOnlyList<(string MediaType, byte[] Body)> Examples)
    {
        /// <summary>Changes of its own examples.</summary>
        public HostileInput? Changes { get; init; }
    }

    private readonly List<Route> _routes = [];
    private readonly IReadOnlyList<string> _known;
    private readonly HostileInput _bodies;
    private readonly HostileInput _texts;
    private readonly IReadOnlyList<string?> _keys;
    private readonly Random _random;

    /// <param name="document">The OpenAPI document.</param>
    /// <param name="more">Bodies beside its examples.</param>
    /// <param name="known">Values that exist: identifiers of what was stored.</param>
    /// <param name="keys">API keys to send; null for none.</param>
    /// <param name="seed">Of everything.</param>
    public HostileRequests(JsonElement document, IReadOnlyList<(string MediaType, byte[] Body)> more, IReadOnlyList<string> known, IReadOnlyList<string?> keys, int seed)
    {
        _random = new Random(seed);
        _keys = keys;
        _known = known;
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            var query = new HashSet<string>();
            var examples = new List<(string MediaType, byte[] Body)>();
            var methods = new List<string>();
            foreach (var operation in path.Value.EnumerateObject().Where(static o => o.Value.ValueKind == JsonValueKind.Object))
            {
                methods.Add(operation.Name.ToUpperInvariant());
                foreach (var parameter in Members(operation.Value, "parameters").Where(static p => p.TryGetProperty("in", out var where) && where.GetString() == "query"))
                {
                    query.Add(parameter.GetProperty("name").GetString() ?? "");
                }
                if (operation.Value.TryGetProperty("requestBody", out var body))
                {
                    examples.AddRange(body.GetProperty("content").EnumerateObject().Where(static c => c.Value.TryGetProperty("example", out _))
                        .Select(static c => (c.Name, c.Value.GetProperty("example") is var e && e.ValueKind == JsonValueKind.String ? Encoding.UTF8.GetBytes(e.GetString()!) : Encoding.UTF8.GetBytes(e.GetRawText()))));
                }
            }
            if (path.Name is "/epcis/capture" or "/epcis/events")
            {
                examples.AddRange(more);
            }
            _routes.Add(new Route(path.Name, methods, [.. query], examples) { Changes = examples.Count > 0 ? new HostileInput([.. examples.Select(static e => e.Body)], seed) : null });
        }
        foreach (var path in (string[])["/", "/metrics", "/docs/problems", "/health/ready", "/anchors", "/epcis/soap", "/site.css", "/openapi/v1.json", "/{any}/{any}"])
        {
            _routes.Add(new Route(path, path == "/epcis/soap" ? ["POST"] : ["GET"], ["lang"], path == "/epcis/soap" ? [.. more.Where(static m => m.MediaType == "text/xml")] : []));
        }
        var form = ("application/x-www-form-urlencoded", "login=a&password=b&code=123456&credential=%7B%22id%22%3A%22aa%22%7D&returnUrl=%2F&token=c&__RequestVerificationToken=d"u8.ToArray());
        foreach (var path in (string[])["/account", "/account/sign-in", "/account/sign-in/code", "/account/join", "/account/passkeys/request", "/account/passkeys/sign-in", "/account/members", "/account/api-keys", "/account/audit"])
        {
            _routes.Add(new Route(path, ["GET", "POST"], ["returnUrl", "token", "lang"], [form]));
        }
        _bodies = new HostileInput([.. _routes.SelectMany(static r => r.Examples).Concat(more).Select(static e => e.Body)], seed);
        _texts = new HostileInput([.. Values.Select(Encoding.UTF8.GetBytes)], seed);
    }

    public HostileRequest Next()
    {
        var route = _routes[_random.Next(_routes.Count)];
        var (path, query, examples) = (route.Path, route.Query, route.Examples);
        var target = new StringBuilder();
        foreach (var segment in path.Split('/').Skip(1))
        {
            target.Append('/').Append(segment.StartsWith('{') || _random.Next(100) == 0 ? Escape(Value()) : segment);
        }
        for (var i = _random.Next(4); i > 0; i--)
        {
            var name = query.Count > 0 && _random.Next(4) > 0 ? query[_random.Next(query.Count)] : _random.Next(3) == 0 ? Escape(Value()) : Common[_random.Next(Common.Length)];
            target.Append(target.ToString().Contains('?', StringComparison.Ordinal) ? '&' : '?').Append(name).Append('=').Append(Escape(Value()));
        }
        var method = _random.Next(8) > 0 ? route.Methods[_random.Next(route.Methods.Count)] : Methods[_random.Next(Methods.Length)];
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
        else if (_random.Next(30) == 0)
        {
            headers.Add(("Authorization", Visible(Value())));
        }
        byte[]? body = null;
        if (method is "POST" or "PUT" or "PATCH" || _random.Next(20) == 0)
        {
            var (type, example) = examples.Count > 0 ? examples[_random.Next(examples.Count)] : ("application/json", "{}"u8.ToArray());
            body = _random.Next(5) switch
            {
                0 => example,
                1 => _bodies.Next(),
                _ => route.Changes?.Next() ?? _bodies.Next(),
            };
            headers.Add(("Content-Type", _random.Next(8) > 0 ? type : MediaTypes[_random.Next(MediaTypes.Length)]));
        }
        return new HostileRequest(method, target.ToString(), headers, body);
    }

    private static readonly string[] Common = ["perPage", "nextPageToken", "EQ_bizStep", "GE_eventTime", "MATCH_epc", "EQ_INNER_x", "lang", "order", "uri", "event", "item", "size", "old", "new", "index", "target", "trace", "format", "stream", "second"];

    private string Value() => _random.Next(3) == 0 && _known.Count > 0 ? _known[_random.Next(_known.Count)] : _random.Next(3) == 0 ? Encoding.UTF8.GetString(_texts.Next()) is var text && text.Length > 6000 && _random.Next(10) > 0 ? text[..200] : text : Values[_random.Next(Values.Length)];

    /// <summary>Mostly escaped as it should be, sometimes as far as a request line can bear.</summary>
    private string Escape(string text) => _random.Next(5) == 0
        ? string.Concat(text.Where(static c => c is > ' ' and < (char)127 and not '#'))
        : string.Concat(Encoding.UTF8.GetBytes(text).Select(static b => b is >= (byte)'0' and <= (byte)'9' or >= (byte)'A' and <= (byte)'Z' or >= (byte)'a' and <= (byte)'z' ? ((char)b).ToString() : $"%{b:X2}"));

    private static string Visible(string text) => string.Concat(text.Where(static c => c is >= ' ' and < (char)127).Take(2000));

    private static IEnumerable<JsonElement> Members(JsonElement json, string name) => json.TryGetProperty(name, out var list) ? list.EnumerateArray() : [];
}
