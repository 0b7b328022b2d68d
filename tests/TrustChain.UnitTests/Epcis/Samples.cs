using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Epcis;

namespace TrustChain.UnitTests.Epcis;

/// <summary>Valid events to break one thing of, and short ways to read them.</summary>
internal static class Samples
{
    public const string Context = """["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"ex":"https://ns.example.com/epcis/"}]""";

    public static JsonObject ObjectEvent() => Event("""
        {"@context":CONTEXT,"type":"ObjectEvent","eventTime":"2026-03-04T08:15:30.123+08:00","eventTimeZoneOffset":"+08:00",
         "epcList":["https://id.gs1.org/01/04012345123456/21/1"],"action":"OBSERVE","bizStep":"shipping"}
        """);

    public static JsonObject AggregationEvent() => Event("""
        {"@context":CONTEXT,"type":"AggregationEvent","eventTime":"2026-03-04T08:15:30Z","eventTimeZoneOffset":"+08:00",
         "parentID":"urn:epc:id:sscc:4012345.1111111111","childEPCs":["urn:epc:id:sgtin:4012345.011111.1"],"action":"ADD"}
        """);

    public static JsonObject AssociationEvent() => With(AggregationEvent(), "type", "\"AssociationEvent\"");

    public static JsonObject TransactionEvent() => Event("""
        {"@context":CONTEXT,"type":"TransactionEvent","eventTime":"2026-03-04T08:15:30Z","eventTimeZoneOffset":"+08:00",
         "bizTransactionList":[{"type":"po","bizTransaction":"urn:epcglobal:cbv:bt:4012345000009:1"}],
         "epcList":["urn:epc:id:sgtin:4012345.011111.1"],"action":"ADD"}
        """);

    public static JsonObject TransformationEvent() => Event("""
        {"@context":CONTEXT,"type":"TransformationEvent","eventTime":"2026-03-04T08:15:30Z","eventTimeZoneOffset":"+08:00",
         "inputEPCList":["urn:epc:id:sgtin:4012345.011111.1"],"outputQuantityList":[{"epcClass":"urn:epc:class:lgtin:4012345.011111.L1","quantity":2.5,"uom":"KGM"}]}
        """);

    public static JsonObject Event(string json) => JsonNode.Parse(json.Replace("CONTEXT", Context, StringComparison.Ordinal))!.AsObject();

    /// <summary>The event with one member set to the JSON text; an empty text removes it.</summary>
    public static JsonObject With(JsonObject target, string member, string json)
    {
        target.Remove(member);
        if (json.Length > 0)
        {
            target.Add(member, JsonNode.Parse(json));
        }
        return target;
    }

    public static string Document(string events, string context = Context) =>
        "{\"@context\":" + context + ",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":\"2026-03-04T08:15:30Z\","
        + "\"epcisBody\":{\"eventList\":[" + events + "]}}";

    public static EpcisReadResult Read(string json, EpcisReadOptions? options = null) =>
        EpcisReader.Read(Encoding.UTF8.GetBytes(json), options ?? EpcisReadOptions.Default);

    public static EpcisReadResult Read(JsonObject json, EpcisReadOptions? options = null) => Read(json.ToJsonString(), options);

    public static EpcisEvent ReadOne(string json)
    {
        var result = Read(json);
        Assert.Empty(result.Faults);
        return Assert.Single(result.Events);
    }

    public static string PreHash(JsonObject json) => EventHash.ComputePreHash(ReadOne(json.ToJsonString()));
}
