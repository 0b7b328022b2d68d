using System.Globalization;
using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests;
using TrustChain.UnitTests.Epcis.Xml;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>Captures one document for an organisation that has nothing yet, and finds every event of it again in every form.</summary>
internal sealed class RoundTrip(RunningServer server, TestOrganisation organisation, PublishedDocument document, Findings findings) : IDisposable
{
    private static readonly (string, string) AsSent = ("GS1-EPC-Format", "Never_Translates");
    private static readonly (string, string) Xml = ("Accept", "application/xml");
    private static readonly (string, string) Xml12 = ("GS1-EPCIS-Max", "1.2.0");

    /// <summary>Addresses and the schemas of their answers in the official OpenAPI document.</summary>
    private static readonly (string Path, string Schema)[] Resources =
    [
        ("/epcis", "TopLevelResourceCollection"),
        ("/epcis/eventTypes", "EventTypeCollection"),
        ("/epcis/eventTypes/ObjectEvent", "ResourceCollection"),
        ("/epcis/bizSteps?perPage=1000", "BizStepCollection"),
        ("/epcis/dispositions?perPage=1000", "DispositionCollection"),
        ("/epcis/epcs?perPage=1000", "UriCollection"),
        ("/epcis/bizLocations?perPage=1000", "UriCollection"),
        ("/epcis/readPoints?perPage=1000", "UriCollection"),
    ];

    private readonly EpcisClient _client = new(server, organisation);
    private readonly HashSet<(string?, string, string)> _stored = [];

    public async Task RunAsync()
    {
        if (document.FindWrongIdentifier() is { } wrong)
        {
            Add("identifiers", wrong);
        }
        var sent = document.ReadEvents();
        await CaptureAsync(sent);
        for (var i = 0; i < sent.Count; i++)
        {
            if (sent[i].Read is { } read && await IsStoredAsync(sent[i]))
            {
                _stored.Add((read.EventId, read.EventHashUri, read.ErrorDeclaration is { } declaration ? System.Text.Encoding.UTF8.GetString(declaration.Utf8.Span) : ""));
                await FindAgainAsync(sent[i], read);
            }
            else
            {
                Add(string.Create(CultureInfo.InvariantCulture, $"event {i}"), "it is not there");
            }
        }
        CheckStoredHashes(sent);
    }

