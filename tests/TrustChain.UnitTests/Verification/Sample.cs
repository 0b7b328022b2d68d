using System.Text;
using TrustChain.Core.Epcis;

namespace TrustChain.UnitTests.Verification;

/// <summary>Events of the sample world.</summary>
internal static class Sample
{
    private const string Context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

    private static readonly EpcisReadOptions Options = new();

    /// <summary>An event about one serialised product, readable on its own.</summary>
    public static string Event(int serial, string bizStep, string action = "OBSERVE") => Body(serial, bizStep, action, $"\"@context\":\"{Context}\",");

    /// <summary>An EPCIS document with one event for each serial number.</summary>
    public static string Document(params int[] serials)
    {
        var events = string.Join(',', serials.Select(static serial => Body(serial, "shipping", "OBSERVE", "")));
        return $$$"""
            {"@context":["{{{Context}}}"],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-04-12T08:00:00Z","epcisBody":{"eventList":[{{{events}}}]}}
            """;
    }

    public static IReadOnlyList<string> EventHashes(IEnumerable<string> events) => [.. events.Select(static e => EventHashesOf(e)[0])];

    /// <summary>The event hash URIs of a document or a single event.</summary>
    public static IReadOnlyList<string> EventHashesOf(string json)
    {
        var read = EpcisReader.Read(Encoding.UTF8.GetBytes(json), Options);
        Assert.True(read.IsValid, string.Join('\n', read.Faults));
        return [.. read.Events.Select(static e => e.EventHashUri)];
    }

    private static string Body(int serial, string bizStep, string action, string context) => $$$"""
        {{{{context}}}"type":"ObjectEvent","eventTime":"2026-04-12T06:{{{serial % 60:00}}}:00.000Z","eventTimeZoneOffset":"+08:00","epcList":["https://id.gs1.org/01/09506000134352/21/{{{serial}}}"],"action":"{{{action}}}","bizStep":"{{{bizStep}}}","readPoint":{"id":"https://id.gs1.org/414/9506000134352"}}
        """;
}
