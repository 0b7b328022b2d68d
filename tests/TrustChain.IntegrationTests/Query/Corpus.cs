namespace TrustChain.IntegrationTests.Query;

/// <summary>Distinct events that together have every field a query can ask for. Each goes by a short name.</summary>
internal static class Corpus
{
    /// <summary>The namespace of the prefix <c>ex</c> in every event.</summary>
    public const string Extensions = "https://ext.example/epcis/";

    public const string Item = "https://id.gs1.org/01/10614141073464/21/2017";
    public const string ItemUrn = "urn:epc:id:sgtin:0614141.107346.2017";
    public const string Pallet = "https://id.gs1.org/00/106141412345678908";
    public const string Gate = "https://id.gs1.org/414/0614141007776";
    public const string GateUrn = "urn:epc:id:sgln:0614141.00777.0";
    public const string Hall = "https://id.gs1.org/414/0614141008889";

    /// <summary>What has no eventID and is known by its hash.</summary>
    public static IReadOnlyList<string> WithoutId { get; } = ["x1", "x2"];

    public static IReadOnlyList<(string Name, string Json)> Events { get; } =
    [
        E("o1", "ObjectEvent", "2026-04-01T08:00:00.000+08:00", """
            "action":"ADD","bizStep":"commissioning","disposition":"active","epcList":["urn:epc:id:sgtin:0614141.107346.2017","urn:epc:id:sgtin:0614141.107346.2018"],
            "readPoint":{"id":"urn:epc:id:sgln:0614141.00777.0","ex:lane":5,"ex:door":{"ex:side":5}},"bizLocation":{"id":"https://id.gs1.org/414/0614141008889","ex:floor":5,"ex:shelf":{"ex:bay":5}},
            "ex:batch":"A1","ex:count":5,"ex:outer":{"ex:depth":5,"ex:kind":"box"},"ex:maker":"urn:epc:id:pgln:0614141.00001","ex:when":"2026-05-01T12:00:00+02:00",
            "ilmd":{"ex:grade":5,"ex:lot":"L-A","ex:field":{"ex:plot":5,"ex:soil":"loam"}}
            """),
        E("o2", "ObjectEvent", "2026-04-02T08:00:00.000+08:00", """
            "action":"OBSERVE","bizStep":"shipping","disposition":"in_transit","epcList":["https://id.gs1.org/01/10614141073464/21/2017"],
            "readPoint":{"id":"https://id.gs1.org/414/0614141007776","ex:lane":7,"ex:door":{"ex:side":7}},"bizLocation":{"id":"urn:epc:id:sgln:0614141.00729.0","ex:floor":7,"ex:shelf":{"ex:bay":7}},
            "bizTransactionList":[{"type":"po","bizTransaction":"urn:epc:id:gdti:0614141.06012.1234"},{"bizTransaction":"urn:epcglobal:cbv:bt:0614141000012:INV1"}],
            "sourceList":[{"type":"owning_party","source":"urn:epc:id:pgln:0614141.00001"}],"destinationList":[{"type":"owning_party","destination":"https://id.gs1.org/417/0614141000029"}],
            "ex:count":7,"ex:tags":["red","green"],"ex:outer":{"ex:depth":7,"ex:deeper":{"ex:leaf":"x"}},"ex:when":"2026-05-02T12:00:00Z"
            """),
        E("o3", "ObjectEvent", "2026-04-03T08:00:00.000+08:00", """
            "action":"OBSERVE","bizStep":"https://ref.gs1.org/cbv/BizStep-receiving","disposition":"in_progress","quantityList":[{"epcClass":"urn:epc:class:lgtin:0614141.107346.L1","quantity":20,"uom":"KGM"}],
            "bizTransactionList":[{"type":"desadv","bizTransaction":"https://id.gs1.org/253/06141410601221234"}],
            "sourceList":[{"type":"possessing_party","source":"urn:epc:id:pgln:0614141.00001"}],
            "destinationList":[{"type":"https://ref.gs1.org/cbv/SDT-location","destination":"urn:epc:id:sgln:0614141.00729.0"}],"ex:count":9,"ex:batch":"a1"
            """),
        E("o4", "ObjectEvent", "2026-04-04T08:00:00.000+08:00", """
            "action":"DELETE","bizStep":"decommissioning","disposition":"inactive","epcList":["urn:epc:id:sgtin:0614141.112345.400"],
            "persistentDisposition":{"set":["completeness_verified"],"unset":["completeness_inferred"]},"ex:batch":"B2"
            """),
        E("o5", "ObjectEvent", "2026-04-05T08:00:00.000+08:00", """
            "action":"OBSERVE","bizStep":"https://ext.example/epcis/peeling","disposition":"urn:example:disp:peeled","epcList":["urn:example:item:a_b","urn:example:item:x%2fy"],
            "readPoint":{"id":"urn:example:place:a_b"},"bizLocation":{"id":"urn:example:place:100%25"},"bizTransactionList":[{"type":"https://ext.example/epcis/slip","bizTransaction":"urn:example:slip:1"}]
            """),
        E("o6", "ObjectEvent", "2026-04-06T08:00:00.000+08:00", """
            "action":"OBSERVE","bizStep":"ex:Peeling","epcList":["urn:example:item:aXb","urn:example:item:x%2Fy","urn:example:item:A_B"],
            "readPoint":{"id":"urn:example:place:aXb"},"bizLocation":{"id":"urn:example:place:100x"},"bizTransactionList":[{"type":"po","bizTransaction":"urn:example:slip:1"}]
            """),
        E("d1", "ObjectEvent", "2026-04-07T08:00:00.000+08:00", """
            "action":"OBSERVE","epcList":["urn:epc:id:sgtin:0614141.112345.500"],"errorDeclaration":{"declarationTime":"2026-05-01T08:00:00.000Z","reason":"incorrect_data",
            "correctiveEventIDs":["urn:test:event:o1","urn:test:event:O1"],"ex:case":5,"ex:desk":{"ex:row":5}}
            """),
        E("d2", "ObjectEvent", "2026-04-08T08:00:00.000+08:00", """
            "action":"OBSERVE","epcList":["urn:epc:id:sgtin:0614141.112345.501"],"errorDeclaration":{"declarationTime":"2026-05-02T08:00:00.000+08:00","reason":"https://ext.example/epcis/mistake",
            "ex:case":7,"ex:desk":{"ex:row":7}}
            """),
        E("a1", "AggregationEvent", "2026-04-09T08:00:00.000+08:00", """
            "action":"ADD","bizStep":"packing","parentID":"urn:epc:id:sscc:0614141.1234567890","childEPCs":["https://id.gs1.org/01/10614141073464/21/2017","urn:epc:id:sgtin:0614141.107346.2018"],
            "childQuantityList":[{"epcClass":"https://id.gs1.org/01/10614141073464/10/L1","quantity":10}]
            """),
        E("a2", "AggregationEvent", "2026-04-10T08:00:00.000+08:00", """
            "action":"DELETE","bizStep":"unpacking","parentID":"https://id.gs1.org/00/106141412345678908","childQuantityList":[{"epcClass":"urn:epc:idpat:sgtin:0614141.107346.*","quantity":3}]
            """),
        E("s0", "AssociationEvent", "2026-04-11T08:00:00.000+08:00", """
            "action":"ADD","bizStep":"assembling","parentID":"urn:epc:id:grai:0614141.12345.400","childEPCs":["urn:epc:id:giai:0614141.5678"]
            """),
        E("t1", "TransactionEvent", "2026-04-12T08:00:00.000+08:00", """
            "action":"ADD","parentID":"urn:epc:id:sscc:0614141.1234567890","epcList":["urn:epc:id:sgtin:0614141.112345.400"],
            "bizTransactionList":[{"type":"po","bizTransaction":"urn:epc:id:gdti:0614141.06012.1234"}]
            """),
        E("f1", "TransformationEvent", "2026-04-13T08:00:00.000+08:00", """
            "bizStep":"commissioning","disposition":"active","transformationID":"urn:epc:id:gdti:0614141.06012.1234","persistentDisposition":{"set":["completeness_inferred"]},
            "inputEPCList":["urn:epc:id:sgtin:0614141.107346.2017"],"inputQuantityList":[{"epcClass":"urn:epc:class:lgtin:0614141.107346.L1","quantity":2.5,"uom":"KGM"}],
            "outputEPCList":["https://id.gs1.org/01/10614141123459/21/900"],"outputQuantityList":[{"epcClass":"https://id.gs1.org/01/10614141123459/10/OUT","quantity":1000,"uom":"GRM"}],
            "ilmd":{"ex:grade":7,"ex:lot":"L-B","ex:field":{"ex:plot":7}}
            """),
        E("f2", "TransformationEvent", "2026-04-14T08:00:00.000+08:00", """
            "transformationID":"urn:example:transformation:2","inputEPCList":["urn:epc:id:sgtin:0614141.112345.400"],"outputEPCList":["urn:epc:id:sgtin:0614141.107346.2017"]
            """),
        .. CorpusReadings.Events,
        E("y1", "ex:TeaEvent", "2026-04-23T08:00:00.000+08:00", "\"bizStep\":\"storing\""),
        E("x1", "ObjectEvent", "2026-04-24T08:00:00.000+08:00", "\"action\":\"OBSERVE\",\"epcList\":[\"urn:epc:id:sgtin:0614141.112345.601\"],\"bizStep\":\"storing\"", hasId: false),
        E("x2", "ObjectEvent", "2026-04-24T08:00:00.000+08:00", "\"action\":\"OBSERVE\",\"epcList\":[\"urn:epc:id:sgtin:0614141.112345.602\"],\"bizStep\":\"storing\"", hasId: false),
    ];

