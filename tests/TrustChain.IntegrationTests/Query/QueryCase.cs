using System.Globalization;
using System.Text.Json.Nodes;

namespace TrustChain.IntegrationTests.Query;

internal enum CaseKind
{
    /// <summary>The parameter alone finds these.</summary>
    Finds,

    /// <summary>The parameter alone finds nothing.</summary>
    FindsNone,

    /// <summary>With another parameter it finds these.</summary>
    Combined,

    /// <summary>The value is refused.</summary>
    Refused,
}

/// <summary>A query of the corpus and its answer.</summary>
/// <param name="Kind">What the case shows of its first parameter.</param>
/// <param name="Query"><c>name=value|value&amp;name=value</c>, nothing escaped.</param>
/// <param name="Expected">Names of events, sorted; where it is refused, the parameter at fault.</param>
internal sealed record QueryCase(CaseKind Kind, string Query, string Expected)
{
    private static readonly string[] Scalars = ["orderBy", "orderDirection", "eventCountLimit", "maxEventCount", "EQ_booleanValue"];

    /// <summary>The parameter that the case is about.</summary>
    public string Parameter => Parameters[0].Name;

    private IReadOnlyList<(string Name, string Value)> Parameters =>
        [.. Query.Split('&').Select(static p => (p[..p.IndexOf('=', StringComparison.Ordinal)], p[(p.IndexOf('=', StringComparison.Ordinal) + 1)..]))];

    public static QueryCase Finds(string query, string expected) => new(CaseKind.Finds, query, expected);

    public static QueryCase None(string query) => new(CaseKind.FindsNone, query, "");

    public static QueryCase Both(string query, string expected) => new(CaseKind.Combined, query, expected);

    public static QueryCase Refused(string query) => new(CaseKind.Refused, query, query[..query.IndexOf('=', StringComparison.Ordinal)]);

    /// <summary>The query of a URL; values separated by bars as <c>style: pipeDelimited</c> says.</summary>
    public string ToUrl() => string.Join('&', Parameters.Select(static p => $"{Uri.EscapeDataString(p.Name)}={string.Join('|', p.Value.Split('|').Select(Uri.EscapeDataString))}"));

    /// <summary>The query as JSON in the types of query-schema.json.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["@context"] = new JsonObject { ["ex"] = Corpus.Extensions } };
        foreach (var (name, value) in Parameters)
        {
            var isList = !Scalars.Contains(name) && !name.StartsWith("EXISTS_", StringComparison.Ordinal) && (name[2] != '_' || name[..3] == "EQ_" || name[..3] == "WD_");
            var isText = name is "EQ_stringValue" or "EQ_hexBinaryValue";
            json[name] = value.Length == 0 && name.StartsWith("EXISTS_", StringComparison.Ordinal) ? null
                : isList ? new JsonArray([.. value.Split('|').Select(v => isText ? JsonValue.Create(v) : Scalar(v))])
                : Scalar(value);
        }
        return json;
    }

    private static JsonValue Scalar(string value) => value switch
    {
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ when double.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        _ => JsonValue.Create(value),
    };

    /// <summary>
    /// The five comparisons of a number that events have: what each finds, beyond the greatest and below the least finds nothing, together with the eventID
    /// of one, and a text is refused.
    /// </summary>
    /// <param name="name">The parameter without its first three letters.</param>
    /// <param name="isList">Whether equality takes several values.</param>
    /// <param name="values">Values of events by their names; at least two events.</param>
    public static IEnumerable<QueryCase> Comparisons(string name, bool isList, params (string Event, double[] Values)[] values)
    {
        var sorted = values.SelectMany(static v => v.Values).Distinct().Order().ToList();
        var (first, last) = (sorted[0], sorted[^1]);
        (string Sign, double Value, double None, Func<double, double, bool> Holds)[] comparisons =
        [
            ("EQ", first, (sorted[0] + sorted[1]) / 2, static (v, w) => v == w), ("GT", first, last, static (v, w) => v > w), ("GE", sorted[1], last + 1, static (v, w) => v >= w),
            ("LT", last, first, static (v, w) => v < w), ("LE", sorted[^2], first - 1, static (v, w) => v <= w),
        ];
        foreach (var (sign, value, none, holds) in comparisons)
        {
            var found = values.Where(v => v.Values.Any(x => holds(x, value))).Select(static v => v.Event).Order(StringComparer.Ordinal).ToList();
            var parameter = $"{sign}_{name}";
            yield return Finds($"{parameter}={Text(value)}", string.Join(' ', found));
            yield return None($"{parameter}={Text(none)}");
            yield return Both($"{parameter}={Text(value)}&EQ_eventID={Corpus.IdOf(found[0])}", found[0]);
            yield return Both($"{parameter}={Text(none)}&EQ_eventID={Corpus.IdOf(found[0])}", "");
            if (sign != "EQ")
            {
                yield return Refused($"{parameter}=abc");
                yield return Refused($"{parameter}=");
            }
            else if (isList)
            {
                yield return Finds($"{parameter}={Text(first)}|{Text(last)}", string.Join(' ', values.Where(v => v.Values.Any(x => x == first || x == last)).Select(static v => v.Event).Order(StringComparer.Ordinal)));
            }
        }
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
