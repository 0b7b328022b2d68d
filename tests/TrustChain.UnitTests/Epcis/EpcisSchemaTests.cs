using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using TrustChain.Core.Epcis;
using TrustChain.UnitTests.Verification;

namespace TrustChain.UnitTests.Epcis;

/// <summary>
/// The reader against the official JSON schema, over seeded mutations of the examples (<c>Schema/*.mjs</c>, run by Node.js). The two verdicts are
/// equal but for the deliberate differences of <c>docs/validation.md</c>, which <c>Schema/differences.mjs</c> makes to the schema itself.
/// <c>TRUSTCHAIN_SCHEMA_MUTATIONS</c> and <c>TRUSTCHAIN_SCHEMA_SEED</c> ask for more or other mutations.
/// </summary>
public sealed partial class EpcisSchemaTests
{
    private const int Shown = 20;

    private static string Project => Path.Combine(VectorFiles.Repository, "tests", "TrustChain.UnitTests");

    [Fact]
    public async Task Reader_OverMutationsOfTheExamples_JudgesAsTheSchemaDoes()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        var lines = await JudgeAsync(Setting("TRUSTCHAIN_SCHEMA_MUTATIONS", "6000"), Setting("TRUSTCHAIN_SCHEMA_SEED", "20"));
        var failures = new List<string>();
        var decided = new HashSet<string>();
        foreach (var line in lines.Skip(1))
        {
            using var verdict = JsonDocument.Parse(line);
            var root = verdict.RootElement;
            var text = root.GetProperty("text").GetString() ?? throw new InvalidDataException(line);
            var read = EpcisReader.Read(Encoding.UTF8.GetBytes(text), new EpcisReadOptions { CheckDigits = CheckDigitPolicy.Warn });
            decided.UnionWith(Names(root.GetProperty("decides")));
            using var document = JsonDocument.Parse(text);
            Assert.All(read.Faults, fault => Assert.True(Resolves(document.RootElement, fault.JsonPointer), $"{fault}\n{text}"));
            if (read.IsValid != root.GetProperty("expected").GetBoolean())
            {
                failures.Add($"{root.GetProperty("what")}\n  schema: {root.GetProperty("schema")}, with the differences: "
                    + $"{root.GetProperty("expected")} ({root.GetProperty("reason")}); "
                    + $"reader: {read.Faults.FirstOrDefault()?.ToString() ?? "valid"}\n  {text}");
            }
        }

        var shortest = string.Join('\n', failures.OrderBy(failure => failure.Length).Take(Shown));
        Assert.True(failures.Count == 0, $"{failures.Count} of {lines.Length - 1} differ:\n{shortest}");
        // A difference that nothing shows any more must go.
        Assert.Equal(Differences(lines[0]).Order(StringComparer.Ordinal), decided.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Differences_FromTheSchema_AreThoseOfTheDocument()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        var lines = await JudgeAsync("0", "0");
        var path = Path.Combine(VectorFiles.Repository, "docs", "validation.md");
        var document = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(Differences(lines[0]), DocumentedName().Matches(document).Select(match => match.Groups[1].Value));
    }

    private static bool Resolves(JsonElement value, string pointer)
    {
        foreach (var step in pointer.Split('/').Skip(1))
        {
            var name = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (value.ValueKind == JsonValueKind.Array)
            {
                value = value[int.Parse(name, CultureInfo.InvariantCulture)];
            }
            else if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
            {
                return false;
            }
        }
        return true;
    }

    private static List<string> Differences(string line)
    {
        using var first = JsonDocument.Parse(line);
        return Names(first.RootElement.GetProperty("differences"));
    }

    private static List<string> Names(JsonElement list) => [.. list.EnumerateArray().Select(name => name.GetString() ?? "")];

    private static async Task<string[]> JudgeAsync(string count, string seed)
    {
        var node = Programs.FindOnPath("node");
        var npm = Programs.FindOnPath("npm");
        Assert.True(node is not null && npm is not null, "The schema validator needs Node.js 20 with npm on PATH.");
        await Programs.InstallPackagesAsync(npm, Project);
        var script = Path.Combine(Project, "Epcis", "Schema", "verdicts.mjs");
        var (exitCode, output, errors) = await Programs.RunAsync(
            node, [script, Vectors.PathOf("epcis-schema/EPCIS-JSON-Schema.json"), Vectors.PathOf("epcis-examples"), count, seed], Project);
        Assert.True(exitCode == 0, errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Setting(string name, string otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value.ToString(CultureInfo.InvariantCulture)
            : otherwise;

    [GeneratedRegex("^\\| `([a-z-]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex DocumentedName();
}
