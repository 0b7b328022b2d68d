using System.Text.Json;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>The official OpenAPI document of the EPCIS 2.0 REST bindings against ours, which must have everything that theirs has.</summary>
public sealed class ApiComparisonTests(FreshServerFixture fixture) : IClassFixture<FreshServerFixture>
{
    private static readonly string[] Methods = ["get", "post", "put", "delete", "options", "head", "patch"];

    [Fact]
    public async Task ApiDocument_ComparedWithTheOfficialOne_LacksNothing()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        using var official = Vectors.Read("epcis-schema/openapi.json");
        var ours = (await fixture.Server.GetAsync("/openapi/v1.json")).Expect(200).Json;

        var theirLines = Lines(official.RootElement, "");
        Assert.NotEmpty(theirLines);
        var lacking = theirLines.Except(Lines(ours, "/epcis")).Order(StringComparer.Ordinal).ToList();
        Assert.True(lacking.Count == 0, $"{lacking.Count} of {theirLines.Count} are lacking:\n{string.Join('\n', lacking)}");
    }

    [Fact]
    public async Task ApiDocument_EveryQueryParameter_IsTakenByTheServer()
    {
        var ours = (await fixture.Server.GetAsync("/openapi/v1.json")).Expect(200).Json;
        foreach (var parameter in ours.GetProperty("paths").GetProperty("/epcis/events").GetProperty("get").GetProperty("parameters").EnumerateArray().Select(p => Resolve(ours, p)))
        {
            var name = Text(parameter, "name");
            if (Text(parameter, "in") != "query" || name == "nextPageToken")
            {
                continue;
            }
            var schema = parameter.GetProperty("schema");
            var items = schema.TryGetProperty("items", out var inner) ? inner : schema;
            var value = (name, items.TryGetProperty("format", out var format) ? format.GetString() : Text(items, "type")) switch
            {
                ("eventType", _) => "ObjectEvent",
                ("EQ_action", _) => "ADD|OBSERVE",
                ("EQ_bizStep", _) => "shipping",
                ("EQ_type", _) => "Temperature",
                ("EQ_errorReason", _) => "did_not_occur",
                ("orderBy", _) => "eventTime",
                ("orderDirection", _) => "ASC",
                ("eventCountLimit", _) => "3&orderBy=eventTime",
                (_, "date-time") => "2026-04-05T08%3A00%3A00%2B08%3A00",
                (_, "uri") => "https%3A%2F%2Fid.gs1.org%2F414%2F9521987000006",
                (_, "integer" or "number") => "5",
                (_, "boolean") => "true",
                _ => "active",
            };
            (await fixture.Server.GetAsync($"/epcis/events?{name}={value}")).Expect(200);
        }
    }

    /// <summary>The operations below a path, with one line for each parameter and each status.</summary>
    private static HashSet<string> Lines(JsonElement document, string root)
    {
        var lines = new HashSet<string>();
        foreach (var path in document.GetProperty("paths").EnumerateObject().Where(p => p.Name.StartsWith(root, StringComparison.Ordinal)))
        {
            var common = path.Value.TryGetProperty("parameters", out var shared) ? shared.EnumerateArray().ToList() : [];
            foreach (var operation in path.Value.EnumerateObject().Where(static o => Methods.Contains(o.Name)))
            {
                var relative = path.Name[root.Length..].TrimEnd('/');
                var name = $"{operation.Name.ToUpperInvariant()} {(relative.Length == 0 ? "/" : relative)}";
                lines.Add(name);
                var own = operation.Value.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().ToList() : [];
                foreach (var parameter in common.Concat(own).Select(p => Resolve(document, p)))
                {
                    lines.Add($"{name}: {Text(parameter, "in")} {Text(parameter, "name")}");
                }
                foreach (var response in operation.Value.GetProperty("responses").EnumerateObject())
                {
                    lines.Add($"{name}: answer {response.Name}");
                }
            }
        }
        return lines;
    }

    private static JsonElement Resolve(JsonElement document, JsonElement part) => part.TryGetProperty("$ref", out var reference)
        ? reference.GetString()!.Split('/').Skip(1).Aggregate(document, static (at, step) => at.GetProperty(step)) // A reference is a string.
        : part;

    private static string Text(JsonElement json, string member) => json.GetProperty(member).GetString() ?? "";
}
