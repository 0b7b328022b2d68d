using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>
/// Whether an answered event has the members that were sent, but for eventID and recordTime where the repository adds them. Order of members and white space do not
/// count, numbers are compared by their exact value, and contexts by what they say about the prefixes in use.
/// </summary>
internal static class SameMembers
{
    private const string StandardContext = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

    private static readonly string[] StandardPrefixes = ["epcis", "cbv", "cbvmda", "gs1", "rdfs", "owl", "xsd", "dcterms"];

    /// <summary>The first difference, or null.</summary>
    public static string? FindDifference(SentEvent sent, JsonElement answered)
    {
        var expected = Members(sent.Json);
        var actual = Members(answered);
        expected.Remove("recordTime");
        if (!actual.Remove("recordTime"))
        {
            return "there is no recordTime";
        }
        if (!expected.ContainsKey("eventID") && !actual.Remove("eventID"))
        {
            return "there is no eventID";
        }
        return CompareMembers(expected, actual, "") ?? CompareContexts(sent, answered);
    }

    private static Dictionary<string, JsonElement> Members(JsonElement json) =>
        json.EnumerateObject().Where(static m => m.Name != "@context").ToDictionary(static m => m.Name, static m => m.Value);

    private static string? CompareMembers(Dictionary<string, JsonElement> expected, Dictionary<string, JsonElement> actual, string place)
    {
        if (expected.Keys.Except(actual.Keys).FirstOrDefault() is { } lost)
        {
            return $"{place}/{lost} is lost";
        }
        return actual.Keys.Except(expected.Keys).FirstOrDefault() is { } added
            ? $"{place}/{added} is new"
            : expected.Select(member => Compare(member.Value, actual[member.Key], $"{place}/{member.Key}")).FirstOrDefault(static d => d is not null);
    }

    private static string? Compare(JsonElement expected, JsonElement actual, string place)
    {
        if (expected.ValueKind != actual.ValueKind)
        {
            return $"{place} is {actual.GetRawText()}, not {expected.GetRawText()}";
        }
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                return CompareMembers(
                    expected.EnumerateObject().ToDictionary(static m => m.Name, static m => m.Value), actual.EnumerateObject().ToDictionary(static m => m.Name, static m => m.Value), place);
            case JsonValueKind.Array when expected.GetArrayLength() != actual.GetArrayLength():
                return $"{place} has {actual.GetArrayLength()} entries, not {expected.GetArrayLength()}";
            case JsonValueKind.Array:
                return expected.EnumerateArray().Zip(actual.EnumerateArray(), (e, a) => (e, a))
                    .Select((pair, i) => Compare(pair.e, pair.a, string.Create(CultureInfo.InvariantCulture, $"{place}/{i}"))).FirstOrDefault(static d => d is not null);
            case JsonValueKind.Number when ValueOf(expected.GetRawText()) == ValueOf(actual.GetRawText()):
            case JsonValueKind.String when expected.GetString() == actual.GetString():
            case JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null:
                return null;
            default:
                return $"{place} is {actual.GetRawText()}, not {expected.GetRawText()}";
        }
    }

    /// <summary>A number as a whole number without factor ten and the power of ten it is multiplied by.</summary>
    private static (BigInteger Digits, int Exponent) ValueOf(string number)
    {
        var e = number.IndexOfAny(['e', 'E']);
        var (mantissa, exponent) = e < 0 ? (number, 0) : (number[..e], int.Parse(number[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        exponent -= point < 0 ? 0 : mantissa.Length - point - 1;
        var digits = BigInteger.Parse(mantissa.Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        while (!digits.IsZero && digits % 10 == 0)
        {
            (digits, exponent) = (digits / 10, exponent + 1);
        }
        return (digits, digits.IsZero ? 0 : exponent);
    }

    private static string? CompareContexts(SentEvent sent, JsonElement answered)
    {
        var (expected, urls) = Scope(sent.Context, ContextOf(sent.Json));
        var (actual, answeredUrls) = Scope(null, ContextOf(answered));
        var used = new HashSet<string>();
        CollectPrefixes(sent.Json, used);
        foreach (var prefix in used)
        {
            if (expected.TryGetValue(prefix, out var meaning) && (!actual.TryGetValue(prefix, out var answer) || answer != meaning))
            {
                return $"the prefix {prefix} no longer stands for {meaning}";
            }
        }
        // Names that no inline context declares get their meaning from a context elsewhere, if from anywhere.
        var undeclared = MemberPrefixes(sent.Json).Any(prefix => !expected.ContainsKey(prefix) && !StandardPrefixes.Contains(prefix));
        return undeclared && urls.Except(answeredUrls).FirstOrDefault(static url => url != StandardContext) is { } lost ? $"the context {lost} is lost" : null;
    }

    private static JsonElement? ContextOf(JsonElement json) => json.TryGetProperty("@context", out var context) ? context : null;

    private static (Dictionary<string, string> Prefixes, HashSet<string> Urls) Scope(params ReadOnlySpan<JsonElement?> contexts)
    {
        var prefixes = new Dictionary<string, string>();
        var urls = new HashSet<string>();
        foreach (var context in contexts)
        {
            foreach (var entry in context is not { } given ? [] : given.ValueKind == JsonValueKind.Array ? given.EnumerateArray().ToArray() : [given])
            {
                if (entry.ValueKind == JsonValueKind.String)
                {
                    urls.Add(entry.GetString()!); // A string.
                    continue;
                }
                foreach (var term in entry.EnumerateObject())
                {
                    prefixes[term.Name] = term.Value.ValueKind == JsonValueKind.String ? term.Value.GetString()!
                        : term.Value.TryGetProperty("@id", out var id) ? id.GetString()! : term.Value.GetRawText(); // Strings.
                }
            }
        }
        return (prefixes, urls);
    }

    private static void CollectPrefixes(JsonElement json, HashSet<string> prefixes)
    {
        foreach (var text in Texts(json))
        {
            if (text.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                prefixes.Add(text[..colon]);
            }
        }
    }

    private static IEnumerable<string> Texts(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().Where(static m => m.Name != "@context").SelectMany(static m => Texts(m.Value).Prepend(m.Name)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Texts),
        JsonValueKind.String => [json.GetString()!], // A string.
        _ => [],
    };

    private static IEnumerable<string> MemberPrefixes(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().Where(static m => m.Name != "@context")
            .SelectMany(static m => MemberPrefixes(m.Value).Concat(m.Name.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? [m.Name[..colon]] : [])),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(MemberPrefixes),
        _ => [],
    };
}
