namespace TrustChain.Core.Epcis.Xml;

/// <summary>Puts the events of one XML document into one JSON document.</summary>
internal static class DocumentMapping
{
    public static EpcisXmlDocument Read(EpcisXmlReader reader)
    {
        var envelope = reader.ReadEnvelope();
        var events = new List<EpcisXmlEvent>();
        var faults = new List<EpcisFault>();
        while (reader.ReadEvent() is { } read)
        {
            events.Add(read);
            faults.AddRange(read.Faults.Take(FaultList.Limit - faults.Count));
        }
        faults.AddRange(reader.Faults.Take(FaultList.Limit - faults.Count));
        int[] eventLines = [.. events.Select(e => e.Line)];
        if (faults.Count > 0 || envelope is null)
        {
            return new EpcisXmlDocument(default, [], envelope, eventLines, faults);
        }
        if (envelope.Kind == EpcisDocumentKind.Event)
        {
            return new EpcisXmlDocument(events[0].Utf8, events[0].Lines.ToArray(), envelope, eventLines, []);
        }
        using var json = new LinedJson();
        Write(json, envelope, events);
        return new EpcisXmlDocument(json.Written.ToArray(), [.. json.Lines], envelope, eventLines, []);
    }

    private static void Write(LinedJson json, EpcisXmlEnvelope envelope, List<EpcisXmlEvent> events)
    {
        var line = envelope.Line;
        var isQuery = envelope.Kind == EpcisDocumentKind.QueryDocument;
        json.StartObject(line);
        json.Name("@context");
        json.Raw(envelope.Context.Span, [.. Enumerable.Repeat(line, JsonLines.CountValues(envelope.Context.Span))]);
        json.Text("type", isQuery ? "EPCISQueryDocument" : "EPCISDocument", line);
        // The JSON is EPCIS 2.0, whatever the XML was.
        json.Text("schemaVersion", "2.0", line);
        json.Text("creationDate", envelope.CreationDate ?? "", line);
        if (!isQuery && !envelope.VocabularyList.IsEmpty)
        {
            json.Name("epcisHeader");
            json.StartObject(line);
            json.Name("epcisMasterData");
            json.StartObject(line);
            WriteVocabularies(json, envelope);
            json.EndObject();
            json.EndObject();
        }
        json.Name("epcisBody");
        json.StartObject(line);
        if (isQuery)
        {
            json.Name("queryResults");
            json.StartObject(line);
            json.Text("queryName", envelope.QueryName ?? "", line);
            if (envelope.SubscriptionId is not null)
            {
                json.Text("subscriptionID", envelope.SubscriptionId, line);
            }
            json.Name("resultsBody");
            json.StartObject(line);
            if (!envelope.VocabularyList.IsEmpty)
            {
                WriteVocabularies(json, envelope);
            }
        }
        json.Name("eventList");
        json.StartArray(line);
        foreach (var item in events)
        {
            json.Raw(item.Utf8.Span, item.Lines);
        }
        json.EndArray();
        for (var open = isQuery ? 4 : 2; open > 0; open--)
        {
            json.EndObject();
        }
    }

    private static void WriteVocabularies(LinedJson json, EpcisXmlEnvelope envelope)
    {
        json.Name("vocabularyList");
        json.Raw(envelope.VocabularyList.Span, [.. envelope.VocabularyLines]);
    }
}