    /// <summary>Whether the query without conditions gives all that was captured, no more and no less.</summary>
    public async Task CheckEverythingAsync()
    {
        var json = await _client.GetAsync("/epcis/events?perPage=1000");
        Keep(json.Expect(200));
        if (json.EventList.Count != _stored.Count)
        {
            Add("everything", $"there are {json.EventList.Count} events, not {_stored.Count}");
        }
        CheckXml(await _client.GetAsync("/epcis/events?perPage=1000", Xml), EpcisXmlVersion.V2, null, "everything");
        foreach (var (path, schema) in Resources)
        {
            findings.KeepAnswer(document.Name, (await _client.GetAsync(path)).Expect(200).Json, schema);
        }
        foreach (var job in (await _client.GetAsync("/epcis/capture")).Expect(200).Json.EnumerateArray())
        {
            findings.KeepAnswer(document.Name, job, "CaptureJob");
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task CaptureAsync(IReadOnlyList<SentEvent> sent)
    {
        var answer = await _client.PostAsync(document.IsBareEvent ? "/epcis/events" : "/epcis/capture", document.MediaType, document.Bytes);
        if (answer.Status == (document.IsBareEvent ? 201 : 202))
        {
            // A document of master data alone makes a job, without events.
            var hashes = answer.Json.TryGetProperty("events", out var events) ? events.EnumerateArray().Select(static e => e.GetProperty("eventHash").GetString()).ToList() : [];
            if (!hashes.SequenceEqual(sent.Select(static e => e.Read?.EventHashUri)))
            {
                Add("capture", $"the event hashes answered are not those of the events: {answer.Body}");
            }
            return;
        }
        Add("capture", $"{answer.Status} {answer.Body}");
        // What can be kept of it is kept.
        var job = (await _client.PostAsync("/epcis/capture", document.MediaType, document.Bytes, ("GS1-Capture-Error-Behaviour", "proceed"))).Expect(202);
        await Eventually.TrueAsync("end of the capture job", async () => !(await _client.GetAsync($"/epcis/capture/{job.Text("captureID")}")).Expect(200).Json.GetProperty("running").GetBoolean());
    }

    private async Task<bool> IsStoredAsync(SentEvent sent)
    {
        var answer = await _client.GetAsync($"/epcis/events/{Uri.EscapeDataString(IdOf(sent))}", AsSent);
        return answer.Status == 200 && answer.EventList.Any(e => SameMembers.FindDifference(sent, e) is null);
    }

    private static string IdOf(SentEvent sent) => sent.Json.TryGetProperty("eventID", out var id) ? id.GetString()! : sent.Read!.EventHashUri; // A text in a valid event, and read when asked for.

    private async Task FindAgainAsync(SentEvent sent, EpcisEvent read)
    {
        var paths = new List<string> { $"/epcis/events/{Uri.EscapeDataString(IdOf(sent))}" };
        paths.AddRange(sent.ListItemQueries().Select(static q => $"/epcis/events?perPage=1000&{q.Parameter}={Uri.EscapeDataString(q.Value)}"));
        paths.Add($"/epcis/events?perPage=1000&GE_eventTime={Time(read.EventTime.AddMilliseconds(-1))}&LT_eventTime={Time(read.EventTime.AddMilliseconds(1))}");
        foreach (var path in paths)
        {
            var asSent = await _client.GetAsync(path, AsSent);
            if (CheckAnswer(asSent, path, "as sent"))
            {
                var differences = asSent.EventList.Select(e => SameMembers.FindDifference(sent, e)).ToList();
                if (!differences.Contains(null))
                {
                    Add("as sent", $"{path}: {(differences.Count == 0 ? "nothing comes" : differences[0])}");
                }
            }
            var json = await _client.GetAsync(path);
            if (CheckAnswer(json, path, "json"))
            {
                CheckHash(EpcisReader.Read(json.Bytes, XmlVectors.Lenient), read, path, "json");
            }
            CheckXml(await _client.GetAsync(path, Xml), EpcisXmlVersion.V2, read, path);
            if (document.IsXml)
            {
                CheckXml(await _client.GetAsync(path, Xml, Xml12), EpcisXmlVersion.V1, read, path);
            }
        }
    }

    private bool CheckAnswer(Answer answer, string path, string check)
    {
        if (answer.Status != 200)
        {
            Add(check, $"{path}: {answer.Status} {answer.Body}");
            return false;
        }
        Keep(answer);
        return true;
    }

    private void CheckHash(EpcisReadResult result, EpcisEvent read, string path, string check)
    {
        if (!result.IsValid)
        {
            Add(check, $"{path}: the answer is refused by our own reader: {result.Faults[0]}");
        }
        else if (!result.Events.Any(e => e.EventHash == read.EventHash && e.EventId == (read.EventId ?? read.EventHashUri)))
        {
            Add(check, $"{path}: no event answered has the hash {read.EventHashUri}");
        }
    }

    /// <summary>Checks an answer in XML against its schema, and for the event when one is given.</summary>
    private void CheckXml(Answer answer, EpcisXmlVersion version, EpcisEvent? read, string path)
    {
        var check = version == EpcisXmlVersion.V1 ? "xml 1.2" : "xml 2.0";
        if (answer.Status != 200)
        {
            Add(check, $"{path}: {answer.Status} {answer.Body}");
            return;
        }
        if (Record.Exception(() => XmlSchemas.AssertValid(answer.Bytes, version)) is { } invalid)
        {
            Add($"{check} schema", $"{path}: {invalid.Message}");
        }
        var back = EpcisXmlReader.ReadDocument(answer.Bytes, XmlVectors.Lenient);
        if (!back.IsReadable)
        {
            Add(check, $"{path}: the answer is refused by our own reader: {back.Faults[0]}");
        }
        else if (read is not null)
        {
            CheckHash(EpcisReader.Read(back.Utf8, XmlVectors.Lenient with { AllowLongVocabulary = true }), read, path, check);
        }
    }

    /// <summary>The hashes that were published with some XML documents.</summary>
    private void CheckStoredHashes(IReadOnlyList<SentEvent> sent)
    {
        var path = Vectors.PathOf($"{XmlVectors.Folder}/{Path.ChangeExtension(document.Name, ".hashes")}");
        if (!document.IsXml || !File.Exists(path))
        {
            return;
        }
        var stored = File.ReadLines(path).Where(static line => line.Length > 0).ToList();
        Assert.Equal(sent.Count, stored.Count);
        var others = Enumerable.Range(0, stored.Count).Where(i => stored[i] != sent[i].Read?.EventHashUri).ToList();
        if (others.Count > 0)
        {
            Add("stored hash", $"other hashes are stored with the events {string.Join(", ", others)}");
        }
    }

    private void Keep(Answer answer) => findings.KeepAnswer(document.Name, answer.Json, null);

    private void Add(string check, string detail) => findings.Add(document.Name, check, detail);

    private static string Time(DateTimeOffset time) => Uri.EscapeDataString(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
}
