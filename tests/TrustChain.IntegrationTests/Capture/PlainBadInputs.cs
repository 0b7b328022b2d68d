using System.Text;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>Bodies that are no acceptable EPCIS, and requests around them that are wrong.</summary>
internal static class PlainBadInputs
{
    private const string First = "/epcisBody/eventList/0";
    private const int OneMebibyte = 1 << 20;

    public static IReadOnlyDictionary<string, BadInput> All { get; } = new Dictionary<string, BadInput>
    {
        ["empty body"] = Invalid("malformed-json", "", static s => s.Plain("")),
        ["JSON cut off"] = Invalid("malformed-json", "", static s => s.Plain(s.GoodDocument()[..^20])) with { Detail = "line 1, byte" },
        ["two JSON texts"] = Invalid("malformed-json", "", static s => s.Plain(s.GoodDocument() + "{}")),
        ["no JSON at all"] = Invalid("malformed-json", "", static s => s.Plain("<epcis:EPCISDocument/>")),
        ["JSON but no EPCIS"] = Invalid("not-epcis", "", static s => s.Plain("[]")),
        ["nesting bomb"] = Invalid("too-deep", null, static s => s.Plain(new string('[', 500_000))),
        ["nesting bomb in an extension"] = Invalid("too-deep", null, static s => s.Plain("ex:deep", new string('[', 40) + new string(']', 40))),
        ["member twice"] = Invalid("duplicate-member", $"{First}/action", static s => s.Plain(s.GoodDocument().Replace("\"action\":", "\"action\":\"ADD\",\"action\":", StringComparison.Ordinal))),
        ["member twice, once escaped"] = Invalid("duplicate-member", $"{First}/action", static s => s.Plain(s.GoodDocument().Replace("\"action\":", "\"\\u0061ction\":\"ADD\",\"action\":", StringComparison.Ordinal))),
        ["invalid UTF-8"] = Invalid("invalid-unicode", null, static s => s.Plain(Corrupt(s.GoodDocument()))),
        ["lone surrogate"] = Invalid("invalid-unicode", null, static s => s.Plain(s.GoodDocument().Replace("inspecting", "\\ud800", StringComparison.Ordinal))),
        ["eventTime is a number"] = Invalid("wrong-type", $"{First}/eventTime", static s => s.Plain("eventTime", "5")),
        ["eventTime without offset"] = Invalid("invalid-time", $"{First}/eventTime", static s => s.Plain("eventTime", "\"2026-04-05T08:00:00\"")),
        ["eventTime on 30 February"] = Invalid("invalid-time", $"{First}/eventTime", static s => s.Plain("eventTime", "\"2026-02-30T08:00:00Z\"")),
        ["eventTimeZoneOffset beyond 14 hours"] = Invalid("invalid-time-zone-offset", $"{First}/eventTimeZoneOffset", static s => s.Plain("eventTimeZoneOffset", "\"+25:00\"")),
        ["epcList is a string"] = Invalid("wrong-type", $"{First}/epcList", static s => s.Plain("epcList", "\"urn:a:b\"")),
        ["quantity is a string"] = Invalid("wrong-type", $"{First}/quantityList/0/quantity", static s => s.Plain("quantityList", """[{"epcClass":"urn:a:b","quantity":"1"}]""")),
        ["identifier is no URI"] = Invalid("invalid-uri", $"{First}/epcList/0", static s => s.Plain("epcList", "[\"not a URI\"]")),
        ["identifier of 3,000 characters"] = Invalid("invalid-uri", $"{First}/epcList/0", static s => s.Plain("epcList", $"[\"urn:a:{new string('b', 3000)}\"]")),
        ["GTIN with a wrong check digit"] = Invalid("wrong-check-digit", $"{First}/epcList/0", static s => s.Plain("epcList", $"[\"https://id.gs1.org/01/{WrongCheckDigit(s.Company.Gtin)}/21/1\"]")),
        ["SSCC with a wrong check digit"] = Invalid("wrong-check-digit", $"{First}/epcList/0", static s => s.Plain("epcList", "[\"https://id.gs1.org/00/095211411234567893\"]")),
        ["EPC URN with a wrong number of digits"] = Invalid("invalid-epc-urn", $"{First}/epcList/0", static s => s.Plain("epcList", "[\"urn:epc:id:sgtin:9521141.12345678.1\"]")),
        ["action is unknown"] = Invalid("unknown-value", $"{First}/action", static s => s.Plain("action", "\"CREATE\"")),
        ["member is unknown"] = Invalid("unknown-member", $"{First}/epcs", static s => s.Plain("epcs", "[]")),
        ["eventTime is missing"] = Invalid("missing-member", First, static s => s.Plain(Events.Document(s.GoodEventWithout("eventTime")))),
        ["event type is unknown"] = Invalid("unknown-event-type", $"{First}/type", static s => s.Plain("type", "\"ThingEvent\"")),
        ["third event of three is bad"] = Invalid("invalid-time", "/epcisBody/eventList/2/eventTime", static s => s.Plain(Events.Document(
            Events.Observation(s.Item), Events.Observation(s.Item, "packing"), Events.Observation(s.Item).With("eventTime", "\"yesterday\"")))),
        ["20,001 EPCs"] = Invalid("too-many-epcs", $"{First}/epcList", static s => s.Plain(Events.Document(ShortEvent([.. Enumerable.Range(0, 20_001).Select(static i => $"urn:a:{i}")])))),
        ["document without events"] = new(400, "invalid-events", static s => s.Plain(Events.Document(Array.Empty<string>()))),
        ["document where one event is due"] = new(400, "invalid-events", static s => s.Plain(s.GoodDocument()) with { Path = "/epcis/events" }),
        ["more than 1 MiB, length told"] = new(413, "too-large", static s => s.Plain(Padded(s, OneMebibyte + 1)) with { Path = "/epcis/events" }),
        ["more than 1 MiB, length not told"] = new(413, "too-large", static s => s.Plain(Padded(s, OneMebibyte + 1)) with { Path = "/epcis/events", IsChunked = true }),
        ["no media type"] = new(415, "unsupported-media-type", static s => s.Plain(s.GoodDocument()) with { MediaType = null }),
        ["malformed media type"] = new(415, "unsupported-media-type", static s => s.Plain(s.GoodDocument()) with { MediaType = "json;;;=" }),
        ["foreign media type"] = new(415, "unsupported-media-type", static s => s.Plain(s.GoodDocument()) with { MediaType = "text/html" }),
        ["compressed"] = new(415, "unsupported-media-type", static s => s.Plain(s.GoodDocument()) with { ContentEncoding = "gzip" }),
        ["no API key"] = new(401, "not-authenticated", static s => s.Plain(s.GoodDocument()) with { Authorization = null }),
        ["wrong API key"] = new(401, "not-authenticated", static s => s.Plain(s.GoodDocument()) with { Authorization = "Bearer " + new string('x', 43) }),
        ["API key of 10,000 characters"] = new(401, "not-authenticated", static s => s.Plain(s.GoodDocument()) with { Authorization = "Bearer " + new string('x', 10_000) }),
        ["API key as Basic"] = new(401, "not-authenticated", static s => s.Plain(s.GoodDocument()) with { Authorization = "Basic " + s.Company.ApiKey }),
        ["creation without authority"] = new(403, "no-authority", static s => s.Plain(Events.Document(Events.Observation(s.Item), Events.Commissioning(s.Other.NewItem())))) { Detail = "event 1" },
    };

    /// <param name="rule">Rule of the first error.</param>
    /// <param name="pointer">Its place; null: the whole document or a syntax error.</param>
    /// <param name="request">What is sent.</param>
    private static BadInput Invalid(string rule, string? pointer, Func<BadInputScene, BadRequest> request) => new(400, "invalid-events", request) { Rule = rule, Pointer = pointer };

    private static string WrongCheckDigit(string gtin) => gtin[..^1] + (char)('0' + ((gtin[^1] - '0' + 5) % 10));

    private static byte[] Corrupt(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        bytes[json.IndexOf("inspecting", StringComparison.Ordinal)] = 0xFF;
        return bytes;
    }

    private static string GoodEventWithout(this BadInputScene scene, string member)
    {
        var e = Events.Observation(scene.Item);
        e.Remove(member);
        return e.ToJsonString();
    }

    private static string ShortEvent(params string[] epcs) =>
        $$"""{"type":"ObjectEvent","eventTime":"2026-04-05T08:00:00Z","eventTimeZoneOffset":"+00:00","action":"OBSERVE","epcList":[{{string.Join(',', epcs.Select(static e => $"\"{e}\""))}}]}""";

    private static string Padded(BadInputScene scene, int length) => scene.GoodDocument().PadRight(length);
}
