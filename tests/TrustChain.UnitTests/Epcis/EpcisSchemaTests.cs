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
            var read = EpcisReader.Read(Encoding.UTF8.GetBytes(root.GetProperty("text").GetString()!), new EpcisReadOptions { CheckDigits = CheckDigitPolicy.Warn });
            decided.UnionWith(root.GetProperty("decides").EnumerateArray().Select(name => name.GetString()!));
            if (read.IsValid != root.GetProperty("expected").GetBoolean())
            {
                failures.Add($"{root.GetProperty("what")}\n  schema: {root.GetProperty("schema")}, with the differences: {root.GetProperty("expected")} "
                    + $"({root.GetProperty("reason")}); reader: {read.Faults.FirstOrDefault()?.ToString() ?? "valid"}\n  {root.GetProperty("text")}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {lines.Length - 1} differ:\n{string.Join('\n', failures.OrderBy(f => f.Length).Take(Shown))}");
        TestContext.Current.SendDiagnosticMessage("{0} documents judged", lines.Length - 1);

        // A difference that nothing shows any more must go.
        Assert.Equal(Differences(lines[0]).Order(StringComparer.Ordinal), decided.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Differences_FromTheSchema_AreThoseOfTheDocument()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        var lines = await JudgeAsync("0", "0");
        var documented = DocumentedName().Matches(await File.ReadAllTextAsync(
            Path.Combine(VectorFiles.Repository, "docs", "validation.md"), TestContext.Current.CancellationToken)).Select(match => match.Groups[1].Value);

        Assert.Equal(Differences(lines[0]), documented);
    }

    private static IEnumerable<string> Differences(string line) =>
        JsonDocument.Parse(line).RootElement.GetProperty("differences").EnumerateArray().Select(name => name.GetString()!);

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
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture) : otherwise;

    [GeneratedRegex("^\\| `([a-z-]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex DocumentedName();
}
