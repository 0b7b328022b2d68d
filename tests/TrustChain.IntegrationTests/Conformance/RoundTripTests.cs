using System.Text.Json;
using System.Text.RegularExpressions;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>Every published document through capture and query, against the official schemas. What does not come back is listed, here and in docs/conformance.md.</summary>
public sealed partial class RoundTripTests(SharedStack stack)
{
    private const int Parallelism = 4;
    private const string StoredHash = "The deviations of the program that made the stored hashes: see [event-hash.md](event-hash.md#stored-hashes-of-xml-documents).";
    private const string WrongCheckDigit = "A GRAI with a wrong check digit, `030013450007718765`: accepted only with `Capture:CheckDigits` set to `Warn`.";

    private static readonly Dictionary<string, string?> Settings = new() { ["Capture__Authority"] = "observe", ["Capture__CheckDigits"] = "warn" };

    /// <summary>Document, what is not so, and why; the table of docs/conformance.md.</summary>
    private static readonly (string Document, string Check, string Reason)[] Exceptions =
    [
        ("XML__WithSensorData__SensorDataExamples.xml", "capture", "Two sensor reports have an exception and no type, which the XML schema allows and JSON does not. With `GS1-Capture-Error-Behaviour: proceed` the other 13 events are captured."),
        ("XML__WithSensorData__SensorDataExamples.xml", "event 8", "The event with these reports."),
        ("event-hash/SensorDataExamples.xml", "stored hash", StoredHash),
        ("event-hash/epcisDocWithShippingAndTransportingEvent.xml", "stored hash", StoredHash),
        ("event-hash/epcisDocWithVariousEventTypes.xml", "stored hash", StoredHash),
        ("event-hash/epcisXmlDocHavingEventWithIgnoreFields.xml", "stored hash", StoredHash),
        ("openepcis/documents/Combination_of_different_event.json", "identifiers", WrongCheckDigit),
        ("openepcis/query-documents/Combination_of_different_event.json", "identifiers", WrongCheckDigit),
        ("openepcis/query-documents/queryDocument.json", "identifiers", WrongCheckDigit),
    ];

    [Fact]
    public async Task PublishedDocument_CapturedAndQueried_IsEqualInMeaning()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, Settings);
        using var findings = new Findings();
        var trips = new List<RoundTrip>();
        foreach (var document in PublishedDocument.ListAccepted())
        {
            trips.Add(new RoundTrip(server, await server.AddOrganisationAsync(claims: false), document, findings));
        }
        Assert.NotEmpty(trips);

        await Parallel.ForEachAsync(trips, new ParallelOptions { MaxDegreeOfParallelism = Parallelism }, async (trip, _) => await trip.RunAsync());
        await Parallel.ForEachAsync(trips, new ParallelOptions { MaxDegreeOfParallelism = Parallelism }, async (trip, _) => await trip.CheckEverythingAsync());
        findings.CompleteAnswers();
        await CheckBySchemaAsync(findings);

        trips.ForEach(static trip => trip.Dispose());
        AssertIsAsListed(findings.Found, [.. PublishedDocument.ListAccepted().Select(static d => d.Name)]);
    }

    [Fact]
    public void Exceptions_InTheDocument_AreTheseExceptions()
    {
        var text = File.ReadAllText(Repository.PathOf("docs/conformance.md"));

        Assert.Equal(
            Exceptions.Select(static e => (e.Document, e.Check, e.Reason)),
            Row().Matches(text).Select(static m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value)));
    }

    /// <param name="found">What was found.</param>
    /// <param name="documents">What there is: another folder of vectors may have only some of the documents.</param>
    private static void AssertIsAsListed(IReadOnlyDictionary<(string Document, string Check), string> found, HashSet<string> documents)
    {
        var listed = Exceptions.Select(static e => (e.Document, e.Check)).ToHashSet();
        var unexpected = found.Where(f => !listed.Contains(f.Key)).OrderBy(static f => f.Key.Document, StringComparer.Ordinal).Select(static f => $"{f.Key.Document}, {f.Key.Check}: {f.Value}").ToList();
        Assert.True(unexpected.Count == 0, $"{unexpected.Count} findings:\n{string.Join('\n', unexpected)}");
        var needless = listed.Where(e => documents.Contains(e.Document) && !found.ContainsKey(e)).Order().ToList();
        Assert.True(needless.Count == 0, $"No longer exceptions: {string.Join(", ", needless)}");
    }

    /// <summary>All JSON answers in one process, since to compile the schema takes longer than to judge by it.</summary>
    private static async Task CheckBySchemaAsync(Findings findings)
    {
        var output = await NodeScripts.RunAsync("answers.mjs", Vectors.PathOf("epcis-schema/EPCIS-JSON-Schema.json"), Vectors.PathOf("epcis-schema/openapi.json"), findings.AnswersPath);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in lines[..^1])
        {
            using var invalid = JsonDocument.Parse(line);
            findings.Add(Text(invalid, "document"), Text(invalid, "check"), Text(invalid, "detail"));
        }
        using var last = JsonDocument.Parse(lines[^1]);
        Assert.Equal(File.ReadLines(findings.AnswersPath).Count(), last.RootElement.GetProperty("count").GetInt32());

        static string Text(JsonDocument line, string member) => line.RootElement.GetProperty(member).GetString() ?? "";
    }

    [GeneratedRegex("^\\| `([^`]+)` \\| ([a-z0-9. ]+) \\| (.+) \\|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
