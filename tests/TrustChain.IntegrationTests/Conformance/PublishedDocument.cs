using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;
using TrustChain.UnitTests;
using TrustChain.UnitTests.Epcis.Xml;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>A published document that is to be captured and found again.</summary>
/// <param name="Name">Its path below the folder of its kind.</param>
/// <param name="Bytes">The file.</param>
/// <param name="IsXml">Whether it is XML, and not JSON.</param>
/// <param name="IsBareEvent">Whether it is an event without a document around it.</param>
internal sealed record PublishedDocument(string Name, byte[] Bytes, bool IsXml, bool IsBareEvent)
{
    /// <summary>Of the manifest's documents those it expects to be accepted, then all XML documents.</summary>
    public static IReadOnlyList<PublishedDocument> ListAccepted() =>
    [
        .. ListExamples().Where(static e => e.Expected == "accept" && e.Kind != "query").Select(static e => e.Document),
        .. XmlVectors.Documents().Select(static name => new PublishedDocument(name, XmlVectors.Bytes(name), IsXml: true, IsBareEvent: false)),
    ];

    /// <summary>The JSON documents with what the manifest says of them.</summary>
    public static IReadOnlyList<(PublishedDocument Document, string Expected, string Kind)> ListExamples()
    {
        using var manifest = Vectors.Read("epcis-examples/manifest.json");
        return
        [
            .. manifest.RootElement.GetProperty("files").EnumerateArray().Select(static file =>
            {
                var (name, kind) = (Text(file, "file"), Text(file, "kind"));
                var document = new PublishedDocument(
                    name, File.ReadAllBytes(Vectors.PathOf($"epcis-examples/{name}")), IsXml: false, kind is not ("EPCISDocument" or "EPCISQueryDocument" or "query"));
                return (document, Text(file, "expected"), kind);
            }),
        ];

        static string Text(JsonElement file, string member) => file.GetProperty(member).GetString() ?? throw new InvalidDataException($"{member} is null in the manifest.");
    }

    public string MediaType => IsXml ? "application/xml" : "application/json";

    /// <summary>What was sent, event by event: of XML the JSON that it is read as.</summary>
    public IReadOnlyList<SentEvent> ReadEvents()
    {
        var sent = new List<SentEvent>();
        if (IsXml)
        {
            using var stream = new MemoryStream(Bytes);
            using var reader = EpcisXmlReader.Open(stream, XmlVectors.Lenient);
            while (reader.ReadEvent() is { } e)
            {
                sent.Add(SentEvent.Of(JsonDocument.Parse(e.Utf8).RootElement, null, e.Utf8));
            }
            return sent;
        }
        var root = JsonDocument.Parse(Bytes).RootElement;
        if (IsBareEvent)
        {
            return [SentEvent.Of(root, null, Bytes)];
        }
        var context = root.GetProperty("@context");
        var body = root.GetProperty("epcisBody");
        var list = body.TryGetProperty("queryResults", out var results) ? results.GetProperty("resultsBody").GetProperty("eventList") : body.GetProperty("eventList");
        var read = EpcisReader.Read(Bytes, XmlVectors.Lenient);
        Assert.True(read.IsValid, $"{Name}: {read.Faults.FirstOrDefault()}");
        return [.. list.EnumerateArray().Zip(read.Events, (json, e) => SentEvent.Of(json, context, e.ToStandaloneUtf8()))];
    }

    /// <summary>What is wrong with the identifiers in it, which only the default settings refuse; null: nothing.</summary>
    public string? FindWrongIdentifier()
    {
        var lenient = ReadFaults(CheckDigitPolicy.Warn).Select(static f => (f.JsonPointer, f.Rule)).ToHashSet();
        return ReadFaults(CheckDigitPolicy.Refuse).FirstOrDefault(f => !lenient.Contains((f.JsonPointer, f.Rule)))?.ToString();
    }

    private IReadOnlyList<EpcisFault> ReadFaults(CheckDigitPolicy policy)
    {
        var options = EpcisReadOptions.Default with { CheckDigits = policy, AllowLongVocabulary = IsXml };
        return EpcisReader.Read(IsXml ? EpcisXmlReader.ReadDocument(Bytes, options).Utf8 : Bytes, options).Faults;
    }
}

/// <summary>An event that was sent.</summary>
/// <param name="Json">Its members.</param>
/// <param name="Context">The context of its document, in force besides its own; null: none.</param>
/// <param name="Read">What our reader makes of it; null when it is refused.</param>
internal sealed record SentEvent(JsonElement Json, JsonElement? Context, EpcisEvent? Read)
{
    public static SentEvent Of(JsonElement json, JsonElement? context, ReadOnlyMemory<byte> standalone) =>
        new(json, context, EpcisReader.Read(standalone, XmlVectors.Lenient with { AllowLongVocabulary = true }) is { IsValid: true } read ? read.Events[0] : null);

    /// <summary>One query parameter for each kind of item the event has, with the first item of that kind as it was sent.</summary>
    public IEnumerable<(string Parameter, string Value)> ListItemQueries()
    {
        foreach (var (member, parameter) in ((string, string)[])[
            ("epcList", "MATCH_epc"), ("childEPCs", "MATCH_epc"), ("parentID", "MATCH_parentID"), ("inputEPCList", "MATCH_inputEPC"), ("outputEPCList", "MATCH_outputEPC"),
            ("quantityList", "MATCH_epcClass"), ("childQuantityList", "MATCH_epcClass"), ("inputQuantityList", "MATCH_inputEPCClass"), ("outputQuantityList", "MATCH_outputEPCClass")])
        {
            if (!Json.TryGetProperty(member, out var value))
            {
                continue;
            }
            if (value.ValueKind == JsonValueKind.Array)
            {
                if (value.GetArrayLength() == 0)
                {
                    continue;
                }
                value = value[0];
            }
            yield return (parameter, value.ValueKind == JsonValueKind.Object ? value.GetProperty("epcClass").GetString()! : value.GetString()!); // Both are texts in a valid event.
        }
    }
}
