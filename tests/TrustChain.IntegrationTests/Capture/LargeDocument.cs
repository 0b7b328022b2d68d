using System.Globalization;
using System.Text;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>EPCIS documents of many distinct events of some 510 bytes.</summary>
internal static class LargeDocument
{
    private static readonly DateTimeOffset First = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="item">What the events speak of.</param>
    /// <param name="count">How many.</param>
    /// <param name="badEvents">Positions of events whose time has no offset.</param>
    public static string Write(string item, int count, params int[] badEvents)
    {
        var text = new StringBuilder(count * 520);
        text.Append(CultureInfo.InvariantCulture, $$"""{"@context":["{{Events.Context}}"],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-04-05T08:00:00Z","epcisBody":{"eventList":[""");
        for (var i = 0; i < count; i++)
        {
            var time = First.AddSeconds(i).ToString(badEvents.Contains(i) ? "yyyy-MM-dd'T'HH:mm:ss.fff" : "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            text.Append(i == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $$"""
                {"type":"ObjectEvent","eventTime":"{{time}}","eventTimeZoneOffset":"+08:00","action":"OBSERVE","bizStep":"inspecting","disposition":"in_progress",
                """).Append(CultureInfo.InvariantCulture, $$"""
                "readPoint":{"id":"https://places.example/line/{{i % 7}}"},"bizLocation":{"id":"https://places.example/mill"},"bizTransactionList":[{"type":"po","bizTransaction":"https://orders.example/2026/{{i:0000000}}"}],
                """).Append(CultureInfo.InvariantCulture, $$"""
                "quantityList":[{"epcClass":"{{item}}","quantity":{{i}}.25,"uom":"KGM"}],"sourceList":[{"type":"location","source":"https://places.example/from/{{i % 50}}"}]}
                """);
        }
        return text.Append("]}}").ToString();
    }
}
