namespace TrustChain.IntegrationTests.Query;

/// <summary>The corpus's events with sensor data.</summary>
internal static class CorpusReadings
{
    public static IReadOnlyList<(string Name, string Json)> Events { get; } =
    [
        E("s1", "2026-04-15T08:00:00.000+08:00", """
            {"sensorMetadata":{"time":"2026-04-15T07:00:00.000+08:00","deviceID":"urn:epc:id:giai:0614141.5678","deviceMetadata":"https://id.gs1.org/8004/06141411111","rawData":"https://data.example/raw/1",
              "dataProcessingMethod":"https://id.gs1.org/253/06141410601221234","bizRules":"https://id.gs1.org/253/06141410601229","ex:firmware":5,"ex:rack":{"ex:slot":5}},
             "ex:probe":5,"ex:mount":{"ex:height":5},
             "sensorReport":[{"type":"Temperature","value":26,"minValue":20,"maxValue":40,"meanValue":26,"sDev":1,"percRank":50,"percValue":12,"uom":"CEL","ex:channel":5,"ex:port":{"ex:pin":5}}]}
            """),
        E("s2", "2026-04-16T08:00:00.000+08:00", """
            {"sensorMetadata":{"startTime":"2026-04-16T00:00:00Z","endTime":"2026-04-16T06:00:00Z","dataProcessingMethod":"https://data.example/method/2","ex:firmware":7,"ex:rack":{"ex:slot":7}},
             "ex:probe":7,"ex:mount":{"ex:height":7},
             "sensorReport":[{"type":"Temperature","deviceID":"https://id.gs1.org/8004/06141415679","value":86,"minValue":77,"maxValue":113,"meanValue":86,"sDev":3.6,"percRank":75,"percValue":68,"uom":"FAH","ex:channel":7,"ex:port":{"ex:pin":7}}]}
            """),
        E("s3", "2026-04-17T08:00:00.000+08:00", """
            {"sensorMetadata":{"startTime":"2026-04-17T00:00:00Z","endTime":"2026-04-17T06:00:00+08:00","deviceID":"https://data.example/device/3"},
             "sensorReport":[{"type":"gs1:Temperature","time":"2026-04-17T03:00:00Z","deviceID":"https://data.example/device/3b","value":308.15,"uom":"KEL"}]}
            """),
        E("s4", "2026-04-18T08:00:00.000+08:00", """{"sensorReport":[{"type":"Mass","value":1500,"uom":"GRM"}]}"""),
        E("s5", "2026-04-19T08:00:00.000+08:00", """{"sensorReport":[{"type":"Mass","value":2.5,"uom":"KGM"},{"type":"Length","value":12,"uom":"MTR"}]}"""),
        E("s6", "2026-04-20T08:00:00.000+08:00", """
            {"sensorReport":[{"type":"https://ext.example/epcis/Taste","stringValue":"red","booleanValue":true,"hexBinaryValue":"F0F0","uriValue":"https://id.gs1.org/01/10614141073464/21/2017"},
             {"type":"Count","microorganism":"https://www.ncbi.nlm.nih.gov/taxonomy/1126011","value":7},{"type":"Dimensionless","chemicalSubstance":"https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N","value":8,"uom":"ZZZ"}]}
            """),
        E("s7", "2026-04-21T08:00:00.000+08:00", """
            {"sensorReport":[{"type":"https://ext.example/epcis/Taste","stringValue":"Red","booleanValue":false,"hexBinaryValue":"F0F1","uriValue":"https://data.example/colour/2"}]}
            """),
        E("s8", "2026-04-22T08:00:00.000+08:00", """{"sensorReport":[{"type":"https://ext.example/epcis/Taste","stringValue":"green"}]}"""),
    ];

    private static (string Name, string Json) E(string name, string time, string element) => Corpus.E(
        name, "ObjectEvent", time, $"\"action\":\"OBSERVE\",\"bizStep\":\"sensor_reporting\",\"epcList\":[\"urn:epc:id:sgtin:0614141.112345.{name}\"],\"sensorElementList\":[{element}]");
}
