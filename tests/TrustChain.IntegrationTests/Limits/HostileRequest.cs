using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests.Hostile;

namespace TrustChain.IntegrationTests.Limits;

/// <summary>What a stranger sends.</summary>
/// <param name="Method">Any token.</param>
/// <param name="Target">Path and query as they go over the wire.</param>
/// <param name="Headers">Names and values.</param>
/// <param name="Body">Null: none.</param>
internal sealed record HostileRequest(string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, byte[]? Body)
{
    /// <summary>The route that it is made for: method and path.</summary>
    public string Route { get; init; } = "";

    /// <summary>The number of the person who sends it, with the cookies of their browser; null: nobody who is signed in.</summary>
    public int? Person { get; init; }

    /// <summary>Fields of a form, which is sent with its hidden field in place of <see cref="Body"/>.</summary>
    public IReadOnlyList<(string Name, string Value)>? Form { get; init; }

    public override string ToString() => $"{Method} {Target} {string.Join("; ", Headers.Select(static h => $"{h.Name}: {h.Value}"))} {(Person is { } person ? $"as {person} " : "")}{(Form is null ? "" : string.Join('&', Form.Select(static f => $"{f.Name}={f.Value}")))}{(Body is null ? "" : Convert.ToBase64String(Body.AsSpan(0, Math.Min(Body.Length, 3000))))}";
}