    public static string IdOf(string name) => $"urn:test:event:{name}";

    internal static (string Name, string Json) E(string name, string type, string time, string members, bool hasId = true) => (name,
        $$"""{"type":"{{type}}","eventTime":"{{time}}","eventTimeZoneOffset":"+08:00",{{(hasId ? $"\"eventID\":\"{IdOf(name)}\"," : "")}}{{members}}}""");

    /// <summary>Locations for parameters that ask for master data.</summary>
    public const string MasterData = """
        {"vocabularyList":[
          {"type":"urn:epcglobal:epcis:vtype:BusinessLocation","vocabularyElementList":[
            {"id":"urn:epc:id:sgln:0614141.00888.0","attributes":[{"id":"ex:size","attribute":"large"}],"children":["https://id.gs1.org/414/0614141007295"]}]},
          {"type":"https://ext.example/epcis/Makers","vocabularyElementList":[{"id":"https://id.gs1.org/417/0614141000012","attributes":[{"id":"ex:country","attribute":"CN"}]}]}]}
        """;

    public static string Document(IEnumerable<string> events, string? masterData = null)
    {
        var header = masterData is null ? "" : $$"""
            "epcisHeader":{"epcisMasterData":{{masterData}} },
            """;
        return $$"""
            {"@context":["{{Serving.Events.Context}}",{"ex":"{{Extensions}}"}],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-04-05T08:00:00Z",{{header}}"epcisBody":{"eventList":[{{string.Join(',', events)}}] } }
            """;
    }
}