/// <summary>
/// Makes requests for every route that the server serves, each one at first and then any: with every method, with the parameters that the OpenAPI document tells of and values that fit and values that do not, with
/// its examples changed, and with the forms of the account's pages filled in by people who are signed in. One seed, one sequence.
/// </summary>
internal sealed partial class HostileRequests
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

    /// <summary>A path with its methods, the names of its parameters and its examples.</summary>
    private sealed record Route(string Path, IReadOnlyList<string> Methods, IReadOnlyList<string> Query, IReadOnlyList<(string MediaType, byte[] Body)> Examples)
    {
        /// <summary>Changes of its own examples.</summary>
        public HostileInput? Changes { get; init; }

        /// <summary>Fields of its form; null where it is no page of the account.</summary>
        public IReadOnlyList<string>? Form { get; init; }
    }

    private readonly List<Route> _routes = [];
    private readonly IReadOnlyList<string> _known;
    private readonly HostileInput _bodies;
    private readonly HostileInput _texts;
    private readonly IReadOnlyList<string?> _keys;
    private readonly Random _random;
    private readonly Queue<(Route Route, string Method)> _first;

    /// <param name="served">Every route.</param>
    /// <param name="forms">Fields of the forms of the account's pages, by where they are sent.</param>
    /// <param name="document">The OpenAPI document.</param>
    /// <param name="more">Bodies beside its examples.</param>
    /// <param name="known">Values that exist: identifiers of what was stored.</param>
    /// <param name="keys">API keys to send; null for none.</param>
    /// <param name="seed">Of everything.</param>
    public HostileRequests(
        IReadOnlyList<ServedRoute> served, IReadOnlyDictionary<string, IReadOnlyList<string>> forms, JsonElement document, IReadOnlyList<(string MediaType, byte[] Body)> more, IReadOnlyList<string> known, IReadOnlyList<string?> keys, int seed)
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
        // What the document does not tell of: the account's pages, those for visitors, and what machines of the operator ask.
        var told = _routes.ToDictionary(static r => r.Path);
        foreach (var group in served.GroupBy(static r => r.Path))
        {
            var methods = group.Select(static r => r.Method).ToList();
            if (told.TryGetValue(group.Key, out var route))
            {
                _routes[_routes.IndexOf(route)] = route with { Methods = [.. route.Methods.Union(methods)] };
                continue;
            }
            IReadOnlyList<(string MediaType, byte[] Body)> messages = group.Key == "/epcis/soap" ? [.. more.Where(static m => m.MediaType == "text/xml")] : [];
            _routes.Add(new Route(group.Key, methods, group.First().IsAccountPage ? ["returnUrl", "token", "lang", "done", "all", "before", "search", "state"] : ["lang"], messages)
            {
                Form = group.First().IsAccountPage ? forms.GetValueOrDefault(group.Key, [.. forms.Values.SelectMany(static f => f).Distinct()]) : null,
            });
        }
        foreach (var path in (string[])["/site.css", "/openapi/v1.json", "/{any}/{any}"])
        {
            _routes.Add(new Route(path, ["GET"], ["lang"], []));
        }
        _first = new Queue<(Route, string)>(_routes.SelectMany(static r => r.Methods.Select(m => (r, m))));
        _bodies = new HostileInput([.. _routes.SelectMany(static r => r.Examples).Concat(more).Select(static e => e.Body)], seed);
        _texts = new HostileInput([.. Values.Select(Encoding.UTF8.GetBytes)], seed);
    }

    /// <summary>Whether there are routes that had no request yet.</summary>
    public bool IsFirstRound => _first.Count > 0;

    public HostileRequest Next()
    {
        if (_first.TryDequeue(out var first))
        {
            return Make(first.Route, first.Method, fits: true);
        }
        var route = _routes[_random.Next(_routes.Count)];
        return Make(route, _random.Next(8) > 0 ? route.Methods[_random.Next(route.Methods.Count)] : Methods[_random.Next(Methods.Length)], fits: false);
    }

    /// <param name="route">Where it goes.</param>
    /// <param name="method">How.</param>
    /// <param name="fits">Whether the path is sure to be the route's; values are as hostile as ever elsewhere.</param>
    private HostileRequest Make(Route route, string method, bool fits)
    {
        var (path, query, examples) = (route.Path, route.Query, route.Examples);
        var target = new StringBuilder();
        foreach (var segment in path.Split('/').Skip(1))
        {
            target.Append('/').Append(fits ? FittingParameter().Replace(segment, "1") : segment.StartsWith('{') || _random.Next(100) == 0 ? Escape(Value()) : segment);
        }
        for (var i = _random.Next(4); i > 0; i--)
        {
            var name = query.Count > 0 && _random.Next(4) > 0 ? query[_random.Next(query.Count)] : _random.Next(3) == 0 ? Escape(Value()) : Common[_random.Next(Common.Length)];
            target.Append(target.ToString().Contains('?', StringComparison.Ordinal) ? '&' : '?').Append(name).Append('=').Append(Escape(Value()));
        }
        var headers = new List<(string, string)>();
        for (var i = _random.Next(3); i > 0; i--)
        {
            var name = Names[_random.Next(Names.Length)];
            headers.Add((name, Visible(name.StartsWith("Accept", StringComparison.Ordinal) && _random.Next(2) == 0 ? MediaTypes[_random.Next(MediaTypes.Length)] : Value())));
        }
        var request = new HostileRequest(method, target.ToString(), headers, null) { Route = $"{method} {path}" };
        if (route.Form is { } fields && (fits || _random.Next(8) > 0))
        {
            return method == "POST" ? request with { Person = _random.Next(1000), Form = FillIn(fields) } : request with { Person = _random.Next(1000) };
        }
        if (_keys[_random.Next(_keys.Count)] is { } key)
        {
            headers.Add(("Authorization", "Bearer " + key));
        }
        else if (_random.Next(30) == 0)
        {
            headers.Add(("Authorization", Visible(Value())));
        }
        else if (_random.Next(8) == 0)
        {
            request = request with { Person = _random.Next(1000) };
        }
        if (method is not ("POST" or "PUT" or "PATCH") && _random.Next(20) > 0)
        {
            return request;
        }
        var (type, example) = examples.Count > 0 ? examples[_random.Next(examples.Count)] : ("application/json", "{}"u8.ToArray());
        headers.Add(("Content-Type", _random.Next(8) > 0 ? type : MediaTypes[_random.Next(MediaTypes.Length)]));
        return request with
        {
            Body = _random.Next(5) switch
            {
                0 => example,
                1 => _bodies.Next(),
                _ => route.Changes?.Next() ?? _bodies.Next(),
            },
        };
    }

    /// <summary>The fields of a form, with some missing, some twice, and some of other forms.</summary>
    private List<(string, string)> FillIn(IReadOnlyList<string> fields)
    {
        var filled = new List<(string, string)>();
        foreach (var field in fields.Where(_ => _random.Next(10) > 0))
        {
            filled.Add((field, FieldValue(field)));
            if (_random.Next(30) == 0)
            {
                filled.Add((field, FieldValue(field)));
            }
        }
        if (_random.Next(10) == 0)
        {
            filled.Add((Value(), Value()));
        }
        return filled;
    }

    /// <summary>As often what the form would take as anything else, so that some forms pass all checks but the last.</summary>
    private string FieldValue(string field) => _random.Next(2) == 0 ? Value() : field switch
    {
        "role" => "viewer",
        "days" => "30",
        "note" or "label" or "name" or "passkeyName" or "login" => $"hostile {_random.Next(1_000_000)}",
        "password" or "newPassword" => "another correct horse",
        "current" => "correct horse battery",
        "code" => "123456",
        "credential" => """{"id":"AQID","rawId":"AQID","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA","authenticatorData":"AA","signature":"AA"},"clientExtensionResults":{}}""",
        "returnUrl" => "/account/members",
        _ => Value(),
    };

    [GeneratedRegex(@"\{[A-Za-z]+\}")]
    private static partial Regex FittingParameter();

    private static readonly string[] Common = ["perPage", "nextPageToken", "EQ_bizStep", "GE_eventTime", "MATCH_epc", "EQ_INNER_x", "lang", "order", "uri", "event", "item", "size", "old", "new", "index", "target", "trace", "format", "stream", "second"];

    private string Value() => _random.Next(3) == 0 && _known.Count > 0 ? _known[_random.Next(_known.Count)] : _random.Next(3) == 0 ? Encoding.UTF8.GetString(_texts.Next()) is var text && text.Length > 6000 && _random.Next(10) > 0 ? text[..200] : text : Values[_random.Next(Values.Length)];

    /// <summary>Mostly escaped as it should be, sometimes as far as a request line can bear.</summary>
    private string Escape(string text) => _random.Next(5) == 0
        ? string.Concat(text.Where(static c => c is > ' ' and < (char)127 and not '#'))
        : string.Concat(Encoding.UTF8.GetBytes(text).Select(static b => b is >= (byte)'0' and <= (byte)'9' or >= (byte)'A' and <= (byte)'Z' or >= (byte)'a' and <= (byte)'z' ? ((char)b).ToString() : $"%{b:X2}"));

    private static string Visible(string text) => string.Concat(text.Where(static c => c is >= ' ' and < (char)127).Take(2000));

    private static IEnumerable<JsonElement> Members(JsonElement json, string name) => json.TryGetProperty(name, out var list) ? list.EnumerateArray() : [];
}
